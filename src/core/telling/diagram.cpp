// A definition as a picture: a graph of its steps, printed for Mermaid or Graphviz.
#include <map>

#include "core/definition/automated.h"
#include "core/telling/parts.h"
#include "core/telling/telling.h"
#include "core/telling/words.h"

namespace workflow {
namespace telling {
namespace {

constexpr size_t kLabelBytesMax = 120;

enum class Look { kEnd, kStep, kChoice };

struct Drawn {
  std::string name, label;
  Look look;
};
struct Arrow {
  std::string from, to, label;
  bool jump = false;
};
// An arrow whose other end is not known yet.
struct Loose {
  std::string from, label;
};

std::string Short(const std::string& text) {
  const std::string quoted = Quoted(text, kLabelBytesMax);
  return quoted.substr(1, quoted.size() - 2);
}

class Graph {
 public:
  explicit Graph(const Json& definition) {
    std::vector<std::string> triggers;
    const Json* list = definition.Find("triggers");
    if (list != nullptr && list->is_array()) for (const Json& trigger : list->array()) triggers.push_back(TriggerWords(trigger));
    nodes.push_back({"start", Short(triggers.empty() ? "start" : Joined(triggers, "or")), Look::kEnd});
    std::vector<Loose> loose = {{"start", ""}};
    const Json* steps = definition.Find("steps");
    if (steps != nullptr && steps->is_array()) loose = Draw(*steps, std::move(loose));
    Connect(loose, "finish");
    for (const auto& [from, id] : jumps_) arrows.push_back({from, by_id_.contains(id) ? by_id_.at(id) : "finish", {}, /*jump=*/true});
    nodes.push_back({"finish", "end", Look::kEnd});
  }

  std::vector<Drawn> nodes;
  std::vector<Arrow> arrows;

 private:
  void Connect(const std::vector<Loose>& loose, const std::string& to) {
    for (const Loose& one : loose) arrows.push_back({one.from, to, one.label});
  }

  std::vector<Loose> Draw(const Json& steps, std::vector<Loose> loose) {
    for (const Json& item : steps.array()) {
      Json step = item;
      const std::string type = TextAt(step, "type"), id = TextAt(step, "id");
      const std::string name = "s" + std::to_string(++count_);
      by_id_.emplace(id, name);
      const std::vector<Inner> lists = InnerLists(step);
      nodes.push_back({name, Short(id + ": " + StepWords(step)), lists.empty() ? Look::kStep : Look::kChoice});
      Connect(loose, name);
      loose = After(name, type, step, lists);
    }
    return loose;
  }

  // The ways on from a step.
  std::vector<Loose> After(const std::string& name, const std::string& type, const Json& step, const std::vector<Inner>& lists) {
    const bool may_pass = step.Find("if") != nullptr && type != "if";
    if (type == "stop" || type == "goto") {
      if (type == "stop") arrows.push_back({name, "finish", {}});
      for (const char* key : {"step", "to", "goto"}) {
        if (type == "goto" && !TextAt(step, key).empty()) jumps_.emplace_back(name, TextAt(step, key));
      }
      return may_pass ? std::vector<Loose>{{name, "otherwise"}} : std::vector<Loose>();
    }
    if (lists.empty()) return {{name, ""}};
    std::vector<Loose> ways;
    std::set<std::string> keys;
    for (const Inner& inner : lists) {
      keys.insert(inner.key);
      const std::string label = type != "if" ? InnerWords(inner) : inner.key == "then" ? "yes" : inner.key == "else" ? "no" : inner.key;
      const std::vector<Loose> ends = Draw(*inner.steps, {{name, Short(label)}});
      ways.insert(ways.end(), ends.begin(), ends.end());
    }
    const bool all = (type == "if" && keys.contains("then") && keys.contains("else")) || (type == "branch" && keys.contains("else")) ||
                     type == "split" || (type == "approve" && keys.size() == 3);
    if (!all) ways.push_back({name, type == "if" ? (keys.contains("then") ? "no" : "yes") : type == "branch" ? "otherwise" : ""});
    if (all && may_pass) ways.push_back({name, "otherwise"});
    return ways;
  }

  size_t count_ = 0;
  std::map<std::string, std::string> by_id_;
  std::vector<std::pair<std::string, std::string>> jumps_;
};

std::string MermaidText(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': out += "#quot;"; break;
      case '#': out += "#35;"; break;
      case '<': out += "#lt;"; break;
      case '>': out += "#gt;"; break;
      case '&': out += "#amp;"; break;
      case '`': out += "#96;"; break;
      case '\\': out += "#92;"; break;
      default: out += c;
    }
  }
  return out + '"';
}

std::string DotText(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string Mermaid(const Graph& graph) {
  std::string text = "flowchart TD\n";
  for (const Drawn& node : graph.nodes) {
    const std::string label = MermaidText(node.label);
    text += "  " + node.name + (node.look == Look::kEnd ? "([" + label + "])" : node.look == Look::kChoice ? '{' + label + '}' : '[' + label + ']') + '\n';
  }
  for (const Arrow& arrow : graph.arrows) {
    text += "  " + arrow.from + (arrow.jump ? " -.->" : " -->") + (arrow.label.empty() ? " " : '|' + MermaidText(arrow.label) + "| ") + arrow.to + '\n';
  }
  return text;
}

std::string Dot(const Graph& graph) {
  std::string text = "digraph workflow {\n";
  for (const Drawn& node : graph.nodes) {
    const char* const shape = node.look == Look::kEnd ? "oval" : node.look == Look::kChoice ? "diamond" : "box";
    text += "  " + node.name + " [shape=" + shape + ", label=" + DotText(node.label) + "];\n";
  }
  for (const Arrow& arrow : graph.arrows) {
    std::string with = arrow.jump ? "style=dashed" : "";
    if (!arrow.label.empty()) with += (with.empty() ? "label=" : ", label=") + DotText(arrow.label);
    text += "  " + arrow.from + " -> " + arrow.to + (with.empty() ? "" : " [" + with + ']') + ";\n";
  }
  return text + "}\n";
}

}  // namespace
}  // namespace telling

std::optional<DiagramFormat> FindDiagramFormat(std::string_view name) {
  if (name == "mermaid") return DiagramFormat::kMermaid;
  return name == "dot" ? std::optional(DiagramFormat::kDot) : std::nullopt;
}

std::string DrawDefinition(const Json& definition, DiagramFormat format) {
  const Json* action = AutomatedActionOf(definition);
  const bool is_short = action != nullptr && action->is_object();
  const telling::Graph graph(NormalDefinition(is_short ? LongFormOf(definition).definition : definition));
  return format == DiagramFormat::kMermaid ? telling::Mermaid(graph) : telling::Dot(graph);
}

}  // namespace workflow
