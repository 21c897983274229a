#include "epicrisis/report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "report/markup.h"

namespace epicrisis {
namespace {

using markup::text;

constexpr std::size_t kColours = 8;

struct Range {
  double lo = std::numeric_limits<double>::infinity();
  double hi = -std::numeric_limits<double>::infinity();
  void take(double value) {
    if (!std::isfinite(value)) return;
    lo = std::min(lo, value);
    hi = std::max(hi, value);
  }
  bool empty() const { return lo > hi; }
};

// Round tick values that enclose [lo, hi].
struct Axis {
  double lo = 0;
  double hi = 1;
  double step = 0.2;
  int decimals = 1;

  Axis(Range range, int wanted) {
    if (range.empty()) range = {0, 1};
    // Numbers beyond these would overflow the steps; no metric comes near them.
    range.lo = std::clamp(range.lo, -1e12, 1e12);
    range.hi = std::clamp(range.hi, -1e12, 1e12);
    const double least = 1e-6 * std::max({1.0, std::abs(range.lo), std::abs(range.hi)});
    const double span = std::max(range.hi - range.lo, least);
    const double power = std::pow(10, std::floor(std::log10(span / wanted)));
    const double leading = span / wanted / power;
    step = power * (leading <= 1 ? 1 : leading <= 2 ? 2 : leading <= 5 ? 5 : 10);
    lo = std::floor(range.lo / step + 1e-9) * step;
    hi = std::ceil(range.hi / step - 1e-9) * step;
    if (hi <= lo) hi = lo + step;
    decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 6);
  }
  int ticks() const { return static_cast<int>(std::round((hi - lo) / step)) + 1; }
  double tick(int i) const { return lo + i * step; }
  std::string label(int i) const {
    const double value = std::abs(tick(i)) < step / 2 ? 0 : tick(i);
    return fmt::format("{}{:.{}f}", value < 0 ? "−" : "", std::abs(value), decimals);
  }
  double share(double value) const { return (value - lo) / (hi - lo); }
};

std::string open(double width, double height, const std::string& title,
                 const std::string& description) {
  // The width sets the size at which the text is as large as the page's.
  return fmt::format(
      "<svg role=\"img\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\">"
      "<title>{2}</title><desc>{3}</desc>\n",
      width, height, text(title), text(description));
}

std::string line(double x1, double y1, double x2, double y2, std::string_view css) {
  return fmt::format(
      "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", css, x1, y1,
      x2, y2);
}

std::string label(double x, double y, std::string_view css, const std::string& words,
                  const std::string& more = {}) {
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\"{}>{}</text>\n", css, x, y, more,
                     text(words));
}

// A mark whose shape differs by series, for those who do not see the colours apart.
std::string mark(std::size_t series, double x, double y) {
  const std::string css = fmt::format("mark series-{}", series % kColours + 1);
  const auto path = [&](const char* shape) {
    return fmt::format("<path class=\"{}\" transform=\"translate({:.1f} {:.1f})\" d=\"{}\"/>", css,
                       x, y, shape);
  };
  switch (series % 4) {
    case 1:
      return path("M-5 -5H5V5H-5Z");
    case 2:
      return path("M0 -6.5L6.5 0L0 6.5L-6.5 0Z");
    case 3:
      return path("M0 -6L6 5H-6Z");
    default:
      return fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5.5\"/>", css, x, y);
  }
}

// Horizontal grid lines with their values at the left.
std::string value_axis(const Axis& axis, double left, double right, double top, double bottom) {
  std::string svg;
  for (int i = 0; i < axis.ticks(); ++i) {
    const double y = bottom - axis.share(axis.tick(i)) * (bottom - top);
    svg += line(left, y, right, y, "grid");
    svg += label(left - 8, y + 4, "tick end", axis.label(i));
  }
  return svg;
}

// Width at 13 px, rather too wide than clipped: fonts differ.
double text_width(const std::string& words) {
  double width = 0;
  for (const char c : words) {
    if ((static_cast<unsigned char>(c) & 0xC0U) == 0x80U) continue;  // not a character's first byte
    const bool wide = (c >= 'A' && c <= 'Z') || c == 'm' || c == 'w' || c == '%';
    const bool narrow = c == 'i' || c == 'j' || c == 'l' || c == 'f' || c == 't' || c == ' ' ||
                        c == '.' || c == ',' || c == ':' || c == '(' || c == ')';
    width += wide ? 10 : narrow ? 5 : 8.2;
  }
  return width;
}

