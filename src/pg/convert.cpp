#include "pg/convert.h"

#include <charconv>
#include <cmath>

namespace workflow::pg {
namespace {

// Deeper than what a person writes, and still safe to walk by recursion.
constexpr int kJsonDepthMax = 1000;
constexpr size_t kFloatDigitsMax = 64;

template <typename T>
Value OfFloat(T number) {
  if (std::isnan(number)) return Value(*Decimal::Parse("NaN"));
  if (std::isinf(number)) return Value(*Decimal::Parse(number > 0 ? "Infinity" : "-Infinity"));
  char digits[kFloatDigitsMax];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  const auto decimal = Decimal::Parse(std::string_view(digits, end - digits));
  return decimal ? Value(*decimal) : Value();
}

Value OfNumeric(Datum datum) {
  const char* text = CallBackend([=] { return DatumGetCString(DirectFunctionCall1(numeric_out, datum)); });
  const auto decimal = Decimal::Parse(text);
  return decimal ? Value(*decimal) : Value();
}

std::string UuidText(const unsigned char* bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (int i = 0; i < UUID_LEN; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHex[bytes[i] >> 4];
    text += kHex[bytes[i] & 15];
  }
  return text;
}

std::string EnumLabel(Oid label) {
  NameData name = CallBackend([=] {
    HeapTuple tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(label));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "invalid internal value for enum: %u", label);
    NameData copy = reinterpret_cast<Form_pg_enum>(GETSTRUCT(tuple))->enumlabel;
    ReleaseSysCache(tuple);
    return copy;
  });
  return NameStr(name);
}

// A text that is read the same whoever reads it, whatever style the session has for people.
class PlainStyle {
 public:
  PlainStyle() : date_(DateStyle), interval_(IntervalStyle) {
    DateStyle = USE_ISO_DATES;
    IntervalStyle = INTSTYLE_POSTGRES;
  }
  ~PlainStyle() {
    DateStyle = date_;
    IntervalStyle = interval_;
  }
  PlainStyle(const PlainStyle&) = delete;
  PlainStyle& operator=(const PlainStyle&) = delete;

 private:
  const int date_, interval_;
};

std::string OutputText(Oid output, Datum datum, bool blank_padded) {
  const PlainStyle style;
  std::string text = CallBackend([=] { return OidOutputFunctionCall(output, datum); });
  if (blank_padded) text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

// The text of a json that the core cannot hold is no null, which would compare: it is an opaque text, equal to itself only.
Value OfJsonText(std::string text) {
  std::string error;
  auto json = Json::Parse(text, &error, kJsonDepthMax);
  return json ? Value::OfJson(std::move(*json)) : Value::OfJson(Json::String(std::move(text)));
}

int32_t UnixDays(DateADT date) {
  if (DATE_NOT_FINITE(date)) return date;
  return date + (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE);
}

struct ArrayParts {
  Datum* items;
  bool* nulls;
  int count;
};

}  // namespace

Converter::Converter(Oid type) {
  // The first row of a connection waits for each look-up in the catalogs.
  if (const TypeKind builtin = KindOfBuiltin(type); builtin != TypeKind::kOther) {
    base_ = type;
    type_.kind = builtin;
    return;
  }
  base_ = CallBackend([=] { return getBaseType(type); });
  type_ = TypeOf(type);
  Oid scalar = base_;
  if (type_.kind == TypeKind::kList) {
    element_ = CallBackend([this] {
      Oid element = get_element_type(base_);
      get_typlenbyvalalign(element, &element_length_, &element_by_value_, &element_align_);
      return element;
    });
    scalar = CallBackend([this] { return getBaseType(element_); });
  }
  const TypeKind kind = element_ == InvalidOid ? type_.kind : type_.element;
  is_enum_ = kind == TypeKind::kEnum;
  if (kind == TypeKind::kOther) {
    output_ = CallBackend([=] {
      Oid function = InvalidOid;
      bool is_varlena = false;
      getTypeOutputInfo(scalar, &function, &is_varlena);
      return function;
    });
  }
  if (element_ != InvalidOid) element_ = scalar;  // a domain is stored as what it is over
}

