#include "epicrisis/text/lexicon.h"

#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/random.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/text/words.h"
#include "support/shared_data.h"

namespace epicrisis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "dots", or "-dots" where it is negated, in order of the text.
std::vector<std::string> mentions(std::string_view text) {
  std::vector<std::string> names;
  for (const ConceptMention& mention : Lexicon::built_in().mentions(text)) {
    names.push_back((mention.negated ? "-" : "") +
                    Lexicon::built_in().concepts().at(mention.concept_index).id);
  }
  return names;
}

std::vector<std::string> concepts(std::string_view text) {
  std::vector<std::string> names;
  for (const FoundConcept& found : Lexicon::built_in().find_concepts(text)) {
    names.push_back((found.negated ? "-" : "") +
                    Lexicon::built_in().concepts().at(found.concept_index).id);
  }
  return names;
}

std::string error_of(const std::string& toml) {
  try {
    Lexicon::parse(toml, "l.toml");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Lexicon, CoversTheMethodsOptionsAndClasses) {
  for (const char* option : {"symmetric",
                             "asymmetric",
                             "sharp",
                             "indistinct",
                             "border: mixed",
                             "white",
                             "red",
                             "light brown",
                             "dark brown",
                             "blue-gray",
                             "black",
                             "structureless areas",
                             "pigment network",
                             "branched streaks",
                             "dots",
                             "globules",
                             "macule",
                             "papule",
                             "nodule",
                             "plaque",
                             "ulcer",
                             "cyst",
                             "vesicle",
                             "bulla",
                             "benign",
                             "malignant",
                             "pre-cancerous"}) {
    EXPECT_EQ(mentions(option).size(), 1U) << option;
  }
  std::set<std::string> labels;
  for (const Concept& entry : Lexicon::built_in().concepts()) {
    EXPECT_EQ(entry.label.empty(), entry.group != "diagnosis") << entry.id;
    if (!entry.label.empty()) labels.insert(entry.label);
    for (const std::string& form : entry.forms) {
      EXPECT_THAT(mentions(form), ElementsAre(entry.id)) << form;
    }
  }
  EXPECT_THAT(labels, ElementsAre("ACK", "BCC", "BEK", "DF", "MEL", "NEV", "SCC", "VASC"));
}

TEST(Lexicon, WordsHaveBoundaries) {
  EXPECT_THAT(mentions("infrared redness tanned dotted anecdotal"), IsEmpty());
  EXPECT_THAT(mentions("red,red.(red)\"red\"red-brown"),
              ElementsAre("red", "red", "red", "red", "red", "brown"));
  EXPECT_THAT(mentions("MEL"), IsEmpty());
}

TEST(Lexicon, TheLongestFormCountsAlone) {
  EXPECT_THAT(mentions("dark brown"), ElementsAre("dark brown"));
  EXPECT_THAT(mentions("dark, brown"), ElementsAre("brown"));
  EXPECT_THAT(mentions("a blue-white veil"), ElementsAre("blue-white veil"));
  EXPECT_THAT(mentions("basal cell\ncarcinoma"), ElementsAre("basal cell carcinoma"));
  EXPECT_THAT(mentions("basal cell. Carcinoma"), IsEmpty());
  EXPECT_THAT(mentions("squamous cell carcinoma in situ"), ElementsAre("Bowen disease"));
  EXPECT_THAT(mentions("a malignant melanoma"), ElementsAre("malignant", "melanoma"));
}

TEST(Lexicon, FormsWithAnotherMeaningAreNoMentions) {
  EXPECT_THAT(mentions("a millimetre scale, a scale bar; white scale"),
              ElementsAre("white", "scale"));
}

TEST(Lexicon, CaseAccentsHyphensAndPlurals) {
  EXPECT_THAT(mentions("SEBORRHEIC KERATOSES"), ElementsAre("seborrheic keratosis"));
  EXPECT_THAT(mentions("h\u00e9mangioma Mela\u0301noma"), ElementsAre("hemangioma", "melanoma"));
  EXPECT_THAT(mentions("blue/gray blue\u2010grey Blue  GRAY"),
              ElementsAre("blue-gray", "blue-gray", "blue-gray"));
  EXPECT_THAT(mentions("Bowen\u2019s disease and Bowen disease"),
              ElementsAre("Bowen disease", "Bowen disease"));
  EXPECT_THAT(mentions("patches, papules, ulcers, nevi, lacunae, malignancies"),
              ElementsAre("patch", "papule", "ulcer", "melanocytic nevus", "lacunae", "malignant"));
  EXPECT_THAT(mentions("mela\u00adnoma g\u200blobule"), ElementsAre("melanoma", "globules"));
}

TEST(Lexicon, SpellingsAreOneWord) {
  EXPECT_THAT(
      mentions("seborrhoeic keratosis, haemangioma, grey, naevi, assymetric"),
      ElementsAre("seborrheic keratosis", "hemangioma", "gray", "melanocytic nevus", "asymmetric"));
  const std::string good = "[[concept]]\nid = \"a\"\ngroup = \"g\"\nforms = [\"x\"]\n";
  EXPECT_EQ(error_of(good + "[spelling]\nx = [\"y\"]\n"), "");
  EXPECT_THAT(error_of(good + "[spelling]\nx = [\"y z\"]\n"), HasSubstr("one word"));
  EXPECT_THAT(error_of(good + "[spelling]\nx = [\"y\"]\nz = [\"y\"]\n"), HasSubstr("one word"));
}

TEST(Lexicon, SeveralFilesAreOneLexicon) {
  const TomlTable first =
      TomlTable::parse("[[concept]]\nid = \"a\"\ngroup = \"g\"\nforms = [\"x\"]\n", "a.toml");
  const TomlTable second = TomlTable::parse(
      "[[concept]]\nid = \"b\"\ngroup = \"mark\"\nforms = [\"not y\"]\nwithin = [\"a\"]\n"
      "[negation]\nbefore = [\"not\", \"not y\"]\n",
      "b.toml");
  const Lexicon lexicon = Lexicon::of({first, second});
  const LexiconReading reading = lexicon.read("Not y x, not x.");
  ASSERT_EQ(reading.mentions.size(), 3U);
  EXPECT_EQ(reading.mentions[0].concept_index, lexicon.index_of("b"));
  EXPECT_EQ(reading.mentions[0].end_word, 2U);
  EXPECT_TRUE(reading.mentions[2].negated);
  EXPECT_EQ(reading.words.size(), 5U);
  EXPECT_EQ(lexicon.concepts()[1].value, "b");
  EXPECT_THAT(lexicon.concepts()[1].within, ElementsAre("a"));
}

TEST(Lexicon, PlacesAreBytesOfTheText) {
  const std::string text = "\u00e9\u00e9 Pigment  Networks.";
  const auto found = Lexicon::built_in().mentions(text);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(text.substr(found[0].begin, found[0].end - found[0].begin), "Pigment  Networks");
}

struct Case {
  const char* text;
  std::vector<std::string> mentions;
};

TEST(Lexicon, Negation) {
  const std::vector<Case> cases = {
      {"No pigment network, branched streaks, dots or globules.",
       {"-pigment network", "-streaks", "-dots", "-globules"}},
      {"Branched streaks, dots and globules are absent.", {"-streaks", "-dots", "-globules"}},
      {"Branched streaks are not seen.", {"-streaks"}},
      {"Dots without globules.", {"dots", "-globules"}},
      {"No network but dots.", {"-pigment network", "dots"}},
      {"No network is seen, and dots are present.", {"-pigment network", "dots"}},
      {"A network is present, dots are absent.", {"pigment network", "-dots"}},
      {"Network present, dots absent", {"pigment network", "-dots"}},
      {"Dots are absent, globules brown.", {"-dots", "globules", "brown"}},
      {"No dots. Globules.", {"-dots", "globules"}},
      {"No dots; globules", {"-dots", "globules"}},
      {"No dots\nGlobules", {"-dots", "globules"}},
      {"No dots in 5.0 mm, no globules", {"-dots", "-globules"}},
      {"No dots in the lower 5.5 of it nor globules", {"-dots", "-globules"}},
      {"Dots: absent. Globules: present.", {"-dots", "globules"}},
      {"Dots: none\nGlobules: no\nBrown", {"-dots", "-globules", "brown"}},
      {"Absent: dots, globules. Brown.", {"-dots", "-globules", "brown"}},
      {"dots (no globules), brown", {"dots", "-globules", "brown"}},
      {"no dots (brown) or globules", {"-dots", "brown", "-globules"}},
      {"Dots and globules (brown) are absent", {"-dots", "-globules", "brown"}},
      {"No hairs: dots", {"dots"}},
      {"Dots: globules are absent", {"dots", "-globules"}},
      {"not a melanoma", {"-melanoma"}},
      {"not consistent with melanoma", {"-melanoma"}},
      {"consistent with melanoma", {"melanoma"}},
      {"melanoma cannot be excluded", {"melanoma"}},
      {"melanoma is excluded", {"-melanoma"}},
      {"a nevus rather than a melanoma", {"melanocytic nevus", "-melanoma"}},
      {"not only dots", {"dots"}},
      {"no doubt a melanoma", {"melanoma"}},
      {"non-melanoma, benign", {"-melanoma", "benign"}},
      {"The lesion is not symmetric.", {"-symmetric"}},
      {"lack of symmetry", {"asymmetric"}},
      {"A lesion lacking pigment network", {"-pigment network"}},
      {"Neither dots nor globules.", {"-dots", "-globules"}},
      {"D) Structures: structureless areas. No pigment network.",
       {"structureless area", "-pigment network"}},
      {"without ulceration, with crust", {"-ulceration", "crust"}},
      {"The lesion does not show a pigment network.", {"-pigment network"}},
      {"It doesn\u2019t clearly show streaks.", {"-streaks"}},
      {"The lesion does not have dots or globules.", {"-dots", "-globules"}},
      {"It has no network and has dots.", {"-pigment network", "dots"}},
      {"No visible vessels, dots or globules.", {"-vessels", "-dots", "-globules"}},
      {"Dots cannot be reliably identified.", {"-dots"}},
      {"Dots are not really clearly visible.", {"-dots"}},
      {"The network isn't visible.", {"-pigment network"}},
      {"There aren't any dots.", {"-dots"}},
      {"Dots and globules are lacking.", {"-dots", "-globules"}},
      {"No network, only a structureless area", {"-pigment network", "structureless area"}},
      {"None of the dots", {"-dots"}},
      {"The border is not well-defined.", {"-sharp border"}},
      {"Melanoma is unlikely.", {"-melanoma"}},
      {"Melanoma must be ruled out.", {"melanoma"}},
      {"Melanoma has not been excluded.", {"melanoma"}},
      {"Melanoma can't be completely excluded.", {"melanoma"}},
      {"This does not rule out melanoma.", {"melanoma"}},
      {"A nodule with or without ulceration", {"nodule", "ulceration"}},
  };
  for (const Case& one : cases) EXPECT_EQ(mentions(one.text), one.mentions) << one.text;
}

TEST(Lexicon, HeadingsAskAndStateNothing) {
  EXPECT_THAT(mentions("A) Asymmetry: symmetric \u2013 round"), ElementsAre("symmetric"));
  EXPECT_THAT(mentions("4) Symmetry: the lesion is asymmetric in shape."),
              ElementsAre("asymmetric"));
  EXPECT_THAT(mentions("Asymmetry or symmetry: asymmetric"), ElementsAre("asymmetric"));
  EXPECT_THAT(mentions("Asymmetry: none."), ElementsAre("-asymmetric"));
  EXPECT_THAT(mentions("Asymmetry: present. Symmetric otherwise."),
              ElementsAre("asymmetric", "symmetric"));
  EXPECT_THAT(mentions("Marked asymmetry. Symmetric"), ElementsAre("asymmetric", "symmetric"));
  EXPECT_THAT(mentions("Pigment network: dots"), ElementsAre("pigment network", "dots"));
}

TEST(Lexicon, AConceptIsNegatedIfEveryMentionIs) {
  EXPECT_THAT(concepts("No dots. Dots. No globules, no globules."),
              ElementsAre("dots", "-globules"));
}

TEST(Lexicon, AnyBytesAreTaken) {
  EXPECT_THAT(mentions(""), IsEmpty());
  EXPECT_THAT(mentions("red\xff"
                       "blue\xc3"),
              ElementsAre("red", "blue"));
  EXPECT_THAT(mentions(")))(((no dots"), ElementsAre("-dots"));
  EXPECT_THAT(mentions("\u0301\u0301 red"), ElementsAre("red"));
  Random random(5);
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (std::uint64_t n = random.below(60); n > 0; --n) {
      static const std::vector<std::string> kParts = {
          "isn't ", "clearly ",  "no ",   "dots",   " absent", ":",        ".",
          "(",      ")",         "\n",    "\xff",   "\u0301",  "not seen", " ",
          "is ",    "asymmetry", "light", " brown", "-",       "non"};
      text += kParts[random.below(kParts.size())];
    }
    std::size_t last = 0;
    for (const ConceptMention& mention : Lexicon::built_in().mentions(text)) {
      ASSERT_LE(last, mention.begin) << dump_json(text);
      ASSERT_LT(mention.begin, mention.end) << dump_json(text);
      ASSERT_LE(mention.end, text.size()) << dump_json(text);
      last = mention.end;
    }
  }
}

