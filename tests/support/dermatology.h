#pragma once

#include "epicrisis/data/class_id.h"

// The classes of the standard field, which tests speak of most.
namespace epicrisis::test {

inline constexpr ClassId kBenignKeratosis{0};
inline constexpr ClassId kDermatofibroma{1};
inline constexpr ClassId kNevus{2};
inline constexpr ClassId kVascularLesion{3};
inline constexpr ClassId kActinicKeratosis{4};
inline constexpr ClassId kBasalCellCarcinoma{5};
inline constexpr ClassId kMelanoma{6};
inline constexpr ClassId kSquamousCellCarcinoma{7};

}  // namespace epicrisis::test
