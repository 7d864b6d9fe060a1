"""Marks as they are seen: distinguishable from every picture, together with their values, in the look and digits a reader wants."""

import io
import math
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

import synthetic
from conftest import OUTPUT, open_page, sign_in
from pages import until
from test_marks import TOOLS, Marks, pytestmark  # noqa: F401

# WCAG 2.2, 1.4.11: parts of graphics that are needed to understand them.
CONTRAST = 3.0
COLORS = ["yellow", "green", "orange", "pink", "white"]
WIDTHS = ["normal", "strong"]
PSEUDO_COLORS = [None, "热铁伪彩", "PET 伪彩", "蓝热金属伪彩", "PET 20 阶伪彩"]
FIRST, LAST = 6, 196


def bands(instance: int, noise) -> np.ndarray:
    """Stored values: black, mid-grey and white, then every grey of the window from 40 - 200 to 40 + 200 HU."""
    hu = np.empty((256, 256), np.float32)
    hu[:, :40], hu[:, 40:80], hu[:, 80:120] = -1000, 40, 1000
    hu[:, 120:] = np.linspace(-165, 245, 136)
    return (hu + 1024).round().astype("<i2")


@pytest.fixture
def marks(page, server, studies) -> Marks:
    return Marks(page, server).open()


def forget_pictures() -> None:
    synthetic.frame.cache_clear()
    synthetic.thumbnail.cache_clear()


@pytest.fixture
def banded(page, server, monkeypatch) -> Marks:
    monkeypatch.setattr(synthetic, "_ct", bands)
    forget_pictures()
    sign_in(page, server)
    # One view, with the window of the file.
    page.evaluate("() => localStorage.setItem('apus.hanging.automatic', 'false')")
    yield Marks(page, server).open()
    forget_pictures()


def author_number(name: str) -> int:
    """Which of the authors' colours a name has."""
    total = 0
    for character in name:
        total = (total * 31 + ord(character)) % 65_521
    return total % 6


def line(model: dict, uid: int, row: float, author: str) -> dict:
    own = author == "reader"
    origin = {"sopInstanceUID": "1.9", "seriesInstanceUID": "1", "kind": "SR", "created": "2026-01-01T00:00:00.000Z"}
    return model | {
        "uid": f"2.25.{uid}", "number": uid, "points": [[FIRST, row], [LAST, row]], "label": [LAST + 6, row - 4], "text": "",
        "author": {"name": author, "displayName": author}} | ({} if own else {"origin": origin})


