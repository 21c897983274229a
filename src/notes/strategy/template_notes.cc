#include "epicrisis/notes/strategy/template_notes.h"

#include <algorithm>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/json_list.h"
#include "epicrisis/corpus/picture_findings.h"
#include "epicrisis/notes/strategy/sentence_notes.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/notes.h"
#include "notes/strategy/measuring.h"

namespace epicrisis {
namespace {

constexpr std::int64_t kGroup = 1000;  // notes a transaction

void write_one(Database& database, const Strategy& strategy, const Sample& sample,
               WriteNotesReport& report) {
  ++report.samples;
  Json parameters = Json::object();  // what each sentence stands on
  std::string text;
  std::string origin = "metadata";
  if (strategy.sentences.empty()) {
    text = template_note(strategy, sample);
  } else {
    const std::vector<TracedSentence> sentences =
        sentence_note(strategy, sample, stored_findings(database, strategy.field, sample));
    text = text_of(sentences);
    parameters["sentences"] = json_list(sentences);
    for (const TracedSentence& sentence : sentences) {
      if (!sentence.findings.empty()) origin = "image+metadata";
    }
  }
  if (text.empty()) {
    ++report.skipped;
    return;
  }
  const std::string version = template_version(strategy);
  NoteRecord note;
  // A template costs nothing, so a sample has one note a strategy; its text follows the metadata.
  note.key = sha256_of_fields({"template", sample.dataset, sample.key, strategy.name});
  if (const auto old = find_note(database, note.key)) {
    const bool others = old->parameters != parameters || old->origin != origin;
    if (old->text == text) {
      // The same words may stand on something else now.
      if (others) set_note_basis(database, old->id, parameters, origin);
      ++report.unchanged;
    } else {
      revise_note(database, old->id, text,
                  "the metadata or the template changed; was of template " + old->template_version,
                  version);
      set_note_basis(database, old->id, parameters, origin);
      ++report.revised;
    }
    return;
  }
  note.sample_id = sample.id;
  note.strategy = strategy.name;
  note.provider = kTemplateProvider;
  note.template_version = version;
  note.text = std::move(text);
  note.origin = std::move(origin);
  note.parameters = std::move(parameters);
  put_note(database, note);
  ++report.written;
}

}  // namespace

Json to_json(const WriteNotesReport& report) {
  return {{"strategy", report.strategy},   {"samples", report.samples},
          {"written", report.written},     {"revised", report.revised},
          {"unchanged", report.unchanged}, {"skipped", report.skipped}};
}

std::string template_note(const Strategy& strategy, const Sample& sample,
                          const std::vector<MeasuredFinding>& findings) {
  if (!strategy.sentences.empty()) return text_of(sentence_note(strategy, sample, findings));
  if (!strategy.text) {
    throw InternalError("template_note: strategy '{}' is no template", strategy.name);
  }
  if (!sample.label && sample.diagnosis.empty()) return "";
  TemplateFields fields = note_fields(sample, strategy.field);
  std::erase_if(fields, [&](const auto& field) {
    return std::find(strategy.fields.begin(), strategy.fields.end(), field.first) ==
           strategy.fields.end();
  });
  return strategy.text->render(fields);
}

WriteNotesReport write_template_notes(Workspace& workspace, const Strategy& strategy, Job& job,
                                      const WriteNotesOptions& options) {
  if (strategy.kind != StrategyKind::kTemplate) {
    throw UsageError("strategy '{}' needs a language model: name a `provider` or an `endpoint`",
                     strategy.name);
  }
  WriteNotesReport report;
  report.strategy = strategy.name;
  Database& database = workspace.database();
  require_same_field(fmt::format("strategy '{}'", strategy.name), strategy.field,
                     workspace_field(database));
  if (options.measure) measure_for(workspace, strategy, options.filter, job);
  const bool stored_alone = !options.measure && is_measured_for(database, strategy);
  Meter progress =
      job.meter("notes " + strategy.name,
                static_cast<std::uint64_t>(count_samples(database, options.filter)), "notes");
  SampleFilter filter = options.filter;
  require_datasets(database, filter.datasets);
  for (bool more = true; more;) {
    job.check();
    Transaction transaction(database);
    std::int64_t in_group = 0;
    SampleFilter group = filter;
    group.limit = filter.limit < 0 ? kGroup : std::min(kGroup, filter.limit - report.samples);
    for_each_sample(database, group, [&](const Sample& sample) {
      if (stored_alone && !stored_measures(database, sample)) {
        ++report.samples;
        ++report.skipped;
      } else {
        write_one(database, strategy, sample, report);
      }
      filter.after_id = sample.id;
      ++in_group;
      return true;
    });
    transaction.commit();
    progress.add(static_cast<std::uint64_t>(in_group));
    more = in_group == group.limit && in_group > 0;
  }
  if (report.samples != report.written + report.revised + report.unchanged + report.skipped) {
    throw InternalError(
        "notes {}: {} samples, but {} written, {} revised, {} unchanged, {} skipped", strategy.name,
        report.samples, report.written, report.revised, report.unchanged, report.skipped);
  }
  return report;
}

}  // namespace epicrisis
