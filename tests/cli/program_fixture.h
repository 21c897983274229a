#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "epicrisis/core/files.h"

namespace epicrisis::test {

// Calls the program as a person does.
class ProgramTest : public testing::Test {
 protected:
  // The exit code; what was printed is in `said`.
  int run(const std::string& words) {
    const std::string command = std::string(
                                    "env -u EPICRISIS_WORKSPACE -u EPICRISIS_PROVIDER "
                                    "-u EPICRISIS_ENDPOINT -u EPICRISIS_MODEL "
                                    "HF_HUB_CACHE=/nowhere/hub ") +
                                environment + " '" + EPICRISIS_BINARY_DIR + "/epicrisis' " + words +
                                " --quiet > '" + path("said") + "' 2>&1";
    const int status = std::system(command.c_str());
    said = read_file(path("said"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  void ham(std::string_view rows) {
    write_file(path("ham/HAM10000_metadata.csv"),
               "lesion_id,image_id,dx,dx_type,age,sex,localization\n" + std::string(rows));
  }
  int import(const std::string& more = "") {
    return run("import ham10000 '" + path("ham") + "' -w '" + path("w") + "' " + more);
  }

  TemporaryFolder folder_;
  std::string environment;  // "NAME=value", what is set of it
  std::string said;
};

}  // namespace epicrisis::test
