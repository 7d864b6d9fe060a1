"""What the tests of presentation states, overlays and masks share: a server, a study with what is laid over it, a page."""

from __future__ import annotations

import copy
import sys

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

import apus_server
from apus_server import READER, READER_PASSWORD, REPOSITORY
from test_marks_and_overlays import imported

sys.path.append(str(REPOSITORY / "Web/tests/e2e"))
highdicom = pytest.importorskip("highdicom")
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed; Scripts/setup test does it")
pages = pytest.importorskip("pages", reason="the page objects of Web/tests/e2e are absent")
expect = playwright.expect

SHARED = apus_server.shared_data()
MATRIX = 64


@pytest.fixture(scope="module")
def browser(both_browsers):
    return both_browsers


@pytest.fixture(scope="module")
def server(page_server):
    return page_server


@pytest.fixture
def page(browser, server, pictures, request):
    context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900}, **browser.context_options)
    context.set_default_timeout(30_000)
    pages.listen(context)
    made = context.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    pages.Entrance(made).open(server.url).sign_in(READER, READER_PASSWORD)
    made.locator(".study-table").wait_for()
    yield made
    made.screenshot(path=pictures / f"{request.node.name}.png")
    context.close()
    # Firefox takes pictures with a style of the tool's own, which the page's policy forbids.
    assert [each for each in problems if "style-src-elem" not in each] == []


@pytest.fixture(scope="module")
def study(server, tmp_path_factory):
    """Five slices of the phantom: study UID and data sets in order of place."""
    folder = tmp_path_factory.mktemp("phantom")
    apus_server.apus("phantom", "ct", "--images", 5, "--matrix", MATRIX, "--spacing", 5, "--output", folder).ok()
    study, sets = imported(server, sorted(folder.rglob("*.dcm")))
    return study, sorted(sets, key=lambda each: float(each.ImagePositionPatient[2]))


def stored_values(image):
    return image.pixel_array.astype(float) * float(image.RescaleSlope) + float(image.RescaleIntercept)


def saved_as(path, dataset):
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture(scope="module")
def bright(study):
    """Of each slice, the pixels at or above the centre of its window."""
    return [stored_values(each) >= float(np.atleast_1d(each.WindowCenter)[0]) for each in study[1]]


