#pragma once

#include <cstdint>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"

namespace epicrisis {

struct DemoCorpusOptions {
  std::uint64_t seed = 1;
  int internal_lesions = 260;  // of the first domain; about one in four has a second picture
  int external_lesions = 110;  // lesions of each further domain
};

// Draws a small data set of skin lesions to try the program on: three domains (`dermoscope_a`,
// `dermoscope_b`, `phone`), each a folder with `images/`, `metadata.csv` and a column map
// `columns.toml` for the adapter `generic_csv`. Four classes (nevus, melanoma, basal cell
// carcinoma, seborrheic keratosis) differ in asymmetry, border, colours and structures, each only
// in its odds, so that no single sign decides. Domains differ in light, colour cast, vignette,
// hair, blur and field of view. The pictures are drawings: they teach nothing about skin. The same
// seed draws the same bytes. Existing files are replaced.
void write_demo_corpus(const Path& folder, const Job& job, const DemoCorpusOptions& options = {});

}  // namespace epicrisis
