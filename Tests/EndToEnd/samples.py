"""The shared test data as things to send: which object each file holds and what is known of its pixels."""

from __future__ import annotations

import csv
import io
import pathlib
import tarfile
import warnings
from dataclasses import dataclass, field

import pydicom

from dicom_wire import Part10, read_part10

MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
IDENTITY = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")


@dataclass
class Sample:
    name: str
    path: pathlib.Path
    expected: str
    head: Part10 | None = None
    study: str = ""
    series: str = ""
    pixel_row: dict | None = None
    results: dict = field(default_factory=dict)

    @property
    def folder(self) -> str:
        return self.name.split("/")[0]

    @property
    def has_identity(self) -> bool:
        return bool(self.head and self.head.sop_class and self.head.instance and self.study and self.series)

    @property
    def is_object(self) -> bool:
        return self.head is not None and self.head.sop_class != MEDIA_DIRECTORY

    def source(self) -> bytes:
        return self.path.read_bytes()

    def data_set(self) -> bytes:
        return cut(self.source()).data_set


def cut(source: bytes) -> Part10:
    """Splits a file into head and data set, with or without preamble and file meta information."""
    if source[128:132] == b"DICM":
        return read_part10(source)
    if source[:2] == b"\x02\x00":
        return read_part10(bytes(128) + b"DICM" + source)
    return Part10("", "", "", b"", source)


def describe(sample: Sample) -> None:
    """Identity as the data set itself states it; the head is `None` for what holds no data set."""
    source = sample.source()
    if source[128:132] != b"DICM" and source[:2] not in (b"\x02\x00", b"\x08\x00"):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            read = pydicom.dcmread(io.BytesIO(source), force=True, stop_before_pixels=True)
        except Exception:
            return
    if not len(read):
        return
    head = cut(source)
    media_class = head.sop_class
    implicit = "1.2.840.10008.1.2" if read.original_encoding[0] else "1.2.840.10008.1.2.1"
    values = {name: str(read.get(name) or "") for name in IDENTITY}
    sample.head = Part10(
        MEDIA_DIRECTORY if media_class == MEDIA_DIRECTORY else values["SOPClassUID"], values["SOPInstanceUID"],
        head.syntax or implicit, head.preamble, b"")
    sample.study, sample.series = values["StudyInstanceUID"], values["SeriesInstanceUID"]


def rows(path: pathlib.Path) -> list[dict]:
    with open(path, newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table))


def load(data: pathlib.Path, scratch: pathlib.Path, expected: set[str]) -> list[Sample]:
    """Samples of the manifest with the given expectations; archives of series are unpacked."""
    hashes = {row["path"]: row for row in rows(data / "reference/pixel_hashes.csv")}
    samples = []
    for row in rows(data / "manifest.csv"):
        if row["expected"] not in expected:
            continue
        path = data / row["path"]
        if row["path"].endswith(".tar.xz"):
            folder = scratch / pathlib.Path(row["path"]).stem
            with tarfile.open(path) as archive:
                archive.extractall(folder, filter="data")
            for member in sorted(p for p in folder.rglob("*") if p.is_file()):
                samples.append(Sample(f"{row['path']}/{member.relative_to(folder)}", member, row["expected"]))
        else:
            samples.append(Sample(row["path"], path, row["expected"], pixel_row=hashes.get(row["path"])))
    for sample in samples:
        describe(sample)
    return samples


def in_rounds(samples: list[Sample]) -> list[list[Sample]]:
    """Distributes samples so that no SOP Instance UID comes twice in a round."""
    rounds: list[list[Sample]] = []
    taken: list[set[str]] = []
    for sample in samples:
        for members, uids in zip(rounds, taken):
            if sample.head.instance not in uids:
                break
        else:
            members, uids = [], set()
            rounds.append(members)
            taken.append(uids)
        members.append(sample)
        uids.add(sample.head.instance)
    return rounds
