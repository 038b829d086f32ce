// Statements through SPI: plans are prepared once per backend and text, parameters are typed, results are read as C++ values.
#pragma once

#include "core/base/instant.h"
#include "pg/server/guard.h"

namespace workflow::pg {

// Parameters $1, $2, … in order. Datums are palloc'd in the current memory context.
class Params {
 public:
  Params& Int4(int32_t value);
  Params& Int8(int64_t value);
  Params& Bool(bool value);
  Params& Time(Instant value);
  Params& Text(std::string_view value);
  Params& MaybeText(const std::optional<std::string>& value);
  Params& Texts(const std::vector<std::optional<std::string>>& values);
  Params& Texts(const std::vector<std::string>& values);
  Params& Int4s(const std::vector<int32_t>& values);
  Params& Int8s(const std::vector<int64_t>& values);
  Params& Bools(const std::vector<bool>& values);
  Params& Times(const std::vector<std::optional<Instant>>& values);
  Params& MaybeInt8(std::optional<int64_t> value);
  Params& NullText();

  int count() const { return static_cast<int>(types_.size()); }
  std::vector<Oid>& types() const { return types_; }
  std::vector<Datum>& values() const { return values_; }
  std::vector<char>& nulls() const { return nulls_; }

 private:
  Params& Add(Oid type, Datum value, bool is_null = false);
  Params& Array(Oid array, Oid element, int16 length, bool by_value, char align, std::vector<Datum>& items, std::vector<char>& nulls);
  mutable std::vector<Oid> types_;
  mutable std::vector<Datum> values_;
  mutable std::vector<char> nulls_;
};

// The rows of the last statement. Valid until SPI is finished or Free.
class Rows {
 public:
  Rows(SPITupleTable* table, uint64_t count) : table_(table), count_(count) {}
  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  TupleDesc description() const { return table_->tupdesc; }
  Datum Raw(size_t row, int column, bool* is_null) const;  // columns count from 1
  bool IsNull(size_t row, int column) const;
  std::string Text(size_t row, int column) const;           // of a text, json or name column; "" where null
  std::optional<std::string> MaybeText(size_t row, int column) const;
  int32_t Int4(size_t row, int column) const;
  int64_t Int8(size_t row, int column) const;
  std::optional<int32_t> MaybeInt4(size_t row, int column) const;
  std::optional<int64_t> MaybeInt8(size_t row, int column) const;
  bool Bool(size_t row, int column) const;
  Instant Time(size_t row, int column) const;
  std::optional<Instant> MaybeTime(size_t row, int column) const;
  void Free() { if (table_ != nullptr) SPI_freetuptable(table_); table_ = nullptr; count_ = 0; }

 private:
  SPITupleTable* table_;
  uint64_t count_;
};

// Runs one statement with the plan kept for its text. SPI must be connected.
Rows Execute(const std::string& sql, const Params& params = {});
// The same without keeping a plan: for texts that are made for one use.
Rows ExecuteOnce(const std::string& sql, const Params& params = {});

// How long RunAs lets its statements wait for a lock. A round shortens it once it has waited in vain.
inline constexpr int kLockTimeout_ms = 200;
extern int run_as_lock_timeout_ms;

// Runs `work` as `role` in a security-restricted context with `search_path`: nothing it does can be deferred, to run later as somebody else. The
// identity is put back however `work` ends.
template <typename Work>
void RunAs(const std::string& role, const std::string& search_path, Work&& work);

// Whose rows are meant, where policies of row-level security tell tenants apart by a setting.
struct Tenant {
  std::string setting = {};   // empty: none is set
  std::string account = {};
  bool policies = false;      // policies choose rows, as the caller has set them; else they are an error
};

class Identity {
 public:
  Identity(const std::string& role, const std::string& search_path, const Tenant& tenant = {});
  void Restore();               // by hand on success: it may raise
  ~Identity();                  // puts the user id back on failure; settings go with the subtransaction
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

 private:
  Oid user_ = InvalidOid;
  int context_ = 0;
  int nest_level_ = 0;
  bool restored_ = false;
};

template <typename Work>
void RunAs(const std::string& role, const std::string& search_path, Work&& work) {
  Identity identity(role, search_path);
  work();
  identity.Restore();
}

template <typename Work>
void RunAs(const std::string& role, const std::string& search_path, const Tenant& tenant, Work&& work) {
  Identity identity(role, search_path, tenant);
  work();
  identity.Restore();
}

}  // namespace workflow::pg
