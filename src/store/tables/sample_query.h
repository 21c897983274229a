#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/store/tables/samples.h"

namespace epicrisis {

// ["a","b"] for a column, or for `IN (SELECT value FROM json_each(?))`: one SQL text whatever the
// number of values.
std::string json_text_of(const std::vector<std::string>& values);

// The first column of the rows that are left.
std::vector<std::string> texts_of(Statement& rows);

// The SQL of a SampleFilter over `samples s JOIN datasets d`, all but its limit.
class SampleQuery {
 public:
  enum class Use {
    kPages,  // asked for page after page in order of id: walks the ids, whatever else is asked
    kOnce,   // asked for once, as a whole: may use any index
  };
  SampleQuery(const SampleFilter& filter, Use use);
  Statement prepare(Database& database, std::string_view select, std::string_view tail) const;
  // Returns the index of the last parameter bound; those of `tail` follow. `after_id` is for
  // kPages; kOnce takes that of the filter.
  int bind(Statement& statement, std::int64_t after_id = 0) const;

 private:
  bool with_after_id_ = true;
  std::int64_t filter_after_id_ = 0;
  std::string where_;
  std::vector<std::string> texts_;
};

}  // namespace epicrisis
