#include "epicrisis/study/search.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/eval/retrieval.h"
#include "epicrisis/report/search_sheet.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/sample_search.h"
#include "epicrisis/store/tables/samples.h"
#include "study/picture_batches.h"
#include "study/prepared_picture.h"
#include "study/run_model.h"
#include "study/run_space.h"
#include "study/run_use.h"

namespace epicrisis {
namespace {

constexpr std::size_t kNoteBytes = 160;  // of a note's beginning
constexpr std::size_t kQueryBytes = 400;

// A query in the shared space.
struct Target {
  FloatMatrix z;                   // one row
  std::string hash;                // of its prepared pixels; "" for words
  Picture picture;                 // as it is prepared, of a file
  std::optional<std::size_t> own;  // its row among the pictures
};

// "DATASET/KEY" where there is such a data set, else "KEY" of any; keys may hold a '/' too.
Sample asked_sample(Workspace& workspace, const std::string& name) {
  Database& database = workspace.database();
  const std::size_t slash = name.find('/');
  if (slash != std::string::npos && find_dataset(database, name.substr(0, slash))) {
    return sample_by_key(database, name.substr(slash + 1), {name.substr(0, slash)});
  }
  return sample_by_key(database, name);
}

void embed_file(const Path& file, const study::RunUse& use, const study::RunModel& model,
                Target& target, Job& job) {
  study::embed_picture_files(
      study::picture_encoder(model, use.recipe, job), {{file, ""}}, "query",
      [&](const study::EmbeddedPictures& one) {
        if (!one.errors.front().empty()) throw InputError("{}", one.errors.front());
        target.z = one.z;
        target.hash = sha256_hex(std::as_bytes(one.pictures->pixels(0)));
        target.picture = study::prepared_picture(*one.pictures, 0, {});
      },
      job);
}

void check_query(const SearchQuery& query) {
  const int given = (query.picture.empty() ? 0 : 1) + (query.text.empty() ? 0 : 1) +
                    (query.sample.empty() ? 0 : 1);
  if (given != 1) throw UsageError("give one of `picture`, `text` and `sample` to search for");
  std::error_code error;
  if (!query.picture.empty() && !std::filesystem::exists(query.picture, error)) {
    throw UsageError("picture '{}': there is no such file", query.picture.string());
  }
}

// The sample's own picture among those of the workspace, or, where it is not selected, its file.
void find_asked(const Sample& asked, const study::RunUse& use, const study::RunModel& model,
                const std::vector<SampleLine>& samples, const study::SamplePictures& pictures,
                Target& target, Job& job) {
  for (std::size_t row = 0; row < pictures.samples.size(); ++row) {
    if (samples[pictures.samples[row]].id != asked.id) continue;
    target.own = row;
    target.z = FloatMatrix(1, pictures.z.columns);
    std::ranges::copy(pictures.z.row(row), target.z.row(0).begin());
    target.hash = pictures.images->content_id(pictures.indices[row]);
    return;
  }
  embed_file(asked.image_path, use, model, target, job);
}

// The beginning of the first written note: of the run's strategies, or, of a run without, of any.
void add_note(Workspace& workspace, const study::RunUse& use, SearchHit& hit) {
  NoteFilter filter = study::note_filter(use);
  filter.sample_ids = {hit.sample.id};
  for_each_note(workspace.database(), filter, [&](const NoteRecord& note) {
    hit.strategy = note.strategy;
    const std::string whole = clean_text(note.text, note.text.size());
    hit.note = clean_text(whole, kNoteBytes);
    if (hit.note.size() < whole.size()) hit.note += " ...";
    return false;
  });
}

std::string mark_of(const SearchHit& hit) {
  if (hit.same_picture) return "the same picture";
  return hit.same_group ? "the same patient or case" : "";
}

std::string place_of(const SampleLine& sample) { return sample.dataset + "/" + sample.key; }

}  // namespace

SearchResult search_samples(const Path& run_folder, Workspace& workspace, const SearchQuery& query,
                            const SampleSelection& selection, std::size_t top, Job& job) {
  check_query(query);
  study::RunUse use = study::read_run_use(run_folder);
  study::require_image_branch(run_folder, use);
  const std::vector<SampleLine> samples = study::select_samples(workspace, use, selection, job);
  std::optional<Sample> asked;
  if (!query.sample.empty()) {
    asked = asked_sample(workspace, query.sample);
    if (asked->image_path.empty()) {
      throw UsageError("sample {}/{} has no picture to search with", asked->dataset, asked->key);
    }
  }
  study::find_image_encoder(run_folder, use, job);
  const study::RunModel model(run_folder, use);
  // What is wrong with the query is said before thousands of pictures are encoded.
  Target target;
  if (!query.text.empty()) target.z = model.embed_texts({query.text}, {}, job);
  if (!query.picture.empty()) embed_file(query.picture, use, model, target, job);
  const study::SamplePictures pictures =
      study::embed_pictures(workspace, use, model, samples, selection, job);
  if (pictures.samples.empty()) {
    throw InputError("{}: none of the {} samples has a picture that can be read",
                     workspace.root().string(), samples.size());
  }
  if (asked) find_asked(*asked, use, model, samples, pictures, target, job);

  SearchResult result;
  result.run = run_folder;
  result.kind = !query.text.empty() ? "text" : !query.picture.empty() ? "picture" : "sample";
  result.query = asked                 ? asked->dataset + "/" + asked->key
                 : !query.text.empty() ? query.text
                                       : query.picture.string();
  if (!query.text.empty()) {
    result.remark = fmt::format(
        "The run ranks by any words; {}, and what its notes never say it does not know either",
        known_classes_words(use.classes, classes_not_known(run_folder)));
  }
  result.left_out = target.own ? 1 : 0;
  result.candidates = pictures.samples.size() - result.left_out;
  result.without_picture = pictures.without_picture;
  result.unreadable = pictures.unreadable;
  result.failures = pictures.failures;
  if (target.own) {
    result.query_picture = study::prepared_picture(*pictures.images, pictures.indices[*target.own],
                                                   "the query " + result.query);
  } else if (!target.hash.empty()) {
    result.query_picture = std::move(target.picture);
    result.query_picture.alt = "the query " + result.query;
  }
  std::vector<bool> excluded(pictures.samples.size());
  if (target.own) excluded[*target.own] = true;
  for (const Match& match : nearest_rows(target.z.row(0), pictures.z, top, excluded)) {
    SearchHit hit;
    hit.sample = samples[pictures.samples[match.index]];
    hit.similarity = match.similarity;
    const std::size_t index = pictures.indices[match.index];
    hit.same_picture = !target.hash.empty() && pictures.images->content_id(index) == target.hash;
    hit.same_group = asked && !asked->group.empty() && asked->group == hit.sample.group &&
                     asked->dataset == hit.sample.dataset;
    hit.picture = study::prepared_picture(*pictures.images, index, place_of(hit.sample));
    add_note(workspace, use, hit);
    result.hits.push_back(std::move(hit));
  }
  return result;
}

Json to_json(const SearchResult& result) {
  Json hits = Json::array();
  for (const SearchHit& hit : result.hits) {
    hits.push_back({{"dataset", hit.sample.dataset},
                    {"key", hit.sample.key},
                    {"similarity", hit.similarity},
                    {"class", hit.sample.class_name},
                    {"group", hit.sample.group},
                    {"split", hit.sample.split},
                    {"same_picture", hit.same_picture},
                    {"same_group", hit.same_group},
                    {"strategy", hit.strategy},
                    {"note", hit.note}});
  }
  return {{"run", result.run.string()},
          {"query", {{"kind", result.kind}, {"value", result.query}}},
          {"remark", result.remark},
          {"direction", direction_name(result.kind == "text" ? Direction::kTextToImage
                                                             : Direction::kImageToImage)},
          {"candidates", result.candidates},
          {"left_out", result.left_out},
          {"without_picture", result.without_picture},
          {"unreadable", result.unreadable},
          {"failures", result.failures},
          {"hits", hits}};
}

std::string search_words(const SearchResult& result) {
  return fmt::format(
      "{} ranked by cosine {}{}", counted(result.candidates, "picture"),
      result.kind == "text" ? "to a text (cross-modal: words against pictures)" : "to a picture",
      result.left_out > 0 ? "; the sample itself is left out" : "");
}

std::string search_html(const SearchResult& result) {
  SearchSheet sheet;
  const bool words = result.kind == "text";
  const std::string shown = clean_text(result.query, kQueryBytes);
  sheet.title = words ? "Pictures for a text" : "Pictures like " + shown;
  sheet.lines = {search_words(result),
                 "Run " + std::filesystem::weakly_canonical(result.run).filename().string()};
  if (result.without_picture + result.unreadable > 0) {
    sheet.lines.push_back(
        fmt::format("Not ranked: {} without a picture, {} whose picture cannot be read",
                    counted(result.without_picture, "sample"), result.unreadable));
  }
  if (!result.remark.empty()) sheet.lines.push_back(result.remark);
  sheet.query.picture = result.query_picture;
  (words ? sheet.query.text : sheet.query.key) = shown;
  for (const SearchHit& hit : result.hits) {
    SearchSheetItem item;
    item.item.picture = hit.picture;
    item.item.text = hit.note;
    item.item.label = hit.sample.class_name.empty() ? "no class" : hit.sample.class_name;
    if (!hit.sample.split.empty()) item.item.label += ", " + hit.sample.split;
    item.item.key = place_of(hit.sample);
    item.item.similarity = hit.similarity;
    item.mark = mark_of(hit);
    item.note_name = hit.strategy;
    sheet.found.push_back(std::move(item));
  }
  return render_search_sheet(sheet);
}

}  // namespace epicrisis
