#include "epicrisis/core/hash.h"

#include <gtest/gtest.h>

#include <array>
#include <span>

namespace epicrisis {
namespace {

TEST(Hash, Sha256FollowsTheStandard) {
  EXPECT_EQ(sha256_hex(std::string_view("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(std::string_view("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  const std::array<std::byte, 3> bytes{std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};
  EXPECT_EQ(sha256_hex(std::span<const std::byte>(bytes)), sha256_hex(std::string_view("abc")));
}

TEST(Hash, FieldsAreKeptApart) {
  // SHA-256 over each field's length (8 bytes, little-endian) and bytes, computed elsewhere.
  EXPECT_EQ(sha256_of_fields({"ab", "c"}),
            "43ee655579de01ca739b3f95c1c2d3f46d353b2c0df818064ea594506cdb2617");
  EXPECT_NE(sha256_of_fields({"ab", "c"}), sha256_of_fields({"a", "bc"}));
  EXPECT_NE(sha256_of_fields({"a", ""}), sha256_of_fields({"", "a"}));
  EXPECT_NE(sha256_of_fields({"a"}), sha256_of_fields({"a", ""}));
  EXPECT_EQ(sha256_of_fields({}), sha256_hex(std::string_view("")));
}

TEST(Hash, Fnv1aFollowsItsVectors) {
  EXPECT_EQ(fnv1a(""), 0xcbf29ce484222325U);
  EXPECT_EQ(fnv1a("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(fnv1a("foobar"), 0x85944171f73967e8U);
}

TEST(GitBlob, IsAsGitHashesFiles) {
  const auto of = [](std::string_view text) {
    return git_blob_hex(std::as_bytes(std::span(text)));
  };
  EXPECT_EQ(of(""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  EXPECT_EQ(of("hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
}

}  // namespace
}  // namespace epicrisis
