#pragma once

#include <gtest/gtest.h>

#include <string>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"

namespace epicrisis::test {

// A folder in which runs are trained, and what is read of them.
class RunFolderTest : public testing::Test {
 protected:
  Path folder(const std::string& name) const { return scratch_.path() / name; }
  std::string weights(const std::string& name) const {
    return read_file(folder(name) / "model.safetensors");
  }
  Job job_;

 private:
  TemporaryFolder scratch_;
};

}  // namespace epicrisis::test
