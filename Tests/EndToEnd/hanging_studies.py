"""Small studies of each kind that a reading room hangs in a way of its own, with priors; no patient's data."""

from __future__ import annotations

import pathlib

import numpy
from pydicom.uid import generate_uid

from objects import made_object, saved, with_pixels

CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2", "MR": "1.2.840.10008.5.1.4.1.1.4", "PT": "1.2.840.10008.5.1.4.1.1.128",
    "CR": "1.2.840.10008.5.1.4.1.1.1", "DX": "1.2.840.10008.5.1.4.1.1.1.1", "MG": "1.2.840.10008.5.1.4.1.1.1.2",
    "US": "1.2.840.10008.5.1.4.1.1.3.1", "XA": "1.2.840.10008.5.1.4.1.1.12.1",
}
PLANES = {"axial": [1, 0, 0, 0, 1, 0], "coronal": [1, 0, 0, 0, 0, -1], "sagittal": [0, 1, 0, 0, 0, -1]}
TODAY, BEFORE = "20260301", "20250301"
SIZE = 48


def stack(modality: str, description: str, images: int, plane: str = "axial", thickness: float = 5, **more) -> dict:
    """A series of slices."""
    return dict(modality=modality, description=description, images=images, plane=plane, thickness=thickness, **more)


def views(modality: str, *names: str, **more) -> dict:
    """A series in which each image is a view of its own: `PA`, or `R CC` with its side."""
    return dict(modality=modality, description=more.pop("description", ""), views=names, **more)


def clips(modality: str, count: int, frames: int = 6, milliseconds: float = 50) -> dict:
    return dict(modality=modality, description="", clips=count, frames=frames, milliseconds=milliseconds)


CHEST = [stack("CT", "Topogram", 1, "coronal"), stack("CT", "胸部 纵隔 B30f", 8), stack("CT", "胸部 肺 B70f", 10, thickness=1)]
HEAD = [stack("CT", "头颅 平扫", 8), stack("CT", "头颅 骨 H60s", 8)]
PHASES = [stack("CT", f"腹部 {phase}", 6) for phase in ("平扫", "动脉期", "门脉期", "延迟期")]
BRAIN = [stack("MR", f"{name} tra", 5) for name in ("T1", "T2", "FLAIR", "DWI", "ADC")]
KNEE = [stack("MR", f"PD fs {plane}", 6, plane) for plane in ("coronal", "axial", "sagittal")]
BREASTS = views("MG", "L MLO", "R MLO", "L CC", "R CC")

# Name: description, series of the study, series of its prior.
STUDIES: dict[str, tuple[str, list[dict], list[dict]]] = {
    "ctChest": ("胸部CT平扫", CHEST, CHEST),
    "ctHead": ("头颅CT平扫", HEAD, HEAD),
    "ctAbdomen": ("上腹部CT三期增强", PHASES, [PHASES[2]]),
    "vessels": ("主动脉CTA", [stack("CT", "主动脉 CTA 1.0", 8, thickness=1)], []),
    "mrBrain": ("头颅MR平扫", BRAIN, [BRAIN[1]]),
    "mrJoint": ("左膝关节MR平扫", KNEE, [KNEE[2]]),
    "mammography": ("双乳X线摄影", [BREASTS], [BREASTS]),
    "chestPlain": ("胸部正侧位", [views("CR", "LL", "PA")], [views("CR", "PA")]),
    "limb": ("右膝关节三位", [views("DX", "AP", "LL", "RLO")], [views("DX", "AP", "LL")]),
    "ultrasound": ("甲状腺彩超", [clips("US", 3)], []),
    "angiography": ("冠状动脉造影", [clips("XA", 2, frames=12, milliseconds=1000 / 15)], []),
    "petCT": ("全身PET/CT", [stack("CT", "CT WB 4.0", 8), stack("PT", "PET WB", 8)], [stack("PT", "PET WB", 8)]),
}


def made(folder: pathlib.Path, names=STUDIES) -> dict[str, tuple[str, str]]:
    """Writes the studies; study UIDs of each kind and of its prior (`""` without one)."""
    return {
        name: (write(folder, name, TODAY, STUDIES[name][0], STUDIES[name][1]),
               write(folder, name, BEFORE, STUDIES[name][0], STUDIES[name][2]) if STUDIES[name][2] else "")
        for name in names
    }


def write(folder: pathlib.Path, name: str, date: str, description: str, series: list[dict]) -> str:
    study = generate_uid()
    about = dict(
        StudyInstanceUID=study, StudyDescription=description, StudyDate=date, PatientName=f"Hang^{name}", PatientID=f"HANG-{name}",
        PatientBirthDate="19700101", PatientSex="F", FrameOfReferenceUID=generate_uid())
    for number, each in enumerate(series, 1):
        common = about | dict(
            SeriesInstanceUID=generate_uid(), SeriesNumber=number, Modality=each["modality"], SeriesDescription=each["description"])
        for made in images_of(each, common):
            saved(made, folder / name / date)
    return study


def images_of(series: dict, common: dict):
    sop_class = CLASSES[series["modality"]]
    if "plane" in series:
        for index in range(series["images"]):
            yield slice_of(sop_class, series, index, common)
    for index, view in enumerate(series.get("views", ())):
        *side, position = view.split()
        more = dict(ViewPosition=position, PatientOrientation=["L", "F"], ImageType=["DERIVED", "PRIMARY"], ImagerPixelSpacing=[0.1, 0.1])
        if side:
            more |= dict(ImageLaterality=side[0], PatientOrientation=["P", "F"] if side[0] == "L" else ["A", "F"])
        yield with_pixels(made_object(sop_class, InstanceNumber=index + 1, **common, **more), pattern(2 * SIZE, SIZE, index))
    for index in range(series.get("clips", 0)):
        frames = numpy.stack([pattern(SIZE, SIZE, frame) for frame in range(series["frames"])]).astype("u1")
        yield with_pixels(
            made_object(sop_class, InstanceNumber=index + 1, FrameTime=series["milliseconds"], FrameIncrementPointer=0x00181063, **common),
            frames)


def slice_of(sop_class: str, series: dict, index: int, common: dict):
    orientation = PLANES[series["plane"]]
    normal = numpy.cross(orientation[:3], orientation[3:])
    made = made_object(
        sop_class, InstanceNumber=index + 1, ImageOrientationPatient=orientation, PixelSpacing=[4, 4], SliceThickness=series["thickness"],
        ImagePositionPatient=[float(each) for each in normal * index * series["thickness"]], RescaleSlope=1, RescaleIntercept=-1024,
        WindowCenter=40, WindowWidth=400, **common)
    return with_pixels(made, pattern(SIZE, SIZE, index))


def pattern(rows: int, columns: int, seed: int) -> numpy.ndarray:
    y, x = numpy.mgrid[:rows, :columns]
    return ((x * 3 + y * 2 + seed * 40) % 250).astype("u2")
