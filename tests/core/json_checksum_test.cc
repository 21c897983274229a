#include "core/json_checksum.h"

#include <gtest/gtest.h>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"

namespace epicrisis {
namespace {

TEST(JsonChecksum, IsOfAllOtherMembersAsTheyAreDumped) {
  Json document = {{"b", 1}, {"a", "x"}};
  const Json plain = document;
  EXPECT_FALSE(has_checksum(document));
  add_checksum(document);
  EXPECT_TRUE(has_checksum(document));
  EXPECT_EQ(document.at("sha256"), sha256_hex(dump_json(plain)));
  Json read = parse_json(dump_json(document, 2), "file");
  EXPECT_TRUE(take_checksum(read, "file").agrees());
  EXPECT_EQ(read, plain);
}

TEST(JsonChecksum, TellsWhatWasChangedAndWhatHasNone) {
  Json document = {{"a", 1}};
  add_checksum(document);
  document["a"] = 2;
  const JsonChecksum checksum = take_checksum(document, "file");
  EXPECT_FALSE(checksum.agrees());
  EXPECT_EQ(checksum.found, sha256_hex(dump_json(document)));
  EXPECT_THROW(take_checksum(document, "file"), InputError);
  EXPECT_FALSE(has_checksum(Json::array({1})));
}

}  // namespace
}  // namespace epicrisis