@pytest.fixture(scope="module")
def segmentation(server, study, bright, tmp_path_factory):
    """The bright pixels as one binary segment, the left half of each slice as a fractional one of another object."""
    folder = tmp_path_factory.mktemp("seg")
    images = study[1]

    def made(kind, array, name, **more):
        description = highdicom.seg.SegmentDescription(
            segment_number=1, segment_label=name, segmented_property_category=highdicom.sr.CodedConcept("123037004", "SCT", "Body structure"),
            segmented_property_type=highdicom.sr.CodedConcept("272673000", "SCT", "Bone"), algorithm_type="MANUAL",
            display_color=highdicom.color.CIELabColor.from_rgb(255, 0, 0))
        path = folder / f"{name}.dcm"
        highdicom.seg.Segmentation(
            source_images=images, pixel_array=array, segmentation_type=kind, segment_descriptions=[description],
            series_instance_uid=generate_uid(), series_number=50, sop_instance_uid=generate_uid(), instance_number=1,
            manufacturer="Test", manufacturer_model_name="Test", software_versions="1", device_serial_number="1", **more).save_as(path)
        return path

    half = np.zeros((len(images), MATRIX, MATRIX))
    half[:, :, : MATRIX // 2] = 0.5
    paths = [
        made("BINARY", np.stack(bright).astype(np.uint8), "bright"),
        made("FRACTIONAL", half, "half", max_fractional_value=200),
    ]
    return imported(server, paths)[1]


@pytest.fixture(scope="module")
def structures(server, study, tmp_path_factory):
    """A square of 20 by 10 mm on the second slice, a point a millimetre above it, a line on the third; one elsewhere."""
    image, third = study[1][1], study[1][2]
    x, y, z = (float(each) for each in image.ImagePositionPatient)
    row, column = (float(each) for each in image.PixelSpacing)

    def at(u, v, depth=z):
        return [x + u * column, y + v * row, depth]

    data = Dataset()
    for name in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID",
                 "AccessionNumber", "ReferringPhysicianName"):
        if name in image:
            data[name] = copy.deepcopy(image[name])
    data.SOPClassUID, data.SOPInstanceUID, data.SeriesInstanceUID = "1.2.840.10008.5.1.4.1.1.481.3", generate_uid(), generate_uid()
    data.Modality, data.SeriesNumber, data.InstanceNumber, data.Manufacturer = "RTSTRUCT", 60, 1, "Test"
    data.StructureSetLabel, data.StructureSetDate, data.StructureSetTime = "PLAN", "20260101", "120000"
    contours = {
        (1, "square", image.FrameOfReferenceUID): [("CLOSED_PLANAR", at(10, 12) + at(30, 12) + at(30, 40) + at(10, 40))],
        (2, "point", image.FrameOfReferenceUID): [("POINT", at(50, 50, z + 1))],
        (3, "line", image.FrameOfReferenceUID): [
            ("OPEN_PLANAR", at(5, 5, float(third.ImagePositionPatient[2])) + at(60, 5, float(third.ImagePositionPatient[2])))],
        (4, "elsewhere", generate_uid()): [("CLOSED_PLANAR", at(10, 12) + at(30, 12) + at(30, 40))],
    }
    data.StructureSetROISequence, data.ROIContourSequence, data.RTROIObservationsSequence = [], [], []
    for (number, name, frame), drawn in contours.items():
        roi, item, observation = Dataset(), Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID, roi.ROIGenerationAlgorithm = number, name, frame, "MANUAL"
        item.ReferencedROINumber, item.ROIDisplayColor, item.ContourSequence = number, [0, 255, 0], []
        for kind, points in drawn:
            contour = Dataset()
            contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(points) // 3
            contour.ContourData = [f"{each:.6g}" for each in points]
            item.ContourSequence.append(contour)
        observation.ObservationNumber, observation.ReferencedROINumber = number, number
        observation.RTROIInterpretedType, observation.ROIInterpreter = "ORGAN", ""
        data.StructureSetROISequence.append(roi)
        data.ROIContourSequence.append(item)
        data.RTROIObservationsSequence.append(observation)
    path = saved_as(tmp_path_factory.mktemp("rt") / "rt.dcm", data)
    return imported(server, [path])[1][0]


def opened(page, server, study, series):
    """The series alone in one view, its pixels not smoothed."""
    viewer = pages.Viewer(page).open(server.url, study)
    page.locator(".series-entry").first.wait_for()
    page.locator(f"[data-series='{series}']").first.click()
    page.locator(".viewport[data-full=true]").wait_for()
    page.keyboard.press("Shift+S")
    return settled(viewer)


def settled(viewer):
    """The picture and what lies over it are drawn as they were last asked for."""
    return viewer.shown()


SAMPLE = """points => {
  const laid = document.querySelector('.laid-over'), picture = document.querySelector('.viewport-canvas');
  const [a, b, c, d, e, f] = laid.dataset.transform.split(' ').map(Number);
  const read = canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const over = laid.width > 1 ? read(laid) : null, under = read(picture);
  return points.map(([x, y]) => {
    const u = Math.floor(a * x + c * y + e), v = Math.floor(b * x + d * y + f);
    if (u < 0 || v < 0 || u >= picture.width || v >= picture.height) return null;
    const at = 4 * (v * picture.width + u);
    return [under[at], ...(over ? [over[at], over[at + 1], over[at + 2], over[at + 3]] : [0, 0, 0, 0])];
  });
}"""


def sampled(page, rows, columns, step=1):
    """Grey of the picture, and red, green, blue and opacity of what is laid over it, at image pixels' centres."""
    centres = [[x + 0.5, y + 0.5] for y in range(0, rows, step) for x in range(0, columns, step)]
    found = page.evaluate(SAMPLE, centres)
    shape = len(range(0, rows, step)), len(range(0, columns, step))
    return np.array([each is not None for each in found]).reshape(shape), np.array([each or [0] * 5 for each in found]).reshape(*shape, 5)
