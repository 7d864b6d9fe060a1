"""The fuzz targets: their sources, how they are compiled, and the inputs they begin with."""
import os
import pathlib
import re
import struct
import subprocess
import sys
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ROOT / "Sources"
FEATURES = [
    word
    for name in ["ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility"]
    for word in ["-enable-upcoming-feature", name]
]
SWIFT = ["swiftc", "-swift-version", "6", "-parse-as-library", "-O", "-wmo", *FEATURES, "-I", str(SOURCES / "CZlib")]


def run(command, folder):
    with (folder / "build.log").open("a") as log:
        log.write(" ".join(map(str, command))[:2000] + "\n")
        log.flush()
        done = subprocess.run([str(word) for word in command], stdout=log, stderr=log)
    if done.returncode != 0:
        print((folder / "build.log").read_text(errors="replace")[-6000:], file=sys.stderr)
        sys.exit(2)


def swift_files(*folders):
    return [path for folder in folders for path in sorted((SOURCES / folder).rglob("*.swift"))]


def sanitize(sanitizer):
    # "fuzzer" instruments for coverage and, in the linking step, brings libFuzzer's main.
    return "-sanitize=fuzzer" + (",address" if sanitizer == "address" else "")


class Target:
    """All sources in one module, so that everything is instrumented and internal parts can be called."""

    options = []
    # Whether the corpus holds nothing of files that others made, so that parts of it may go into the repository.
    is_own = True

    def __init__(self, name, what, harness, folders, max_length=4096, dictionary=None, flag=None):
        self.name, self.what, self.harness, self.folders = name, what, ROOT / "Fuzz" / harness, folders
        self.max_length, self.dictionary, self.flag = max_length, dictionary, flag
        self.is_default = True

    def sources(self):
        return [*swift_files(*self.folders), self.harness]

    def compile(self, folder, program, sanitizer):
        (folder / "build.log").unlink(missing_ok=True)
        flags = ["-D", self.flag] if self.flag else []
        sources = [self.merged(path, folder) for path in self.sources()]
        run([*SWIFT, sanitize(sanitizer), "-module-name", "Fuzz", *flags, *sources, "-o", program], folder)

    def merged(self, path, folder):
        """Sources of several rooms become one module, so imports of our own rooms are left out."""
        text = path.read_text()
        alone = re.sub(r"^(public |package )?import (DICOMCore|PixelCodecs)$", "", text, flags=re.MULTILINE)
        if alone == text:
            return path
        copy = folder / "merged" / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(alone)
        return copy

    def seeds(self):
        return []


class Codec(Target):
    def __init__(self, name, what):
        super().__init__(name, what, "Codecs/FuzzTargets.swift", ["PixelCodecs"], flag=f"FUZZ_{name.upper()}")

    is_own = False
    # Comparisons inside entropy decoders say more about progress than branches do.
    options = ["-use_value_profile=1"]

    def seeds(self):
        family = "jpegdct" if self.name == "jpeglibrary" else self.name
        fixtures = ROOT / "Tests/PixelCodecsTests/Fixtures"
        for path in sorted(fixtures.glob(f"{family}-*.j*")):
            yield path.name, path.read_bytes()
        if self.name == "rle":
            yield "flat", bytes([7, 7, 1, 0, 0, 0, 1, 0, 0, 0, 64]) + bytes(59) + bytes([0xFE, 5, 2, 1, 2, 3, 0xC8, 9])
            yield "words", bytes([3, 1, 2, 1, 1, 0, 6, 0, 0, 0] + [64, 0, 0, 0] * 6) + bytes(36) + bytes([0xF9, 5] * 6)
            return
        starts = {"jpegls": b"\xff\xd8\xff\xf7", "jpeg2000": b"\xff\x4f\xff\x51", "jpeg2000header": b"\xff\x4f\xff\x51"}
        yield from codestreams(starts.get(self.name, b"\xff\xd8\xff"))


