"""The hanging protocols that come with the program, on a study of each kind with its prior, as the browser hangs them."""

from __future__ import annotations

import sys

import pytest

import hanging_studies
from apus_server import READER, READER_PASSWORD, REPOSITORY

sys.path.append(str(REPOSITORY / "Web/tests/e2e"))
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed; Scripts/setup test does it")
pages = pytest.importorskip("pages", reason="the page objects of Web/tests/e2e are absent")
expect = playwright.expect

LUNG, MEDIASTINUM, BRAIN, SUBDURAL, BONE, STROKE = "1,500 -600", "350 50", "80 40", "215 75", "2,000 500", "8 32"
SOFT, ANGIO = "400 40", "600 300"

# Of each stage the layout and what stands in its views: words of the series or the projection, `prior` where it is the
# prior's, and the window where the protocol sets one. `None` is an empty view.
STAGES = {
    "ctChest": [
        ("1x2", [("肺", LUNG), ("纵隔", MEDIASTINUM)]),
        ("1x2", [("肺", LUNG), ("肺", "prior", LUNG)]),
    ],
    "ctHead": [
        ("2x2", [("平扫", BRAIN), ("平扫", SUBDURAL), ("骨", BONE), ("平扫", STROKE)]),
        ("1x2", [("平扫", BRAIN), ("平扫", "prior", BRAIN)]),
    ],
    "ctAbdomen": [
        ("1x4", [("平扫", SOFT), ("动脉期", SOFT), ("门脉期", SOFT), ("延迟期", SOFT)]),
        ("1x2", [("门脉期", SOFT), ("门脉期", "prior", SOFT)]),
    ],
    "vessels": [("1x1", [("CTA", ANGIO)])],
    "mrBrain": [
        ("2x3", [("T1",), ("T2",), ("FLAIR",), ("DWI",), ("ADC",)]),
        ("1x2", [("DWI",), ("ADC",)]),
        ("2x4", [("T1",), ("T2",), ("FLAIR",), ("DWI",), None, ("T2", "prior"), None, None]),
    ],
    "mrJoint": [
        ("1x3", [("sagittal",), ("coronal",), ("axial",)]),
        ("1x2", [("sagittal",), ("sagittal", "prior")]),
    ],
    "mammography": [
        ("1x2", [("R CC",), ("L CC",)]),
        ("1x2", [("R MLO",), ("L MLO",)]),
        ("1x4", [("R CC",), ("L CC",), ("R MLO",), ("L MLO",)]),
        ("2x4", [("R CC",), ("L CC",), ("R MLO",), ("L MLO",),
                 ("R CC", "prior"), ("L CC", "prior"), ("R MLO", "prior"), ("L MLO", "prior")]),
        ("1x2", [("R CC",), ("L CC",)]),
    ],
    "chestPlain": [
        ("1x2", [("PA",), ("LL",)]),
        ("1x2", [("PA",), ("PA", "prior")]),
    ],
    "limb": [
        ("1x3", [("AP",), ("LL",), ("RLO",)]),
        ("2x3", [("AP",), ("LL",), ("RLO",), ("AP", "prior"), ("LL", "prior"), None]),
    ],
    "ultrasound": [("1x3", [("US",), ("US",), ("US",)]), ("1x1", [("US",)])],
    "angiography": [("1x2", [("XA",), ("XA",)]), ("1x1", [("XA",)])],
    "petCT": [
        ("1x2", [("CT", SOFT), ("PET",)]),
        ("1x2", [("PET",), ("PET", "prior")]),
    ],
}
READ = """() => [...document.querySelectorAll('.pane')].map(pane => {
  const text = name => pane.querySelector(name)?.innerText ?? '';
  if (pane.querySelector('.viewport').dataset.stage === 'empty') return null;
  return { what: text('.corner-top-right'), prior: text('.exam-prior'), window: text('.corner-bottom-right').split('\\n')[0] };
})"""

