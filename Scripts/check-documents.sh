#!/usr/bin/env bash
# Compares documents with the program: Documentation/CONFORMANCE.md must be what `apus conformance` prints, and the guides must state
# its version. APUS_BINARY names another program (default .build/release/apus). With --write the statement is renewed.
set -euo pipefail
cd "$(dirname "$0")/.."
binary="${APUS_BINARY:-.build/release/apus}"
statement=Documentation/CONFORMANCE.md

if [ ! -x "$binary" ]; then
    echo "$binary is not built. Run make build, or name a program with APUS_BINARY." >&2
    exit 69
fi

printed="$(mktemp)"
trap 'rm -f "$printed"' EXIT
"$binary" conformance >"$printed"

if [ "${1:-}" = --write ]; then
    cp "$printed" "$statement"
    echo "$statement renewed."
elif ! diff -u "$statement" "$printed"; then
    echo "$statement differs from what the program says of itself. Renew it with: Scripts/check-documents.sh --write" >&2
    exit 65
fi

version="$("$binary" --version)"
for guide in Documentation/manual/*.md; do
    if ! grep -qF "Apus $version" "$guide"; then
        echo "$guide does not state version $version." >&2
        exit 65
    fi
done
grep -qF "## $version" CHANGELOG.md || { echo "CHANGELOG.md has no section for version $version." >&2; exit 65; }
echo "Documents agree with $binary."
