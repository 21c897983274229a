#include "tensor/pickle.h"

#include <array>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>

#include "epicrisis/core/error.h"
#include "tensor/checked_size.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxNodes = std::size_t{1} << 22;
constexpr std::size_t kMaxTensors = 65536;
constexpr std::size_t kMaxVisits = std::size_t{1} << 20;
constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxDimensions = 32;

enum class Kind : std::uint8_t {
  kNone,
  kBool,
  kInteger,
  kLong,
  kFloat,
  kText,
  kTuple,
  kList,
  kDict,
  kGlobal,
  kStorage,
  kTensor,
  kMark
};

constexpr std::array<std::string_view, 13> kKindNames{
    "None",     "a bool", "a whole number", "a whole number of more than 64 bits",
    "a number", "a text", "a tuple",        "a list",
    "a dict",   "a name", "a storage",      "a tensor",
    "a mark"};

// What torch.save began files with (torch/serialization.py, MAGIC_NUMBER and PROTOCOL_VERSION).
constexpr std::string_view kMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
constexpr std::int64_t kLegacyVersion = 1001;

// Values live in one arena and refer to each other by index, so that neither depth nor cycles in a
// hostile pickle cost stack or leak.
struct Node {
  Kind kind = Kind::kNone;
  std::int64_t integer = 0;          // also the index of a storage or tensor
  std::string_view text;             // text; module of a global; digits of a long number
  std::string_view name;             // name of a global
  std::vector<std::uint32_t> items;  // of tuples and lists; key, value, ... of dicts
};

struct Storage {
  TensorType type;
  std::string_view key;
  std::uint64_t count;
  std::uint64_t offset;  // of a view, elements
};

std::optional<TensorType> storage_type(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, TensorType>, 10> kStorages{
      {{"DoubleStorage", TensorType::kF64},
       {"FloatStorage", TensorType::kF32},
       {"HalfStorage", TensorType::kF16},
       {"BFloat16Storage", TensorType::kBF16},
       {"LongStorage", TensorType::kI64},
       {"IntStorage", TensorType::kI32},
       {"ShortStorage", TensorType::kI16},
       {"CharStorage", TensorType::kI8},
       {"ByteStorage", TensorType::kU8},
       {"BoolStorage", TensorType::kBool}}};
  for (const auto& [known, type] : kStorages) {
    if (known == name) return type;
  }
  return std::nullopt;
}

class Machine {
 public:
  Machine(std::string_view bytes, const std::string& source) : bytes_(bytes), source_(source) {}

  PickledTensors state_dict() {
    const std::uint32_t root = next();
    if (nodes_[root].kind != Kind::kDict) {
      fail(fmt::format("the file holds {}, a dict of tensors was expected", kind_name(root)));
    }
    collect(root, "", 0);
    return std::move(found_);
  }

  LegacyPickles legacy() {
    LegacyPickles file;
    if (const Node& magic = nodes_[next()]; magic.kind != Kind::kLong || magic.text != kMagic) {
      fail("the magic number of torch.save was expected");
    }
    const Node version = nodes_[next()];
    if (version.kind != Kind::kInteger || version.integer != kLegacyVersion) {
      fail(fmt::format("version {} of torch.save's files; {} is read", version.integer,
                       kLegacyVersion));
    }
    check_machine(next());
    file.tensors = state_dict();
    for (const Storage& storage : storages_) {
      const LegacyPickles::Storage announced{storage.type, storage.count};
      const auto [known, is_new] = file.storages.emplace(storage.key, announced);
      if (known->second.type != storage.type || known->second.count != storage.count) {
        fail(fmt::format("the storage '{}' has two types or sizes", storage.key));
      }
    }
    const Node keys = nodes_[next()];
    if (keys.kind != Kind::kList || keys.items.size() > kMaxTensors) {
      fail("a list of storages was expected");
    }
    for (const std::uint32_t key : keys.items) {
      if (nodes_[key].kind != Kind::kText) fail("the key of a storage is no text");
      file.order.emplace_back(nodes_[key].text);
    }
    file.end = at_;
    return file;
  }

