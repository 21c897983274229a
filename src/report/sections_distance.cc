#include <algorithm>

#include "report/sections.h"

namespace epicrisis::sections {

Section distances(const ReportData& data) {
  const auto table = [&](std::string_view metric, std::string_view caption) {
    return metric_table_html(metric_table(data, "distance", metric), caption);
  };
  const std::string own =
      table("own_notes",
            "Distance of a picture to its own notes: 1 less their cosine in the shared space, the "
            "mean over pictures. 0 is the same direction, 1 is unrelated.");
  const bool aligned = std::ranges::any_of(data.results, [](const ResultRow& row) {
    return row.task == "retrieval" && !row.notes.empty();
  });
  if (own.empty() && !aligned) return {};
  if (own.empty()) {
    return {"distances", "Distance of pictures and notes",
            "<p>Not measured: no test sample has a note of a run.</p>\n"};
  }
  return {"distances", "Distance of pictures and notes",
          own +
              table("margin",
                    "How much farther the notes of other patients lie than the own ones. Above 0 "
                    "the own notes are nearer; at 0 a picture does not tell its notes from "
                    "others.") +
              terms({"n", "trainings", "interval"})};
}

}  // namespace epicrisis::sections
