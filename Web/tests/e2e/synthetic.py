"""Studies and pixels made in code; no patient's data. Everything is fixed by the indices, so every run sees the same."""

import io
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

import numpy as np
from PIL import Image

ROOT = "1.2.826.0.1.3680043.8.498.77"
NATIVE = "1.2.840.10008.1.2.1"

_SURNAMES = [("王", "Wang"), ("李", "Li"), ("张", "Zhang"), ("刘", "Liu"), ("陈", "Chen"), ("杨", "Yang"), ("赵", "Zhao"),
             ("黄", "Huang"), ("周", "Zhou"), ("吴", "Wu"), ("欧阳", "Ouyang"), ("司马", "Sima")]
_GIVEN = [("伟", "Wei"), ("芳", "Fang"), ("秀英", "Xiuying"), ("敏", "Min"), ("静", "Jing"), ("建国", "Jianguo"),
          ("丽娟", "Lijuan"), ("强", "Qiang"), ("桂兰", "Guilan"), ("志明", "Zhiming"), ("雨桐", "Yutong"), ("浩然", "Haoran")]
_EXAMS = [("CT", "胸部平扫", 3, 642), ("CT", "颅脑平扫", 2, 96), ("MR", "腰椎平扫", 6, 132), ("DX", "胸部正侧位", 1, 2),
          ("US", "甲状腺彩超", 1, 14), ("CT", "上腹部三期增强", 5, 1180), ("MG", "双侧乳腺 CC+MLO", 1, 4),
          ("MR", "头颅平扫+DWI", 7, 188), ("XA", "冠状动脉造影", 9, 9), ("CR", "左膝关节正侧位", 1, 2), ("PT", "全身 PET/CT", 4, 915)]


def study_uid(index: int) -> str:
    return f"{ROOT}.1.{index}"


