.PHONY: build demo test simulate bench format clean

# The two commands of the README: each installs what it needs, builds, and does its work.

demo: build
	.build/release/sentei run docs/examples/digits.yaml --run-directory "$$(mktemp -d)/digits"

test: dependencies
	scripts/check

build: dependencies
	swift build -c release --product sentei

.PHONY: dependencies
dependencies:
	@scripts/install-dependencies

simulate: dependencies
	scripts/simulate

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
