#pragma once

#include <mutex>

namespace epicrisis {

// Standard error is shared by the log and the progress bar. Whoever writes there holds this lock
// and erases a bar that stands on the last line; the bar draws itself anew at its next step.
struct Terminal {
  std::mutex mutex;
  bool bar_on_screen = false;
  void erase_bar();  // under the lock
};

Terminal& terminal();

}  // namespace epicrisis
