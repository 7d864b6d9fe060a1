"""What is laid over images and saved from the view: overlay planes, masks, contours, presentation states, withdrawn marks (PACS-4.2.8-f).

A browser shows them from the real server; pydicom and numpy say what must be seen, DCMTK renders what was saved.
"""

from __future__ import annotations

import copy
import io
import shutil
import subprocess
import sys

import numpy as np
import PIL.Image
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

import apus_server
from apus_server import REPOSITORY, ApusServer
from test_marks_and_overlays import fetched, imported, mark, validated, value

sys.path.append(str(REPOSITORY / "Web/tests/e2e"))
highdicom = pytest.importorskip("highdicom")
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed; Scripts/setup test does it")
pages = pytest.importorskip("pages", reason="the page objects of Web/tests/e2e are absent")
expect = playwright.expect

SHARED = apus_server.shared_data()
PASSWORD = "Quiet-harbour-7-lantern"
MATRIX = 64


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    built = REPOSITORY / "Web/dist"
    settings = {"http.webDirectory": str(built)} if (built / "index.html").exists() else {}
    server = ApusServer(tmp_path_factory.mktemp("laid") / "data", settings=settings).start()
    server.run("user", "add", "reader", "--role", "radiologist", "--password-stdin", stdin=PASSWORD + "\n").ok()
    yield server
    server.stop()


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


# MARK: Overlay planes


def overlay_bits(dataset, group, frame=1):
    """The bits of a plane as pydicom and numpy read them, and where its first pixel lies."""
    rows, columns = dataset[group, 0x0010].value, dataset[group, 0x0011].value
    if (group, 0x3000) in dataset:
        bits = np.unpackbits(np.frombuffer(dataset[group, 0x3000].value, np.uint8), bitorder="little")
        return bits[(frame - 1) * rows * columns:][: rows * columns].reshape(rows, columns)
    words = np.frombuffer(dataset.PixelData, "<u2").reshape(-1, rows, columns)[frame - 1]
    return words >> dataset[group, 0x0102].value & 1


@pytest.mark.skipif(SHARED is None, reason="no shared test data")
@pytest.mark.parametrize("name, groups", [
    ("transfer-syntaxes/pydicom/examples_overlay.dcm", [0x6000]),
    # Two planes in bits 14 and 15 of the pixel words, two with data of their own.
    ("seg-sr-gsps/weasis-pr/overlay.dcm", [0x6000, 0x6002, 0x6004, 0x6006]),
])
def test_pacs_4_2_8_f_overlay_planes_are_the_bits_of_another_reader(server, name, groups):
    study, (image,) = imported(server, [SHARED / name])
    answer = server.session("radiologist").get(f"{server.url}/api/studies/{study}/overlays/{image.SOPInstanceUID}")
    assert answer.status_code == 200, answer.text
    planes = {each["group"]: each for each in answer.json()["planes"]}
    assert sorted(planes) == groups and answer.json()["unreadable"] == []
    for group, plane in planes.items():
        expected = overlay_bits(image, group)
        (frame,) = plane["frames"]
        found = np.repeat(np.arange(len(frame["runs"])) % 2, frame["runs"]).reshape(expected.shape)
        assert np.array_equal(found, expected) and expected.any()
        assert plane["origin"] == [0, 0] and plane["type"] == "G"


@pytest.fixture(scope="module")
def overlaid(server, study, tmp_path_factory):
    """A run of four frames: a region over frames 2 and 3 that begins left of and above the image, words over all frames."""
    template = study[1][0]
    data = Dataset()
    for element in template:
        if element.tag.group < 0x0028 and element.tag != 0x00200013:
            data[element.tag] = copy.deepcopy(element)
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID", "SliceLocation"):
        if name in data:
            delattr(data, name)
    data.SOPClassUID, data.SOPInstanceUID, data.SeriesInstanceUID = "1.2.840.10008.5.1.4.1.1.7.3", generate_uid(), generate_uid()
    data.SeriesNumber, data.InstanceNumber, data.NumberOfFrames, data.Modality = 70, 1, 4, "OT"
    data.Rows, data.Columns, data.SamplesPerPixel, data.PhotometricInterpretation = 32, 40, 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.PixelData = np.full((4, 32, 40), 500, "<u2").tobytes()
    rng = np.random.default_rng(7)
    region, words = rng.integers(0, 2, (2, 10, 13), np.uint8), rng.integers(0, 2, (32, 40), np.uint8)
    for group, kind, bits, origin in ((0x6000, "R", region, [-1, 0]), (0x6010, "G", words, [1, 1])):
        rows, columns = bits.shape[-2:]
        packed = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
        for element, vr, content in (
            (0x0010, "US", rows), (0x0011, "US", columns), (0x0040, "CS", kind), (0x0050, "SS", origin), (0x0100, "US", 1),
            (0x0102, "US", 0), (0x3000, "OW", packed + b"\0" * (len(packed) % 2)),
        ):
            data.add_new((group, element), vr, content)
    data.add_new((0x6000, 0x0015), "IS", 2)
    data.add_new((0x6000, 0x0051), "US", 2)
    path = saved_as(tmp_path_factory.mktemp("overlay") / "run.dcm", data)
    return imported(server, [path])[1][0], region, words


