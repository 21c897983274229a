#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/net/http.h"

namespace epicrisis {

// Repositories of models at Hugging Face's hub, or at a server of the same protocol, and its cache
// on disk. docs/formats/model-folders.md.

struct HubSettings {
  std::string endpoint = "https://huggingface.co";  // without a '/' at its end
  Path cache;                                       // where models--ORG--NAME are
  Secret token;                                     // sent to the endpoint's own host alone
  bool offline = false;                             // nothing is to be fetched
};
// Of HF_ENDPOINT, HF_HUB_CACHE, HF_HOME, HF_HUB_OFFLINE, and HF_TOKEN or else the file that
// Hugging Face's programs keep it in. UsageError, which never repeats the token, for an endpoint
// that is no URL, a token that can be none, and where there is no home to keep a cache in.
HubSettings hub_settings();

struct HubName {
  std::string repository;         // "ORG/NAME"
  std::string revision = "main";  // a branch, a tag or a commit
};
// "ORG/NAME" or "ORG/NAME@REVISION". UsageError for another form.
HubName parse_hub_name(std::string_view text);

struct HubFile {
  std::string name;                    // below the snapshot: "config.json", "1_Pooling/config.json"
  std::string etag;                    // names the blob
  std::optional<std::uint64_t> bytes;  // nothing where the server does not say
  bool there = false;                  // whole in the cache already
};
struct HubRepository {
  HubName name;
  std::string commit;                 // 40 hex digits
  std::vector<HubFile> files;         // to be had
  std::vector<std::string> left_out;  // of other frameworks, training states, pictures, ...
};
Json to_json(const HubRepository& repository);

// Whether a name of a repository's file can be one below the snapshot: no "..", no absolute path,
// nothing hidden from the eye.
bool is_plain_file_name(std::string_view name);
// The files out of a repository's that make a model: configuration, preprocessing, tokenizer,
// pooling, and of the weights the safetensors or else PyTorch's, with their index. In the order in
// which they came.
std::vector<std::string> model_file_names(const std::vector<std::string>& all);

// Asks the server for the files of a revision, and for the size of each that is to be had:
// model_file_names(), or `all`. UsageError where HF_HUB_OFFLINE says that nothing is fetched, and
// for a repository that is not there or wants a token; InputError for an answer of another form,
// names that lead out of the folder among them; SystemError where the server is not to be reached.
HubRepository find_repository(HttpTransport& transport, const HubSettings& settings,
                              const HubName& name, bool all, const Job& job);

// Fetches what is not in the cache yet, and makes the snapshot and, of a branch or tag, its ref.
// The snapshot's folder. A file that was begun goes on where it ended (blobs/ETAG.incomplete), also
// after an error and a cancelled job; one that has changed begins again. Sizes and, where the ETag
// is one, checksums are held against the files: InputError where they differ twice. `fetched` grows
// by the bytes that came.
Path fetch_repository(HttpTransport& transport, const HubSettings& settings,
                      HubRepository& repository, Job& job, std::uint64_t& fetched);

}  // namespace epicrisis
