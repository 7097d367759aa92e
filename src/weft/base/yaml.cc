// SPDX-License-Identifier: Apache-2.0
#include "weft/base/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_set>
#include <utility>

#include "weft/base/text.h"

namespace weft {
namespace {

// A file's text, for the line of a Place. `lines` has the offset at which each line starts.
struct Source {
  std::string file;
  std::string text;
  std::vector<std::size_t> lines;
};

std::shared_ptr<const Source> make_source(std::string_view text, const std::string& file) {
  Source source{file, std::string(text), {0}};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') source.lines.push_back(i + 1);
  }
  return std::make_shared<const Source>(std::move(source));
}

std::string_view line_text(const Source& source, std::size_t line) {
  if (line >= source.lines.size()) return {};
  const std::string_view rest = std::string_view(source.text).substr(source.lines[line]);
  std::string_view text = rest.substr(0, rest.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// `line` and `byte` count from 0. A file whose last line ends properly has its end on the line after; that reads better
// as the end of the last line.
Place make_place(const Source& source, std::size_t line, std::size_t byte, int length) {
  const std::string_view text = line_text(source, line);
  const std::size_t column = count_characters(text.substr(0, byte)) + 1;
  return {source.file, int(line) + 1, int(column), std::string(text), length};
}

Place place_of_offset(const Source& source, std::size_t offset) {
  const auto after = std::upper_bound(source.lines.begin(), source.lines.end(), offset);
  const auto line = std::size_t(after - source.lines.begin()) - 1;
  return make_place(source, line, offset - source.lines[line], 1);
}

// Whether the quoted text that starts there ends. yaml-cpp takes one that is cut off after a line feed.
bool is_closed(const Source& source, const YAML::Mark& mark) {
  const std::string& text = source.text;
  std::size_t i = source.lines[std::size_t(mark.line)] + std::size_t(mark.column);
  const char quote = text[i];
  for (++i; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return true;
      ++i;  // '' is a quote inside the text
    }
  }
  return false;
}

Place place_of_mark(const Source& source, const YAML::Mark& mark) {
  if (mark.is_null()) return {source.file, 0, 0, "", 1};
  return make_place(source, std::size_t(mark.line), std::size_t(mark.column), 1);
}

}  // namespace

struct YamlNode::Data {
  Kind kind = Kind::scalar;
  std::string text;
  std::vector<YamlNode> items;
  std::vector<Entry> entries;
  std::shared_ptr<const Source> source;
  int line = 0;  // from 0
  int byte = 0;  // in the line, from 0
  int length = 1;
};

YamlNode::Kind YamlNode::kind() const { return data_->kind; }
const std::string& YamlNode::text() const { return data_->text; }
const std::vector<YamlNode>& YamlNode::items() const { return data_->items; }
const std::vector<YamlNode::Entry>& YamlNode::entries() const { return data_->entries; }
Place YamlNode::where() const {
  return make_place(*data_->source, std::size_t(data_->line), std::size_t(data_->byte), data_->length);
}

// Turns yaml-cpp's events into nodes and refuses what strict YAML leaves out. Not in the unnamed namespace because
// YamlNode names it as a friend.
class YamlBuilder final : public YAML::EventHandler {
 public:
  YamlBuilder(std::shared_ptr<const Source> source, std::vector<Problem>& problems)
      : source_(std::move(source)), problems_(problems) {}

  const std::optional<YamlNode>& root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    stop(mark, "yaml.several-documents", "the file has a second document", "keep one document a file");
  }
  void OnDocumentEnd() override {}

  // yaml-cpp reports the words null and ~ and an empty value alike; the text is what tells them apart.
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    std::string_view written = line_text(*source_, std::size_t(mark.line));
    written.remove_prefix(std::min(written.size(), std::size_t(mark.column)));
    for (const std::string_view word : {"null", "Null", "NULL", "~"}) {
      if (written.starts_with(word)) return add_scalar(mark, std::string(word), false);
    }
    add_scalar(last_scalar_.value_or(mark), "", false);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    add_problem(mark, "yaml.alias", "aliases are not taken", "write the value out");
    add_scalar(mark, "", false);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool quoted = tag == "!";
    if (quoted && !is_closed(*source_, mark)) stop(mark, "yaml.syntax", "the quoted text has no end", "close it");
    refuse_anchor(mark, anchor);
    refuse_tag(mark, quoted ? "" : tag);
    last_scalar_ = mark;
    add_scalar(mark, value, quoted);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, YamlNode::Kind::sequence);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  // A list or map whose end has not come yet.
  struct Open {
    std::shared_ptr<YamlNode::Data> data;
    std::optional<YamlNode> key;  // that waits for its value
    std::unordered_set<std::string> keys;
  };

  void add_problem(const Place& where, std::string id, std::string what, std::string mend) {
    if (problems_.size() >= kMostYamlProblems) throw Error(problems_);
    problems_.push_back({std::move(id), std::move(what), where, std::move(mend)});
  }
  void add_problem(const YAML::Mark& mark, std::string id, std::string what, std::string mend) {
    add_problem(place_of_mark(*source_, mark), std::move(id), std::move(what), std::move(mend));
  }
  [[noreturn]] void stop(const YAML::Mark& mark, std::string id, std::string what, std::string mend) {
    add_problem(mark, std::move(id), std::move(what), std::move(mend));
    throw Error(problems_);
  }
  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) add_problem(mark, "yaml.alias", "anchors are not taken", "remove the anchor");
  }
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?") return;
    add_problem(mark, "yaml.tag", fmt::format("tags are not taken ('{}')", tag), "remove the tag");
  }

  std::shared_ptr<YamlNode::Data> make_data(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (++nodes_ > kMostYamlNodes) {
      stop(mark, "yaml.too-large", fmt::format("the file has more than {} values", kMostYamlNodes), "split the file");
    }
    auto data = std::make_shared<YamlNode::Data>();
    data->kind = kind;
    data->source = source_;
    data->line = mark.line;
    data->byte = mark.column;
    return data;
  }
  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (open_.size() >= kMostYamlDepth) {
      stop(mark, "yaml.too-deep", fmt::format("lists and maps are nested more than {} deep", kMostYamlDepth),
           "flatten the file");
    }
    open_.push_back({make_data(mark, kind), {}, {}});
  }
  void close() {
    YamlNode node;
    node.data_ = std::move(open_.back().data);
    open_.pop_back();
    add(node);
  }
  void add_scalar(const YAML::Mark& mark, std::string text, bool quoted) {
    const auto data = make_data(mark, YamlNode::Kind::scalar);
    data->length = int(count_characters(std::string_view(text).substr(0, text.find('\n')))) + (quoted ? 2 : 0);
    data->text = std::move(text);
    YamlNode node;
    node.data_ = data;
    add(node);
  }
  void add(const YamlNode& node) {
    if (open_.empty()) {
      root_ = node;
    } else if (open_.back().data->kind == YamlNode::Kind::sequence) {
      open_.back().data->items.push_back(node);
    } else if (!open_.back().key) {
      add_key(node);
    } else {
      open_.back().data->entries.push_back({*open_.back().key, node});
      open_.back().key.reset();
    }
  }
  void add_key(const YamlNode& key) {
    Open& map = open_.back();
    map.key = key;
    if (key.kind() != YamlNode::Kind::scalar) {
      add_problem(key.where(), "yaml.complex-key", "a key must be a text, not a list or a map", "give it a name");
    } else if (!map.keys.insert(key.text()).second) {
      add_problem(key.where(), "yaml.duplicate-key", fmt::format("the key '{}' is there twice", key.text()),
                  "keep one of the two");
    }
  }

  std::shared_ptr<const Source> source_;
  std::vector<Problem>& problems_;
  std::vector<Open> open_;
  std::optional<YamlNode> root_;
  std::optional<YAML::Mark> last_scalar_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

