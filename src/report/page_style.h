#pragma once

#include <string_view>

namespace epicrisis {

// The style sheet of the report page.
std::string_view page_style();

}  // namespace epicrisis
