.PHONY: build demo test simulate chaos fuzz hostile sanitize leaks bench format clean

# The two commands of the README: each installs what it needs, builds, and does its work.

demo: build
	.build/release/sentei run docs/examples/digits.yaml --run-directory "$$(mktemp -d)/digits"

test:
	@scripts/install-dependencies tests
	scripts/check

build: dependencies
	swift build -c release --product sentei

.PHONY: dependencies
dependencies:
	@scripts/install-dependencies

simulate: dependencies
	scripts/simulate

chaos: dependencies
	scripts/chaos

# DECODER=name for one alone, RUNS=n inputs for each.
fuzz: dependencies
	scripts/fuzz "$(DECODER)" $(RUNS)

hostile: build
	scripts/hostile-load

bench: build
	scripts/bench

.PHONY: sanitize leaks
sanitize: dependencies
	scripts/sanitize address
	scripts/sanitize thread

leaks: dependencies
	scripts/leaks

format:
	git ls-files -co --exclude-standard '*.swift' | grep -v '\.pb\.swift$$' | xargs swift format -i

clean:
	swift package clean
