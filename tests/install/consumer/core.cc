#include <cstdio>

#include "epicrisis/core/json.h"

int main() {
  const auto value = epicrisis::parse_json(R"({"works": "core"})", "built in");
  std::puts(epicrisis::json_get<std::string>(value, "works", "built in").c_str());
}
