"""Derived values: the formulas of the user's document, evaluated with NumPy on raw measurements, equal what the viewer shows and keeps."""

from __future__ import annotations

import copy
import json
import math
import re

import numpy
import pydicom
import pytest
from pydicom.uid import generate_uid

from apus_server import REPOSITORY, eventually
from peers import store_files
from test_measurement_truth import Desk
from test_pixel_truth import PASSWORD, pages

PET = "1.2.840.10008.5.1.4.1.1.128"
SPACING, MATRIX = 0.8, 256
LENGTH, RATIO, AREA, VOLUME, HOUNSFIELD, SUV = "410668003", "118586006", "42798000", "118565006", "112031", "126401"
MEAN, DEVIATION = "373098007", "386136009"
# As makers write them: zones, fractions and dates apart. Times are those of the header alone.
HEADERS = {
    "start": {"Units": "BQML", "DecayCorrection": "START", "CorrectedImage": ["ATTN", "DECY"], "PatientWeight": 70,
              "SeriesDate": "20260102", "SeriesTime": "100000", "AcquisitionDate": "20260102", "AcquisitionTime": "100012.5",
              "RadionuclideTotalDose": 3.5e8, "RadionuclideHalfLife": 6586.2, "RadiopharmaceuticalStartTime": "085930.250"},
    "admin": {"Units": "BQML", "DecayCorrection": "ADMIN", "CorrectedImage": ["ATTN", "DECY"], "PatientWeight": 82.5,
              "SeriesDate": "20260102", "SeriesTime": "100000", "AcquisitionDate": "20260102", "AcquisitionTime": "100012",
              "RadionuclideTotalDose": 2.2e8, "RadionuclideHalfLife": 6586.2, "RadiopharmaceuticalStartTime": "090000"},
    "undecayed": {"Units": "BQML", "DecayCorrection": "NONE", "CorrectedImage": ["ATTN"], "PatientWeight": 70,
                  "SeriesDate": "20260102", "SeriesTime": "100000", "AcquisitionDate": "20260102", "AcquisitionTime": "100012",
                  "RadionuclideTotalDose": 3.5e8, "RadionuclideHalfLife": 6586.2, "RadiopharmaceuticalStartTime": "085930"},
}
VENDORS = ["SIEMENS-instances.json", "GE_MEDICAL_AND_BQML-instances.json", "BQML_AC_DT_lessThan_S_DT_SIEMENS-instances.json"]


def formulas(name: str) -> dict[str, list[str]]:
    """By what stands before the equal sign; as printed between backticks under "Derived values"."""
    text = (REPOSITORY / "Documentation" / name).read_text()
    section = re.split(r"^## ", text, flags=re.M)
    (body,) = [each for each in section if each.startswith(("Derived values", "导出量"))]
    found: dict[str, list[str]] = {}
    for value, expression in re.findall(r"^\|[^|]*\| `(\w+) = ([^`]+)` \|", body, flags=re.M):
        found.setdefault(value, []).append(expression)
    return found


FORMULAS = formulas("measurement-uncertainty.md")


def evaluated(expression: str, **raw) -> float:
    """By NumPy; the document has nothing else in its formulas."""
    return float(eval(expression, {"__builtins__": {}, "sum": numpy.sum, "sqrt": numpy.sqrt}, raw))  # noqa: S307


@pytest.fixture(scope="module")
def server(make_server, page_settings):
    running = make_server(**page_settings)
    yield running
    running.kill()


@pytest.fixture(scope="module")
def page(browser, server):
    server.run("user", "add", "reader", "--role", "radiologist", "--password-stdin", stdin=PASSWORD + "\n").ok()
    opened = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900}).new_page()
    pages.Entrance(opened).open(server.url).sign_in("reader", PASSWORD)
    pages.StudyList(opened).search.wait_for()
    return opened


@pytest.fixture(scope="module")
def slices(server, make_phantom) -> list[pydicom.Dataset]:
    files = make_phantom("ct", images=5, matrix=MATRIX, spacing=SPACING, noise=40)
    assert set(store_files(server, files).values()) == {0}
    return [pydicom.dcmread(each) for each in files]


def desk(server, page, study: str) -> Desk:
    pages.Viewer(page).open(server.url, study).shown(0)
    return Desk(page)