Value Converter::Convert(Datum datum, bool is_null) const {
  if (is_null) return {};
  if (element_ == InvalidOid) return Plain(datum, base_);
  const ArrayParts parts = CallBackend([=, this] {
    ArrayParts found = {};
    deconstruct_array(DatumGetArrayTypeP(datum), element_, element_length_, element_by_value_, element_align_, &found.items, &found.nulls,
                      &found.count);
    return found;
  });
  List list;
  list.reserve(parts.count);
  for (int i = 0; i < parts.count; ++i) list.push_back(parts.nulls[i] ? Value() : Plain(parts.items[i], element_));
  return Value::OfList(std::move(list));
}

Value Converter::Plain(Datum datum, Oid base) const {
  switch (base) {
    case BOOLOID: return Value(DatumGetBool(datum));
    case INT2OID: return Value(static_cast<int64_t>(DatumGetInt16(datum)));
    case INT4OID: return Value(static_cast<int64_t>(DatumGetInt32(datum)));
    case INT8OID: return Value(static_cast<int64_t>(DatumGetInt64(datum)));
    case FLOAT4OID: return OfFloat(DatumGetFloat4(datum));
    case FLOAT8OID: return OfFloat(DatumGetFloat8(datum));
    case NUMERICOID: return OfNumeric(datum);
    case TEXTOID:
    case VARCHAROID: return Value(TextOf(datum));
    case NAMEOID: return Value(std::string(NameStr(*DatumGetName(datum))));
    case UUIDOID: return Value(UuidText(DatumGetUUIDP(datum)->data));
    case DATEOID: return Value(Date{UnixDays(DatumGetDateADT(datum))});
    case TIMESTAMPOID: return Value(LocalTime{ToInstant(DatumGetTimestamp(datum)).us});
    case TIMESTAMPTZOID: return Value(ToInstant(DatumGetTimestampTz(datum)));
    case JSONOID: return OfJsonText(TextOf(datum));
    case JSONBOID: return OfJsonText(JsonbText(datum));
    default: break;
  }
  if (is_enum_) return Value(EnumLabel(DatumGetObjectId(datum)));
  if (output_ != InvalidOid) return Value(OutputText(output_, datum, base == BPCHAROID));
  return Value(TextOf(datum));  // citext
}

std::optional<pg_uuid_t> UuidOf(std::string_view text) {
  constexpr size_t kLength = 36;
  if (text.size() != kLength) return std::nullopt;
  pg_uuid_t uuid = {};
  size_t digits = 0;
  for (size_t i = 0; i < kLength; ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return std::nullopt;
      continue;
    }
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return std::nullopt;
    uuid.data[digits / 2] = static_cast<unsigned char>(uuid.data[digits / 2] << 4 | digit);
    ++digits;
  }
  return uuid;
}

std::string UuidText(const pg_uuid_t& uuid) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (int i = 0; i < UUID_LEN; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[uuid.data[i] >> 4];
    text += kDigits[uuid.data[i] & 15];
  }
  return text;
}

std::string TextOf(Datum datum) {
  // A plain or short one is read where it lies. (What lies outside of the row has the mark of a short one too.)
  const auto* here = reinterpret_cast<const varlena*>(static_cast<uintptr_t>(datum));
  if (!VARATT_IS_EXTERNAL(here) && (!VARATT_IS_EXTENDED(here) || VARATT_IS_SHORT(here))) {
    return std::string(VARDATA_ANY(here), VARSIZE_ANY_EXHDR(here));
  }
  const text* plain = CallBackend([=] { return DatumGetTextPP(datum); });
  return std::string(VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain));
}

Datum TextDatum(std::string_view text) {
  const char* data = text.data();
  const int size = static_cast<int>(text.size());
  return CallBackend([=] { return PointerGetDatum(cstring_to_text_with_len(data, size)); });
}

std::string JsonbText(Datum jsonb) {
  return CallBackend([=] {
    Jsonb* plain = DatumGetJsonbP(jsonb);
    return JsonbToCString(nullptr, &plain->root, static_cast<int>(VARSIZE(plain)));
  });
}

std::optional<Json> JsonOfJsonb(Datum jsonb) {
  std::string error;
  return Json::Parse(JsonbText(jsonb), &error);
}

Datum JsonbOf(const Json& json) {
  const std::string text = json.Dump();
  const char* cstring = text.c_str();
  return CallBackend([=] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(cstring)); });
}

}  // namespace workflow::pg