class StoredFrame(Codec):
    def seeds(self):
        """A grey or coloured frame of each codec's fixtures; the browser is told size and depth apart."""
        for number, family in enumerate(["rle", "jpeglossless", "jpegls", "jpegdct"], start=2):
            for name, content in Codec(family, "").seeds():
                for head in ([number, 0, 1, 32, 32, 1, 8, 7], [number, 1, 1, 32, 32, 3, 8, 7], [number, 0, 2, 32, 32, 1, 12, 11]):
                    yield f"{family}-{head[2]}-{head[5]}-{name}", bytes(head) + content
        yield "native", bytes([0, 0, 2, 4, 4, 5, 12, 11]) + bytes(range(32))


class Library(Codec):
    """The entry to a C library of the system, which is itself not instrumented."""

    def __init__(self, name, what):
        super().__init__(name, what)
        self.is_default = False

    def sources(self):
        shims = [SOURCES / "COpenJPEG/apus_openjpeg.c", SOURCES / "CTurboJPEG/apus_jpeg.c", SOURCES / "COpenJPH/apus_openjph.cpp"]
        return [*swift_files("PixelCodecs", "CodecLibraries"), self.harness, *shims]

    def compile(self, folder, program, sanitizer):
        (folder / "build.log").unlink(missing_ok=True)
        objects, includes = [], []
        for shim in [path for path in self.sources() if path.suffix != ".swift"]:
            module = folder / "modules" / shim.parent.name
            module.mkdir(parents=True, exist_ok=True)
            include = shim.parent / "include"
            (module / "module.modulemap").write_text(f'module {shim.parent.name} {{ umbrella "{include}" export * }}\n')
            objects.append(module / "shim.o")
            includes += ["-I", module]
            checks = ["-fsanitize=address"] if sanitizer == "address" else []
            run(["clang", "-g", "-O1", *checks, "-I", include, "-c", shim, "-o", objects[-1]], folder)
        codecs = [*SWIFT, sanitize(sanitizer), "-module-name", "PixelCodecs"]
        module = ["-emit-module", "-emit-module-path", folder / "PixelCodecs.swiftmodule", "-c"]
        run([*codecs, *module, *swift_files("PixelCodecs"), "-o", folder / "PixelCodecs.o"], folder)
        libraries = ["-lopenjp2", "-lopenjph", "-ljpeg", "-lstdc++"]
        entry = [*SWIFT, sanitize(sanitizer), "-module-name", "Fuzz", "-D", self.flag, "-I", folder, *includes]
        sources = [*swift_files("CodecLibraries"), self.harness, folder / "PixelCodecs.o", *objects]
        run([*entry, *sources, *libraries, "-o", program], folder)


class PDU(Target):
    def seeds(self):
        for path in sorted([*(ROOT / "Fuzz/PDU/Seeds").glob("*.hex"), *(ROOT / "Fuzz/PDU/Fixtures").glob("*.hex")]):
            text = "".join(line.split("|")[0] for line in path.read_text().splitlines())
            yield path.stem, bytes.fromhex("".join(text.split()))


class JSON(Target):
    is_own = False

    def seeds(self):
        values = {
            "PN": '{"Alphabetic":"Wang^XiaoDong","Ideographic":"\u738b^\u5c0f\u4e1c"}', "DS": "1.5,null,2e3", "IS": "7", "UI": '"1.2"',
            "US": "512,65535", "SV": '"-9223372036854775808"', "FD": '0.1,"NaN"', "AT": '"00100010"', "LO": '"a\\"b",null', "DA": '"20260101"',
            "SQ": '{"00080100":{"vr":"SH","Value":["1"]}},{}',
        }
        for number, (vr, value) in enumerate(values.items()):
            yield vr, f'{{"{0x00090010 + number:08X}":{{"vr":"{vr}","Value":[{value}]}}}}'.encode()
        yield "binary", b'[{"7FE00010":{"vr":"OW","InlineBinary":"AAECAw=="},"00420011":{"vr":"OB","BulkDataURI":"../1"}}]'


