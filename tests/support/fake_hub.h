#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include "epicrisis/core/hash.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "support/fault_server.h"

namespace epicrisis::test {

// A server of Hugging Face's protocol with one repository, org/net, and another on which its large
// files are stored.
class FakeHub {
 public:
  struct File {
    std::string content;
    bool large = false;      // stored apart, known by its SHA-256
    std::string other_etag;  // said in place of its own
  };

  FakeHub() {
    hub.respond_by([this](const SeenRequest& request) { return answer(request); });
    store.respond_by([this](const SeenRequest& request) { return stored(request); });
  }

  void put(const std::string& name, File file) {
    const std::lock_guard lock(mutex_);
    files_[name] = std::move(file);
  }
  // Of the next answers with a body of a large file, as many bytes and then a reset.
  void cut_next(std::size_t bytes, int times = 1) {
    const std::lock_guard lock(mutex_);
    cut_at_ = bytes;
    cuts_ = times;
  }

  static std::string etag_of(const File& file) {
    if (!file.other_etag.empty()) return file.other_etag;
    return file.large ? sha256_hex(file.content)
                      : git_blob_hex(std::as_bytes(std::span(file.content)));
  }

  const std::string commit = "0123456789abcdef0123456789abcdef01234567";

 private:
  static FaultAction raw(int status, const HeaderList& headers, const std::string& body,
                         std::size_t length) {
    std::string text = fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n", status, length);
    for (const auto& [name, value] : headers) text += fmt::format("{}: {}\r\n", name, value);
    return {{{Seconds(0), text + "\r\n" + body}}, FaultAction::End::kKeep, false};
  }

  FaultAction content(const SeenRequest& request, const std::string& whole, HeaderList headers,
                      bool may_be_cut) {
    std::size_t from = 0;
    int status = 200;
    if (const auto range = request.headers.find("range"); range != request.headers.end()) {
      from = static_cast<std::size_t>(
          parse_integer(split(range->second.substr(6), '-').front()).value_or(0));
      if (from >= whole.size()) return raw(416, headers, "", 0);
      status = 206;
      headers.emplace_back("Content-Range",
                           fmt::format("bytes {}-{}/{}", from, whole.size() - 1, whole.size()));
    }
    const std::string body = request.method == "HEAD" ? "" : whole.substr(from);
    FaultAction action = raw(status, headers, body, whole.size() - from);
    if (may_be_cut && cuts_ > 0) {
      --cuts_;
      std::string& bytes = action.steps.front().bytes;
      bytes.resize(bytes.size() - body.size() + std::min(cut_at_, body.size()));
      action.end = FaultAction::End::kClose;
    }
    return action;
  }

  FaultAction answer(const SeenRequest& request) {
    const std::lock_guard lock(mutex_);
    const std::string resolve = "/org/net/resolve/" + commit + "/";
    if (request.path.starts_with("/api/models/org/net/revision/")) return listing();
    if (!request.path.starts_with(resolve)) return respond(404, "{}");
    const auto found = files_.find(request.path.substr(resolve.size()));
    if (found == files_.end()) return respond(404, "{}");
    const File& file = found->second;
    const std::string etag = "\"" + etag_of(file) + "\"";
    if (!file.large) return content(request, file.content, {{"ETag", etag}}, false);
    return raw(302,
               {{"Location", store.url("/" + found->first + "?signed=1")},
                {"X-Linked-Etag", etag},
                {"X-Linked-Size", std::to_string(file.content.size())}},
               "", 0);
  }

  FaultAction stored(const SeenRequest& request) {
    const std::lock_guard lock(mutex_);
    const std::string name = request.path.substr(1, request.path.find('?') - 1);
    const auto found = files_.find(name);
    if (found == files_.end()) return respond(404, "{}");
    return content(request, found->second.content, {{"ETag", "\"md5\""}}, true);
  }

  FaultAction listing() const {
    Json siblings = Json::array();
    for (const auto& [name, file] : files_) siblings.push_back({{"rfilename", name}});
    return respond(200, dump_json(Json{{"sha", commit}, {"siblings", siblings}}));
  }

  std::mutex mutex_;
  std::map<std::string, File> files_;
  std::size_t cut_at_ = 0;
  int cuts_ = 0;

 public:
  // Last, so that their threads end before what they answer from goes.
  FaultServer hub;
  FaultServer store;
};

}  // namespace epicrisis::test
