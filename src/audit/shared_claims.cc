#include "audit/shared_claims.h"

namespace epicrisis::audit {

void SharedClaims::add(const NoteReading& reading) {
  std::set<Key> keys;
  for (const Claim& claim : reading.claims) keys.insert(key_of(claim));
  add(keys);
}

void SharedClaims::add(const Json& claims) {
  std::set<Key> keys;
  for (const Json& claim : claims) keys.insert(key_of(claim));
  add(keys);
}

void SharedClaims::add(const std::set<Key>& keys) {
  ++notes_;
  for (const Key& key : keys) ++counts_[key];
}

SharedClaims::Key SharedClaims::key_of(const Json& claim) {
  return {claim.at("kind"), claim.at("value"), claim.at("polarity") == "denied"};
}

void SharedClaims::mark(Json& claims) const {
  for (Json& claim : claims) {
    if (const auto share = share_of(key_of(claim))) claim["shared"] = *share;
  }
}

std::optional<double> SharedClaims::share_of(const Key& key) const {
  if (notes_ < 2) return std::nullopt;
  const auto found = counts_.find(key);
  // A claim of none of them was made of a changed note: no other shares it.
  const std::size_t with = found == counts_.end() ? 0 : found->second - 1;
  return static_cast<double>(with) / static_cast<double>(notes_ - 1);
}

}  // namespace epicrisis::audit
