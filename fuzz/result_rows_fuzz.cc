// links: core eval report
// Results as JSON from outside: read, written as every table, and read back.
#include <cstdint>
#include <string_view>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/report/html_report.h"
#include "epicrisis/report/tables.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  epicrisis::ReportData report;
  try {
    report.results =
        epicrisis::result_rows_from_json(epicrisis::parse_json(text, "input"), "input");
  } catch (const epicrisis::Error&) {
    return 0;
  }
  report.title = text;
  report.settings = text;
  epicrisis::render_html(report);
  epicrisis::report_latex(report);
  epicrisis::report_text(report);
  epicrisis::report_csv(report);
  const std::string written = epicrisis::dump_json(epicrisis::to_json(report.results));
  const auto again =
      epicrisis::result_rows_from_json(epicrisis::parse_json(written, "output"), "output");
  if (again.size() != report.results.size()) __builtin_trap();
  return 0;
}
