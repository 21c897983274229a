#include "epicrisis/tensor/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Path kData = Path(EPICRISIS_SOURCE_DIR) / "tests/tensor/data";

std::string npy(const std::string& header, const std::string& data = "") {
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(header.size() & 0xFF);
  out += static_cast<char>(header.size() >> 8);
  return out + header + data;
}

std::string error_of(const std::string& bytes) {
  try {
    parse_npy(bytes, "hostile.npy");
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("hostile.npy"));
    return error.what();
  }
  return "no error";
}

TEST(Npy, ReadsWhatNumPyWrites) {
  const FloatMatrix matrix = read_npy_matrix(kData / "float32.npy");
  EXPECT_EQ(matrix.rows, 2U);
  EXPECT_THAT(matrix.values, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(read_npy(kData / "float64.npy").float64, ElementsAre(0.1, -0.2));
  EXPECT_EQ(read_npy_matrix(kData / "float64.npy").rows, 1U);
  const NpyArray integers = read_npy(kData / "int64.npy");
  EXPECT_THAT(integers.shape, ElementsAre(1, 1, 1));
  EXPECT_THAT(integers.int64, ElementsAre(-1099511627776));
  EXPECT_THAT(read_npy(kData / "version2.npy").float32, ElementsAre(0, 1, 2));
  EXPECT_THROW(read_npy_matrix(kData / "int64.npy"), InputError);
  EXPECT_THROW(read_npy(kData / "fortran.npy"), InputError);
  EXPECT_THROW(read_npy(kData / "float16.npy"), InputError);
}

TEST(Npy, WritesTheVeryBytesOfNumPy) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "x.npy";
  for (const char* name : {"float32.npy", "float64.npy", "int64.npy"}) {
    const NpyArray array = read_npy(kData / name);
    if (array.type == NpyType::kFloat32) write_npy(path, array.float32, array.shape);
    if (array.type == NpyType::kFloat64) write_npy(path, array.float64, array.shape);
    if (array.type == NpyType::kInt64) write_npy(path, array.int64, array.shape);
    EXPECT_EQ(read_file(path), read_file(kData / name)) << name;
  }
  EXPECT_THROW(write_npy(path, std::vector<float>{1}, {2}), InternalError);
  write_npy(path, std::vector<float>{5}, {});
  EXPECT_THAT(read_npy(path).float32, ElementsAre(5));
}

TEST(Npy, RefusesHostileHeaders) {
  const std::string four(4, '\0');
  EXPECT_EQ(error_of(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n", four)),
            "no error");
  EXPECT_EQ(error_of(npy("{\"shape\":(),\"fortran_order\":False,\"descr\":\"<f4\"}", four)),
            "no error");
  EXPECT_THAT(error_of(""), HasSubstr("not an npy"));
  EXPECT_THAT(error_of(std::string("\x93NUMPY\x04\x00xxxxxx", 14)), HasSubstr("version 4.0"));
  EXPECT_THAT(error_of(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12)),
              HasSubstr("4294967295"));
  EXPECT_THAT(error_of(npy("{   ")), HasSubstr("expected"));
  EXPECT_THAT(error_of(npy("{'descr")), HasSubstr("no end"));
  EXPECT_THAT(error_of(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", four)),
              HasSubstr(">f4"));
  EXPECT_THAT(error_of(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", four)),
              HasSubstr("|O"));
  EXPECT_THAT(error_of(npy("{'descr': '<f4', 'descr': '<f4'}")), HasSubstr("twice"));
  EXPECT_THAT(error_of(npy("{'descr': '<f4', 'fortran_order': False}")), HasSubstr("missing"));
  EXPECT_THAT(error_of(npy("{'descr': '<f4', 'fortran_order': Maybe, 'shape': ()}", four)),
              HasSubstr("True or False"));
  EXPECT_THAT(error_of(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", four)),
              HasSubstr("follows"));
  EXPECT_THAT(error_of(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", four)),
              HasSubstr("number"));
  EXPECT_THAT(error_of(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", four)),
              HasSubstr("does not match 4"));
  EXPECT_THAT(error_of(npy("{'descr': '<f4', 'fortran_order': False, 'shape': "
                           "(4294967296, 4294967296)}")),
              HasSubstr("does not match"));
  EXPECT_THAT(error_of(npy("{'descr': '<f4', 'fortran_order': False, 'shape': "
                           "(99999999999999999999999999,)}")),
              HasSubstr("too large"));
  std::string many;
  for (int i = 0; i < 40; ++i) many += "1,";
  EXPECT_THAT(
      error_of(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (" + many + ")}", four)),
      HasSubstr("32"));
}

}  // namespace
}  // namespace epicrisis
