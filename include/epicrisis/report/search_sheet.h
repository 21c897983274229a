#pragma once

#include <string>
#include <vector>

#include "epicrisis/report/report_data.h"

namespace epicrisis {

// What a search found, as a page.
struct SearchSheetItem {
  GalleryItem item;
  std::string mark;       // "the same picture"; "" for most
  std::string note_name;  // of what strategy item.text is
};

struct SearchSheet {
  std::string title;
  std::vector<std::string> lines;  // what was searched, how, among how many
  GalleryItem query;
  std::vector<SearchSheetItem> found;  // best first
};

// One HTML file that needs nothing else, as render_html() makes it. All text is escaped.
std::string render_search_sheet(const SearchSheet& sheet);

}  // namespace epicrisis
