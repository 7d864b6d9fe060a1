#!/bin/sh
# Builds the codec benchmark with swiftc and runs it: run.sh FILE COLUMNS ROWS SAMPLES ALLOCATED STORED SIGNED. Needs libcharls-dev
# besides the libraries of the product. Plain -O, as the product is built.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${BENCHMARK_OUT:-$root/.build/codec-benchmark}
mkdir -p "$out"
options="-swift-version 6 -parse-as-library -O -wmo"
objects=""
include=""
for shim in COpenJPEG/apus_openjpeg.c CTurboJPEG/apus_jpeg.c COpenJPH/apus_openjph.cpp; do
    target=$(dirname "$shim")
    mkdir -p "$out/$target"
    echo "module $target { umbrella \"$root/Sources/$target/include\" export * }" > "$out/$target/module.modulemap"
    clang -O2 -I "$root/Sources/$target/include" -c "$root/Sources/$shim" -o "$out/$target.o"
    objects="$objects $out/$target.o"
    include="$include -I $out/$target"
done
clang -O2 -c "$here/CPeers/peers.c" -o "$out/peers.o"
# shellcheck disable=SC2046,SC2086
swiftc $options -module-name PixelCodecs -emit-module -emit-module-path "$out/PixelCodecs.swiftmodule" \
    -c $(find -H "$root/Sources/PixelCodecs" -name '*.swift') -o "$out/PixelCodecs.o"
# shellcheck disable=SC2046,SC2086
swiftc $options -module-name CodecLibraries -emit-module -emit-module-path "$out/CodecLibraries.swiftmodule" \
    -I "$out" $include -I "$root/Sources/CZlib" \
    -c $(find -H "$root/Sources/CodecLibraries" -name '*.swift') -o "$out/CodecLibraries.o"
# shellcheck disable=SC2086
swiftc $options -I "$out" $include -I "$root/Sources/CZlib" -I "$here/CPeers" "$here/CodecBenchmark.swift" \
    "$out/CodecLibraries.o" "$out/PixelCodecs.o" "$out/peers.o" $objects -lopenjp2 -lopenjph -ljpeg -lcharls -lstdc++ \
    -o "$out/codec-benchmark"
"$out/codec-benchmark" "$@"
