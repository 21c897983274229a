#include "notes/synthesis/note_source.h"

#include <any>
#include <utility>

namespace epicrisis {

NoteSource::NoteSource(Database& database, const RequestBuilder& builder,
                       const SynthesisOptions& options, const Job& job)
    : builder_(builder), pending_(database, builder, options, job) {}

std::optional<llm::Request> NoteSource::next() {
  std::optional<PlannedNote> note = pending_.next();
  if (!note) return std::nullopt;
  llm::Request request = request_of(*note, builder_);
  request.subject = *std::move(note);
  return request;
}

std::string NoteSource::body(const llm::Request& request, int max_tokens) const {
  return builder_.body(planned_note(request), max_tokens);
}

void NoteSource::drop(const llm::Request&) { pending_.skip("the picture cannot be read"); }

llm::Request request_of(const PlannedNote& note, const RequestBuilder& builder) {
  llm::Request request;
  request.key = note.key;
  request.input_tokens = note.input_tokens;
  request.max_tokens = note.max_tokens;
  request.may_grow = note.max_tokens <= builder.strategy().max_tokens;
  return request;
}

const PlannedNote& planned_note(const llm::Request& request) {
  return std::any_cast<const PlannedNote&>(request.subject);
}

}  // namespace epicrisis
