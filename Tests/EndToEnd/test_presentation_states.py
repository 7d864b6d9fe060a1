"""Presentation states that others made, saved ones and withdrawn ones; shutters in rendered pictures; the status line (PACS-4.2.8-f).

pydicom and numpy make the objects and say what must be seen.
"""

from __future__ import annotations

import copy
import io
import re

import numpy as np
import PIL.Image
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

import apus_server
from laid_over_cases import (  # noqa: F401
    MATRIX, bright, browser, expect, opened, page, pages, saved_as, segmentation, server, settled, stored_values, structures,
    study,
)
from test_marks_and_overlays import fetched, imported, validated

GSPS, COLOUR, PSEUDO, BLENDING = (f"1.2.840.10008.5.1.4.1.1.11.{number}" for number in (1, 2, 3, 4))
IDENTITY = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID",
            "AccessionNumber", "ReferringPhysicianName")


def like(template, sop_class, modality):
    """An object of the template's study in a series of its own."""
    data = Dataset()
    for name in IDENTITY:
        if name in template:
            data[name] = copy.deepcopy(template[name])
    data.SOPClassUID, data.SOPInstanceUID, data.SeriesInstanceUID = sop_class, generate_uid(), generate_uid()
    data.Modality, data.SeriesNumber, data.InstanceNumber, data.Manufacturer = modality, 90, 1, "Test"
    return data


def reference(image):
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    return item


def series_reference(images):
    item = Dataset()
    item.SeriesInstanceUID, item.ReferencedImageSequence = images[0].SeriesInstanceUID, [reference(each) for each in images]
    return item


def state_of(images, sop_class, label, **attributes):
    state = like(images[0], sop_class, "PR")
    state.ContentLabel, state.ContentDescription, state.ContentCreatorName = label, "", "Else^Somebody"
    state.PresentationCreationDate, state.PresentationCreationTime = "20260101", "120000"
    if sop_class != BLENDING:
        state.ReferencedSeriesSequence = [series_reference(images)]
    area = Dataset()
    area.DisplayedAreaTopLeftHandCorner, area.DisplayedAreaBottomRightHandCorner = [1, 1], [images[0].Columns, images[0].Rows]
    area.PresentationSizeMode, area.PresentationPixelAspectRatio = "SCALE TO FIT", [1, 1]
    state.DisplayedAreaSelectionSequence = [area]
    for name, content in attributes.items():
        setattr(state, name, content)
    return state


def softcopy(center, width, function=None):
    item = Dataset()
    item.WindowCenter, item.WindowWidth = center, width
    if function:
        item.VOILUTFunction = function
    return [item]


def set_palette(state, colours, entries):
    """Red, green and blue of 16 bits: `colours` at `entries` places from black to white."""
    for index, name in enumerate(("Red", "Green", "Blue")):
        setattr(state, f"{name}PaletteColorLookupTableDescriptor", [entries % 65536, 0, 16])
        setattr(state, f"{name}PaletteColorLookupTableData", colours[:, index].astype("<u2").tobytes())


def linear(values, center, width):
    return np.floor(np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0, 1) * 255 + 0.5).astype(int)


PIXELS = """points => {
  const picture = document.querySelector('.viewport-canvas'), laid = document.querySelector('.laid-over');
  const [a, b, c, d, e, f] = laid.dataset.transform.split(' ').map(Number);
  const { data } = picture.getContext('2d').getImageData(0, 0, picture.width, picture.height);
  return points.map(([x, y]) => {
    const u = Math.floor(a * x + c * y + e), v = Math.floor(b * x + d * y + f);
    if (u < 0 || v < 0 || u >= picture.width || v >= picture.height) return [-1, -1, -1];
    const at = 4 * (v * picture.width + u);
    return [data[at], data[at + 1], data[at + 2]];
  });
}"""


def colours_on_screen(page, rows, columns):
    centres = [[x + 0.5, y + 0.5] for y in range(rows) for x in range(columns)]
    return np.array(page.evaluate(PIXELS, centres)).reshape(rows, columns, 3)


