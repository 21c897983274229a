#include <cstdio>

#include "epicrisis/notes/strategy/strategy.h"

int main() {
  for (const std::string& name : epicrisis::built_in_strategies()) {
    std::printf("%s works\n", epicrisis::load_strategy(name).name.c_str());
  }
}
