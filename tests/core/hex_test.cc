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

}  // namespace
}  // namespace epicrisis
