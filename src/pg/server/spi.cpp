#include "pg/server/spi.h"

#include "pg/convert.h"

namespace workflow::pg {

Params& Params::Add(Oid type, Datum value, bool is_null) {
  types_.push_back(type);
  values_.push_back(value);
  nulls_.push_back(is_null ? 'n' : ' ');
  return *this;
}

Params& Params::Array(Oid array, Oid element, int16 length, bool by_value, char align, std::vector<Datum>& items, std::vector<char>& nulls) {
  int size = static_cast<int>(items.size());
  int lower = 1;
  bool* flags = reinterpret_cast<bool*>(nulls.data());
  Datum* data = items.data();
  const Datum value = CallBackend([&] {
    if (size == 0) return PointerGetDatum(construct_empty_array(element));
    return PointerGetDatum(construct_md_array(data, flags, 1, &size, &lower, element, length, by_value, align));
  });
  return Add(array, value);
}

Params& Params::Int4(int32_t value) { return Add(INT4OID, Int32GetDatum(value)); }
Params& Params::Int8(int64_t value) { return Add(INT8OID, Int64GetDatum(value)); }
Params& Params::Bool(bool value) { return Add(BOOLOID, BoolGetDatum(value)); }
Params& Params::Time(Instant value) { return Add(TIMESTAMPTZOID, TimestampTzGetDatum(ToTimestampTz(value))); }
Params& Params::Text(std::string_view value) { return Add(TEXTOID, TextDatum(value)); }
Params& Params::NullText() { return Add(TEXTOID, 0, true); }
Params& Params::MaybeInt8(std::optional<int64_t> value) { return Add(INT8OID, value ? Int64GetDatum(*value) : 0, !value); }
Params& Params::MaybeText(const std::optional<std::string>& value) { return value ? Text(std::string_view(*value)) : NullText(); }

Params& Params::Texts(const std::vector<std::optional<std::string>>& values) {
  std::vector<Datum> items(values.size());
  std::vector<char> nulls(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    nulls[i] = !values[i].has_value();
    if (values[i]) items[i] = TextDatum(*values[i]);
  }
  return Array(TEXTARRAYOID, TEXTOID, -1, false, TYPALIGN_INT, items, nulls);
}

Params& Params::Texts(const std::vector<std::string>& values) {
  std::vector<Datum> items(values.size());
  std::vector<char> nulls(values.size());
  for (size_t i = 0; i < values.size(); ++i) items[i] = TextDatum(values[i]);
  return Array(TEXTARRAYOID, TEXTOID, -1, false, TYPALIGN_INT, items, nulls);
}

Params& Params::Int4s(const std::vector<int32_t>& values) {
  std::vector<Datum> items(values.size());
  std::vector<char> nulls(values.size());
  for (size_t i = 0; i < values.size(); ++i) items[i] = Int32GetDatum(values[i]);
  return Array(INT4ARRAYOID, INT4OID, 4, true, TYPALIGN_INT, items, nulls);
}

Params& Params::Int8s(const std::vector<int64_t>& values) {
  std::vector<Datum> items(values.size());
  std::vector<char> nulls(values.size());
  for (size_t i = 0; i < values.size(); ++i) items[i] = Int64GetDatum(values[i]);
  return Array(INT8ARRAYOID, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, items, nulls);
}

Params& Params::Bools(const std::vector<bool>& values) {
  std::vector<Datum> items(values.size());
  std::vector<char> nulls(values.size());
  for (size_t i = 0; i < values.size(); ++i) items[i] = BoolGetDatum(values[i]);
  return Array(BOOLARRAYOID, BOOLOID, 1, true, TYPALIGN_CHAR, items, nulls);
}

Params& Params::Times(const std::vector<std::optional<Instant>>& values) {
  std::vector<Datum> items(values.size());
  std::vector<char> nulls(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    nulls[i] = !values[i].has_value();
    if (values[i]) items[i] = TimestampTzGetDatum(ToTimestampTz(*values[i]));
  }
  return Array(TIMESTAMPTZARRAYOID, TIMESTAMPTZOID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, items, nulls);
}

Datum Rows::Raw(size_t row, int column, bool* is_null) const {
  return CallBackend([&] { return SPI_getbinval(table_->vals[row], table_->tupdesc, column, is_null); });
}

bool Rows::IsNull(size_t row, int column) const {
  bool is_null;
  Raw(row, column, &is_null);
  return is_null;
}

std::optional<std::string> Rows::MaybeText(size_t row, int column) const {
  bool is_null;
  const Datum datum = Raw(row, column, &is_null);
  if (is_null) return std::nullopt;
  if (TupleDescAttr(table_->tupdesc, column - 1)->atttypid == NAMEOID) return std::string(NameStr(*DatumGetName(datum)));
  return TextOf(datum);
}

std::string Rows::Text(size_t row, int column) const { return MaybeText(row, column).value_or(std::string()); }

std::optional<int32_t> Rows::MaybeInt4(size_t row, int column) const {
  bool is_null;
  const Datum datum = Raw(row, column, &is_null);
  return is_null ? std::nullopt : std::optional(DatumGetInt32(datum));
}

std::optional<int64_t> Rows::MaybeInt8(size_t row, int column) const {
  bool is_null;
  const Datum datum = Raw(row, column, &is_null);
  return is_null ? std::nullopt : std::optional(DatumGetInt64(datum));
}

std::optional<Instant> Rows::MaybeTime(size_t row, int column) const {
  bool is_null;
  const Datum datum = Raw(row, column, &is_null);
  return is_null ? std::nullopt : std::optional(ToInstant(DatumGetTimestampTz(datum)));
}

int32_t Rows::Int4(size_t row, int column) const { return MaybeInt4(row, column).value_or(0); }
int64_t Rows::Int8(size_t row, int column) const { return MaybeInt8(row, column).value_or(0); }
Instant Rows::Time(size_t row, int column) const { return MaybeTime(row, column).value_or(Instant{}); }

bool Rows::Bool(size_t row, int column) const {
  bool is_null;
  const Datum datum = Raw(row, column, &is_null);
  return !is_null && DatumGetBool(datum);
}

namespace {

// Texts that name limits, tables or fields change with what is attached and published; beyond this many all plans are made anew.
constexpr size_t kPlansMax = 300;

// Made on first use and never destroyed: plans live as long as the backend.
std::unordered_map<std::string, SPIPlanPtr>& Plans() {
  static auto* plans = new std::unordered_map<std::string, SPIPlanPtr>();
  return *plans;
}

SPIPlanPtr Prepare(const std::string& sql, const Params& params) {
  const char* text = sql.c_str();
  const int count = params.count();
  Oid* types = params.types().data();
  SPIPlanPtr plan = CallBackend([&] { return SPI_prepare(text, count, types); });
  if (plan == nullptr) throw SqlError{ERRCODE_INTERNAL_ERROR, "could not prepare: " + sql};
  return plan;
}

Rows Run(SPIPlanPtr plan, const Params& params) {
  Datum* values = params.values().data();
  const char* nulls = params.nulls().data();
  const int code = CallBackend([&] { return SPI_execute_plan(plan, values, nulls, false, 0); });
  if (code < 0) throw SqlError{ERRCODE_INTERNAL_ERROR, std::string("SPI: ") + SPI_result_code_string(code)};
  return Rows(SPI_tuptable, SPI_processed);
}

}  // namespace

Rows Execute(const std::string& sql, const Params& params) {
  auto& plans = Plans();
  auto found = plans.find(sql);
  if (found == plans.end()) {
    // None is running: a round does not begin inside of another.
    if (plans.size() >= kPlansMax) {
      std::unordered_map<std::string, SPIPlanPtr> all;
      all.swap(plans);
      for (const auto& [text, old] : all) CallBackend([plan = old] { SPI_freeplan(plan); });
    }
    SPIPlanPtr plan = Prepare(sql, params);
    CallBackend([&] { SPI_keepplan(plan); });
    found = plans.emplace(sql, plan).first;
  }
  return Run(found->second, params);
}

Rows ExecuteOnce(const std::string& sql, const Params& params) {
  SPIPlanPtr plan = Prepare(sql, params);
  const Rows rows = Run(plan, params);
  CallBackend([=] { SPI_freeplan(plan); });
  return rows;
}

constinit int run_as_lock_timeout_ms = kLockTimeout_ms;

Identity::Identity(const std::string& role, const std::string& search_path, const Tenant& tenant) {
  const char* name = role.c_str();
  const char* path = search_path.c_str();
  const char *setting = tenant.setting.c_str(), *account = tenant.account.c_str();
  const bool policies = tenant.policies || !tenant.setting.empty();
  const Oid target = CallBackend([&] { return get_role_oid(name, false); });
  GetUserIdAndSecContext(&user_, &context_);
  const std::string timeout_text = std::to_string(run_as_lock_timeout_ms) + "ms";
  const char* timeout = timeout_text.c_str();
  nest_level_ = CallBackend([] { return NewGUCNestLevel(); });
  CallBackend([&] {
    (void) set_config_option("search_path", path, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    (void) set_config_option("lock_timeout", timeout, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    // A row that a policy hides would be taken for a deleted one; an error says what is the matter.
    (void) set_config_option("row_security", policies ? "on" : "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    if (setting[0] != '\0') (void) set_config_option(setting, account, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
  });
  SetUserIdAndSecContext(target, context_ | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
}

void Identity::Restore() {
  SetUserIdAndSecContext(user_, context_);
  restored_ = true;
  CallBackend([&] { AtEOXact_GUC(true, nest_level_); });
}

Identity::~Identity() {
  if (!restored_) SetUserIdAndSecContext(user_, context_);
}

}  // namespace workflow::pg