// A cue scans a bounded number of words, so that a text of nothing but cues is no trap.
TEST(Lexicon, LongHostileTextsAreReadInLinearTime) {
  std::string text;
  while (text.size() < 2'000'000) text += "no absent isn't clearly asymmetry: ((";
  EXPECT_FALSE(Lexicon::built_in().mentions(text).empty());
}

TEST(Lexicon, ErrorsNameFileAndLine) {
  const std::string good = "[[concept]]\nid = \"a\"\ngroup = \"g\"\nforms = [\"x y\"]\n";
  ASSERT_EQ(error_of(good), "");
  EXPECT_THAT(error_of(good + good), HasSubstr("l.toml:6"));
  EXPECT_THAT(error_of(good + "[[concept]]\nid = \"b\"\ngroup = \"g\"\nforms = [\"X-Y\"]\n"),
              testing::AllOf(HasSubstr("l.toml:8"), HasSubstr("'a'")));
  EXPECT_THAT(error_of("[[concept]]\nid = \"a\"\ngroup = \"g\"\nforms = []\n"),
              HasSubstr("no forms"));
  EXPECT_THAT(error_of("[[concept]]\nid = \"a\"\ngroup = \"g\"\nforms = [\"-\"]\n"),
              HasSubstr("l.toml:4"));
  EXPECT_THAT(error_of(good + "[negation]\nbefor = [\"no\"]\n"), HasSubstr("l.toml:6"));
  EXPECT_THAT(error_of(good + "[negation]\nbefore = [\"x y\"]\n"), HasSubstr("l.toml:6"));
}

