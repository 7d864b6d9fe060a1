"""Objects that are no pictures, made for the tests of how they are shown."""

from __future__ import annotations

import pathlib
import shutil
import subprocess

import numpy
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

from objects import made_object

STORAGE = "1.2.840.10008.5.1.4.1.1."
COMPREHENSIVE, DOSE_REPORT, KEY_OBJECTS = STORAGE + "88.33", STORAGE + "88.67", STORAGE + "88.59"
PDF, CDA, STL = STORAGE + "104.1", STORAGE + "104.2", STORAGE + "104.3"
ECG, GENERAL_ECG, VOICE, HEMODYNAMIC = STORAGE + "9.1.1", STORAGE + "9.1.2", STORAGE + "9.4.1", STORAGE + "9.2.1"
VIDEO_ENDOSCOPY = STORAGE + "77.1.1.1"
REGISTRATION = STORAGE + "66.1"
AVC = "1.2.840.10008.1.2.4.102"
MPEG2 = "1.2.840.10008.1.2.4.100"


def code(value: str, scheme: str, meaning: str) -> Dataset:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, scheme, meaning
    return made


def item(relationship: str, value_type: str, name: Dataset | None, children=(), **values) -> Dataset:
    made = Dataset()
    made.RelationshipType, made.ValueType = relationship, value_type
    if name is not None:
        made.ConceptNameCodeSequence = [name]
    for keyword, value in values.items():
        setattr(made, keyword, value)
    if children:
        made.ContentSequence = Sequence(children)
    return made


def number(relationship: str, name: Dataset, value: str, unit: Dataset, children=()) -> Dataset:
    measured = Dataset()
    measured.NumericValue = value
    measured.MeasurementUnitsCodeSequence = [unit]
    return item(relationship, "NUM", name, children, MeasuredValueSequence=[measured])


def reference(sop_class: str, instance: str, frames: list[int] | None = None) -> Dataset:
    made = Dataset()
    made.ReferencedSOPClassUID, made.ReferencedSOPInstanceUID = sop_class, instance
    if frames:
        made.ReferencedFrameNumber = frames
    return made


MM = code("mm", "UCUM", "millimeter")
FINDING = code("121071", "DCM", "Finding")


def report(image: Dataset | None = None, hostile: bool = False, **values) -> FileDataset:
    """A comprehensive report with every value type, in Chinese, referring to `image`."""
    text = "<img src=x onerror=alert(1)><script>alert(2)</script>" if hostile else "右肺上叶结节。\n边界清楚。"
    length = number("CONTAINS", code("410668003", "SCT", "Length"), "12.5", MM, [
        item("HAS CONCEPT MOD", "CODE", code("370129005", "SCT", "Measurement Method"),
             ConceptCodeSequence=[code("X1", "99T", "By hand")]),
    ])
    if image is not None:
        picture = item("SELECTED FROM", "IMAGE", None, ReferencedSOPSequence=[reference(image.SOPClassUID, image.SOPInstanceUID, [1])])
        length.ContentSequence.append(
            item("INFERRED FROM", "SCOORD", None, [picture], GraphicType="POLYLINE", GraphicData=[1.0, 1.0, 13.5, 1.0]))
    missing = item("CONTAINS", "NUM", code("8867-4", "LN", "Heart rate"), MeasuredValueSequence=[],
                   NumericValueQualifierCodeSequence=[code("114006", "DCM", "Measurement failure")])
    by_reference = Dataset()
    by_reference.RelationshipType, by_reference.ReferencedContentItemIdentifier = "INFERRED FROM", [1, 2, 1]
    findings = item("CONTAINS", "CONTAINER", code("121070", "DCM", "Findings"), [
        item("CONTAINS", "TEXT", FINDING, [by_reference], TextValue=text),
        length, missing,
        item("CONTAINS", "CODE", code("121073", "DCM", "Impression"), ConceptCodeSequence=[code("17621005", "SCT", "Normal")]),
        item("CONTAINS", "DATE", code("D", "99T", "Last seen"), Date="20251224"),
        item("CONTAINS", "DATETIME", code("DT", "99T", "Seen again"), DateTime="20260102030405+0800"),
        item("CONTAINS", "UIDREF", code("U", "99T", "Tracked as"), UID="1.2.3.4"),
        item("CONTAINS", "ODDITY", code("O", "99T", "Strange")),
    ], ContinuityOfContent="SEPARATE")
    made = made_object(COMPREHENSIVE, Modality="SR", **{"SeriesDescription": "报告", "SeriesNumber": 9, **values})
    made.CompletionFlag, made.VerificationFlag = "PARTIAL", "UNVERIFIED"
    made.ContentDate, made.ContentTime = "20260103", "101112"
    made.InstitutionName = "第一医院"
    made.ValueType, made.ContinuityOfContent = "CONTAINER", "SEPARATE"
    made.ConceptNameCodeSequence = [code("18748-4", "LN", "Diagnostic imaging report")]
    made.ContentSequence = Sequence([
        item("HAS OBS CONTEXT", "PNAME", code("121008", "DCM", "Person Observer Name"), PersonName="Li^Na=李^娜"), findings])
    return made


