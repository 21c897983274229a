#pragma once

#include <string>
#include <string_view>

namespace epicrisis {

// RFC 4648 with padding, no line breaks: for data URIs.
std::string base64_encode(std::string_view bytes);

}  // namespace epicrisis
