# Builds and installs the extension (PGXS) and owns every check as a target. CMakeLists.txt builds the core alone.
EXTENSION = pg_workflow
MODULE_big = pg_workflow
EXTENSION_VERSION = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" pg_workflow.control)
SCRIPT = sql/$(EXTENSION)--$(EXTENSION_VERSION).sql
DATA = $(SCRIPT)
DATA_built =
# A room (a folder of src) is compiled as one file: headers are read once a room, which makes a build six times shorter.
ROOMS = $(patsubst src/%/,%,$(sort $(dir $(shell find src -name '*.cpp'))))
BUILT = build/rooms$(OPT)
OBJS = $(foreach room,$(ROOMS),$(BUILT)/$(subst /,_,$(room)).o)
DEPS = $(OBJS:.o=.d)

PG_CONFIG ?= $(firstword $(wildcard /usr/lib/postgresql/15/bin/pg_config) pg_config)
# -isystem first: warnings are for our code, not for the server's headers.
PG_CPPFLAGS = -Isrc -isystem $(shell $(PG_CONFIG) --includedir-server) -MMD -MP
# OPT=-O0 for a quick build, without debugging symbols.
PG_CXXFLAGS = -std=c++20 -Wall -Wextra -Wshadow -Wno-unused-parameter $(WERROR) -fvisibility=hidden -fvisibility-inlines-hidden $(OPT) $(if $(OPT),-g0)
# PGXS links with gcc, which does not know libstdc++.
# Bound when it is loaded, in the postmaster: else every new connection of the CRM binds each function it calls once more.
SHLIB_LINK = -lstdc++ -lcrypto -Wl,-z,now
# Bitcode serves JIT inlining of operators; this module has none, and clang would need its own flags.
override with_llvm := no

REGRESS = $(sort $(patsubst test/sql/%.sql,%,$(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --outputdir=build/regress --load-extension=$(EXTENSION)
REGRESS_PREP = test/expected build/regress
ISOLATION = $(sort $(patsubst test/isolation/specs/%.spec,%,$(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --outputdir=build/isolation --load-extension=$(EXTENSION)
EXTRA_CLEAN = $(DEPS) build test/expected $(SCRIPT)

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)
# After PGXS, which names the compiler that built the server.
ifneq ($(shell command -v ccache),)
override CXX := ccache $(CXX)
endif
# Debian builds the server without dependency tracking, so PGXS would miss header edits.
-include $(DEPS)

# The library knows which version of the SQL it belongs to.
$(BUILT)/pg_process.o $(BUILT)/pg_sources.o: override CPPFLAGS += -DWF_VERSION='"$(EXTENSION_VERSION)"'

# The list of a room's files is written anew only where it changed.
define ROOM
$(BUILT)/$(subst /,_,$(1)).cpp: FORCE
	@mkdir -p $(BUILT)
	@printf '#include "../../%s"\n' $(sort $(wildcard src/$(1)/*.cpp)) | cmp -s - $$@ || printf '#include "../../%s"\n' $(sort $(wildcard src/$(1)/*.cpp)) > $$@
endef
$(foreach room,$(ROOMS),$(eval $(call ROOM,$(room))))
.PHONY: FORCE

# The install script is the parts in the order of their numbers, and the recipes as rows.
RECIPES = $(sort $(wildcard recipes/*.json))
$(SCRIPT): $(sort $(wildcard sql/parts/*.sql)) $(RECIPES) scripts/recipes pg_workflow.control
	{ printf '%s\n' '\echo Use "CREATE EXTENSION pg_workflow" to load this file. \quit'; cat $(filter %.sql,$^); scripts/recipes $(RECIPES); } > $@
all: $(SCRIPT)

# The files as well, for people to read.
install: install-recipes
.PHONY: install-recipes
install-recipes:
	install -d '$(DESTDIR)$(datadir)/extension/$(EXTENSION)/recipes'
	install -m 644 $(RECIPES) '$(DESTDIR)$(datadir)/extension/$(EXTENSION)/recipes/'

# pg_regress before 16 has no --expecteddir: it looks for expected/ beside the scripts.
test/expected:
	ln -sfn ../expected $@
build/regress:
	mkdir -p $@

include test/targets.mk
