"""The viewing manifest and the frame stream of the stand-in server (Documentation/viewing.md), over the synthetic data."""

import struct

import synthetic

HEADER = struct.Struct("<II8BII")
KINDS = {"SR": "structuredReport"}


def _value(data: dict, tag: str, default=None):
    values = data.get(tag, {}).get("Value", [])
    return values[0] if values else default


def _values(data: dict, tag: str) -> list:
    return data.get(tag, {}).get("Value", [])


def _attributes(data: dict) -> dict:
    time = _value(data, "00181063")
    empty = ("viewPosition", "laterality", "bodyPart", "acquisitionDateTime", "contentDateTime", "mimeType")
    unknown = ("acquisitionNumber", "sourceDetector", "sourcePatient", "burnedIn", "pet", "echoTime", "repetitionTime", "kvp",
               "exposure", "gantryTilt")
    lists = ("lossyRatio", "lossyMethod", "imageType", "regions", "overlays")
    return {
        "lossy": False, "frameTimes": [time] if time else [], "patientOrientation": _values(data, "00200020"),
        **dict.fromkeys(empty, ""), **dict.fromkeys(unknown), **{name: [] for name in lists},
    }


def _stack(data: dict, count: int, spatial: bool) -> dict:
    spacing = _values(data, "00280030") or None
    orientation = _values(data, "00200037") or None
    color = _value(data, "00280002") == 3
    stored = _value(data, "00280101")
    return {
        "first": 0, "count": count, "rows": _value(data, "00280010"), "columns": _value(data, "00280011"),
        "samplesPerPixel": 3 if color else 1, "bitsAllocated": _value(data, "00280100"), "bitsStored": stored, "highBit": stored - 1,
        "signed": _value(data, "00280103") == 1, "float": False, "photometric": _value(data, "00280004"), "palette": None,
        "orientation": orientation, "normal": [0, 0, 1] if orientation else None, "spacing": spacing,
        "spacingSource": "pixelSpacing" if spacing else "none", "magnification": None,
        "pixelAspect": spacing[0] / spacing[1] if spacing else 1, "frameOfReference": None,
        "sliceSpacing": 5 if spatial else None, "sliceThickness": None, "spatial": spatial, "uniform": spatial,
    }


def _display(data: dict) -> dict:
    window = [{"center": _value(data, "00281050"), "width": _value(data, "00281051"), "explanation": ""}]
    return {
        "slope": _value(data, "00281053", 1), "intercept": _value(data, "00281052", 0), "rescaleType": "", "modalityTable": None,
        "windows": window if _value(data, "00281050") is not None else [], "function": "LINEAR", "voiTables": [], "padding": None,
        "presentationShape": "INVERSE" if _value(data, "00280004") == "MONOCHROME1" else "IDENTITY",
    }


def ordered(study: dict, number: int) -> list[dict]:
    return sorted(synthetic.metadata(study, number), key=lambda data: _value(data, "00200013"))


def frames_of(study: dict, number: int) -> list[tuple[int, int]]:
    """Instance and frame number of each frame, in display order."""
    return [
        (_value(data, "00200013"), frame + 1)
        for data in ordered(study, number) if "00280010" in data for frame in range(_value(data, "00280008", 1))
    ]


def manifest(study: dict) -> dict:
    return {"format": 1, "study": study, "series": [_series(study, spec) for spec in synthetic.VIEWER_SERIES]}


def _series(study: dict, spec: dict) -> dict:
    data = ordered(study, spec["number"])
    images = [each for each in data if "00280010" in each]
    frames = frames_of(study, spec["number"])
    spatial = len(images) > 1 and "00200032" in images[0]
    kind = KINDS.get(spec["modality"], "image")
    return {
        "seriesInstanceUID": synthetic.series_uid(study["studyInstanceUID"], spec["number"]), "modality": spec["modality"],
        "seriesNumber": spec["number"], "seriesDescription": spec["description"], "seriesDate": study["studyDate"],
        "seriesTime": study["studyTime"], "bodyPart": "", "laterality": "", "protocolName": "", "kind": kind, "revision": "r1",
        "instances": {
            "count": len(data), "sopInstanceUID": [_value(each, "00080018") for each in data],
            "sopClassUID": "1.2.840.10008.5.1.4.1.1.2", "kind": kind, "instanceNumber": [_value(each, "00200013") for each in data],
            "numberOfFrames": len(frames) // max(len(images), 1), "attributes": 0, "quarantined": False,
        },
        "attributes": [_attributes(data[0])],
        "frames": {
            "count": len(frames), "instance": [instance - 1 for instance, _ in frames], "number": [number for _, number in frames],
            "display": 0, "time": None,
            "position": [value for each in images for value in _values(each, "00200032")] if spatial else None,
        },
        "stacks": [_stack(images[0], len(frames), spatial)] if images else [],
        "displays": [_display(images[0])] if images else [], "tables": [],
    }


def held(text: str) -> set[int]:
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        low, _, high = part.partition("-")
        found |= set(range(int(low), int(high or low) + 1))
    return found


def order(count: int, query: dict) -> list[int]:
    first = min(int(query.get("from", ["0"])[0]), max(count - 1, 0))
    left_out = held(query.get("have", [""])[0])
    low, _, high = query.get("range", [f"0-{count}"])[0].partition("-")
    wanted = [index for index in range(count) if index not in left_out and int(low) <= index <= int(high)]
    return sorted(wanted, key=lambda index: abs(index - first))


def message(kind: int, index: int, payload: bytes, data: dict | None = None) -> bytes:
    if data is None:
        return HEADER.pack(len(payload), index, kind, *[0] * 7, 0, 0) + payload
    signed = _value(data, "00280103") == 1
    samples = _value(data, "00280002")
    return HEADER.pack(
        len(payload), index, kind, 0, 0, 2 if signed else 0, _value(data, "00280100"), _value(data, "00280101"), samples,
        3 if samples == 3 else 1, _value(data, "00280010"), _value(data, "00280011")) + payload


def frame(study: dict, spec: dict, index: int) -> bytes:
    instance, number = frames_of(study, spec["number"])[index]
    if spec["kind"] == "broken":
        return message(1, index, b'{"code":"damaged","message":"The stored record is damaged."}')
    pixels = synthetic.frame(spec["kind"], instance, number)
    if spec["kind"] == "mr":
        # The server clears the bits that are not stored.
        pixels = (synthetic.np.frombuffer(pixels, "<u2") & 0x0FFF).tobytes()
    return message(0, index, pixels, ordered(study, spec["number"])[instance - 1])


END = message(2, 0, b"")
OPENING = b"APUSFRM1"