def nested_report(depth: int, **values) -> FileDataset:
    made = report(**values)
    tree = item("CONTAINS", "TEXT", FINDING, TextValue="at the bottom")
    for _ in range(depth):
        tree = item("CONTAINS", "CONTAINER", FINDING, [tree], ContinuityOfContent="SEPARATE")
    made.ContentSequence = Sequence([tree])
    return made


def long_report(count: int, **values) -> FileDataset:
    made = report(**values)
    made.ContentSequence = Sequence([item("CONTAINS", "TEXT", FINDING, TextValue=f"line {n}") for n in range(count)])
    return made


def dose_report(**values) -> FileDataset:
    """TID 10011 in short: an accumulated dose and one irradiation event."""
    made = report(**values)
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = DOSE_REPORT
    made.ConceptNameCodeSequence = [code("113701", "DCM", "X-Ray Radiation Dose Report")]
    event = item("CONTAINS", "CONTAINER", code("113819", "DCM", "CT Acquisition"), [
        number("CONTAINS", code("113830", "DCM", "Mean CTDIvol"), "11.37", code("mGy", "UCUM", "mGy")),
        number("CONTAINS", code("113838", "DCM", "DLP"), "402.6", code("mGy.cm", "UCUM", "mGy.cm")),
    ], ContinuityOfContent="SEPARATE")
    made.ContentSequence = Sequence([
        item("CONTAINS", "CONTAINER", code("113811", "DCM", "CT Accumulated Dose Data"), [
            number("CONTAINS", code("113813", "DCM", "CT Dose Length Product Total"), "402.6", code("mGy.cm", "UCUM", "mGy.cm")),
        ], ContinuityOfContent="SEPARATE"), event])
    return made


def encapsulated(sop_class: str, mime: str, content: bytes, **values) -> FileDataset:
    made = made_object(sop_class, Modality="DOC", SeriesNumber=20, **values)
    made.DocumentTitle = "Letter <b>of</b> discharge"
    made.MIMETypeOfEncapsulatedDocument = mime
    made.EncapsulatedDocumentLength = len(content)
    made.EncapsulatedDocument = content + bytes(len(content) % 2)
    return made


def pdf_bytes(text: str = "Apus") -> bytes:
    """One page with large words on it."""
    stream = f"BT /F1 48 Tf 60 700 Td ({text}) Tj ET".encode()
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for index, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (index, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + table + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(out)


CDA_TEXT = """<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3"><title>出院小结</title><component><structuredBody><component><section>
<title>Diagnosis</title><text><paragraph>Pneumonia, <content>right</content> lung</paragraph>
<table><tbody><tr><th>Drug</th><td>Amoxicillin</td></tr></tbody></table>
<script>window.wasRun = true</script></text></section></component></structuredBody></component></ClinicalDocument>"""


LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]


def waveform(sop_class: str, samples: numpy.ndarray, frequency: float, labels: list[str], *, interpretation: str = "SS",
             sensitivity: str | None = "0.005", unit: str = "mV", correction: str = "1", baseline: str = "0", **values) -> FileDataset:
    """A recording of one group; `samples` are stored values by time and channel."""
    made = made_object(sop_class, Modality="ECG", SeriesNumber=30, **values)
    made.AcquisitionDateTime = "20260101101500"
    group = Dataset()
    group.WaveformOriginality = "ORIGINAL"
    group.NumberOfWaveformSamples, group.NumberOfWaveformChannels = samples.shape
    group.SamplingFrequency = frequency
    group.WaveformBitsAllocated = samples.dtype.itemsize * 8
    group.WaveformSampleInterpretation = interpretation
    channels = []
    for label in labels:
        channel = Dataset()
        channel.ChannelLabel = label
        channel.ChannelSourceSequence = [code(label, "99T", f"Lead {label}")]
        channel.WaveformBitsStored = group.WaveformBitsAllocated
        if sensitivity is not None:
            channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = sensitivity, correction
            channel.ChannelBaseline, channel.ChannelSampleSkew = baseline, "0"
            channel.ChannelSensitivityUnitsSequence = [code(unit, "UCUM", unit)]
        channel.FilterLowFrequency, channel.FilterHighFrequency, channel.NotchFilterFrequency = "0.05", "150", "50"
        channels.append(channel)
    group.ChannelDefinitionSequence = channels
    content = samples.tobytes()
    group.add_new(0x54001010, "OB" if group.WaveformBitsAllocated == 8 else "OW", content + bytes(len(content) % 2))
    made.WaveformSequence = [group]
    return made


