// Summary, results, confusion matrices, training curves, how it was measured.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "epicrisis/core/strings.h"
#include "epicrisis/eval/classification.h"
#include "epicrisis/report/svg.h"
#include "epicrisis/report/tables.h"
#include "report/markup.h"
#include "report/sections.h"

namespace epicrisis::sections {
namespace {

using markup::text;

constexpr std::size_t kMostSeries = 8;   // more could not be told apart in one figure
constexpr std::size_t kMostFigures = 6;  // curves and matrices beyond these fold away

std::string percent(const ReportData& data) { return fmt::format("{:g} %", data.confidence * 100); }

// What runs go by when they classify: `pictures` of those that see any, then those that read notes.
std::string seen_words(std::string_view pictures, bool see, const std::vector<std::string>& read) {
  std::string words = see ? std::string(pictures) : "";
  if (read.empty()) return words;
  const bool one = read.size() == 1;
  return words + fmt::format("{}{}{} {} the notes of the test samples and {} no picture.",
                             see ? " Not so " : "", text(join_words(read, "and")),
                             see ? ", which" : "", one ? "reads" : "read", one ? "sees" : "see");
}

// One figure a model: its variants beside each other on each data set.
std::string shift_figures(const ReportData& data) {
  const MetricTable numbers = metric_table(data, "classification", data.headline_metric);
  std::vector<std::string> models;
  for (const MetricTable::System& system : numbers.systems) {
    if (std::find(models.begin(), models.end(), system.model) == models.end()) {
      models.push_back(system.model);
    }
  }
  std::string html;
  for (const std::string& model : models) {
    std::vector<std::string> series;
    std::vector<ErrorBarGroup> groups;
    for (const MetricTable::Column& column : numbers.columns) {
      groups.push_back({column.dataset, column.role, {}});
    }
    std::string legend;
    std::string description;
    std::size_t hidden = 0;
    bool see = false;
    std::vector<std::string> read;
    for (std::size_t s = 0; s < numbers.systems.size(); ++s) {
      const MetricTable::System& system = numbers.systems[s];
      if (system.model != model) continue;
      if (series.size() == kMostSeries) {
        ++hidden;
        continue;
      }
      const std::string name =
          markup::run_title(system.run, markup::variant_title(system.mode, system.notes));
      for (std::size_t c = 0; c < numbers.columns.size(); ++c) {
        const ResultRow* row = numbers.cell(s, c);
        if (row == nullptr) continue;
        const std::string words = fmt::format("{}, {}: {} ({})", name, row->dataset,
                                              markup::number(row->metric, row->value),
                                              markup::interval(row->metric, *row->lo, *row->hi));
        groups[c].points.push_back({series.size(), row->value, *row->lo, *row->hi, words});
        description += words + ". ";
      }
      const bool reads_notes = system.mode == markup::kNotesMode;
      see = see || !reads_notes;
      if (reads_notes) read.push_back(system.run.empty() ? name : system.run);
      legend += fmt::format("<li>{}{}</li>", svg_legend_mark(series.size()), text(name));
      series.push_back(name);
    }
    const std::string title = metric_title(data.headline_metric);
    const std::string svg = svg_error_bars(fmt::format("{} of {} by data set", title, model),
                                           description, title, series, groups);
    if (svg.empty()) continue;
    html +=
        fmt::format("<ul class=\"legend\">{}</ul>\n", legend) +
        figure(svg,
               fmt::format("{}{} on each data set with {} intervals. {}{}", text(title),
                           model.empty() ? "" : " of " + text(model), percent(data),
                           seen_words("Classification uses the picture alone; text was seen in "
                                      "training only.",
                                      see, read),
                           hidden == 0 ? ""
                                       : fmt::format(" {} further variants are in the table only.",
                                                     hidden)),
               true);
  }
  return html;
}

std::string candidate_name(const Comparison& one) {
  const std::string variant = markup::variant_title(one.candidate, one.candidate_notes);
  return one.run.empty() ? variant : one.run;
}

std::string baseline_name(const Comparison& one) {
  return one.baseline_run.empty() ? markup::mode_title(one.baseline) : one.baseline_run;
}

// The differences that the notes alone made, or the others.
std::string forest(const ReportData& data, bool notes_alone) {
  std::vector<ForestRow> rows;
  std::string description;
  bool several_models = false;
  for (const Comparison& one : data.comparisons) {
    several_models = several_models || one.model != data.comparisons.front().model;
  }
  for (const Comparison& one : data.comparisons) {
    if (!printable(one) || one.metric != data.headline_metric) continue;
    if (one.differences.empty() != notes_alone) continue;
    ForestRow row{fmt::format("{}: {}{}", one.dataset,
                              several_models && one.run.empty() ? one.model + ", " : std::string(),
                              candidate_name(one)),
                  one.result.difference, one.result.lo, one.result.hi,
                  fmt::format("{} ({})", markup::number(one.metric, one.result.difference),
                              markup::interval(one.metric, one.result.lo, one.result.hi))};
    description += fmt::format("{}: {}. ", row.name, row.printed);
    rows.push_back(std::move(row));
  }
  const std::string metric = metric_title(data.headline_metric);
  return figure(
      svg_forest("Difference to the baseline", description,
                 "difference in " + metric + ", right of 0: better than the baseline", rows),
      fmt::format("{}: {} of each run minus that of its baseline on the same samples, with {} "
                  "intervals of the paired bootstrap. Grey: the interval holds 0: no clear "
                  "difference.",
                  notes_alone ? "What the notes bought"
                              : "Not the notes alone: these runs and their baselines differ in "
                                "more, which the table of differences names",
                  text(metric), percent(data)),
      true);
}

// Below a table of classification: which of its runs see pictures, which read notes.
std::string seen_in(const ReportData& data, const MetricTable& table) {
  const bool see = std::ranges::any_of(table.systems, [](const MetricTable::System& system) {
    return system.mode != markup::kNotesMode;
  });
  std::string words = seen_words("The model sees the picture alone.", see, note_readers(data));
  for (const SamplesWithoutNote& one : data.without_note) {
    words += fmt::format(" {}.", text(left_out_words(one)));
  }
  return words;
}

std::string readers_note(const ReportData& data) {
  const std::string words = note_readers_words(data);
  return words.empty() ? words : " " + text(words);
}

std::string small_classes_html(const ReportData& data) {
  std::string html;
  for (const std::string& warning : small_classes(data)) {
    html += "<p class=\"soft\">" + text(warning) + "</p>\n";
  }
  return html;
}

std::string comparison_table(const ReportData& data) {
  std::string body;
  std::size_t left_out = 0;
  for (const Comparison& one : data.comparisons) {
    if (!printable(one)) {
      ++left_out;
      continue;
    }
    const PairedDifference& d = one.result;
    const char* css = d.lo > 0 ? "better" : d.hi < 0 ? "worse" : "soft";
    const char* verdict = d.lo > 0 ? "better" : d.hi < 0 ? "worse" : "no clear difference";
    body += fmt::format(
        "<tr><th scope=\"row\">{} − {}<small>{}</small>{}</th><td>{}<small>{}</small></td>"
        "<td>{}</td>"
        "<td class=\"number\"><b>{}</b><small>{}</small></td><td "
        "class=\"{}\">{}<small>{}</small></td>"
        "<td class=\"number\">{}</td><td class=\"number\">{} and {}</td></tr>\n",
        text(candidate_name(one)), text(baseline_name(one)),
        text(fmt::format("{} − {}",
                         markup::system_title("", one.model, one.candidate, one.candidate_notes),
                         markup::mode_title(one.baseline))),
        one.differences.empty()
            ? ""
            : fmt::format("<small class=\"why\">not the notes alone: {}</small>",
                          text(join(one.differences, "; "))),
        text(one.dataset), text(one.role), text(metric_title(one.metric)),
        markup::number(one.metric, d.difference), markup::interval(one.metric, d.lo, d.hi), css,
        verdict, text(markup::p_value(d.p_value)), markup::count(d.n), d.candidate_seeds,
        d.baseline_seeds);
  }
  std::string more;
  if (left_out > 0) {
    more = fmt::format(
        "<p class=\"soft\">{} not printed: no interval, as there are too few samples or patients "
        "to draw from, in all or of a class.</p>\n",
        markup::plural(left_out, "difference is", "differences are"));
  }
  if (body.empty()) return more;
  return "<h3>Paired differences</h3>\n" +
         table(fmt::format(
                   "Run minus baseline on the same samples, {} intervals. Trainings are drawn "
                   "for each of the two on its own, so the interval holds how much trainings "
                   "of either differ. p is two-sided and not corrected for the number of "
                   "comparisons.",
                   percent(data)),
               "<th scope=\"col\">Comparison</th><th scope=\"col\">Data set</th>"
               "<th scope=\"col\">Metric</th><th scope=\"col\" class=\"number\">Difference</th>"
               "<th scope=\"col\">Verdict</th><th scope=\"col\" class=\"number\">n</th>"
               "<th scope=\"col\" class=\"number\">Trainings</th>",
               body) +
         terms({"difference", "p", "n", "trainings"}) + more;
}

std::string folded(const std::vector<std::string>& figures, std::string_view more) {
  std::string html = "<div class=\"grid\">\n";
  for (std::size_t i = 0; i < std::min(figures.size(), kMostFigures); ++i) html += figures[i];
  html += "</div>\n";
  if (figures.size() > kMostFigures) {
    html += fmt::format("<details><summary>{} more {}</summary><div class=\"grid\">\n",
                        figures.size() - kMostFigures, more);
    for (std::size_t i = kMostFigures; i < figures.size(); ++i) html += figures[i];
    html += "</div></details>\n";
  }
  return html;
}

}  // namespace

ConfusionMatrix occurring(const ConfusionMatrix& all, const std::vector<std::string>& names,
                          std::vector<std::string>& kept_names) {
  const std::size_t n = all.classes;
  if (all.counts.size() != n * n) return {};
  std::vector<std::size_t> kept;
  for (std::size_t c = 0; c < n; ++c) {
    std::uint64_t seen = 0;
    for (std::size_t other = 0; other < n; ++other) seen += all.at(c, other) + all.at(other, c);
    if (seen == 0) continue;
    kept.push_back(c);
    kept_names.push_back(c < names.size() ? names[c] : fmt::format("class {}", c));
  }
  ConfusionMatrix result(kept.size());
  for (std::size_t t = 0; t < kept.size(); ++t) {
    for (std::size_t p = 0; p < kept.size(); ++p) result.at(t, p) = all.at(kept[t], kept[p]);
  }
  return result;
}

Section summary(const ReportData& data) {
  std::string html;
  const std::vector<std::string> findings = report_findings(data);
  if (!findings.empty()) {
    html += "<ul class=\"findings\">\n";
    for (const std::string& finding : findings) {
      // What it is about stands before the first colon.
      const std::size_t colon = std::min(finding.find(": "), finding.size());
      html +=
          fmt::format("<li><b>{}</b>{}</li>\n", text(finding.substr(0, colon)),
                      colon == finding.size() ? "" : ":" + (" " + text(finding.substr(colon + 2))));
    }
    html += "</ul>\n";
  }
  const MetricTable headline = metric_table(data, "classification", data.headline_metric);
  const std::string numbers = metric_table_html(
      headline,
      fmt::format("{} with {} intervals. {}", text(metric_title(data.headline_metric)),
                  percent(data), seen_in(data, headline)),
      &data);
  if (!numbers.empty()) {
    html += numbers;
    for (const std::string& verdict : against_no_learning(data)) {
      html += "<p>" + text(verdict) + "</p>\n";
    }
    if (classification_metric(data.headline_metric).over_classes) html += small_classes_html(data);
    html += terms({data.headline_metric, "n", "trainings", "interval", "grey_lines"});
  }
  html += shift_figures(data);
  html += forest(data, true);
  html += forest(data, false);
  if (html.empty()) {
    const std::string why = headline.missing_words();
    html = fmt::format("<p>There is no result with an interval yet{}.</p>\n",
                       why.empty() ? "" : ": " + text(why));
  }
  return {"summary", "Summary", html};
}

Section results(const ReportData& data) {
  std::string html = comparison_table(data);
  for (const ClassificationMetric& metric : classification_metrics()) {
    if (metric.name == data.headline_metric) continue;  // tops the summary
    const MetricTable table = metric_table(data, "classification", metric.name);
    const std::string numbers =
        metric_table_html(table,
                          fmt::format("{} with {} intervals.{}", text(metric.title), percent(data),
                                      readers_note(data)),
                          &data);
    const std::string why = numbers.empty() ? table.missing_words() : "";
    if (numbers.empty() && why.empty()) continue;
    html += fmt::format("<h3>{}</h3>\n{}", text(metric.title),
                        numbers.empty() ? "<p>Not printed: " + text(why) + ".</p>\n" : numbers) +
            (metric.over_classes ? small_classes_html(data) : "") + terms({metric.name});
  }
  std::string zero_shot;
  for (const ClassificationMetric& metric : classification_metrics()) {
    if (metric.name != "weighted_f1" && metric.name != "balanced_accuracy") continue;
    const MetricTable table = metric_table(data, "zero-shot", metric.name);
    const std::string numbers = metric_table_html(
        table,
        fmt::format("{} of the class whose prompt is nearest to the picture, {} intervals.",
                    text(metric.title), percent(data)),
        &data);
    const std::string why = numbers.empty() ? table.missing_words() : "";
    zero_shot +=
        why.empty() ? numbers
                    : fmt::format("<p>{} is not printed: {}.</p>\n", text(metric.title), text(why));
  }
  if (!zero_shot.empty()) {
    html += "<h3>Zero-shot</h3>\n" + zero_shot + small_classes_html(data) +
            terms({"weighted_f1", "balanced_accuracy", "grey_lines"});
  }
  if (html.empty()) return {};
  return {"results", "Results", html};
}

Section confusions(const ReportData& data) {
  std::vector<std::string> figures;
  for (const ReportConfusion& one : data.confusions) {
    const std::uint64_t total = one.counts.total();
    if (total == 0 || one.seeds == 0) continue;
    const std::string name = markup::system_title(one.run, one.model, one.mode, one.notes);
    std::vector<std::string> classes;
    const ConfusionMatrix counts = occurring(one.counts, data.classes, classes);
    const std::string svg =
        svg_confusion(fmt::format("Confusion matrix of {} on {}", name, one.dataset),
                      "Rows are the truth, columns the prediction.",
                      {"predicted", "truth", "taken for"}, counts, classes);
    figures.push_back(figure(
        svg, fmt::format("<b>{}</b>: {}; {} predictions{}.", text(one.dataset), text(name),
                         markup::count(total),
                         one.seeds == 1 ? std::string(" of one training")
                                        : fmt::format(", the sum over {} trainings", one.seeds))));
  }
  std::erase(figures, std::string());
  if (figures.empty()) return {};
  return {"confusion", "Confusion matrices",
          "<p class=\"soft\">Counts: a row is a true class, a column what its samples were called; "
          "the colour is the share of the row. Classes that neither occur nor were called are left "
          "out.</p>\n" +
              folded(figures, "matrices")};
}

Section training(const ReportData& data) {
  std::vector<std::string> figures;
  std::vector<std::string> names;
  for (const TrainingCurve& curve : data.curves) {
    std::vector<std::string> own;
    for (const Series& series : curve.series) own.push_back(series.name);
    if (own.size() > names.size()) names = own;
    const std::string name = markup::system_title(curve.run, curve.model, curve.mode, curve.notes);
    const std::string svg =
        svg_lines(fmt::format("Training of {}, seed {}", name, curve.seed),
                  join(own, ", ") + " by epoch", curve.series, curve.first_epoch, curve.best_epoch);
    figures.push_back(figure(svg, fmt::format("{}, seed {}.", text(name), text(curve.seed))));
  }
  std::erase(figures, std::string());
  if (figures.empty()) return {};
  std::string legend = "<ul class=\"legend\">";
  for (std::size_t s = 0; s < names.size(); ++s) {
    legend += fmt::format(
        "<li><svg class=\"key\" viewBox=\"0 0 22 10\" width=\"22\" height=\"10\" "
        "aria-hidden=\"true\"><line class=\"curve series-{}\" x1=\"0\" y1=\"5\" "
        "x2=\"22\" y2=\"5\"/></svg>{}</li>",
        s % kMostSeries + 1, text(names[s]));
  }
  legend += "</ul>\n";
  return {
      "training", "Training",
      legend + folded(figures, "trainings") +
          "<p class=\"soft\">The dashed line marks the epoch whose weights were kept. Validation loss "
          "that rises while the training loss falls is overfitting. The training loss is the sum of "
          "all losses of a run, over augmented pictures; the validation loss is that of naming the "
          "class alone. So the first may lie above the second, most where pictures and "
          "notes are trained to agree as well: compare how they run, not how high they are.</p>\n"};
}

Section measuring(const ReportData& data) {
  return {
      "measuring", "How it was measured",
      fmt::format(
          "<p>Every number stands with the number of samples it was measured on (n), the number "
          "of trainings and a {} interval; where one of these lacks, a dash or a count stands with "
          "the reason. What a classifier without learning would reach follows from the counts of the "
          "classes and has none.</p>\n<p>Intervals are percentile bootstrap intervals of {} resamples. Where "
          "patients or cases are known, whole ones are drawn. Over several trainings the "
          "value is their mean, and trainings are drawn along with samples. Differences are "
          "paired by samples: both models are measured on the same resample. Their trainings are "
          "not paired: those of each model are drawn on their own, as an equal seed does not make "
          "two models alike. So what differs between the trainings of one model is part of the "
          "interval, and with few trainings or many test samples may be most of it.</p>\n"
          "<p>Means over the classes (macro F1, balanced accuracy, AUROC) are always over the "
          "classes of the whole data set. A resample that lacks one of these is left out, as nothing "
          "is known of that class in it; where more than a tenth of the resamples do, which one "
          "class with one or two samples or patients is enough for, there is no interval, and the "
          "number is not printed.</p>\n<p>Metrics follow "
          "scikit-learn's definitions; classes that a data set lacks count where they were "
          "predicted. In retrieval, equal similarities count as their mean over all orders, the "
          "query is never in its own pool, and the pool stays as it is while queries are "
          "resampled.</p>\n",
          percent(data), markup::count(data.replicates))};
}

}  // namespace epicrisis::sections
