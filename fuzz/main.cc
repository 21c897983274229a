// Drives a fuzz target where libFuzzer is not there: runs the named files and the files of the
// named folders, then mutations of them. The same arguments give the same inputs on every machine.
//   NAME_fuzz [-runs=N] [-seed=S] [-max_len=BYTES] [-max_time=SECONDS] [FILE|FOLDER]...
// An input that crashes the target, runs for more than 10 s or wants more than 2 GiB is left as
// crash-input in the current folder.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// Of the sanitizers' run time, where the program has one; the name is theirs.
// NOLINTNEXTLINE(clang-diagnostic-reserved-identifier)
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

using epicrisis::Random;

constexpr unsigned kSecondsPerInput = 10;
constexpr std::uint64_t kMemory = std::uint64_t{2} << 30;

const std::string* current_input = nullptr;

// Async-signal-safe, but for what a broken process can no longer promise.
void save_input() {
  if (current_input == nullptr) return;
  const int file = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return;
  const ssize_t written = write(file, current_input->data(), current_input->size());
  close(file);
  constexpr std::string_view kMessage = "\nthe input is left in ./crash-input\n";
  if (written >= 0 && write(STDERR_FILENO, kMessage.data(), kMessage.size()) < 0) return;
}

void on_signal(int number) {
  std::signal(number, SIG_DFL);
  save_input();
  std::raise(number);
}

void limit_memory() {
  if (__sanitizer_set_death_callback != nullptr) return;  // shadow memory wants terabytes
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  if (!(statm >> pages)) return;
  const rlim_t bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) + kMemory;
  const rlimit limit{bytes, bytes};
  setrlimit(RLIMIT_AS, &limit);
}

// Of processor time, so that a busy machine is not taken for an endless loop. 0: no limit.
void limit_seconds(unsigned seconds) {
  itimerval limit{};
  limit.it_value.tv_sec = static_cast<time_t>(seconds);
  setitimer(ITIMER_VIRTUAL, &limit, nullptr);
}

void run_one(const std::string& input) {
  current_input = &input;
  limit_seconds(kSecondsPerInput);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  limit_seconds(0);
  current_input = nullptr;
}

std::size_t place_in(Random& random, std::size_t size) {
  return static_cast<std::size_t>(random.below(std::uint64_t{size} + 1));
}

// Numbers at which lengths and offsets go wrong, little- or big-endian, over what is there.
void put_number(std::string& input, Random& random) {
  constexpr std::array<std::uint64_t, 12> kNumbers = {0,
                                                      1,
                                                      0x7F,
                                                      0x80,
                                                      0xFF,
                                                      0x7FFF,
                                                      0xFFFF,
                                                      0x7FFFFFFF,
                                                      0x80000000,
                                                      0xFFFFFFFF,
                                                      0x7FFFFFFFFFFFFFFF,
                                                      0xFFFFFFFFFFFFFFFF};
  const std::size_t width = std::size_t{1} << random.below(4);
  if (input.size() < width) return;
  std::uint64_t number = kNumbers[random.below(kNumbers.size())];
  if (random.chance(0.3)) number = number + random.below(33) - 16;
  const bool big_endian = random.chance(0.5);
  const std::size_t at = place_in(random, input.size() - width);
  for (std::size_t i = 0; i < width; ++i) {
    const std::size_t byte = big_endian ? width - 1 - i : i;
    input[at + i] = static_cast<char>((number >> (8 * byte)) & 0xFF);
  }
}

void mutate(std::string& input, const std::string& other, Random& random) {
  constexpr char kSpecial[] =
      "\n\r\t \"'\\,;:.=-+#[]{}()<>/%$0919aZ_\xFF";  // and the NUL at its end
  const std::size_t at = place_in(random, input.size());
  const std::size_t count = 1 + place_in(random, std::min<std::size_t>(input.size(), 32));
  switch (random.below(9)) {
    case 0:
      if (!input.empty()) {
        char& byte = input[at % input.size()];
        byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << random.below(8)));
      }
      break;
    case 1:
      if (!input.empty()) input[at % input.size()] = static_cast<char>(random.below(256));
      break;
    case 2:
      input.insert(at, 1, kSpecial[random.below(std::size(kSpecial))]);
      break;
    case 3:
      input.erase(at, count);
      break;
    case 4:
      input.resize(at);
      break;
    case 5:
      input.insert(at, input.substr(place_in(random, input.size()), count));
      break;
    case 6:
      put_number(input, random);
      break;
    case 7: {  // the end of another input
      const std::size_t from = place_in(random, other.size());
      input = input.substr(0, at) + other.substr(from);
      break;
    }
    default: {  // a run of one piece: depth and length
      const std::string piece = input.substr(at, 1 + random.below(4));
      std::string run;
      for (std::uint64_t i = random.below(200); i > 0; --i) run += piece;
      input.insert(at, run);
    }
  }
}

struct Options {
  std::uint64_t runs = 0;
  std::uint64_t seed = 1;
  std::uint64_t max_length = 65536;
  std::uint64_t max_seconds = 0;  // 0: none
  std::vector<std::filesystem::path> inputs;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::size_t equals = argument.find('=');
    if (argument.empty() || argument[0] != '-') {
      options.inputs.emplace_back(argument);
      continue;
    }
    const std::string_view name = argument.substr(0, equals);
    std::uint64_t* target = name == "-runs"       ? &options.runs
                            : name == "-seed"     ? &options.seed
                            : name == "-max_len"  ? &options.max_length
                            : name == "-max_time" ? &options.max_seconds
                                                  : nullptr;
    const char* end = argument.data() + argument.size();
    if (target == nullptr || equals == std::string_view::npos ||
        std::from_chars(argument.data() + equals + 1, end, *target).ptr != end) {
      std::fprintf(stderr, "unknown argument %s\n", argv[i]);
      std::exit(2);
    }
  }
  return options;
}

std::vector<std::string> read_inputs(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::filesystem::path> files;
  for (const auto& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
      std::fprintf(stderr, "cannot read %s\n", file.c_str());
      std::exit(2);
    }
    inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return inputs;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  std::vector<std::string> inputs = read_inputs(options.inputs);
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGVTALRM}) {
    std::signal(number, on_signal);
  }
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(save_input);
  limit_memory();

  for (const std::string& input : inputs) run_one(input);
  const std::size_t files = inputs.size();
  if (inputs.empty()) inputs.emplace_back();
  Random random(options.seed);
  const auto start = std::chrono::steady_clock::now();
  std::uint64_t done = 0;
  const bool endless = options.runs == 0 && options.max_seconds > 0;
  while (endless || done < options.runs) {
    if (options.max_seconds > 0 &&
        std::chrono::steady_clock::now() - start > std::chrono::seconds(options.max_seconds)) {
      break;
    }
    std::string input = inputs[random.below(inputs.size())];
    for (std::uint64_t i = 1 + random.below(6); i > 0; --i) {
      mutate(input, inputs[random.below(inputs.size())], random);
    }
    if (input.size() > options.max_length) input.resize(options.max_length);
    run_one(input);
    ++done;
  }
  std::printf("%zu files, %llu mutations, no crash\n", files,
              static_cast<unsigned long long>(done));
  return 0;
}
