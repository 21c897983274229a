// Errors planted into good notes: a generator swaps, negates, adds, drops and re-numbers facts, and
// keeps the truth. Results on planted errors do not tell those on natural ones (arXiv 2506.00448).

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "audit/sure_finding.h"
#include "epicrisis/audit/audit.h"
#include "epicrisis/core/random.h"
#include "epicrisis/core/strings.h"

namespace epicrisis::audit {
namespace {

using test::finding;

using Words = std::vector<std::string>;

struct ClassWords {
  std::string label;
  std::string grade;
  Words names;
  std::vector<Words> subclasses = {};  // the first of each as the metadata writes it
};

const std::vector<ClassWords>& classes() {
  static const std::vector<ClassWords> all = {
      {"NEV",
       "benign",
       {"melanocytic nevus", "benign mole", "naevus"},
       {{"dysplastic nevus", "atypical nevus", "Clark nevus"},
        {"blue nevus"},
        {"Spitz nevus", "Reed naevus"},
        {"congenital nevus", "congenital melanocytic naevus"},
        {"intradermal nevus", "dermal nevus"}}},
      {"MEL",
       "malignant",
       {"melanoma", "malignant melanoma"},
       {{"lentigo maligna"}, {"nodular melanoma"}, {"superficial spreading melanoma"}}},
      {"BCC", "malignant", {"basal cell carcinoma", "pigmented basal cell carcinoma"}},
      {"BEK",
       "benign",
       {"benign keratosis"},
       {{"seborrheic keratosis", "seborrhoeic keratosis"},
        {"solar lentigo", "senile lentigo"},
        {"lichen planus-like keratosis"}}},
      {"DF", "benign", {"dermatofibroma"}},
      {"VASC",
       "benign",
       {"vascular lesion"},
       {{"cherry angioma", "hemangioma", "haemangioma"},
        {"angiokeratoma"},
        {"pyogenic granuloma"}}},
      {"SCC", "malignant", {"squamous cell carcinoma"}},
      {"ACK", "pre-cancerous", {"actinic keratosis", "solar keratosis"}, {{"Bowen disease"}}}};
  return all;
}

// Sites whose words lie in no line with each other, and words for each.
const std::vector<Words>& sites() {
  static const std::vector<Words> all = {{"face", "cheek", "nose"}, {"back", "upper back"},
                                         {"leg", "thigh", "calf"},  {"forearm"},
                                         {"abdomen", "belly"},      {"neck"}};
  return all;
}

// A sentence on the look, and what is measured where it is so.
struct Look {
  std::string sentence;
  std::vector<MeasuredFinding> measured;
};

const std::vector<std::vector<Look>>& looks() {
  static const std::vector<std::vector<Look>> all = {
      {{"The border is sharp.", {finding("border", "sharp", true, "indistinct")}},
       {"The border is irregular and fades.", {finding("border", "sharp", false, "indistinct")}},
       {"Well-defined margins.", {finding("border", "sharp", true, "indistinct")}}},
      {{"Light to dark brown.",
        {finding("colours", "light brown", true), finding("colours", "dark brown", true)}},
       {"Reddish-brown with black dots.", {finding("colours", "red", true)}},
       {"The colour is pink and white, but not black.",
        {finding("colours", "white", true), finding("colours", "black", false)}}},
      {{"No pigment network, streaks or globules.",
        {finding("structures", "pigment network", false), finding("structures", "streaks", false)}},
       {"A pigment network and dots are seen.", {finding("structures", "pigment network", true)}},
       {"Structureless areas without a network.",
        {finding("structures", "pigment network", false)}}},
      {{"Asymmetric in shape.", {finding("asymmetry", "asymmetric", true, "symmetric")}},
       {"Fairly symmetric.", {finding("asymmetry", "asymmetric", false, "symmetric")}}}};
  return all;
}

// The kinds that are measured on pictures, and how a structured report heads them.
const std::vector<std::string> kLookKinds = {"asymmetry", "border", "colours", "structures"};
const Words kHeadings = {
    "A) Asymmetry: ", "B) Border: ", "C) Colours: ", "D) Dermoscopic structures: "};

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  // A note, its facts, and the kinds of error in it: none, or the one that was planted.
  struct Planted {
    std::string note;
    Facts facts;
    bool structured = false;  // a report under headings, to be held against P1
    std::string kind;         // "" for a good note
    std::set<std::string> expected;
    std::string also;  // what it may be flagged as besides: a class and a grade that do not fit
  };

