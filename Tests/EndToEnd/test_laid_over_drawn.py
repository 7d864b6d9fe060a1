"""What is laid over images, as it is drawn: overlay planes, masks, contours, shutters (PACS-4.2.8-f).

A browser shows them from the real server; pydicom and numpy say what must be seen.
"""

from __future__ import annotations

import copy

import numpy as np
import PIL.Image
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from laid_over_cases import (  # noqa: F401
    MATRIX, SHARED, bright, browser, expect, highdicom, opened, page, sampled, saved_as, segmentation, server, settled, structures,
    study,
)
from test_marks_and_overlays import imported


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
