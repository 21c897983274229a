#include "epicrisis/tensor/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"

namespace epicrisis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Path kData = Path(EPICRISIS_SOURCE_DIR) / "tests/tensor/data";

std::string file_of(const std::string& header, const std::string& data = "") {
  const std::uint64_t size = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &size, 8);
  return out + header + data;
}

std::string error_of(const std::string& bytes) {
  try {
    parse_safetensors(bytes, "hostile.safetensors");
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("hostile.safetensors"));
    return error.what();
  }
  return "no error";
}

TEST(Safetensors, ReadsEveryTypeOfThePublishedWriter) {
  const TensorFile file = read_safetensors(kData / "all_types.safetensors");
  EXPECT_EQ(file.tensors().size(), 12U);
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(file.metadata().at("é"), "ü\n");
  EXPECT_THAT(to_float32(file.at("f64")), ElementsAre(1.5F, -2.25F));
  EXPECT_THAT(to_float32(file.at("f32")), ElementsAre(0.5F, -1.0F, 3.25F, 1e-3F, 1e30F, -0.0F));
  EXPECT_THAT(to_float32(file.at("i64")), ElementsAre(-1099511627776.0F, 7.0F));
  EXPECT_THAT(to_float32(file.at("i32")), ElementsAre(-70000.0F, 70000.0F));
  EXPECT_THAT(to_float32(file.at("i16")), ElementsAre(-300.0F, 300.0F));
  EXPECT_THAT(to_float32(file.at("i8")), ElementsAre(-5.0F, 5.0F));
  EXPECT_THAT(to_float32(file.at("u8")), ElementsAre(0.0F, 255.0F));
  EXPECT_THAT(to_float32(file.at("bool")), ElementsAre(1.0F, 0.0F, 1.0F));
  EXPECT_THAT(to_float32(file.at("f16")), ElementsAre(0.333251953125F, -65504.0F, 0x1p-24F));
  EXPECT_THAT(to_float32(file.at("bf16")), ElementsAre(1.0F, -3.140625F, 0x1.b4p-127F));
  EXPECT_THAT(to_float32(file.at("empty")), IsEmpty());
  EXPECT_THAT(file.at("empty").shape, ElementsAre(3, 0));
  EXPECT_THAT(file.at("scalar").shape, IsEmpty());
  EXPECT_THAT(to_float32(file.at("scalar")), ElementsAre(42.0F));
}

// The published writer orders tensors by the size of their type, then by name, and header keys as
// ours.
TEST(Safetensors, WritesTheVeryBytesOfThePublishedWriter) {
  const std::string theirs = read_file(kData / "all_types.safetensors");
  const TensorFile file = parse_safetensors(theirs, "theirs");
  std::vector<NamedTensor> tensors;
  for (const auto& [name, tensor] : file.tensors()) tensors.push_back({name, tensor});
  std::sort(tensors.begin(), tensors.end(), [&](const NamedTensor& a, const NamedTensor& b) {
    const auto position = [&](const NamedTensor& t) { return theirs.find("\"" + t.name + "\""); };
    return position(a) < position(b);
  });
  const TemporaryFolder folder;
  write_safetensors(folder.path() / "ours", tensors, file.metadata());
  const std::string ours = read_file(folder.path() / "ours");
  ASSERT_EQ(ours.size(), theirs.size());
  // Metadata is a hash map there, so its keys may stand in either order.
  const auto tail = theirs.find("},\"");
  ASSERT_NE(tail, std::string::npos);
  EXPECT_EQ(ours.substr(0, 8), theirs.substr(0, 8));
  EXPECT_EQ(ours.substr(tail), theirs.substr(tail));
}

TEST(Safetensors, HalvesAreWidenedExactly) {
  EXPECT_EQ(half_to_float(0x3C00), 1.0F);
  EXPECT_EQ(half_to_float(0x0001), 0x1p-24F);
  EXPECT_EQ(half_to_float(0x83FF), -0x1.ff8p-15F);
  EXPECT_EQ(half_to_float(0x7BFF), 65504.0F);
  EXPECT_EQ(half_to_float(0xFC00), -INFINITY);
  EXPECT_TRUE(std::isnan(half_to_float(0x7E01)));
  EXPECT_TRUE(std::signbit(half_to_float(0x8000)));
}

TEST(Safetensors, RefusesBrokenFrames) {
  EXPECT_THAT(error_of(""), HasSubstr("too few"));
  EXPECT_THAT(error_of(std::string(8, '\xFF')), HasSubstr("announced"));
  EXPECT_THAT(error_of(file_of("{}").substr(0, 9)), HasSubstr("announced"));
  EXPECT_THAT(error_of(file_of("")), HasSubstr("not JSON"));
  EXPECT_THAT(error_of(file_of("{\"a\":")), HasSubstr("not JSON"));
  EXPECT_THAT(error_of(file_of("[]")), HasSubstr("no JSON object"));
  EXPECT_THAT(error_of(file_of("{\"a\xff\":1}")), HasSubstr("not JSON"));
  EXPECT_THAT(error_of(file_of(std::string(100000, '['))), HasSubstr("deeper"));
  EXPECT_THAT(error_of(file_of("{}", "x")), HasSubstr("the file has 1"));
  EXPECT_EQ(error_of(file_of("{}   ")), "no error");
}

