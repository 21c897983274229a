// Errors planted into good notes: a generator swaps, negates, adds, drops and re-numbers facts, and
// keeps the truth. Results on planted errors do not tell those on natural ones (arXiv 2506.00448).

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "epicrisis/audit/audit.h"
#include "epicrisis/core/random.h"

namespace epicrisis::audit {
namespace {

struct ClassWords {
  std::string label;
  std::string grade;
  std::vector<std::string> names;
};

const std::vector<ClassWords>& classes() {
  static const std::vector<ClassWords> all = {
      {"NEV", "benign", {"melanocytic nevus", "benign mole", "naevus", "dysplastic nevus"}},
      {"MEL", "malignant", {"melanoma", "malignant melanoma", "lentigo maligna"}},
      {"BCC", "malignant", {"basal cell carcinoma", "pigmented basal cell carcinoma"}},
      {"BEK", "benign", {"seborrheic keratosis", "solar lentigo", "benign keratosis"}},
      {"DF", "benign", {"dermatofibroma"}},
      {"VASC", "benign", {"haemangioma", "cherry angioma", "vascular lesion"}},
      {"SCC", "malignant", {"squamous cell carcinoma"}},
      {"ACK", "pre-cancerous", {"actinic keratosis", "Bowen disease"}}};
  return all;
}

// Sites whose words lie in no line with each other, and words for each.
const std::vector<std::vector<std::string>>& sites() {
  static const std::vector<std::vector<std::string>> all = {
      {"face", "cheek", "nose"},   {"back", "upper back"}, {"leg", "thigh", "calf"},
      {"forearm", "left forearm"}, {"abdomen", "belly"},   {"neck"}};
  return all;
}

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  // A note, its facts, and the kinds of error in it: none, or the one that was planted.
  struct Planted {
    std::string note;
    Facts facts;
    std::string kind;  // "" for a good note
    std::set<std::string> expected;
    std::string also;  // what it may be flagged as besides: a class and a grade that do not fit
  };

  Planted next(const std::string& kind) {
    Planted planted;
    planted.kind = kind;
    // The last class is the only one of its grade: it has no other to be swapped with.
    const ClassWords& truth =
        classes()[random_.below(classes().size() - (kind == "diagnosis" ? 1 : 0))];
    const ClassWords* said = &truth;
    if (kind == "diagnosis") {
      do {
        said = &classes()[random_.below(classes().size())];
      } while (said->label == truth.label || said->grade != truth.grade);
      planted.expected = {"diagnosis"};
    }
    std::string grade = truth.grade;
    if (kind == "malignancy") {
      grade = truth.grade == "benign" ? "malignant" : "benign";
      planted.expected = {"malignancy"};
      planted.also = "self contradiction";
    }
    const std::size_t site = random_.below(sites().size());
    std::size_t said_site = site;
    if (kind == "site") {
      said_site = (site + 1 + random_.below(sites().size() - 1)) % sites().size();
      planted.expected = {"site"};
    }
    const int age = 20 + static_cast<int>(random_.below(70));
    int said_age = age;
    if (kind == "age") {
      said_age = age + (random_.below(2) == 0 ? 7 : -7);
      planted.expected = {"age"};
    }
    const bool female = random_.below(2) == 0;
    bool said_female = female;
    if (kind == "sex") {
      said_female = !female;
      planted.expected = {"sex"};
    }
    planted.facts.label = Field::standard().find_class(truth.label);
    planted.facts.grade = truth.grade;
    planted.facts.age = std::to_string(age);
    planted.facts.sex = female ? "female" : "male";
    planted.facts.site = sites()[site][0];

    const std::string name = pick(said->names);
    const std::string place = pick(sites()[said_site]);
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
    std::string statement;
    switch (random_.below(4)) {
      case 0:
        statement = fmt::format("The lesion is {} and is a {} {}.", grade, name, where);
        break;
      case 1:
        statement = fmt::format("The image shows a {} {}. It is {}.", name, where, grade);
        break;
      case 2:
        statement = fmt::format("Diagnosis: {}, {}, {}.", name, grade, where);
        break;
      default:
        statement =
            fmt::format("A lesion {}. The features are those of a {}, {}.", where, name, grade);
    }
    if (kind == "negated class") {
      statement =
          fmt::format("The lesion {} is {}. It is not a {}.", where, grade, pick(truth.names));
      planted.expected = {"diagnosis", "omitted diagnosis"};
    }
    std::vector<std::string> look = {
        pick({"The border is sharp.", "The border is irregular and fades.",
              "Well-defined margins."}),
        pick({"Light to dark brown.", "Reddish-brown with black dots.",
              "The colour is pink and white."}),
        pick({"No pigment network, streaks or globules.", "A pigment network and dots are seen.",
              "Structureless areas without vessels."}),
        pick({"Asymmetric in shape.", "Fairly symmetric."})};
    static const std::map<std::string, std::vector<std::string>> kAdded = {
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
          "Mrs. Smith came alone."}}};
    if (const auto added = kAdded.find(kind); added != kAdded.end()) {
      look.push_back(pick(added->second));
      planted.expected = {kind};
    }
    if (kind == "self contradiction") {
      look.emplace_back(truth.grade == "malignant" ? "The lesion is benign."
                                                   : "The lesion is malignant.");
      planted.expected = {"self contradiction", "malignancy"};
    }
    planted.note = statement;
    for (const std::string& sentence : look) planted.note += " " + sentence;
    return planted;
  }

 private:
  std::string pick(const std::vector<std::string>& all) { return all[random_.below(all.size())]; }

  Random random_;
};

