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
