#include "epicrisis/notes/synthesis/synthesis.h"

#include <cmath>

#include "notes/strategy/measuring.h"
#include "notes/synthesis/asking.h"
#include "notes/synthesis/note_source.h"

namespace epicrisis {
namespace {

// How many notes the run will take up; an estimate where it takes a fraction.
std::uint64_t note_count(Database& database, const RequestBuilder& builder,
                         const SynthesisOptions& options) {
  const auto samples = static_cast<double>(count_samples(database, options.filter));
  return static_cast<std::uint64_t>(std::llround(samples * options.fraction)) *
         static_cast<std::uint64_t>(builder.strategy().variants);
}

}  // namespace

SynthesisReport synthesize(Workspace& workspace, const RequestBuilder& builder,
                           const SynthesisOptions& options, HttpTransport& transport, Job& job) {
  NoteSource source(workspace.database(), builder, options, job);
  measure_for(workspace, builder.strategy(), options.filter, job);
  return ask_for_notes(workspace, builder, options,
                       {.source = source,
                        .planned = planned_note,
                        .expected = note_count(workspace.database(), builder, options)},
                       transport, job);
}

}  // namespace epicrisis
