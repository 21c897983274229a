#include "study/predictions.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "epicrisis/core/error.h"
#include "epicrisis/tensor/safetensors.h"

namespace epicrisis::study {
namespace {

constexpr const char* kIdentity = "identity";

TensorView view_of(const std::vector<std::int64_t>& values) {
  return {TensorType::kI64,
          {static_cast<std::int64_t>(values.size())},
          std::as_bytes(std::span(values))};
}

std::vector<std::int64_t> integers(const TensorFile& file, const std::string& name) {
  const TensorView& tensor = file.at(name);
  if (tensor.type != TensorType::kI64 || tensor.shape.size() != 1) {
    throw InputError("{}: tensor '{}' is {}, a list of I64 was expected", file.source(), name,
                     describe(tensor));
  }
  std::vector<std::int64_t> values(static_cast<std::size_t>(tensor.count()));
  if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

}  // namespace

std::vector<std::size_t> predicted_rows(const Predictions& predictions, Mode mode) {
  std::vector<std::size_t> rows;
  if (mode == Mode::kText) {
    for (const std::int64_t row : predictions.note_cases) {
      rows.push_back(static_cast<std::size_t>(row));
    }
    std::ranges::sort(rows);
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  } else {
    rows.resize(predictions.sample_ids.size());
    std::iota(rows.begin(), rows.end(), std::size_t{0});
  }
  return rows;
}

FloatMatrix logits_of_cases(const Predictions& predictions, const FloatMatrix& of_notes,
                            std::size_t classes) {
  FloatMatrix of_cases(predictions.sample_ids.size(), classes);
  for (std::size_t i = predictions.note_cases.size(); i-- > 0;) {
    std::ranges::copy(of_notes.row(i),
                      of_cases.row(static_cast<std::size_t>(predictions.note_cases[i])).begin());
  }
  return of_cases;
}

Path predictions_file(const Path& run_folder, const std::string& dataset) {
  return run_folder / "predictions" / (dataset + ".safetensors");
}

void write_predictions(const Path& file, const Predictions& predictions) {
  write_checked_safetensors(file,
                            {{"sample_ids", view_of(predictions.sample_ids)},
                             {"images", tensor_view(predictions.images)},
                             {"logits", tensor_view(predictions.logits)},
                             {"notes", tensor_view(predictions.notes)},
                             {"note_cases", view_of(predictions.note_cases)},
                             {"note_texts", view_of(predictions.note_texts)},
                             {"prompts", tensor_view(predictions.prompts)}},
                            {{kIdentity, predictions.identity}});
}

Predictions read_predictions(const Path& file) {
  const TensorFile tensors = read_safetensors(file);
  const auto matrix = [&](const std::string& name) {
    return to_matrix(tensors.at(name), tensors.source());
  };
  Predictions result;
  result.sample_ids = integers(tensors, "sample_ids");
  result.images = matrix("images");
  result.logits = matrix("logits");
  result.notes = matrix("notes");
  result.note_cases = integers(tensors, "note_cases");
  result.note_texts = integers(tensors, "note_texts");
  result.prompts = matrix("prompts");
  const auto identity = tensors.metadata().find(kIdentity);
  if (identity != tensors.metadata().end()) result.identity = identity->second;
  result.checksum = checksum_of(tensors);
  if (result.checksum.empty()) {
    throw InputError("{}: the file is damaged: its checksum is missing", file.string());
  }
  const std::size_t cases = result.sample_ids.size();
  const std::size_t notes = result.notes.rows;
  if (result.images.rows != cases || result.logits.rows != cases ||
      result.note_cases.size() != notes || result.note_texts.size() != notes) {
    throw InputError(
        "{}: {} samples, {} images, {} logits, {} notes of {} cases: they do not fit together",
        file.string(), cases, result.images.rows, result.logits.rows, notes,
        result.note_cases.size());
  }
  for (const std::int64_t row : result.note_cases) {
    if (row < 0 || static_cast<std::size_t>(row) >= cases) {
      throw InputError("{}: a note belongs to row {} of {}", file.string(), row, cases);
    }
  }
  return result;
}

}  // namespace epicrisis::study
