#!/usr/bin/env python3
"""Writes small seed inputs for the codec fuzzers: seeds.py CODEC CORPUS_FOLDER REPOSITORY_ROOT."""
import os
import pathlib
import sys

codec, corpus, root = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
fixtures = root / "Tests/PixelCodecsTests/Fixtures"
LARGEST = 4096


def data_folder():
    named = os.environ.get("APUS_SHARED")
    for folder in ([pathlib.Path(named)] if named else []) + [p / "shared" for p in [root, *root.parents]]:
        if (folder / "data/manifest.csv").exists():
            return folder / "data"
    return None


def keep(name, data):
    (corpus / f"seed-{name}").write_bytes(data[:LARGEST])


def codestreams(start):
    """Items of DICOM files that begin with `start`, cut to size: a truncated stream is still a seed."""
    data = data_folder()
    if not data:
        return
    for path in sorted(data.glob("transfer-syntaxes/**/*.dcm")):
        content = path.read_bytes()
        at = content.find(b"\xfe\xff\x00\xe0", max(0, content.find(b"\xe0\x7f\x10\x00")))
        at = content.find(start, at)
        if at > 0:
            keep(path.stem[:60], content[at:at + LARGEST])


for path in fixtures.glob(f"{'jpegdct' if codec == 'jpeglibrary' else codec}-*.j*"):
    keep(path.name, path.read_bytes())
data = data_folder()
if codec == "rle":
    keep("flat", bytes([7, 7, 1, 0, 0, 0, 1, 0, 0, 0, 64]) + bytes(59) + bytes([0xFE, 5, 2, 1, 2, 3, 0xC8, 9]))
    keep("words", bytes([3, 1, 2, 1, 1, 0, 6, 0, 0, 0] + [64, 0, 0, 0] * 6) + bytes(36) + bytes([0xF9, 5] * 6))
elif codec == "jpeglossless":
    codestreams(b"\xff\xd8\xff")
elif codec == "jpegls":
    codestreams(b"\xff\xd8\xff\xf7")
    if data:
        for path in [*data.glob("codecs/jpegls-t87/*.jls"), *data.glob("malformed/codec-streams/*.jls")]:
            keep(path.stem, path.read_bytes())
elif codec in ("jpegdct", "jpeglibrary"):
    codestreams(b"\xff\xd8\xff")
else:
    codestreams(b"\xff\x4f\xff\x51")
    if data:
        for path in [*data.glob("codecs/j2k-conformance/*.j2k"), *data.glob("codecs/htj2k/*.j2c")]:
            keep(path.stem, path.read_bytes())
