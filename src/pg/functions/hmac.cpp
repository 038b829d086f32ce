// HMAC-SHA-256 by the server's own implementation, which is OpenSSL's where it was built with it.
#include "pg/server/entry.h"

extern "C" {
#include "common/hmac.h"
#include "common/sha2.h"
}

// (key bytea, data bytea) -> bytea. The server's functions return errors and raise none; what they hold is freed here in any case.
WF_FUNCTION(workflow_hmac_sha256) {
  using namespace workflow::pg;
  bytea* const key = CallBackend([=] { return PG_GETARG_BYTEA_PP(0); });
  bytea* const data = CallBackend([=] { return PG_GETARG_BYTEA_PP(1); });
  bytea* const result = CallBackend([] { return static_cast<bytea*>(palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH)); });
  const bool done = CallBackend([=] {
    pg_hmac_ctx* const context = pg_hmac_create(PG_SHA256);
    if (context == nullptr) return false;
    const bool all = pg_hmac_init(context, reinterpret_cast<const uint8*>(VARDATA_ANY(key)), VARSIZE_ANY_EXHDR(key)) >= 0 &&
                     pg_hmac_update(context, reinterpret_cast<const uint8*>(VARDATA_ANY(data)), VARSIZE_ANY_EXHDR(data)) >= 0 &&
                     pg_hmac_final(context, reinterpret_cast<uint8*>(VARDATA(result)), PG_SHA256_DIGEST_LENGTH) >= 0;
    pg_hmac_free(context);
    return all;
  });
  if (!done) throw SqlError{ERRCODE_INTERNAL_ERROR, "could not compute HMAC"};
  SET_VARSIZE(result, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
  return PointerGetDatum(result);
}
