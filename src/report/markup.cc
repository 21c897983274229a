#include "report/markup.h"

#include <fmt/format.h>

#include "epicrisis/core/base64.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/eval/retrieval.h"
#include "epicrisis/report/tables.h"

namespace epicrisis::markup {
namespace {

constexpr std::size_t kMaxText = 20'000;
constexpr std::size_t kMaxPreformatted = 1 << 20;

std::string_view media_type(std::string_view bytes) {
  if (bytes.starts_with("\xff\xd8\xff")) return "image/jpeg";
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return "image/png";
  if (bytes.size() > 12 && bytes.starts_with("RIFF") && bytes.substr(8, 4) == "WEBP") {
    return "image/webp";
  }
  return {};
}

}  // namespace

std::string text(std::string_view from_outside) {
  return escape_html(clean_text(from_outside, kMaxText));
}

std::string lines(std::string_view from_outside) {
  return escape_html(clean_multiline_text(from_outside, kMaxText));
}

std::string preformatted(std::string_view from_outside) {
  const bool cut = from_outside.size() > kMaxPreformatted;
  std::string result;
  for (const std::string& line : split(from_outside.substr(0, kMaxPreformatted), '\n')) {
    const std::size_t indent = std::min(line.find_first_not_of(" \t"), line.size());
    for (const char c : line.substr(0, indent)) result += c == '\t' ? "    " : " ";
    result += text(std::string_view(line).substr(indent)) + "\n";
  }
  while (result.ends_with("\n\n")) result.pop_back();
  if (cut) result += "(cut at 1 MiB)\n";
  return result;
}

std::string data_uri(const Picture& picture) {
  const std::string_view type = media_type(picture.bytes);
  if (type.empty()) return {};
  return fmt::format("data:{};base64,{}", type, base64_encode(picture.bytes));
}

std::string image(const Picture& picture, std::string_view fallback_alt) {
  const std::string uri = data_uri(picture);
  if (uri.empty()) return "<span class=\"no-picture\">no picture</span>";
  const std::string_view alt = picture.alt.empty() ? fallback_alt : std::string_view(picture.alt);
  return fmt::format("<img src=\"{}\" alt=\"{}\">", uri, text(alt));
}

std::string mode_title(std::string_view mode) {
  if (mode == "image") return "image only";
  if (mode == kNotesMode) return "reads notes, sees no picture";
  if (mode == "probe") return "as published, linear probe";
  if (mode == "contrastive_align") return "contrastive + alignment";
  return std::string(mode);
}

std::string variant_title(std::string_view mode, std::string_view notes) {
  if (mode == kNotesMode && !notes.empty()) {
    return fmt::format("reads notes {}, sees no picture", notes);
  }
  const std::string title = mode_title(mode);
  return notes.empty() ? title : fmt::format("{}, notes {}", title, notes);
}

std::string run_title(std::string_view run, std::string_view title) {
  if (run.empty()) return std::string(title);
  // A run that is named after what it is, "image only", says it once.
  return title.empty() || title == run ? std::string(run) : fmt::format("{} ({})", run, title);
}

std::string system_title(std::string_view run, std::string_view model, std::string_view mode,
                         std::string_view notes) {
  std::string variant = variant_title(mode, notes);
  if (variant == run) variant.clear();
  if (!model.empty()) {
    variant = variant.empty() ? std::string(model) : fmt::format("{}, {}", model, variant);
  }
  return run_title(run, variant);
}

std::string retrieval_name(std::string_view name) {
  if (name == "median_rank") return "median rank";
  if (name == kChancePrecision) return "P@k by chance";
  if (name == kChanceMap) return "mAP by chance";
  return std::string(name);
}

std::string number(std::string_view metric, double value) {
  const std::string plain = format_metric(metric, value);
  return plain.starts_with('-') ? "−" + plain.substr(1) : plain;
}

std::string interval(std::string_view metric, double lo, double hi) {
  return fmt::format("{} to {}", number(metric, lo), number(metric, hi));
}

std::string p_value(double p) {
  if (!(p >= 0 && p <= 1)) return {};
  if (p < 0.001) return "p < 0.001";
  return fmt::format("p = {:.3f}", p);
}

std::string count(std::size_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t place = 3; digits.size() > place; place += 4) {
    digits.insert(digits.size() - place, ",");
  }
  return digits;
}

std::string plural(std::size_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count(n), n == 1 ? one : many);
}

}  // namespace epicrisis::markup
