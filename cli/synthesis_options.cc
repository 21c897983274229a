#include "synthesis_options.h"

namespace epicrisis::cli {

void add_provider_options(CLI::App& command, ProviderChoice& choice) {
  in_group(command, "Who answers");
  CLI::Option* const provider =
      takes(command.add_option("--provider", choice.provider,
                               "Who answers: a built-in provider or a provider file"),
            "NAME|FILE", built_in_providers)
          ->envname("EPICRISIS_PROVIDER");
  CLI::Option* const endpoint =
      takes(command.add_option("--endpoint", choice.endpoint,
                               "Base URL of an OpenAI-compatible server, alone or for the "
                               "provider: http://127.0.0.1:8080/v1"),
            "URL")
          ->envname("EPICRISIS_ENDPOINT");
  // One who names a provider wants that one, not another's address.
  provider->trigger_on_parse()->each([endpoint](const std::string&) { endpoint->envname(""); });
}

void add_recording_options(CLI::App& command, ProviderChoice& choice) {
  takes(command.add_option("--record", choice.record, "Keep requests and answers in this file"),
        "FILE");
  takes(command.add_option("--replay", choice.replay, "Answer from a recording; nothing is sent"),
        "FILE")
      ->check(no_folder("a recording"));
}

void add_model_options(CLI::App& command, SynthesisArguments& arguments) {
  add_provider_options(command, arguments.choice);
  CLI::Option* const model =
      takes(command.add_option("--model", arguments.choice.model,
                               "As the server names it; the provider's own if not given"),
            "NAME")
          ->envname("EPICRISIS_MODEL");
  command.get_option("--provider")->each([model](const std::string&) { model->envname(""); });
  command.add_flag("--vision", arguments.choice.vision,
                   "The model sees pictures, though the provider's file does not say so");
  takes(command.add_option("--structured", arguments.structured,
                           "What the server takes as response_format: json_schema, json_object or "
                           "none; else the provider's file says it"),
        "FORM", [] {
          return std::vector<std::string>{"json_schema", "json_object", "none"};
        });
  takes(
      command.add_option("--input-price", arguments.choice.input_price,
                         "US dollars a million tokens of requests; else the provider's file says"),
      "USD")
      ->check(between(0.0, 1e6));
  takes(command.add_option("--output-price", arguments.choice.output_price,
                           "US dollars a million tokens of answers; else the provider's file says"),
        "USD")
      ->check(between(0.0, 1e6));
  takes(command.add_option("--picture-tokens", arguments.choice.picture_tokens,
                           "Tokens that a picture counts; else what is known of the model"),
        "N")
      ->check(between(1, 1'000'000));
}

void add_disclosure_options(CLI::App& command, SynthesisArguments& arguments) {
  in_group(command, "What is sent");
  command.add_flag("--no-images", arguments.no_images, "No picture is sent");
  takes(command.add_option("--fields", arguments.fields,
                           "Only these metadata fields are sent, separated by commas"),
        "FIELD", [] { return note_field_names(Field::standard()); })
      ->delimiter(',');
  command.add_flag("--allow-remote", arguments.allow_remote,
                   "Let data go to a provider that is not on this machine; once a workspace");
}

void add_retry_option(CLI::App& command, SynthesisArguments& arguments) {
  command.add_flag("--retry-rejected", arguments.retry_rejected,
                   "Ask again where the last answer was refused, truncated, empty or invalid");
}

CLI::Option* add_synthesis_options(CLI::App& command, SynthesisArguments& arguments) {
  in_group(command, "Notes");
  add_workspace_option(command, arguments.workspace);
  CLI::Option* strategy = takes(command.add_option("--strategy", arguments.strategy,
                                                   "A built-in strategy or a strategy file"),
                                "NAME|FILE", [] { return built_in_strategies(); });
  takes(command.add_option("--dataset", arguments.datasets, "Only samples of these data sets"),
        "NAME");
  takes(command.add_option("--limit", arguments.limit, "At most so many samples, the first ones"),
        "N")
      ->check(between(0, 1'000'000'000));
  takes(command.add_option("--fraction", arguments.fraction,
                           "Only this share of the samples, drawn evenly; always the same ones"),
        "SHARE")
      ->check(between(0.0, 1.0));
  add_retry_option(command, arguments);
  add_model_options(command, arguments);
  add_disclosure_options(command, arguments);
  return strategy;
}

void add_request_options(CLI::App& command, int& concurrency, std::string& budget) {
  in_group(command, "Requests");
  takes(command.add_option("--concurrency", concurrency,
                           "Requests in flight, at most; the provider's own limit otherwise"),
        "N")
      ->check(between(1, 100'000));
  takes(command.add_option("--budget", budget,
                           "Stop before more is spent: '200000 tokens' or '2.50 USD'"),
        "AMOUNT");
}

SynthesisJob job_of(const SynthesisArguments& arguments) {
  SynthesisJob job;
  job.strategy = arguments.strategy;
  job.choice = arguments.choice;
  if (!arguments.structured.empty()) {
    job.choice.structured = structured_output_of(arguments.structured, "--structured");
  }
  job.disclosure.images = !arguments.no_images;
  if (!arguments.fields.empty()) job.disclosure.fields = arguments.fields;
  job.options.filter.datasets = arguments.datasets;
  job.options.filter.limit = arguments.limit;
  job.options.fraction = arguments.fraction;
  job.options.allow_remote = arguments.allow_remote;
  job.options.retry_rejected = arguments.retry_rejected;
  return job;
}

}  // namespace epicrisis::cli