def kept(page, study: str, count: int) -> list[dict]:
    """The working copy on the server, once it has so many marks and their statistics."""
    def asked():
        draft = page.evaluate("study => fetch(`/api/studies/${study}/marks/draft`).then(answer => answer.json())", study)
        marks = draft["marks"]
        regions = ("circle", "ellipse", "rectangle")
        full = all(len(each["values"]) >= 5 for each in marks if each["kind"] in regions)
        return marks if len(marks) == count and full else None
    return eventually(asked, what=f"{count} marks")


def number(mark: dict, quantity: str, derivation: str | None = None) -> float:
    (found,) = [each["value"] for each in mark["values"] if each["quantity"]["value"] == quantity
                and (each["derivation"] or {}).get("value") == derivation][:1]
    return found


def pixels(mark: dict, image: pydicom.Dataset) -> numpy.ndarray:
    """Values, on the scale of the file, of the pixels whose centre is in a rectangle."""
    (left, top), (right, bottom) = numpy.sort(numpy.array(mark["points"]), axis=0)
    rows, columns = numpy.mgrid[0:image.Rows, 0:image.Columns]
    inside = (columns >= left) & (columns < right) & (rows >= top) & (rows < bottom)
    return image.pixel_array[inside] * float(image.RescaleSlope) + float(image.RescaleIntercept)


def test_the_document_lists_every_derived_value_alike_in_both_languages():
    """CT-4.3.2.6.1-5"""
    assert FORMULAS == formulas("measurement-uncertainty.zh-CN.md")
    assert {name: len(each) for name, each in FORMULAS.items()} == {"R": 1, "V": 1, "m": 1, "sd": 1, "SUV": 2}


def test_ratio_mean_and_volume_follow_the_document(server, page, slices):
    """CT-4.3.2.6.1-5"""
    study = slices[0].StudyInstanceUID
    drawn = desk(server, page, study)
    drawn.draw("ratio")
    drawn.draw("rectangle")
    for step in (0, 2, 1):
        for _ in range(step):
            page.keyboard.press("ArrowDown")
        pages.Viewer(page).shown()
        drawn.draw("circle")
    page.keyboard.press("Shift+M")
    for box in page.locator(".marks-row input[type=checkbox]").all()[1:]:
        box.check()
    page.locator(".marks-bar button", has_text="3").click()
    ratio, rectangle, *circles, volume = sorted(kept(page, study, 6), key=lambda each: each["number"])
    lengths = [each["value"] for each in ratio["values"] if each["quantity"]["value"] == LENGTH]
    assert number(ratio, RATIO) == pytest.approx(evaluated(FORMULAS["R"][0], L1=lengths[0], L2=lengths[1]), rel=1e-12)
    image = next(each for each in slices if each.SOPInstanceUID == rectangle["sopInstanceUID"])
    values = pixels(rectangle, image)
    mean = evaluated(FORMULAS["m"][0], v=values, n=len(values))
    assert number(rectangle, HOUNSFIELD, MEAN) == pytest.approx(mean, rel=1e-9, abs=1e-9)
    deviation = evaluated(FORMULAS["sd"][0], v=values, n=len(values), m=mean)
    assert number(rectangle, HOUNSFIELD, DEVIATION) == pytest.approx(deviation, rel=1e-9)
    normal = numpy.cross(image.ImageOrientationPatient[:3], image.ImageOrientationPatient[3:])
    places = {each.SOPInstanceUID: float(normal @ numpy.array(each.ImagePositionPatient, float)) for each in slices}
    contours = sorted((places[each["sopInstanceUID"]], number(each, AREA)) for each in circles)
    place, area = numpy.array(contours).T
    spacing = numpy.diff(sorted(places.values())).mean()
    edges = numpy.concatenate([[place[0] - spacing / 2], (place[1:] + place[:-1]) / 2, [place[-1] + spacing / 2]])
    expected = evaluated(FORMULAS["V"][0], A=area, h=numpy.diff(edges))
    assert number(volume, VOLUME) == pytest.approx(expected, rel=1e-9)