// The notes of a language model that was given diagnosis and malignancy and had to state them.
TEST(Lexicon, FindsWhatRealNotesState) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const std::map<std::string, std::string> malignancies = {
      {"benign", "benign"}, {"malignant", "malignant"}, {"pre-cancerous", "pre-cancerous"}};
  std::ifstream file(test::shared_folder() / "notes/vlm_notes.jsonl");
  std::string line;
  int notes = 0, diagnoses = 0, stated_malignancy = 0, one_symmetry = 0, of_p1 = 0;
  while (std::getline(file, line)) {
    const Json note = parse_json(line, "vlm_notes.jsonl");
    if (!note.contains("given")) continue;
    ++notes;
    const std::vector<std::string> found = concepts(note.at("note").get<std::string>());
    const auto has = [&](const std::string& id) { return std::ranges::count(found, id) > 0; };
    const std::vector<std::string> given =
        concepts(note.at("given").at("diagnosis").get<std::string>());
    ASSERT_FALSE(given.empty()) << note.at("given");
    if (has(given.front())) ++diagnoses;
    const std::string malignancy = note.at("given").at("malignancy");
    if (has(malignancies.at(malignancy))) {
      ++stated_malignancy;
    } else {
      ADD_FAILURE() << malignancy << " not in " << note.at("note");
    }
    if (note.at("strategy") == "P1") {
      ++of_p1;
      one_symmetry += (has("symmetric") ? 1 : 0) + (has("asymmetric") ? 1 : 0) == 1 ? 1 : 0;
    }
  }
  EXPECT_EQ(notes, 240);
  EXPECT_EQ(diagnoses, 240);
  EXPECT_EQ(stated_malignancy, 240);
  EXPECT_EQ(of_p1, 120);
  EXPECT_GE(one_symmetry, 115);  // P1 chooses one of the two
}

}  // namespace
}  // namespace epicrisis
