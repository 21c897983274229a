#include "epicrisis/net/recording.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/hex.h"
#include "core/line_reader.h"
#include "core/posix_files.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "net/secret_mask.h"

namespace epicrisis {
namespace {

constexpr int kVersion = 1;
// Every line begins with this, so that no other file is taken for a recording.
constexpr std::string_view kLineStart = R"({"recording":1,)";
constexpr std::size_t kMaxBody = std::size_t{1} << 20;     // kept of a request
constexpr std::size_t kMaxAnswer = std::size_t{32} << 20;  // kept of an answer
constexpr std::size_t kMaxLine = std::size_t{256} << 20;   // JSON escapes a byte by six at most
constexpr std::array<std::string_view, 3> kKeptHeaders = {"content-type", "retry-after",
                                                          "retry-after-ms"};

std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::string_view rest = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  return std::string(rest.substr(0, rest.find_first_of(":/?#")));
}

// The part of a URL after the host, without the values of its query but api-version's.
std::string path_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  std::string_view rest = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t slash = rest.find_first_of("/?");
  if (slash == std::string_view::npos) return "/";
  rest.remove_prefix(slash);
  const std::size_t question = rest.find('?');
  std::string path(rest.substr(0, question));
  if (path.empty()) path = "/";
  if (question != std::string_view::npos) {
    char separator = '?';
    for (const std::string& part : split(rest.substr(question + 1), '&')) {
      path += separator;
      path += part.starts_with("api-version=") ? part : part.substr(0, part.find('='));
      separator = '&';
    }
  }
  // Only what JSON gives back as it was.
  std::string printable;
  for (const char c : path) {
    if (c > ' ' && c < 0x7f) {
      printable += c;
    } else {
      printable += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return printable;
}

// Data URIs give way to the hash of their text.
std::string without_pictures(std::string_view body) {
  constexpr std::string_view kStart = "data:";
  constexpr std::string_view kTypeCharacters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+-/;=\\";
  constexpr std::string_view kDataCharacters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_\\";
  constexpr std::string_view kBase64 = ";base64";
  std::string result;
  std::size_t done = 0;
  for (std::size_t at = body.find(kStart); at != std::string_view::npos;
       at = body.find(kStart, at + 1)) {
    const std::size_t comma = body.find_first_not_of(kTypeCharacters, at + kStart.size());
    if (comma == std::string_view::npos || body[comma] != ',' ||
        !body.substr(at, comma - at).ends_with(kBase64)) {
      continue;
    }
    const std::size_t end =
        std::min(body.find_first_not_of(kDataCharacters, comma + 1), body.size());
    result.append(body.substr(done, at - done));
    result += "sha256:" + sha256_hex(body.substr(at, end - at));
    done = end;
    at = end - 1;
  }
  result.append(body.substr(done));
  return result;
}

std::string from_hex(std::string_view text, std::string_view place) {
  if (text.size() % 2 != 0) {
    throw InputError("cannot read {}: answer_hex has an odd number of digits", place);
  }
  if (!is_hex(text)) throw InputError("cannot read {}: answer_hex is not of hex digits", place);
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    bytes += static_cast<char>(hex_digit(text[i]) * 16 + hex_digit(text[i + 1]));
  }
  return bytes;
}

std::string_view body_of(const HttpRequest& request) {
  return request.body ? std::string_view(*request.body) : std::string_view();
}

// What an answer is found by.
std::string name_of(std::string_view method, std::string_view path, std::string_view body_sha256) {
  return sha256_of_fields({method, path, body_sha256});
}

std::string line_of(const HttpRequest& request, const HttpAnswer& answer) {
  const SecretMask mask(request.secret);
  Json line = {{"recording", kVersion},
               {"method", request.method},
               {"path", mask(path_of(request.url))},
               {"body_sha256", sha256_hex(body_of(request))}};
  std::string body = mask(without_pictures(body_of(request)));
  if (body.size() <= kMaxBody) line["body"] = std::move(body);
  line["status"] = answer.status;
  Json headers = Json::object();
  for (const std::string_view name : kKeptHeaders) {
    const std::string_view value = answer.header(name);
    if (!value.empty()) headers[std::string(name)] = mask(std::string(value));
  }
  for (const auto& [name, value] : answer.headers) {
    const bool limit =
        name.find("ratelimit") != std::string::npos || name.find("rate-limit") != std::string::npos;
    if (limit && !value.empty()) headers[name] = mask(value);
  }
  line["headers"] = std::move(headers);
  if (answer.body.size() > kMaxAnswer) {
    line["failure"] = http_failure_name(HttpFailure::kTooLarge);
    line["error"] = fmt::format("the recording has no answers above {} bytes", kMaxAnswer);
    line["status"] = 0;
  } else {
    std::string text = mask(answer.body);
    if (is_valid_utf8(text)) {
      line["answer"] = std::move(text);
    } else {
      line["answer_hex"] =
          hex_of({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    }
    line["failure"] = http_failure_name(answer.failure);
    std::string error = mask(answer.error);
    replace_all(error, host_of(request.url), "[host]");
    line["error"] = std::move(error);
  }
  line["latency"] = answer.latency.count();
  return dump_json(line) + "\n";
}

HttpFailure failure_of(std::string_view name, std::string_view place) {
  for (int i = 0; i <= static_cast<int>(HttpFailure::kNotRecorded); ++i) {
    const auto failure = static_cast<HttpFailure>(i);
    if (http_failure_name(failure) == name) return failure;
  }
  throw InputError("cannot read {}: '{}' is not the name of a failure", place,
                   clean_text(name, 100));
}

struct Recorded {
  std::string name;
  HttpAnswer answer;
};

Recorded parse_recorded(std::string_view text, const std::string& place) {
  const Json line = parse_json(text, place);
  if (!line.is_object() || json_get_or<std::int64_t>(line, "recording", 0, place) != kVersion) {
    throw InputError("cannot read {}: it is not a line of a recording of version {}", place,
                     kVersion);
  }
  Recorded recorded;
  recorded.name = name_of(json_get<std::string>(line, "method", place),
                          json_get<std::string>(line, "path", place),
                          json_get<std::string>(line, "body_sha256", place));
  HttpAnswer& answer = recorded.answer;
  const auto status = json_get<std::int64_t>(line, "status", place);
  if (status < 0 || status > 999) {
    throw InputError("cannot read {}: status {} is not one of HTTP", place, status);
  }
  answer.status = static_cast<int>(status);
  const Json headers = json_get<Json>(line, "headers", place);
  if (!headers.is_object()) throw InputError("cannot read {}: 'headers' is no object", place);
  for (const auto& [name, value] : headers.items()) {
    if (!value.is_string()) {
      throw InputError("cannot read {}: header '{}' is no string", place, clean_text(name, 100));
    }
    answer.headers.emplace_back(name, value.get<std::string>());
  }
  answer.body = line.contains("answer_hex")
                    ? from_hex(json_get<std::string>(line, "answer_hex", place), place)
                    : json_get_or<std::string>(line, "answer", "", place);
  answer.failure = failure_of(json_get<std::string>(line, "failure", place), place);
  answer.error = json_get_or<std::string>(line, "error", "", place);
  const auto latency = json_get<double>(line, "latency", place);
  answer.latency = Seconds(latency >= 0 ? latency : 0);
  return recorded;
}

bool is_line(std::string_view text, const std::string& place) {
  try {
    parse_recorded(text, place);
    return true;
  } catch (const InputError&) {
    return false;
  }
}

// The file lines are added to, locked against a second program that would do the same.
class RecordingFile {
 public:
  RecordingFile(const Path& path, const Job& job)
      : path_(path),
        file_(open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600)) {
    if (file_.get() < 0) throw_errno("record into", path, errno);
    struct stat status {};
    if (fstat(file_.get(), &status) != 0) throw_errno("record into", path, errno);
    if (!S_ISREG(status.st_mode)) {
      throw UsageError("cannot record into '{}': it is not a file", path.string());
    }
    if (flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) throw_errno("lock", path, errno);
      throw SystemError("cannot record into '{}': another program records into it", path.string());
    }
    if (status.st_size > 0) mend(job);
    if (fchmod(file_.get(), 0600) != 0) throw_errno("change the mode of", path, errno);
  }

  ~RecordingFile() { fsync(file_.get()); }  // for a power cut; a failure has no one to tell

  // Whole, or not at all.
  void append(std::string_view line, const Job& job) {
    const off_t before = lseek(file_.get(), 0, SEEK_END);
    if (before < 0) throw_errno("record into", path_, errno);
    ssize_t written = 0;
    do {
      written = write(file_.get(), line.data(), line.size());
    } while (written < 0 && errno == EINTR);
    if (written == static_cast<ssize_t>(line.size())) return;
    const int number = written < 0 ? errno : ENOSPC;
    if (ftruncate(file_.get(), before) != 0) {
      job.warn("{} ends with a part of a line", path_.string());
    }
    throw_errno("record into", path_, number);
  }

 private:
  // Refuses a file that is no recording; takes away what a crash left of a last line.
  void mend(const Job& job) {
    const std::string place = path_.string();
    {
      std::string start(kLineStart.size(), '\0');
      start.resize(
          read_some(Descriptor(open_to_read(path_)).get(), start.data(), start.size(), path_));
      if (!kLineStart.starts_with(start)) {
        throw UsageError("cannot record into '{}': it holds something else", place);
      }
    }
    LineReader lines(path_, kMaxLine);
    bool terminated = true;
    std::uint64_t offset = 0;
    std::string last;
    while (lines.next()) {
      terminated = lines.terminated();
      if (terminated) continue;
      offset = lines.offset();
      last = lines.whole() ? lines.line() : "";
    }
    if (terminated) return;
    if (is_line(last, place)) {
      append("\n", job);
      return;
    }
    job.warn("{}: the last line is not whole and is dropped", place);
    if (ftruncate(file_.get(), static_cast<off_t>(offset)) != 0) {
      throw_errno("record into", path_, errno);
    }
  }

  Path path_;
  Descriptor file_;
};

class RecordingTransport : public HttpTransport {
 public:
  RecordingTransport(std::unique_ptr<HttpTransport> inner, const Path& file, const Job& job)
      : inner_(std::move(inner)), file_(file, job) {}

