#include <algorithm>
#include <optional>

#include "data/adapters/folder_metadata.h"
#include "data/adapters/table_map.h"
#include "data/adapters/tables.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/adapter_choice.h"
#include "epicrisis/data/column_proposal.h"

namespace epicrisis {
namespace {

constexpr std::size_t kEnough = 200;  // samples

struct Enough {};  // thrown by the sink

// Reads any folder that has its form, whatever data set it is.
bool is_general(const Adapter& adapter) {
  return adapter.name() == "generic_csv" || adapter.name() == "imagefolder" ||
         adapter.name() == "csv_folder";
}

AdapterFit fit_of(const Adapter& adapter, const AdapterInput& input) {
  AdapterFit fit;
  fit.adapter = &adapter;
  try {
    if (!adapter.recognises(input)) return fit;
    adapter.read(input, [&](Sample&& sample) {
      ++fit.samples;
      if (sample.label) ++fit.labelled;
      if (!sample.image_path.empty()) ++fit.pictures;
      if (fit.samples == kEnough) throw Enough();
    });
  } catch (const Enough&) {
    // It reads.
  } catch (const Error&) {
    fit.samples = 0;  // not its tables
  }
  return fit;
}

// Whether the folders' own names say more than what the published set makes of them.
bool folders_say_more(const std::vector<AdapterFit>& fits) {
  const AdapterFit& published = fits.front();
  return std::ranges::any_of(fits, [&](const AdapterFit& fit) {
    return fit.adapter->name() == "imagefolder" && fit.labelled > published.labelled;
  });
}

// A column map says it; what is wrong with it, its own adapter tells. One that names no table can
// only be of an image folder.
const Adapter& adapter_by_map(const AdapterInput& input, const Path& map) {
  const Adapter& by_map = adapter("generic_csv");
  const bool lies_beside = find_table(input.path, {"metadata.jsonl", "metadata.csv"}).has_value();
  if (input.column_map.empty() ? names_table(map) : names_table(map) && !lies_beside) return by_map;
  const AdapterFit fit = fit_of(adapter("imagefolder"), input);
  if (fit.samples == 0) return by_map;
  // Pictures beside a table: the map may have been meant for that.
  const bool says_nothing = fit.labelled == 0 && find_folder_metadata(input.path).prefixes.empty();
  return says_nothing && !tables_in_words(input.path).empty() ? by_map : *fit.adapter;
}

}  // namespace

std::vector<AdapterFit> fitting_adapters(const AdapterInput& input) {
  AdapterInput trial = input;
  trial.tables_only = true;
  trial.max_listed = 0;
  std::vector<AdapterFit> fits;
  for (const bool general : {false, true}) {
    for (const Adapter* one : adapters()) {
      if (is_general(*one) != general) continue;
      const AdapterFit fit = fit_of(*one, trial);
      if (fit.samples > 0) fits.push_back(fit);
    }
  }
  return fits;
}

const Adapter& sure_adapter(const AdapterInput& input) {
  const std::optional<Path> map =
      input.column_map.empty() ? own_column_map(input.path) : std::optional(input.column_map);
  if (map) return adapter_by_map(input, *map);
  std::vector<AdapterFit> fits = fitting_adapters(input);
  const auto published =
      std::ranges::count_if(fits, [](const AdapterFit& fit) { return !is_general(*fit.adapter); });
  const std::string tables = tables_in_words(input.path);
  // The general ones stand behind it.
  if (published == 1 && !(tables.empty() && folders_say_more(fits))) return *fits.front().adapter;
  // A table says more than folders of no known class do.
  if (!tables.empty()) {
    std::erase_if(
        fits, [](const AdapterFit& fit) { return is_general(*fit.adapter) && fit.labelled == 0; });
  }
  std::vector<std::string> names;
  for (const AdapterFit& fit : fits) {
    names.push_back(fmt::format("{} ({} of the first {} with a class, {} with a picture)",
                                fit.adapter->name(), fit.labelled, counted(fit.samples, "sample"),
                                fit.pictures));
  }
  if (published == 0 && fits.size() == 1 && fits.front().labelled > 0) {
    return *fits.front().adapter;
  }
  if (fits.empty()) {
    throw UsageError(
        "{} has the tables of no data set that is known here; {}a column map explains a table of "
        "your own: have one proposed (`guess`)",
        input.path.string(), tables.empty() ? "" : tables + ", and ");
  }
  throw UsageError("{} may be read in more than one way, or not well; name the adapter: {}{}",
                   input.path.string(), join(names, "; "),
                   tables.empty() || published > 0
                       ? ""
                       : "; " + tables + ": have a column map proposed for it (`guess`)");
}

}  // namespace epicrisis
