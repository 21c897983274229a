#include "net/secret_mask.h"

#include <gtest/gtest.h>

#include <string>

#include "epicrisis/core/strings.h"

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

// Servers mask keys themselves, and some change their case or cut them off.
TEST(SecretMask, FindsTheKeyHalfMaskedCutOffAndInAnotherCase) {
  const SecretMask mask(Secret("sk-proj-Ab3dEf6hIj9lMn2pQr5t"));
  for (const char* form : {
           "SK-PROJ-AB3DEF6HIJ9LMN2PQR5T",
           "sk-proj-ab3def6hij9lmn2pqr5t",
           "sk-proj-Ab3dEf6h",
           "sk-proj-****Qr5t",
           "sk-proj-********************",
           "sk-**Qr5t",
           "sk-proj-...Qr5t",
           "sk-p...r5t",
           "sk-proj-\u2026Qr5t",
           "sk-proj-\u2022\u2022\u2022\u2022Qr5t",
           "sk-proj-xxxxxxxxQR5T",
           "****Qr5t",
           "...2pQr5t",
       }) {
    EXPECT_EQ(mask(std::string("key is ") + form + " here"), "key is [secret] here") << form;
  }
  const std::string stars(1'000'000, '*');
  EXPECT_EQ(mask(stars), stars);
  const std::string begins(1'000'000, 's');
  EXPECT_EQ(mask(begins), begins);
}

TEST(SecretMask, FindsTheKeyWithSpacesBetweenItsCharacters) {
  const std::string secret = "sk-proj-Ab3dEf6hIj9lMn2pQr5t";
  const SecretMask mask((Secret(secret)));
  for (const char* gap :
       {" ",   "  ", "\n", "\t",     "\r\n",   "\\n",    "%20",    "-",      ".",       ", ",
        " | ", "_",  "/",  "\u200b", "\u00a0", "\u2009", "\u2060", "\u3000", "\\u200b", "&nbsp;"}) {
    for (const std::size_t every : {1U, 4U, 8U, 16U}) {
      std::string apart;
      for (std::size_t i = 0; i < secret.size(); ++i) {
        if (i > 0 && i % every == 0) apart += gap;
        apart += secret[i];
      }
      EXPECT_EQ(mask("key is " + apart + " here"), "key is [secret] here") << apart;
      EXPECT_EQ(mask("key is " + ascii_lower(apart)), "key is [secret]") << apart;
    }
  }
  EXPECT_EQ(mask("key s k - p r o j - A b 3 d E f 6 h"), "key [secret]");  // cut off
  for (const char* text : {"s k i n", "s k - p r o j", "s. k. is a name", "a s k - p"}) {
    EXPECT_EQ(mask(text), text);
  }
  std::string rows;
  for (int i = 0; i < 200'000; ++i) rows += "s k - ";
  EXPECT_EQ(mask(rows), rows);
}

TEST(SecretMask, LeavesAllElse) {
  const SecretMask mask(Secret("cAn7+w/x="));
  for (const char* text :
       {"", "\\", "%", "%2", "\\u00", "c", "cAn7+w/x", "cAn7%2Cw/x=", "100 % cAn"}) {
    EXPECT_EQ(mask(text), text);
  }
  const SecretMask key(Secret("sk-proj-Ab3dEf6hIj9lMn2pQr5t"));
  for (const char* text : {"a scar ... or a nevus", "**Diagnosis:** nevus", "xxx", "sk", "skin...",
                           "The sk-learn model", "***", "Qr5t", "size 3x5...", "\u2022 flat"}) {
    EXPECT_EQ(key(text), text);
  }
  // A word that is given where a server wants some key is no secret in other forms.
  const SecretMask word(Secret("ollama"));
  EXPECT_EQ(word("Ollama says oll... of ollama"), "Ollama says oll... of [secret]");
  const SecretMask none(Secret("EMPTY"));
  EXPECT_EQ(none("EMPTY picture"), "EMPTY picture");
}

}  // namespace
}  // namespace epicrisis