TEST(Safetensors, RefusesBrokenTensors) {
  const auto one = [](const std::string& entry, std::size_t bytes = 4) {
    return error_of(file_of("{\"a\":" + entry + "}", std::string(bytes, '\0')));
  };
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})"), "no error");
  EXPECT_THAT(one("7"), HasSubstr("'a'"));
  EXPECT_THAT(one(R"({"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]})"), HasSubstr("F8_E4M3"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})"), HasSubstr("takes 8"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})"), HasSubstr("-1"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1.0],"data_offsets":[0,4]})"), HasSubstr("1.0"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":["1"],"data_offsets":[0,4]})"), HasSubstr("shape"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})"), HasSubstr("outside"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]})"),
              HasSubstr("outside"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4,8]})"), HasSubstr("two"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1]})"), HasSubstr("data_offsets"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1})"), HasSubstr("'x'"));
  // 2^32 * 2^32 * 4 wraps to 0.
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})", 0),
              HasSubstr("overflows"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]})", 0),
              HasSubstr("overflows"));
}

TEST(Safetensors, RefusesOverlapsHolesAndEqualNames) {
  const std::string a = R"("a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]})";
  const auto with = [&](const std::string& second, std::size_t bytes) {
    return error_of(file_of("{" + a + "," + second + "}", std::string(bytes, '\0')));
  };
  EXPECT_EQ(with(R"("b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]})", 8), "no error");
  EXPECT_THAT(with(R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]})", 6),
              HasSubstr("overlap"));
  EXPECT_THAT(with(R"("b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]})", 4),
              HasSubstr("overlap"));
  EXPECT_THAT(with(R"("b":{"dtype":"U8","shape":[2],"data_offsets":[6,8]})", 8), HasSubstr("hole"));
  EXPECT_THAT(with(R"("b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]})", 9),
              HasSubstr("the file has 9"));
  EXPECT_THAT(with(a, 4), HasSubstr("twice"));
  EXPECT_THAT(with(R"("b":{"dtype":"U8","dtype":"I8","shape":[4],"data_offsets":[4,8]})", 8),
              HasSubstr("twice"));
  EXPECT_THAT(with(R"("__metadata__":{"k":1})", 4), HasSubstr("'k'"));
  EXPECT_THAT(with(R"("__metadata__":7)", 4), HasSubstr("__metadata__"));
}

// Also in the checksum's own name.
TEST(Safetensors, ChecksumTellsEveryFlippedBit) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "x.safetensors";
  FloatMatrix matrix(2, 3);
  for (std::size_t i = 0; i < 6; ++i) matrix.values[i] = static_cast<float>(i);
  const FloatMatrix none(0, 3);
  write_checked_safetensors(
      path, {{"b", tensor_view(matrix)}, {"none", tensor_view(none)}, {"a", tensor_view(matrix)}},
      {{"format", "ours"}});
  const std::string good = read_file(path);
  const TensorFile file = read_safetensors(path);
  EXPECT_EQ(checksum_of(file).size(), 64U);
  EXPECT_EQ(to_matrix(file.at("a"), "x").values, matrix.values);
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int bit : {0, 5, 7}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      EXPECT_THROW(parse_safetensors(bad, "bad"), InputError) << at << " " << bad;
    }
  }
  std::string other = good;
  const std::size_t name = other.find("epicrisis_sha256");
  ASSERT_NE(name, std::string::npos);
  EXPECT_THAT(error_of(other.replace(name, 9, "epicrXsXs")),
              HasSubstr("damaged: its checksum is called 'epicrXsXs_sha256'"));
  // Others that have none.
  for (const char* key : {"sha256", "fingerprint", "some_other_sha256"}) {
    write_safetensors(path, {{"a", tensor_view(matrix)}}, {{key, std::string(64, 'a')}});
    EXPECT_EQ(checksum_of(read_safetensors(path)), "");
  }
}

// Equal key names in different tensors are no repetition.
TEST(Safetensors, WriterKeepsTheOrderAndAlignsTheData) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "x.safetensors";
  FloatMatrix matrix(2, 3);
  for (std::size_t i = 0; i < 6; ++i) matrix.values[i] = static_cast<float>(i);
  const std::vector<std::uint8_t> bytes{9};
  write_safetensors(path,
                    {{"z", {TensorType::kU8, {1}, std::as_bytes(std::span(bytes))}},
                     {"quote\"d", tensor_view(matrix)}},
                    {});
  const std::string raw = read_file(path);
  std::uint64_t header = 0;
  std::memcpy(&header, raw.data(), 8);
  EXPECT_EQ(header % 8, 0U);
  EXPECT_EQ(raw[8 + header], 9);
  const TensorFile file = read_safetensors(path);
  EXPECT_EQ(to_matrix(file.at("quote\"d"), "x").values, matrix.values);
  EXPECT_THROW(to_matrix(file.at("z"), "x"), InputError);
  try {
    file.at("y");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'y'"));
  }
}

TEST(Safetensors, WriterLeavesNothingBehindUnlessFinished) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "x.safetensors";
  const std::vector<float> two{1, 2};
  {
    SafetensorsWriter writer(path, {{"a", TensorType::kF32, {3}}});
    writer.write(std::span<const float>(two));
    EXPECT_THROW(writer.finish(), InternalError);
    EXPECT_THROW(writer.write(std::span<const float>(two)), InternalError);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_THROW(
      SafetensorsWriter(path, {{"a", TensorType::kF32, {1}}, {"a", TensorType::kF32, {1}}}),
      UsageError);
  EXPECT_THROW(SafetensorsWriter(path, {{"__metadata__", TensorType::kF32, {1}}}), UsageError);
  EXPECT_THROW(SafetensorsWriter(path, {{"a", TensorType::kF32, {-1}}}), UsageError);
}

TEST(TensorFile, RenamingKeepsNamesApart) {
  const TensorFile file = read_safetensors(kData / "all_types.safetensors");
  EXPECT_TRUE(file.renamed([](const std::string& name) { return "x." + name; }).has("x.f32"));
  EXPECT_THROW(file.renamed([](const std::string&) { return std::string("same"); }), InputError);
}

}  // namespace
}  // namespace epicrisis
