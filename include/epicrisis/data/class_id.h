#pragma once

#include <compare>

namespace epicrisis {

// A class of a field by its place in the field's file, from 0. What it is called, the Field says;
// the number alone means nothing without it.
class ClassId {
 public:
  constexpr explicit ClassId(int index) : index_(index) {}
  constexpr int index() const { return index_; }
  constexpr auto operator<=>(const ClassId&) const = default;  // NOLINT(modernize-use-nullptr)

 private:
  int index_;
};

}  // namespace epicrisis
