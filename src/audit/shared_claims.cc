#include "audit/shared_claims.h"

namespace epicrisis::audit {
namespace {

ClaimKey key_of(const Json& claim) {
  return {claim.at("kind"), claim.at("value"), claim.at("polarity") == "denied"};
}

}  // namespace

void SharedClaims::add(const NoteReading& reading) {
  std::set<ClaimKey> keys;
  for (const Claim& claim : reading.claims) keys.insert(key_of(claim));
  add(keys);
}

void SharedClaims::add(const Json& claims) {
  std::set<ClaimKey> keys;
  for (const Json& claim : claims) keys.insert(key_of(claim));
  add(keys);
}

void SharedClaims::add(const std::set<ClaimKey>& keys) {
  ++notes_;
  for (const ClaimKey& key : keys) ++counts_[key];
}

void SharedClaims::mark(Json& claims) const {
  for (Json& claim : claims) {
    if (const auto share = share_of(key_of(claim))) claim["shared"] = *share;
  }
}

std::optional<double> SharedClaims::share_of(const ClaimKey& key) const {
  if (notes_ < 2) return std::nullopt;
  const auto found = counts_.find(key);
  // A claim of none of them was made of a changed note: no other shares it.
  const std::size_t with = found == counts_.end() ? 0 : found->second - 1;
  return static_cast<double>(with) / static_cast<double>(notes_ - 1);
}

}  // namespace epicrisis::audit
