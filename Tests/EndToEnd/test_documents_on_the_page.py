"""Objects that are no pictures, as a reader sees them in a browser against the real server."""

from __future__ import annotations

import re
import shutil
import sys

import numpy
import pydicom
import pytest
from pydicom.uid import generate_uid

import document_objects as made
from apus_server import READER, READER_PASSWORD, REPOSITORY
from objects import SECONDARY_CAPTURE, made_object, saved, with_pixels
from peers import store_files

sys.path.append(str(REPOSITORY / "Web/tests/e2e"))
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed; Scripts/setup test does it")
pages = pytest.importorskip("pages", reason="the page objects of Web/tests/e2e are absent")
expect = playwright.expect


@pytest.fixture(scope="module")
def browser(both_browsers):
    return both_browsers


@pytest.fixture(scope="module")
def server(page_server):
    return page_server


@pytest.fixture(scope="module")
def study(server, tmp_path_factory):
    """One study with a series of each kind; the objects by name."""
    folder = tmp_path_factory.mktemp("study")
    about = made.new_study()
    series = generate_uid()

    def image(number: int):
        pixels = numpy.full((64, 64), 100 * number, "u2")
        return with_pixels(
            made_object(SECONDARY_CAPTURE, Modality="CT", SeriesDescription="Chest", SeriesNumber=2, InstanceNumber=number,
                        SeriesInstanceUID=series, **about), pixels)

    images = [image(number) for number in (1, 2, 3)]
    report = made.report(images[2], **about)
    objects = {
        "report": report,
        "hostile": made.report(hostile=True, InstanceNumber=2, SeriesInstanceUID=report.SeriesInstanceUID, **about),
        "pdf": made.encapsulated(made.PDF, "application/pdf", made.pdf_bytes(), SeriesDescription="Letter", **about),
        "cda": made.encapsulated(made.CDA, "text/xml", made.CDA_TEXT.encode(), SeriesDescription="Clinical", **about),
        "model": made.encapsulated(made.STL, "model/stl", b"solid", SeriesDescription="Model", **about),
        "ecg": made.waveform(made.ECG, made.beats(30, 500), 500, made.LEADS, SeriesDescription="Rhythm", **about),
        "pressure": made.waveform(made.HEMODYNAMIC, made.beats(20, 250, 2) + 4000, 250, ["AO", "LV"], unit="mm[Hg]",
                                  sensitivity="0.02", SeriesDescription="Pressure", **about),
        "voice": made.waveform(made.VOICE, (8000 * numpy.sin(numpy.arange(16000) / 4)).astype("<i2")[:, None], 8000, ["Voice"],
                               sensitivity=None, SeriesDescription="Dictation", **about),
        "registration": made.registration("1.2.3", "1.2.4", **about),
        "dose": made.dose_report(**about, SeriesDescription="Dose"),
        "key": made.key_objects(images[1], **about),
        "long": made.long_report(6000, **about, SeriesDescription="Endless"),
        "deep": made.nested_report(50, **about, SeriesDescription="Abyss"),
        "private": made.private_object(**about),
    }
    objects["ecg"].WaveformAnnotationSequence = [made.annotation("R peak", position=101, channel=2)]
    files = [saved(each, folder) for each in [*images, *objects.values()]]
    if shutil.which("ffmpeg"):
        for name, kind, description in (("video", "mp4", "Endoscopy"), ("stream", "ts", "Transport")):
            objects[name] = made.video(made.video_stream(folder, kind), SeriesDescription=description, **about)
            files.append(saved(objects[name], folder))
    assert set(store_files(server, files).values()) == {0}
    return objects


@pytest.fixture(scope="module")
def state(browser, server):
    """The signed-in session, made once for each browser."""
    context = browser.new_context(locale="zh-CN", **browser.context_options)
    page = context.new_page()
    pages.Entrance(page).open(server.url).sign_in(READER, READER_PASSWORD)
    expect(pages.StudyList(page).search).to_be_visible()
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def open_page(browser, state):
    """Opens pages, and watches that nothing in a document runs or breaks."""
    contexts, problems = [], []

    def make(**options):
        context = browser.new_context(**{
            "locale": "zh-CN", "viewport": {"width": 1440, "height": 900}, "storage_state": state, **browser.context_options, **options})
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: (problems.append(f"dialog {dialog.message}"), dialog.dismiss()))
        return page

    yield make
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def viewer(open_page, server, study):
    page = open_page()
    page.goto(server.url)
    return pages.Viewer(page).open(server.url, study["report"].StudyInstanceUID)


