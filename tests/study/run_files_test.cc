#include "study/run_files.h"

#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/tensor/safetensors.h"

namespace epicrisis::study {
namespace {

// It was an error of the system, and so stopped every start of the study.
TEST(RunFiles, AVocabularyThatIsGoneIsAFaultOfTheRun) {
  const TemporaryFolder folder;
  const FloatMatrix weights(1, 2);
  write_checked_safetensors(folder.path() / "model.safetensors",
                            {{"weights", tensor_view(weights)}});
  EXPECT_NO_THROW(check_weights(folder.path()));
  write_file(folder.path() / "config.json", R"({"text_encoder": {"vocabulary_sha256": "0"}})");
  try {
    check_weights(folder.path());
    ADD_FAILURE() << "nothing was missed";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("vocabulary.json is gone"));
  }
}

}  // namespace
}  // namespace epicrisis::study