std::set<std::string> found_in(const AuditedNote& audited) {
  std::set<std::string> found(audited.wrong.begin(), audited.wrong.end());
  found.insert(audited.unknowable.begin(), audited.unknowable.end());
  for (const std::string& name : audited.omitted) found.insert("omitted " + name);
  if (!audited.reading.self_contradictions.empty()) found.insert("self contradiction");
  return found;
}

TEST(Planted, ErrorsAreFoundAndNoOthers) {
  const Auditor auditor(Field::standard());
  const std::vector<std::string> kinds = {
      "diagnosis",     "malignancy",   "site",        "age",      "sex",
      "negated class", "omitted site", "omitted age", "symptoms", "history",
      "size",          "test results", "advice",      "persons",  "self contradiction"};
  Generator generator(20);
  int found_all = 0, planted_all = 0, flagged_all = 0;
  std::string examples;
  std::map<std::string, std::pair<int, int>> by_kind;
  const auto run = [&](const std::string& kind) {
    const Generator::Planted planted = generator.next(kind);
    const std::set<std::string> found =
        found_in(auditor.audit(planted.note, planted.facts, nullptr));
    for (const std::string& one : found) {
      if (one == planted.also) continue;
      ++flagged_all;
      if (planted.expected.contains(one)) {
        ++found_all;
      } else if (examples.size() < 4000) {
        examples += "flagged " + one + ": " + planted.note + "\n";
      }
    }
    bool all = true;
    for (const std::string& one : planted.expected) {
      ++planted_all;
      if (found.contains(one)) continue;
      all = false;
      if (examples.size() < 4000) examples += "missed " + one + ": " + planted.note + "\n";
    }
    if (kind.empty()) return;
    ++by_kind[kind].second;
    if (all) ++by_kind[kind].first;
  };
  for (int i = 0; i < 60; ++i) {
    for (const std::string& kind : kinds) run(kind);
  }
  for (int i = 0; i < 600; ++i) run("");  // nothing planted
  const double recall = static_cast<double>(found_all) / planted_all;
  const double precision = static_cast<double>(found_all) / flagged_all;
  std::string table = "planted errors (planted results do not predict natural ones):\n";
  for (const auto& [kind, count] : by_kind) {
    table += fmt::format("  {:<20} {} of {} found\n", kind, count.first, count.second);
    EXPECT_GE(count.first * 20, count.second * 19) << kind;
  }
  EXPECT_GE(recall, 0.95) << table << examples;
  EXPECT_GE(precision, 0.95) << table << examples;
  fmt::print("{}  precision {:.3f}, recall {:.3f}\n", table, precision, recall);
}

}  // namespace
}  // namespace epicrisis::audit