  void start(Ticket ticket, const HttpRequest& request) override {
    throw_if_failed();
    asked_.insert_or_assign(ticket, request);
    inner_->start(ticket, request);
  }

  // Answers are paid for: where the recording fails, they are handed on first and the error comes
  // with the next call.
  std::vector<Finished> wait(Seconds longest, const Job& job) override {
    throw_if_failed();
    std::vector<Finished> finished = inner_->wait(longest, job);
    for (const Finished& one : finished) {
      const auto request = asked_.find(one.ticket);
      if (request == asked_.end()) continue;
      try {
        if (!failed_) file_.append(line_of(request->second, one.answer), job);
      } catch (const Error& error) {
        job.warn("{}", error.what());
        failed_ = std::current_exception();
      }
      asked_.erase(request);
    }
    return finished;
  }

  void cancel_all() override {
    asked_.clear();
    inner_->cancel_all();
  }

  std::size_t in_flight() const override { return inner_->in_flight(); }

 private:
  void throw_if_failed() const {
    if (failed_) std::rethrow_exception(failed_);
  }

  std::unique_ptr<HttpTransport> inner_;
  RecordingFile file_;
  std::unordered_map<Ticket, HttpRequest> asked_;
  std::exception_ptr failed_;
};

class ReplayTransport : public HttpTransport {
 public:
  ReplayTransport(const Path& path, const Job& job)
      : path_((require_given(path), path)), file_(open_to_read(path)) {
    LineReader lines(path, kMaxLine);
    while (lines.next()) {
      const std::string place = fmt::format("{}:{}", path.string(), lines.number());
      if (!lines.terminated() && (!lines.whole() || !is_line(lines.line(), place))) {
        job.warn("{}: the last line is not whole and is left out", place);
        return;
      }
      if (!lines.whole()) {
        throw InputError("cannot read {}: the line is longer than {} bytes", place, kMaxLine);
      }
      answers_[parse_recorded(lines.line(), place).name].places.push_back(
          {lines.offset(), lines.line().size(), lines.number()});
    }
  }

