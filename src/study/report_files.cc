#include "study/report_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/study/study.h"

namespace epicrisis::study {
namespace {

constexpr const char* kKey = ".key";
// Of two that a name may end in the longer first. The page and then the key are the last: until
// both are moved, a report is there still and its other files follow.
constexpr std::array kExtensions = {".audit.csv", ".csv", ".json", ".tex", ".txt", ".html", kKey};

// What the .key file says: what the report was made of, the text of the study, the day, and a hash
// of the report's files. Earlier versions wrote the first alone, or not the last.
struct ReportKey {
  std::string key;  // "": it is being written
  std::string state;
  std::string day;
  std::string files;
};

ReportKey read_key(const Path& html) {
  const Path file = beside(html, kKey);
  if (!std::filesystem::exists(file)) return {};
  std::vector<std::string> lines = split(read_file(file, 1 << 16), '\n');
  lines.resize(4);
  // State and day become part of a file's name.
  const bool whole = is_safe_id(lines[1]) && is_safe_id(lines[2]);
  return whole ? ReportKey{lines[0], lines[1], lines[2], lines[3]}
               : ReportKey{lines[0], "", "", ""};
}

bool is_whole(const Path& html) {
  return std::ranges::all_of(kExtensions, [&](const char* extension) {
    return std::filesystem::exists(beside(html, extension));
  });
}

std::string hash_of_files(const Path& html) {
  std::vector<std::string> hashes;
  for (const std::string_view extension : kExtensions) {
    if (extension == kKey) continue;
    hashes.push_back(sha256_hex(MappedFile(beside(html, extension.data())).bytes()));
  }
  return sha256_hex(join(hashes, "\n"));
}

// Whether the files are those of which the key has the hash. None of what lies in their place, a
// folder or a named pipe, is.
bool are_files_of(const ReportKey& key, const Path& html) {
  try {
    return is_whole(html) && key.files == hash_of_files(html);
  } catch (const Error&) {
    return false;
  }
}

void write_key(const Path& html, const ReportKey& key) {
  write_file(beside(html, kKey),
             key.key + "\n" + key.state + "\n" + key.day + "\n" + key.files + "\n");
}

// "small.audit.csv" is of "small"; "" where it is no file of a report.
std::string study_of(const std::string& name) {
  for (const std::string_view extension : kExtensions) {
    if (name.ends_with(extension)) return name.substr(0, name.size() - extension.size());
  }
  return {};
}

// A name that no kept report has.
Path page_to_keep(const Workspace& workspace, const std::string& name) {
  Path page = report_file(workspace, name);
  for (int number = 2; std::filesystem::exists(page); ++number) {
    page = report_file(workspace, fmt::format("{}-{}", name, number));
  }
  return page;
}

std::string state_of(const Study& study) {
  return sha256_of_fields({study.source, study.allow_leakage ? "leakage allowed" : ""})
      .substr(0, 8);
}

}  // namespace

std::string study_lock(const std::string& study) { return "study-" + study; }

Path study_record(const Workspace& workspace, const std::string& study) {
  return workspace.root() / "studies" / (study + ".json");
}

Path report_file(const Workspace& workspace, const std::string& study) {
  return workspace.reports() / (study + ".html");
}

Path beside(const Path& html, const char* extension) {
  Path path = html;
  return path.replace_extension(extension);
}

bool report_is_current(const Workspace& workspace, const std::string& study,
                       const std::string& key) {
  const Path html = report_file(workspace, study);
  const ReportKey now = read_key(html);
  return now.key == key && are_files_of(now, html);
}

bool report_was_changed(const Workspace& workspace, const std::string& study) {
  const Path html = report_file(workspace, study);
  const ReportKey key = read_key(html);
  if (key.files.empty()) return false;  // of an earlier version, or being written
  return !are_files_of(key, html);
}

Path begin_report(const Workspace& workspace, const Study& study, const std::string& day) {
  const Path html = report_file(workspace, study.name);
  const ReportKey now{"", state_of(study), day, ""};
  Path kept;
  if (std::filesystem::exists(html)) {
    const ReportKey before = read_key(html);
    if (before.state != now.state) {
      const std::string of =
          before.state.empty() ? "earlier" : fmt::format("{}-{}", before.day, before.state);
      kept = page_to_keep(workspace, study.name + "@" + of);
      for (const char* extension : kExtensions) {
        const Path file = beside(html, extension);
        if (!std::filesystem::exists(file)) continue;
        std::filesystem::rename(file, beside(kept, extension));
      }
    }
  }
  write_key(html, now);
  return kept;
}

void end_report(const Workspace& workspace, const Study& study, const std::string& day,
                const std::string& key) {
  const Path html = report_file(workspace, study.name);
  write_key(html, {key, state_of(study), day, hash_of_files(html)});
}

std::vector<Path> report_files(const Workspace& workspace, const std::string& study) {
  std::vector<Path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(workspace.reports(), error)) {
    const std::string of = study_of(entry.path().filename().string());
    if (of == study || of.starts_with(study + "@")) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace epicrisis::study

namespace epicrisis {

std::vector<Path> files_beside_report(const Path& html) {
  std::vector<Path> files;
  for (const std::string_view extension : study::kExtensions) {
    if (extension == ".html" || extension == study::kKey) continue;
    files.push_back(study::beside(html, extension.data()));
  }
  return files;
}

}  // namespace epicrisis
