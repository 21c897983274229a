#include "epicrisis/core/hash.h"

#include <openssl/evp.h>

#include <array>
#include <memory>

#include "core/hex.h"
#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

class Digest {
 public:
  explicit Digest(const EVP_MD* kind) : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), kind, nullptr) == 1);
  }

  void add(std::string_view bytes) {
    check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }

  std::string hex() {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    check(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
    return hex_of(std::span(digest).first(size));
  }

 private:
  static void check(bool ok) {
    if (!ok) throw InternalError("hashing: OpenSSL failed");
  }

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  Digest hash(EVP_sha256());
  hash.add(bytes);
  return hash.hex();
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  return sha256_hex(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::string git_blob_hex(std::span<const std::byte> bytes) {
  Digest hash(EVP_sha1());
  hash.add("blob " + std::to_string(bytes.size()) + std::string(1, '\0'));
  hash.add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return hash.hex();
}

std::string sha256_of_fields(std::initializer_list<std::string_view> fields) {
  Digest hash(EVP_sha256());
  for (const std::string_view field : fields) {
    std::array<char, 8> length{};  // little-endian on every machine: the hash is stored
    for (std::size_t i = 0; i < length.size(); ++i) {
      length[i] = static_cast<char>((std::uint64_t{field.size()} >> (8 * i)) & 0xFF);
    }
    hash.add({length.data(), length.size()});
    hash.add(field);
  }
  return hash.hex();
}

std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return hash;
}

}  // namespace epicrisis
