#!/bin/sh
# Builds and runs the fuzzer of one codec: run.sh CODEC SECONDS|RUNS, for example "run.sh jpegls 600s" or "run.sh rle 200000".
# CODEC: rle, jpeglossless, jpegls, jpegdct, jpeg2000header; jpeg2000 and jpeglibrary go through the C libraries, which are not
# instrumented themselves. Seeds are made from the test images when they are there
# (APUS_SHARED, or shared/data beside the repository) and from the repository's own fixtures. Corpus and crash inputs stay in
# FUZZ_OUT (default: .build/fuzz). A crash input belongs, under a name that says what it is, in Tests/PixelCodecsTests/Fixtures.
set -eu
codec=$1
amount=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${FUZZ_OUT:-$root/.build/fuzz}/$codec
mkdir -p "$out/corpus" "$out/crashes"
flag=$(echo "$codec" | tr '[:lower:]' '[:upper:]')
sources=$(find -H "$root/Sources/PixelCodecs" -name '*.swift')
build() {
    options="-swift-version 6 -parse-as-library -O -wmo -sanitize=fuzzer,address"
    case $codec in
    jpeg2000 | jpeglibrary)
        modules=$out/modules
        mkdir -p "$modules"
        objects=""
        for shim in COpenJPEG/apus_openjpeg.c CTurboJPEG/apus_jpeg.c COpenJPH/apus_openjph.cpp; do
            target=$(dirname "$shim")
            include=$root/Sources/$target/include
            mkdir -p "$modules/$target"
            echo "module $target { umbrella \"$include\" export * }" > "$modules/$target/module.modulemap"
            clang -g -O1 -fsanitize=address -I "$include" -c "$root/Sources/$shim" -o "$modules/$target.o"
            objects="$objects $modules/$target.o"
        done
        # shellcheck disable=SC2086
        swiftc $options -module-name PixelCodecs -emit-module -emit-module-path "$modules/PixelCodecs.swiftmodule" \
            -c $sources -o "$modules/PixelCodecs.o"
        # shellcheck disable=SC2086
        swiftc $options -module-name Fuzz -D "FUZZ_$flag" -I "$modules" -I "$modules/COpenJPEG" -I "$modules/CTurboJPEG" \
            -I "$modules/COpenJPH" -I "$root/Sources/CZlib" $(find -H "$root/Sources/CodecLibraries" -name '*.swift') \
            "$here/FuzzTargets.swift" "$modules/PixelCodecs.o" $objects -lopenjp2 -lopenjph -ljpeg -lstdc++ -o "$out/fuzz"
        ;;
    *)
        # shellcheck disable=SC2086
        swiftc $options -module-name Fuzz -D "FUZZ_$flag" $sources "$here/FuzzTargets.swift" -o "$out/fuzz"
        ;;
    esac
}
build 2> "$out/build.log" || { cat "$out/build.log"; exit 1; }
python3 "$here/seeds.py" "$codec" "$out/corpus" "$root"
case $amount in
    *s) limit="-max_total_time=${amount%s}" ;;
    *) limit="-runs=$amount" ;;
esac
cd "$out"
ASAN_OPTIONS=detect_leaks=0 ./fuzz corpus -artifact_prefix=crashes/ -use_value_profile=1 -timeout=10 -rss_limit_mb=2048 \
    -max_len=4096 -print_final_stats=1 "$limit"
