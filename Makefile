# Two commands are enough: `make run` and `make test`. `make help` lists the rest.

GO      ?= go
NPM     ?= npm
BIN     := bin
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
TESTFLAGS ?= -timeout 14m

SDK_SRC := $(shell find sdk/web/src sdk/web/scripts -type f 2>/dev/null) sdk/web/package.json sdk/web/package-lock.json sdk/web/tsconfig.json sdk/web/tsconfig.build.json
WEB_SRC := $(shell find web/src web/public -type f 2>/dev/null) web/index.html web/package.json web/package-lock.json web/vite.config.ts web/tsconfig.json

.PHONY: help run shop shop-page build test test-shop test-go test-journeys test-web test-sdk test-sdk-e2e test-sdk-loss test-hosts test-e2e test-peers lint vuln bench bench-memory bench-fleet bench-mttd bench-click bench-quiet bench-questions fuzz clean chromium

help: ## this list
	@grep -hE '^[a-z0-9/-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

run: build ## build everything and start the demo on http://localhost:3358
	$(BIN)/felt demo

SHOP_PAGE := examples/shop/page
$(SHOP_PAGE)/node_modules/.installed: $(SHOP_PAGE)/package.json $(SHOP_PAGE)/package-lock.json
	cd $(SHOP_PAGE) && $(NPM) ci --no-audit --no-fund
	@touch $@

$(SHOP_PAGE)/dist/shop.js: $(SHOP_PAGE)/node_modules/.installed sdk/web/dist/felt.js $(shell find $(SHOP_PAGE)/src $(SHOP_PAGE)/scripts -type f 2>/dev/null)
	cd $(SHOP_PAGE) && $(NPM) run build

shop-page: $(SHOP_PAGE)/dist/shop.js

$(BIN)/shop: FORCE
	@mkdir -p $(BIN)
	$(GO) build -C examples/shop/services -trimpath -o $(CURDIR)/$@ ./cmd/shop
FORCE:

shop: build shop-page $(BIN)/shop ## a real shop whose browser tells Felt, a Collector between; SHOP_DIRECT=1 without, SHOP_PORTS=shop=8090,... elsewhere
	$(BIN)/shop up $(SHOP)

build: web/dist/index.html ## build the UI and bin/felt
	@mkdir -p $(BIN)
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/felt ./cmd/felt

web/node_modules/.installed: web/package.json web/package-lock.json
	cd web && $(NPM) ci --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.installed $(WEB_SRC)
	cd web && $(NPM) run build
	@touch $@

sdk/web/node_modules/.installed: sdk/web/package.json sdk/web/package-lock.json
	cd sdk/web && $(NPM) ci --no-audit --no-fund
	@touch $@

sdk/web/dist: sdk/web/dist/felt.js ## the browser SDK: ES modules with types, the script for a tag
sdk/web/dist/felt.js: sdk/web/node_modules/.installed $(SDK_SRC)
	cd sdk/web && $(NPM) run build
	@touch $@

test: chromium build test-web test-sdk test-go test-shop test-sdk-e2e test-e2e ## everything that must hold, in under 15 minutes on 2 cores

# The race detector finds nothing where the house allows neither goroutine nor lock (core, the words): those
# run without it, at a fifth of the time, and again as parts of what does run with it.
CALM := . ./core/... ./internal/quiet
test-go:
	$(GO) test $(TESTFLAGS) $(CALM)
	$(GO) test $(TESTFLAGS) -race $$($(GO) list ./... | grep -vxF "$$($(GO) list $(CALM))")

test-journeys: ## tell the journeys of a million spans twice, two minutes
	$(GO) test ./core/engine -run JourneysAreTold -journey-events 1000000 -v -timeout 30m

test-web: web/node_modules/.installed
	cd web && $(NPM) test

test-sdk: sdk/web/dist/felt.js ## the browser SDK's unit tests and its sizes
	cd sdk/web && $(NPM) test && $(NPM) run size

test-sdk-e2e: chromium build sdk/web/dist/felt.js ## the browser SDK in Chromium, straight and through a stock Collector, asserted on Felt's API
	cd sdk/web && FELT_BIN=$(CURDIR)/$(BIN)/felt $(NPM) run e2e

test-sdk-loss: chromium build sdk/web/dist/felt.js ## 500 tabs closed in the middle of something: at most 1 % lost, two minutes
	cd sdk/web && FELT_BIN=$(CURDIR)/$(BIN)/felt $(NPM) run e2e:loss

