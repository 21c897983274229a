#pragma once

#include <string_view>

namespace epicrisis::test {

// A study of write_chest_corpus() that trains in seconds.
inline constexpr std::string_view kChestStudy = R"(name = "chest"
title = "Drawn radiographs"
field = "chest_xray"
classes = ["NF", "PNEU", "EFF"]
bootstrap = 100
text_encoder = "bag"
[[data]]
name = "films"
adapter = "generic_csv"
path = "."
role = "internal"
column_map = "columns.toml"
[prepare]
size = 32
[notes]
write = ["M"]
[image_encoder]
model = "random:mobilenet_v2"
augmented_copies = 0
[train]
epochs = 3
[[run]]
name = "with notes"
mode = "multimodal"
notes = ["M"]
)";

}  // namespace epicrisis::test
