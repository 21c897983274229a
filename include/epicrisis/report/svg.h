#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "epicrisis/eval/classification.h"
#include "epicrisis/report/report_data.h"

namespace epicrisis {

// Figures as inline SVG. Colours come from the page's CSS classes (series-1 ... series-8, axis,
// grid), so that one drawing serves light, dark and print. Text is escaped; `title` and
// `description` are for screen readers. Values that are not finite are left out.

// The mark of a series by itself, for a legend outside the figure.
std::string svg_legend_mark(std::size_t series);

struct ErrorBarPoint {
  std::size_t series = 0;
  double value = 0, lo = 0, hi = 0;
  std::string tooltip;
};
struct ErrorBarGroup {
  std::string name;  // a data set
  std::string note;  // below the name: "internal"
  std::vector<ErrorBarPoint> points;
};
// Groups on the x axis, one point with its interval a series, side by side.
std::string svg_error_bars(const std::string& title, const std::string& description,
                           const std::string& y_label, const std::vector<std::string>& series,
                           const std::vector<ErrorBarGroup>& groups);

// A difference with its interval a row, and a line at zero (a forest plot).
struct ForestRow {
  std::string name;
  double value = 0, lo = 0, hi = 0;
  std::string printed;  // at the right edge
};
std::string svg_forest(const std::string& title, const std::string& description,
                       const std::string& x_label, const std::vector<ForestRow>& rows);

// Lines over epochs; best_epoch > 0 gets a mark.
std::string svg_lines(const std::string& title, const std::string& description,
                      const std::vector<Series>& series, int first_epoch, int best_epoch);

struct ConfusionWords {
  std::string columns;  // "predicted"
  std::string rows;     // "truth"
  std::string cell;     // between row and column: "MEL taken for NEV"
};
// Rows are truth; colour is the share of the row, text the count.
std::string svg_confusion(const std::string& title, const std::string& description,
                          const ConfusionWords& words, const ConfusionMatrix& counts,
                          const std::vector<std::string>& classes);

// Horizontal bars.
struct Bar {
  std::string name;
  double value = 0;
  std::string printed;
};
std::string svg_bars(const std::string& title, const std::string& description,
                     const std::vector<Bar>& bars);

}  // namespace epicrisis
