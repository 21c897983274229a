// Samples that were called by another class than they are known by.
#include <fmt/format.h>

#include <cmath>

#include "report/markup.h"
#include "report/sections.h"

namespace epicrisis::sections {
namespace {

using markup::text;

std::string probability(double value) {
  return std::isfinite(value) ? fmt::format("{:.0f} %", 100 * value) : std::string("–");
}

std::string item(const WrongPicture& one) {
  return fmt::format(
      "<li class=\"wrong\">{}<div>known: <b>{}</b> <span class=\"soft\">{}</span></div>"
      "<div>named: <b class=\"worse\">{}</b> <span class=\"soft\">{}</span></div>"
      "<div class=\"soft\">{}</div></li>\n",
      markup::image(one.picture, "picture of " + one.key), text(one.known),
      probability(one.known_probability), text(one.named), probability(one.named_probability),
      text(one.key));
}

}  // namespace

Section mistakes(const ReportData& data) {
  std::string html;
  for (const WrongPictures& one : data.mistakes) {
    if (one.n == 0) continue;
    html += fmt::format(
        "<h3>{} <span class=\"soft\">{}; {}, seed {}</span></h3>\n{}<p>{} of {} samples were called "
        "by another class{}.</p>\n",
        text(one.dataset), text(one.role),
        text(markup::system_title(one.run, one.model, one.mode, one.notes)), text(one.seed),
        one.why.empty() ? "" : fmt::format("<p class=\"soft\">Shown is {}.</p>\n", text(one.why)),
        markup::count(one.wrong), markup::count(one.n),
        one.pictures.empty() ? std::string()
        : one.pictures.size() < one.wrong
            ? fmt::format("; the {} that the model was surest of", one.pictures.size())
            : std::string("; all of them"));
    if (one.pictures.empty()) continue;
    html += "<ul class=\"gallery\">\n";
    for (const WrongPicture& picture : one.pictures) html += item(picture);
    html += "</ul>\n";
  }
  if (html.empty()) return {};
  return {"mistakes", "Wrong pictures",
          "<p class=\"soft\">Known is the class of the data set, named the one that the run gives "
          "the highest probability; a percentage is the probability that it gives the class. Some "
          "mistakes may be of the data set.</p>\n" +
              html};
}

}  // namespace epicrisis::sections
