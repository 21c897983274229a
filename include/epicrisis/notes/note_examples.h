#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/data/field.h"
#include "epicrisis/data/sample.h"
#include "epicrisis/store/tables/notes.h"

namespace epicrisis {

// A sample with what is written on it.
struct SampleNotes {
  Sample sample;
  std::vector<NoteRecord> notes;
};

// Up to `count` of the samples that have a written note of the filter's data sets and strategies
// (none named: all), spread evenly over them: the same ones each time. `filter.sample_ids` and its
// status are not looked at.
std::vector<SampleNotes> note_examples(Database& database, NoteFilter filter, std::size_t count);

// What is known of the sample, in a line: "PNEU, pneumonia; labelled 'Pneumonia'; age 65; female".
// "nothing" where nothing is.
std::string facts_in_words(const Sample& sample, const Field& field);

Json to_json(const SampleNotes& example, const Field& field);

}  // namespace epicrisis
