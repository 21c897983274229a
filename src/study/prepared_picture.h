#pragma once

#include <cstddef>
#include <string>

#include "epicrisis/image/image.h"
#include "epicrisis/report/report_data.h"

namespace epicrisis::study {

// A prepared picture for a page.
Picture prepared_picture(const ImageSource& images, std::size_t index, std::string alt);

}  // namespace epicrisis::study