def show(viewer, words: str):
    viewer.series.filter(has_text=words).click()
    return viewer.page


def test_a_study_opens_with_its_images_and_every_series_has_its_icon_and_name(viewer):
    viewer.shown(0)
    expect(viewer.series.filter(has_text="Rhythm").locator("svg.icon")).to_have_count(1)
    expect(viewer.series.filter(has_text="Chest").locator("img")).to_have_count(1)


@pytest.mark.parametrize("hang", [False, True])
def test_a_study_of_documents_alone_opens_with_the_first_of_them(open_page, server, tmp_path, hang):
    report = made.dose_report(StudyInstanceUID=generate_uid())
    assert set(store_files(server, [saved(report, tmp_path)]).values()) == {0}
    page = open_page()
    page.goto(server.url)
    pages.Viewer(page).open(server.url, report.StudyInstanceUID, hang=hang)
    expect(page.locator(".report h1")).to_have_text("X-Ray Radiation Dose Report")


def test_a_report_reads_as_a_document_with_whose_it_is(viewer):
    page = show(viewer, "报告")
    report = page.locator(".report")
    expect(report.locator("h1")).to_have_text("Diagnostic imaging report")
    expect(report.locator("h2")).to_have_text("Findings")
    for words in ("右肺上叶结节。", "12.5 mm", "无数值", "Measurement failure", "Normal", "2026-01-02 03:04:05 +08:00", "李娜", "未审核", "部分"):
        expect(report).to_contain_text(words)
    expect(report.get_by_title('(17621005, SCT, "Normal")')).to_have_text("Normal")
    expect(page.locator(".document-identity")).to_contain_text("王小东")


def test_an_image_a_report_speaks_of_opens_beside_it(viewer):
    page = show(viewer, "报告")
    page.locator(".document-link", has_text="Chest").click()
    expect(viewer.layout).to_have_attribute("data-layout", "1x2")
    expect(viewer.pane(2).viewport).to_have_attribute("data-shown", "2")
    expect(page.locator(".pane[data-pane='view1'] .report")).to_be_visible()


def test_keys_go_through_the_objects_of_a_series_and_on_to_the_next_one(viewer):
    page = show(viewer, "报告")
    expect(page.locator(".document-steps")).to_contain_text("1 / 2")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".document-steps")).to_contain_text("2 / 2")
    page.keyboard.press("End")
    page.keyboard.press("Home")
    expect(page.locator(".document-steps")).to_contain_text("1 / 2")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".report")).to_have_count(0)


def test_markup_in_a_report_stays_text(viewer):
    page = show(viewer, "报告")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".report")).to_contain_text("<img src=x onerror=alert(1)><script>alert(2)</script>")
    expect(page.locator(".report img, .report script")).to_have_count(0)


def test_key_images_and_doses_read_the_same_way(viewer):
    page = show(viewer, "Key")
    expect(page.locator(".report")).to_contain_text("Look here")
    expect(page.locator(".document-elsewhere")).to_have_text("不在已打开检查中的对象")
    show(viewer, "Dose")
    expect(page.locator(".report")).to_contain_text("402.6 mGy.cm")
    expect(page.locator(".report h2").first).to_have_text("CT Accumulated Dose Data")
    viewer.series.filter(has_text="Key").click()
    page.locator(".document-link", has_text="Chest").click()
    expect(viewer.pane(2).viewport).to_have_attribute("data-shown", "1")


def test_an_endless_report_says_that_it_is_cut(viewer):
    page = show(viewer, "Endless")
    expect(page.locator(".report-cut")).to_contain_text("5,000")
    expect(page.locator(".report-item")).to_have_count(4999)
    show(viewer, "Abyss")
    expect(page.locator(".report-cut")).to_be_visible()
    expect(page.locator(".report")).not_to_contain_text("at the bottom")


def test_attributes_stand_behind_every_document(viewer):
    page = show(viewer, "报告")
    page.locator(".document-tools button").last.click()
    expect(page.locator(".tag-table")).to_contain_text("(0008,0016)")