namespace {

void check_size(std::string_view text, const std::string& file) {
  if (text.size() <= kMostYamlBytes) return;
  throw Error({.id = "yaml.too-large",
               .what = fmt::format("the file has {} bytes, the limit is {}", text.size(), kMostYamlBytes),
               .where = {.file = file},
               .mend = "split the file"});
}

bool is_forbidden(std::string_view text, std::size_t i) {
  const auto c = static_cast<unsigned char>(text[i]);
  if (c == '\r') return i + 1 == text.size() || text[i + 1] != '\n';
  return (c < 0x20 && c != '\t' && c != '\n') || c == 0x7F;
}

void check_characters(const Source& source) {
  if (const std::size_t bad = find_invalid_utf8(source.text); bad != std::string::npos) {
    throw Error({.id = "yaml.not-utf8",
                 .what = "the file is not UTF-8 text",
                 .where = place_of_offset(source, bad),
                 .mend = "save it as UTF-8"});
  }
  for (std::size_t i = 0; i < source.text.size(); ++i) {
    if (!is_forbidden(source.text, i)) continue;
    throw Error({.id = "yaml.control-character",
                 .what = fmt::format("the file contains the control character 0x{:02x}",
                                     static_cast<unsigned char>(source.text[i])),
                 .where = place_of_offset(source, i),
                 .mend = "remove it"});
  }
}

void check_line_lengths(const Source& source) {
  for (std::size_t line = 0; line < source.lines.size(); ++line) {
    const std::size_t length = line_text(source, line).size();
    if (length <= kMostYamlLineBytes) continue;
    throw Error({.id = "yaml.too-large",
                 .what = fmt::format("line {} has {} bytes, the limit is {}", line + 1, length, kMostYamlLineBytes),
                 .where = {.file = source.file},
                 .mend = "break the line"});
  }
}

void check_tabs(const Source& source) {
  for (std::size_t line = 0; line < source.lines.size(); ++line) {
    const std::string_view text = line_text(source, line);
    const std::size_t first = text.find_first_not_of(" \t");
    const std::size_t tab = text.find('\t');
    if (first == std::string_view::npos || tab > first) continue;
    throw Error({.id = "yaml.tab",
                 .what = "a tab in the indentation",
                 .where = make_place(source, line, tab, 1),
                 .mend = "indent with spaces"});
  }
}

// Whatever yaml-cpp throws becomes a Problem; what the builder throws passes through.
void run_parser(const std::shared_ptr<const Source>& source, YamlBuilder& builder, std::vector<Problem>& problems) {
  try {
    std::istringstream stream(source->text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& failure) {
    problems.push_back({"yaml.syntax", "this is not YAML: " + failure.msg, place_of_mark(*source, failure.mark),
                        "check the indentation, brackets and quotes around here"});
  }
}

}  // namespace

YamlNode parse_yaml(std::string_view text, const std::string& file_name) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  check_size(text, file_name);
  const auto source = make_source(text, file_name);
  check_line_lengths(*source);
  check_characters(*source);
  check_tabs(*source);
  std::vector<Problem> problems;
  YamlBuilder builder(source, problems);
  run_parser(source, builder, problems);
  if (!problems.empty()) throw Error(problems);
  if (!builder.root()) {
    throw Error({.id = "yaml.empty", .what = "the file is empty", .where = {.file = file_name}, .mend = ""});
  }
  return *builder.root();
}

YamlNode read_yaml_file(const std::string& path) { return parse_yaml(read_text_file(path, kMostYamlBytes), path); }

}  // namespace weft