  Planted next(const std::string& kind, const Strategy& p1) {
    Planted planted;
    planted.kind = kind;
    planted.structured = kind == "off list" || random_.below(3) == 0;
    Words sentences = {statement(planted)};
    if (planted.structured) {
      add_headings(planted, p1, sentences);
    } else {
      for (const std::vector<Look>& choices : looks()) {
        const Look& look = choices[random_.below(choices.size())];
        sentences.push_back(look.sentence);
        for (const MeasuredFinding& one : look.measured) planted.facts.measured.push_back(one);
      }
    }
    for (const std::string& one : kLookKinds) {
      if (kind != one) continue;
      planted.expected = {kind};
      for (MeasuredFinding& measured : planted.facts.measured) {
        if (measured.kind == kind) measured.strength = 1 - measured.strength;
      }
    }
    add_sentence(planted, sentences);
    planted.note = join(sentences, planted.structured ? "\n" : " ");
    return planted;
  }

 private:
  const std::string& pick(const Words& all) { return all[random_.below(all.size())]; }

  // Words for a class, or for one of its subclasses; -1: none.
  std::string name_of(const ClassWords& of, int subclass) {
    if (subclass < 0 || random_.below(3) == 0) return pick(of.names);
    return pick(of.subclasses[static_cast<std::size_t>(subclass)]);
  }
  int any_subclass(const ClassWords& of) {
    return of.subclasses.empty() || random_.below(2) == 0
               ? -1
               : static_cast<int>(random_.below(of.subclasses.size()));
  }

  // "upper back", "left cheek", "right side of the neck", "forearm (left)".
  std::string place_in_words(std::size_t site, const std::string& side) {
    std::string place = pick(sites()[site]);
    if (side.empty()) return place;
    switch (random_.below(4)) {
      case 0:
        return fmt::format("{} ({})", place, side);
      case 1:
        return fmt::format("{} side of the {}", side, place);
      default:
        return fmt::format("{} {}", side, place);
    }
  }

  // Class, grade, site, age and sex, in a sentence or two; what was planted among them.
  std::string statement(Planted& planted) {
    const std::string& kind = planted.kind;
    // The last class is the only one of its grade: it has no other to be swapped with.
    const ClassWords* truth = nullptr;
    do {
      truth = &classes()[random_.below(classes().size() - (kind == "diagnosis" ? 1 : 0))];
    } while (kind == "subclass" && truth->subclasses.size() < 2);
    int subclass = any_subclass(*truth);
    if (kind == "subclass") subclass = static_cast<int>(random_.below(truth->subclasses.size()));
    std::string name = name_of(*truth, subclass);
    if (kind == "diagnosis") {
      const ClassWords* said = nullptr;
      do {
        said = &classes()[random_.below(classes().size())];
      } while (said->label == truth->label || said->grade != truth->grade);
      name = name_of(*said, any_subclass(*said));
      planted.expected = {"diagnosis"};
    }
    if (kind == "subclass") {
      const std::size_t others = truth->subclasses.size() - 1;
      const std::size_t other = static_cast<std::size_t>(subclass) + 1 + random_.below(others);
      name = pick(truth->subclasses[other % truth->subclasses.size()]);
      planted.expected = {"subclass"};
    }
    std::string grade = truth->grade;
    if (kind == "malignancy") {
      grade = truth->grade == "benign" ? "malignant" : "benign";
      planted.expected = {"malignancy"};
      planted.also = "self contradiction";
    }
    const std::size_t site = random_.below(sites().size());
    std::size_t said_site = site;
    if (kind == "site") {
      said_site = (site + 1 + random_.below(sites().size() - 1)) % sites().size();
      planted.expected = {"site"};
    }
    std::string side;
    if (kind == "side" || random_.below(2) == 0) side = pick({"left", "right"});
    // Metadata knows of a side, or the note alone speaks of one.
    const bool side_known = kind == "side" || random_.below(2) == 0;
    std::string said_side = side;
    if (kind == "side") {
      said_side = side == "left" ? "right" : "left";
      planted.expected = {"side", "site"};
    }
    const int age = 20 + static_cast<int>(random_.below(70));
    int said_age = age;
    if (kind == "age") {
      said_age = age + (random_.below(2) == 0 ? 7 : -7);
      planted.expected = {"age"};
    }
    const bool female = random_.below(2) == 0;
    const bool said_female = female != (kind == "sex");
    if (kind == "sex") planted.expected = {"sex"};
    Facts& facts = planted.facts;
    facts.label = Field::standard().find_class(truth->label);
    facts.grade = truth->grade;
    if (subclass >= 0) facts.subclass = truth->subclasses[static_cast<std::size_t>(subclass)][0];
    facts.age = std::to_string(age);
    facts.sex = female ? "female" : "male";
    facts.site = side_known && !side.empty() ? side + " " + sites()[site][0] : sites()[site][0];

    const std::string place = place_in_words(said_site, said_side);
    const std::string person = said_female ? pick({"woman", "female patient", "lady"})
                                           : pick({"man", "male patient", "gentleman"});
    std::string who = fmt::format("a {}-year-old {}", said_age, person);
    if (random_.below(3) == 0) who = fmt::format("a {} aged {}", person, said_age);
    std::string where = fmt::format("on the {} of {}", place, who);
    if (kind == "omitted site") {
      where = "in " + who;
      planted.expected = {"omitted site"};
    } else if (kind == "omitted age") {
      where = fmt::format("on the {} of a {}", place, person);
      planted.expected = {"omitted age"};
    }
    if (kind == "negated class") {
      planted.expected = {"diagnosis", "omitted diagnosis"};
      return fmt::format("The lesion {} is {}. It is not a {}.", where, grade, pick(truth->names));
    }
    switch (random_.below(4)) {
      case 0:
        return fmt::format("The lesion is {} and is a {} {}.", grade, name, where);
      case 1:
        return fmt::format("The image shows a {} {}. It is {}.", name, where, grade);
      case 2:
        return fmt::format("Diagnosis: {}, {}, {}.", name, grade, where);
      default:
        return fmt::format("A lesion {}. The features are those of a {}, {}.", where, name, grade);
    }
  }

