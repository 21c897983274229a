#include "report/sample_report.h"

#include <cmath>

#include "epicrisis/core/random.h"
#include "epicrisis/eval/evaluation.h"
#include "epicrisis/eval/retrieval.h"

namespace epicrisis::test {
namespace {

struct Variant {
  const char* run;
  const char* mode;
  const char* notes;
  double gain;
};
constexpr Variant kVariants[] = {{"pictures", "image", "", 0},
                                 {"with-m", "multimodal", "M", 0.045},
                                 {"with-p1", "multimodal", "P1", 0.01},
                                 {"with-mp", "multimodal", "MP", 0.03}};

struct Set {
  const char* name;
  const char* role;
  double level;
  std::size_t n;
};
constexpr Set kSets[] = {{"ham10000", "internal", 0.72, 512},
                         {"isic2018_test", "external", 0.66, 1134},
                         {"isic2017", "external", 0.58, 2062},
                         {"pad_ufes_20", "external", 0.31, 674}};

ReportDataset dataset(const Set& set, std::size_t index) {
  ReportDataset result;
  result.name = set.name;
  result.role = set.role;
  result.source = index == 0 ? "Tschandl et al. 2018, CC BY-NC 4.0" : "";
  result.groups = index == 1 ? 0 : set.n * 9 / 10;
  result.samples = index == 0 ? 2522 : set.n;
  result.train = index == 0 ? 1690 : 0;
  result.validation = index == 0 ? 320 : 0;
  result.test = set.n;
  result.class_counts = {437, 44, 1276, 60, 137, 199, 369, 0};
  if (index == 2) result.class_counts = {289, 0, 1382, 0, 0, 0, 391, 0};
  if (index == 3) result.class_counts = {77, 0, 82, 0, 213, 240, 14, 48};
  if (index == 3) result.skipped = {{"label outside the study's classes", 12}, {"no picture", 3}};
  return result;
}

void add_results(ReportData& data, Random& random) {
  for (const char* metric :
       {"weighted_f1", "macro_f1", "balanced_accuracy", "linear_kappa", "auroc"}) {
    for (const Variant& variant : kVariants) {
      for (const Set& set : kSets) {
        ResultRow row;
        row.run = variant.run;
        row.model = "densenet121";
        row.mode = variant.mode;
        row.notes = variant.notes;
        row.dataset = set.name;
        row.role = set.role;
        row.task = "classification";
        row.metric = metric;
        row.n = set.n;
        double sum = 0;
        const double half = 1.7 * std::sqrt(0.2 / static_cast<double>(set.n));
        for (const char* seed : {"1", "2", "3"}) {
          row.seed = seed;
          row.value = set.level + variant.gain + 0.01 * random.normal();
          row.lo = row.value - half;
          row.hi = row.value + half;
          row.seeds = 1;
          sum += row.value;
          data.results.push_back(row);
        }
        row.seed = "all";
        row.value = sum / 3;
        row.lo = row.value - 1.2 * half;
        row.hi = row.value + 1.1 * half;
        row.seeds = 3;
        data.results.push_back(row);
        if (std::string(metric) == "weighted_f1" && variant.notes[0] != '\0') {
          Comparison comparison{"densenet121", "image",  variant.mode,  variant.notes,
                                set.name,      set.role, "weighted_f1", {}};
          comparison.run = variant.run;
          comparison.baseline_run = "pictures";
          const double gain = variant.gain + 0.008 * random.normal();
          comparison.result = {gain, gain - 0.8 * half, gain + 0.8 * half, 0.02, set.n, 3, 3};
          data.comparisons.push_back(comparison);
        }
      }
    }
  }
}

void add_classes(ReportData& data, Random& random) {
  for (const Variant& variant : kVariants) {
    for (std::size_t c = 0; c + 1 < data.classes.size(); ++c) {
      for (const char* kind : {"recall/", "specificity/"}) {
        ResultRow row = printable_row();
        row.run = variant.run;
        row.mode = variant.mode;
        row.notes = variant.notes;
        row.metric = kind + data.classes[c];
        row.seed = "all";
        row.seeds = 3;
        row.value = random.uniform(0.3, 0.9);
        row.lo = row.value - 0.05;
        row.hi = row.value + 0.04;
        row.n = 30 + 20 * c;
        data.results.push_back(row);
      }
    }
  }
  for (const Set& set : kSets) {
    data.references.push_back({kMajority, set.name, set.role, "weighted_f1", 0.31, set.n, "NEV"});
    data.references.push_back({kChance, set.name, set.role, "weighted_f1", 0.17, set.n});
  }
  WrongPicture wrong;
  wrong.key = "ISIC_0024399";
  wrong.known = "MEL";
  wrong.named = "NEV";
  wrong.named_probability = 0.91;
  wrong.known_probability = 0.06;
  data.mistakes.push_back(
      {"with-m",
       "densenet121",
       "multimodal",
       "M",
       "1",
       "ham10000",
       "internal",
       117,
       512,
       {wrong},
       "the run with the highest Weighted F1 here, 0.712; 2 other runs are not shown"});
}

void add_retrieval(ReportData& data, Random& random) {
  for (const char* direction :
       {"image_to_text", "text_to_image", "image_to_image", "text_to_text"}) {
    for (const char* protocol : {"pair_out", "pair_in"}) {
      for (const char* metric : {"P@5", "P@10", "P@20", kChancePrecision, "mAP", kChanceMap, "R@1",
                                 "R@10", "median_rank"}) {
        const bool rank = std::string(metric) == "median_rank";
        const bool instance = metric[0] == 'R' || rank;
        const bool across =
            std::string(direction) == "image_to_text" || std::string(direction) == "text_to_image";
        if (!across && std::string(protocol) == "pair_in") continue;
        if (instance && (std::string(protocol) == "pair_out" || !across)) continue;
        ResultRow row = printable_row();
        row.task = "retrieval";
        row.metric = std::string(direction) + "/" + metric + "/" + protocol;
        row.seed = "all";
        row.seeds = 3;
        row.value = rank ? 37.5 : random.uniform(0.3, 0.8);
        row.lo = row.value * 0.95;
        row.hi = row.value * 1.04;
        data.results.push_back(row);
      }
    }
  }
}

void add_training(ReportData& data, Random& random) {
  for (const Variant& variant : kVariants) {
    for (const char* seed : {"1", "2"}) {
      TrainingCurve curve;
      curve.run = variant.run;
      curve.model = "densenet121";
      curve.mode = variant.mode;
      curve.notes = variant.notes;
      curve.seed = seed;
      curve.best_epoch = 14;
      curve.series = {{"train loss", {}}, {"validation loss", {}}};
      for (int epoch = 0; epoch < 24; ++epoch) {
        const double falling = std::exp(-epoch / 7.0);
        curve.series[0].values.push_back(0.25 + 1.4 * falling + 0.02 * random.normal());
        curve.series[1].values.push_back(0.6 + 1.1 * falling + 0.006 * epoch +
                                         0.03 * random.normal());
      }
      data.curves.push_back(std::move(curve));
    }
  }
}

}  // namespace

ResultRow printable_row() {
  ResultRow row;
  row.run = "with-m";
  row.model = "densenet121";
  row.mode = "multimodal";
  row.notes = "M";
  row.seed = "1";
  row.dataset = "ham10000";
  row.role = "internal";
  row.task = "classification";
  row.metric = "weighted_f1";
  row.value = 0.5;
  row.lo = 0.4;
  row.hi = 0.6;
  row.n = 512;
  row.seeds = 1;
  return row;
}

ReportData sample_report() {
  Random random(7);
  ReportData data;
  data.title = "What notes bought: dermoscopy, four data sets";
  data.subtitle = "densenet121, notes M, P1 and MP, three seeds";
  data.classes = {"BEK", "DF", "NEV", "VASC", "ACK", "BCC", "MEL", "SCC"};
  data.class_titles = {"benign keratosis", "dermatofibroma",         "melanocytic nevus",
                       "vascular lesion",  "actinic keratosis",      "basal cell carcinoma",
                       "melanoma",         "squamous cell carcinoma"};
  for (std::size_t i = 0; i < 4; ++i) data.datasets.push_back(dataset(kSets[i], i));
  data.leakage.checked = true;
  data.leakage.checks = {"identifiers", "patients and lesions", "identical pictures",
                         "near-duplicate pictures"};
  data.note_counts = {{"M", "template", 2522, 0, 0, 0}, {"P1", "gpt-4o-mini", 2510, 8, 4, 41}};
  NoteExample example;
  example.key = "ISIC_0024306";
  example.dataset = "ham10000";
  example.label = "NEV";
  example.notes = {
      {"M", "A dermoscopic image of a melanocytic nevus on the back of a 45 year old male.",
       "template"},
      {"P1",
       "Asymmetry: symmetric in both axes.\nBorder: regular, ends gradually.\nColours: light and "
       "dark brown.\nDermoscopic structures: a regular pigment network.",
       "gpt-4o-mini, prompt v1, 2026-11-20"}};
  data.note_examples = {example};
  add_results(data, random);
  add_classes(data, random);
  add_retrieval(data, random);
  add_training(data, random);
  for (const Variant& variant : kVariants) {
    ReportConfusion confusion{"densenet121",     variant.mode, variant.notes, "ham10000", 3,
                              ConfusionMatrix(7)};
    for (std::size_t t = 0; t < 7; ++t) {
      for (std::size_t p = 0; p < 7; ++p) {
        confusion.counts.at(t, p) = random.below(t == p ? 300 : 30);
      }
    }
    confusion.run = variant.run;
    confusion.role = "internal";
    data.confusions.push_back(std::move(confusion));
  }
  for (const char* direction : {"image_to_text", "text_to_image", "image_to_image"}) {
    GalleryEntry entry;
    entry.direction = direction;
    entry.dataset = "ham10000";
    entry.model = "densenet121, multimodal, notes M";
    const bool from_text = std::string(direction) == "text_to_image";
    const bool to_text = std::string(direction) == "image_to_text";
    entry.query.label = "MEL";
    entry.query.key = "ISIC_0024310";
    if (from_text)
      entry.query.text = "A dermoscopic image of a melanoma on the abdomen of a 60 year old.";
    for (int i = 0; i < 5; ++i) {
      GalleryItem item;
      item.right = i != 3;
      item.label = item.right ? "MEL" : "NEV";
      item.key = "ISIC_00244" + std::to_string(10 + i);
      item.similarity = 0.93 - 0.03 * i;
      if (to_text)
        item.text = "A dermoscopic image of a melanoma on the back of a 70 year old female.";
      entry.nearest.push_back(item);
    }
    data.gallery.push_back(entry);
  }
  data.notes_from_labels = true;
  data.environment = {{"Epicrisis", "0.1.0"},
                      {"Compiler", "GCC 12.2.0"},
                      {"LibTorch", "1.13.0"},
                      {"Processor", "2 cores"},
                      {"Finished", "2026-11-24T00:13:33Z"}};
  data.settings =
      "[study]\nname = \"demo\"\nseeds = [1, 2, 3]\n\n[[models]]\n  encoder = \"densenet121\"\n";
  return data;
}

}  // namespace epicrisis::test
