#include <array>
#include <string_view>
#include <utility>

#include "report/markup.h"
#include "report/sections.h"

namespace epicrisis::sections {
namespace {

// What a reader needs to know to read a table, in a sentence. docs/evaluation.md has the formulas.
struct Term {
  std::string_view key;
  std::string_view title;
  std::string_view words;
};
constexpr std::array kTerms = {
    Term{
        "weighted_f1", "Weighted F1",
        "the F1 of each class (harmonic mean of its precision and recall), averaged by how many samples "
        "of it there are; 0 to 1, more is better"},
    Term{"macro_f1", "Macro F1",
         "the plain mean of the classes' F1: rare classes count as much as frequent ones"},
    Term{"balanced_accuracy", "Balanced accuracy",
         "the mean of the classes' recalls: rare classes count as much"},
    Term{"accuracy", "Accuracy", "the share of samples whose class was named right"},
    Term{
        "linear_kappa", "Linear-weighted kappa",
        "agreement beyond what the frequencies alone give; 0 is chance, 1 is perfect; classes further "
        "apart in their order count as worse mistakes"},
    Term{
        "auroc", "AUROC",
        "how well the score of a class ranks its samples before the others, mean over the classes; 0.5 "
        "is chance, 1 is perfect"},
    Term{"recall", "Recall",
         "of the samples of a class, the share that is called by it (sensitivity); n counts "
         "its samples"},
    Term{"specificity", "Specificity",
         "of the samples of all other classes, the share that is not called by it; n "
         "counts those"},
    Term{"n", "n", "the number of samples, in retrieval of queries, that were measured"},
    Term{"trainings", "Trainings",
         "how often the same was trained with another seed; the value is the mean"},
    Term{
        "interval", "Interval",
        "below each value, where it would lie if test samples and trainings were drawn again; "
        "overlapping intervals are no proof that two runs are equal; one without width, as 1.000 to "
        "1.000, only says that drawing these samples again changes nothing: all were right, or none, "
        "or all were called the same"},
    Term{
        "grey_lines", "Grey lines",
        "what a classifier reaches that has learned nothing: one that always calls the most frequent "
        "class of the data set, and one that calls each class of the study equally often. They follow "
        "from the counts of the classes, so they have no interval"},
    Term{"difference", "Difference", "run minus baseline; above 0 the run is better"},
    Term{"p", "p", "how often chance alone would show such a difference, were there none"},
    Term{
        "P@k", "P@k",
        "of the k nearest entries, the share that has the class of the query; where the pool has fewer "
        "than k of the class it cannot be 1 (four of them: P@5 is 0.8 at the most), also where mAP is"},
    Term{
        "mAP", "mAP",
        "mean average precision: how far up all entries of the query's class stand in the whole ranking; "
        "1 means all of them first"},
    Term{"R@k", "R@k", "how often the query's very own picture or note is among the k nearest"},
    Term{"median_rank", "Median rank",
         "the place of the own picture or note for half of the queries; 1 is best"},
    Term{"by_chance", "By chance", "what P@k and mAP would be if the pool were in random order"},
    Term{"own_pair", "Own pair", "the note of the query's picture, or the picture of its note"},
};

}  // namespace

std::string terms(const std::vector<std::string_view>& names) {
  std::vector<std::pair<std::string_view, std::string_view>> named;
  for (const std::string_view name : names) {
    for (const Term& term : kTerms) {
      if (term.key == name) named.emplace_back(term.title, term.words);
    }
  }
  return explained(named);
}

std::string explained(const std::vector<std::pair<std::string_view, std::string_view>>& terms) {
  std::string html;
  for (const auto& [title, words] : terms) {
    html += "<b>" + markup::text(title) + "</b>: " + markup::text(words) + ". ";
  }
  if (html.empty()) return html;
  html.pop_back();
  return "<p class=\"terms\">" + html + "</p>\n";
}

}  // namespace epicrisis::sections
