# One command sets everything up: `make demo` runs the main job, `make test` passes all tests.
#
#   LIBTORCH=DIR   use this libtorch 2.11.0 (a pip-installed torch's folder works) instead of fetching one
#   CUDA=1         also fetch libtorch's CUDA parts (about 2.5 GB)
#   PREFIX=DIR     where `make install` puts things (default /usr/local); DESTDIR is honoured
#   TEST_ARGS=…    passed to `swift test`, such as --filter SamplerTests

PREFIX ?= /usr/local
ARTICLE ?= Examples/article.md
TEST_ARGS ?=
# A relative path would be looked up from wherever the built program runs.
ifneq ($(LIBTORCH),)
override LIBTORCH := $(abspath $(LIBTORCH))
export LIBTORCH
endif
PATRON := .build/release/patron
SOURCES := $(shell find Sources Package.swift -type f 2>/dev/null)
export PATRON_REVISION := $(shell git describe --always --dirty --exclude '*' 2>/dev/null)

# What a processor without AVX-512 and fast bfloat16 would make libtorch and Patron choose, for a second run of the
# tensor tests: the libraries read their variables once.
SMALL_PROCESSOR := env ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2 \
  PATRON_KERNELS=plain PATRON_BF16_PRODUCTS=widened PATRON_LOOP_THREADS=one

.DEFAULT_GOAL := help
.PHONY: help demo build setup test lint format bench install install-library uninstall completions clean distclean FORCE

help:  ## List these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

demo: $(PATRON)  ## Set everything up and extract the funding of an example article
	$(PATRON) extract $(ARTICLE)

build: $(PATRON)  ## Set everything up and build the release binary

setup: .deps/prerequisites  ## Fetch the pinned dependencies into .deps/
	@python3 scripts/setup.py $(if $(CUDA),--cuda)

.deps/prerequisites: scripts/prerequisites.sh
	@sh scripts/prerequisites.sh
	@mkdir -p .deps && touch $@

# Another LIBTORCH means another build.
.deps/libtorch-path: FORCE
	@mkdir -p .deps && echo '$(LIBTORCH)' | cmp -s - $@ || echo '$(LIBTORCH)' > $@

$(PATRON): $(SOURCES) .deps/libtorch-path | setup
	swift build -c release --static-swift-stdlib --product patron
	@touch $@

test: setup  ## Set everything up and run all tests
	python3 -m unittest discover -s scripts/tests
	swift build --build-tests
	swift test --skip-build $(TEST_ARGS)
	$(if $(TEST_ARGS),,$(SMALL_PROCESSOR) swift test --skip-build \
	  --filter '^(TorchTests|LlamaTests|TrainingTests)\.' --skip 'DefaultModelTests|babbleIsHeld')
	$(if $(TEST_ARGS),,scripts/check_library.sh)

lint:  ## Check the formatting, and that no line is longer than 120 columns
	swift format lint --strict --recursive --parallel Sources Tests Package.swift
	python3 scripts/check_columns.py

format:  ## Format the sources
	swift format --in-place --recursive --parallel Sources Tests Package.swift

bench: $(PATRON)  ## Measure prefill, decode and a whole extraction on this machine
	$(PATRON) bench model --prompt 128 512 --article $(ARTICLE)

completions: $(PATRON)  ## Write shell completions into .build/completions
	@mkdir -p .build/completions
	$(PATRON) --generate-completion-script bash > .build/completions/patron.bash
	$(PATRON) --generate-completion-script zsh > .build/completions/_patron
	$(PATRON) --generate-completion-script fish > .build/completions/patron.fish

ROOT := $(DESTDIR)$(PREFIX)

install: $(PATRON) completions install-library  ## Install a binary that runs from anywhere (PREFIX=…)
	install -D -m 755 --strip $(PATRON) $(ROOT)/bin/patron
	install -D -m 644 .build/completions/patron.bash $(ROOT)/share/bash-completion/completions/patron
	install -D -m 644 .build/completions/_patron $(ROOT)/share/zsh/site-functions/_patron
	install -D -m 644 .build/completions/patron.fish $(ROOT)/share/fish/vendor_completions.d/patron.fish

# What programs need that depend on PatronKit: libtorch with its headers, patron-torch.pc, the default model and its
# adapter.
install-library: setup
	install -D -m 644 .deps/models/SmolLM2-135M-Instruct.Q4_1.gguf -t $(ROOT)/share/patron/models
	if [ -d Models ]; then cp -R Models/. $(ROOT)/share/patron/models/; fi
	install -D -m 644 LICENSE NOTICE -t $(ROOT)/share/patron/licenses
	cp -R .deps/licenses/. $(ROOT)/share/patron/licenses/
	install -D -m 644 .deps/pkgconfig/patron-torch.pc -t $(ROOT)/lib/pkgconfig
	mkdir -p $(ROOT)/lib/patron
ifeq ($(LIBTORCH),)
	if [ -L $(ROOT)/lib/patron/torch ]; then rm $(ROOT)/lib/patron/torch; fi
	mkdir -p $(ROOT)/lib/patron/torch $(ROOT)/lib/patron/nvidia
	cp -R .deps/torch/lib .deps/torch/include $(ROOT)/lib/patron/torch/
	cp -R .deps/nvidia/. $(ROOT)/lib/patron/nvidia/
else
	rm -rf $(ROOT)/lib/patron/torch
	ln -s $(LIBTORCH) $(ROOT)/lib/patron/torch
	@echo "patron runs with the libtorch at $(LIBTORCH), which was not copied" >&2
endif

uninstall:  ## Remove what `make install` put there
	rm -rf $(ROOT)/bin/patron $(ROOT)/lib/patron $(ROOT)/share/patron
	rm -f $(ROOT)/lib/pkgconfig/patron-torch.pc $(ROOT)/share/bash-completion/completions/patron \
	  $(ROOT)/share/zsh/site-functions/_patron $(ROOT)/share/fish/vendor_completions.d/patron.fish

clean:  ## Remove what was built
	rm -rf .build

distclean: clean  ## Remove what was built and fetched
	rm -rf .deps Package.resolved
