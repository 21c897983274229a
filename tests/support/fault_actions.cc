#include <fmt/format.h>

#include <algorithm>

#include "support/fault_server.h"

namespace epicrisis::test {
namespace {

using std::string_view_literals::operator""sv;

std::string head(int status, const HeaderList& headers) {
  std::string text = fmt::format("HTTP/1.1 {} Scripted\r\n", status);
  for (const auto& [name, value] : headers) text += fmt::format("{}: {}\r\n", name, value);
  return text + "\r\n";
}

// The head of an answer and what is to be its body, which may then be cut.
std::string whole(int status, std::string_view body, const HeaderList& headers) {
  HeaderList all = headers;
  const bool typed = std::any_of(headers.begin(), headers.end(),
                                 [](const auto& header) { return header.first == "Content-Type"; });
  if (!typed) all.emplace_back("Content-Type", "application/json");
  all.emplace_back("Content-Length", std::to_string(body.size()));
  return head(status, all) + std::string(body);
}

std::string good_bytes(std::string_view text) {
  Completion completion;
  completion.text = text;
  return whole(200, dump_json(completion_json(completion)), {});
}

// Of a good answer as much as leaves its body half told.
FaultAction half(FaultAction::End end) {
  const std::string bytes = good_bytes("half of it");
  const std::size_t body = bytes.find("\r\n\r\n") + 4;
  FaultAction action;
  action.steps.push_back({Seconds(0), bytes.substr(0, body + (bytes.size() - body) / 2)});
  action.end = end;
  return action;
}

FaultAction silent(FaultAction::End end) {
  FaultAction action;
  action.end = end;
  return action;
}

}  // namespace

bool SeenRequest::mentions(std::string_view text) const {
  return path.find(text) != std::string::npos || body.find(text) != std::string::npos;
}

FaultAction FaultAction::after(Seconds pause) const {
  FaultAction later = *this;
  later.steps.insert(later.steps.begin(), Step{pause, ""});
  return later;
}

FaultAction respond(int status, std::string_view body, const HeaderList& headers) {
  FaultAction action;
  action.steps.push_back({Seconds(0), whole(status, body, headers)});
  return action;
}

Json completion_json(const Completion& completion) {
  Json message = {{"role", "assistant"}};
  message["content"] = completion.null_content ? Json(nullptr) : Json(completion.text);
  if (!completion.refusal.empty()) message["refusal"] = completion.refusal;
  Json answer = {{"id", "chatcmpl-1"},
                 {"object", "chat.completion"},
                 {"created", 1'760'000'000},
                 {"model", "scripted"}};
  answer["choices"] = Json::array(
      {{{"index", 0}, {"message", message}, {"finish_reason", completion.finish_reason}}});
  if (completion.input_tokens >= 0) {
    answer["usage"] = {{"prompt_tokens", completion.input_tokens},
                       {"completion_tokens", completion.output_tokens},
                       {"total_tokens", completion.input_tokens + completion.output_tokens}};
  }
  return answer;
}

FaultAction complete(const Completion& completion) {
  FaultAction action = respond(200, dump_json(completion_json(completion)));
  action.good = true;
  return action;
}

FaultAction complete(std::string_view text) {
  Completion completion;
  completion.text = text;
  return complete(completion);
}

FaultAction fail_with(int status, std::string_view message, const HeaderList& headers) {
  const Json body = {
      {"error", {{"message", message}, {"type", "scripted_error"}, {"code", status}}}};
  return respond(status, dump_json(body), headers);
}

FaultAction close_before_headers() { return silent(FaultAction::End::kClose); }
FaultAction reset_before_headers() { return silent(FaultAction::End::kReset); }
FaultAction hang_before_headers() { return silent(FaultAction::End::kHang); }
FaultAction reset_mid_body() { return half(FaultAction::End::kReset); }
FaultAction hang_mid_body() { return half(FaultAction::End::kHang); }
FaultAction truncated_body() { return half(FaultAction::End::kClose); }

FaultAction slow_drip(std::string_view text, std::size_t bytes, Seconds pause) {
  const std::string all = good_bytes(text);
  FaultAction action;
  for (std::size_t at = 0; at < all.size(); at += bytes) {
    action.steps.push_back({pause, all.substr(at, bytes)});
  }
  action.good = true;
  return action;
}

FaultAction chunked(std::string_view body, std::size_t chunk) {
  std::string bytes =
      head(200, {{"Content-Type", "application/json"}, {"Transfer-Encoding", "chunked"}});
  for (std::size_t at = 0; at < body.size(); at += chunk) {
    const std::string_view part = body.substr(at, chunk);
    bytes += fmt::format("{:x}\r\n{}\r\n", part.size(), part);
  }
  FaultAction action;
  action.steps.push_back({Seconds(0), bytes + "0\r\n\r\n"});
  return action;
}

FaultAction broken_chunks() {
  FaultAction action;
  action.steps.push_back(
      {Seconds(0), head(200, {{"Transfer-Encoding", "chunked"}}) + "5\r\n{\"cho\r\nzebra\r\n"});
  return action;
}

FaultAction html_page(int status) {
  return respond(status, "<!DOCTYPE html><html><body><h1>Bad Gateway</h1></body></html>",
                 {{"Content-Type", "text/html"}});
}

FaultAction huge_answer(std::size_t bytes) { return complete(std::string(bytes, 'x')); }

FaultAction answer_twice(std::string_view text) {
  FaultAction action = complete(text);
  action.steps[0].bytes += action.steps[0].bytes;
  return action;
}

FaultAction garbage() {
  FaultAction action;
  action.steps.push_back({Seconds(0), std::string("\x16\x03\x00\xff not a protocol\n\0\n"sv)});
  action.end = FaultAction::End::kClose;
  return action;
}

FaultAction header_flood(std::size_t headers) {
  HeaderList flood;
  for (std::size_t i = 0; i < headers; ++i) {
    flood.emplace_back(fmt::format("X-Flood-{}", i), std::string(100, 'f'));
  }
  FaultAction action = respond(200, dump_json(completion_json({})), flood);
  action.good = true;
  return action;
}

}  // namespace epicrisis::test