def make_study(index: int, today: date) -> dict:
    surname, given = _SURNAMES[index * 5 % 12], _GIVEN[index * 7 % 11]
    modality, description, series, instances = _EXAMS[index % len(_EXAMS)]
    day = today - timedelta(days=index // 6)
    hour, minute = 17 - index % 10, index * 13 % 60
    birth = date(1932 + index * 7 % 80, 1 + index % 12, 1 + index * 3 % 28)
    received = datetime(day.year, day.month, day.day, hour, minute, tzinfo=timezone.utc) + timedelta(minutes=9)
    return {
        "studyInstanceUID": study_uid(index),
        "patientName": f"{surname[1]}^{given[1]}={surname[0]}^{given[0]}",
        "patientID": f"P{2400000 + index * 37:07d}",
        "patientSex": "MF"[index % 2],
        "patientBirthDate": birth.strftime("%Y%m%d"),
        "studyDate": day.strftime("%Y%m%d"),
        "studyTime": f"{hour:02d}{minute:02d}00",
        "modalities": ["PT", "CT"] if modality == "PT" else [modality],
        "studyDescription": description,
        "accessionNumber": f"A{day.strftime('%y%m%d')}{index % 1000:03d}",
        "numberOfSeries": series,
        "numberOfInstances": instances,
        "quarantined": 2 if index % 17 == 4 else 0,
    }


# Series of the study that the viewer tests open. `kind` chooses the pixels.
VIEWER_SERIES = [
    {"kind": "ct", "modality": "CT", "number": 2, "description": "胸部平扫 5.0 mm", "count": 40},
    {"kind": "mr", "modality": "MR", "number": 3, "description": "T2 横断面", "count": 12},
    {"kind": "dx", "modality": "DX", "number": 4, "description": "胸部正位", "count": 1},
    {"kind": "us", "modality": "US", "number": 5, "description": "彩色多普勒", "count": 1, "frames": 24},
    {"kind": "sr", "modality": "SR", "number": 6, "description": "剂量报告", "count": 1},
    {"kind": "broken", "modality": "CT", "number": 7, "description": "像素损坏的序列", "count": 3},
]


def series_uid(study: str, number: int) -> str:
    return f"{study}.{number}"


def instance_uid(study: str, number: int, instance: int) -> str:
    return f"{study}.{number}.{instance}"


def series_of(study: str) -> list[dict]:
    return [
        {
            "seriesInstanceUID": series_uid(study, each["number"]),
            "modality": each["modality"],
            "seriesNumber": each["number"],
            "seriesDescription": each["description"],
            "numberOfInstances": each["count"],
            "instances": [
                {
                    "sopInstanceUID": instance_uid(study, each["number"], i + 1),
                    "sopClassUID": "1.2.840.10008.5.1.4.1.1.2",
                    "instanceNumber": i + 1,
                    "numberOfFrames": each.get("frames"),
                    "transferSyntaxUID": NATIVE,
                }
                for i in range(each["count"])
            ],
        }
        for each in VIEWER_SERIES
    ]


def _element(vr: str, *values) -> dict:
    return {"vr": vr, "Value": list(values)}


def metadata(study: dict, number: int) -> list[dict]:
    """DICOM JSON of a series, in an order of arrival that is not the order of looking."""
    spec = next(each for each in VIEWER_SERIES if each["number"] == number)
    data = [_instance_metadata(study, spec, i + 1) for i in range(spec["count"])]
    return data[1::2] + data[0::2]


def _instance_metadata(study: dict, spec: dict, instance: int) -> dict:
    uid = study["studyInstanceUID"]
    alphabetic, _, ideographic = study["patientName"].partition("=")
    data = {
        "00080005": _element("CS", "ISO_IR 192"),
        "00080016": _element("UI", "1.2.840.10008.5.1.4.1.1.2"),
        "00080018": _element("UI", instance_uid(uid, spec["number"], instance)),
        "00080020": _element("DA", study["studyDate"]),
        "00080060": _element("CS", spec["modality"]),
        "00080070": _element("LO", "Synthetic"),
        "0008103E": _element("LO", spec["description"]),
        "00100010": _element("PN", {"Alphabetic": alphabetic, "Ideographic": ideographic}),
        "00100020": _element("LO", study["patientID"]),
        "0020000D": _element("UI", uid),
        "0020000E": _element("UI", series_uid(uid, spec["number"])),
        "00200013": _element("IS", instance),
    }
    return data | _pixel_module(spec, instance)


def _image(rows: int, columns: int, stored: int, signed: int, photometric: str = "MONOCHROME2", allocated: int = 16) -> dict:
    return {
        "00280002": _element("US", 1),
        "00280004": _element("CS", photometric),
        "00280010": _element("US", rows),
        "00280011": _element("US", columns),
        "00280100": _element("US", allocated),
        "00280101": _element("US", stored),
        "00280102": _element("US", stored - 1),
        "00280103": _element("US", signed),
    }


def _pixel_module(spec: dict, instance: int) -> dict:
    kind = spec["kind"]
    if kind in ("ct", "broken"):
        return _image(256, 256, 16, 1) | {
            "00281050": _element("DS", 40), "00281051": _element("DS", 400),
            "00281052": _element("DS", -1024), "00281053": _element("DS", 1),
            "00280030": _element("DS", 1.4, 1.4),
            "00200032": _element("DS", -180, -180, -5.0 * instance),
            "00200037": _element("DS", 1, 0, 0, 0, 1, 0),
        }
    if kind == "mr":
        return _image(256, 192, 12, 0) | {
            "00280030": _element("DS", 0.9, 1.2),
            "00200032": _element("DS", -110, -110, 6.0 * instance),
            "00200037": _element("DS", 1, 0, 0, 0, 1, 0),
        }
    if kind == "dx":
        return _image(1024, 840, 14, 0, "MONOCHROME1") | {
            "00281050": _element("DS", 8000), "00281051": _element("DS", 14000),
            "00200020": _element("CS", "L", "F"),
        }
    if kind == "us":
        return _image(240, 320, 8, 0, "RGB", 8) | {
            "00280002": _element("US", 3), "00280006": _element("US", 0), "00280008": _element("IS", spec["frames"]),
            "00181063": _element("DS", 40),
        }
    line = {"0040A040": _element("CS", "TEXT"), "0040A160": _element("UT", "CTDIvol 7.2 mGy; DLP 281 mGy.cm")}
    return {"0040A040": _element("CS", "CONTAINER"), "0040A730": _element("SQ", line)}


def _ellipse(shape: tuple, center: tuple, radii: tuple) -> np.ndarray:
    y, x = np.mgrid[0:shape[0], 0:shape[1]].astype(np.float32)
    return ((y - center[0]) / radii[0]) ** 2 + ((x - center[1]) / radii[1]) ** 2 <= 1


@lru_cache(maxsize=256)
def frame(kind: str, instance: int, number: int) -> bytes:
    """Little-endian bytes of a frame."""
    noise = np.random.default_rng(1000 * instance + number)
    if kind == "ct":
        return _ct(instance, noise).tobytes()
    if kind == "mr":
        return _mr(instance, noise).tobytes()
    if kind == "dx":
        return _dx(noise).tobytes()
    return _us(number, noise).tobytes()


def _ct(instance: int, noise: np.random.Generator) -> np.ndarray:
    """Stored values; Hounsfield units are 1024 less."""
    shape = (256, 256)
    level = instance / 40
    hu = np.full(shape, -1000, np.float32)
    hu[_ellipse(shape, (132, 128), (88, 118))] = -95
    hu[_ellipse(shape, (132, 128), (80, 108))] = 45
    opening = np.sin(np.pi * min(1, level * 1.15)) * 0.5 + 0.5
    for side in (-1, 1):
        lung = _ellipse(shape, (124, 128 + side * 52), (62 * opening, 40 * opening))
        hu[lung] = -860 + noise.normal(0, 30, shape)[lung]
        for vessel in range(9):
            place = (124 + 44 * np.sin(vessel * 2.1 + level * 4), 128 + side * (52 + 24 * np.cos(vessel * 1.7 + level * 5)))
            spot = _ellipse(shape, place, (2.5, 2.5))
            hu[spot & lung] = 20
    hu[_ellipse(shape, (118, 132), (34, 26 * (1.2 - opening * 0.4)))] = 60
    hu[_ellipse(shape, (150, 136), (11, 11))] = 180
    hu[_ellipse(shape, (178, 128), (20, 17))] = 420
    hu[_ellipse(shape, (178, 128), (14, 11))] = 180
    hu[_ellipse(shape, (192, 128), (6, 6))] = 20
    for rib in range(8):
        angle = rib * np.pi / 4 + level * 0.7
        hu[_ellipse(shape, (132 + 76 * np.sin(angle), 128 + 102 * np.cos(angle)), (4, 8))] = 620
    body = hu > -990
    hu[body] += noise.normal(0, 9, shape)[body]
    # A square of known values for the tests: -1000, 0, 40 and 240 HU.
    for i, value in enumerate((-1000, 0, 40, 240)):
        hu[4:12, 4 + 8 * i:12 + 8 * i] = value
    return (np.clip(hu, -1024, 3071) + 1024).round().astype("<i2")


def _mr(instance: int, noise: np.random.Generator) -> np.ndarray:
    shape = (256, 192)
    signal = np.full(shape, 20, np.float32)
    size = 0.7 + 0.3 * np.sin(np.pi * instance / 13)
    signal[_ellipse(shape, (128, 96), (104 * size, 84 * size))] = 700
    signal[_ellipse(shape, (128, 96), (96 * size, 76 * size))] = 320
    signal[_ellipse(shape, (128, 96), (90 * size, 70 * size))] = 560
    for side in (-1, 1):
        signal[_ellipse(shape, (120, 96 + side * 16), (34 * size, 9 * size))] = 1500
    signal += noise.normal(0, 18, shape)
    # Bits above those stored hold rubbish, as old overlays did.
    return np.clip(signal, 0, 4095).astype("<u2") | np.uint16(0xA000)


def _dx(noise: np.random.Generator) -> np.ndarray:
    shape = (1024, 840)
    dose = np.full(shape, 2500, np.float32)
    dose[_ellipse(shape, (620, 420), (600, 360))] = 10500
    for side in (-1, 1):
        dose[_ellipse(shape, (440, 420 + side * 165), (300, 118))] = 4300
    dose[_ellipse(shape, (560, 470), (180, 130))] = 12500
    dose[:, 392:448] += 1800
    for rib in range(9):
        y, x = np.mgrid[0:1024, 0:840].astype(np.float32)
        line = np.abs(y - (140 + rib * 72 + ((x - 420) / 20) ** 2 * 0.55)) < 9
        dose[line & (dose < 9000)] += 1500
    # MONOCHROME1: little radiation behind the heart is a low value and shown bright.
    return np.clip(15800 - dose + noise.normal(0, 110, shape), 0, 16383).astype("<u2")


def _us(number: int, noise: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[0:240, 0:320].astype(np.float32)
    radius, angle = np.hypot(x - 160, y + 20), np.arctan2(x - 160, y + 20)
    fan = (np.abs(angle) < 0.62) & (radius > 40) & (radius < 250)
    gray = np.where(fan, noise.gamma(2.2, 26, (240, 320)) * (1.1 - radius / 420), 0)
    wall = np.abs(radius - 140 - 12 * np.sin(number * np.pi / 12)) < 4
    gray = np.where(fan & wall, 210, gray)
    image = np.repeat(np.clip(gray, 0, 255)[..., None], 3, axis=2)
    flow = fan & (np.hypot(x - 160, y - 150) < 26 + 6 * np.sin(number * np.pi / 12))
    image[flow] = image[flow] * 0.3 + np.array([190, 40, 30]) * 0.7
    return image.astype(np.uint8)


@lru_cache(maxsize=64)
def thumbnail(kind: str) -> bytes:
    if kind == "us":
        picture = Image.fromarray(np.frombuffer(frame("us", 1, 3), np.uint8).reshape(240, 320, 3))
    else:
        shape, low, high, dtype = {
            "ct": ((256, 256), 864, 1264, "<i2"), "mr": ((256, 192), 0, 1200, "<u2"), "dx": ((1024, 840), 1000, 15000, "<u2"),
        }[kind]
        data = np.frombuffer(frame(kind, 20 if kind == "ct" else 6, 1), dtype).reshape(shape).astype(np.float32)
        data = np.where(data >= 0xA000, data - 0xA000, data) if kind == "mr" else data
        level = np.clip((data - low) / (high - low), 0, 1) * 255
        picture = Image.fromarray((255 - level if kind == "dx" else level).astype(np.uint8))
    picture.thumbnail((160, 160))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()
