#include "llm/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string_view>
#include <utility>

namespace epicrisis::llm {
namespace {

constexpr double kFirstLimit = 8;
constexpr int kFaultsThatOpen = 8;
constexpr double kFirstPause = 5;  // seconds
constexpr double kLongestPause = 120;
constexpr std::size_t kWatched = 50;
constexpr std::size_t kLeastWatched = 20;
constexpr std::size_t kMostAlike = 10;
constexpr std::size_t kMostSilent = 20;

// Words with a digit in them tell one request from another: ids, times, counts.
std::string without_numbers(std::string_view reason) {
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
  };
  std::string result;
  for (std::size_t i = 0; i < reason.size();) {
    std::size_t end = i;
    while (end < reason.size() && is_word(reason[end])) ++end;
    const std::string_view word = reason.substr(i, std::max<std::size_t>(end - i, 1));
    result += word.find_first_of("0123456789") == std::string_view::npos ? word : "#";
    i += word.size();
  }
  return result;
}

}  // namespace

ConcurrencyLimit::ConcurrencyLimit(int most) : most_(most), limit_(std::min(kFirstLimit, most_)) {}

void ConcurrencyLimit::on_success(bool full) {
  if (!full) return;
  limit_ = std::min(most_, limit_ + (probing_ ? 1 : 1 / limit_));
}

void ConcurrencyLimit::on_throttle(Seconds sent_at, Seconds now) {
  if (sent_at <= decreased_at_) return;
  limit_ = std::max(1.0, std::floor(limit_ / 2));
  probing_ = false;
  decreased_at_ = now;
}

RateLimit::RateLimit(std::int64_t per_minute) : per_second_(static_cast<double>(per_minute) / 60) {}

Seconds RateLimit::wait_time(Seconds now) const {
  if (per_second_ <= 0) return Seconds(0);
  return std::max(Seconds(0), free_at_ - now);
}

// The generic cell rate algorithm: `free_at_` is when the units taken so far are used up, less the
// burst of a second.
void RateLimit::take(std::int64_t units, Seconds now) {
  if (per_second_ <= 0) return;
  free_at_ =
      std::max(free_at_, now - Seconds(1)) + Seconds(static_cast<double>(units) / per_second_);
}

void RateLimit::correct(std::int64_t estimated, std::int64_t actual) {
  if (per_second_ <= 0) return;
  free_at_ += Seconds(static_cast<double>(actual - estimated) / per_second_);
}

bool CircuitBreaker::may_send(Seconds now) const {
  return !open_ || (!trial_ && now >= open_until_);
}

void CircuitBreaker::on_send() { trial_ = open_; }

void CircuitBreaker::on_success() { *this = CircuitBreaker(); }

void CircuitBreaker::on_fault(Seconds now) {
  ++faults_;
  // What was in flight when the circuit opened says nothing new.
  if (open_ && !trial_) return;
  if (!open_ && faults_ < kFaultsThatOpen) return;
  if (open_) ++failed_trials_;
  open_ = true;
  trial_ = false;
  open_until_ = now + Seconds(std::min(kLongestPause, kFirstPause * std::exp2(failed_trials_)));
}

void SameReason::add(const std::string& reason) {
  std::string words = without_numbers(reason);
  times_ = words == last_ ? times_ + 1 : 1;
  last_ = std::move(words);
}

void FailureWatch::add(bool good, const std::string& reason) {
  last_.push_back(good ? "" : reason.empty() ? "no reason given" : reason);
  if (last_.size() > kWatched) last_.pop_front();
  if (good) {
    same_.reset();
  } else {
    same_.add(last_.back());
  }
}

std::string FailureWatch::complaint() const {
  if (same_.times() >= kMostAlike) {
    return fmt::format("{} answers failed one after another, all in the same way: {}",
                       same_.times(), last_.back());
  }
  std::map<std::string, std::size_t> reasons;
  std::size_t failures = 0;
  for (const std::string& reason : last_) {
    if (reason.empty()) continue;
    ++failures;
    ++reasons[reason];
  }
  if (last_.size() < kLeastWatched || failures * 2 <= last_.size()) return "";
  const auto most =
      std::ranges::max_element(reasons, {}, [](const auto& entry) { return entry.second; });
  return fmt::format("{} of the last {} answers failed; most often: {}", failures, last_.size(),
                     most->first);
}

void QuotaWatch::add(bool silent, const std::string& reason) {
  hope_ = hope_ || !silent;
  if (hope_) return;
  same_.add(reason);
  last_ = reason;
}

std::string QuotaWatch::complaint() const {
  if (hope_ || same_.times() < kMostSilent) return "";
  return fmt::format(
      "{} requests were refused in the same words, none was answered, and nothing says when to ask "
      "again: {}. It may be a quota that is used up: the rest can be asked for later",
      same_.times(), last_);
}

Seconds backoff(int attempt, double jitter) {
  const double longest = std::min(60.0, std::exp2(attempt - 1));
  return Seconds(longest * (0.5 + jitter / 2));
}

}  // namespace epicrisis::llm
