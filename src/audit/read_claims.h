#pragma once

#include "audit/note_text.h"
#include "epicrisis/audit/claims.h"

// The kinds of claims, each read on its own. They add to the reading; the caller sorts.
namespace epicrisis::audit {

void read_classes(const NoteText& text, NoteReading& reading);  // diagnosis and grade
void read_look(const NoteText& text, NoteReading& reading);     // colours to elevation
void read_border(const NoteText& text, NoteReading& reading);
void read_asymmetry(const NoteText& text, NoteReading& reading);
void read_sites(const NoteText& text, NoteReading& reading);
void read_person(const NoteText& text, NoteReading& reading);    // age and sex
void read_identity(const NoteText& text, NoteReading& reading);  // names, dates, identifiers
void read_unseen(const NoteText& text, NoteReading& reading);    // size, symptoms, advice, ...

// A claim over mention `index`.
Claim claim_of(const NoteText& text, std::size_t index);
// The same where a denial before it is of something else: "without a clear edge on the face".
Claim asserted_claim_of(const NoteText& text, std::size_t index);
// A claim of words [first, end) that are no mention: numbers, dates. Not where the note speaks of
// such cases in general.
void add_claim(const NoteText& text, NoteReading& reading, Kind kind, std::string value,
               std::size_t first, std::size_t end);
// Mentions `a` and `b` cannot both be so.
void contradict(const NoteText& text, std::size_t a, std::size_t b, std::string rule, bool major,
                NoteReading& reading);
// Whether what mention `index` says is doubted in its phrase.
bool is_hedged(const NoteText& text, std::size_t index);
// Whether mention `index` is said of what lies around the subject, or of the picture.
bool is_elsewhere(const NoteText& text, std::size_t index);

}  // namespace epicrisis::audit