def test_overlays_of_several_frames_lie_over_their_frames(server, overlaid):
    image, region, words = overlaid
    url = f"{server.url}/api/studies/{image.StudyInstanceUID}/overlays/{image.SOPInstanceUID}"
    planes = {each["group"]: each for each in server.session("clinician").get(url).json()["planes"]}
    assert [each["frameNumber"] for each in planes[0x6000]["frames"]] == [2, 3]
    assert [each["frameNumber"] for each in planes[0x6010]["frames"]] == [1, 2, 3, 4]
    # Origin counts rows first, from 1.
    assert planes[0x6000]["origin"] == [-1, -2] and planes[0x6000]["type"] == "R"
    for frame, bits in zip(planes[0x6000]["frames"], region):
        assert np.array_equal(np.repeat(np.arange(len(frame["runs"])) % 2, frame["runs"]).reshape(bits.shape), bits)
    one = server.session("clinician").get(url, params={"frames": "3-3"}).json()["planes"]
    assert [[frame["frameNumber"] for frame in each["frames"]] for each in one] == [[3], [3]]
    for wrong in ("0-1", "3-2", "1-9999999", "x", "1-2-3"):
        assert server.session("clinician").get(url, params={"frames": wrong}).status_code == 400


@pytest.mark.skipif(SHARED is None, reason="no shared test data")
def test_an_overlay_without_its_bits_is_named(server):
    study, (image,) = imported(server, [SHARED / "malformed/fuzz-corpus/cat21-TC0989_overlay_empty.dcm"])
    answer = server.session("radiologist").get(f"{server.url}/api/studies/{study}/overlays/{image.SOPInstanceUID}").json()
    assert answer["planes"] == [] and answer["unreadable"] == [0x6000]


# MARK: On the screen


# Firefox in Debian does not know these emulations; its context fails unless they are left alone.
FIREFOX_CONTEXT = dict(color_scheme="null", reduced_motion="null", forced_colors="null", contrast="null")


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def browser(request):
    program = shutil.which({"chromium": "chromium", "firefox": "firefox-esr"}[request.param])
    if program is None:
        pytest.skip(f"{request.param} is not installed; Scripts/setup test does it")
    options = dict(args=["--no-sandbox"]) if request.param == "chromium" else dict(channel="moz-firefox")
    with playwright.sync_playwright() as driver:
        started = getattr(driver, request.param).launch(executable_path=program, **options)
        started.context_options = FIREFOX_CONTEXT if request.param == "firefox" else {}
        yield started
        started.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return tmp_path_factory.mktemp("screenshots")


@pytest.fixture
def page(browser, server, pictures, request):
    context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900}, **browser.context_options)
    context.set_default_timeout(30_000)
    pages.listen(context)
    made = context.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    pages.Entrance(made).open(server.url).sign_in("reader", PASSWORD)
    made.locator(".study-table").wait_for()
    yield made
    made.screenshot(path=pictures / f"{request.node.name}.png")
    context.close()
    # Firefox takes pictures with a style of the tool's own, which the page's policy forbids.
    assert [each for each in problems if "style-src-elem" not in each] == []


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


def transformed(page, viewer):
    """The view as it is, then turned, mirrored, enlarged and moved one after the other."""
    yield "as it is"
    for key, name in (("Shift+R", "turned"), ("Shift+H", "mirrored"), ("=", "enlarged"), ("Shift+V", "mirrored again")):
        page.keyboard.press(key)
        settled(viewer)
        yield name
    page.keyboard.press("t")
    viewer.drag(70, -45)
    settled(viewer)
    yield "moved"