 private:
  // The value of the pickle that begins here.
  std::uint32_t next() {
    stack_.clear();
    memo_.clear();
    stopped_ = false;
    while (!stopped_) step();
    if (stack_.size() != 1) fail(fmt::format("{} values are left at the end", stack_.size()));
    return stack_.back();
  }

  // {"protocol_version": 1001, "little_endian": True, "type_sizes": {...}}
  void check_machine(std::uint32_t index) const {
    const Node& machine = nodes_[index];
    if (machine.kind != Kind::kDict) fail("what the machine was like is no dict");
    for (std::size_t i = 0; i < machine.items.size(); i += 2) {
      const Node& value = nodes_[machine.items[i + 1]];
      if (nodes_[machine.items[i]].text == "little_endian" && value.integer == 0) {
        fail("the tensors are not little-endian");
      }
    }
  }

  // ---- the bytes ----
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError("{}: pickle, byte {}: {}", source_, at_, what);
  }
  std::string_view take(std::uint64_t length) {
    if (length > bytes_.size() - at_) fail("cut off");
    const auto part = bytes_.substr(at_, static_cast<std::size_t>(length));
    at_ += static_cast<std::size_t>(length);
    return part;
  }
  template <typename T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) fail("a line has no end");
    const auto text = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return text;
  }

  // ---- the stack ----
  std::uint32_t push(Node node) {
    if (nodes_.size() >= kMaxNodes) fail(fmt::format("more than {} values", kMaxNodes));
    nodes_.push_back(std::move(node));
    const auto index = static_cast<std::uint32_t>(nodes_.size() - 1);
    stack_.push_back(index);
    return index;
  }
  void push_text(std::string_view text) { push({Kind::kText, 0, text, {}, {}}); }
  void push_integer(std::int64_t value) { push({Kind::kInteger, value, {}, {}, {}}); }
  std::uint32_t pop() {
    if (stack_.empty()) fail("the stack is empty");
    const std::uint32_t index = stack_.back();
    if (nodes_[index].kind == Kind::kMark) fail("a mark where a value was expected");
    stack_.pop_back();
    return index;
  }
  std::vector<std::uint32_t> pop_to_mark() {
    for (std::size_t i = stack_.size(); i-- > 0;) {
      if (nodes_[stack_[i]].kind != Kind::kMark) continue;
      std::vector<std::uint32_t> items(stack_.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                       stack_.end());
      stack_.resize(i);
      return items;
    }
    fail("no mark on the stack");
  }
  std::string_view kind_name(std::uint32_t index) const {
    return kKindNames[static_cast<std::size_t>(nodes_[index].kind)];
  }
  Node& top(Kind kind) {
    if (stack_.empty() || nodes_[stack_.back()].kind != kind) {
      fail(fmt::format("{} was expected on the stack", kKindNames[static_cast<std::size_t>(kind)]));
    }
    return nodes_[stack_.back()];
  }
  void push_tuple(std::size_t count) {
    std::vector<std::uint32_t> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    push({Kind::kTuple, 0, {}, {}, std::move(items)});
  }

  void memoize(std::uint64_t slot) {
    if (stack_.empty()) fail("nothing to remember");
    memo_[slot] = stack_.back();
  }
  void recall(std::uint64_t slot) {
    const auto found = memo_.find(slot);
    if (found == memo_.end()) fail(fmt::format("nothing was remembered under {}", slot));
    if (stack_.size() >= kMaxNodes) fail("the stack is too deep");
    stack_.push_back(found->second);
  }

  // Names are checked where they are used, so that the message can say what for.
  void push_global(std::string_view module, std::string_view name) {
    const bool known =
        (module == "collections" && name == "OrderedDict") ||
        (module == "torch._utils" && (name == "_rebuild_tensor_v2" || name == "_rebuild_tensor" ||
                                      name == "_rebuild_parameter")) ||
        ((module == "torch" || module == "torch.cuda") && storage_type(name));
    if (!known) {
      fail(
          fmt::format("the name '{}.{}' is not one a state dict needs and was not loaded; save "
                      "model.state_dict() alone, or as safetensors",
                      module, name));
    }
    push({Kind::kGlobal, 0, module, name, {}});
  }

  void persistent_id() {
    const std::uint32_t id = pop();
    const Node& node = nodes_[id];
    const auto& items = node.items;
    const bool sizes = items.size() == 5 || items.size() == 6;
    if (node.kind != Kind::kTuple || !sizes || nodes_[items[0]].text != "storage" ||
        nodes_[items[1]].kind != Kind::kGlobal || nodes_[items[2]].kind != Kind::kText) {
      fail("a persistent id that is no storage");
    }
    const auto type = storage_type(nodes_[items[1]].name);
    if (!type) fail(fmt::format("'{}' is no storage", nodes_[items[1]].name));
    const Storage storage{*type, nodes_[items[2]].text, unsigned_value(items[4]),
                          items.size() == 6 ? view_offset(items[5]) : 0};
    storages_.push_back(storage);
    push({Kind::kStorage, static_cast<std::int64_t>(storages_.size() - 1), {}, {}, {}});
  }

  // Old files share a storage by views of it: None, or (key, offset, size).
  std::uint64_t view_offset(std::uint32_t index) const {
    const Node& view = nodes_[index];
    if (view.kind == Kind::kNone) return 0;
    if (view.kind != Kind::kTuple || view.items.size() != 3) fail("a view that is none");
    return unsigned_value(view.items[1]);
  }

  std::uint64_t unsigned_value(std::uint32_t index) const {
    if (nodes_[index].kind != Kind::kInteger || nodes_[index].integer < 0) {
      fail(fmt::format("{} where a whole number from 0 was expected", kind_name(index)));
    }
    return static_cast<std::uint64_t>(nodes_[index].integer);
  }
  std::vector<std::uint64_t> unsigned_values(std::uint32_t index) const {
    const Node& node = nodes_[index];
    if (node.kind != Kind::kTuple || node.items.size() > kMaxDimensions) {
      fail("a tuple of at most 32 numbers was expected");
    }
    std::vector<std::uint64_t> values;
    values.reserve(node.items.size());
    for (const std::uint32_t item : node.items) values.push_back(unsigned_value(item));
    return values;
  }

  static bool rebuilds_tensor(std::string_view name, std::size_t arguments) {
    if (name == "_rebuild_tensor") return arguments == 4;  // until PyTorch 0.4
    return name == "_rebuild_tensor_v2" && (arguments == 6 || arguments == 7);
  }

  // Python 2 gave an OrderedDict its items as one list of [key, value].
  std::vector<std::uint32_t> pairs_of(std::uint32_t index) const {
    const auto is_row = [](const Node& node) {
      return node.kind == Kind::kList || node.kind == Kind::kTuple;
    };
    std::vector<std::uint32_t> items;
    if (!is_row(nodes_[index])) fail("an OrderedDict of no list");
    for (const std::uint32_t pair : nodes_[index].items) {
      if (!is_row(nodes_[pair]) || nodes_[pair].items.size() != 2) {
        fail("an OrderedDict of other things than pairs");
      }
      items.push_back(nodes_[pair].items[0]);
      items.push_back(nodes_[pair].items[1]);
    }
    return items;
  }

  void reduce() {
    const std::uint32_t arguments = pop();
    const std::uint32_t callee = pop();
    if (nodes_[callee].kind != Kind::kGlobal || nodes_[arguments].kind != Kind::kTuple) {
      fail(fmt::format("a call of {}", kind_name(callee)));
    }
    const auto name = nodes_[callee].name;
    const auto& items = nodes_[arguments].items;
    if (name == "OrderedDict" && items.empty()) {
      push({Kind::kDict, 0, {}, {}, {}});
    } else if (name == "OrderedDict" && items.size() == 1) {
      push({Kind::kDict, 0, {}, {}, pairs_of(items[0])});
    } else if (name == "_rebuild_parameter" && items.size() == 3 &&
               nodes_[items[0]].kind == Kind::kTensor) {
      stack_.push_back(items[0]);
    } else if (rebuilds_tensor(name, items.size()) && nodes_[items[0]].kind == Kind::kStorage) {
      const Storage& storage = storages_[static_cast<std::size_t>(nodes_[items[0]].integer)];
      const std::uint64_t offset = unsigned_value(items[1]);
      if (offset > kMaxSize || storage.offset > kMaxSize) fail("an offset beyond every file");
      PickledTensor tensor{storage.type,
                           std::string(storage.key),
                           storage.count,
                           storage.offset + offset,
                           unsigned_values(items[2]),
                           unsigned_values(items[3])};
      if (tensor.shape.size() != tensor.strides.size()) fail("shape and strides differ in length");
      if (tensors_.size() >= kMaxTensors) fail(fmt::format("more than {} tensors", kMaxTensors));
      tensors_.push_back(std::move(tensor));
      push({Kind::kTensor, static_cast<std::int64_t>(tensors_.size() - 1), {}, {}, {}});
    } else {
      fail(fmt::format("a call of '{}' with {} arguments", name, items.size()));
    }
  }

  void append_items(std::vector<std::uint32_t> items, Kind kind) {
    if (kind == Kind::kDict && items.size() % 2 != 0) fail("a key without a value");
    auto& target = top(kind).items;
    target.insert(target.end(), items.begin(), items.end());
  }

  void long_integer(std::size_t length) {
    const auto digits = take(length);
    if (length > 8) {
      push({Kind::kLong, -1, digits, {}, {}});
      return;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < length; ++i) {
      value |= std::uint64_t{static_cast<std::uint8_t>(digits[i])} << (8 * i);
    }
    // Two's complement of `length` bytes.
    if (length > 0 && length < 8 && (value >> (8 * length - 1)) != 0) {
      value |= ~std::uint64_t{0} << (8 * length);
    }
    push_integer(static_cast<std::int64_t>(value));
  }

  // Opcodes and their arguments: CPython, Lib/pickletools.py.
  void step() {
    const auto opcode = static_cast<std::uint8_t>(take(1)[0]);
    switch (opcode) {
      case 0x80:  // PROTO
        if (const auto version = number<std::uint8_t>(); version < 2 || version > 5) {
          fail(fmt::format("protocol {}; 2 to 5 are read", version));
        }
        break;
      case 0x95:
        take(8);
        break;  // FRAME
      case '.':
        stopped_ = true;
        break;  // STOP
      case '(':
        push({Kind::kMark, 0, {}, {}, {}});
        break;  // MARK
      case 'N':
        push({});
        break;  // NONE
      case 0x88:
        push({Kind::kBool, 1, {}, {}, {}});
        break;  // NEWTRUE
      case 0x89:
        push({Kind::kBool, 0, {}, {}, {}});
        break;  // NEWFALSE
      case 'J':
        push_integer(number<std::int32_t>());
        break;  // BININT
      case 'K':
        push_integer(number<std::uint8_t>());
        break;  // BININT1
      case 'M':
        push_integer(number<std::uint16_t>());
        break;  // BININT2
      case 0x8A:
        long_integer(number<std::uint8_t>());
        break;  // LONG1
      case 'G':
        take(8);
        push({Kind::kFloat, 0, {}, {}, {}});
        break;    // BINFLOAT
      case 0x8C:  // SHORT_BINUNICODE
      case 'U':   // SHORT_BINSTRING, Python 2's text
      case 'C':   // SHORT_BINBYTES
        push_text(take(number<std::uint8_t>()));
        break;
      case 'X':  // BINUNICODE
      case 'T':  // BINSTRING
      case 'B':  // BINBYTES
        push_text(take(number<std::uint32_t>()));
        break;
      case ']':
        push({Kind::kList, 0, {}, {}, {}});
        break;  // EMPTY_LIST
      case '}':
        push({Kind::kDict, 0, {}, {}, {}});
        break;  // EMPTY_DICT
      case ')':
        push_tuple(0);
        break;  // EMPTY_TUPLE
      case 0x85:
        push_tuple(1);
        break;  // TUPLE1
      case 0x86:
        push_tuple(2);
        break;  // TUPLE2
      case 0x87:
        push_tuple(3);
        break;  // TUPLE3
      case 't':
        push({Kind::kTuple, 0, {}, {}, pop_to_mark()});
        break;  // TUPLE
      case 'a':
        append_items({pop()}, Kind::kList);
        break;  // APPEND
      case 'e':
        append_items(pop_to_mark(), Kind::kList);
        break;     // APPENDS
      case 's': {  // SETITEM
        const std::uint32_t value = pop();
        const std::uint32_t key = pop();
        append_items({key, value}, Kind::kDict);
        break;
      }
      case 'u':
        append_items(pop_to_mark(), Kind::kDict);
        break;  // SETITEMS
      case 'q':
        memoize(number<std::uint8_t>());
        break;  // BINPUT
      case 'r':
        memoize(number<std::uint32_t>());
        break;  // LONG_BINPUT
      case 0x94:
        memoize(memo_.size());
        break;  // MEMOIZE
      case 'h':
        recall(number<std::uint8_t>());
        break;  // BINGET
      case 'j':
        recall(number<std::uint32_t>());
        break;     // LONG_BINGET
      case 'c': {  // GLOBAL
        const auto module = line();
        push_global(module, line());
        break;
      }
      case 0x93: {  // STACK_GLOBAL
        const std::uint32_t name = pop();
        const std::uint32_t module = pop();
        if (nodes_[name].kind != Kind::kText || nodes_[module].kind != Kind::kText) {
          fail("a name that is no text");
        }
        push_global(nodes_[module].text, nodes_[name].text);
        break;
      }
      case 'Q':
        persistent_id();
        break;  // BINPERSID
      case 'R':
        reduce();
        break;   // REDUCE
      case 'b':  // BUILD: state_dict() hangs its _metadata (layer versions) on the OrderedDict
        pop();
        top(Kind::kDict);
        break;
      default:
        --at_;
        fail(fmt::format("the opcode 0x{:02x} is not one a state dict needs", opcode));
    }
  }

  // ---- the result ----
  void collect(std::uint32_t index, const std::string& name, int depth) {
    if (++visits_ > kMaxVisits || depth > kMaxDepth) {
      fail(fmt::format("the dicts are nested deeper than {} or refer to each other", kMaxDepth));
    }
    const Node& node = nodes_[index];
    const auto child = [&](const std::string& key) {
      return name.empty() ? key : name + "." + key;
    };
    if (node.kind == Kind::kTensor) {
      if (found_.size() >= kMaxTensors) fail(fmt::format("more than {} tensors", kMaxTensors));
      found_.emplace_back(name, tensors_[static_cast<std::size_t>(node.integer)]);
    } else if (node.kind == Kind::kList || node.kind == Kind::kTuple) {
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        collect(node.items[i], child(std::to_string(i)), depth + 1);
      }
    } else if (node.kind == Kind::kDict) {
      for (std::size_t i = 0; i < node.items.size(); i += 2) {
        const Node& key = nodes_[node.items[i]];
        if (key.kind != Kind::kText && key.kind != Kind::kInteger) {
          fail(fmt::format("{} as a key", kind_name(node.items[i])));
        }
        collect(
            node.items[i + 1],
            child(key.kind == Kind::kText ? std::string(key.text) : std::to_string(key.integer)),
            depth + 1);
      }
    }
  }

  std::string_view bytes_;
  const std::string& source_;
  std::size_t at_ = 0;
  bool stopped_ = false;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> stack_;
  std::unordered_map<std::uint64_t, std::uint32_t> memo_;
  std::vector<Storage> storages_;
  std::vector<PickledTensor> tensors_;
  PickledTensors found_;
  std::size_t visits_ = 0;
};

}  // namespace

PickledTensors unpickle_state_dict(std::string_view bytes, const std::string& source) {
  return Machine(bytes, source).state_dict();
}

bool is_legacy_pytorch(std::string_view bytes) {
  // Behind the opcodes for protocol, frame and length.
  return bytes.starts_with('\x80') && bytes.substr(0, 32).find(kMagic) != std::string_view::npos;
}

LegacyPickles unpickle_legacy(std::string_view bytes, const std::string& source) {
  return Machine(bytes, source).legacy();
}

}  // namespace epicrisis
