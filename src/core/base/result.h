// A value, or the sentence that says why there is none. For failures that a caller expects; what cannot happen is an assert.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace workflow {

struct Failure {
  std::string message;  // in PostgreSQL's error style
  std::string hint = {};
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : data_(std::move(value)) {}          // NOLINT: a value is a result
  Result(Failure failure) : data_(std::move(failure)) {}  // NOLINT
  bool ok() const { return std::holds_alternative<T>(data_); }
  explicit operator bool() const { return ok(); }
  const T& operator*() const { assert(ok()); return std::get<T>(data_); }
  T& operator*() { assert(ok()); return std::get<T>(data_); }
  const T* operator->() const { return &**this; }
  T* operator->() { return &**this; }
  const Failure& failure() const { assert(!ok()); return std::get<Failure>(data_); }

 private:
  std::variant<T, Failure> data_;
};

}  // namespace workflow
