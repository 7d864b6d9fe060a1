#!/bin/sh
# Compiles the portable targets to Embedded Swift for wasm32 with the stock toolchain: no Foundation, no existentials, no untyped
# throws. Nothing is kept. Needs only swiftc.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
for target in PixelCodecs Imaging; do
    sources=$(find -H "$root/Sources/$target" -name '*.swift' 2>/dev/null | sort)
    if [ -z "$sources" ]; then
        echo "$target: no sources"
        continue
    fi
    # shellcheck disable=SC2086
    swiftc -target wasm32-unknown-none-wasm -swift-version 6 -enable-experimental-feature Embedded -wmo -O -parse-as-library \
        -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault \
        -enable-upcoming-feature MemberImportVisibility -Xfrontend -disable-stack-protector -module-name "$target" \
        -c $sources -o "$out/$target.o"
    echo "$target: $(wc -c < "$out/$target.o") bytes of wasm32 object code"
done
