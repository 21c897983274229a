#include "epicrisis/tensor/pytorch_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/tensor/safetensors.h"
#include "tensor/pickle.h"

namespace epicrisis {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Path kData = Path(EPICRISIS_SOURCE_DIR) / "tests/tensor/data";

template <typename Work>
std::string error_of(const Work& work) {
  try {
    work();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

std::string pickle_error(const std::string& bytes) {
  return error_of([&] { unpickle_state_dict(bytes, "hostile.pth"); });
}

TEST(PytorchZip, HoldsTheSameTensorsAsSafetensors) {
  const TensorFile zip = read_weights(kData / "all_types.pth");
  const TensorFile safe = read_weights(kData / "all_types.safetensors");
  ASSERT_EQ(zip.tensors().size(), safe.tensors().size());
  for (const auto& [name, tensor] : safe.tensors()) {
    const TensorView& other = zip.at(name);
    EXPECT_EQ(other.type, tensor.type) << name;
    EXPECT_EQ(other.shape, tensor.shape) << name;
    EXPECT_TRUE(std::equal(other.bytes.begin(), other.bytes.end(), tensor.bytes.begin(),
                           tensor.bytes.end()))
        << name;
  }
}

TEST(PytorchZip, ReadsNestedDictsViewsAndParameters) {
  const TensorFile file = read_pytorch(kData / "checkpoint.pth");
  EXPECT_THAT(to_float32(file.at("model.0.weight")), ElementsAre(2, -2));
  EXPECT_THAT(file.at("model.0.weight").shape, ElementsAre(2, 1, 1, 1));
  EXPECT_THAT(to_float32(file.at("model.1.running_var")), ElementsAre(1, 1));
  EXPECT_THAT(file.at("views.transposed").shape, ElementsAre(4, 3));
  EXPECT_THAT(to_float32(file.at("views.transposed")),
              ElementsAre(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11));
  EXPECT_THAT(to_float32(file.at("views.slice")), ElementsAre(4, 5, 6, 7));
  EXPECT_THAT(to_float32(file.at("views.every_third")), ElementsAre(0, 3, 6, 9));
  EXPECT_THAT(to_float32(file.at("parameter")), ElementsAre(9));
  EXPECT_THAT(to_float32(file.at("list.1.deep")), ElementsAre(2));
  EXPECT_FALSE(file.has("epoch"));
  EXPECT_THAT(to_float32(read_pytorch(kData / "protocol4.pth").at("w")), ElementsAre(3, 4));
}

TEST(PytorchZip, ViewsOutliveTheReader) {
  std::vector<float> values;
  {
    const TensorFile copy = [] { return read_pytorch(kData / "checkpoint.pth"); }();
    values = to_float32(copy.at("views.transposed"));
  }
  EXPECT_EQ(values.size(), 12U);
}

TEST(PytorchZip, RefusesCodeByName) {
  EXPECT_THAT(error_of([] { read_pytorch(kData / "runs_code.pth"); }), HasSubstr(".system'"));
  EXPECT_THAT(error_of([] { read_pytorch(kData / "whole_module.pth"); }),
              HasSubstr("'torch.nn.modules.container.Sequential'"));
  EXPECT_THAT(error_of([] { read_pytorch(kData / "deflated.pth"); }), HasSubstr("compressed"));
  EXPECT_THAT(error_of([] { read_pytorch(kData / "expanded.pth"); }), HasSubstr("repeats"));
}

// Every single byte changed: never a crash, and a change of tensor data never goes unseen.
TEST(PytorchZip, EveryDamagedByteIsAnErrorOrHarmless) {
  const std::string good = read_file(kData / "checkpoint.pth");
  const TensorFile expected = parse_pytorch(good, "good");
  std::size_t refused = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x41);
    try {
      const TensorFile file = parse_pytorch(bad, "bad");
      ASSERT_EQ(file.tensors().size(), expected.tensors().size()) << "byte " << i;
      for (const auto& [name, tensor] : expected.tensors()) {
        ASSERT_EQ(to_float32(file.at(name)), to_float32(tensor)) << name << ", byte " << i;
      }
    } catch (const InputError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, good.size() / 4);
  for (std::size_t size = 0; size < good.size(); size += 7) {
    EXPECT_THROW(parse_pytorch(good.substr(0, size), "cut"), InputError) << size;
  }
}

TEST(Pickle, RefusesWhatStateDictsDoNotNeed) {
  EXPECT_EQ(pickle_error("\x80\x02}."), "no error");
  EXPECT_THAT(pickle_error(""), HasSubstr("cut off"));
  EXPECT_THAT(pickle_error("\x80\x01}."), HasSubstr("protocol 1"));
  EXPECT_THAT(pickle_error("\x80\x02"), HasSubstr("cut off"));
  EXPECT_THAT(pickle_error("\x80\x02K\x01."), HasSubstr("a whole number"));
  EXPECT_THAT(pickle_error("\x80\x02}}."), HasSubstr("2 values"));
  EXPECT_THAT(pickle_error("\x80\x02u."), HasSubstr("no mark"));
  EXPECT_THAT(pickle_error("\x80\x02(."), HasSubstr("dict"));
  EXPECT_THAT(pickle_error("\x80\x02s."), HasSubstr("empty"));
  EXPECT_THAT(pickle_error("\x80\x02}(K\x01u."), HasSubstr("key without"));
  EXPECT_THAT(pickle_error("\x80\x02h\x05."), HasSubstr("remembered"));
  EXPECT_THAT(pickle_error("\x80\x02X\xff\xff\xff\xff."), HasSubstr("cut off"));
  EXPECT_THAT(pickle_error("\x80\x02\x81."), HasSubstr("0x81"));           // NEWOBJ
  EXPECT_THAT(pickle_error("\x80\x02ios\nsystem\n."), HasSubstr("0x69"));  // INST
  EXPECT_THAT(pickle_error("\x80\x02"
                           "cposix\nsystem\n)R."),
              HasSubstr("'posix.system'"));
  EXPECT_THAT(pickle_error("\x80\x02"
                           "cbuiltins\neval\n."),
              HasSubstr("'builtins.eval'"));
  // A storage called like a function, and a function called with the wrong things.
  EXPECT_THAT(pickle_error("\x80\x02"
                           "ctorch\nFloatStorage\n)R."),
              HasSubstr("FloatStorage"));
  EXPECT_THAT(pickle_error("\x80\x02"
                           "ctorch._utils\n_rebuild_tensor_v2\n)R."),
              HasSubstr("0 arguments"));
  EXPECT_THAT(pickle_error("\x80\x02}Q."), HasSubstr("no storage"));
  // Numbers of more than 64 bits are read and fit nowhere.
  EXPECT_THAT(pickle_error("\x80\x02\x8a\x0a" + std::string(10, '\x7f') + "."),
              HasSubstr("more than 64 bits"));
  // What Python 2 called an OrderedDict with.
  EXPECT_EQ(pickle_error("\x80\x02"
                         "ccollections\nOrderedDict\n](](U\x01\x61Nee\x85R."),
            "no error");
  EXPECT_THAT(pickle_error("\x80\x02"
                           "ccollections\nOrderedDict\n](K\x01K\x02\x65\x85R."),
              HasSubstr("other things than pairs"));
}

TEST(Pickle, CyclesAndDepthEnd) {
  // d = {}; d["a"] = d
  EXPECT_THAT(pickle_error("\x80\x02}q\x00X\x01\x00\x00\x00"
                           "ah\x00s."s),
              HasSubstr("nested deeper"));
  // {"a": t15} where t(n) = (t(n-1), t(n-1), t(n-1)): 3^15 paths from 90 bytes.
  std::string bomb =
      "\x80\x02}X\x01\x00\x00\x00"
      "a)q\x00"s;
  for (char i = 1; i < 16; ++i) {
    for (int twice = 0; twice < 2; ++twice) bomb += std::string("h") + static_cast<char>(i - 1);
    bomb += "\x87q";
    bomb += i;
  }
  EXPECT_THAT(pickle_error(bomb + "s."), HasSubstr("refer to each other"));
}

}  // namespace
}  // namespace epicrisis
