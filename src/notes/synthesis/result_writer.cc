#include "notes/synthesis/result_writer.h"

#include <chrono>
#include <iterator>
#include <utility>

namespace epicrisis {
namespace {

constexpr std::size_t kGroup = 16;
constexpr std::size_t kMostWaiting = 32;
constexpr auto kLongestDelay = std::chrono::milliseconds(10);

DatabaseOptions like(Database& database) {
  DatabaseOptions options;
  options.create = false;
  if (const auto timeout = database.query_integer("PRAGMA busy_timeout")) {
    options.busy_timeout_ms = static_cast<int>(*timeout);
  }
  return options;
}

}  // namespace

ResultWriter::ResultWriter(Database& database)
    : database_(database.path(), like(database)), thread_([this] { work(); }) {}

ResultWriter::~ResultWriter() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ResultWriter::add(LedgerEntry entry, std::optional<NoteRecord> note) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return group_.size() < kMostWaiting || failure_; });
    group_.push_back({std::move(entry), std::move(note)});
    if (group_.size() != 1 && group_.size() != kGroup) return;
  }
  changed_.notify_all();
}

void ResultWriter::check() const {
  const std::lock_guard lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
}

void ResultWriter::flush() {
  std::unique_lock lock(mutex_);
  failure_ = nullptr;
  hurry_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return failure_ || (group_.empty() && writing_.empty()); });
  hurry_ = false;
  if (failure_) std::rethrow_exception(failure_);
}

std::size_t ResultWriter::pending() const {
  const std::lock_guard lock(mutex_);
  return group_.size() + writing_.size();
}

void ResultWriter::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stop_ || (!group_.empty() && !failure_); });
    if (stop_) return;
    changed_.wait_for(lock, kLongestDelay,
                      [&] { return stop_ || hurry_ || group_.size() >= kGroup; });
    if (stop_) return;
    writing_.swap(group_);
    lock.unlock();
    std::exception_ptr failure;
    try {
      commit(writing_);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    failure_ = failure;
    if (failure) {
      writing_.insert(writing_.end(), std::make_move_iterator(group_.begin()),
                      std::make_move_iterator(group_.end()));
      group_.swap(writing_);
    }
    writing_.clear();
    changed_.notify_all();
  }
}

void ResultWriter::commit(const std::vector<Item>& group) {
  Transaction transaction(database_);
  for (const Item& item : group) {
    put_ledger_entry(database_, item.entry);
    if (item.note) put_note(database_, *item.note);
  }
  transaction.commit();
}

}  // namespace epicrisis
