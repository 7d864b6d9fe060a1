#!/bin/sh
# Fuzzes what DICOMweb reads from clients: run.sh CORPUS [libFuzzer options]. Builds into the folder named by BUILD.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD:-/tmp/apus-fuzz-multipart}
mkdir -p "$build/sources"
# One module: DICOMweb's import of DICOMCore is left out.
for source in "$root"/Sources/DICOMweb/*.swift; do
    sed -E 's/^(public )?import DICOMCore$//' "$source" > "$build/sources/$(basename "$source")"
done
swiftc -O -swift-version 6 -parse-as-library -sanitize=fuzzer,address -module-name MultipartFuzzer \
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault \
    -enable-upcoming-feature MemberImportVisibility -I "$root/Sources/CZlib" \
    $(find "$root/Sources/DICOMCore/" -name '*.swift') "$build"/sources/*.swift "$here/MultipartFuzzer.swift" \
    -o "$build/MultipartFuzzer"
exec "$build/MultipartFuzzer" "$@"