def test_text_grows_and_is_printed_alone(viewer):
    page = show(viewer, "报告")
    page.evaluate("() => { window.print = () => { window.printed = document.querySelector('.print-sheet')?.textContent; } }")
    expect(page.locator(".report")).to_be_visible()
    size = "() => parseFloat(getComputedStyle(document.querySelector('.report')).fontSize)"
    before = page.evaluate(size)
    page.get_by_role("button", name="放大文字").click()
    assert page.evaluate(size) > before
    page.get_by_role("button", name="打印").click()
    assert "王小东" in page.evaluate("() => window.printed") and "12.5 mm" in page.evaluate("() => window.printed")


def test_a_pdf_stands_in_a_frame_or_is_offered(viewer):
    page = show(viewer, "Letter")
    expect(page.locator(".attachment-head")).to_contain_text("Letter <b>of</b> discharge")
    expect(page.get_by_role("link", name="下载")).to_have_attribute("download", "DOC-20-1.pdf")
    if page.evaluate("() => navigator.pdfViewerEnabled"):
        expect(page.locator("iframe.attachment-frame")).to_be_visible()
    else:
        expect(page.locator(".panel-note")).to_contain_text("PDF")


def test_a_clinical_document_is_read_as_text_and_never_run(viewer):
    page = show(viewer, "Clinical")
    for words in ("出院小结", "Diagnosis", "Pneumonia, right lung", "Drug | Amoxicillin"):
        expect(page.locator(".attachment-text")).to_contain_text(words)
    expect(page.locator(".attachment-text")).not_to_contain_text("wasRun")
    assert page.evaluate("() => window.wasRun") is None


def test_a_model_is_a_file_with_its_name_and_size(viewer):
    page = show(viewer, "Model")
    expect(page.locator(".attachment-file")).to_contain_text("DOC-20-1.stl")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载").click()
    assert download.value.path().read_bytes() == b"solid"


def drawn(page):
    expect(page.locator(".waveform-canvas")).to_have_attribute("data-painted", re.compile("^[1-9]"))
    page.wait_for_timeout(300)


def test_a_recording_stands_on_paper_and_is_measured(viewer):
    page = show(viewer, "Rhythm")
    drawn(page)
    box = page.locator(".waveform-sheet").bounding_box()
    # The page is ten seconds at 25 mm/s beside the ten millimetres of the calibration mark.
    millimetre = box["width"] / 260
    # From one R peak to the next in lead II, the rhythm at the foot: 0.8 s, and a millivolt up.
    left, middle = box["x"] + (10 + 0.2 * 25) * millimetre, box["y"] + (3.5 * 25) * millimetre
    page.mouse.move(left, middle)
    page.mouse.down()
    page.mouse.move(left + 0.8 * 25 * millimetre, middle - 10 * millimetre)
    page.mouse.up()
    reading = page.locator(".waveform-reading").inner_text()
    time, rate, height = re.match(r"([\d.,]+) ms · (\d+) /min · ([\d.]+) mV \(II\)", reading).groups()
    assert abs(float(time) - 800) <= 10 and abs(int(rate) - 75) <= 1 and abs(float(height) - 1) <= 0.06
    page.locator(".waveform-callipers").focus()
    page.keyboard.press("ArrowRight")
    later = re.match(r"([\d.,]+) ms", page.locator(".waveform-reading").inner_text()).group(1)
    assert float(later) == pytest.approx(float(time) + 2)
    page.keyboard.press("Escape")
    expect(page.locator(".waveform-reading")).to_contain_text("拖动")
    expect(page.locator(".waveform-annotations")).to_contain_text("R peak")
    expect(page.locator(".document-facts")).to_contain_text("0.05–150 Hz, 陷波 50 Hz")
    expect(page.locator(".document-facts")).to_contain_text("非真实大小")


def trace_top(page) -> float:
    """Millimetres from the middle of the last row up to the highest point of its trace."""
    return page.evaluate("""() => {
        const canvas = document.querySelector('.waveform-canvas'), sheet = document.querySelector('.waveform-callipers').viewBox.baseVal;
        const scale = canvas.width / sheet.width, middle = (sheet.height - 12.5) * scale;
        const data = canvas.getContext('2d').getImageData(20 * scale, 0, 30 * scale, middle);
        for (let y = Math.round(middle - 12 * scale); y < data.height; y++) for (let x = 0; x < data.width; x++)
            if (data.data[(y * data.width + x) * 4] < 60) return (middle - y) / scale;
        return 0;
    }""")


