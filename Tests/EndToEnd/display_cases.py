"""The table of pixel truth: which display function is proven on images of which modality, against what, how exactly.

Each case makes or names an image, says which keys the reader presses, and how the picture must then be. The reference is
NumPy after the words of PS3.3, on values that pydicom has decoded and on tables that pydicom has applied; where DCMTK has
the function, its picture is a second, independent reference. `Documentation/display-statement.md` lists the table.
"""

from __future__ import annotations

import pathlib
from dataclasses import dataclass, field
from typing import Callable

import numpy
import pydicom
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.pixels import apply_color_lut, apply_modality_lut
from pydicom.uid import (
    ComputedRadiographyImageStorage, CTImageStorage, DigitalMammographyXRayImageStorageForPresentation,
    DigitalXRayImageStorageForPresentation, EnhancedCTImageStorage, EnhancedMRImageStorage, MRImageStorage,
    NuclearMedicineImageStorage, PositronEmissionTomographyImageStorage, SecondaryCaptureImageStorage,
    ImplicitVRLittleEndian, UltrasoundImageStorage, XRayAngiographicImageStorage, XRayRadiofluoroscopicImageStorage,
)

from objects import made_object

SOP_CLASS = {
    "CT": CTImageStorage, "MR": MRImageStorage, "CR": ComputedRadiographyImageStorage,
    "DX": DigitalXRayImageStorageForPresentation, "MG": DigitalMammographyXRayImageStorageForPresentation,
    "US": UltrasoundImageStorage, "XA": XRayAngiographicImageStorage, "RF": XRayRadiofluoroscopicImageStorage,
    "NM": NuclearMedicineImageStorage, "PT": PositronEmissionTomographyImageStorage, "OT": SecondaryCaptureImageStorage,
    "CT multi-frame": EnhancedCTImageStorage, "MR multi-frame": EnhancedMRImageStorage,
}
ROWS, COLUMNS = 61, 83


@dataclass
class Case:
    modality: str
    function: str
    source: Callable[[pathlib.Path], Dataset]
    # What the reader presses once the picture stands there, besides the key for one device pixel per image pixel.
    keys: tuple[str, ...] = ()
    # From the greys or colours as displayed without keys to those after them.
    after: Callable[[numpy.ndarray], numpy.ndarray] = lambda picture: picture
    # dcm2pnm's options for the same picture; None where DCMTK has not the function or does it otherwise.
    dcmtk: tuple[str, ...] | None = None
    # Grey levels (or levels of each colour) that the viewer may differ from the reference.
    tolerance: int = 0
    reason: str = ""
    # The server's pictures have no keys and are JPEG; this is how much that may cost. None: not compared.
    rendered: int | None = 2
    extra: dict = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.modality} {self.function}"


# Images


