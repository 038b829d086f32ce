#include "core/message/template.h"

#include "core/message/parser.h"
#include "core/message/render.h"
#include "core/message/text.h"

namespace workflow {
namespace {

// "<p", "<!doctype", not "< 3".
bool LooksLikeHtml(std::string_view text) {
  text = liquid::Strip(text);
  if (text.size() < 2 || text[0] != '<') return false;
  const char c = text[1];
  return c == '!' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

Result<Template> Template::Parse(std::string_view text, Problems* problems, bool is_partial) {
  liquid::Reporter reporter(problems);
  liquid::Names names;
  auto root = std::make_shared<Node>();
  std::vector<PartialUse> partials;
  root->root = liquid::Parser(text, &reporter, &names, &partials, is_partial).Parse();
  if (reporter.failed()) return Failure{reporter.first().message, reporter.first().hint};
  Template parsed;
  parsed.root_ = std::move(root);
  parsed.references_ = names.Take();
  parsed.binds_ = names.Bound();
  parsed.partials_ = std::move(partials);
  parsed.looks_like_html_ = LooksLikeHtml(text);
  return parsed;
}

Result<std::string> Template::Render(const RenderContext& context) const {
  if (!root_) return std::string();  // of no text
  return liquid::Renderer(context).Render(root_->root);
}

}  // namespace workflow