def test_the_trace_is_as_high_as_its_values_say(viewer, study):
    page = show(viewer, "Rhythm")
    drawn(page)
    # Lead II: 190 steps of 5 µV are 0.95 mV, 9.5 mm at 10 mm/mV.
    values = pydicom.waveforms.multiplex_array(study["ecg"], 0, as_raw=False)[:, 1]
    assert trace_top(page) == pytest.approx(values.max() * 10, abs=0.6)


def test_layout_speed_and_gain_change_the_paper(viewer):
    page = show(viewer, "Rhythm")
    drawn(page)
    box = page.locator(".waveform-sheet").bounding_box()
    page.get_by_label("走纸速度").select_option("50")
    wider = page.locator(".waveform-sheet").bounding_box()
    assert wider["width"] / box["width"] == pytest.approx(510 / 260, rel=0.02)
    page.get_by_label("通道排列").select_option("stacked")
    assert page.locator(".waveform-sheet").bounding_box()["height"] / box["height"] == pytest.approx(12 / 4, rel=0.02)
    page.get_by_label("增益").select_option("20")
    assert page.locator(".waveform-sheet").bounding_box()["height"] / box["height"] == pytest.approx(24 / 4, rel=0.02)
    page.get_by_role("button", name="向后").click()
    expect(page.locator(".waveform-pager")).to_contain_text("0:10.0 / 0:30.0")


def test_a_calibrated_monitor_shows_a_recording_in_true_size(viewer):
    page = show(viewer, "Rhythm")
    button = page.get_by_role("button", name="真实大小")
    expect(button).to_be_disabled()
    page.evaluate("""() => {
        const key = `${screen.width}x${screen.height} ${screen.colorDepth} ${screen.availLeft ?? 0}`;
        localStorage.setItem('apus.screens', JSON.stringify({[key]: {role: 'diagnostic', pixelsPerMM: 4, ownRatio: 1}}));
    }""")
    page.reload()
    viewer.shown(0)
    show(viewer, "Rhythm")
    drawn(page)
    button.click()
    assert page.locator(".waveform-sheet").bounding_box()["width"] == pytest.approx(260 * 4, abs=1)
    expect(page.locator(".document-facts")).not_to_contain_text("非真实大小")


def test_sound_is_played_and_pressures_have_their_own_scale(viewer):
    page = show(viewer, "Dictation")
    page.wait_for_function("() => document.querySelector('audio')?.duration > 0")
    assert page.evaluate("() => document.querySelector('audio').duration") == pytest.approx(2, abs=0.05)
    show(viewer, "Pressure")
    drawn(page)
    expect(page.get_by_label("增益")).to_contain_text("× 1")


def test_a_video_plays_and_what_cannot_be_played_is_offered(viewer, study):
    if "video" not in study:
        pytest.skip("ffmpeg is not installed; videos cannot be made")
    page = show(viewer, "Endoscopy")
    page.wait_for_function("() => document.querySelector('video')?.videoWidth === 320")
    page.get_by_role("button", name="下一帧").click()
    page.wait_for_function("() => Math.abs(document.querySelector('video').currentTime - 0.04) < 0.001")
    show(viewer, "Transport")
    expect(page.locator(".attachment-file")).to_contain_text("MPEG-2 TS")
    expect(page.locator(".attachment-file a")).to_have_attribute("download", "ES-40-1.ts")


def test_what_is_unknown_is_summed_up_above_its_attributes(viewer):
    page = show(viewer, "Raw of the maker")
    for words in ("私有对象", "Example Devices", "1.3.12.2.1107.5.9.1"):
        expect(page.locator(".report")).to_contain_text(words)
    expect(page.locator(".tag-table")).to_contain_text("(0008,0016)")
    show(viewer, "CT to MR")
    expect(page.locator(".document-table").first).to_contain_text("RIGID")
    expect(page.locator(".document-table").first).to_contain_text("12.5")


def test_the_light_viewer_shows_documents_on_a_telephone(open_page, server, study):
    page = open_page(viewport={"width": 390, "height": 780})
    page.goto(f"{server.url}/#/light/{study['report'].StudyInstanceUID}")
    expect(page.locator(".viewport[data-exact=true]")).to_be_visible()
    for words, place in (("报告", ".report"), ("Rhythm", ".waveform-canvas"), ("Clinical", ".attachment-text")):
        page.locator("footer .menu > button").click()
        page.locator("footer [role^=menuitem]", has_text=words).click()
        expect(page.locator(place)).to_be_visible()
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