class DataSet(Target):
    is_own = False

    def seeds(self):
        """Made data sets of each syntax, and heads of real files where they are there."""
        elements = [(0x0008, 0x0016, b"UI", b"1.2\0"), (0x0010, 0x0010, b"PN", b"A^B "), (0x0028, 0x0010, b"US", b"\1\0")]
        implicit = b"".join(struct.pack("<HHI", g, e, len(v)) + v for g, e, _, v in elements)
        explicit = b"".join(struct.pack("<HH2sH", g, e, vr, len(v)) + v for g, e, vr, v in elements)
        big = b"".join(struct.pack(">HH2sH", g, e, vr, len(v)) + v for g, e, vr, v in elements[:2])
        item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + explicit + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
        sequence = struct.pack("<HH2sHI", 0x0040, 0x0275, b"SQ", 0, 0xFFFFFFFF) + item + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        frames = b"".join(struct.pack("<HHI", 0xFFFE, 0xE000, len(part)) + part for part in (b"", b"\xff\xd8", b"\xff\xd9"))
        pixels = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + frames + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        made = [implicit, explicit + sequence, big, explicit + pixels, deflate.compress(explicit) + deflate.flush()]
        for syntax, content in enumerate(made):
            yield f"made-{syntax}", bytes([syntax]) + content
        yield "made-file", bytes([7]) + struct.pack("<HH2sH", 2, 0x10, b"UI", 20) + b"1.2.840.10008.1.2.1\0" + explicit + sequence
        for path in shared_files():
            content = path.read_bytes()
            name = path.stem[:60]
            if content[128:132] == b"DICM":
                yield f"file-{name}", bytes([5]) + content[: self.max_length]
                continue
            yield f"bare-{name}", bytes([0]) + content[: self.max_length]


def data_folder():
    named = os.environ.get("APUS_SHARED")
    folders = ([pathlib.Path(named)] if named else []) + [parent / "shared" for parent in [ROOT, *ROOT.parents]]
    return next((folder / "data" for folder in folders if (folder / "data/manifest.csv").exists()), None)


def shared_files():
    data = data_folder()
    folders = ["transfer-syntaxes", "malformed", "charsets"]
    return [path for folder in folders for path in sorted((data / folder).rglob("*.dcm"))] if data else []


def codestreams(start):
    """First frames of DICOM files, cut to size: a truncated stream is still a seed."""
    data = data_folder()
    if not data:
        return
    for path in sorted(data.glob("transfer-syntaxes/**/*.dcm")):
        content = path.read_bytes()
        at = content.find(b"\xfe\xff\x00\xe0", max(0, content.find(b"\xe0\x7f\x10\x00")))
        at = content.find(start, at)
        if at > 0:
            yield path.stem[:60], content[at : at + 4096]
    others = {
        b"\xff\xd8\xff\xf7": ["codecs/jpegls-t87/*.jls", "malformed/codec-streams/*.jls"],
        b"\xff\x4f\xff\x51": ["codecs/j2k-conformance/*.j2k", "codecs/htj2k/*.j2c"],
    }
    for pattern in others.get(start, []):
        for path in sorted(data.glob(pattern)):
            yield path.stem, path.read_bytes()


TARGETS = {
    target.name: target
    for target in [
        DataSet("dataset", "data sets, Part 10 files and DICOMDIR", "DataSet/DataSetFuzzer.swift", ["DICOMCore"]),
        PDU("pdu", "PDUs, messages and command sets", "PDU/PDUFuzz.swift", ["DICOMCore", "DIMSE/UpperLayer", "DIMSE/Message"]),
        Codec("rle", "RLE frames"),
        Codec("jpeglossless", "JPEG lossless frames"),
        Codec("jpegls", "JPEG-LS frames"),
        Codec("jpegdct", "JPEG baseline, extended and progressive frames, in Swift"),
        StoredFrame("storedframe", "frames of any codec as the browser decodes them"),
        Codec("jpeg2000header", "JPEG 2000 and HTJ2K headers"),
        JSON("json", "the DICOM JSON model", "JSON/JSONFuzzer.swift", ["DICOMCore"], 2048, "json.dict"),
        Target("text", "character sets and search keys", "Text/TextFuzzer.swift", ["DICOMCore"], 256, "text.dict"),
        Target(
            "multipart", "what DICOMweb reads from clients", "Multipart/MultipartFuzzer.swift", ["DICOMCore", "DICOMweb"], 2048,
            "multipart.dict"),
        Library("jpeg2000", "JPEG 2000 and HTJ2K frames through OpenJPEG and OpenJPH"),
        Library("jpeglibrary", "JPEG frames through libjpeg-turbo"),
    ]
}