def shown_image(page, server, study_uid, images):
    """The data set of the image that stands on the screen."""
    shown = int(page.locator(".viewport").get_attribute("data-shown"))
    listed = server.session("clinician").get(f"{server.url}/api/studies/{study_uid}/viewing").json()
    series = next(each for each in listed["series"] if each["seriesInstanceUID"] == images[0].SeriesInstanceUID)
    instances, frames = series["instances"]["sopInstanceUID"], series["frames"]["instance"]
    uid = instances if isinstance(instances, str) else instances[frames if isinstance(frames, int) else frames[shown]]
    return next(each for each in images if each.SOPInstanceUID == uid)


def choose(page, viewer, label):
    page.keyboard.press("Alt+s")
    # Both browsers bring the same states; which of two equal ones is chosen does not matter.
    page.locator("dialog li", has_text=label).locator("button.protocol-apply").first.click()
    return settled(viewer)


def status(page):
    return page.locator(".status-line").first.inner_text()


# MARK: Shutters in rendered pictures


@pytest.fixture(scope="module")
def shuttered(server, study, tmp_path_factory):
    """A gradient of 96 × 80 pixels with a rectangular, a circular and a polygonal shutter of its own."""
    image = like(study[1][0], "1.2.840.10008.5.1.4.1.1.1", "CR")
    image.Rows, image.Columns, image.SamplesPerPixel, image.PhotometricInterpretation = 80, 96, 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
    image.WindowCenter, image.WindowWidth = 2048, 4096
    rows, columns = np.mgrid[:80, :96]
    image.PixelData = (1500 + 10 * rows + 8 * columns).astype("<u2").tobytes()
    image.ShutterShape = ["RECTANGULAR", "CIRCULAR", "POLYGONAL"]
    image.ShutterLeftVerticalEdge, image.ShutterRightVerticalEdge = 11, 80
    image.ShutterUpperHorizontalEdge, image.ShutterLowerHorizontalEdge = 9, 70
    image.CenterOfCircularShutter, image.RadiusOfCircularShutter = [40, 48], 34
    image.VerticesOfThePolygonalShutter = [5, 20, 5, 76, 60, 90, 76, 30]
    image.ShutterPresentationValue = 0
    path = saved_as(tmp_path_factory.mktemp("shutter") / "cr.dcm", image)
    return imported(server, [path])[1][0]


def opening(image):
    """Pixels that all shutters let be seen, and those so near a slanted edge that either is right."""
    rows, columns = np.mgrid[1 : image.Rows + 1, 1 : image.Columns + 1]
    inside = (columns >= 11) & (columns <= 80) & (rows >= 9) & (rows <= 70)
    inside &= (rows - 40) ** 2 + (columns - 48) ** 2 <= 34**2
    corners = np.array(image.VerticesOfThePolygonalShutter, int).reshape(-1, 2)[:, ::-1]
    distance = np.full(inside.shape, np.inf)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0)):
        side = ((x1 - x0) * (rows - y0) - (y1 - y0) * (columns - x0)) / np.hypot(x1 - x0, y1 - y0)
        distance = np.minimum(distance, side)
    return inside & (distance >= -1e-9)


