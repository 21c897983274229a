#pragma once

#include <string>

#include "epicrisis/core/json.h"

namespace epicrisis {

// "" if the value meets the schema, else where and why not: "$.border: 'round' is none of sharp,
// indistinct, mixed". Understands type, enum, const, properties, required, additionalProperties,
// items, minItems, maxItems, uniqueItems, minLength, maxLength, minimum, maximum.
std::string schema_violation(const Json& schema, const Json& value);

// The schema without the keywords that servers with strict schemas refuse (uniqueItems, minLength,
// maxLength): what goes into a request. Answers are held against the whole schema.
Json portable_schema(const Json& schema);

}  // namespace epicrisis
