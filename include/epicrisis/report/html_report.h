#pragma once

#include <string>

#include "epicrisis/report/report_data.h"

namespace epicrisis {

// The report as one HTML file that needs nothing else: styles, figures (SVG) and pictures are
// inside, there is no script, and a content security policy forbids all loading. It follows the
// reader's light or dark setting, prints, and fits narrow screens. Numbers are printed only with n,
// interval and seed count. All text of `data` is escaped. Never throws on odd data: what cannot be
// drawn is left out.
std::string render_html(const ReportData& data);

}  // namespace epicrisis
