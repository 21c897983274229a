// links: core text

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "epicrisis/text/tokenizers/wordpiece.h"

namespace {

// A note of usual length under a vocabulary that breaks every other word into pieces.
void encode_note(benchmark::State& state) {
  std::vector<std::string> vocabulary = {"[PAD]", "[UNK]", "[CLS]", "[SEP]"};
  for (const char* word : {"the", "lesion", "is", "benign", "with", "a", "brown", ".", ",", ";"}) {
    vocabulary.emplace_back(word);
  }
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    if (letter != 'a') vocabulary.emplace_back(1, letter);
    vocabulary.push_back(std::string("##") + letter);
  }
  const auto tokenizer = epicrisis::WordPiece::from_vocabulary(vocabulary, "bench");
  std::string text;
  for (int i = 0; i < 30; ++i) text += "The lesion is benign; a brown Network, with dots. ";
  std::size_t tokens = 0;
  for ([[maybe_unused]] auto _ : state) tokens += tokenizer.pieces(text).size();
  state.counters["tokens"] =
      benchmark::Counter(static_cast<double>(tokens), benchmark::Counter::kIsRate);
}
BENCHMARK(encode_note);

}  // namespace