def values(bits: int, signed: bool = False, seed: int = 1) -> numpy.ndarray:
    """All that the bits can hold from the upper left to the lower right, and noise below."""
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    ramp = numpy.linspace(low, high, ROWS * COLUMNS).round().astype(numpy.int64).reshape(ROWS, COLUMNS)
    noise = numpy.random.default_rng(seed).integers(low, high + 1, (ROWS, COLUMNS))
    ramp[ROWS // 2 :] = noise[ROWS // 2 :]
    return ramp


def grey(modality: str, bits: int = 12, signed: bool = False, array: numpy.ndarray | None = None, **attributes) -> Dataset:
    made = made_object(SOP_CLASS[modality], Modality=modality[:2])
    array = values(bits, signed) if array is None else array
    frames = array if array.ndim == 3 else array[None]
    size = 8 if bits <= 8 else 16
    made.Rows, made.Columns = frames.shape[1:]
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, attributes.pop("PhotometricInterpretation", "MONOCHROME2")
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = size, bits, bits - 1, int(signed)
    made.PixelSpacing = [0.5, 0.5]
    if array.ndim == 3:
        made.NumberOfFrames = len(frames)
    for name, value in attributes.items():
        setattr(made, name, value)
    mask = (1 << bits) - 1
    stored = frames & mask if not signed else frames
    data = stored.astype(("<i" if signed else "<u") + str(size // 8)).tobytes()
    made.add_new(0x7FE00010, "OB" if size == 8 else "OW", data + b"\0" * (len(data) % 2))
    return made


def lut(first: int, bits: int, entries: list[int], vr: str = "US", **more) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, vr, [len(entries) % 65536, first, bits])
    item.add_new(0x00283006, "OW", numpy.array(entries, "<u2").tobytes())
    for name, value in more.items():
        setattr(item, name, value)
    return item


def curve(count: int, top: int, power: float = 0.5) -> list[int]:
    return [round(top * (index / (count - 1)) ** power) for index in range(count)]


def enhanced(modality: str) -> Dataset:
    """Two frames, each with its own rescale and window; shared ones that hold for neither."""
    made = grey(modality, 12, array=numpy.stack([values(12, seed=3), values(12, seed=4)]))

    def groups(intercept: float, center: float) -> Dataset:
        transformation, voi, group = Dataset(), Dataset(), Dataset()
        transformation.RescaleIntercept, transformation.RescaleSlope, transformation.RescaleType = intercept, 0.5, "US"
        voi.WindowCenter, voi.WindowWidth = center, 1200
        group.PixelValueTransformationSequence, group.FrameVOILUTSequence = [transformation], [voi]
        return group

    made.PerFrameFunctionalGroupsSequence = [groups(-1000, 0), groups(100, 900)]
    made.SharedFunctionalGroupsSequence = [groups(7, 7)]
    return made


def single_bit() -> Dataset:
    made = grey("OT", 8)
    bits = numpy.random.default_rng(5).integers(0, 2, (64, 80), "u1")
    made.Rows, made.Columns = bits.shape
    made.BitsAllocated = made.BitsStored = 1
    made.HighBit = 0
    made.PixelData = numpy.packbits(bits.ravel(), bitorder="little").tobytes()
    return made


def colour(photometric: str, planar: int = 0, bits: int = 8) -> Dataset:
    made = made_object(SOP_CLASS["OT"], Modality="OT")
    pixels = numpy.random.default_rng(9).integers(0, 1 << bits, (60, 84, 3))
    pixels[:30, :, 0] = numpy.linspace(0, (1 << bits) - 1, 84).round()
    made.Rows, made.Columns, made.SamplesPerPixel, made.PhotometricInterpretation = 60, 84, 3, photometric
    made.BitsAllocated = made.BitsStored = bits
    made.HighBit, made.PixelRepresentation, made.PlanarConfiguration = bits - 1, 0, planar
    word = "u1" if bits == 8 else "<u2"
    if photometric == "YBR_FULL_422":
        y, cb, cr = pixels[..., 0], pixels[:, ::2, 1], pixels[:, ::2, 2]
        data = numpy.stack([y[:, ::2], y[:, 1::2], cb, cr], axis=-1).astype(word).tobytes()
    else:
        data = (pixels.transpose(2, 0, 1) if planar else pixels).astype(word).tobytes()
    made.add_new(0x7FE00010, "OB" if bits == 8 else "OW", data)
    return made


def palette(bits: int = 8, entry_bits: int = 16, count: int = 256, first: int = 0, segmented: bool = False) -> Dataset:
    made = grey("US", bits, PhotometricInterpretation="PALETTE COLOR")
    del made.PixelSpacing
    top = (1 << entry_bits) - 1
    for index, name in enumerate(("Red", "Green", "Blue")):
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [count % 65536, first, entry_bits])
        entries = numpy.array(curve(count, top, (0.4, 1, 2.2)[index]), "<u2")
        if segmented:
            # Sixteen entries one by one, then a line to the end.
            data = numpy.concatenate([[0, 16], entries[:16], [1, count - 16, entries[-1]]]).astype("<u2")
            setattr(made, f"Segmented{name}PaletteColorLookupTableData", data.tobytes())
        else:
            setattr(made, f"{name}PaletteColorLookupTableData", entries.tobytes() if entry_bits == 16 else entries.astype("u1").tobytes())
    return made


# References


def stored(dataset: Dataset, frame: int = 0) -> numpy.ndarray:
    array = dataset.pixel_array
    return array[frame] if array.ndim == 3 and dataset.get("SamplesPerPixel", 1) == 1 or array.ndim == 4 else array


def window(x: numpy.ndarray, center: float, width: float, function: str = "LINEAR") -> numpy.ndarray:
    """PS3.3 C.11.2.1.2 and C.11.2.1.3 onto 0 to 255."""
    if function == "SIGMOID":
        return 255 / (1 + numpy.exp(-4 * (x - center) / width))
    if function == "LINEAR_EXACT":
        y = ((x - center) / width + 0.5) * 255
        return numpy.where(x <= center - width / 2, 0, numpy.where(x > center + width / 2, 255, y))
    with numpy.errstate(divide="ignore", invalid="ignore"):
        y = ((x - (center - 0.5)) / (width - 1) + 0.5) * 255
    return numpy.where(x <= center - 0.5 - (width - 1) / 2, 0, numpy.where(x > center - 0.5 + (width - 1) / 2, 255, y))


def automatic(dataset: Dataset, x: numpy.ndarray, shown: numpy.ndarray) -> tuple[float, float]:
    """The window of an image that names none: all but half a percent at either end, in 4,096 steps."""
    low, high = int(shown.min()), max(int(shown.max()), int(shown.min()) + 1)
    bins = numpy.minimum(((shown - low) * (4096 / (high - low))).astype(int), 4095)
    counts = numpy.cumsum(numpy.bincount(bins.ravel(), minlength=4096))
    total, step = shown.size, (high - low) / 4096
    first = low + int(numpy.searchsorted(counts, total // 200, side="right")) * step
    last = low + (int(numpy.searchsorted(counts, total - total // 200 - 1, side="right")) + 1) * step
    if "ModalityLUTSequence" in dataset:
        descriptor = dataset.ModalityLUTSequence[0].LUTDescriptor
        entries = numpy.frombuffer(lut_bytes(dataset.ModalityLUTSequence[0]), "<u2")
        place = lambda v: int(numpy.clip(numpy.floor(v + 0.5) - descriptor[1], 0, len(entries) - 1))  # noqa: E731
        outputs = entries[place(first) : place(last) + 1].astype(float)
        a, b = outputs.min(), outputs.max()
    else:
        slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
        a, b = sorted((first * slope + intercept, last * slope + intercept))
    return (a + b) / 2 + 0.5, max(b - a, 1) + 1


def lut_bytes(item: Dataset) -> bytes:
    data = item.LUTData
    return data if isinstance(data, bytes) else numpy.array(data, "<u2").tobytes()


def first_of(value) -> float:
    return float(value[0] if isinstance(value, MultiValue) else value)


def levels(dataset: Dataset, frame: int = 0, presses: int = 0) -> numpy.ndarray:
    """Greys 0 to 255, or colours, that an image must be shown with; `presses`: which of its windows and tables."""
    if dataset.get("SamplesPerPixel", 1) == 3:
        return rgb(dataset, frame)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        shown = apply_color_lut(stored(dataset, frame), dataset)
        return (shown >> 8 if shown.dtype == numpy.uint16 else shown).astype(numpy.int64)
    x = stored(dataset, frame).astype(numpy.int64)
    padded = padding(dataset, x)
    y = numpy.floor(voi(dataset, x, modality(dataset, x, frame), frame, padded, presses) + 0.5)
    if dataset.PhotometricInterpretation == "MONOCHROME1" or dataset.get("PresentationLUTShape") == "INVERSE":
        y = 255 - y
    return numpy.where(padded, 0, y).astype(numpy.int64)


def modality(dataset: Dataset, x: numpy.ndarray, frame: int) -> numpy.ndarray:
    if "PerFrameFunctionalGroupsSequence" in dataset:
        group = dataset.PerFrameFunctionalGroupsSequence[frame]
        if "PixelValueTransformationSequence" in group:
            dataset = group.PixelValueTransformationSequence[0]
        elif "PixelValueTransformationSequence" in dataset.get("SharedFunctionalGroupsSequence", [Dataset()])[0]:
            dataset = dataset.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence[0]
        return x * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))
    if dataset.get("PixelIntensityRelationship") in ("LOG", "DISP") and dataset.Modality in ("XA", "RF"):
        return x
    if "ModalityLUTSequence" in dataset:
        item = dataset.ModalityLUTSequence[0]
        entries = numpy.frombuffer(lut_bytes(item), "<u2")
        return entries[numpy.clip(x - item.LUTDescriptor[1], 0, len(entries) - 1)].astype(numpy.int64)
    return apply_modality_lut(x, dataset)


def voi(dataset: Dataset, x: numpy.ndarray, y: numpy.ndarray, frame: int, padded: numpy.ndarray, presses: int) -> numpy.ndarray:
    where = dataset
    if "PerFrameFunctionalGroupsSequence" in dataset:
        groups = (dataset.PerFrameFunctionalGroupsSequence[frame], dataset.get("SharedFunctionalGroupsSequence", [Dataset()])[0])
        where = next((group.FrameVOILUTSequence[0] for group in groups if "FrameVOILUTSequence" in group), dataset)
    centers, widths = where.get("WindowCenter"), where.get("WindowWidth")
    count = 0 if centers is None else len(centers) if isinstance(centers, MultiValue) else 1
    if presses < count:
        pick = lambda value: float(value[presses]) if isinstance(value, MultiValue) else float(value)  # noqa: E731
        return window(y.astype(float), pick(centers), pick(widths), where.get("VOILUTFunction", "LINEAR"))
    if "VOILUTSequence" in dataset:
        item = dataset.VOILUTSequence[presses - count]
        entries = numpy.frombuffer(lut_bytes(item), "<u2").astype(float)
        first = item.LUTDescriptor[1] - (65536 if y.min() < 0 and item.LUTDescriptor[1] > 32767 else 0)
        place = numpy.clip(numpy.floor(y + 0.5) - first, 0, len(entries) - 1).astype(int)
        return entries[place] * 255 / ((1 << item.LUTDescriptor[2]) - 1)
    if dataset.BitsStored <= 8 and y is x or dataset.BitsStored <= 8 and "ModalityLUTSequence" not in dataset and "RescaleSlope" not in dataset:
        return (y + (1 << dataset.BitsStored - 1) * dataset.PixelRepresentation) * 255 / ((1 << dataset.BitsStored) - 1)
    return window(y.astype(float), *automatic(dataset, y, x[~padded]))


def padding(dataset: Dataset, x: numpy.ndarray) -> numpy.ndarray:
    if "PixelPaddingValue" not in dataset:
        return numpy.zeros(x.shape, bool)
    ends = [int(dataset.PixelPaddingValue), int(dataset.get("PixelPaddingRangeLimit", dataset.PixelPaddingValue))]
    return (x >= min(ends)) & (x <= max(ends))


def rgb(dataset: Dataset, frame: int) -> numpy.ndarray:
    # pydicom gives colour as RGB whatever the file has.
    pixels = stored(dataset, frame)
    return (pixels >> 8 if pixels.dtype == numpy.uint16 else pixels).astype(numpy.int64)


def scaled(picture: numpy.ndarray, factor: int) -> numpy.ndarray:
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


# The table


def shared_file(name: str, **changes) -> Callable[[pathlib.Path], Dataset]:
    def read(shared: pathlib.Path) -> Dataset:
        dataset = pydicom.dcmread(shared / name, force=True)
        if "TransferSyntaxUID" not in dataset.file_meta:
            dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
            dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        for keyword, value in changes.items():
            setattr(dataset, keyword, value)
        return dataset

    return read


def made(builder: Callable[..., Dataset], *arguments, **attributes) -> Callable[[pathlib.Path], Dataset]:
    return lambda _: builder(*arguments, **attributes)


INVERTED = ("Shift+I",)
negative = lambda picture: 255 - picture  # noqa: E731
TRUNCATED = "DCMTK cuts where Apus rounds"


def windows_of(modality: str, bits: int, signed: bool, slope: float, intercept: float, center: float, width: float) -> list[Case]:
    """What every grey modality has in common."""
    def image(**more):
        return made(
            grey, modality, bits, signed, **{"RescaleSlope": slope, "RescaleIntercept": intercept, "WindowCenter": center,
            "WindowWidth": width, **more})

    # DCMTK leaves out every modality transformation of X-ray angiography and fluoroscopy.
    peer = None if modality == "RF" else ("+Wi", "1")
    also = lambda *options: peer and (*peer, *options)  # noqa: E731
    return [
        Case(modality, "rescale, LINEAR", image(), dcmtk=peer),
        Case(modality, "rescale, LINEAR_EXACT", image(VOILUTFunction="LINEAR_EXACT")),
        Case(modality, "rescale, SIGMOID", image(VOILUTFunction="SIGMOID"), dcmtk=also("+Wfs")),
        Case(modality, "window of width 1", image(WindowWidth=1)),
        Case(modality, "invert", image(), INVERTED, negative),
        Case(modality, "rotate", image(), ("Shift+R",), lambda picture: numpy.rot90(picture, -1), dcmtk=also("+Rr")),
        Case(modality, "flip horizontally", image(), ("Shift+H",), lambda picture: picture[:, ::-1], dcmtk=also("+Lh")),
        Case(modality, "flip vertically and rotate back", image(), ("Shift+V", "Shift+L"),
             lambda picture: numpy.rot90(picture[::-1])),
        Case(modality, "INVERSE shape", image(PresentationLUTShape="INVERSE")),
        Case(modality, "no window", image(WindowCenter=None, WindowWidth=None), tolerance=1,
             reason="the ends lie between two of 4,096 steps"),
    ]


GREY_MODALITIES = {
    # bits stored, signed, slope, intercept, window
    "CT": (16, True, 1, -1024, 40, 400), "MR": (12, False, 1.5, 0, 1200, 2400), "CR": (12, False, 1, 0, 2048, 4096),
    "DX": (14, False, 1, 0, 8000, 9000), "MG": (12, False, 1, 0, 2000, 1500), "XA": (10, False, 1, 0, 512, 700),
    "RF": (8, False, 2, -10, 250, 300), "NM": (16, False, 1, 0, 30000, 50000), "PT": (16, True, 0.37, 0, 3000, 6001.5),
    "OT": (16, False, 0.25, -100, 5000, 7000),
}

TABLES = [
    Case("OT", "modality table", made(grey, "OT", 12, ModalityLUTSequence=[lut(0, 16, curve(4096, 60000), ModalityLUTType="US")],
         WindowCenter=30000, WindowWidth=60000), dcmtk=("+Wi", "1")),
    Case("CR", "modality table, first mapped negative", made(grey, "CR", 12, True,
         ModalityLUTSequence=[lut(-1000, 12, curve(2000, 4095), "SS", ModalityLUTType="US")], WindowCenter=2048, WindowWidth=3000),
         dcmtk=("+Wi", "1")),
    Case("CR", "modality table, no window", made(grey, "CR", 12, ModalityLUTSequence=[lut(0, 12, curve(4096, 3000), ModalityLUTType="US")]),
         tolerance=1, reason="the ends lie between two of 4,096 steps"),
    Case("XA", "modality table kept for analysis", made(grey, "XA", 8, PixelIntensityRelationship="LOG",
         ModalityLUTSequence=[lut(0, 12, curve(256, 4095, 2), ModalityLUTType="US")], WindowCenter=127, WindowWidth=255),
         dcmtk=("+Wi", "1")),
    Case("RF", "rescale kept for analysis", made(grey, "RF", 8, PixelIntensityRelationship="DISP", RescaleSlope=3, RescaleIntercept=-9,
         WindowCenter=127, WindowWidth=200), dcmtk=("+Wi", "1")),
    Case("DX", "VOI table of 8 bits", made(grey, "DX", 12, VOILUTSequence=[lut(300, 8, curve(3000, 255))]), dcmtk=("+Wl", "1"),
         reason=TRUNCATED),
    Case("MG", "VOI table of 12 bits", made(grey, "MG", 12, VOILUTSequence=[lut(0, 12, curve(4096, 4095, 2))]), dcmtk=("+Wl", "1")),
    Case("CT", "VOI table, first mapped negative", made(grey, "CT", 12, RescaleSlope=1, RescaleIntercept=-1024,
         VOILUTSequence=[lut(-500, 10, curve(1500, 1023), "SS")]), dcmtk=("+Wl", "1")),
    Case("CT", "VOI table, negative first input written as US", made(grey, "CT", 12, RescaleSlope=1, RescaleIntercept=-1024,
         VOILUTSequence=[lut(65036, 10, curve(1500, 1023))])),
    Case("CR", "VOI table of 65,536 entries", made(grey, "CR", 16, VOILUTSequence=[lut(0, 16, curve(65536, 65535, 1.5))]),
         dcmtk=("+Wl", "1")),
    Case("MG", "second window of the file", made(grey, "MG", 12, WindowCenter=[2000, 900], WindowWidth=[1000, 500]), ("`",),
         extra={"presses": 1}, dcmtk=("+Wi", "2")),
    Case("MG", "VOI table after the windows of the file", made(grey, "MG", 12, WindowCenter=[2000, 900], WindowWidth=[1000, 500],
         VOILUTSequence=[lut(0, 12, curve(4096, 4095, 2))]), ("`", "`"), extra={"presses": 2}, dcmtk=("+Wl", "1")),
]

POLARITY = [
    Case("CR", "MONOCHROME1", made(grey, "CR", 10, PhotometricInterpretation="MONOCHROME1", WindowCenter=500, WindowWidth=700),
         dcmtk=("+Wi", "1")),
    Case("DX", "MONOCHROME1 with INVERSE shape", made(grey, "DX", 12, PhotometricInterpretation="MONOCHROME1",
         PresentationLUTShape="INVERSE", WindowCenter=2000, WindowWidth=3000), dcmtk=("+Wi", "1")),
    Case("DX", "MONOCHROME1, VOI table", made(grey, "DX", 12, PhotometricInterpretation="MONOCHROME1",
         VOILUTSequence=[lut(0, 12, curve(4096, 4095))]), dcmtk=("+Wl", "1")),
    Case("MG", "padding", made(grey, "MG", 12, PixelPaddingValue=0, PixelPaddingRangeLimit=400, WindowCenter=1000, WindowWidth=3000)),
    Case("DX", "padding of MONOCHROME1", made(grey, "DX", 12, PhotometricInterpretation="MONOCHROME1", PixelPaddingValue=4095,
         WindowCenter=1000, WindowWidth=3000)),
    Case("CT", "padding below the window", made(grey, "CT", 16, True, PixelPaddingValue=-2000, PixelPaddingRangeLimit=-32768,
         RescaleSlope=1, RescaleIntercept=0, WindowCenter=40, WindowWidth=400)),
    Case("MG", "padding, no window", made(grey, "MG", 12, PixelPaddingValue=0, PixelPaddingRangeLimit=400), tolerance=1,
         reason="the ends lie between two of 4,096 steps"),
    Case("US", "8 bits as they are", made(grey, "US", 8), dcmtk=("-W",)),
    Case("OT", "1 bit as it is", made(single_bit), rendered=4, reason="edges in JPEG"),
]

COLOUR = [
    Case("OT", "RGB by pixel", made(colour, "RGB"), dcmtk=(), rendered=6),
    Case("OT", "RGB by plane", made(colour, "RGB", 1), dcmtk=(), rendered=6),
    Case("OT", "RGB of 16 bits", made(colour, "RGB", 0, 16), rendered=6),
    Case("OT", "YBR_FULL", made(colour, "YBR_FULL"), dcmtk=(), tolerance=1, rendered=6, reason="DCMTK and pydicom round differently"),
    Case("OT", "YBR_FULL by plane", made(colour, "YBR_FULL", 1), dcmtk=(), tolerance=1, rendered=6),
    Case("OT", "YBR_FULL_422", made(colour, "YBR_FULL_422"), dcmtk=(), tolerance=1, rendered=6),
    Case("US", "palette of 16 bits", made(palette), dcmtk=(), rendered=6),
    Case("US", "palette of 8 bits", made(palette, entry_bits=8), dcmtk=(), rendered=6),
    Case("US", "palette, first mapped 40", made(palette, count=150, first=40), dcmtk=(), rendered=6),
    Case("US", "palette of 65,536 entries", made(palette, bits=16, count=65536), dcmtk=(), rendered=6),
    Case("US", "segmented palette", made(palette, segmented=True), rendered=6),
    Case("OT", "colour turned and mirrored", made(colour, "RGB"), ("Shift+R", "Shift+H"),
         lambda picture: numpy.rot90(picture, -1)[:, ::-1], dcmtk=None),
    Case("OT", "colour inverted", made(colour, "RGB"), INVERTED, negative),
]

MULTI_FRAME = [
    Case("CT multi-frame", "rescale and window of the frame", made(enhanced, "CT multi-frame")),
    Case("CT multi-frame", "rescale and window of the second frame", made(enhanced, "CT multi-frame"), ("ArrowDown",), extra={"frame": 1}),
    Case("MR multi-frame", "rescale and window of the frame", made(enhanced, "MR multi-frame")),
    Case("MR multi-frame", "rescale and window of the second frame", made(enhanced, "MR multi-frame"), ("ArrowDown",), extra={"frame": 1}),
]

REAL = [
    Case("CT", "a scanner's image", shared_file("transfer-syntaxes/ct-all-syntaxes/CTImage.dcm"), dcmtk=("+Wi", "1")),
    Case("CT", "a scanner's image without window", shared_file("transfer-syntaxes/pydicom/CT_small.dcm"), tolerance=1,
         reason="the ends lie between two of 4,096 steps"),
    Case("CT", "big endian", shared_file("transfer-syntaxes/ct-all-syntaxes/CTImage_BigEndianExplicit_1.2.840.10008.1.2.2.dcm"), dcmtk=("+Wi", "1")),
    Case("MR", "a scanner's image", shared_file("transfer-syntaxes/nema-wg04/MR4_JLSL.dcm"), rendered=3),
    Case("MR", "a small image", shared_file("transfer-syntaxes/pydicom/MR_small.dcm"), dcmtk=("+Wi", "1")),
    Case("CR", "a reader's image, MONOCHROME1", shared_file("cr-dx-mg/CR-MONO1-10-chest.dcm"), tolerance=1,
         reason="the ends lie between two of 4,096 steps"),
    Case("MG", "a detector's image, SIGMOID, padding", shared_file("cr-dx-mg/GH133.dcm")),
    Case("XA", "a run, modality table kept for analysis", shared_file("xa-rf/I_000000.dcm"), dcmtk=("+Wi", "1"), tolerance=2,
         reason="JPEG decoders differ by one level, windows spread it", rendered=4),
    Case("NM", "a camera's image", shared_file("transfer-syntaxes/nema-wg04/NM1_RLE.dcm"), tolerance=1,
         reason="the ends lie between two of 4,096 steps"),
    Case("NM", "a run", shared_file("transfer-syntaxes/dcm4che/NM-MONO2-16-13x-heart.dcm"), dcmtk=("+Wi", "1")),
    Case("US", "RGB", shared_file("transfer-syntaxes/nema-wg04/US1_RLE.dcm"), dcmtk=(), rendered=8),
    Case("US", "palette, RLE", shared_file("transfer-syntaxes/dcm4che/US-PAL-8-10x-echo.dcm"), dcmtk=(), rendered=8),
    Case("US", "YBR_FULL, RLE", shared_file("transfer-syntaxes/dcm4che/YBR_FULL-RLE.dcm"), dcmtk=(), tolerance=1, rendered=8),
    Case("US", "YBR_FULL_422, native", shared_file("transfer-syntaxes/dcm4che/YBR_422.dcm"), dcmtk=(), tolerance=1, rendered=8),
    Case("MR multi-frame", "a scanner's image", shared_file("enhanced/6_1.dcm")),
    Case("MR multi-frame", "another scanner's image", shared_file("enhanced/IM_0027_fMAP.dcm")),
    Case("OT", "RGB", shared_file("transfer-syntaxes/pydicom/SC_rgb.dcm"), dcmtk=(), rendered=8),
    Case("OT", "modality table, signed", shared_file("transfer-syntaxes/pydicom/mlut_18.dcm"), tolerance=1,
         reason="the ends lie between two of 4,096 steps"),
]

CASES = [case for modality, facts in GREY_MODALITIES.items() for case in windows_of(modality, *facts)]
CASES += TABLES + POLARITY + COLOUR + MULTI_FRAME + REAL

VIEWS = [
    ("all grey", "zoom, nearest pixel", "NumPy", 0, ""),
    ("all grey", "zoom, linear between stored values", "NumPy", 1, "sums of four products are rounded once"),
    ("all grey", "pan", "NumPy", 0, ""),
    ("all grey", "pseudo-colour: hot iron, PET, hot metal blue, PET 20 step", "pydicom's palettes of PS3.6 Annex B", 0, ""),
    ("CR", "shutters of the image", "NumPy", 0, "rendered JPEG within 3, apart from ringing at the edges"),
    ("CT", "pseudo-colour presentation state", "NumPy", 2, "halves are rounded before or after the palette"),
    ("OT", "colour presentation state", "NumPy", 0, ""),
    ("CT and MR", "blending presentation state", "NumPy", 2, "each picture is rounded before the two are mixed"),
]


def table() -> str:
    """The rows of the display statement."""
    head = "| Modality | Function | Reference | Screen within | Rendered JPEG within | Reason |\n|---|---|---|---|---|---|\n"
    rows = []
    for case in CASES:
        reference = "NumPy, DCMTK" if case.dcmtk is not None else "NumPy"
        rendered = "" if case.rendered is None or case.keys else str(case.rendered + case.tolerance)
        name = f"{case.function} (recorded image)" if case in REAL else case.function
        rows.append(f"| {case.modality} | {name} | {reference} | {case.tolerance} | {rendered} | {case.reason} |\n")
    rows += [f"| {modality} | {function} | {reference} | {tolerance} | | {reason} |\n" for modality, function, reference, tolerance, reason in VIEWS]
    return head + "".join(rows)


if __name__ == "__main__":
    statement = pathlib.Path(__file__).resolve().parents[2] / "Documentation/display-statement.md"
    before, _, rest = statement.read_text().partition("<!-- table -->\n")
    statement.write_text(before + "<!-- table -->\n" + table() + "<!-- end -->" + rest.partition("<!-- end -->")[2])
