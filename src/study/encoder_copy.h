#pragma once

#include <string>

#include "epicrisis/core/files.h"

namespace epicrisis::study {

// Puts the files of a model into `run_folder`/`own_folder`. They are hard links to an equal copy of
// a run beside it, or of the run's other encoder, where there is one and the file system can, else
// a copy: never a link to the model's own files, which their owner may change in place. `sha256`:
// the model's fingerprint, which the copy is held against. Returns the copy as a model's name,
// relative to `run_folder`. SystemError where the files cannot be written, or changed meanwhile.
std::string copy_encoder(const std::string& model, const std::string& sha256,
                         const Path& run_folder, const std::string& own_folder);

// Copies a run's folder to one that is not there; its encoders are hard links where the file system
// can. SystemError.
void copy_run_folder(const Path& from, const Path& to);

}  // namespace epicrisis::study
