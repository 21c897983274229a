#pragma once

#include <string>
#include <string_view>

#include "epicrisis/report/report_data.h"

namespace epicrisis::markup {

// Text from anywhere, ready for element content or a quoted attribute: invalid UTF-8, control and
// bidirectional characters removed, cut at 20,000 bytes, escaped.
std::string text(std::string_view from_outside);
// The same, line feeds kept.
std::string lines(std::string_view from_outside);
// The same, indentation kept too and up to 1 MiB, for settings.
std::string preformatted(std::string_view from_outside);

// "data:image/jpeg;base64,..."; empty if the bytes are no JPEG, PNG or WebP file.
std::string data_uri(const Picture& picture);
// An <img>, or a box that says there is none.
std::string image(const Picture& picture, std::string_view fallback_alt);

// The mode of runs that read the notes of test samples and see no picture.
inline constexpr std::string_view kNotesMode = "text";

// "image-only", "multimodal": a mode as a reader says it. Unknown ones as they are.
std::string mode_title(std::string_view mode);
// "multi-m (densenet121, multimodal, notes M)", not escaped.
std::string system_title(std::string_view run, std::string_view model, std::string_view mode,
                         std::string_view notes);
// The same without run and model.
std::string variant_title(std::string_view mode, std::string_view notes);
// "multi-m (multimodal)": what a run is, after its name if it has one; not escaped.
std::string run_title(std::string_view run, std::string_view title);

// "median rank", "P@k by chance": a metric of retrieval as a reader says it.
std::string retrieval_name(std::string_view name);

// "0.743", "-0.012" with a true minus sign.
std::string number(std::string_view metric, double value);
// "0.701 to 0.782"
std::string interval(std::string_view metric, double lo, double hi);
// "p = 0.012", "p < 0.001" with the last digit that `replicates` can tell.
std::string p_value(double p);
// "12,345"
std::string count(std::size_t n);
// "1 training", "3 trainings"
std::string plural(std::size_t n, std::string_view one, std::string_view many);

}  // namespace epicrisis::markup