  // The options of P1, under its headings.
  void add_headings(Planted& planted, const Strategy& p1, Words& sentences) {
    for (std::size_t i = 0; i < kLookKinds.size(); ++i) {
      const std::string& kind = kLookKinds[i];
      Words said = p1.options[i].options;
      random_.shuffle(std::span<std::string>(said));
      said.resize(kind == "asymmetry" || kind == "border" ? 1 : 1 + random_.below(3));
      for (const std::string& value : said) {
        // The opposite of one option is the other.
        if (value == "symmetric") {
          planted.facts.measured.push_back(finding(kind, "asymmetric", false, value));
        } else if (value == "indistinct") {
          planted.facts.measured.push_back(finding(kind, "sharp", false, value));
        } else {
          const std::string told = value == "branched streaks" ? "streaks" : value;
          planted.facts.measured.push_back(finding(kind, told, true));
        }
      }
      sentences.push_back(kHeadings[i] + join(said, ", ") + ".");
    }
    if (planted.kind != "off list") return;
    static const std::vector<Words> kOffList = {
        {},
        {"irregular", "regular"},
        {"purple", "orange", "yellow", "skin-coloured", "blue"},
        {"milia-like cysts", "blue-white veil", "ulceration", "crusts", "rosettes"}};
    const std::size_t under = 1 + random_.below(kOffList.size() - 1);
    std::string& sentence = sentences[under + 1];
    sentence.pop_back();
    sentence += ", " + pick(kOffList[under]) + ".";
    planted.expected = {"off list"};
  }

  // What is planted as a sentence of its own.
  void add_sentence(Planted& planted, Words& sentences) {
    const std::map<std::string, Words> added_of = {
        {"symptoms",
         {"It itches and bleeds.", "The patient reports pain.", "It is painful and has grown."}},
        {"history",
         {"There is a family history of skin disease.", "It was first noticed two years ago.",
          "The patient has a history of sunburn."}},
        {"size",
         {"It measures 7 x 5 mm.", "The diameter is 12 mm.", "It is about six millimetres wide."}},
        {"test results",
         {"Histology confirmed this.", "A BRAF mutation was found.",
          "The biopsy showed atypical cells."}},
        {"advice",
         {"Excision is recommended.", "A biopsy should be considered.",
          "Follow-up in three months is advised."}},
        {"persons",
         {"Seen by Dr. Miller.", "The examination took place on 12/03/2019.",
          planted.facts.sex == "female" ? "Mrs. Smith came alone." : "Mr. Smith came alone."}}};
    if (const auto added = added_of.find(planted.kind); added != added_of.end()) {
      sentences.push_back(pick(added->second));
      planted.expected = {planted.kind};
    }
    if (planted.kind == "self contradiction") {
      sentences.emplace_back(planted.facts.grade == "malignant" ? "The lesion is benign."
                                                                : "The lesion is malignant.");
      planted.expected = {"self contradiction", "malignancy"};
    }
  }

