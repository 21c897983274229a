#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/data/sample.h"
#include "epicrisis/llm/picture_tokens.h"
#include "epicrisis/llm/provider.h"
#include "epicrisis/notes/strategy/strategy.h"

namespace epicrisis {

// What the user lets out.
struct Disclosure {
  // false: no picture leaves; what was measured on it still does, in words.
  bool images = true;
  // Only these, of the field's note_field_names() and "measured". Age, sex and site leave within
  // `findings` only if they are named too, as the subclass within `class`.
  std::optional<std::vector<std::string>> fields;
};

// A note that is to be asked for: the prompt on one sample, without the picture. Cheap to make.
struct PlannedNote {
  std::int64_t sample_id = 0;
  int variant = 0;
  std::string key;  // of the note that will answer it; see RequestBuilder
  std::string system;
  std::string user;
  std::string image_path;           // of the picture to attach or measure; "": none
  bool attach_image = false;        // the picture goes along
  bool measure_image = false;       // what was measured on it goes along in words
  std::vector<std::string> fields;  // names of the metadata with a value in it, sorted
  std::string origin;  // NoteRecord::origin: "metadata", "image", "image+metadata", "note"
  std::int64_t input_tokens = 0;  // estimate, picture included
  int max_tokens = 0;             // of the answer, at most
};

// Of a note, and of a list of its claims or faults, that a prompt shows: what is beyond is cut.
inline constexpr std::size_t kMaxNoteBytes = 16'000;

// Makes prompts and chat-completions bodies of one strategy for one provider and model. Immutable;
// may be shared by threads.
class RequestBuilder {
 public:
  // Where the picture does not go along, because the provider has no vision or it is not let out,
  // what is measured on it goes along in words, if the strategy may see the picture and the
  // disclosure lets it out ("measured"), and the field has use for it. UsageError if the strategy
  // is a template, a field of `disclosure` is unknown, the model is "", or nothing that the
  // strategy may see is left.
  RequestBuilder(Strategy strategy, Provider provider, std::string model, Disclosure disclosure);

  // The same under another strategy's name: of notes, of the ledger's entries.
  RequestBuilder under_name(std::string strategy) const;

  const Strategy& strategy() const { return strategy_; }
  const Provider& provider() const { return provider_; }
  const std::string& model() const { return provider_.model; }

  // `image_sha256`: of the picture's file, 64 hex digits; "" if there is none or it is not needed.
  // `more`: what the strategy's texts name besides metadata: "note", the text that a rewrite, a
  // judge or a revision reads, "claims" or "faults" of it, what is measured (measured_fields()).
  // The key is the SHA-256 of data set, sample key, picture bytes, prompt, provider, model,
  // parameters, strategy content and variant: what is paid for once.
  PlannedNote plan(const Sample& sample, int variant, std::string_view image_sha256,
                   const TemplateFields& more = {}) const;
  bool needs_image() const;                                // attach or measure
  bool names_measured() const { return names_measured_; }  // the strategy (names_measured())
  bool sends_image() const { return attach_; }
  // What a picture that goes along counts.
  const PictureTokens& picture() const { return picture_; }
  // Whether a sample without a picture has something to be told: the model would not see it anyway,
  // and there is metadata.
  bool does_without_picture(const Sample& sample) const;

  // The JSON body; reads and re-encodes the picture (resized, JPEG, no metadata). `max_tokens`: of
  // the answer; 0: the note's. InputError or SystemError of a picture that cannot be read.
  std::string body(const PlannedNote& note, int max_tokens = 0) const;
  // temperature, max_tokens, image settings, ... as kept with the note; 0: the strategy's limit
  Json parameters(int max_tokens = 0) const;
  // JSON schema the answer must meet; null for free text
  const Json& schema() const { return schema_; }

 private:
  Strategy strategy_;
  Provider provider_;
  Disclosure disclosure_;
  Json schema_;
  PictureTokens picture_;
  bool attach_ = false;
  bool measure_ = false;
  bool names_measured_ = false;
  std::string schema_words_;        // the schema as part of the prompt; "" if the server takes it
  std::int64_t schema_tokens_ = 0;  // servers count it as input
  std::string parameters_text_;     // parameters(), part of the key
};

}  // namespace epicrisis
