#include "core/message/template.h"

#include "core/message/parser.h"
#include "core/message/render.h"

namespace workflow {

Result<Template> Template::Parse(std::string_view text, Problems* problems) {
  liquid::Reporter reporter(problems);
  liquid::Names names;
  auto root = std::make_shared<Node>();
  root->root = liquid::Parser(text, &reporter, &names).Parse();
  if (reporter.failed()) return Failure{reporter.first().message, reporter.first().hint};
  Template parsed;
  parsed.root_ = std::move(root);
  parsed.references_ = names.Take();
  return parsed;
}

Result<std::string> Template::Render(const RenderContext& context) const {
  if (!root_) return std::string();  // of no text
  return liquid::Renderer(context).Render(root_->root);
}

}  // namespace workflow
