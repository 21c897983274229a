#include "core/hex.h"

#include <gtest/gtest.h>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"

namespace epicrisis {
namespace {

TEST(Hex, HashesComeBack) {
  const std::string hex = sha256_hex(std::string_view("abc"));
  const auto bytes = sha256_bytes(hex);
  EXPECT_EQ(bytes.front(), 0xba);
  EXPECT_EQ(bytes.back(), 0xad);
  EXPECT_EQ(hex_of(bytes), hex);
  EXPECT_EQ(hex_of({}), "");
}

TEST(Hex, WhatIsNoHashIsRefused) {
  const std::string hex = sha256_hex(std::string_view("abc"));
  EXPECT_THROW(sha256_bytes(""), InternalError);
  EXPECT_THROW(sha256_bytes(hex.substr(1)), InternalError);
  EXPECT_THROW(sha256_bytes(hex + "0"), InternalError);
  EXPECT_THROW(sha256_bytes("BA" + hex.substr(2)), InternalError);
}

TEST(Hex, DigitsAreOfLowerCase) {
  EXPECT_EQ(hex_digit('0'), 0);
  EXPECT_EQ(hex_digit('f'), 15);
  for (const char c : {'A', 'g', '/', ':', '`'}) EXPECT_EQ(hex_digit(c), -1) << c;
  EXPECT_TRUE(is_hex("09af"));
  EXPECT_FALSE(is_hex("0F"));
}

}  // namespace
}  // namespace epicrisis
