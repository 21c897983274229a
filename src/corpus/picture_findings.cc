#include "epicrisis/corpus/picture_findings.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "core/file_stamp.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/picture_files.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/store/tables/fields.h"
#include "store/tables/picture_measures.h"

namespace epicrisis {
namespace {

constexpr std::size_t kPage = 256;  // pictures between two commits
constexpr std::size_t kMaxFailures = 100;
constexpr std::size_t kMaxMessage = 500;
constexpr std::size_t kMaxSheet = 400;  // pictures on a sheet

struct Work {
  std::int64_t sample_id = 0;
  FileStamp stamp;
  bool stored = false;
  bool passing = false;  // the system could not read it now, which says nothing of the picture
  PictureFindings picture;
};

std::string name_of(const PictureFindings& picture) {
  return picture.dataset.empty() ? picture.path : picture.dataset + "/" + picture.key;
}

void measure_one(Work& work) {
  PictureFindings& picture = work.picture;
  if (!picture.error.empty()) return;
  try {
    picture.measures = measure_picture(load_image(picture.path));
  } catch (const InputError& error) {
    picture.error = clean_text(error.what(), kMaxMessage);
  } catch (const SystemError& error) {
    picture.error = clean_text(error.what(), kMaxMessage);
    work.passing = true;
  }
}

void hand_on(Work& work, const FindingRules* rules, FindingsReport& report,
             const FindingsSink& sink) {
  PictureFindings& picture = work.picture;
  ++report.pictures;
  if (!picture.error.empty()) {
    ++report.failed;
    if (report.failures.size() < kMaxFailures) {
      report.failures.push_back(fmt::format("{}: {}", name_of(picture), picture.error));
    }
  } else {
    ++(work.stored ? report.stored : report.measured);
    if (!picture.measures.found) ++report.without_subject;
    if (rules != nullptr) picture.findings = rules->findings(picture.measures, picture.modality);
  }
  if (sink) sink(picture);
}

// Of a stored row; nothing if it is of other measures than there are now.
std::optional<PictureMeasures> measures_of(StoredMeasures stored) {
  if (stored.values.size() != picture_measure_names().size()) return std::nullopt;
  return PictureMeasures{stored.found, std::move(stored.values)};
}

PictureFile file_of(const Work& work) { return {work.sample_id, work.picture.path, work.stamp}; }

// What is stored of the picture as it is now, if it is.
void read_stored(Database& database, Work& work) {
  auto known = find_measures(database, file_of(work), kPictureMeasuresVersion);
  if (!known) return;
  work.picture.error = known->error;
  work.stored = !work.picture.error.empty();
  if (work.stored) return;
  if (auto measures = measures_of(*std::move(known))) {
    work.picture.measures = *std::move(measures);
    work.stored = true;
  }
}

void store(Database& database, const Work& work) {
  const PictureFindings& picture = work.picture;
  put_measures(database, file_of(work), kPictureMeasuresVersion,
               {picture.error, picture.measures.found, picture.measures.values});
}

void measure_all(std::vector<Work>& page, unsigned threads, const Job& job, Meter& meter) {
  parallel_for(page.size(), threads, job, [&](std::size_t i) {
    if (page[i].stored) return meter.skip(1);
    measure_one(page[i]);
    meter.add();
  });
}

}  // namespace

Json to_json(const PictureFindings& picture) {
  Json json{{"path", picture.path}, {"modality", picture.modality}};
  if (!picture.dataset.empty()) {
    json["dataset"] = picture.dataset;
    json["key"] = picture.key;
  }
  if (!picture.error.empty()) {
    json["error"] = picture.error;
    return json;
  }
  json["found"] = picture.measures.found;
  json["findings"] = Json::array();
  for (const MeasuredFinding& finding : picture.findings) {
    json["findings"].push_back(to_json(finding));
  }
  Json measures = Json::object();
  for (const std::string_view name : picture_measure_names()) {
    const double value = picture.measures[name];
    measures[std::string(name)] = std::round(value * 1e4) / 1e4;
  }
  json["artefacts"] = Json::object();
  for (const char* name : kArtefacts) {
    json["artefacts"][name] = measures[name];
    measures.erase(name);
  }
  json["measures"] = std::move(measures);
  return json;
}

Json to_json(const FindingsReport& report) {
  return {{"pictures", report.pictures}, {"measured", report.measured},
          {"stored", report.stored},     {"failed", report.failed},
          {"failures", report.failures}, {"without_subject", report.without_subject}};
}

std::vector<PictureToMeasure> pictures_at(const std::vector<std::string>& places,
                                          const std::string& modality) {
  std::vector<PictureToMeasure> pictures;
  std::set<std::string> seen;
  for (const ListedPicture& one : list_pictures(places)) {
    if (seen.insert(one.path.lexically_normal().string()).second) {
      pictures.push_back({"", one.path.stem().string(), one.path.string(), modality, one.error});
    }
  }
  return pictures;
}

FindingsReport measure_files(const std::vector<PictureToMeasure>& pictures,
                             const FindingRules* rules, unsigned threads, Job& job,
                             const FindingsSink& sink) {
  FindingsReport report;
  Meter meter = job.meter("findings", pictures.size(), "images");
  for (std::size_t begin = 0; begin < pictures.size(); begin += kPage) {
    std::vector<Work> page;
    for (std::size_t i = begin; i < std::min(pictures.size(), begin + kPage); ++i) {
      const PictureToMeasure& one = pictures[i];
      Work work;
      work.picture.dataset = one.dataset;
      work.picture.key = one.key;
      work.picture.path = one.path;
      work.picture.modality = one.modality;
      work.picture.error = one.error;
      page.push_back(std::move(work));
    }
    measure_all(page, threads, job, meter);
    for (Work& work : page) hand_on(work, rules, report, sink);
  }
  return report;
}

FindingsReport measure_samples(Workspace& workspace, const SampleFilter& filter, unsigned threads,
                               Job& job, const FindingsSink& sink) {
  const WorkspaceLock lock = workspace.lock("findings");
  Database& database = workspace.database();
  const FindingRules* rules = FindingRules::of(workspace_field(database));
  SampleFilter pictures = filter;
  pictures.with_image = true;
  require_datasets(database, pictures.datasets);
  std::int64_t left = count_samples(database, pictures);
  Meter meter = job.meter("findings", static_cast<std::uint64_t>(left), "images");
  FindingsReport report;
  while (left > 0) {
    std::vector<Work> page;
    pictures.limit = std::min<std::int64_t>(left, kPage);
    for_each_sample(database, pictures, [&](const Sample& sample) {
      Work work;
      work.sample_id = sample.id;
      work.picture.dataset = sample.dataset;
      work.picture.key = sample.key;
      work.picture.path = sample.image_path;
      work.picture.modality = sample.modality;
      page.push_back(std::move(work));
      return true;
    });
    if (page.empty()) break;
    left -= static_cast<std::int64_t>(page.size());
    pictures.after_id = page.back().sample_id;
    for (Work& work : page) {
      work.stamp = file_stamp(work.picture.path);
      read_stored(database, work);
    }
    measure_all(page, threads, job, meter);
    if (workspace.kept()) {
      Transaction transaction(database);
      for (const Work& work : page) {
        if (!work.stored && !work.passing) store(database, work);
      }
      transaction.commit();
    }
    for (Work& work : page) hand_on(work, rules, report, sink);
  }
  if (report.pictures != report.measured + report.stored + report.failed) {
    throw InternalError("findings: {} pictures, but {} measured, {} stored, {} failed",
                        report.pictures, report.measured, report.stored, report.failed);
  }
  return report;
}

std::optional<PictureMeasures> stored_measures(Database& database, const Sample& sample) {
  auto known = find_measures(database, sample.id, sample.image_path, kPictureMeasuresVersion);
  if (!known) return std::nullopt;
  return measures_of(*std::move(known));
}

std::vector<MeasuredFinding> stored_findings(Database& database, const Field& field,
                                             const Sample& sample) {
  const FindingRules* rules = FindingRules::of(field);
  if (rules == nullptr) return {};
  const std::optional<PictureMeasures> measures = stored_measures(database, sample);
  if (!measures) return {};
  return rules->findings(*measures, sample.modality);
}

Image evidence_sheet(const std::vector<PictureToMeasure>& pictures, Job& job,
                     std::vector<std::string>& failures) {
  constexpr int kPanel = 160;
  constexpr std::size_t kColumns = 2;
  if (pictures.size() > kMaxSheet) {
    throw UsageError("a sheet takes {} pictures, these are {}", kMaxSheet, pictures.size());
  }
  Meter meter = job.meter("evidence", pictures.size(), "images");
  std::vector<Image> rows;
  for (const PictureToMeasure& picture : pictures) {
    job.check();
    try {
      if (!picture.error.empty()) throw InputError("{}", picture.error);
      rows.push_back(draw_evidence(load_image(picture.path), kPanel));
    } catch (const InputError& error) {
      failures.push_back(fmt::format("{}: {}", picture.path, error.what()));
    } catch (const SystemError& error) {
      failures.push_back(fmt::format("{}: {}", picture.path, error.what()));
    }
    meter.add();
  }
  // Rows of different heights are laid one below the other, in columns of equal numbers of rows.
  const std::size_t deep = (rows.size() + kColumns - 1) / kColumns;
  int width = 1;
  int height = 1;
  for (std::size_t c = 0; c < kColumns; ++c) {
    int column = 0;
    for (std::size_t r = c * deep; r < std::min(rows.size(), (c + 1) * deep); ++r) {
      column += rows[r].height + 4;
    }
    height = std::max(height, column);
  }
  for (const Image& row : rows) width = std::max(width, row.width);
  Image sheet(
      (width + 8) * static_cast<int>(std::min(kColumns, std::max<std::size_t>(1, rows.size()))),
      height);
  std::fill(sheet.pixels.begin(), sheet.pixels.end(), std::uint8_t{255});
  for (std::size_t c = 0; c < kColumns; ++c) {
    int top = 0;
    for (std::size_t r = c * deep; r < std::min(rows.size(), (c + 1) * deep); ++r) {
      for (int y = 0; y < rows[r].height; ++y) {
        std::copy_n(rows[r].at(0, y), 3 * static_cast<std::size_t>(rows[r].width),
                    sheet.at(static_cast<int>(c) * (width + 8), top + y));
      }
      top += rows[r].height + 4;
    }
  }
  return sheet;
}

}  // namespace epicrisis