def beats(seconds: float, frequency: int, channels: int = 12, rate: float = 75) -> numpy.ndarray:
    """A made-up rhythm: a sharp peak of 1 mV at 5 µV a step every 60/rate seconds, lower in each further channel."""
    time = numpy.arange(int(seconds * frequency)) / frequency
    phase = (time % (60 / rate)) - 0.2
    one = 200 * numpy.exp(-(phase / 0.012) ** 2) + 40 * numpy.exp(-((phase - 0.25) / 0.05) ** 2)
    return numpy.stack([one * (1 - 0.05 * channel) for channel in range(channels)], axis=1).round().astype("<i2")


def annotation(text: str, *, position: int, channel: int) -> Dataset:
    made = Dataset()
    made.UnformattedTextValue = text
    made.AnnotationGroupNumber = 0
    made.ReferencedWaveformChannels = [1, channel]
    made.TemporalRangeType, made.ReferencedSamplePositions = "POINT", [position]
    return made


def video_stream(folder: pathlib.Path, kind: str) -> bytes:
    """Two seconds of a test picture: `mp4`, `ts` or `mpg`."""
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("ffmpeg is not installed; videos cannot be made")
    path = folder / f"video.{kind}"
    codec = ["-c:v", "mpeg2video"] if kind == "mpg" else ["-c:v", "libx264", "-pix_fmt", "yuv420p"]
    subprocess.run(
        [program, "-loglevel", "error", "-y", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=25:duration=2", *codec, str(path)],
        check=True)
    return path.read_bytes()


def video(stream: bytes, syntax: str = AVC, fragments: int = 1, **values) -> FileDataset:
    made = made_object(VIDEO_ENDOSCOPY, syntax, Modality="ES", SeriesNumber=40, **values)
    made.Rows, made.Columns, made.SamplesPerPixel, made.PhotometricInterpretation = 240, 320, 3, "YBR_PARTIAL_420"
    made.PlanarConfiguration, made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 0, 8, 8, 7, 0
    made.NumberOfFrames, made.CineRate, made.FrameTime = 50, 25, "40"
    made.LossyImageCompression = "01"
    made.PixelData = encapsulate([stream], fragments_per_frame=fragments, has_bot=False)
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    return made


def key_objects(image: Dataset, **values) -> FileDataset:
    made = made_object(KEY_OBJECTS, Modality="KO", SeriesNumber=70, SeriesDescription="Key", **values)
    made.ValueType, made.ContinuityOfContent = "CONTAINER", "SEPARATE"
    made.ConceptNameCodeSequence = [code("113000", "DCM", "Of Interest")]
    made.ContentSequence = Sequence([
        item("CONTAINS", "IMAGE", None, ReferencedSOPSequence=[reference(image.SOPClassUID, image.SOPInstanceUID)]),
        item("CONTAINS", "TEXT", code("113012", "DCM", "Key Object Description"), TextValue="Look here"),
        item("CONTAINS", "IMAGE", None, ReferencedSOPSequence=[reference(image.SOPClassUID, "1.2.3.4.5.6")])])
    return made


def registration(one: str, other: str, **values) -> FileDataset:
    made = made_object(REGISTRATION, Modality="REG", SeriesNumber=50, SeriesDescription="CT to MR", **values)
    made.ContentLabel, made.ContentDescription = "ALIGN", "Head aligned"
    made.RegistrationSequence = []
    for frame, offset in ((one, 0), (other, 12.5)):
        matrix = Dataset()
        matrix.FrameOfReferenceTransformationMatrixType = "RIGID"
        matrix.FrameOfReferenceTransformationMatrix = [1, 0, 0, offset, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
        inner = Dataset()
        inner.MatrixSequence = [matrix]
        outer = Dataset()
        outer.FrameOfReferenceUID = frame
        outer.MatrixRegistrationSequence = [inner]
        made.RegistrationSequence.append(outer)
    return made


def private_object(**values) -> FileDataset:
    made = made_object("1.3.12.2.1107.5.9.1", Modality="OT", SeriesNumber=60, SeriesDescription="Raw of the maker", **values)
    made.Manufacturer = "Example Devices"
    block = made.private_block(0x0029, "EXAMPLE", create=True)
    block.add_new(1, "LO", "secret sauce")
    return made


def new_study() -> dict[str, str]:
    return {"StudyInstanceUID": generate_uid(), "PatientName": "Wang^XiaoDong=王^小东", "PatientID": "DOC-1"}