std::string shortened(const std::string& words, std::size_t most) {
  std::string cut = words;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if ((static_cast<unsigned char>(words[i]) & 0xC0U) == 0x80U) continue;
    if (++characters > most) {
      cut.resize(i);
      return cut + "…";
    }
  }
  return cut;
}

}  // namespace

std::string svg_legend_mark(std::size_t series) {
  return "<svg class=\"key\" viewBox=\"-8 -8 16 16\" width=\"16\" height=\"16\" "
         "aria-hidden=\"true\">" +
         mark(series, 0, 0) + "</svg>";
}

std::string svg_error_bars(const std::string& title, const std::string& description,
                           const std::string& y_label, const std::vector<std::string>& series,
                           const std::vector<ErrorBarGroup>& groups) {
  Range range;
  for (const ErrorBarGroup& group : groups) {
    for (const ErrorBarPoint& point : group.points) {
      range.take(point.value);
      range.take(point.lo);
      range.take(point.hi);
    }
  }
  if (range.empty() || series.empty()) return {};
  const Axis axis(range, 5);
  const double pitch = series.size() > 4 ? 26 : 34;
  double widest = 0;
  for (const ErrorBarGroup& group : groups) {
    widest = std::max(widest, text_width(shortened(group.name, 22)));
  }
  const double inner = pitch * static_cast<double>(series.size());
  const double group_width = std::max({inner + 34, widest + 24, 110.0});
  const double left = 64;
  const double top = 16;
  const double bottom = 286;
  const double right = left + group_width * static_cast<double>(groups.size());
  std::string svg = open(right + 12, 336, title, description);
  svg += value_axis(axis, left, right, top, bottom);
  svg += label(16, (top + bottom) / 2, "axis-title middle", y_label,
               fmt::format(" transform=\"rotate(-90 16 {:.0f})\"", (top + bottom) / 2));
  const auto y_of = [&](double value) { return bottom - axis.share(value) * (bottom - top); };
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const double begin = left + group_width * static_cast<double>(g);
    const double middle = begin + group_width / 2;
    if (g > 0) svg += line(begin, top, begin, bottom + 40, "divider");
    svg += label(middle, bottom + 22, "name middle", shortened(groups[g].name, 22));
    svg += label(middle, bottom + 40, "tick middle", groups[g].note);
    for (const ErrorBarPoint& point : groups[g].points) {
      if (!std::isfinite(point.value) || !std::isfinite(point.lo) || !std::isfinite(point.hi) ||
          point.series >= series.size()) {
        continue;
      }
      const double x = middle - inner / 2 + pitch * (static_cast<double>(point.series) + 0.5);
      const std::string css = fmt::format("whisker series-{}", point.series % kColours + 1);
      svg += "<g>";
      if (!point.tooltip.empty()) svg += "<title>" + text(point.tooltip) + "</title>";
      svg += line(x, y_of(point.lo), x, y_of(point.hi), css);
      svg += line(x - 5, y_of(point.lo), x + 5, y_of(point.lo), css);
      svg += line(x - 5, y_of(point.hi), x + 5, y_of(point.hi), css);
      svg += mark(point.series, x, y_of(point.value)) + "</g>\n";
    }
  }
  svg += line(left, bottom, right, bottom, "axis");
  return svg + "</svg>\n";
}