def test_pacs_4_2_8_f_overlays_are_drawn_where_they_belong(page, server, overlaid, pictures):
    image, region, words = overlaid
    viewer = opened(page, server, image.StudyInstanceUID, image.SeriesInstanceUID)
    page.keyboard.press("ArrowDown")
    viewer.shown(1)
    expect(page.locator(".laid-over")).to_have_attribute("data-stamps", "2")
    whole = np.zeros((32, 40), bool)
    whole[:8, :12] = region[0][2:, 1:]
    for name in transformed(page, viewer):
        seen, values = sampled(page, 32, 40)
        assert seen.sum() > 200
        assert np.array_equal((values[..., 4] > 0)[seen], (words.astype(bool) | whole)[seen]), name
    page.screenshot(path=pictures / "overlays.png")
    page.keyboard.press("Alt+o")
    expect(page.locator(".laid-over")).to_have_attribute("data-stamps", "0")


@pytest.fixture(scope="module")
def shuttered(server, study, tmp_path_factory):
    """A bright radiograph with a rectangular and a circular shutter of its own: only what lies in both openings is shown."""
    data = Dataset()
    for element in study[1][0]:
        if element.tag.group < 0x0018:
            data[element.tag] = copy.deepcopy(element)
    data.SOPClassUID, data.SOPInstanceUID, data.SeriesInstanceUID = "1.2.840.10008.5.1.4.1.1.1", generate_uid(), generate_uid()
    data.StudyInstanceUID = study[1][0].StudyInstanceUID
    data.Modality, data.SeriesNumber, data.InstanceNumber = "CR", 80, 1
    data.Rows = data.Columns = MATRIX
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.WindowCenter, data.WindowWidth = 500, 1000
    data.PixelData = np.full((MATRIX, MATRIX), 800, "<u2").tobytes()
    data.ShutterShape = ["RECTANGULAR", "CIRCULAR"]
    data.ShutterLeftVerticalEdge, data.ShutterRightVerticalEdge = 11, 50
    data.ShutterUpperHorizontalEdge, data.ShutterLowerHorizontalEdge = 21, 60
    data.CenterOfCircularShutter, data.RadiusOfCircularShutter = [36, 31], 22
    data.ShutterPresentationValue = 0
    path = saved_as(tmp_path_factory.mktemp("shutter") / "cr.dcm", data)
    return imported(server, [path])[1][0]


def test_an_image_s_own_shutters_hide_what_lies_outside_of_them(page, server, shuttered, pictures):
    """PS3.3 C.7.6.11; columns and rows count from 1, edges belong to the opening."""
    viewer = opened(page, server, shuttered.StudyInstanceUID, shuttered.SeriesInstanceUID)
    rows, columns = np.mgrid[1 : MATRIX + 1, 1 : MATRIX + 1]
    distance = np.hypot(rows - 36, columns - 31)
    shown = (columns >= 11) & (columns <= 50) & (rows >= 21) & (rows <= 60) & (distance < 22)
    for name in transformed(page, viewer):
        path = pictures / f"shutter-{name.replace(' ', '-')}.png"
        page.locator(".viewport").first.screenshot(path=path)
        screen = np.asarray(PIL.Image.open(path).convert("L")).astype(int)
        a, b, c, d, e, f = map(float, page.locator(".laid-over").first.get_attribute("data-transform").split())
        x, y = columns - 0.5, rows - 0.5
        u, v = np.floor(a * x + c * y + e).astype(int), np.floor(b * x + d * y + f).astype(int)
        # Away from the circle's line, and from the text at the view's edges.
        seen = (np.abs(distance - 22) > 1) & (u > 250) & (v > 120) & (u < screen.shape[1] - 250) & (v < screen.shape[0] - 120)
        assert (seen & shown).sum() > 200 and (seen & ~shown).sum() > 100, name
        levels = screen[np.clip(v, 0, screen.shape[0] - 1), np.clip(u, 0, screen.shape[1] - 1)]
        assert (levels[seen & shown] > 190).all() and (levels[seen & ~shown] < 10).all(), name


