#pragma once

namespace epicrisis {

// Turns SIGINT and SIGTERM into a flag; a second signal ends the process at once. Call once, in
// main.
void install_interrupt_handler();
bool interrupted();
void set_interrupted(bool value);  // for tests

// Throws Interrupted if the flag is set. Long loops call it between items, where stopping loses
// nothing.
void throw_if_interrupted();

}  // namespace epicrisis
