// links: core net
// A recording from outside: read, and each of its lines asked for; recorded into where that is
// allowed.
#include <chrono>
#include <cstdint>
#include <string_view>

#include "epicrisis/core/clock.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/net/recording.h"

namespace {

// Answers each request with its own body.
class Echo : public epicrisis::HttpTransport {
 public:
  void start(Ticket ticket, const epicrisis::HttpRequest& request) override {
    answer_.ticket = ticket;
    answer_.answer.status = 200;
    answer_.answer.body = *request.body;
    waiting_ = true;
  }
  std::vector<Finished> wait(epicrisis::Seconds, const epicrisis::Job&) override {
    if (!waiting_) return {};
    waiting_ = false;
    return {answer_};
  }
  void cancel_all() override { waiting_ = false; }
  std::size_t in_flight() const override { return waiting_ ? 1 : 0; }

 private:
  Finished answer_;
  bool waiting_ = false;
};

epicrisis::HttpRequest request_of(std::string_view text) {
  epicrisis::HttpRequest request;
  request.url = "http://h/" + std::string(text.substr(0, text.find('\n')));
  request.secret = epicrisis::Secret("sk-canary");
  request.body = std::make_shared<const std::string>(text);
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const epicrisis::TemporaryFolder folder;
  epicrisis::Job job;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const epicrisis::Path given = folder.path() / "given.jsonl";
  {
    epicrisis::AtomicFileWriter writer(given);
    writer.write(text);
    writer.commit();
  }
  try {
    const auto replay = epicrisis::make_replay_transport(given, job);
    epicrisis::send_and_wait(*replay, request_of(text), job);
    epicrisis::make_recording_transport(std::make_unique<Echo>(), given, job);
  } catch (const epicrisis::Error&) {
  }
  // What is recorded is replayed and holds no key, whatever the request and the answer hold.
  const epicrisis::Path own = folder.path() / "own.jsonl";
  std::filesystem::remove(own);
  const std::string body = std::string(text) + "sk-canary";
  epicrisis::send_and_wait(*epicrisis::make_recording_transport(std::make_unique<Echo>(), own, job),
                           request_of(body), job);
  if (epicrisis::read_file(own).find("sk-canary") != std::string::npos) __builtin_trap();
  const auto replay = epicrisis::make_replay_transport(own, job);
  if (epicrisis::send_and_wait(*replay, request_of(body), job).status != 200) __builtin_trap();
  return 0;
}
