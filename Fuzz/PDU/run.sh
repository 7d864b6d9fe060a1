#!/bin/sh
# Builds and runs the fuzz target. Arguments go to libFuzzer, e.g. -runs=1000000 or -max_total_time=60.
# Inputs that fail are written to BUILD; with a fix they move to Fixtures, which every run replays first.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD:-$(mktemp -d)}
mkdir -p "$build/corpus"
features="-enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault"
features="$features -enable-upcoming-feature MemberImportVisibility -swift-version 6"
core=${CORE:-$root/Sources/DICOMCore}
# shellcheck disable=SC2046,SC2086
swiftc -O -wmo -parse-as-library $features -sanitize=address -module-name DICOMCore -emit-module \
    -emit-module-path "$build/DICOMCore.swiftmodule" -c -o "$build/DICOMCore.o" -I "$root/Sources/CZlib" \
    $(find "$core/" -name '*.swift')
# shellcheck disable=SC2046,SC2086
swiftc -O -wmo -parse-as-library $features -sanitize=fuzzer,address -module-name PDUFuzz -I "$build" \
    -I "$root/Sources/CZlib" -o "$build/pdu-fuzz" "$build/DICOMCore.o" "$here/PDUFuzz.swift" \
    $(find "$root/Sources/DIMSE/UpperLayer" "$root/Sources/DIMSE/Message" -name '*.swift')
for seed in "$here"/Seeds/*.hex "$here"/Fixtures/*.hex; do
    [ -e "$seed" ] || continue
    sed 's/|.*//' "$seed" | xxd -r -p >"$build/corpus/$(basename "$seed" .hex)"
done
cd "$build"
exec ./pdu-fuzz -max_len=4096 -use_value_profile=1 -artifact_prefix="$build/" "$@" "$build/corpus"
