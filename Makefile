# Apus. Two commands matter: `make run` and `make test`.
.PHONY: run build web test bench setup clean

BINARY = .build/release/apus

## Install what is missing, build, start with embedded defaults: data under ./apus-data.
run: build
	$(BINARY) serve --data ./apus-data

## Release binary .build/release/apus and the web page beside it.
build: setup web
	swift build -c release --product apus
	rm -rf .build/release/apus-web && cp -R Web/dist .build/release/apus-web

web: setup
	Web/build

setup:
	Scripts/setup build

## Install what the tests need and run all of them.
test:
	Scripts/setup test
	Scripts/test

## Side by side with Orthanc and DCMTK on the same files; prints ratios.
bench:
	Scripts/setup bench
	$(MAKE) build
	Benchmarks/run

clean:
	rm -rf .build Web/dist