std::string svg_forest(const std::string& title, const std::string& description,
                       const std::string& x_label, const std::vector<ForestRow>& rows) {
  Range range;
  range.take(0);
  double names = 60;
  double printed = 60;
  bool any = false;
  for (const ForestRow& row : rows) {
    if (!std::isfinite(row.value) || !std::isfinite(row.lo) || !std::isfinite(row.hi)) continue;
    any = true;
    range.take(row.value);
    range.take(row.lo);
    range.take(row.hi);
    names = std::max(names, text_width(shortened(row.name, 44)));
    printed = std::max(printed, text_width(row.printed));
  }
  if (!any) return {};
  // Where nothing differs, a scale of differences that would be seen.
  constexpr double kSeen = 0.01;
  if (range.hi - range.lo < kSeen / 10) range = {-kSeen, kSeen};
  const Axis axis(range, 5);
  const double left = names + 16;
  const double right = left + 300;
  const double top = 10;
  const double pitch = 30;
  std::size_t drawn = 0;
  std::string body;
  const auto x_of = [&](double value) { return left + axis.share(value) * (right - left); };
  for (const ForestRow& row : rows) {
    if (!std::isfinite(row.value) || !std::isfinite(row.lo) || !std::isfinite(row.hi)) continue;
    const double y = top + pitch * (static_cast<double>(drawn++) + 0.5);
    const char* sign = row.lo > 0 ? "better" : row.hi < 0 ? "worse" : "open";
    body += label(left - 14, y + 4.5, "name end", shortened(row.name, 44));
    body += line(x_of(row.lo), y, x_of(row.hi), y, fmt::format("whisker {}", sign));
    body += line(x_of(row.lo), y - 5, x_of(row.lo), y + 5, fmt::format("whisker {}", sign));
    body += line(x_of(row.hi), y - 5, x_of(row.hi), y + 5, fmt::format("whisker {}", sign));
    body += fmt::format(
        "<rect class=\"mark {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"10\" height=\"10\"/>\n", sign,
        x_of(row.value) - 5, y - 5);
    body += label(right + 14, y + 4.5, "name", row.printed);
  }
  const double bottom = top + pitch * static_cast<double>(drawn);
  std::string svg = open(right + 22 + printed, bottom + 48, title, description);
  for (int i = 0; i < axis.ticks(); ++i) {
    svg += line(x_of(axis.tick(i)), top, x_of(axis.tick(i)), bottom, "grid");
    svg += label(x_of(axis.tick(i)), bottom + 18, "tick middle", axis.label(i));
  }
  svg += line(x_of(0), top, x_of(0), bottom + 4, "axis zero");
  svg += body;
  svg += label((left + right) / 2, bottom + 38, "axis-title middle", x_label);
  return svg + "</svg>\n";
}

std::string svg_lines(const std::string& title, const std::string& description,
                      const std::vector<Series>& series, int first_epoch, int best_epoch) {
  Range range;
  std::size_t epochs = 0;
  for (const Series& one : series) {
    epochs = std::max(epochs, one.values.size());
    for (const double value : one.values) range.take(value);
  }
  if (range.empty()) return {};
  const Axis axis(range, 4);
  const double left = 48;
  const double right = 308;
  const double top = 12;
  const double bottom = 166;
  const double steps = std::max(1.0, static_cast<double>(epochs) - 1);
  const auto x_of = [&](double epoch) { return left + epoch / steps * (right - left); };
  const auto y_of = [&](double value) { return bottom - axis.share(value) * (bottom - top); };
  std::string svg = open(320, 206, title, description);
  svg += value_axis(axis, left, right, top, bottom);
  const int last_epoch = first_epoch + static_cast<int>(epochs) - 1;
  svg += label(left, bottom + 18, "tick middle", std::to_string(first_epoch));
  if (epochs > 1) svg += label(right, bottom + 18, "tick middle", std::to_string(last_epoch));
  svg += label((left + right) / 2, bottom + 34, "axis-title middle", "epoch");
  if (best_epoch >= first_epoch && best_epoch <= last_epoch && best_epoch > 0) {
    const double x = x_of(best_epoch - first_epoch);
    svg += line(x, top, x, bottom, "best");
    const double margin = 24;
    if (x > left + margin && x < right - margin) {
      svg += label(x, bottom + 18, "tick middle", fmt::format("best {}", best_epoch));
    }
  }
  for (std::size_t s = 0; s < series.size(); ++s) {
    std::string points;
    // A gap or a lone value cannot be part of a line; a lone one becomes a mark.
    std::size_t run = 0;
    const auto finish = [&] {
      if (run == 1) {
        const std::size_t comma = points.find(',');
        svg += fmt::format("<circle class=\"mark series-{}\" cx=\"{}\" cy=\"{}\" r=\"3\"/>\n",
                           s % kColours + 1, points.substr(0, comma), points.substr(comma + 1));
      } else if (run > 1) {
        svg += fmt::format("<polyline class=\"curve series-{}\" points=\"{}\"/>\n",
                           s % kColours + 1, points);
      }
      points.clear();
      run = 0;
    };
    for (std::size_t e = 0; e < series[s].values.size(); ++e) {
      const double value = series[s].values[e];
      if (!std::isfinite(value)) {
        finish();
        continue;
      }
      points += fmt::format("{}{:.1f},{:.1f}", run == 0 ? "" : " ", x_of(static_cast<double>(e)),
                            y_of(value));
      ++run;
    }
    finish();
  }
  svg += line(left, bottom, right, bottom, "axis");
  return svg + "</svg>\n";
}

