#pragma once

#include <string>

namespace epicrisis {

// A page that loads nothing and runs nothing, from its doctype to the heading within
// <header class="top">, which is left open. `title` is escaped already.
std::string page_head(const std::string& title);
// The footer and the end of the page.
std::string page_foot();

}  // namespace epicrisis