  Random random_;
};

std::set<std::string> found_in(const AuditedNote& audited) {
  std::set<std::string> found(audited.wrong.begin(), audited.wrong.end());
  found.insert(audited.unknowable.begin(), audited.unknowable.end());
  for (const std::string& name : audited.omitted) found.insert("omitted " + name);
  if (!audited.reading.self_contradictions.empty()) found.insert("self contradiction");
  for (const JudgedClaim& one : audited.claims) {
    if (one.verdict != Verdict::kContradicts) continue;
    found.insert(one.rule == "side" ? one.rule : one.claim.kind);
  }
  for (const FormFault& fault : audited.form) found.insert(fault.rule);
  return found;
}

// Of one kind of finding.
struct Hits {
  int planted = 0, flagged = 0, both = 0;
};

TEST(Planted, ErrorsAreFoundAndNoOthers) {
  const Auditor auditor(Field::standard());
  const Strategy p1 = load_strategy("P1");
  const Prompt prompt = auditor.prompt_of(p1);
  ASSERT_EQ(p1.options.size(), kLookKinds.size());
  const std::vector<std::string> kinds = {"diagnosis",     "subclass",
                                          "malignancy",    "site",
                                          "side",          "age",
                                          "sex",           "asymmetry",
                                          "border",        "colours",
                                          "structures",    "off list",
                                          "history",       "omitted site",
                                          "omitted age",   "symptoms",
                                          "size",          "test results",
                                          "advice",        "persons",
                                          "negated class", "self contradiction"};
  Generator generator(20);
  std::string examples;
  std::map<std::string, std::pair<int, int>> by_kind;  // planted notes: all found, of
  std::map<std::string, Hits> by_finding;
  const auto run = [&](const std::string& kind) {
    const Generator::Planted planted = generator.next(kind, p1);
    const std::set<std::string> found = found_in(
        auditor.audit(planted.note, planted.facts, planted.structured ? &prompt : nullptr));
    const auto tell = [&](const char* what, const std::string& one) {
      if (examples.size() < 4000) examples += what + one + ": " + planted.note + "\n";
    };
    for (const std::string& one : found) {
      if (one == planted.also) continue;
      ++by_finding[one].flagged;
      if (!planted.expected.contains(one)) tell("flagged ", one);
    }
    bool all = true;
    for (const std::string& one : planted.expected) {
      Hits& hits = by_finding[one];
      ++hits.planted;
      if (found.contains(one)) {
        ++hits.both;
      } else {
        all = false;
        tell("missed ", one);
      }
    }
    if (kind.empty()) return;
    ++by_kind[kind].second;
    if (all) ++by_kind[kind].first;
  };
  for (int i = 0; i < 60; ++i) {
    for (const std::string& kind : kinds) run(kind);
  }
  for (int i = 0; i < 600; ++i) run("");  // nothing planted
  std::string table = "planted errors (planted results do not predict natural ones):\n";
  for (const auto& [kind, count] : by_kind) {
    table += fmt::format("  {:<20} {} of {} found\n", kind, count.first, count.second);
    EXPECT_GE(count.first * 20, count.second * 19) << kind;
  }
  Hits all;
  for (const auto& [name, hits] : by_finding) {
    table += fmt::format("  finding {:<20} precision {} of {}, recall {} of {}\n", name, hits.both,
                         hits.flagged, hits.both, hits.planted);
    EXPECT_GE(hits.both * 20, hits.flagged * 19) << name;
    all.planted += hits.planted;
    all.flagged += hits.flagged;
    all.both += hits.both;
  }
  const double recall = static_cast<double>(all.both) / all.planted;
  const double precision = static_cast<double>(all.both) / all.flagged;
  EXPECT_GE(recall, 0.95) << table << examples;
  EXPECT_GE(precision, 0.95) << table << examples;
  fmt::print("{}  precision {:.3f}, recall {:.3f}\n", table, precision, recall);
  if (HasFailure()) fmt::print("{}", examples);
}

}  // namespace
}  // namespace epicrisis::audit