@pytest.mark.skipif(SHARED is None, reason="no shared test data")
def test_pacs_4_2_8_f_a_state_shows_the_overlays_it_puts_into_layers(page, server):
    folder = SHARED / "seg-sr-gsps/weasis-pr"
    study, (image, state) = imported(server, [folder / "overlay.dcm", folder / "prOverlay.dcm"])
    viewer = opened(page, server, study, image.SeriesInstanceUID)
    expect(page.locator(".laid-over")).to_have_attribute("data-stamps", "4")
    page.keyboard.press("Alt+s")
    page.locator("dialog li button").nth(1).click()
    settled(viewer)
    # Four of the image's own and two that come with the state.
    expect(page.locator(".laid-over")).to_have_attribute("data-stamps", "4")
    expect(page.locator(".state-layer path.state-filled")).to_have_count(2)
    seen, values = sampled(page, 512, 512, 3)
    expected = np.any([overlay_bits(image, group) for group in (0x6000, 0x6002, 0x6004, 0x6006)], axis=0)[::3, ::3]
    # The picture may be smaller than its pixels: then a point is at least tinted where it is set.
    assert (values[..., 4] > 0)[expected & seen].mean() > 0.95


def test_pacs_4_2_8_f_masks_cover_the_pixels_they_were_made_of(page, server, study, bright, segmentation):
    viewer = opened(page, server, study[0], study[1][0].SeriesInstanceUID)
    page.keyboard.press("Alt+g")
    panel = page.locator(".side-panel")
    row = panel.locator(".structure", has_text="bright")
    row.locator("input[type=checkbox]").check()
    layer = page.locator(".laid-over")
    expect(layer).to_have_attribute("data-stamps", "1")
    page.keyboard.press("End")
    settled(viewer)
    index = int(viewer.viewport.get_attribute("data-shown"))
    order = [each.SOPInstanceUID for each in study[1]]
    # Which way the stack is ordered, the manifest says.
    listed = server.session("clinician").get(f"{server.url}/api/studies/{study[0]}/viewing").json()
    series = next(each for each in listed["series"] if each["seriesInstanceUID"] == study[1][0].SeriesInstanceUID)
    instance = series["frames"]["instance"][index]
    mask = bright[order.index(series["instances"]["sopInstanceUID"][instance])]
    assert mask.any() and not mask.all()
    for name in transformed(page, viewer):
        seen, values = sampled(page, MATRIX, MATRIX)
        assert seen.sum() > 500
        assert np.array_equal((values[..., 4] > 0)[seen], mask[seen]), name
        # Not by our own transform alone: the picture under it is bright just there.
        assert values[..., 0][seen & mask].min() > values[..., 0][seen & ~mask].max(), name
        red, green, blue, alpha = (values[seen & mask][0][i] for i in range(1, 5))
        # Through CIELab and back, and through the canvas, which keeps colour multiplied by opacity.
        assert red > 240 and green < 10 and blue < 10 and abs(alpha - 128) <= 1
    row.locator("input[type=checkbox]").uncheck()
    panel.locator(".structure", has_text="half").locator("input[type=checkbox]").check()
    expect(layer).to_have_attribute("data-stamps", "1")
    settled(viewer)
    seen, values = sampled(page, MATRIX, MATRIX)
    left = np.zeros((MATRIX, MATRIX), bool)
    left[:, : MATRIX // 2] = True
    # Half of full, at half opacity.
    assert np.array_equal((values[..., 4] > 0)[seen], left[seen])
    assert np.abs(values[..., 4][seen & left] - 64).max() <= 2


@pytest.fixture(scope="module")
def label_map(server, study, bright, tmp_path_factory):
    """One object in which each pixel names its segment: the bright pixels the first, what is left of them in the left half the second."""
    labels = np.stack(bright).astype(np.uint8)
    labels[:, :, : MATRIX // 2][labels[:, :, : MATRIX // 2] == 0] = 2
    described = [
        highdicom.seg.SegmentDescription(
            segment_number=number, segment_label=name, algorithm_type="MANUAL",
            segmented_property_category=highdicom.sr.CodedConcept("123037004", "SCT", "Body structure"),
            segmented_property_type=highdicom.sr.CodedConcept("272673000", "SCT", "Bone"),
            display_color=highdicom.color.CIELabColor.from_rgb(*color))
        for number, name, color in ((1, "label one", (255, 0, 0)), (2, "label two", (0, 255, 0)))
    ]
    path = tmp_path_factory.mktemp("labels") / "labels.dcm"
    highdicom.seg.Segmentation(
        source_images=study[1], pixel_array=labels, segmentation_type="LABELMAP", segment_descriptions=described,
        series_instance_uid=generate_uid(), series_number=51, sop_instance_uid=generate_uid(), instance_number=1,
        manufacturer="Test", manufacturer_model_name="Test", software_versions="1", device_serial_number="1").save_as(path)
    imported(server, [path])
    return {each.SOPInstanceUID: labels[index] for index, each in enumerate(study[1])}


def test_pacs_4_2_8_f_a_label_map_is_drawn_segment_by_segment(page, server, study, label_map):
    viewer = opened(page, server, study[0], study[1][0].SeriesInstanceUID)
    page.keyboard.press("Alt+g")
    panel, layer = page.locator(".side-panel"), page.locator(".laid-over")
    page.keyboard.press("Home")
    settled(viewer)
    listed = server.session("clinician").get(f"{server.url}/api/studies/{study[0]}/viewing").json()
    series = next(each for each in listed["series"] if each["seriesInstanceUID"] == study[1][0].SeriesInstanceUID)
    labels = label_map[series["instances"]["sopInstanceUID"][series["frames"]["instance"][0]]]
    assert {0, 1, 2} == set(np.unique(labels))
    for name, label, color in (("label one", 1, (255, 0, 0)), ("label two", 2, (0, 255, 0))):
        box = panel.locator(".structure", has_text=name).locator("input[type=checkbox]")
        box.check()
        expect(layer).to_have_attribute("data-stamps", "1")
        settled(viewer)
        seen, values = sampled(page, MATRIX, MATRIX)
        assert np.array_equal((values[..., 4] > 0)[seen], (labels == label)[seen]), name
        assert np.abs(values[seen & (labels == label)][0][1:4] - color).max() < 16
        box.uncheck()


def test_pacs_4_2_8_f_contours_lie_on_their_slice_and_say_why_not(page, server, study, structures):
    viewer = opened(page, server, study[0], study[1][0].SeriesInstanceUID)
    page.keyboard.press("Alt+g")
    parts = page.locator(".side-panel .structures", has_text="PLAN").locator(".structure")
    expect(parts).to_have_count(4)
    for part in parts.all():
        part.locator("input[type=checkbox]").check()
    expect(parts.nth(3).locator(".structure-reason")).to_contain_text("另一个参考坐标系")
    square = parts.nth(0)
    if square.locator(".structure-reason button").count():
        square.locator(".structure-reason button").click()
    layer = page.locator(".laid-over")
    # The square, and the point a millimetre away; the line is two slices off.
    expect(layer).to_have_attribute("data-outlines", "2")
    settled(viewer)
    for name in transformed(page, viewer):
        seen, values = sampled(page, MATRIX, MATRIX)
        rows, columns = np.mgrid[:MATRIX, :MATRIX]
        # Positions in the object are centres of pixels; on the line itself and about the point either is right.
        inside = (columns > 10) & (columns < 30) & (rows > 12) & (rows < 40)
        outside = (columns < 9) | (columns > 31) | (rows < 11) | (rows > 41)
        outside &= (abs(columns - 50) > 2) | (abs(rows - 50) > 2)
        drawn = values[..., 4] > 0
        assert drawn[seen & inside].all(), name
        assert not drawn[seen & outside].any(), name
    expect(parts.nth(2).locator(".structure-reason")).to_contain_text("不在这幅图像上")


# MARK: Saved from the view


def test_pacs_4_2_8_f_what_stands_in_the_view_is_saved_shown_again_and_rendered_alike_by_dcmtk(page, server, study, tmp_path):
    if shutil.which("dcmp2pgm") is None:
        pytest.skip("dcmp2pgm is not installed")
    viewer = opened(page, server, study[0], study[1][0].SeriesInstanceUID)
    viewer.drag(40, 25)
    # A length, drawn on the slice shown.
    page.keyboard.press("d")
    viewer.drag(120, 60)
    page.keyboard.press("w")
    page.keyboard.press("Escape")
    for key in ("Shift+I", "Shift+R", "Shift+H"):
        page.keyboard.press(key)
    settled(viewer)
    _, before = sampled(page, MATRIX, MATRIX)
    corner = viewer.corner("bottom-right")
    page.keyboard.press("Alt+Shift+S")
    page.locator("dialog input[name=label]").fill("LUNG 1")
    page.locator("dialog input[name=description]").fill("右上叶")
    page.locator("dialog button[type=submit]").click()
    pages.expect_heard(page, "已保存 1 个显示状态")
    states = server.session("clinician").get(f"{server.url}/api/studies/{study[0]}/presentation-states").json()["states"]
    state = next(each for each in states if each["label"] == "LUNG 1")
    assert state["description"] == "右上叶" and state["creator"] == "reader" and state["created"]
    assert len(state["references"]) == len(study[1]) and state["notUnderstood"] == []
    assert (state["rotation"], state["flipped"]) == (90, True) and state["presentation"] == {"shape": "INVERSE"}
    # The mark goes along as graphics that are no mark of their own.
    # Another browser of the same reader may have drawn one before.
    *_, annotation = state["annotations"]
    assert annotation["mark"].startswith("2.25.") and annotation["isMark"] is False and annotation["images"]
    assert [each["type"] for each in annotation["graphics"]] == ["POLYLINE"] and "mm" in annotation["texts"][0]["text"]
    assert server.session("clinician").get(f"{server.url}/api/studies/{study[0]}/marks").json()["marks"] == []
    # Something else, then the state from the list: the same picture.
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+S")
    settled(viewer)
    _, reset = sampled(page, MATRIX, MATRIX)
    assert not np.array_equal(before[..., 0], reset[..., 0])
    page.keyboard.press("Alt+s")
    page.locator("dialog li", has_text="LUNG 1").locator("button.protocol-apply").first.click()
    settled(viewer)
    # Drawn as the mark it is, not twice.
    expect(page.locator(".state-layer path, .state-layer text")).to_have_count(0)
    _, after = sampled(page, MATRIX, MATRIX)
    assert np.array_equal(before[..., 0], after[..., 0])
    assert [line for line in viewer.corner("bottom-right").splitlines() if "窗宽" in line] == [
        line for line in corner.splitlines() if "窗宽" in line]
    # DCMTK renders the object that was stored.
    content = fetched(server, study[0], state)
    assert validated(tmp_path, content, "state.dcm") == []
    (tmp_path / "state.dcm").write_bytes(content)
    shown = page.evaluate("() => document.querySelector('.viewport').dataset.shown")
    listed = server.session("clinician").get(f"{server.url}/api/studies/{study[0]}/viewing").json()
    series = next(each for each in listed["series"] if each["seriesInstanceUID"] == study[1][0].SeriesInstanceUID)
    wanted = series["instances"]["sopInstanceUID"][series["frames"]["instance"][int(shown)]]
    image = next(each for each in study[1] if each.SOPInstanceUID == wanted)
    image.save_as(tmp_path / "image.dcm")
    subprocess.run(
        ["dcmp2pgm", "-p", str(tmp_path / "state.dcm"), str(tmp_path / "image.dcm"), str(tmp_path / "out.pgm")],
        check=True, capture_output=True, timeout=60)
    raw = (tmp_path / "out.pgm").read_bytes()
    rendered = np.frombuffer(raw[-MATRIX * MATRIX:], np.uint8).reshape(MATRIX, MATRIX).astype(int)
    # The picture is turned and mirrored on the screen; sampled by image pixel it is not. DCMTK's is: turned back here.
    upright = np.rot90(np.fliplr(rendered))
    assert np.abs(upright - after[..., 0]).max() <= 1


# MARK: Withdrawn


def test_pacs_4_5_2_a_published_mark_leaves_the_screen_for_good(page, server, tmp_path):
    folder = tmp_path / "phantom"
    apus_server.apus("phantom", "ct", "--images", 1, "--matrix", 32, "--seed", 11, "--patient-id", "ALONE", "--output", folder).ok()
    study, (image,) = imported(server, sorted(folder.rglob("*.dcm")))
    viewer = opened(page, server, study, image.SeriesInstanceUID)
    page.keyboard.press("d")
    viewer.drag(120, 60)
    page.keyboard.press("Shift+M")
    rows = page.locator(".marks-row")
    expect(rows).to_have_count(1)
    page.keyboard.press("Control+s")
    url = f"{server.url}/api/studies/{study}/marks"
    apus_server.eventually(lambda: len(server.session("clinician").get(url).json()["marks"]) == 1, what="publishing")
    page.reload()
    viewer.shown()
    page.keyboard.press("Shift+M")
    expect(rows).to_have_count(1)
    rows.locator(".marks-jump").click()
    page.keyboard.press("Delete")
    page.locator("dialog .button-danger").click()
    expect(rows).to_have_count(0)
    assert server.session("clinician").get(url).json()["marks"] == []
    page.reload()
    viewer.shown()
    page.keyboard.press("Shift+M")
    page.wait_for_timeout(500)
    expect(rows).to_have_count(0)


def test_pacs_4_5_2_published_marks_are_withdrawn_by_their_author_and_nothing_is_deleted(server, tmp_path):
    folder = tmp_path / "phantom"
    apus_server.apus("phantom", "ct", "--images", 2, "--matrix", 32, "--seed", 9, "--output", folder).ok()
    study, images = imported(server, sorted(folder.rglob("*.dcm")))
    url = f"{server.url}/api/studies/{study}/marks"
    reader = server.session("radiologist")
    drawn = [
        mark(images[0], "length", [[1, 1], [9, 1]], [value("410668003", "SCT", "Length", 8.0, "mm")]),
        mark(images[0], "length", [[1, 5], [9, 5]], [value("410668003", "SCT", "Length", 8.0, "mm")]),
        mark(images[1], "text", [[4, 4]], text="note"),
    ]
    made = reader.post(url, json={"attempt": uid_number(), "marks": drawn}).json()["instances"]
    listed = lambda: {each["uid"]: each for each in reader.get(url).json()["marks"]}  # noqa: E731
    first = listed()
    assert set(first) == {each["uid"] for each in drawn}
    body = {"attempt": uid_number(), "marks": [drawn[0]["uid"]], "text": "错侧"}
    # Neither a role without the right nor another person with it.
    for role in ("registrar", "technologist"):
        assert server.session(role).post(url + "/withdraw", json=body).status_code == 403
    answer = apus_server.confirmed(reader, "POST", url + "/withdraw", json=body)
    assert answer.status_code == 201, answer.text
    assert reader.post(url + "/withdraw", json=body).json() == answer.json()
    left = listed()
    assert set(left) == {drawn[1]["uid"], drawn[2]["uid"]}
    for kept in left:
        assert {k: v for k, v in left[kept].items() if k != "origin"} == {k: v for k, v in first[kept].items() if k != "origin"}
    done = answer.json()
    report = next(each for each in made if drawn[0]["uid"] in each["marks"])
    assert done["rejected"] == [report["sopInstanceUID"]]
    # The report is still there, the note says what it rejects and why, and its successor names it.
    assert pydicom.dcmread(io.BytesIO(fetched(server, study, report))).SOPInstanceUID == report["sopInstanceUID"]
    note = fetched(server, study, done["note"])
    assert validated(tmp_path, note, "note.dcm") == []
    document = highdicom.ko.KeyObjectSelectionDocument.from_dataset(pydicom.dcmread(io.BytesIO(note)))
    assert document.ConceptNameCodeSequence[0].CodeValue == "113001"
    assert document.resolve_reference(report["sopInstanceUID"])[2] == report["sopInstanceUID"]
    (successor,) = done["instances"]
    written = pydicom.dcmread(io.BytesIO(fetched(server, study, successor)))
    predecessor = written.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert predecessor.ReferencedSOPInstanceUID == report["sopInstanceUID"]
    assert validated(tmp_path, fetched(server, study, successor), "successor.dcm") == []
    # It stays so after a restart, and withdrawing what is gone is an error.
    server.restart()
    assert set({each["uid"] for each in server.session("radiologist").get(
        f"{server.url}/api/studies/{study}/marks").json()["marks"]}) == set(left)
    again = server.session("radiologist").post(
        f"{server.url}/api/studies/{study}/marks/withdraw", json={**body, "attempt": uid_number()})
    assert again.status_code == 404
    log = apus_server.table(server.run("audit", "--limit", 1000).ok().out)
    (entry,) = [row for row in log if done["note"]["sopInstanceUID"] in row["OBJECTS"]]
    assert entry["EVENT"] == "study.changed" and report["sopInstanceUID"] in entry["OBJECTS"]


def uid_number():
    return generate_uid(prefix=None)
