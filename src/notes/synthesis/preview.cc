#include "epicrisis/notes/synthesis/preview.h"

#include <fmt/format.h>

#include "epicrisis/core/cost.h"
#include "epicrisis/corpus/picture_findings.h"
#include "notes/synthesis/pending_notes.h"

namespace epicrisis {
namespace {

// The first note of the filter, whether its note is there or not.
std::optional<PlannedNote> first_note(Database& database, const RequestBuilder& builder,
                                      SampleFilter filter, const Job& job) {
  SynthesisOptions options;
  options.filter = std::move(filter);
  return PendingNotes(database, builder, options, job, true).next();
}

std::int64_t count_unmeasured(Database& database, const RequestBuilder& builder,
                              SampleFilter filter, const Job& job) {
  if (!builder.names_measured() || FindingRules::of(builder.strategy().field) == nullptr) return 0;
  filter.with_image = true;
  std::int64_t unmeasured = 0;
  for_each_sample(database, filter, [&](const Sample& sample) {
    unmeasured += !stored_measures(database, sample);
    return !job.cancelled();
  });
  return unmeasured;
}

Json json_of(const std::optional<double>& price) { return price ? Json(*price) : Json(); }

void shorten(Json& value) {
  constexpr std::size_t kShown = 48;
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.starts_with("data:") && text.size() > 2 * kShown) {
      value = fmt::format("{}... ({} characters)", text.substr(0, kShown), text.size());
    }
  } else if (value.is_structured()) {
    for (Json& member : value) shorten(member);
  }
}

}  // namespace

Json shorten_pictures(const Json& body) {
  Json shown = body;
  // Only what the program attached: a text of a note that begins with "data:" stays.
  for (Json& message : shown["messages"]) {
    if (!message["content"].is_array()) continue;
    for (Json& part : message["content"]) {
      if (part.contains("image_url")) shorten(part["image_url"]);
    }
  }
  return shown;
}

Json to_json(const SynthesisPreview& preview, bool whole_pictures) {
  Json request;
  if (!preview.body.empty()) {
    request = parse_json(preview.body, "request");
    if (!whole_pictures) request = shorten_pictures(request);
  }
  return {{"notes", preview.notes},
          {"missing", preview.missing},
          {"skips", preview.skips},
          {"input_tokens", preview.input_tokens},
          {"output_tokens", preview.output_tokens},
          {"picture_tokens", preview.picture_tokens},
          {"picture",
           {{"tokens", preview.picture.tokens},
            {"known", preview.picture.known},
            {"source", preview.picture.source}}},
          {"prices",
           {{"input", json_of(preview.prices.input)},
            {"output", json_of(preview.prices.output)},
            {"known", preview.prices.known()}}},
          {"cost", cost_json(preview.cost, preview.unpriced)},
          {"remote", preview.remote},
          {"urls", preview.urls},
          {"fields", preview.fields},
          {"images", preview.images},
          {"unmeasured", preview.unmeasured},
          {"request", std::move(request)}};
}

SynthesisPreview preview_of(const RequestBuilder& builder) {
  SynthesisPreview preview;
  preview.remote = !is_local(builder.provider());
  for (const Endpoint& endpoint : builder.provider().endpoints) {
    preview.urls.push_back(chat_url(builder.provider(), endpoint, builder.model()));
  }
  preview.picture = builder.picture();
  preview.prices = builder.provider().prices;
  return preview;
}

void add_request(SynthesisPreview& preview, const PlannedNote& note,
                 const RequestBuilder& builder) {
  ++preview.missing;
  preview.input_tokens += note.input_tokens;
  preview.output_tokens += note.max_tokens;
  if (note.attach_image) preview.picture_tokens += builder.picture().tokens;
  preview.images = preview.images || note.attach_image;
  preview.cost = preview.prices.of(preview.input_tokens, preview.output_tokens);
  preview.unpriced = preview.prices.unpriced(preview.input_tokens, preview.output_tokens);
  preview.fields.insert(note.fields.begin(), note.fields.end());
}

SynthesisPreview preview_synthesis(Workspace& workspace, const RequestBuilder& builder,
                                   const SynthesisOptions& options, const Job& job,
                                   std::int64_t sample_id) {
  Database& database = workspace.database();
  SynthesisPreview preview = preview_of(builder);
  std::optional<PlannedNote> shown;
  if (sample_id != 0) {
    sample_by_id(database, sample_id);
    SampleFilter one;
    one.after_id = sample_id - 1;
    one.limit = 1;
    shown = first_note(database, builder, std::move(one), job);
  }
  preview.unmeasured = count_unmeasured(database, builder, options.filter, job);
  PendingNotes pending(database, builder, options, job);
  while (std::optional<PlannedNote> note = pending.next()) {
    add_request(preview, *note, builder);
    if (!shown && sample_id == 0) shown = std::move(note);
  }
  job.check();
  if (!shown && sample_id == 0) shown = first_note(database, builder, options.filter, job);
  preview.notes = pending.notes();
  preview.skips = pending.skips();
  if (shown) preview.body = builder.body(*shown);
  return preview;
}

}  // namespace epicrisis
