#include <utility>

#include "epicrisis/data/adapter.h"

namespace epicrisis {
namespace {

template <typename Map>
Json counts_json(const Map& counts) {
  Json json = Json::object();
  for (const auto& [name, count] : counts) json[name] = count;
  return json;
}

Json tally_json(const Tally& tally) {
  Json json = {{"count", tally.count}};
  if (!tally.examples.empty()) json["examples"] = tally.examples;
  if (!tally.values.empty()) json["values"] = counts_json(tally.values);
  if (!tally.finding.empty()) json["finding"] = tally.finding;
  return json;
}

Json tallies_json(const std::map<std::string, Tally>& tallies) {
  Json json = Json::object();
  for (const auto& [name, tally] : tallies) json[name] = tally_json(tally);
  return json;
}

}  // namespace

std::uint64_t AdapterReport::skipped_total() const {
  std::uint64_t total = rows_without_picture.count + duplicate_ids.count;
  for (const auto& [reason, tally] : skipped) total += tally.count;
  return total;
}

Json to_json(const Adapter& adapter) {
  return {{"name", adapter.name()},
          {"describe", adapter.describe()},
          {"expected_files", adapter.expected_files()},
          {"terms", adapter.terms()}};
}

Json to_json(const AdapterReport& report) {
  Json labels = Json::object();
  for (const auto& [label, count] : report.by_label) labels[report.field.at(label).name] = count;
  Json json;
  json["adapter"] = report.adapter;
  json["dataset"] = report.dataset;
  json["field"] = report.field.name();
  json["rows"] = report.rows;
  json["records"] = report.records;
  json["samples"] = report.samples;
  json["by_label"] = std::move(labels);
  json["without_label"] = report.without_label;
  json["without_group"] = report.without_group;
  json["no_label_column"] = report.no_label_column;
  json["said_without_label"] = report.said_without_label;
  json["said_without_group"] = report.said_without_group;
  json["by_raw_label"] = counts_json(report.by_raw_label);
  json["no_class"] = counts_json(report.no_class);
  json["left_open"] = counts_json(report.left_open);
  json["unmapped"] = counts_json(report.unmapped);
  json["unnamed"] = counts_json(report.unnamed);
  Json nearly = Json::object();
  for (const auto& [label, known] : report.nearly_known) {
    nearly[label] = {{"label", known.raw}, {"class", report.field.at(known.label).name}};
  }
  json["nearly_known"] = std::move(nearly);
  json["by_split"] = counts_json(report.by_split);
  json["in_several_splits"] = report.in_several_splits;
  json["skipped"] = tallies_json(report.skipped);
  json["rows_without_picture"] = tally_json(report.rows_without_picture);
  json["duplicate_ids"] = tally_json(report.duplicate_ids);
  json["conflicting_labels"] = tally_json(report.conflicting_labels);
  json["pictures_without_row"] = tally_json(report.pictures_without_row);
  json["pictures_shadowed"] = tally_json(report.pictures_shadowed);
  json["picture_folders"] = report.picture_folders;
  json["warnings"] = tallies_json(report.warnings);
  json["separators"] = counts_json(report.separators);
  return json;
}

}  // namespace epicrisis
