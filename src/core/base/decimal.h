// An exact decimal number, as wide as PostgreSQL's numeric. Kept normalised (no leading or trailing zeros), so that equal numbers
// have equal representations and a comparison needs no arithmetic. NaN is greater than every number and equal to itself, as in
// PostgreSQL.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace workflow {

class Decimal {
 public:
  Decimal() = default;
  explicit Decimal(int64_t value);

  // Accepts what PostgreSQL prints and what JSON allows: -12.50, 1e3, NaN, Infinity, -Infinity. Nothing else, no white space.
  static std::optional<Decimal> Parse(std::string_view text);

  // Plain notation without exponent and without trailing zeros: "12.5", "-0.001", "1000".
  std::string ToString() const;
  // With the zeros behind the point that it was parsed with: "10.00" stays that, as the server shows it. What is computed has none.
  std::string ToShown() const;
  // Rounded half away from zero to `places` digits after the point, all of them printed: (2) "12.50".
  std::string ToFixed(int places) const;
  std::optional<int64_t> ToInteger() const;  // only where it is whole and fits
  bool is_finite() const { return kind_ == Kind::kFinite; }
  bool is_zero() const { return is_finite() && digits_.empty(); }
  bool is_negative() const { return negative_; }

  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b);
  friend bool operator==(const Decimal& a, const Decimal& b) {
    return a.kind_ == b.kind_ && a.negative_ == b.negative_ && a.scale_ == b.scale_ && a.digits_ == b.digits_;
  }

  friend Decimal operator+(const Decimal& a, const Decimal& b);
  friend Decimal operator-(const Decimal& a, const Decimal& b);
  friend Decimal operator*(const Decimal& a, const Decimal& b);
  // Quotient rounded half away from zero to `places` digits after the point; none where b is zero.
  static std::optional<Decimal> Divide(const Decimal& a, const Decimal& b, int places);

 private:
  // What keeps every number normalised and within the width of numeric: beyond it on the left is infinity, on the right rounded.
  static Decimal Make(bool negative, std::string digits, int64_t scale);
  static Decimal NaN();
  static Decimal Infinite(bool negative);
  Decimal Rounded(int places) const;
  Decimal Negated() const;

  enum class Kind : uint8_t { kFinite, kNaN, kInfinity };
  Kind kind_ = Kind::kFinite;
  bool negative_ = false;
  int32_t scale_ = 0;   // value = digits * 10^-scale (scale may be negative)
  int32_t shown_ = 0;   // digits behind the point as it was written: for people, never for a comparison
  std::string digits_;  // most significant first; empty is zero
};

}  // namespace workflow
