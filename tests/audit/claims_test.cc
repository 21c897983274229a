#include "epicrisis/audit/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "epicrisis/core/random.h"
#include "epicrisis/core/toml.h"
#include "support/shared_data.h"

namespace epicrisis::audit {
namespace {

const ClaimReader& reader() {
  static const ClaimReader reader(Field::standard());
  return reader;
}

Path data_file(const char* name) { return Path(EPICRISIS_SOURCE_DIR) / "tests/audit" / name; }

// What a case states of a key, as text; "nothing" where the reading has none.
std::string as_text(const Json& value) {
  return value.is_string() && value.get<std::string>().empty() ? "null" : value.dump();
}

TEST(Claims, CasesThatClinicianCanExtend) {
  const TomlTable file = TomlTable::parse_file(data_file("claim_cases.toml"));
  int checked = 0;
  for (const TomlTable& one : file.tables_or_empty("case")) {
    const std::string note = one.string("note");
    const Json read = guide_keys(reader().read(note), Field::standard());
    const Json expected = one.to_json();
    for (const auto& [key, value] : expected.items()) {
      if (key == "note") continue;
      ASSERT_TRUE(read.contains(key)) << one.place(key) << ": there is no key " << key;
      EXPECT_EQ(as_text(read.at(key)), as_text(value))
          << one.place(key) << " " << key << ": " << note;
      ++checked;
    }
  }
  EXPECT_GT(checked, 100);
}

TEST(Claims, SpansAreBytesOfTheNote) {
  const std::string note = "\u00c9\u00e9: a dark brown melanoma, 65-year-old woman.";
  std::vector<std::string> spans;
  for (const Claim& claim : reader().read(note).claims) {
    spans.push_back(note.substr(claim.begin, claim.end - claim.begin));
  }
  EXPECT_THAT(spans, testing::ElementsAre("dark brown", "melanoma", "65-year-old", "woman"));
}

TEST(Claims, SelfContradictions) {
  const auto contradicts = [](std::string_view note) {
    return !reader().read(note).self_contradictions.empty();
  };
  EXPECT_TRUE(contradicts("The lesion is a melanoma. The lesion is a dermatofibroma."));
  EXPECT_TRUE(contradicts("The lesion is benign. The lesion is malignant."));
  EXPECT_TRUE(contradicts("A melanoma. The lesion is benign."));
  EXPECT_FALSE(contradicts("A melanoma. The lesion is malignant."));
  EXPECT_FALSE(contradicts("A nevus, not a melanoma."));
  EXPECT_FALSE(contradicts("Bowen disease, a malignancy in situ."));
  EXPECT_FALSE(contradicts("A nevus. Melanoma cannot be excluded."));
}

TEST(Claims, SelfContradictionsOfTheLook) {
  const auto rules = [](std::string_view note) {
    std::vector<std::string> rules;
    for (const SelfContradiction& one : reader().read(note).self_contradictions) {
      EXPECT_FALSE(one.major) << note;
      rules.push_back(one.rule);
    }
    return rules;
  };
  using testing::ElementsAre;
  using testing::IsEmpty;
  for (const char* note :
       {"The lesion is symmetrical. Its border is sharp. The lesion is asymmetric.",
        "The lesion is asymmetrical.\nAsymmetry: symmetric",
        "Asymmetry: none.\nThe shape of the "
        "spot is round. The lesion shows marked asymmetry."}) {
    EXPECT_THAT(rules(note), ElementsAre("symmetric and asymmetric")) << note;
  }
  for (const char* note : {"A papule with an irregular border. The border is regular.",
                           "The edges are smooth. The edges are jagged and the center is red."}) {
    EXPECT_THAT(rules(note), ElementsAre("two borders")) << note;
  }
  for (const char* note :
       {"There is a pigment network. Dots are seen. There is no pigment network.",
        "No dots or globules. Dots are seen. Two globules are there: they are brown."}) {
    EXPECT_THAT(rules(note), Not(IsEmpty())) << note;
  }
  for (const char* note :
       {"The shape is almost symmetric. The pigment distribution is asymmetric.",
        "The lesion is symmetric in shape. It is asymmetric in color.",
        "Neither symmetric nor asymmetric.", "The lesion may be symmetric. It is asymmetric.",
        "The border is regular. At the left the border is irregular.",
        "Mostly regular border. The border is irregular.",
        "The surface is smooth, the border irregular. Its color is even and margins fade.",
        "A network-like lentigo. No typical network.", "No network. Red net-like vessels.",
        "No network in the center. A pigment network is seen.",
        "No scale. The surrounding skin shows scale.",
        "No visible network, though a network may be hidden."}) {
    EXPECT_THAT(rules(note), IsEmpty()) << note;
  }
}

TEST(Claims, WhoIsNamed) {
  const auto persons = [](std::string_view note) {
    std::vector<std::string> values;
    for (const Claim& claim : reader().read(note).claims) {
      if (claim.kind == "persons") values.push_back(claim.value);
    }
    return values;
  };
  using testing::ElementsAre;
  using testing::IsEmpty;
  EXPECT_THAT(persons("Seen by Dr. Smith on 12/03/2020."), ElementsAre("name", "date"));
  EXPECT_THAT(persons("Mrs Miller has a nevus."), ElementsAre("name"));
  EXPECT_THAT(persons("Follow-up on March 3, 2021."), ElementsAre("date"));
  EXPECT_THAT(persons("2021-03-04"), ElementsAre("date"));
  EXPECT_THAT(persons("Write to a.b@example.org."), ElementsAre("address"));
  EXPECT_THAT(persons("Number 123456789."), ElementsAre("identifier"));
  EXPECT_THAT(persons("It may be 8.0 x 5.0 mm; 65-year-old woman, 3 to 4 dots."), IsEmpty());
}

TEST(Claims, TestResultsAreNoAdvice) {
  const auto kinds = [](std::string_view note) {
    std::set<std::string> kinds;
    for (const Claim& claim : reader().read(note).claims) kinds.insert(claim.kind);
    return kinds;
  };
  EXPECT_TRUE(kinds("Histology showed clear margins.").contains("test results"));
  EXPECT_TRUE(kinds("A BRAF mutation was detected.").contains("test results"));
  EXPECT_FALSE(kinds("Histology is recommended.").contains("test results"));
  EXPECT_TRUE(kinds("Histology is recommended.").contains("advice"));
  EXPECT_FALSE(kinds("Excision for histological confirmation.").contains("test results"));
}

TEST(Claims, AnyBytesAreReadInLinearTime) {
  const std::vector<std::string> texts = {"",
                                          "x",
                                          "\xff\xfe",
                                          std::string(1 << 20, '('),
                                          std::string(1 << 20, ')'),
                                          std::string(1 << 20, 'a'),
                                          "\u202e\u2066melanoma\u2069 <b>nevus</b>",
                                          "\u75c5\u53d8\u4e3a\u826f\u6027"};
  for (const std::string& text : texts) EXPECT_LE(reader().read(text).claims.size(), 4U);
  std::string repeated;
  while (repeated.size() < 500'000) {
    repeated +=
        "no asymmetric red border on the skin probably like melanoma of 65 mm x and or to (";
  }
  const NoteReading reading = reader().read(repeated);
  EXPECT_FALSE(reading.claims.empty());
}

TEST(Claims, SpansAreInOrderWhateverIsRead) {
  static const std::vector<std::string> kParts = {
      "melanoma ", "no ",        "nevus ",   "or ",       "red ", "skin ", "to ",   "light ",
      "brown ",    "border ",    "sharp ",   ", ",        ". ",   ": ",    "(",     ")",
      "65 ",       "year ",      "old ",     "mm ",       "she ", "back ", "on ",   "the ",
      "likely ",   "\n",         "exclude ", "Asymmetry", "Dr ",  "may ",  "2020 ", "growth ",
      "with ",     "12/3/2020 ", "aged ",    "\xff"};
  Random random(7);
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (std::uint64_t n = random.below(40); n > 0; --n)
      text += kParts[random.below(kParts.size())];
    std::size_t last = 0;
    for (const Claim& claim : reader().read(text).claims) {
      ASSERT_LE(last, claim.begin) << text;
      ASSERT_LT(claim.begin, claim.end) << text;
      ASSERT_LE(claim.end, text.size()) << text;
      ASSERT_FALSE(claim.kind.empty()) << text;
      last = claim.begin;
    }
  }
}

// A field that has no words of its own is read by its classes' words.
TEST(Claims, OfAnotherField) {
  const Field field = Field::load("chest_xray");
  const ClaimReader chest(field);
  const NoteReading reading =
      chest.read("The image shows probable pneumonia in a 60-year-old man.");
  ASSERT_TRUE(reading.diagnosis.has_value());
  EXPECT_EQ(field.at(*reading.diagnosis).name, "PNEU");
  EXPECT_TRUE(reading.diagnosis_hedged);
}

// Real notes that a vision-language model wrote without metadata; each names one class.
TEST(Claims, TheClassOfRealNotes) {
  EPICRISIS_NEEDS_SHARED_DATA();
  std::ifstream file(test::shared_folder() / "notes/ham10000_train_notes.jsonl");
  std::string line;
  int notes = 0, found = 0;
  while (std::getline(file, line)) {
    const Json note = parse_json(line, "notes");
    if (note.at("strategy") != "P3") continue;
    ++notes;
    const NoteReading reading = reader().read(note.at("note").get<std::string>());
    if (reading.diagnosis && !reading.grade.empty()) ++found;
  }
  EXPECT_EQ(notes, 1038);
  EXPECT_GE(found, notes * 97 / 100);
}

}  // namespace
}  // namespace epicrisis::audit