  void start(Ticket ticket, const HttpRequest& request) override {
    Finished finished;
    finished.ticket = ticket;
    const std::string path = SecretMask(request.secret)(path_of(request.url));
    const auto found = answers_.find(name_of(request.method, path, sha256_hex(body_of(request))));
    bool known = found != answers_.end();
    if (known) {
      Answers& answers = found->second;
      const bool last = answers.next >= answers.places.size();
      finished.answer = read(answers.places[last ? answers.places.size() - 1 : answers.next++]);
      // What was asked for again after a fault, and then not any more, was left when its run
      // stopped.
      known = !last || finished.answer.status / 100 == 2;
    }
    if (!known) {
      finished.answer = {};
      finished.answer.failure = HttpFailure::kNotRecorded;
      finished.answer.error =
          fmt::format("{} {} with this body is not in {}", request.method, path, path_.string());
    }
    ready_.push_back(std::move(finished));
  }

  std::vector<Finished> wait(Seconds longest, const Job& job) override {
    if (ready_.empty() && longest > Seconds(0)) {
      job.sleep(std::chrono::duration_cast<std::chrono::nanoseconds>(longest));
    }
    return std::exchange(ready_, {});
  }

  void cancel_all() override { ready_.clear(); }
  std::size_t in_flight() const override { return ready_.size(); }

 private:
  struct Place {
    std::uint64_t offset;
    std::size_t length;
    std::int64_t line;
  };
  struct Answers {
    std::vector<Place> places;
    std::size_t next = 0;
  };

  HttpAnswer read(const Place& place) const {
    const std::string name = fmt::format("{}:{}", path_.string(), place.line);
    std::string text(place.length, '\0');
    std::size_t used = 0;
    while (used < text.size()) {
      const ssize_t count = pread(file_.get(), text.data() + used, text.size() - used,
                                  static_cast<off_t>(place.offset + used));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_errno("read", path_, errno);
      if (count == 0) throw InputError("cannot read {}: the file was shortened", name);
      used += static_cast<std::size_t>(count);
    }
    return parse_recorded(text, name).answer;
  }

  Path path_;
  Descriptor file_;
  std::unordered_map<std::string, Answers> answers_;
  std::vector<Finished> ready_;
};

}  // namespace

std::unique_ptr<HttpTransport> make_recording_transport(std::unique_ptr<HttpTransport> inner,
                                                        const Path& file, const Job& job) {
  return std::make_unique<RecordingTransport>(std::move(inner), file, job);
}

std::unique_ptr<HttpTransport> make_replay_transport(const Path& file, const Job& job) {
  return std::make_unique<ReplayTransport>(file, job);
}

}  // namespace epicrisis
