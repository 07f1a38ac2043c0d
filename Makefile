# scalargen's Makefile explains itself: make help.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Every Go module of the repository. Each is built with the root by replace.
MODULES := . examples/ec

# How long make fuzz spends on each fuzz target.
FUZZTIME ?= 10s

# The isolation level that make check-history demands.
LEVEL ?= serializable

# Runs a command in every module, naming the module first.
each = @for module in $(MODULES); do echo "== $$module: $(1)"; (cd $$module && $(1)); done

.PHONY: help
help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: demo
demo: ## Generate, build, create the tables on SQLite and run the e-commerce sample
	@examples/ec/demo.sh

# Tests that find no server are skipped, and append a line to this file.
export SCALARGEN_SKIPS := $(CURDIR)/.tmp/skips

.PHONY: test
test: ## Run all tests of all modules; databases that are missing are fetched, and what cannot be had is counted
	@mkdir -p .tmp && rm -f $(SCALARGEN_SKIPS)
	$(call each,go test -timeout 30m ./...)
	@scripts/skips.sh

.PHONY: race
race: ## Run all tests of all modules with the race detector, but those beside Java
	@mkdir -p .tmp && rm -f $(SCALARGEN_SKIPS)
	@for module in $(MODULES); do echo "== $$module: go test -race"; \
	(cd $$module && go test -timeout 60m -race $$(go list ./... | grep -v /interop)); done
	@scripts/skips.sh

.PHONY: generate
generate: ## Refresh everything that is generated: golden files, expected messages, the sample
	go test ./schema ./golden ./golden/misuse ./templates -update
	go test ./runtime/internal/conformance -run TestDocument -update
	go test ./cmd/scalargen -run TestRefusedInput -update
	cd examples/ec && go generate ./...

.PHONY: check
check: ## Fail if a generated package is stale
	cd examples/ec && go tool scalargen check
	go test ./golden/...

.PHONY: lint
lint: fmt vet staticcheck tidy ## Formatting, vet, staticcheck and tidy, without changing anything

.PHONY: fmt
fmt:
	@echo "== gofmt"; files=$$(git ls-files --cached --others --exclude-standard '*.go' | grep -v /testdata/ | xargs gofmt -l); \
	if [ -n "$$files" ]; then echo "gofmt would change:"; echo "$$files"; exit 1; fi

.PHONY: vet
vet:
	$(call each,go vet ./...)

.PHONY: staticcheck
staticcheck:
	@for module in $(MODULES); do echo "== $$module: staticcheck"; \
	(tool=$$(go tool -n staticcheck) && cd $$module && $$tool ./...); done

.PHONY: tidy
tidy:
	$(call each,go mod tidy -diff)

.PHONY: sim
sim: ## Simulate many more random histories of the engine than make test does
	go test ./runtime/internal/commit -run Simulation -timeout 60m -v -sim.seeds=20000

.PHONY: explore
explore: ## Explore the orders of small scenarios on the real engine for half an hour, and simulate
	go test ./runtime/internal/lab -run 'TestSimulate$$' -v -timeout 0 -sim.seeds=20000
	go test ./runtime/internal/lab -run TestCatalogue -v -timeout 0 -explore.for=28m

.PHONY: check-history
check-history: ## Check recorded histories: FILES="a.jsonl b.jsonl" LEVEL=serializable
	@go build -o .tmp/checkhistory ./internal/history/checkhistory && .tmp/checkhistory -level $(LEVEL) $(FILES)

.PHONY: soak
soak: ## Soak PostgreSQL and MariaDB with kills and cuts, 10^6 checked transactions each (an hour)
	go test ./internal/soak -run 'TestSoak$$' -v -timeout 0 -soak.storage postgres,mariadb -soak.transactions 1000000

.PHONY: mutants
mutants: ## Remove or weaken one check of the engine at a time; a test must notice each (hours)
	go run ./internal/mutants

.PHONY: fuzz
fuzz: ## Fuzz every fuzz target for FUZZTIME (10s)
	@go list -f '{{.Dir}}' ./... | while read -r dir; do \
	  { grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$$dir"/*_test.go 2>/dev/null || true; } | sed 's/func //' | while read -r target; do \
	    echo "== $$target in $${dir#$$PWD/}"; (cd "$$dir" && go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) .); \
	  done; done

.PHONY: bench
bench: ## Print what the design promises: generator time and memory, compile time, cost of operations
	@scripts/bench.sh
