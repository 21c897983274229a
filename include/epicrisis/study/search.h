#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/report/report_data.h"
#include "epicrisis/store/workspace.h"
#include "epicrisis/study/sample_selection.h"

namespace epicrisis {

// What is looked for: the one of these that is not empty.
struct SearchQuery {
  Path picture;        // a file
  std::string text;    // words, for a run with a text branch
  std::string sample;  // "KEY" or "DATASET/KEY"
};

// A sample that was found.
struct SearchHit {
  SampleLine sample;
  double similarity = 0;      // cosine in the run's shared space, -1 to 1
  std::string strategy;       // of the note
  std::string note;           // the beginning of a written one, "" without
  bool same_picture = false;  // the query's pixels, as they are prepared
  bool same_group = false;    // of the query's patient or case, where the query is a sample
  Picture picture;            // as it is prepared
};

struct SearchResult {
  Path run;
  std::string kind;   // "picture", "text", "sample"
  std::string query;  // file, words, "dataset/key"
  // Of words: what the run was taught by, a sentence; any words rank pictures, also those that it
  // never read. "" else.
  std::string remark;
  Picture query_picture;       // as it is prepared; empty for words
  std::size_t candidates = 0;  // pictures that were ranked
  std::size_t left_out = 0;    // the query itself
  std::size_t without_picture = 0;
  std::size_t unreadable = 0;
  std::vector<std::string> failures;  // the first 100 of these
  std::vector<SearchHit> hits;        // best first, equal ones in order of import
};
Json to_json(const SearchResult& result);

// Ranks the pictures of the selected samples by their cosine to the query: picture to picture, or,
// for words, across to pictures. A sample that is asked for is left out itself; other samples with
// the query's picture are marked. What is not prepared yet is prepared. `top` hits or as many as
// there are. Errors as embed_samples(); UsageError unless the query is one thing, and for a sample
// that is not there or has no picture; InputError for words where the run has no text branch, and
// for a query picture that cannot be read.
SearchResult search_samples(const Path& run_folder, Workspace& workspace, const SearchQuery& query,
                            const SampleSelection& selection, std::size_t top, Job& job);

// What was ranked against what, in a sentence.
std::string search_words(const SearchResult& result);
// A page with the pictures in it that needs nothing else.
std::string search_html(const SearchResult& result);

}  // namespace epicrisis
