# Every check, each a target of its own; `make verify` is all of them.
STAGE = $(CURDIR)/build/stage
TAP_WORK ?= /tmp/$(EXTENSION)-tap-$(shell id -u)
AS_SERVER = $(if $(filter 0,$(shell id -u)),runuser -u postgres --)
FUZZ_SECONDS ?= 20

.PHONY: stage verify check-layers check-core check-fuzz check-schema check-sql check-pgtap check-tap soak bench
# Nothing is installed system-wide: test/run starts clusters that load this folder.
stage: all
	rm -rf $(STAGE) && $(MAKE) -s install DESTDIR=$(STAGE)

verify: check-layers check-core check-schema check-fuzz check-sql check-pgtap check-tap

# The core sees no server header; only the guard jumps.
check-layers:
	! grep -rnE '#include *[<"](postgres|fmgr|utils/|access/|executor/|catalog/|storage/|pg/)' src/core
	! grep -rnlE 'PG_TRY|sigsetjmp|siglongjmp' src --include='*.cpp' --include='*.h' | grep -v 'src/pg/server/guard.h'
	! grep -nE 'EXTENSION pg_workflow .*VERSION|0\.1\.0' -r src docs/*.md Makefile test/targets.mk

check-core:
	cmake -S . -B build/core -DCMAKE_BUILD_TYPE=Debug -DWF_SANITIZE=ON > /dev/null
	cmake --build build/core -j 2
	ctest --test-dir build/core -j 2 --output-on-failure

check-schema: check-core
	python3 test/schema/check.py build/core/wf_schema test/corpus

check-fuzz:
	cmake -S . -B build/fuzz -DCMAKE_CXX_COMPILER=clang++ -DWF_FUZZ=ON > /dev/null
	cmake --build build/fuzz -j 2
	test/fuzz/run build/fuzz $(FUZZ_SECONDS)

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

bench: stage
	@echo 'no benchmarks in this version' >&2; exit 1
