#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/tensor/pytorch_file.h"
#include "support/shared_data.h"

namespace epicrisis {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

template <typename T>
std::string bytes_of(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

// The pieces of a pickle as torch.save wrote them.
std::string text(const std::string& value) {
  return "X" + bytes_of(static_cast<std::uint32_t>(value.size())) + value;
}
std::string text_of_python_2(const std::string& value) {
  return "U" + std::string(1, static_cast<char>(value.size())) + value;
}
std::string integer(std::int32_t value) { return "J" + bytes_of(value); }
std::string tuple(const std::vector<std::int32_t>& values) {
  std::string all = "(";
  for (const std::int32_t value : values) all += integer(value);
  return all + "t";
}
std::string storage(const std::string& type, const std::string& key, std::int32_t count,
                    const std::string& view = "N") {
  return "(" + text("storage") + "ctorch\n" + type + "\n" + text(key) + text("cpu") +
         integer(count) + view + "tQ";
}
std::string tensor(const std::string& storage, std::int32_t offset,
                   const std::vector<std::int32_t>& shape,
                   const std::vector<std::int32_t>& strides) {
  return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + integer(offset) + tuple(shape) +
         tuple(strides) + "\x89" + "ccollections\nOrderedDict\n)RtR";
}

const std::string kMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s;
const std::string kVersion = "\x80\x02M\xe9\x03."s;
const std::string kMachine = "\x80\x02}" + text("little_endian") + "\x88s.";
const std::string kHead = kMagic + kVersion + kMachine;

std::string keys(const std::vector<std::string>& names) {
  std::string all = "\x80\x02](";
  for (const std::string& name : names) all += text(name);
  return all + "e.";
}
std::string floats(const std::vector<float>& values) {
  std::string all = bytes_of(static_cast<std::int64_t>(values.size()));
  for (const float value : values) all += bytes_of(value);
  return all;
}

// {"a": [[1, 2], [3, 4]], "b": its transposed, "n": {"c": int64 5}}
std::string good_file() {
  const std::string shared = storage("FloatStorage", "17", 4);
  return kHead + "\x80\x02}(" + text("a") + tensor(shared, 0, {2, 2}, {2, 1}) + text("b") +
         tensor(shared, 0, {2, 2}, {1, 2}) + text("n") + "}" + text("c") +
         tensor(storage("LongStorage", "18", 1), 0, {}, {}) + "su." + keys({"17", "18"}) +
         floats({1, 2, 3, 4}) + bytes_of(std::int64_t{1}) + bytes_of(std::int64_t{5});
}

TEST(PytorchLegacy, ReadsTensorsThatShareAStorage) {
  const TensorFile file = parse_pytorch(good_file(), "old.pth");
  EXPECT_THAT(to_float32(file.at("a")), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(to_float32(file.at("b")), ElementsAre(1, 3, 2, 4));
  EXPECT_THAT(to_float32(file.at("n.c")), ElementsAre(5));
  EXPECT_EQ(file.at("n.c").type, TensorType::kI64);
}

// As published between 2016 and 2018: Python 2's texts, an OrderedDict of pairs, _rebuild_tensor,
// storages of CUDA, views of a storage.
TEST(PytorchLegacy, ReadsWhatPython2Wrote) {
  const std::string view = "(" + text_of_python_2("19") + integer(1) + integer(2) + "t";
  const std::string old_storage = "(" + text_of_python_2("storage") + "ctorch.cuda\nHalfStorage\n" +
                                  text_of_python_2("7") + text_of_python_2("cuda:0") + integer(3) +
                                  view + "tQ";
  const std::string bytes = kHead + "\x80\x02" + "ccollections\nOrderedDict\n](](" +
                            text_of_python_2("w") + "ctorch._utils\n_rebuild_tensor\n(" +
                            old_storage + integer(1) + tuple({1}) + tuple({1}) + "tRee\x85R." +
                            keys({"7"}) + bytes_of(std::int64_t{3}) + "\x00\x3c\x00\x40\x00\x44"s;
  EXPECT_THAT(to_float32(parse_pytorch(bytes, "old.pth").at("w")), ElementsAre(4));
}

std::string error_of(const std::string& bytes) {
  try {
    parse_pytorch(bytes, "old.pth");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(PytorchLegacy, RefusesWhatDoesNotFitTogether) {
  const std::string one =
      "\x80\x02}" + text("a") + tensor(storage("FloatStorage", "1", 2), 0, {2}, {1}) + "s.";
  EXPECT_EQ(error_of(kHead + one + keys({"1"}) + floats({1, 2})), "no error");
  EXPECT_THAT(error_of(kHead + one + keys({"1"}) + floats({1, 2}) + "x"),
              HasSubstr("1 bytes follow"));
  EXPECT_THAT(error_of(kHead + one + keys({"1"}) + floats({1})), HasSubstr("2 were announced"));
  EXPECT_THAT(error_of(kHead + one + keys({"2"}) + floats({1, 2})), HasSubstr("what storage '2'"));
  EXPECT_THAT(error_of(kHead + one + keys({}) + ""), HasSubstr("no storage '1'"));
  EXPECT_THAT(error_of(kHead + one + keys({"1", "1"}) + floats({1, 2}) + floats({1, 2})),
              HasSubstr("twice"));
  EXPECT_THAT(error_of(kMagic + "\x80\x02M\xe8\x03."s + kMachine + one), HasSubstr("version 1000"));
  EXPECT_THAT(error_of(kMagic + kVersion + "\x80\x02}" + text("little_endian") + "\x89s." + one),
              HasSubstr("not little-endian"));
  const std::string outside =
      "\x80\x02}" + text("a") + tensor(storage("FloatStorage", "1", 2), 1, {2}, {1}) + "s.";
  EXPECT_THAT(error_of(kHead + outside + keys({"1"}) + floats({1, 2})), HasSubstr("outside"));
  const std::string huge = "\x80\x02}" + text("a") +
                           tensor(storage("FloatStorage", "1", 0x7fffffff), 0, {2}, {1}) + "s.";
  EXPECT_THAT(error_of(kHead + huge + keys({"1"}) + bytes_of(std::int64_t{0x7fffffff})),
              HasSubstr("cut off"));
  const std::string code = "\x80\x02" + "cposix\nsystem\n("s + text("true") + "tR.";
  EXPECT_THAT(error_of(kHead + code), HasSubstr("'posix.system'"));
  EXPECT_THAT(error_of(kMagic + code), HasSubstr("'posix.system'"));
}

TEST(PytorchLegacy, EveryDamagedByteIsAnErrorOrHarmless) {
  const std::string good = good_file();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x41);
    try {
      const TensorFile file = parse_pytorch(bad, "bad");
      for (const auto& [name, view] : file.tensors()) {
        ASSERT_EQ(static_cast<std::int64_t>(to_float32(view).size()), view.count()) << i;
      }
    } catch (const InputError&) {
    }
    EXPECT_THROW(parse_pytorch(good.substr(0, i), "cut"), InputError) << i;
  }
}

// Inputs in the form that public bug reports describe.
TEST(PytorchLegacy, ReadsTheCase) {
  const Path folder = test::shared_folder() / "cases/26-legacy-pth/densenet121";
  if (test::shared_folder().empty() || !std::filesystem::exists(folder)) {
    GTEST_SKIP() << "needs ../shared/cases";
  }
  const TensorFile file = read_weights(folder / "densenet121-made-up.pth");
  EXPECT_EQ(file.tensors().size(), 6U);
  EXPECT_THAT(file.at("features.conv0.weight").shape, ElementsAre(64, 3, 7, 7));
}

}  // namespace
}  // namespace epicrisis
