#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/study/study_file.h"
#include "study/chest_study.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(FieldStudyFile, SaysWhichClassesItsFieldHas) {
  const auto refusal = [](std::string_view from, std::string_view to) {
    std::string text(test::kChestStudy);
    text.replace(text.find(from), from.size(), to);
    try {
      parse_study(text, "chest.toml", ".");
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_THAT(refusal("\"PNEU\"", "\"MEL\""),
              AllOf(HasSubstr("chest.toml:4"), HasSubstr("'MEL'"), HasSubstr("NF, PNEU, EFF")));
  EXPECT_THAT(refusal("\"chest_xray\"", "\"chest\""),
              AllOf(HasSubstr("chest.toml:3"), HasSubstr("'chest'")));
  // Without a field the study is of the standard one.
  EXPECT_THAT(refusal("field = \"chest_xray\"\n", ""), HasSubstr("BEK, DF, NEV"));
}

}  // namespace
}  // namespace epicrisis
