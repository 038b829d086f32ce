// Functions of the CRM: found among those the owner sees, called once for each enrollment, in one statement.
#include "pg/capture/event_log.h"
#include "pg/deferred/deferred.h"
#include "pg/round/changes.h"
#include "pg/round/functions.h"

namespace workflow::pg {
void PerformCalls(const std::vector<HostChange*>& changes, const std::string& owner, int32_t depth) {
  RequireAllowed(owner);
  const CallStep& call = *changes.front()->call;
  const ChainDepth chain(depth, ChainsOf(changes));
  BeforeHostChanges();
  const Source* contacts = changes.front()->enrolled->contact_source;
  const Tenant tenant = contacts == nullptr ? Tenant{} : TenantOf(*contacts, changes.front()->account());
  RunAs(owner, changes.front()->enrolled->version->search_path, tenant, [&] {
    std::vector<std::string> given;
    for (const CallArgument& argument : call.arguments) given.push_back(argument.name);
    const FoundFunction function = FindFunction(call.function, given);
    Params params;
    std::vector<std::string> columns;
    std::string arguments;
    for (size_t i = 0; i < call.arguments.size(); ++i) {
      const std::string name = "a" + std::to_string(i + 1);
      std::vector<std::optional<std::string>> texts;
      for (const HostChange* change : changes) texts.push_back(change->values[i]);
      params.Texts(texts);
      columns.push_back(name);
      arguments += i > 0 ? ", " : "";
      if (!call.arguments[i].name.empty()) arguments += QuotedName(call.arguments[i].name) + " => ";
      const bool list = function.is_array[i] && call.arguments[i].value.json.is_array();
      arguments += (list ? "ARRAY(SELECT pg_catalog.jsonb_array_elements_text(wf_k." + name + "::pg_catalog.jsonb))" : "wf_k." + name) + "::" + function.types[i];
    }
    if (columns.empty()) {
      columns.push_back("nothing");
      params.Texts(std::vector<std::optional<std::string>>(changes.size()));
    }
    const std::string made = function.name + "(" + arguments + ")";
    Rows rows = Execute("SELECT " + (function.returns_nothing ? made + "::text" : "pg_catalog.to_jsonb(" + made + ")::text") + " FROM unnest(" +
                            ArrayParameters(1, columns.size()) + ") WITH ORDINALITY AS wf_k(" + Joined(columns) + ", n) ORDER BY wf_k.n",
                        params);
    for (size_t i = 0; i < rows.size() && i < changes.size(); ++i) {
      std::string error;
      const auto text = function.returns_nothing ? std::nullopt : rows.MaybeText(i, 1);
      changes[i]->result = text ? Json::Parse(*text, &error).value_or(Json()) : Json();
    }
    rows.Free();
  });
}

}  // namespace workflow::pg