def rendered(server, image, path="/frames/1/rendered", accept="image/jpeg", **params):
    address = (f"{server.dicomweb}/studies/{image.StudyInstanceUID}/series/{image.SeriesInstanceUID}"
               f"/instances/{image.SOPInstanceUID}{path}")
    answer = server.session("clinician").get(address, params=params, headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
    return np.asarray(PIL.Image.open(io.BytesIO(answer.content))).astype(int)


def away_from_edges(mask):
    """Without the pixels about which JPEG's ringing may lie."""
    kept = np.ones(mask.shape, bool)
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            kept &= np.roll(mask, (dy, dx), (0, 1)) == mask
    return kept


def test_pacs_4_2_8_t1_rendered_pictures_hide_what_the_image_s_shutters_hide(server, shuttered):
    """PACS-4.2.8-T1; PS3.3 C.7.6.11"""
    seen = opening(shuttered)
    values = linear(shuttered.pixel_array.astype(float), 2048, 4096)
    expected = np.where(seen, values, 0)
    assert np.array_equal(rendered(server, shuttered, accept="image/png"), expected)
    picture = rendered(server, shuttered, quality=100)
    assert np.abs(picture - expected)[away_from_edges(seen)].max() <= 3
    small = rendered(server, shuttered, "/thumbnail")
    assert small[0, 0] < 12 and small[40, 48] > 80


def uri(server, image, state=None, **more):
    params = {"requestType": "WADO", "studyUID": image.StudyInstanceUID, "seriesUID": image.SeriesInstanceUID,
              "objectUID": image.SOPInstanceUID, "contentType": "image/jpeg", "imageQuality": 100, **more}
    if state is not None:
        params |= {"presentationUID": state.SOPInstanceUID, "presentationSeriesUID": state.SeriesInstanceUID}
    return server.session("clinician").get(f"{server.dicomweb}/wado", params=params)


def test_a_presentation_state_named_in_the_request_is_applied(server, study, shuttered, tmp_path):
    """PS3.18 §9.1.2.2.10: window, polarity, shutter, area, turn and palette; the image's own shutter gives way."""
    image = shuttered
    area = Dataset()
    area.DisplayedAreaTopLeftHandCorner, area.DisplayedAreaBottomRightHandCorner = [9, 5], [88, 68]
    area.PresentationSizeMode, area.PresentationPixelAspectRatio = "SCALE TO FIT", [1, 1]
    shape = dict(ShutterShape="RECTANGULAR", ShutterLeftVerticalEdge=17, ShutterRightVerticalEdge=90, ShutterUpperHorizontalEdge=1,
                 ShutterLowerHorizontalEdge=60, ShutterPresentationValue=0, ImageRotation=90, ImageHorizontalFlip="Y",
                 DisplayedAreaSelectionSequence=[area], SoftcopyVOILUTSequence=softcopy(2200, 1500))
    grey = state_of([image], GSPS, "GREY", PresentationLUTShape="INVERSE", **shape)
    pseudo = state_of([image], PSEUDO, "PSEUDO", **shape)
    steps = np.linspace(0, 65535, 256)
    palette = np.stack([steps, np.sqrt(steps / 65535) * 65535, 65535 - steps], axis=1).round()
    set_palette(pseudo, palette, 256)
    imported(server, [saved_as(tmp_path / "grey.dcm", grey), saved_as(tmp_path / "pseudo.dcm", pseudo)])
    rows, columns = np.mgrid[1:81, 1:97]
    seen = (columns >= 17) & (columns <= 90) & (rows <= 60)
    levels = linear(image.pixel_array.astype(float), 2200, 1500)

    def placed(picture):
        return np.rot90(picture[4:68, 8:88], -1)[:, ::-1]

    for state, expected in ((grey, 255 - levels), (pseudo, (palette.astype(int) >> 8)[levels])):
        answer = uri(server, image, state)
        assert answer.status_code == 200, answer.text
        picture = np.asarray(PIL.Image.open(io.BytesIO(answer.content))).astype(int)
        hidden = ~seen if expected.ndim == 2 else ~seen[..., None]
        wanted = placed(np.where(hidden, 0, expected))
        assert picture.shape == wanted.shape
        mask = away_from_edges(placed(seen))
        assert np.abs(picture - wanted)[mask].max() <= (3 if expected.ndim == 2 else 8), state.ContentLabel
    # Not for this image, and not there at all.
    assert uri(server, study[1][0], grey).status_code == 400
    missing = copy.deepcopy(grey)
    missing.SOPInstanceUID = generate_uid()
    assert uri(server, image, missing).status_code == 404


# MARK: Colour


@pytest.mark.parametrize("entries", [256, 1000])
def test_pacs_4_2_8_f_a_pseudo_colour_state_paints_the_windowed_values(page, server, study, entries, tmp_path):
    """PS3.3 A.33.2, PS3.4 N.2.3: the range of the grey values is the range of the palette."""
    steps = np.linspace(0, 1, entries)
    palette = (np.stack([steps, 1 - steps, np.abs(2 * steps - 1)], axis=1) * 65535).round()
    images = study[1]
    state = state_of(images, PSEUDO, f"HOT {entries}", RescaleSlope=images[0].RescaleSlope, RescaleIntercept=images[0].RescaleIntercept,
                     RescaleType="HU", SoftcopyVOILUTSequence=softcopy(100, 900))
    set_palette(state, palette, entries)
    imported(server, [saved_as(tmp_path / "pseudo.dcm", state)])
    viewer = opened(page, server, study[0], images[0].SeriesInstanceUID)
    choose(page, viewer, f"HOT {entries}")
    expect(page.locator(".status-line")).to_contain_text("显示状态的伪彩")
    image = shown_image(page, server, study[0], images)
    levels = linear(stored_values(image), 100, 900)
    expected = (palette.astype(int) >> 8)[np.round(levels / 255 * (entries - 1)).astype(int)]
    found = colours_on_screen(page, MATRIX, MATRIX)
    # A level beside the true one where rounding of halves differs costs one step of the palette.
    assert np.abs(found - expected).max() <= 2
    assert (found == expected).all(axis=2).mean() > 0.98
    listed = server.session("clinician").get(f"{server.url}/api/studies/{study[0]}/presentation-states").json()["states"]
    assert next(each for each in listed if each["label"] == f"HOT {entries}")["notUnderstood"] == []


def test_pacs_4_2_8_f_a_colour_state_turns_cuts_and_shutters_colour_images(page, server, study, tmp_path):
    """PS3.3 A.33.3"""
    image = like(study[1][0], "1.2.840.10008.5.1.4.1.1.7", "OT")
    image.Rows, image.Columns, image.SamplesPerPixel, image.PhotometricInterpretation = 40, 60, 3, "RGB"
    image.PlanarConfiguration, image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 0, 8, 8, 7, 0
    image.ConversionType = "SYN"
    rows, columns = np.mgrid[:40, :60]
    pixels = np.stack([4 * columns, 6 * rows, 255 - 4 * columns], axis=2).astype("u1")
    image.PixelData = pixels.tobytes()
    (image,) = imported(server, [saved_as(tmp_path / "image.dcm", image)])[1]
    area = Dataset()
    # Corners are those of the turned and mirrored picture.
    area.DisplayedAreaTopLeftHandCorner, area.DisplayedAreaBottomRightHandCorner = [50, 35], [11, 6]
    area.PresentationSizeMode, area.PresentationPixelAspectRatio = "SCALE TO FIT", [1, 1]
    state = state_of([image], COLOUR, "COLOUR", ImageRotation=270, ImageHorizontalFlip="Y", DisplayedAreaSelectionSequence=[area],
                     ShutterShape="RECTANGULAR", ShutterLeftVerticalEdge=16, ShutterRightVerticalEdge=45, ShutterUpperHorizontalEdge=1,
                     ShutterLowerHorizontalEdge=40, ShutterPresentationValue=0)
    imported(server, [saved_as(tmp_path / "state.dcm", state)])
    viewer = opened(page, server, image.StudyInstanceUID, image.SeriesInstanceUID)
    choose(page, viewer, "COLOUR")
    found = colours_on_screen(page, 40, 60)
    seen = found[..., 0] >= 0
    assert seen[5:35, 10:50].all() and np.array_equal(found[seen], pixels[seen])
    a, b, c, d, *_ = map(float, page.locator(".laid-over").get_attribute("data-transform").split())
    # Turned by 270 degrees clockwise right is up; mirrored left to right after that, down is left.
    assert abs(a) < 1e-9 and abs(d) < 1e-9 and b < 0 and c < 0
    expect(page.locator(".state-layer .state-shutter")).to_have_count(1)
    assert "遮挡" in status(page) and "插值" not in status(page)


@pytest.fixture(scope="module")
def blended(server, study, tmp_path_factory):
    """Coarse images over three of the five slices, and a state that lays them over at 40 per cent."""
    folder = tmp_path_factory.mktemp("blend")
    base = study[1][1:4]
    series, over = generate_uid(), []
    for index, under in enumerate(base):
        image = like(under, "1.2.840.10008.5.1.4.1.1.4", "MR")
        image.SeriesInstanceUID, image.InstanceNumber, image.FrameOfReferenceUID = series, index + 1, under.FrameOfReferenceUID
        row, column = (float(each) for each in under.PixelSpacing)
        x, y, z = (float(each) for each in under.ImagePositionPatient)
        # Four pixels of the image below under each one, from its twelfth row and eighth column on; a millimetre aside along the normal.
        image.PixelSpacing, image.SliceThickness = [f"{4 * row:.8g}", f"{4 * column:.8g}"], 5
        image.ImagePositionPatient = [f"{x + (8 + 1.5) * column:.8g}", f"{y + (12 + 1.5) * row:.8g}", z + 1]
        image.ImageOrientationPatient = under.ImageOrientationPatient
        image.Rows, image.Columns, image.SamplesPerPixel, image.PhotometricInterpretation = 8, 10, 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
        image.ScanningSequence, image.SequenceVariant, image.ScanOptions, image.MRAcquisitionType = "SE", "NONE", "", "2D"
        image.PixelData = (np.arange(80).reshape(8, 10) * 12 + index).astype("<u2").tobytes()
        over.append(image)
    over = imported(server, [saved_as(folder / f"over{index}.dcm", each) for index, each in enumerate(over)])[1]
    state = state_of(base, BLENDING, "FUSION", RelativeOpacity=0.4)
    items = []
    for position, images, window in (("UNDERLYING", base, (50, 800)), ("SUPERIMPOSED", over, (480, 960))):
        item = Dataset()
        item.BlendingPosition, item.StudyInstanceUID = position, images[0].StudyInstanceUID
        item.ReferencedSeriesSequence, item.SoftcopyVOILUTSequence = [series_reference(images)], softcopy(*window)
        if position == "UNDERLYING":
            item.RescaleSlope, item.RescaleIntercept, item.RescaleType = images[0].RescaleSlope, images[0].RescaleIntercept, "HU"
        items.append(item)
    state.BlendingSequence = items
    steps = np.linspace(0, 1, 256)
    palette = (np.stack([steps, steps**2, 1 - steps], axis=1) * 65535).round()
    set_palette(state, palette, 256)
    imported(server, [saved_as(folder / "state.dcm", state)])
    return base, sorted(over, key=lambda each: float(each.ImagePositionPatient[2])), palette


def test_pacs_4_2_8_f_a_blending_state_lays_the_other_images_over(page, server, study, blended, pictures):
    """PS3.3 A.33.4, C.11.14: opacity of what is laid over, its palette, where it lies in the patient."""
    base, over, palette = blended
    viewer = opened(page, server, study[0], base[0].SeriesInstanceUID)
    choose(page, viewer, "FUSION")
    expect(page.locator(".status-line")).to_contain_text("叠加图像 40%")
    image = shown_image(page, server, study[0], study[1])
    index = [each.SOPInstanceUID for each in base].index(image.SOPInstanceUID)
    grey = linear(stored_values(image), 50, 800).astype(float)
    expected = np.repeat(grey[..., None], 3, axis=2)
    # Slices are a millimetre apart from those below them: the nearest one counts.
    values = (np.arange(80).reshape(8, 10) * 12 + index).repeat(4, axis=0).repeat(4, axis=1)
    colours = (palette.astype(int) >> 8)[linear(values, 480, 960)]
    part = np.s_[12:44, 8:48]
    expected[part] = 0.6 * expected[part] + 0.4 * colours

    def difference() -> np.ndarray:
        found = colours_on_screen(page, MATRIX, MATRIX)
        return np.where(found[..., 0] >= 0, np.abs(found - expected).max(axis=2), 0)

    # What lies over comes after the picture itself.
    pages.until(page, lambda: difference().max() <= 2, "the picture laid over")
    assert (colours_on_screen(page, MATRIX, MATRIX)[..., 0] >= 0).all()
    page.screenshot(path=pictures / "blended.png")
    # Turned and enlarged the two stay together.
    for key in ("Shift+R", "Shift+H", "="):
        page.keyboard.press(key)
    settled(viewer)
    pages.until(page, lambda: difference().max() <= 2, "both pictures turned and enlarged")
    assert (colours_on_screen(page, MATRIX, MATRIX)[..., 0] >= 0).sum() > 1000
    # Where nothing lies over, the line says so; without the state it says nothing.
    choose(page, viewer, "不使用")
    assert "叠加" not in status(page)


# MARK: Saved and withdrawn


def test_pacs_4_2_8_f_pseudo_colour_angle_zoom_and_pan_are_saved_exactly_and_withdrawn(page, server, study, tmp_path):
    images = study[1]
    viewer = opened(page, server, study[0], images[0].SeriesInstanceUID)
    page.get_by_role("button", name="更多显示方式").click()
    page.get_by_role("menuitemcheckbox", name="热铁伪彩").click()
    page.keyboard.press("Shift+I")
    page.keyboard.press("=")
    page.keyboard.press("t")
    viewer.drag(63, -41)
    page.keyboard.press("r")
    viewer.drag(37, 52)
    settled(viewer)
    before = colours_on_screen(page, MATRIX, MATRIX)
    matrix = [float(each) for each in page.locator(".laid-over").get_attribute("data-transform").split()]
    assert abs(matrix[1]) > 0.01 and abs(matrix[0]) > 0.01
    page.keyboard.press("Alt+Shift+S")
    expect(page.locator("dialog .panel-note")).to_contain_text("最接近的角度")
    page.locator("dialog input[name=label]").fill("PAINTED")
    page.locator("dialog button[type=submit]").click()
    pages.expect_heard(page, "已保存 1 个显示状态")
    url = f"{server.url}/api/studies/{study[0]}/presentation-states"
    state = next(each for each in server.session("clinician").get(url).json()["states"] if each["label"] == "PAINTED")
    assert state["sopClassUID"] == PSEUDO and state["withdrawable"] is False and len(state["colors"]) == 768
    content = fetched(server, study[0], state)
    # The validator takes negative corners of an area that reaches beyond the image for large ones.
    assert [each for each in validated(tmp_path, content, "painted.dcm") if "(42949" not in each] == []
    written = pydicom.dcmread(io.BytesIO(content))
    assert written.ImageRotation in (0, 90, 180, 270) and "PresentationLUTShape" not in written
    # Inverted: the palette runs the other way, as the class has no other place for it.
    red = np.frombuffer(written.RedPaletteColorLookupTableData, "<u2") >> 8
    assert (red[0], red[255]) == (255, 0)
    page.keyboard.press("Escape")
    page.reload()
    viewer.shown()
    page.locator(f"[data-series='{images[0].SeriesInstanceUID}']").first.click()
    page.keyboard.press("Shift+S")
    choose(page, viewer, "PAINTED")
    again = lambda: [float(each) for each in page.locator(".laid-over").get_attribute("data-transform").split()]  # noqa: E731
    pages.until(page, lambda: np.allclose(matrix, again(), atol=1e-6), "the same place")
    settled(viewer)
    assert np.array_equal(before, colours_on_screen(page, MATRIX, MATRIX))
    # Nobody else takes it back; its author does, and the view returns to the images' own look.
    other = server.session("radiologist").post(url + "/withdraw", json={"state": state["sopInstanceUID"]})
    assert other.status_code == 403, other.text
    assert server.session("technologist").post(url + "/withdraw", json={"state": state["sopInstanceUID"]}).status_code == 403
    page.keyboard.press("Alt+s")
    withdraw = page.locator("dialog li", has_text="PAINTED").get_by_role("button", name="撤回 PAINTED")
    withdraw.click()
    # PACS-4.2.1-g: the consequence first, and what is affected; who says no has withdrawn nothing.
    question = page.locator("dialog").last
    expect(question).to_contain_text("不能恢复")
    expect(question).to_contain_text("1 名患者，1 个对象")
    page.keyboard.press("Escape")
    expect(question).not_to_contain_text("不能恢复")
    assert "PAINTED" in [each["label"] for each in server.session("clinician").get(url).json()["states"]]
    withdraw.click()
    page.locator("dialog .button-danger").click()
    pages.expect_heard(page, "显示状态已撤回")
    expect(page.locator("dialog li", has_text="PAINTED")).to_have_count(0)
    assert "PAINTED" not in [each["label"] for each in server.session("clinician").get(url).json()["states"]]
    page.keyboard.press("Escape")
    expect(page.locator(".status-line")).not_to_contain_text("PAINTED")
    # Nothing is deleted, and a second time there is nothing to withdraw.
    assert pydicom.dcmread(io.BytesIO(fetched(server, study[0], state))).SOPInstanceUID == state["sopInstanceUID"]
    gone = server.session("radiologist").post(url + "/withdraw", json={"state": state["sopInstanceUID"]})
    assert gone.status_code == 404


# MARK: The status line


def test_ct_4_4_1_5_everything_that_changes_the_picture_is_named_and_gone_when_off(
    page, server, study, segmentation, structures, shuttered, tmp_path
):
    """CT-4.4.1-5: masks, palettes, non-linear windows and tables, interpolation, shutters; whatever text is off, and on paper."""
    images = study[1]
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [4096, 0, 12], np.arange(4096)[::-1].astype("<u2").tobytes()
    sigmoid = state_of(images, GSPS, "CURVED", RescaleSlope=1, RescaleIntercept=0, RescaleType="US",
                       SoftcopyVOILUTSequence=softcopy(1000, 900, "SIGMOID"), PresentationLUTShape="IDENTITY")
    presentation = state_of(images, GSPS, "TABLED", SoftcopyVOILUTSequence=softcopy(1000, 900), PresentationLUTSequence=[table])
    imported(server, [saved_as(tmp_path / "a.dcm", sigmoid), saved_as(tmp_path / "b.dcm", presentation)])
    viewer = opened(page, server, study[0], images[0].SeriesInstanceUID)
    line = page.locator(".status-line").first
    expect(line).to_have_text("")

    def toggled(keys, words):
        page.keyboard.press(keys)
        expect(line).to_contain_text(words)
        page.keyboard.press("i")
        page.keyboard.press("i")
        # The text over the picture is off, this line is not.
        expect(page.locator(".corner-top-left")).to_be_hidden()
        expect(line).to_contain_text(words)
        expect(line).to_be_visible()
        page.keyboard.press("i")
        page.emulate_media(media="print")
        expect(line).to_be_visible()
        assert line.evaluate("each => each.scrollWidth <= each.clientWidth + 1 && each.scrollHeight <= each.clientHeight + 1")
        page.emulate_media(media="screen")

    toggled("Shift+I", "反相")
    page.keyboard.press("Shift+I")
    toggled("Shift+S", "插值")
    page.keyboard.press("Shift+S")
    expect(line).to_have_text("")
    for label, words in (("CURVED", "非线性灰度映射"), ("TABLED", "显示查找表")):
        choose(page, viewer, label)
        expect(line).to_contain_text(words)
        expect(line).to_contain_text(label)
    choose(page, viewer, "不使用")
    expect(line).to_have_text("")
    page.get_by_role("button", name="更多显示方式").click()
    page.get_by_role("menuitemcheckbox", name="热铁伪彩").click()
    expect(line).to_contain_text("伪彩：热铁伪彩")
    page.keyboard.press("Control+z")
    expect(line).to_have_text("")
    page.keyboard.press("Alt+g")
    mask = page.locator(".side-panel .structure", has_text="bright").locator("input[type=checkbox]")
    mask.check()
    expect(line).to_contain_text("掩模：1")
    mask.uncheck()
    expect(line).to_have_text("")
    page.keyboard.press("Alt+g")
    page.locator(f"[data-series='{shuttered.SeriesInstanceUID}']").first.click()
    viewer.shown()
    expect(line).to_contain_text("遮挡")


def test_ct_4_4_1_5_the_line_of_a_printed_page_is_the_one_on_the_screen(page, server, study, tmp_path):
    """CT-4.4.1-5: what leaves the page on paper carries the words."""
    viewer = opened(page, server, study[0], study[1][0].SeriesInstanceUID)
    page.keyboard.press("Shift+I")
    settled(viewer)
    path = tmp_path / "page.pdf"
    page.pdf(path=path, print_background=True, landscape=True)
    text = pdf_text(path)
    if text is not None:
        # Firefox embeds some characters without saying which they are; this one it names.
        assert re.search("相", text)


def pdf_text(path):
    """Text of a PDF by poppler; nothing where that is not installed."""
    import shutil
    import subprocess

    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed; Scripts/setup test does it")
    return subprocess.run(["pdftotext", str(path), "-"], check=True, capture_output=True, text=True, timeout=60).stdout