def pet(base: pydicom.Dataset, header: dict, folder) -> pydicom.Dataset:
    """A slice of the phantom as a PET image with a maker's header."""
    made = copy.deepcopy(base)
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = PET
    made.StudyInstanceUID, made.SeriesInstanceUID, made.SOPInstanceUID = (generate_uid(prefix=None) for _ in range(3))
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.Modality, made.RescaleSlope, made.RescaleIntercept = "PT", "3.703125", "0"
    if "RescaleType" in made:
        del made.RescaleType
    dose = pydicom.Dataset()
    for name, value in header.items():
        place = dose if name.startswith("Radio") else made
        if name in pydicom.datadict.keyword_dict and value not in ("", None):
            setattr(place, name, value.strip() if isinstance(value, str) else value)
    made.RadiopharmaceuticalInformationSequence = [dose]
    made.save_as(folder / f"{made.SOPInstanceUID}.dcm")
    return made


def seconds(value: str) -> float:
    """A time of day."""
    return int(value[:2]) * 3600 + int(value[2:4]) * 60 + float(value[4:] or 0)


def expected_factor(header: dict) -> float | None:
    """SUV of 1 Bq/ml, by the document's formula on the header alone."""
    if not {"ATTN", "DECY"} <= set(header["CorrectedImage"]) or header["DecayCorrection"] not in ("START", "ADMIN"):
        return None
    m, dose = header["PatientWeight"] * 1000, header["RadionuclideTotalDose"]
    if header["DecayCorrection"] == "ADMIN":
        return evaluated(FORMULAS["SUV"][1], C=1, m=m, D=dose)
    # A series made after its pictures carries a time that decay is not corrected to.
    start = min(seconds(header["SeriesTime"]), seconds(header["AcquisitionTime"]))
    t = start - seconds(header["RadiopharmaceuticalStartTime"])
    return evaluated(FORMULAS["SUV"][0], C=1, m=m, D=dose, t=t, T=header["RadionuclideHalfLife"])


def uptake(server, page, image) -> dict:
    """A rectangle drawn on a PET image, as the server keeps it, with the label beside it."""
    drawn = desk(server, page, image.StudyInstanceUID)
    drawn.draw("rectangle")
    (mark,) = kept(page, image.StudyInstanceUID, 1)
    mark["label text"] = drawn.labels()["1"]
    return mark


def check_uptake(server, page, base, header: dict, folder) -> None:
    image = pet(base, header, folder)
    assert set(store_files(server, [folder / f"{image.SOPInstanceUID}.dcm"]).values()) == {0}
    mark = uptake(server, page, image)
    factor = expected_factor(header)
    values = pixels(mark, image)
    if factor is None:
        assert SUV not in json.dumps(mark["values"]) and "SUV" not in mark["label text"]
        assert "Bq/ml" in mark["label text"]
        return
    assert number(mark, SUV, MEAN) == pytest.approx(values.mean() * factor, rel=1e-9)
    assert number(mark, SUV, DEVIATION) == pytest.approx(values.std(ddof=1) * factor, rel=1e-9)
    spread = next(each["uncertainty"] for each in mark["values"] if (each["derivation"] or {}).get("value") == MEAN)
    assert spread == pytest.approx(2 * values.std(ddof=1) * factor / math.sqrt(len(values)), rel=1e-9)
    assert re.search(r"\d\sSUV", mark["label text"].replace("\u00a0", " "))


@pytest.mark.parametrize("name", HEADERS)
def test_uptake_follows_the_header(server, page, slices, tmp_path, name):
    """CT-4.3.2.6.1-5 GUIDE-1.1.1.1.2-7"""
    check_uptake(server, page, slices[0], HEADERS[name], tmp_path)


@pytest.mark.parametrize("name", VENDORS)
def test_uptake_follows_the_headers_of_makers(server, page, slices, tmp_path, shared, name):
    """CT-4.3.2.6.1-5"""
    header = json.loads((shared / "pet-ct/suv-metadata" / name).read_text())[0]
    check_uptake(server, page, slices[0], header, tmp_path)


def test_uptake_stored_as_such_is_read_from_real_pet(server, page, shared):
    """GUIDE-1.1.1.1.2-7"""
    files = sorted((shared / "pet-ct/sts-043/PET/image").glob("*.dcm"))
    assert set(store_files(server, files).values()) == {0}
    first = pydicom.dcmread(files[0])
    assert first.Units == "GML"
    mark = uptake(server, page, first)
    image = next(each for each in map(pydicom.dcmread, files) if each.SOPInstanceUID == mark["sopInstanceUID"])
    assert number(mark, SUV, MEAN) == pytest.approx(pixels(mark, image).mean(), rel=1e-9)
