// The settings pg_workflow.*; module.cpp defines them.
#pragma once

#include "pg/server/pg.h"

namespace workflow::pg::settings {

extern char* databases;       // "*", or a list of names, comma-separated
extern int batch_size;        // events, and timers, that one round takes at most
extern int nap_ms;            // the longest sleep of a worker that has nothing due
extern char* capture;         // "on", "off", "tag:NAME"
extern int capture_memory_kb; // above it a transaction's buffer is evaluated early
extern char* retention[7];    // how long rows of a kind stay: "90 days", "forever"; in the order of kRetentions
extern bool virtual_clock;    // tick(as_of) is accepted, the worker rests
extern bool compress_wal;       // images of pages that a round writes to the WAL are compressed by lz4, where the server leaves them as they are
extern bool trace;             // capture turns nobody away: the round does, and writes down why
extern bool allow_superuser_code;  // a workflow of a superuser may contain code of its author's

extern int max_definition_bytes, max_steps, max_depth, max_triggers;  // of a definition that is stored or published
extern int max_message_bytes;  // of all texts of a message

}  // namespace workflow::pg::settings
