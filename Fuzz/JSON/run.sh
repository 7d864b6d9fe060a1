#!/bin/sh
# Fuzzes the JSON model and text of DICOMCore: run.sh CORPUS [libFuzzer options]. Builds into the folder named by BUILD.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD:-/tmp/apus-fuzz-json}
mkdir -p "$build"
swiftc -O -swift-version 6 -parse-as-library -sanitize=fuzzer,address -module-name JSONFuzzer \
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault \
    -enable-upcoming-feature MemberImportVisibility -I "$root/Sources/CZlib" \
    $(find "$root/Sources/DICOMCore/" -name '*.swift') "$here/JSONFuzzer.swift" -o "$build/JSONFuzzer"
exec "$build/JSONFuzzer" "$@"
