#include "audit/revision_source.h"

#include <any>
#include <utility>

#include "epicrisis/store/tables/samples.h"
#include "notes/synthesis/note_source.h"
#include "notes/synthesis/pending_notes.h"

namespace epicrisis::audit {

RevisionSource::RevisionSource(Database& database, const RequestBuilder& builder,
                               const SynthesisOptions& options, std::vector<WaitingNote> waiting,
                               const Job& job)
    : database_(database),
      builder_(builder),
      retry_rejected_(options.retry_rejected),
      waiting_(std::move(waiting)),
      job_(job) {}

std::optional<llm::Request> RevisionSource::next() {
  while (at_ < waiting_.size() && !job_.cancelled()) {
    std::optional<NoteToRevise> planned = plan(waiting_[at_++]);
    if (!planned) continue;
    llm::Request request = request_of(planned->planned, builder_);
    request.subject = *std::move(planned);
    return request;
  }
  return std::nullopt;
}

std::optional<NoteToRevise> RevisionSource::plan(const WaitingNote& note) {
  const auto skip = [&](const std::string& reason) {
    ++skips_[reason];
    return std::nullopt;
  };
  // It would be cut, and asked about in part.
  if (note.text.size() > kMaxNoteBytes || note.faults.size() > kMaxNoteBytes) {
    return skip(note.text.size() > kMaxNoteBytes ? "too long a note" : "too many faults");
  }
  if (!asked_.insert(note.id).second) return skip("same text as another note");
  const Sample sample = sample_by_id(database_, note.sample_id);
  std::string unseen;
  const std::string hash = hash_of_shown_picture(database_, builder_, sample, job_, unseen);
  if (!unseen.empty()) return skip(unseen);
  NoteToRevise revise;
  revise.provenance = note.provenance;
  TemplateFields fields = measured_of(database_, builder_, sample);
  fields["note"] = note.text;
  fields["faults"] = note.faults;
  revise.planned = builder_.plan(sample, note.variant, hash, fields);
  const std::optional<NoteStatus> status = note_status(database_, revise.planned.key);
  if (const auto reason = asked_before(revise.planned, status, retry_rejected_, "written before")) {
    return skip(*reason);
  }
  return revise;
}

std::string RevisionSource::body(const llm::Request& request, int max_tokens) const {
  return builder_.body(note_to_revise(request).planned, max_tokens);
}

void RevisionSource::drop(const llm::Request&) { ++skips_["the picture cannot be read"]; }

const NoteToRevise& note_to_revise(const llm::Request& request) {
  return std::any_cast<const NoteToRevise&>(request.subject);
}

}  // namespace epicrisis::audit