test-hosts: chromium build sdk/web/dist/felt.js ## the browser SDK beside OpenTelemetry 2 and 3, Sentry and Faro
	FELT_BIN=$(CURDIR)/$(BIN)/felt $(MAKE) -C sdk/web/hosts test-hosts

test-e2e: chromium build
	cd web && $(NPM) run size && $(NPM) run e2e && FELT_BIN=$(CURDIR)/$(BIN)/felt $(NPM) run e2e:demo

chromium: ## install Chromium for the browser tests when there is none
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || [ -n "$$CHROMIUM" ] || \
	  { echo "installing Chromium for the browser tests"; \
	    SUDO=; [ "$$(id -u)" = 0 ] || SUDO=sudo; \
	    $$SUDO apt-get update -q && $$SUDO apt-get install -y -q --no-install-recommends chromium; }

test-shop: build shop-page $(BIN)/shop ## the shop's services, and all of it through a Collector and without
	cd examples/shop/services && $(GO) vet ./... && FELT_BIN=$(CURDIR)/$(BIN)/felt OTELCOL=$$($(CURDIR)/deploy/collector/build.sh) $(GO) test -timeout 5m ./...

test-peers: build ## deliver into Felt with the stock SDK exporters and a stock Collector
	FELT_BIN=$(CURDIR)/$(BIN)/felt internal/peers/test.sh

$(BIN)/golangci-lint: internal/tools/go.mod
	$(GO) build -C internal/tools -o $(CURDIR)/$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(BIN)/govulncheck: internal/tools/go.mod
	$(GO) build -C internal/tools -o $(CURDIR)/$@ golang.org/x/vuln/cmd/govulncheck

lint: $(BIN)/golangci-lint web/node_modules/.installed sdk/web/node_modules/.installed $(SHOP_PAGE)/node_modules/.installed sdk/web/dist/felt.js ## gofmt, vet, golangci-lint, the linters of the UI and the SDK
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt these:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(BIN)/golangci-lint run ./...
	cd web && $(NPM) run lint
	cd sdk/web && $(NPM) run lint
	cd $(SHOP_PAGE) && $(NPM) run lint
	cd examples/shop/services && $(CURDIR)/$(BIN)/golangci-lint run ./...

vuln: $(BIN)/govulncheck ## known vulnerabilities, where the database can be reached
	@$(BIN)/govulncheck ./... ; code=$$?; \
	 if [ $$code -ne 0 ] && [ $$code -ne 3 ]; then echo "govulncheck: NOT RUN (its database cannot be reached)"; exit 0; fi; exit $$code

bench: build ## CPU per million spans beside the Collector, and the hot path
	FELT_BIN=$(CURDIR)/$(BIN)/felt internal/bench/run.sh

bench-memory: build ## memory under a steady load of the whole budget's inventory
	$(GO) run ./internal/bench -felt $(CURDIR)/$(BIN)/felt -steady 25m

FLEET ?= -series 6000 -days 30
bench-fleet: ## a month of 6,000 series without a fault, then faults: who is woken, and how soon
	$(GO) run ./internal/fleet/bench $(FLEET)
	$(GO) run ./internal/fleet/bench -faults $(FLEET) -days 3

bench-mttd: build ## from the twentieth customer hurt to the webhook: 40 faults of every kind, 50 minutes
	$(GO) run ./internal/mttd -felt $(CURDIR)/$(BIN)/felt $(MTTD)

bench-click: chromium build sdk/web/dist/felt.js ## from a click that fails in Chromium to the webhook, 20 faults, ten minutes; what an interaction costs the page
	cd sdk/web && FELT_BIN=$(CURDIR)/$(BIN)/felt $(NPM) run bench

bench-quiet: ## 30 simulated days without a fault, twice: which incidents open for nothing, at most 4
	$(GO) run ./internal/quiet -seed 1 $(QUIET)
	$(GO) run ./internal/quiet -seed 2 $(QUIET)

bench-questions: ## latency of each question on 20 million interactions
	FELT_BENCH_ROWS=20000000 $(GO) test -run '^$$' -bench Questions -benchtime 5x -timeout 30m ./shell/duckdb

FUZZTIME ?= 30s
fuzz: ## every fuzz target for FUZZTIME each
	@for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg 2>/dev/null | grep '^Fuzz'); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
	  done; done

clean: ## remove what was built
	rm -rf $(BIN) web/dist/assets web/dist/index.html web/node_modules/.installed sdk/web/dist sdk/web/node_modules/.installed $(SHOP_PAGE)/dist $(SHOP_PAGE)/node_modules/.installed
