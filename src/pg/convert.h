// Between the server's values and the core's. No output functions are used, so no session setting changes a result.
#pragma once

#include "core/base/value.h"
#include "core/base/json.h"
#include "pg/server/guard.h"

namespace workflow::pg {

inline constexpr int64_t kEpochShift_us = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;

// Infinities stay infinities; a time at the very end of one scale that the other does not reach becomes one.
inline Instant ToInstant(TimestampTz at) {
  int64_t us = 0;
  if (TIMESTAMP_IS_NOBEGIN(at)) return {at};
  return {__builtin_add_overflow(at, kEpochShift_us, &us) ? DT_NOEND : us};
}
inline TimestampTz ToTimestampTz(Instant at) {
  if (at.us == DT_NOEND || at.us < MIN_TIMESTAMP + kEpochShift_us) return at.us == DT_NOEND ? DT_NOEND : DT_NOBEGIN;
  return at.us - kEpochShift_us;
}

// The core's type of a column: domains are looked through; citext is known by its name; an enum brings its labels. Reads catalogs.
Type TypeOf(Oid type, int32 typmod = -1);

// Of a type that every server has and that is no domain; kOther for the rest. Reads no catalog.
TypeKind KindOfBuiltin(Oid base);

// How to turn datums of one SQL type into values, found once per column. `Convert` must run where a raise is allowed (it may detoast).
class Converter {
 public:
  Converter() = default;
  explicit Converter(Oid type);  // reads catalogs
  Value Convert(Datum datum, bool is_null) const;
  const Type& type() const { return type_; }  // without its name in SQL, where it is one that every server has

 private:
  Value Plain(Datum datum, Oid base) const;
  Oid base_ = InvalidOid;     // domains looked through
  Oid element_ = InvalidOid;  // of an array
  int16 element_length_ = 0;
  bool element_by_value_ = false;
  char element_align_ = 'c';
  bool is_enum_ = false;
  Oid output_ = InvalidOid;   // of a kOther: its text form
  Type type_;
};

// Of the usual form with hyphens; nothing where it is not one.
std::optional<pg_uuid_t> UuidOf(std::string_view text);
std::string UuidText(const pg_uuid_t& uuid);
std::string TextOf(Datum text);                 // detoasts
Datum TextDatum(std::string_view text);         // palloc'd in the current context
std::string JsonbText(Datum jsonb);
std::optional<Json> JsonOfJsonb(Datum jsonb);   // through its text; nothing only where the core's depth limit refuses it
Datum JsonbOf(const Json& json);

}  // namespace workflow::pg