std::string svg_confusion(const std::string& title, const std::string& description,
                          const ConfusionWords& words, const ConfusionMatrix& counts,
                          const std::vector<std::string>& classes) {
  const std::size_t n = counts.classes;
  if (n == 0 || n > 64 || counts.counts.size() != n * n) return {};
  const auto whole = [&](std::size_t c) {
    return c < classes.size() ? classes[c] : std::to_string(c);
  };
  std::vector<std::string> names;
  double widest = 30;
  for (std::size_t c = 0; c < n; ++c) {
    names.push_back(shortened(whole(c), 8));
    widest = std::max(widest, text_width(names.back()));
  }
  const double cell = std::max(46.0, widest + 10);  // the heads of the columns stand side by side
  const double left = widest + 38;
  const double top = 44;
  const double size = cell * static_cast<double>(n);
  std::string svg = open(left + size + 4, top + size + 4, title, description);
  svg += label(left + size / 2, 14, "axis-title middle", words.columns);
  svg += label(14, top + size / 2, "axis-title middle", words.rows,
               fmt::format(" transform=\"rotate(-90 14 {:.0f})\"", top + size / 2));
  for (std::size_t t = 0; t < n; ++t) {
    const double middle = cell * (static_cast<double>(t) + 0.5);
    svg += label(left + middle, top - 10, "name middle", names[t]);
    svg += label(left - 10, top + middle + 4.5, "name end", names[t]);
    std::uint64_t total = 0;
    for (std::size_t p = 0; p < n; ++p) total += counts.at(t, p);
    for (std::size_t p = 0; p < n; ++p) {
      const double share =
          total == 0 ? 0 : static_cast<double>(counts.at(t, p)) / static_cast<double>(total);
      const double x = left + cell * static_cast<double>(p);
      const double y = top + cell * static_cast<double>(t);
      svg += fmt::format(
          "<g><title>{} {} {}: {} of {}</title>"
          "<rect class=\"cell\" x=\"{:.0f}\" y=\"{:.0f}\" "
          "width=\"{:.0f}\" height=\"{:.0f}\" rx=\"3\"/>"
          "<rect class=\"heat\" x=\"{:.0f}\" y=\"{:.0f}\" "
          "width=\"{:.0f}\" height=\"{:.0f}\" rx=\"3\" fill-opacity=\"{:.3f}\"/>",
          text(whole(t)), text(words.cell), text(whole(p)), counts.at(t, p), total, x + 1, y + 1,
          cell - 2, cell - 2, x + 1, y + 1, cell - 2, cell - 2, share);
      svg += label(x + cell / 2, y + cell / 2 + 4.5,
                   share > 0.5            ? "count strong middle"
                   : counts.at(t, p) == 0 ? "count none middle"
                                          : "count middle",
                   std::to_string(counts.at(t, p)));
      svg += "</g>\n";
    }
  }
  return svg + "</svg>\n";
}

std::string svg_bars(const std::string& title, const std::string& description,
                     const std::vector<Bar>& bars) {
  double most = 0;
  double names = 30;
  double printed = 20;
  for (const Bar& bar : bars) {
    if (!std::isfinite(bar.value)) continue;
    most = std::max(most, bar.value);
    names = std::max(names, text_width(shortened(bar.name, 20)));
    printed = std::max(printed, text_width(bar.printed));
  }
  if (bars.empty() || most <= 0) return {};
  const double width = 320;
  const double left = names + 8;
  const double room = std::max(40.0, width - left - printed - 14);
  const double pitch = 24;
  std::string svg = open(width, pitch * static_cast<double>(bars.size()) + 6, title, description);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (!std::isfinite(bars[i].value)) continue;
    const double y = 4 + pitch * static_cast<double>(i);
    const double length = std::max(bars[i].value > 0 ? 1.5 : 0.0, bars[i].value / most * room);
    svg += label(left - 8, y + 14, "name end", shortened(bars[i].name, 20));
    svg += fmt::format(
        "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"16\" rx=\"2\"/>\n",
        left, y + 1, length);
    svg += label(left + length + 7, y + 14, "name", bars[i].printed);
  }
  return svg + "</svg>\n";
}

}  // namespace epicrisis
