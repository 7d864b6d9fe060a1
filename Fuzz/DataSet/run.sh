#!/bin/sh
# Fuzzes the readers of DICOMCore: run.sh CORPUS [libFuzzer options]. Builds into the folder named by BUILD.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD:-/tmp/apus-fuzz-dataset}
mkdir -p "$build"
swiftc -O -swift-version 6 -parse-as-library -sanitize=fuzzer,address -module-name DataSetFuzzer \
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault \
    -enable-upcoming-feature MemberImportVisibility -I "$root/Sources/CZlib" \
    $(find "$root/Sources/DICOMCore/" -name '*.swift') "$here/DataSetFuzzer.swift" -o "$build/DataSetFuzzer"
exec "$build/DataSetFuzzer" "$@"
