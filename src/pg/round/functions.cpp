#include "pg/round/functions.h"

namespace workflow::pg {
namespace {

std::string Signature(const std::string& function, size_t count) {
  return function + " with " + std::to_string(count) + (count == 1 ? " argument" : " arguments");
}

}  // namespace

// Several that fit are an error, not a guess.
FoundFunction FindFunction(const std::string& function, const std::vector<std::string>& arguments) {
  const size_t dot = function.find('.');
  const std::string schema = dot == std::string::npos ? "" : function.substr(0, dot);
  std::vector<std::string> names;
  for (const std::string& name : arguments) if (!name.empty()) names.push_back(name);
  // The names of input arguments stand in the same order as their types.
  Rows rows = Execute(
      "SELECT quote_ident(n.nspname) || '.' || quote_ident(p.proname), p.prorettype = 'pg_catalog.void'::pg_catalog.regtype, p.proretset,"
      " ARRAY(SELECT pg_catalog.format_type(t.type, NULL) FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS t(type, n)"
      "       WHERE CASE WHEN cardinality($3::text[]) > 0 THEN i.names[t.n] = ANY ($3) ELSE t.n <= $4 END"
      "       ORDER BY CASE WHEN cardinality($3::text[]) > 0 THEN array_position($3::text[], i.names[t.n]) ELSE t.n::int END)::text,"
      " ARRAY(SELECT (SELECT y.typcategory = 'A' FROM pg_catalog.pg_type y WHERE y.oid = t.type)"
      "       FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS t(type, n)"
      "       WHERE CASE WHEN cardinality($3::text[]) > 0 THEN i.names[t.n] = ANY ($3) ELSE t.n <= $4 END"
      "       ORDER BY CASE WHEN cardinality($3::text[]) > 0 THEN array_position($3::text[], i.names[t.n]) ELSE t.n::int END)::text"
      " FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"
      " CROSS JOIN LATERAL (SELECT CASE WHEN p.proargmodes IS NULL THEN p.proargnames ELSE ARRAY(SELECT a.name"
      "   FROM unnest(p.proargnames, p.proargmodes) WITH ORDINALITY AS a(name, mode, n) WHERE a.mode IN ('i', 'b', 'v') ORDER BY a.n) END) i(names)"
      " WHERE p.proname = $2 AND p.prokind = 'f' AND CASE WHEN $1 = '' THEN pg_catalog.pg_function_is_visible(p.oid) ELSE n.nspname = $1 END"
      " AND p.provariadic = 0 AND $4 BETWEEN p.pronargs - p.pronargdefaults AND p.pronargs AND $3::text[] <@ coalesce(i.names, '{}')"
      " AND (cardinality($3::text[]) = 0 OR coalesce(i.names[1 : p.pronargs - p.pronargdefaults], '{}') <@ $3::text[])",
      Params().Text(std::string_view(schema)).Text(std::string_view(dot == std::string::npos ? function : function.substr(dot + 1)))
          .Texts(names).Int4(static_cast<int32_t>(arguments.size())));
  if (rows.size() != 1) {
    const bool none = rows.empty();
    rows.Free();
    throw SqlError{none ? ERRCODE_UNDEFINED_FUNCTION : ERRCODE_AMBIGUOUS_FUNCTION,
                   none ? "there is no function " + Signature(function, arguments.size()) : "several functions fit " + Signature(function, arguments.size()), {},
                   none ? "Name it with its schema, and give each argument that has no default." : "Give the arguments by name, or name the schema."};
  }
  if (rows.Bool(0, 3)) throw SqlError{ERRCODE_FEATURE_NOT_SUPPORTED, "function " + function + " returns a set", {}, "Call one that returns one value."};
  FoundFunction found{rows.Text(0, 1), {}, {}, rows.Bool(0, 2)};
  const std::string types = rows.Text(0, 4), arrays = rows.Text(0, 5);
  rows.Free();
  Rows parts = Execute("SELECT t, a FROM unnest($1::text[], $2::bool[]) AS u(t, a)", Params().Text(std::string_view(types)).Text(std::string_view(arrays)));
  for (size_t i = 0; i < parts.size(); ++i) {
    found.types.push_back(parts.Text(i, 1));
    found.is_array.push_back(parts.Bool(i, 2));
  }
  parts.Free();
  return found;
}


}  // namespace workflow::pg
