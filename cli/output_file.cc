#include "output_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/image/program_mark.h"
#include "epicrisis/study/study.h"

namespace epicrisis::cli {
namespace {

namespace fs = std::filesystem;

// Holds the style of a page and the first line of any table; of a longer one nobody can tell.
constexpr std::size_t kBeginning = std::size_t{4} << 20;

std::string_view words_of(OutputKind kind) {
  switch (kind) {
    case OutputKind::kPage:
      return "a page";
    case OutputKind::kPredictions:
      return "a table of predictions";
    case OutputKind::kSplit:
      return "a table of a split";
    case OutputKind::kFindings:
      return "a file of findings";
    case OutputKind::kAudit:
      return "a file of an audit";
    case OutputKind::kNotes:
      return "a file of notes";
    case OutputKind::kReviewSheet:
      return "an empty review sheet";
    case OutputKind::kPicture:
      return "a sheet of pictures";
    case OutputKind::kStudyFile:
      return "a study file";
  }
  return "";
}

std::string beginning_of(const Path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string bytes(kBeginning, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return bytes;
}

std::string_view first_line(std::string_view text) {
  const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size()));
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// Pages of earlier versions name no generator, and begin like this.
bool is_page(std::string_view text) {
  constexpr std::string_view kOlder =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ";
  if (!text.starts_with("<!DOCTYPE html>")) return false;
  return contains(text, "<meta name=\"generator\" content=\"epicrisis") ||
         (text.starts_with(kOlder) && contains(text, "<header class=\"top\">"));
}

// Whether the first line is an object with these members.
bool is_object_with(std::string_view text, const std::vector<std::string>& members) {
  try {
    const Json object = parse_json(first_line(text), "line 1");
    return object.is_object() && std::ranges::all_of(members, [&](const std::string& name) {
             return object.contains(name);
           });
  } catch (const Error&) {
    return false;
  }
}

constexpr std::string_view kSheetColumns =
    "note_id,dataset,key,strategy,provider,model,variant,known,claims,verdict,note,";
constexpr std::size_t kSheetGiven = 11;  // columns that the program fills in

bool is_empty_sheet_table(const Path& file) {
  CsvReader rows(file);
  while (rows.next()) {
    for (std::size_t i = kSheetGiven; i < rows.row().size(); ++i) {
      if (!trim(rows.at(i)).empty()) return false;
    }
  }
  return true;
}

bool is_empty_sheet_lines(const Path& file) {
  const std::string filled_in = fmt::format(",{}", kSheetColumns);  // by the program
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (trim(line).empty()) continue;
    const Json row = parse_json(line, file.string());
    for (const auto& [name, value] : row.items()) {
      const auto* text = value.get_ptr<const std::string*>();
      const bool given = text != nullptr ? !text->empty() : !value.is_null();
      if (given && !contains(filled_in, fmt::format(",{},", name))) return false;
    }
  }
  return true;
}

// What somebody has begun to fill in is theirs.
bool is_empty_sheet(const Path& file, std::string_view text) {
  try {
    const std::string_view table = text.starts_with("\xef\xbb\xbf") ? text.substr(3) : text;
    if (table.starts_with(kSheetColumns)) return is_empty_sheet_table(file);
    return is_object_with(text, {"note_id", "dataset", "key", "known", "claims", "note"}) &&
           is_empty_sheet_lines(file);
  } catch (const Error&) {
    return false;
  }
}

bool is_of_kind(OutputKind kind, const Path& file, std::string_view text) {
  const std::string_view line = first_line(text);
  switch (kind) {
    case OutputKind::kPage:
      return is_page(text);
    case OutputKind::kPredictions:
      return line.starts_with("picture,class,p_") &&
             line.find(",nearest,nearest_class,similarity,error") != std::string::npos;
    case OutputKind::kSplit:
      return line == "dataset,key,group,class,split,fold";
    case OutputKind::kFindings:
      return is_object_with(text, {"path", "modality", "findings", "measures"}) ||
             is_object_with(text, {"path", "modality", "error"});
    case OutputKind::kAudit:
      return is_object_with(text, {"dataset", "key", "strategy", "verdict", "claims"});
    case OutputKind::kNotes:
      return is_object_with(text, {"dataset", "key", "strategy", "text", "note_key"});
    case OutputKind::kReviewSheet:
      return is_empty_sheet(file, text);
    case OutputKind::kPicture:
      return has_program_mark(text.substr(0, 128));
    case OutputKind::kStudyFile:
      return contains(text, "\n[[run]]") || contains(text, "\n[[data]]");
  }
  return false;
}

// Whether something is there that would be lost. UsageError for a folder.
bool is_there(const Path& file) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (fs::is_directory(status)) {
    throw UsageError("cannot write {}: it is a folder; name a file", file.string());
  }
  // The writer leaves what is in /dev where it is, whatever it leads to.
  if (!fs::is_regular_file(status) || file.native().starts_with("/dev/")) return false;
  const std::uintmax_t size = fs::file_size(file, error);
  return !error && size > 0;
}