# How far the picture lies from the left and the right edge of each view, in a row that is nowhere black.
EDGES = """() => [...document.querySelectorAll('.viewport-canvas')].map(canvas => {
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    const lit = [...Array(canvas.width).keys()].filter(x =>
        [0.3, 0.4, 0.5, 0.6, 0.7].some(y => pixels[4 * (Math.floor(y * canvas.height) * canvas.width + x)] > 0));
    return [lit[0], canvas.width - 1 - lit.at(-1)];
})"""


@pytest.fixture(scope="module")
def browser(both_browsers):
    return both_browsers


@pytest.fixture(scope="module")
def server(page_server):
    return page_server


@pytest.fixture(scope="module")
def studies(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hanging")
    uids = hanging_studies.made(folder)
    server.run("import", folder).ok()
    return uids


@pytest.fixture(scope="module")
def page(browser, server):
    context = browser.new_context(locale="zh-CN", viewport={"width": 1600, "height": 1000}, **browser.context_options)
    context.set_default_timeout(30_000)
    pages.listen(context)
    made = context.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    pages.Entrance(made).open(server.url).sign_in(READER, READER_PASSWORD)
    made.locator(".study-table").wait_for()
    yield made
    context.close()
    assert problems == []


def opened(page, server, studies, name):
    study, prior = studies[name]
    viewer = pages.Viewer(page).open(server.url, study, hang=True)
    page.locator(".pane .viewport[data-stage=images]").first.wait_for()
    if prior:
        expect(page.locator(".rail-study")).to_have_count(2)
    return viewer


def wanted(views) -> list:
    return [None if each is None else (each[0], "prior" in each, next((w for w in each[1:] if w != "prior"), "")) for each in views]


def agrees(seen, expected) -> bool:
    if seen is None or expected is None:
        return seen is expected
    what, prior, window = expected
    width_and_level = " ".join(part for part in seen["window"].replace("\u3000", " ").split() if part[-1].isdigit())
    return what in seen["what"] and prior == seen["prior"].startswith("既往") and window in ("", width_and_level)


def expect_stage(page, layout, views) -> None:
    """Pictures come one after the other: looked at until all are as wanted."""
    expected = wanted(views)

    def hangs() -> bool:
        # A layout may have more cells than the stage has views.
        seen = page.evaluate(READ)[: len(expected)]
        stands = page.locator(".views").get_attribute("data-layout")
        is_so = stands == layout and len(seen) == len(expected) and all(agrees(*each) for each in zip(seen, expected))
        if not is_so:
            found[:] = [stands, seen]
        return is_so

    found: list = []
    try:
        pages.until(page, hangs)
    except AssertionError:
        raise AssertionError((*found, layout, expected)) from None


@pytest.mark.parametrize("name", list(STAGES))
def test_each_kind_of_study_hangs_by_its_protocol_stage_by_stage(page, server, studies, name):
    opened(page, server, studies, name)
    stages = STAGES[name]
    for layout, views in stages:
        expect_stage(page, layout, views)
        page.keyboard.press(".")
    # The last one is followed by the first.
    expect_stage(page, *stages[0])


@pytest.mark.parametrize("name, frames, clips", [("ultrasound", 6, 3), ("angiography", 12, 2)])
def test_runs_of_pictures_play_side_by_side_in_the_order_of_their_numbers(page, server, studies, name, frames, clips):
    opened(page, server, studies, name)
    expect(page.locator(".pane")).to_have_count(clips)
    for clip in range(clips):
        view = page.locator(".viewport").nth(clip)
        seen = set()

        def runs() -> bool:
            seen.add(int(view.get_attribute("data-shown")))
            return len(seen - {-1}) > 2

        pages.until(page, runs, "that the run is played")
        # Each through its own frames only.
        assert {each // frames for each in seen - {-1}} == {clip}


def test_a_run_is_shown_as_fast_as_it_was_recorded(page, server, studies):
    """15 frames a second by Frame Time; a machine that cannot draw them all leaves some out and keeps the pace."""
    opened(page, server, studies, "angiography")
    page.keyboard.press(".")
    page.locator(".viewport[data-loaded='24']").wait_for()
    rate = page.evaluate("""() => new Promise(done => {
        const view = document.querySelector('.viewport'), index = () => Number(view.dataset.index);
        let [gone, last, start, end] = [0, index(), 0, 0];
        new MutationObserver(() => {
            end = performance.now();
            if (start === 0) start = end;
            else gone += (index() - last + 12) % 12;
            last = index();
        }).observe(view, { attributeFilter: ['data-index'] });
        setTimeout(() => done(gone * 1000 / (end - start)), 3000);
    })""")
    assert rate == pytest.approx(15, rel=0.1)
    expect(page.locator(".viewer-bar")).to_contain_text("15 帧/秒")


def edges(page) -> list:
    """Of each picture, once all are drawn as they are to hang."""
    for number in (1, 2):
        pages.Viewer(page).pane(number).shown()
    return page.evaluate(EDGES)


def test_mammograms_hang_back_to_back(page, server, studies):
    opened(page, server, studies, "mammography")
    expect_stage(page, *STAGES["mammography"][0])
    (left_of_right, right_of_right), (left_of_left, right_of_left) = edges(page)
    assert right_of_right <= 2 < left_of_right and left_of_left <= 2 < right_of_left
    # Both whole: nothing of the breast lies beyond the edge of its view.
    assert abs(left_of_right - right_of_left) <= 3
    # And so after the views have changed their size, until the reader moves one.
    page.keyboard.press("Shift+T")
    expect(page.locator(".tag-panel")).to_be_visible()
    narrow = edges(page)
    assert narrow[0][1] <= 2 and narrow[1][0] <= 2 and abs(narrow[0][0] - narrow[1][1]) <= 3
    page.keyboard.press("Shift+T")


def test_a_screen_saved_as_a_protocol_hangs_its_kind_again_and_no_other(page, server, studies):
    """What was arranged by hand comes back, back to back as it stood; a study of another region is left alone."""
    opened(page, server, studies, "mammography")
    expect_stage(page, *STAGES["mammography"][0])
    page.keyboard.press(".")
    expect_stage(page, *STAGES["mammography"][1])
    page.keyboard.press("Alt+p")
    page.locator("#protocol-name").fill("斜位在前")
    page.get_by_role("button", name="用最近的检查试一试").click()
    lists = page.locator(".protocol-trial section")
    expect(lists.first).to_contain_text("MG 双乳X线摄影")
    expect(lists.first).not_to_contain_text("CT")
    # Those that are no hits say what they lack.
    expect(lists.nth(1)).to_contain_text("设备类型")
    page.get_by_role("button", name="保存").click()
    pages.expect_heard(page, "斜位在前")
    page.goto(f"{server.url}/#/studies")
    page.locator(".study-table").wait_for()
    opened(page, server, studies, "mammography")
    expect_stage(page, *STAGES["mammography"][1])
    (_, right_of_right), (left_of_left, _) = edges(page)
    assert right_of_right <= 2 and left_of_left <= 2
    page.goto(f"{server.url}/#/studies")
    page.locator(".study-table").wait_for()
    opened(page, server, studies, "limb")
    expect_stage(page, *STAGES["limb"][0])
    page.keyboard.press("Shift+P")
    page.get_by_role("button", name="删除方案 斜位在前").click()
    with page.expect_response(lambda answer: answer.request.method == "DELETE" and answer.ok):
        page.get_by_role("button", name="确认执行").click()
    expect(page.locator("dialog")).to_have_count(0)


def test_server_and_browser_place_alike(page, server, studies):
    """The first stage as the server answers it: the objects that the browser shows."""
    session = server.session("radiologist")
    for name in ("limb", "mammography", "ultrasound"):
        answer = session.get(f"{server.url}/api/studies/{studies[name][0]}/hanging").json()
        views = [each for each in answer["stages"][0]["views"] if each.get("sopInstanceUID")]
        manifest = session.get(f"{server.url}/api/studies/{studies[name][0]}/viewing").json()
        order = manifest["series"][0]["instances"]["sopInstanceUID"]
        placed = [order.index(each["sopInstanceUID"]) for each in views]
        assert placed == {"limb": [0, 1, 2], "mammography": [3, 2], "ultrasound": [0, 1, 2]}[name], name
