#include "net/secret_mask.h"

#include <gtest/gtest.h>

namespace epicrisis {
namespace {

TEST(SecretMask, FindsTheKeyHoweverItIsEscaped) {
  const SecretMask mask(Secret("cAn7+w/x=\"Q"));
  for (const char* form : {
           R"(cAn7+w/x="Q)",
           R"(cAn7+w/x=\"Q)",
           R"(cAn7\u002bw\/x=\"Q)",
           R"(cAn7\u002Bw\u002fx\u003d\u0022Q)",
           R"(\u0063\u0041\u006e\u0037\u002b\u0077\u002f\u0078\u003d\u0022\u0051)",
           R"(cAn7%2Bw%2Fx%3D%22Q)",
           R"(cAn7%2bw%2fx=%22Q)",
       }) {
    EXPECT_EQ(mask(std::string("key is ") + form + ", twice " + form),
              "key is [secret], twice [secret]")
        << form;
  }
}

TEST(SecretMask, LeavesAllElse) {
  const SecretMask mask(Secret("cAn7+w/x="));
  for (const char* text :
       {"", "\\", "%", "%2", "\\u00", "c", "cAn7+w/x", "cAn7%2Cw/x=", "100 % cAn"}) {
    EXPECT_EQ(mask(text), text);
  }
  const SecretMask none(Secret("EMPTY"));
  EXPECT_EQ(none("EMPTY picture"), "EMPTY picture");
}

}  // namespace
}  // namespace epicrisis
