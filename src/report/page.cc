#include "report/page.h"

#include <fmt/format.h>

#include "report/page_style.h"

namespace epicrisis {

std::string page_head(const std::string& title) {
  // No script, no loading: even text that slipped through the escaping could do nothing.
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<meta name=\"generator\" content=\"epicrisis\">\n<title>{}</title>\n<style>{}</style>\n"
      "</head>\n<body>\n<header class=\"top\">\n<h1>{}</h1>\n",
      title, page_style(), title);
}

std::string page_foot() {
  return "<footer><p>For research. Not a medical device; not for the diagnosis of a "
         "patient.</p></footer>\n</body>\n</html>\n";
}

}  // namespace epicrisis
