// The settings pg_workflow.*; module.cpp defines them.
#pragma once

#include "pg/server/pg.h"

namespace workflow::pg::settings {

extern char* databases;       // "*", or a list of names, comma-separated
extern int batch_size;        // events, and timers, that one round takes at most
extern int nap_ms;            // the longest sleep of a worker that has nothing due
extern char* capture;         // "on", "off", "tag:NAME"
extern int capture_memory_kb; // above it a transaction's buffer is evaluated early
extern bool virtual_clock;    // tick(as_of) is accepted, the worker rests

}  // namespace workflow::pg::settings
