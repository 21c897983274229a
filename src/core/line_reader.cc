#include "core/line_reader.h"

#include <algorithm>
#include <string_view>

namespace epicrisis {

LineReader::LineReader(const Path& path, std::size_t max_line)
    : path_((require_given(path), path)),
      file_(open_to_read(path)),
      max_line_(max_line),
      block_(1 << 16, '\0') {}

bool LineReader::next() {
  line_.clear();
  whole_ = true;
  terminated_ = false;
  offset_ = position_;
  while (true) {
    if (begin_ == end_) {
      begin_ = 0;
      end_ = read_some(file_.get(), block_.data(), block_.size(), path_);
      if (end_ == 0) break;
    }
    const std::string_view unread(block_.data() + begin_, end_ - begin_);
    const std::size_t feed = unread.find('\n');
    const std::size_t length = std::min(feed, unread.size());
    const std::size_t taken = std::min(length, max_line_ - line_.size());
    line_.append(unread.substr(0, taken));
    if (taken < length) whole_ = false;
    terminated_ = feed != std::string_view::npos;
    const std::size_t used = length + (terminated_ ? 1 : 0);
    begin_ += used;
    position_ += used;
    if (terminated_) break;
  }
  if (position_ == offset_) return false;
  ++number_;
  if (whole_ && !line_.empty() && line_.back() == '\r') line_.pop_back();
  return true;
}

}  // namespace epicrisis
