// links: text

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"
#include "epicrisis/text/tokenizers/byte_pair.h"

namespace {

using epicrisis::BytePair;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const BytePair& tokenizer, std::string_view text) {
  const auto size = static_cast<std::int64_t>(tokenizer.size());
  const std::vector<std::int64_t> pieces = tokenizer.pieces(text);
  require(pieces.size() <= 4 * text.size() + 4);
  for (const std::int64_t id : pieces) require(id >= 0 && id < size);
  const epicrisis::Encoding encoding = tokenizer.encode(text, 7);
  require(encoding.ids.size() >= 2 && encoding.ids.size() <= 7);
  require(encoding.ids.size() - 2 + encoding.truncated_tokens == pieces.size());
}

}  // namespace

// By the first byte: the rest as vocab.json, a line feed and merges.txt, or as tokenizer.json.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const epicrisis::TemporaryFolder kFolder;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto write = [&](const char* name, std::string_view bytes) {
    epicrisis::Path file = kFolder.path() / name;
    std::filesystem::remove(file);  // shortening it makes some file systems flush it
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
  };
  try {
    if (data[0] % 2 == 0) {
      const std::size_t end = text.find('\n');
      const std::string_view merges = end == std::string_view::npos ? "" : text.substr(end + 1);
      check(BytePair::from_vocab_files(write("vocab.json", text.substr(0, end)),
                                       write("merges.txt", merges)),
            text);
    } else {
      check(BytePair::from_tokenizer_json(write("tokenizer.json", text)), "a \u00e9\u4e00x, 12's");
    }
  } catch (const epicrisis::InputError&) {
    // A broken tokenizer, told as such.
  }
  return 0;
}
