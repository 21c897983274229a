#include "epicrisis/report/search_sheet.h"

#include <fmt/format.h>

#include "report/markup.h"
#include "report/page.h"

namespace epicrisis {
namespace {

using markup::text;

std::string details(const GalleryItem& item) {
  std::string html;
  if (!item.label.empty()) html += fmt::format("<div>{}</div>", text(item.label));
  if (!item.key.empty()) html += fmt::format("<div class=\"soft\">{}</div>", text(item.key));
  return html;
}

std::string query_card(const GalleryItem& query) {
  std::string html = "<li class=\"query\"><span class=\"verdict\">query</span>";
  if (!query.picture.bytes.empty()) html += markup::image(query.picture, "the query");
  if (!query.text.empty()) html += "<p>" + text(query.text) + "</p>";
  return html + details(query) + "</li>\n";
}

std::string found_card(const SearchSheetItem& found, std::size_t rank) {
  const GalleryItem& item = found.item;
  std::string html =
      fmt::format("<li><span class=\"verdict\">{}</span> cosine {:.3f}", rank, item.similarity);
  html += markup::image(item.picture, "picture " + item.key) + details(item);
  if (!found.mark.empty()) html += fmt::format("<div><b>{}</b></div>", text(found.mark));
  if (!item.text.empty()) {
    html += fmt::format("<p><span class=\"soft\">{}:</span> {}</p>", text(found.note_name),
                        text(item.text));
  }
  return html + "</li>\n";
}

}  // namespace

std::string render_search_sheet(const SearchSheet& sheet) {
  std::string page = page_head(text(sheet.title));
  for (const std::string& line : sheet.lines) {
    page += fmt::format("<p class=\"subtitle\">{}</p>\n", text(line));
  }
  page += "</header>\n<main>\n<ul class=\"gallery\">\n" + query_card(sheet.query);
  std::size_t rank = 0;
  for (const SearchSheetItem& found : sheet.found) page += found_card(found, ++rank);
  return page + "</ul>\n</main>\n" + page_foot();
}

}  // namespace epicrisis
