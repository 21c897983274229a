#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "epicrisis/store/tables/ledger.h"
#include "epicrisis/store/tables/notes.h"

namespace epicrisis {

// Puts notes and ledger entries into the store, in a thread and over a connection of its own: the
// requests must not wait for the disk. A commit takes what has come since the last one; a group
// waits for it until it has 16 entries or is 10 ms old.
class ResultWriter {
 public:
  // `database` gives the file and the busy timeout.
  explicit ResultWriter(Database& database);
  ~ResultWriter();
  ResultWriter(const ResultWriter&) = delete;
  ResultWriter& operator=(const ResultWriter&) = delete;

  // `note` empty: the request will be tried again, or was given up. Waits while 32 others
  // wait for the disk: what a power cut can cost has a limit.
  void add(LedgerEntry entry, std::optional<NoteRecord> note);
  // Throws if the last commit failed (SystemError: disk full, locked); nothing is written then
  // until flush() is called, and nothing is lost.
  void check() const;
  // Waits until all is written; throws as check() does. May be tried again.
  void flush();
  std::size_t pending() const;

 private:
  struct Item {
    LedgerEntry entry;
    std::optional<NoteRecord> note;
  };
  void work();
  void commit(const std::vector<Item>& group);

  Database database_;
  mutable std::mutex mutex_;  // for all below
  std::condition_variable changed_;
  std::vector<Item> group_;
  std::vector<Item> writing_;  // the thread's while it is committed
  std::exception_ptr failure_;
  bool hurry_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace epicrisis
