#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "epicrisis/audit/claims.h"
#include "epicrisis/core/json.h"

namespace epicrisis::audit {

// What two claims have in common that say the same: kind, value, whether denied.
using ClaimKey = std::tuple<std::string, std::string, bool>;
inline ClaimKey key_of(const Claim& claim) { return {claim.kind, claim.value, claim.denied}; }

// The claims of several notes of one sample, of one strategy: variants, and notes of several
// models.
class SharedClaims {
 public:
  void add(const NoteReading& reading);
  void add(const Json& claims);  // those of an audit: docs/formats/audits.md
  std::size_t notes() const { return notes_; }
  // Of the other notes, the share that makes this claim of one of them too. Nothing where there is
  // no other.
  std::optional<double> share(const Claim& claim) const { return share_of(key_of(claim)); }
  // Puts it into each claim of an audit, as member "shared"; nothing where there is no other note.
  void mark(Json& claims) const;

 private:
  void add(const std::set<ClaimKey>& keys);
  std::optional<double> share_of(const ClaimKey& key) const;
  std::size_t notes_ = 0;
  std::map<ClaimKey, std::size_t> counts_;  // notes
};

}  // namespace epicrisis::audit
