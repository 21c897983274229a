#include "epicrisis/llm/picture_tokens.h"

#include <gmock/gmock.h>

#include <vector>

namespace epicrisis {
namespace {

using testing::HasSubstr;
using testing::Not;

PictureTokens tokens_of(const std::string& model, const std::string& detail = "low",
                        int side = 512) {
  Provider provider;
  provider.model = model;
  provider.image_detail = detail;
  provider.image_side = side;
  return picture_tokens(provider);
}

TEST(PictureTokens, AsPublishedForEachFamily) {
  struct Case {
    std::string model;
    std::string detail;
    int side;
    std::int64_t tokens;
  };
  const std::vector<Case> cases = {
      {"gpt-4o", "low", 4096, 85},
      {"gpt-4o-2024-08-06", "high", 512, 85 + 170},
      {"gpt-4.1", "auto", 513, 85 + 4 * 170},
      {"GPT-4o", "", 1024, 85 + 4 * 170},
      {"openai/gpt-4o", "high", 8192, 85 + 8 * 170},  // 2048 x 768
      {"gpt-4o-mini", "low", 512, 2833},
      {"gpt-4o-mini-2024-07-18", "high", 512, 2833 + 5667},
      {"o3", "low", 512, 75},
      {"gpt-5", "high", 512, 210},
      {"o4-mini", "low", 64, 7},  // 4 patches times 1.72
      {"gpt-4.1-mini", "high", 512, 415},
      {"gpt-4.1-nano", "low", 4096, 3779},  // 1536 patches times 2.46
      {"claude-3-5-sonnet-20241022", "", 512, 350},
      {"claude-sonnet-4-5", "", 8192, 1600},
      {"google/gemma-3-4b-it", "", 512, 256},
      {"gemma3:4b", "", 4096, 256},
      {"gemini-2.5-flash", "", 384, 258},
      {"Qwen/Qwen2.5-VL-7B-Instruct", "", 512, 19 * 19 + 2},
      {"qwen2.5vl:7b", "", 28, 4 + 2},
  };
  for (const Case& one : cases) {
    const PictureTokens tokens = tokens_of(one.model, one.detail, one.side);
    EXPECT_EQ(tokens.tokens, one.tokens) << one.model << " " << one.side;
    EXPECT_TRUE(tokens.known) << one.model;
    EXPECT_FALSE(tokens.source.empty()) << one.model;
  }
}

TEST(PictureTokens, WhatIsNotKnownIsNotGuessedInSilence) {
  for (const char* model :
       {"", "my-model", "gpt-5.2", "gpt-4o1", "o3-mini", "gpt-4ox", "claude-opus-4-7",
        "gemini-3-pro", "gpt-4o-mini-audio-preview", "o30"}) {
    const PictureTokens tokens = tokens_of(model);
    EXPECT_FALSE(tokens.known) << model;
    EXPECT_EQ(tokens.tokens, 85) << model;
    EXPECT_EQ(tokens.source, "") << model;
  }
  // Known for small pictures only.
  EXPECT_FALSE(tokens_of("gemini-2.5-flash", "", 385).known);
}

TEST(PictureTokens, TheProvidersOwnWordCounts) {
  Provider provider;
  provider.model = "gpt-4o-mini";
  provider.image_tokens = 7;
  EXPECT_EQ(picture_tokens(provider).tokens, 7);
  EXPECT_TRUE(picture_tokens(provider).known);
}

TEST(PictureTokens, ItsFileIsNoProvider) {
  EXPECT_THAT(built_in_providers(), Not(testing::Contains("picture_tokens")));
  EXPECT_THAT([] { load_provider("picture_tokens"); },
              testing::ThrowsMessage<std::exception>(HasSubstr("no provider 'picture_tokens'")));
}

}  // namespace
}  // namespace epicrisis
