// Every difference between versions of the server, each with the release that made it. PostgreSQL 15 is what the tests run on.
#pragma once

// 16: PGDLLEXPORT is real; before, it is empty on Linux, which hides symbols under -fvisibility=hidden.
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

// 16: object_ownercheck() for the functions that each kind of object had.
#if PG_VERSION_NUM < 160000
#define WF_OWNS_RELATION(relation, role) pg_class_ownercheck(relation, role)
#else
#define WF_OWNS_RELATION(relation, role) object_ownercheck(RelationRelationId, relation, role)
#endif

// 16: find_option() for settings by name; before, there is the list of all.
#if PG_VERSION_NUM < 160000
inline const config_generic* FindSetting(const char* name) {
  config_generic** all = get_guc_variables();
  for (int i = GetNumConfigOptions() - 1; i >= 0; --i) {
    if (strcmp(all[i]->name, name) == 0) return all[i];
  }
  return nullptr;
}
#else
inline const config_generic* FindSetting(const char* name) { return find_option(name, false, true, ERROR); }
#endif

// 16: walkers of expressions have a type; before, their arguments are not declared.
#if PG_VERSION_NUM < 160000
#define WF_WALKER(function) reinterpret_cast<bool (*)()>(reinterpret_cast<void*>(function))
#else
#define WF_WALKER(function) (function)
#endif
