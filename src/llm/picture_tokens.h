#pragma once

namespace epicrisis::llm {

// Among the files of providers, and none of them.
inline constexpr const char* kPictureTokensFile = "providers/picture_tokens.toml";
// Whose count stands for that of a model of which nothing is known.
inline constexpr const char* kStandInModel = "gpt-4o";

}  // namespace epicrisis::llm