def luminance(pixels: np.ndarray) -> np.ndarray:
    """Relative luminance of sRGB, 0 to 1."""
    part = pixels[..., :3].astype(float) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def contrast(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (np.maximum(one, other) + 0.05) / (np.minimum(one, other) + 0.05)


def least_contrast(marks: Marks, picture: np.ndarray, number: int) -> float:
    """Of the outline of a level line against the picture beside it, the least along its whole length."""
    box = marks.viewport.bounding_box()
    place = marks.page.evaluate(
        """number => {
            const path = document.querySelector(`.mark[data-number='${number}'] .mark-line`).getAttribute('d');
            const [left, y, right] = path.match(/-?[\\d.]+/g).map(Number);
            return [left, y, right];
        }""", str(number))
    left, y, right = place
    columns = np.arange(int(box["x"] + left) + 14, int(box["x"] + right) - 14, 2)
    middle = int(box["y"] + y)
    profile = luminance(picture[middle - 13:middle + 14, columns])
    # Bands of a palette are levels beside each other: above and below a level line lies the same picture.
    beside = np.concatenate([profile[:4], profile[-4:]]).mean(axis=0)
    drawn = profile[9:18]
    return float(contrast(drawn, beside[None]).max(axis=0).min())


def screenshot(marks: Marks) -> np.ndarray:
    marks.settled()
    return np.asarray(Image.open(io.BytesIO(marks.page.screenshot())).convert("RGB"))


def choose(marks: Marks, **choices: str) -> None:
    marks.page.keyboard.press("Alt+m")
    dialog = marks.page.locator("dialog[open]")
    for name, value in choices.items():
        dialog.locator(f"input[name={name}][value={value}]").check()
    marks.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_marks_stand_out_from_every_picture(banded):
    """PACS-4.2.9-e: outlines of every colour on black, white, mid-grey, all greys between and all pseudo-colours."""
    marks = banded
    marks.page.keyboard.press("d")
    marks.drag((-200, -150), (-80, -150))
    (model,) = marks.kept(1)
    names = {}
    for i in range(60):
        names.setdefault(author_number(f"author{i}"), f"author{i}")
    others = [line(model, 10 + i, 60 + 24 * i, names[i]) for i in range(6)]
    marks.server.state.marks.published[marks.study] = {each["uid"]: each for each in others}
    draft = marks.server.state.marks.draft("reader", marks.study)
    draft["marks"] = [line(model, 3, 36, "reader")]
    # What this browser has kept of the first line must not come back.
    marks.page.evaluate("() => indexedDB.deleteDatabase('apus-marks')")
    marks.page.reload()
    marks.ready()
    expect(marks.viewport.locator(".mark-other")).to_have_count(6)
    found = {}
    for pseudo in PSEUDO_COLORS:
        if pseudo:
            marks.page.get_by_role("button", name="更多显示方式").click()
            marks.page.get_by_role("menuitemcheckbox", name=pseudo, exact=True).click()
            expect(marks.page.locator(".corner-bottom-right").first).to_contain_text(pseudo)
        for width in WIDTHS:
            for color in COLORS:
                choose(marks, color=color, outline=width)
                expect(marks.viewport.locator(".marks")).to_have_attribute("data-color", color)
                picture = screenshot(marks)
                found[pseudo, width, color] = least_contrast(marks, picture, 3)
            for number in range(10, 16):
                found[pseudo, width, number] = least_contrast(marks, picture, number)
        OUTPUT.mkdir(exist_ok=True)
        Image.fromarray(picture).save(OUTPUT / f"marks-on-{PSEUDO_COLORS.index(pseudo)}.png")
    # What is chosen with the pointer has one colour for all.
    x, y = marks.viewport.locator(".mark[data-number='3'] .mark-line").evaluate(
        "path => { const box = path.getBoundingClientRect(); return [box.x + box.width / 3, box.y + box.height / 2]; }")
    marks.page.mouse.click(x, y)
    expect(marks.viewport.locator(".mark[data-number='3']")).to_have_class(re.compile("mark-selected"))
    marks.page.mouse.move(20, 20)
    found["selected"] = least_contrast(marks, screenshot(marks), 3)
    print({str(key): round(value, 2) for key, value in found.items()})
    weak = {key: value for key, value in found.items() if value < CONTRAST}
    assert weak == {} and len(found) == len(PSEUDO_COLORS) * len(WIDTHS) * (len(COLORS) + 6) + 1


# What is on the screen of each mark: the part of its line inside the view, its value, and whether it is announced at the edge.
SEEN = """() => {
    const viewport = document.querySelector('.viewport'), view = viewport.getBoundingClientRect();
    const away = [...viewport.querySelectorAll('.marks-away:not([hidden])')];
    const announced = away.flatMap(sign => sign.dataset.numbers.split(' '));
    const signs = away.every(sign => { const box = sign.getBoundingClientRect();
            return box.left >= view.left && box.right <= view.right && box.top >= view.top && box.bottom <= view.bottom; });
    const marks = [...viewport.querySelectorAll('.mark')].map(mark => {
        const line = mark.querySelector('.mark-line'), value = mark.querySelector('.mark-text');
        const number = mark.dataset.number;
        if (mark.hasAttribute('hidden')) return {number, announced: announced.includes(number),
            line: line.getClientRects().length > 0, value: value.getClientRects().length > 0};
        const matrix = line.getScreenCTM();
        let inside = false;
        for (let at = 0, length = line.getTotalLength(); at <= length && !inside; at += 0.5) {
            const point = line.getPointAtLength(at).matrixTransform(matrix);
            inside = point.x >= view.left && point.x <= view.right && point.y >= view.top && point.y <= view.bottom;
        }
        const box = value.getBoundingClientRect();
        const shown = box.width > 0 && box.left >= view.left - 1 && box.right <= view.right + 1 && box.top >= view.top - 1 &&
            box.bottom <= view.bottom + 1;
        return {number, announced: announced.includes(number), line: inside, value: shown};
    });
    return {marks, signs};
}"""


def test_mark_and_value_are_seen_together_or_not_at_all(marks):
    """CT-4.3.2.6.1-1: every tool, while the picture is moved out to each side, zoomed and scrolled."""
    page = marks.page
    for kind in TOOLS:
        marks.draw(kind)
        page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    states = {str(number): set() for number in range(1, len(TOOLS) + 1)}

    def look() -> None:
        marks.frames()
        found = page.evaluate(SEEN)
        assert found["signs"] and len(found["marks"]) == len(TOOLS)
        for each in found["marks"]:
            assert each["line"] == each["value"], each
            assert each["announced"] != each["line"], each
            states[each["number"]].add(each["line"])

    look()
    for dx, dy in ((60, 0), (-60, 0), (0, 60), (0, -60)):
        for _ in range(13):
            pan(marks, dx, dy)
            look()
        page.keyboard.press("Shift+f")
    for key in ("=",) * 9 + ("-",) * 4:
        page.keyboard.press(key)
        look()
        page.keyboard.press("Shift+r")
        look()
    assert all(each == {True, False} for each in states.values()), states
    page.keyboard.press("Shift+f")
    page.keyboard.press("End")
    expect(marks.all).to_have_count(0)
    expect(marks.viewport.locator(".marks-away:not([hidden])")).to_have_count(0)


def pan(marks: Marks, dx: int, dy: int) -> None:
    x, y = marks.at((0, 0))
    marks.page.mouse.move(x, y)
    marks.page.mouse.down(button="middle")
    marks.page.mouse.move(x + dx, y + dy, steps=2)
    marks.page.mouse.up(button="middle")


def test_what_lies_beyond_the_view_is_announced_at_its_side(marks):
    """CT-4.3.2.6.1-1"""
    marks.draw("circle")
    marks.draw("length")
    page = marks.page
    page.keyboard.press("Escape")
    for dx, dy, side in ((-70, 0, "left"), (70, 0, "right"), (0, -70, "top"), (0, 70, "bottom")):
        for _ in range(12):
            pan(marks, dx, dy)
        sign = marks.viewport.locator(f".marks-away[data-side={side}]")
        expect(sign).to_be_visible()
        assert {"1", "2"} >= set(sign.get_attribute("data-numbers").split()) > set()
        if side == "left":
            OUTPUT.mkdir(exist_ok=True)
            page.screenshot(path=OUTPUT / "marks-away.png")
        page.keyboard.press("Shift+f")
        expect(marks.viewport.locator(".marks-away:not([hidden])")).to_have_count(0)


def test_colour_and_digits_follow_the_account(chromium, marks):
    """PACS-4.2.9-e CT-4.3.2.6.4-b"""
    marks.draw("length")
    value = r"(\d+(?:\.\d+)?)\D±\D(\d+(?:\.\d+)?)\Dmm"
    kept = marks.kept(1)

    def digits(seen: Marks) -> int:
        text, uncertainty = re.search(value, seen.labels()["1"]).groups()
        after = len(text.partition(".")[2])
        assert after == len(uncertainty.partition(".")[2])
        return after

    assert digits(marks) == 1
    for name, count in (("more", 2), ("most", 3), ("fewer", 0), ("supported", 1), ("more", 2)):
        choose(marks, digits=name)
        until(marks.page, lambda: digits(marks) == count, f"{count} digits")
    choose(marks, color="green", outline="strong")
    assert marks.kept(1) == kept
    page, watch = open_page(chromium)
    sign_in(page, marks.server)
    other = Marks(page, marks.server).open()
    expect(other.viewport.locator(".marks")).to_have_attribute("data-color", "green")
    expect(other.viewport.locator(".marks")).to_have_attribute("data-outline", "strong")
    until(page, lambda: digits(other) == 2, "two digits")
    page.context.close()
    assert watch.problems == []


def test_the_calculator_takes_other_inputs_and_leaves_the_mark(marks):
    """PACS-A-2 PACS-A-3: components and k are changed, result and expanded uncertainty are computed again."""
    kept = marks.draw("length")
    page = marks.page
    label = marks.labels()["1"]
    page.keyboard.press("Shift+F2")
    dialog = page.locator("dialog[open]")
    # A spacing of 1 % and anchors of 0.5 pixel of 1.4 mm, k = 3.
    dialog.locator("input[name=spacing]").fill("1")
    dialog.locator("input[name=anchor]").fill("0.5")
    dialog.locator("input[name=coverage]").fill("3")
    length = kept["values"][0]["value"]
    combined = math.sqrt(2 * (0.5 * 1.4) ** 2 + (0.01 * length) ** 2 + 0.1**2 / 12)
    expect(dialog).to_contain_text("k = 3")
    shown = [float(cell.split()[0].replace(",", "")) for cell in dialog.locator(".number").all_inner_texts()]
    wanted = [0.7 * math.sqrt(2), 0.1 / math.sqrt(12), 0.01 * length, combined, 3 * combined]
    assert shown == pytest.approx(wanted, abs=6e-5)
    assert f"± {3 * combined:.1f} mm (k=3)" in dialog.locator("h3").inner_text().replace("\u00a0", " ")
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / "calculator.png")
    dialog.locator("input[name=coverage]").fill("")
    expect(dialog).to_contain_text("k = 2")
    page.keyboard.press("Escape")
    assert marks.labels()["1"] == label and marks.kept(1) == [kept]


def test_formulas_are_shown_where_the_pointer_rests(marks):
    """CT-4.3.2.6.1-5"""
    marks.draw("ratio")
    page = marks.page
    page.keyboard.press("Escape")
    page.mouse.move(*marks.at((-30, 20)))
    expect(marks.viewport).to_have_attribute("title", re.compile("R = L₁ / L₂"))
    page.mouse.move(*marks.at((0, -200)))
    expect(marks.viewport).not_to_have_attribute("title", re.compile("."))
    page.keyboard.press("Shift+M")
    expect(marks.rows.first.locator(".marks-value").first).to_have_attribute("title", "R = L₁ / L₂")
