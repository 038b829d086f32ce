// Prints the JSON Schema of definitions or of bindings: `wf_schema definition`.
#include <cstdio>
#include <cstring>

#include "core/binding/binding.h"
#include "core/definition/compile.h"

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "definition") == 0) return std::puts(workflow::DefinitionSchema()) < 0;
  if (argc == 2 && strcmp(argv[1], "binding") == 0) return std::puts(workflow::BindingSchema()) < 0;
  std::fputs("usage: wf_schema definition|binding\n", stderr);
  return 2;
}
