#pragma once

#include <memory>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/net/http.h"

namespace epicrisis {

// Passes requests on to `inner` and appends each with its answer to a JSONL file, without secrets;
// pictures in bodies are replaced by their hash. docs/formats/recordings.md. A line is whole or
// (at the end, after a crash) absent. The job is told what a person should know of the file.
std::unique_ptr<HttpTransport> make_recording_transport(std::unique_ptr<HttpTransport> inner,
                                                        const Path& file, const Job& job);

// Answers from a recording: the request's path and body name the answer; a request that was
// recorded several times gets its answers in their order, the last one again and again if it is
// good (2xx). One that was not recorded, or was left after a fault, gets the failure kNotRecorded.
// InputError with file and line for a broken recording.
std::unique_ptr<HttpTransport> make_replay_transport(const Path& file, const Job& job);

}  // namespace epicrisis
