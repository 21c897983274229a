#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/store/samples.h"

namespace epicrisis {

// ["a","b"] for `IN (SELECT value FROM json_each(?))`: one SQL text whatever the number of values.
std::string json_list(const std::vector<std::string>& values);

// The SQL of a SampleFilter over `samples s JOIN datasets d`, all but its limit.
class SampleQuery {
 public:
  explicit SampleQuery(const SampleFilter& filter);
  Statement prepare(Database& database, std::string_view select, std::string_view tail) const;
  // Returns the index of the last parameter bound; those of `tail` follow.
  int bind(Statement& statement, std::int64_t after_id) const;

 private:
  std::string where_;
  std::vector<std::string> texts_;
};

}  // namespace epicrisis
