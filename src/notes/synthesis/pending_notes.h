#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "epicrisis/core/job.h"
#include "epicrisis/notes/synthesis/request.h"
#include "epicrisis/notes/synthesis/synthesis.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis {

// Streams the notes that a strategy is still missing, in order of sample and variant. Memory is a
// page of samples.
class PendingNotes {
 public:
  // Of the options: the filter, the fraction, and whether rejected ones and those out in a batch
  // are missing. `all`: those that are there already too, as if nothing had been asked.
  PendingNotes(Database& database, const RequestBuilder& builder, const SynthesisOptions& options,
               const Job& job, bool all = false);

  // The next missing one; empty at the end, or when the job is cancelled.
  std::optional<PlannedNote> next();

  // Counts one that was given out as skipped after all.
  void skip(const std::string& reason) { ++skips_[reason]; }

  std::int64_t notes() const { return notes_; }  // taken up so far: given out + skipped
  const std::map<std::string, std::int64_t>& skips() const { return skips_; }  // by reason

  // Notes that were not taken up and of which nothing is there by this strategy, provider and
  // model, failed ones apart. No picture is looked at, so that it is fast.
  std::int64_t rest() const;

 private:
  void read_page();
  void plan_notes_of(const Sample& sample);
  bool is_out_in_batch(std::string_view key) const;

  Database& database_;
  const RequestBuilder& builder_;
  SampleFilter filter_;
  bool retry_rejected_;
  double fraction_;
  bool ask_batched_;
  bool all_;
  const Job& job_;
  bool at_end_ = false;
  std::int64_t remaining_;
  std::deque<Sample> page_;
  std::deque<PlannedNote> planned_;  // of the sample taken last
  std::int64_t notes_ = 0;
  std::map<std::string, std::int64_t> skips_;
};

// Whether the sample is among this share of all, which is the same at each call.
bool is_drawn(const Sample& sample, double fraction);

// Of the picture that goes along or is measured, "" where none is; `skip` becomes why the sample
// cannot be asked about, if it cannot.
std::string hash_of_shown_picture(Database& database, const RequestBuilder& builder,
                                  const Sample& sample, const Job& job, std::string& skip);

// Why what was asked before with this outcome is not asked again: "refused before"; `written` for
// what is there. Empty if it is to be asked, with twice the room where it was truncated.
std::optional<std::string> asked_before(PlannedNote& planned, std::optional<NoteStatus> status,
                                        bool retry_rejected, std::string_view written);

// What is stored of what the strategy names as measured; empty where it names nothing such.
TemplateFields measured_of(Database& database, const RequestBuilder& builder, const Sample& sample);

// Throws UsageError, with what would go where, if the provider is not on this machine and that was
// neither allowed now nor before; remembers that it was.
void require_consent(Database& database, const RequestBuilder& builder, bool allow_remote);
// `what` goes there: "pictures", "prompts".
void require_consent(Database& database, const Provider& provider, std::string_view what,
                     bool allow_remote);

}  // namespace epicrisis
