# Every check, each a target of its own; `make verify` is all of them.
STAGE = $(CURDIR)/build/stage
TAP_WORK ?= /tmp/$(EXTENSION)-tap-$(shell id -u)
AS_SERVER = $(if $(filter 0,$(shell id -u)),runuser -u postgres --)
FUZZ_SECONDS ?= 20

.PHONY: stage verify verify-core verify-server check-layers build-core check-core check-fuzz check-schema check-sql check-pgtap check-tap soak bench bench-quick bench-ready
# Nothing is installed system-wide: test/run starts clusters that load this folder.
stage: all
	rm -rf $(STAGE) && $(MAKE) -s install DESTDIR=$(STAGE)

# What waits for servers and what is compiled go side by side: apart they take twice as long.
verify: check-layers stage
	$(MAKE) -s --no-print-directory -j2 --output-sync=target verify-core verify-server
verify-core:
	$(MAKE) -s -j1 check-core
	$(MAKE) -s -j1 check-schema
	$(MAKE) -s -j1 check-fuzz
verify-server:
	$(MAKE) -s -j1 check-sql
	$(MAKE) -s -j1 check-pgtap
	$(MAKE) -s -j1 check-tap

# The core sees no server header; only the guard jumps; the control file names the version, and META.json agrees.
check-layers:
	! grep -rnE '#include *[<"](postgres|fmgr|utils/|access/|executor/|catalog/|storage/|pg/)' src/core
	! grep -rnlE 'PG_TRY|sigsetjmp|siglongjmp' src --include='*.cpp' --include='*.h' | grep -v 'src/pg/server/guard.h'
	! grep -rnE '0\.1\.0' src docs Makefile --include='*.cpp' --include='*.h' --include='*.md' --include=Makefile
	grep -q '"version": "$(EXTENSION_VERSION)"' META.json

# One build for unit tests and fuzzers: clang, address and undefined-behaviour sanitizers. (The module itself is built by g++.)
build-core:
	cmake -S . -B build/core -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Debug -DWF_SANITIZE=ON -DWF_FUZZ=ON > /dev/null
	cmake --build build/core -j 2 -- --no-print-directory

check-core: build-core
	build/core/wf_unit --gtest_brief=1

check-schema: build-core
	build/core/wf_schema definition > build/core/definition.schema.json
	build/core/wf_schema binding > build/core/binding.schema.json
	python3 test/schema/check.py build/core/definition.schema.json test/corpus/definition
	python3 test/schema/check.py build/core/binding.schema.json test/corpus/binding

check-fuzz: build-core
	test/fuzz/run build/core $(FUZZ_SECONDS)

check-sql: stage
	test/run $(MAKE) -s installcheck

check-pgtap: stage
	test/run test/pgtap/run

check-tap: stage
	test/tap/run

# The long ones.
soak: stage
	FUZZ_SECONDS=3600 $(MAKE) check-fuzz
	WF_SOAK=1 test/tap/run

# Speed is shown, not tested: a bar that is missed is a line that says so. Only a wrong result is an error.
bench: bench-ready
	bench/cluster bench/run --page docs/benchmarks.md

bench-quick: bench-ready
	bench/cluster bench/run --quick --page build/benchmarks-quick.md

# What the comparisons need: an empty trigger beside the staged library, and the peers of npm under build/.
bench-ready: stage
	scripts/packages bench
	mkdir -p build/baseline && $(MAKE) -s -C build/baseline -f $(CURDIR)/bench/baseline/Makefile install DESTDIR=$(STAGE)
	bench/peers/install