void refuse_input_files(const Path& file, const std::vector<Path>& inputs) {
  for (const Path& input : inputs) {
    std::error_code error;
    if (fs::equivalent(file, input, error) && !error) {
      throw UsageError("cannot write {}: it is what is read ({}); name another file", file.string(),
                       input.string());
    }
  }
}

[[noreturn]] void refuse(const Path& file, std::string_view words) {
  throw UsageError(
      "cannot write {}: a file is there that is not {} of this program; name another file, or move "
      "that one away",
      file.string(), words);
}

// What opens a table by its name finds none in lines of JSON.
void refuse_table_name(const Path& file, OutputKind kind) {
  if (kind != OutputKind::kFindings && kind != OutputKind::kAudit && kind != OutputKind::kNotes) {
    return;
  }
  const std::string suffix = ascii_lower(file.extension().string());
  if (suffix != ".csv" && suffix != ".tsv" && suffix != ".xlsx" && suffix != ".parquet") return;
  throw UsageError("cannot write {}: {} has lines of JSON; name it .jsonl", file.string(),
                   words_of(kind));
}

// A file beside a report's page; `page` tells whether there is a page of ours.
void require_beside_page(const Path& file, bool page) {
  if (!is_there(file)) return;
  const std::string text = beginning_of(file);
  const std::string_view line = first_line(text);
  constexpr std::array kTables = {"model,mode,notes,seed,dataset,role,task,metric,value,lo,hi,n",
                                  "dataset,strategy,provider,class,measure,value,lo,"};
  const bool own =
      std::ranges::any_of(kTables, [&](const char* begin) { return contains(line, begin); }) ||
      line.starts_with("% Needs \\usepackage{booktabs}") ||
      (contains(text, "\"notes_from_labels\"") && contains(text, "\"replicates\"")) ||
      // Plain text says nothing of where it is from; it came with the page.
      (page && file.extension() == ".txt");
  if (!own) refuse(file, "a part of a report");
}

}  // namespace

void require_output(const Path& file, OutputKind kind, const std::vector<Path>& inputs) {
  refuse_table_name(file, kind);
  refuse_input_files(file, inputs);
  if (!is_there(file)) return;
  if (!is_of_kind(kind, file, beginning_of(file))) refuse(file, words_of(kind));
}

void require_report_output(const Path& page) {
  const std::vector<Path> beside = files_beside_report(page);
  for (const Path& file : beside) {
    if (file == page) {
      throw UsageError(
          "cannot write the report's page to {}: that is the name of one of the files beside it; "
          "name it .html",
          page.string());
    }
  }
  require_output(page, OutputKind::kPage);
  const bool there = is_there(page);
  for (const Path& file : beside) require_beside_page(file, there);
}

}  // namespace epicrisis::cli
