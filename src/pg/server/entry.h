// The guard towards C++: an exception that leaves an extern "C" frame ends the whole server. Every function, trigger and callback that
// the server calls runs its body here. Nothing is raised inside a catch block: what went wrong is noted in a Failure, which has no
// destructor, and raised after the last catch has closed and every C++ object is gone.
#pragma once

#include "pg/server/guard.h"

namespace workflow::pg {

struct Raised {  // no destructor: it may cross an ereport
  ErrorData* backend = nullptr;
  int sqlstate = 0;
  char* message = nullptr;
  char* detail = nullptr;
  char* hint = nullptr;
};

// Copies without raising: out of memory leaves nullptr, and the message says so.
char* CopyText(const std::string& text) noexcept;
void Note(Raised& raised, const SqlError& error) noexcept;
void Note(Raised& raised, int sqlstate, const char* message) noexcept;
// Raises at `elevel`. ERROR does not return.
void Raise(const Raised& raised, int elevel = ERROR);

// Throws what was noted again, for code that still has C++ objects on its stack.
[[noreturn]] void Rethrow(const Raised& raised);

// Runs `body`; true where it returned, else false with `raised` filled.
template <typename F>
bool Contained(F&& body, Raised& raised) noexcept {
  try {
    body();
    return true;
  } catch (const BackendError& error) {
    raised.backend = error.data();
  } catch (const SqlError& error) {
    Note(raised, error);
  } catch (const std::bad_alloc&) {
    Note(raised, ERRCODE_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    Note(raised, ERRCODE_INTERNAL_ERROR, error.what());
  } catch (...) {
    Note(raised, ERRCODE_INTERNAL_ERROR, "unknown C++ exception");
  }
  return false;
}

inline Datum EnterFunction(Datum (*body)(FunctionCallInfo), FunctionCallInfo fcinfo) {
  Raised raised;
  Datum result = 0;
  if (!Contained([&] { result = body(fcinfo); }, raised)) Raise(raised);
  return result;
}

}  // namespace workflow::pg

// Defines a function that SQL can call; its body may throw.
#define WF_FUNCTION(name)                                                                          \
  static Datum name##_body(FunctionCallInfo fcinfo);                                               \
  extern "C" {                                                                                     \
  PGDLLEXPORT Datum name(PG_FUNCTION_ARGS);                                                        \
  PG_FUNCTION_INFO_V1(name);                                                                       \
  Datum name(PG_FUNCTION_ARGS) { return workflow::pg::EnterFunction(name##_body, fcinfo); }        \
  }                                                                                                \
  static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)
