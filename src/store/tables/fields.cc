#include "epicrisis/store/tables/fields.h"

#include <algorithm>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/ledger.h"

namespace epicrisis {
namespace {

constexpr std::string_view kName = "field";
constexpr std::string_view kText = "field-toml";

}  // namespace

std::optional<Field> settled_field(Database& database) {
  if (const std::optional<std::string> text = find_setting(database, kText)) {
    return Field::parse(*text, database.path().string() + ": field");
  }
  if (const std::optional<std::string> name = find_setting(database, kName)) {
    return Field::load(*name);
  }
  if (database.query_integer("SELECT 1 FROM datasets LIMIT 1")) return Field::standard();
  return std::nullopt;
}

Field workspace_field(Database& database) {
  return settled_field(database).value_or(Field::standard());
}

void settle_field(Database& database, const Field& field) {
  Transaction transaction(database);
  if (const std::optional<Field> settled = settled_field(database)) {
    if (settled->name() != field.name()) {
      throw UsageError(
          "{} is a workspace of the field '{}' ({}); '{}' ({}) does not go into it. Take another "
          "workspace for that",
          database.path().string(), settled->name(), settled->class_names(), field.name(),
          field.class_names());
    }
    if (!field.continues(*settled)) {
      throw UsageError(
          "{} has samples of the field '{}' with the classes {}; its file now has {}. Classes keep "
          "their order, new ones go to the end",
          database.path().string(), field.name(), settled->class_names(), field.class_names());
    }
  }
  keep_field(database, field);
  transaction.commit();
}

void keep_field(Database& database, const Field& field) {
  const std::vector<std::string> built_in = Field::names();
  if (find_setting(database, kName) != field.name()) put_setting(database, kName, field.name());
  if (std::ranges::find(built_in, field.name()) == built_in.end() &&
      find_setting(database, kText) != field.toml()) {
    put_setting(database, kText, field.toml());
  }
}

}  // namespace epicrisis
