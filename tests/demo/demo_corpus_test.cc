#include "epicrisis/demo/demo_corpus.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

#include "epicrisis/core/hash.h"

namespace epicrisis {
namespace {

TEST(DemoCorpus, TheSameSeedDrawsTheSameBytes) {
  const TemporaryFolder one, two, other;
  const DemoCorpusOptions options = {.seed = 5, .internal_lesions = 6, .external_lesions = 3};
  write_demo_corpus(one.path(), Job(), options);
  write_demo_corpus(two.path(), Job(), options);
  write_demo_corpus(other.path(), Job(), {.seed = 6, .internal_lesions = 6, .external_lesions = 3});
  const auto digest = [](const Path& root) {
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.is_regular_file()) {
        files.insert(entry.path().lexically_relative(root).string() +
                     sha256_hex(read_file(entry.path())));
      }
    }
    return files;
  };
  EXPECT_EQ(digest(one.path()), digest(two.path()));
  EXPECT_NE(digest(one.path()), digest(other.path()));
}

}  // namespace
}  // namespace epicrisis
