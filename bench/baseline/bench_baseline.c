/* The least that a row trigger in C can do: nothing. */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"

PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(bench_empty_trigger);

Datum
bench_empty_trigger(PG_FUNCTION_ARGS)
{
	return PointerGetDatum(NULL);
}
