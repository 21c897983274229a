#include "notes/strategy/measuring.h"

#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/picture_findings.h"
#include "epicrisis/store/tables/fields.h"

namespace epicrisis {

bool is_measured_for(Database& database, const Strategy& strategy) {
  return names_measured(strategy) && FindingRules::of(workspace_field(database)) != nullptr;
}

void measure_for(Workspace& workspace, const Strategy& strategy, const SampleFilter& filter,
                 Job& job) {
  if (!is_measured_for(workspace.database(), strategy)) return;
  const FindingsReport report = measure_samples(workspace, filter, 0, job);
  if (report.failed > 0) {
    job.warn("{} of {} could not be measured; first: {}", report.failed,
             counted(report.pictures, "picture"), report.failures.front());
  }
}

}  // namespace epicrisis
