#pragma once

#include "epicrisis/report/report_data.h"

namespace epicrisis::test {

// A report with something in every section; numbers from a fixed random stream.
ReportData sample_report();

// A row that is printable.
ResultRow printable_row();

}  // namespace epicrisis::test
