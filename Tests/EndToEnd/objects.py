"""Small DICOM objects made for a test, and comparisons of what comes back."""

from __future__ import annotations

import hashlib
import io
import pathlib

import numpy
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from dicom_wire import Part10, read_part10

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
RAW_DATA = "1.2.840.10008.5.1.4.1.1.66"


def made_object(sop_class: str = RAW_DATA, syntax: str = ExplicitVRLittleEndian, **values) -> FileDataset:
    """A minimal object without pixels; `values` are attributes by keyword."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = values.pop("SOPInstanceUID", None) or generate_uid()
    meta.TransferSyntaxUID = syntax
    made = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    made.SpecificCharacterSet = values.pop("SpecificCharacterSet", "ISO_IR 192")
    made.SOPClassUID = sop_class
    made.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    made.StudyInstanceUID = values.pop("StudyInstanceUID", None) or generate_uid()
    made.SeriesInstanceUID = values.pop("SeriesInstanceUID", None) or generate_uid()
    for name, default in {
        "PatientName": "Test^Object", "PatientID": "T1", "StudyDate": "20260101", "StudyTime": "101500",
        "AccessionNumber": "", "Modality": "OT", "StudyID": "1", "SeriesNumber": 1, "InstanceNumber": 1,
        "PatientBirthDate": "", "PatientSex": "", "ReferringPhysicianName": "",
    }.items():
        setattr(made, name, values.pop(name, default))
    for name, value in values.items():
        setattr(made, name, value)
    return made


def with_pixels(made: FileDataset, pixels: numpy.ndarray) -> FileDataset:
    """Gives an object a monochrome image of 8 or 16 bits."""
    frames = pixels if pixels.ndim == 3 else pixels[None]
    made.Rows, made.Columns = frames.shape[1:]
    if pixels.ndim == 3:
        made.NumberOfFrames = len(frames)
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = pixels.dtype.itemsize * 8
    made.HighBit = made.BitsStored - 1
    made.PixelRepresentation = 0
    made.add_new(0x7FE00010, "OW" if made.BitsAllocated == 16 else "OB", frames.astype(pixels.dtype.newbyteorder("<")).tobytes())
    return made


def encoded(made: FileDataset, preamble: bytes = bytes(128)) -> bytes:
    made.preamble = preamble
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def saved(made: FileDataset, folder: pathlib.Path, name: str | None = None) -> pathlib.Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or f"{made.SOPInstanceUID}.dcm")
    path.write_bytes(encoded(made))
    return path


def part10(made: FileDataset) -> Part10:
    return read_part10(encoded(made))


def data_set_digest(file: bytes) -> str:
    return hashlib.sha256(read_part10(file).data_set).hexdigest()


def pixels(source: bytes | pathlib.Path) -> numpy.ndarray:
    """Decoded samples by pydicom, as stored: no colour conversion, no rescale."""
    data = io.BytesIO(source) if isinstance(source, bytes) else source
    return pydicom.dcmread(data, force=True).pixel_array


def multipart(response) -> list[tuple[dict[str, str], bytes]]:
    """Parts of a multipart/related answer: header fields in lower case, and bodies."""
    boundary = response.headers["Content-Type"].split("boundary=")[1].split(";")[0].strip('"').encode()
    body = response.content
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    assert pieces[-1].startswith(b"--"), "the last delimiter is missing"
    parts = []
    for piece in pieces[1:-1]:
        head, _, content = piece[2:].partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        parts.append(({name.lower(): value for name, value in fields.items()}, content))
    return parts


def multipart_body(parts: list[tuple[str, bytes]], boundary: str = "apus-test-boundary") -> bytes:
    """A multipart/related request body of (header lines, content)."""
    out = b""
    for header, content in parts:
        out += f"--{boundary}\r\n{header}\r\n\r\n".encode() + content + b"\r\n"
    return out + f"--{boundary}--\r\n".encode()


__all__ = [
    "ExplicitVRLittleEndian", "ImplicitVRLittleEndian", "RAW_DATA", "SECONDARY_CAPTURE", "data_set_digest", "encoded",
    "generate_uid", "made_object", "multipart", "multipart_body", "part10", "pixels", "saved", "with_pixels",
]
