"""The screens as the tests see them. The same objects drive the mock and a real server."""

import time
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Locator, Page, expect

# Long enough for a machine that has other work; what is quick is found as soon as it is there.
PATIENCE = 30

# Messages for screen readers follow one another in one place; all are kept here.
HEARD = """addEventListener('DOMContentLoaded', () => {
    window.heard = [];
    const place = document.getElementById('announcements');
    if (place) new MutationObserver(() => window.heard.push(place.textContent)).observe(place, { childList: true, characterData: true, subtree: true });
});"""


def until(page: Page, check: Callable, what: str = "the condition"):
    """Waits until `check` gives something true, and returns it."""
    limit = time.monotonic() + PATIENCE
    while not (value := check()):
        if time.monotonic() > limit:
            raise AssertionError(f"{what} did not come true within {PATIENCE} s")
        page.wait_for_timeout(50)
    return value


def listen(context: BrowserContext) -> None:
    """Keeps what the pages of a context announce, for `expect_heard`."""
    context.add_init_script(HEARD)


def expect_heard(page: Page, words: str) -> None:
    page.wait_for_function("words => window.heard?.some(each => each.includes(words))", arg=words)


class Entrance:
    def __init__(self, page: Page):
        self.page = page
        self.name = page.locator("#name")
        self.password = page.locator("#password")
        self.again = page.locator("#again")
        self.submit = page.locator("button[type=submit]")
        self.alert = page.locator(".form-alert .note, .note-error[role=alert]")

    def open(self, url: str) -> "Entrance":
        self.page.goto(url)
        return self

    def sign_in(self, name: str, password: str) -> None:
        self.name.fill(name)
        self.password.fill(password)
        self.page.keyboard.press("Enter")

    def create_administrator(self, name: str, password: str, again: str | None = None) -> None:
        self.name.fill(name)
        self.password.fill(password)
        self.again.fill(password if again is None else again)


class StudyList:
    def __init__(self, page: Page):
        self.page = page
        self.search = page.locator(".search-box input")
        self.table = page.locator(".study-table table")
        self.rows = page.locator(".study-table tr[data-key]")
        self.selected = page.locator(".study-table tr[aria-selected=true]")
        self.count = page.locator(".result-count")
        self.periods = page.locator(".segmented button")
        self.files = page.locator("#import-files")

    def shown(self) -> "StudyList":
        expect(self.table).to_be_visible()
        expect(self.rows.first).to_be_visible()
        return self

    def names(self) -> list[str]:
        return self.page.locator(".study-table .study-link").all_inner_texts()

    def row(self, study_uid: str) -> Locator:
        return self.page.locator(f".study-table tr[data-key='{study_uid}']")

    def modality(self, name: str) -> Locator:
        return self.page.locator(".chip", has_text=name)

    def header(self, column: str) -> Locator:
        return self.page.locator(f".study-table th.col-{column}")

    def open_user_menu(self) -> Locator:
        self.page.locator(".top-bar .menu > button").click()
        return self.page.locator(".menu-list")


class ImportPanel:
    def __init__(self, page: Page):
        self.page = page
        self.panel = page.locator(".import-panel")
        self.title = self.panel.locator("h2")
        self.chips = self.panel.locator(".verdict-chips button")
        self.rows = self.panel.locator("tr[data-key]")
        self.pause = self.panel.locator(".import-pause")

    def button(self, name: str) -> Locator:
        return self.panel.get_by_role("button", name=name)

    def table(self) -> list[list[str]]:
        return [[cell.strip() for cell in row.locator("td").all_inner_texts()] for row in self.rows.all()]


class Viewer:
    def __init__(self, page: Page, within: str = ""):
        self.page = page
        self.within = within
        self.viewport = page.locator(f"{within}.viewport")
        self.series = page.locator(".series-entry")
        self.overlay = page.locator(f"{within}.overlay")
        self.panes = page.locator(".pane")
        self.layout = page.locator(".views")

    def open(self, url: str, study_uid: str, hang: bool = False) -> "Viewer":
        """Without `hang` the first series stands alone, whatever protocol there is for the study."""
        self.page.evaluate("on => localStorage.setItem('apus.hanging.automatic', on)", str(hang).lower())
        self.page.goto(f"{url}/#/viewer/{study_uid}")
        return self

    def pane(self, number: int) -> "Viewer":
        """The view of that number (from 1) as an object of its own."""
        return Viewer(self.page, f".pane[data-pane='view{number}'] ")

    def shown(self, index: int | None = None) -> "Viewer":
        """Waits until the picture asked for is on the screen, with the window, in the place and of the size asked for."""
        expect(self.viewport).to_have_attribute("data-current", "true")
        if index is not None:
            expect(self.viewport).to_have_attribute("data-shown", str(index))
            expect(self.viewport).to_have_attribute("data-current", "true")
        # The drawing follows in the next refresh of the screen.
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return self

    def loaded(self, count: int) -> "Viewer":
        expect(self.viewport).to_have_attribute("data-loaded", str(count))
        return self

    def corner(self, name: str) -> str:
        return self.page.locator(f"{self.within}.corner-{name}").inner_text()

    def pixel(self, image_x: float, image_y: float, columns: int, rows: int, aspect: float = 1) -> list[int]:
        """The colour on the screen at an image point, with the picture fitted and not turned."""
        script = """([within, x, y, columns, rows, aspect]) => {
            const canvas = document.querySelector(within + '.viewport-canvas');
            const scale = Math.min(canvas.width / columns, canvas.height / (rows * aspect));
            const left = Math.round(canvas.width / 2 + (x - columns / 2) * scale);
            const top = Math.round(canvas.height / 2 + (y - rows / 2) * scale * aspect);
            return [...canvas.getContext('2d').getImageData(left, top, 1, 1).data].slice(0, 3);
        }"""
        return self.page.evaluate(script, [self.within, image_x, image_y, columns, rows, aspect])

    def drag(self, dx: int, dy: int, button: str = "left", modifier: str | None = None) -> None:
        box = self.viewport.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        if modifier:
            self.page.keyboard.down(modifier)
        self.page.mouse.move(x, y)
        self.page.mouse.down(button=button)
        self.page.mouse.move(x + dx / 2, y + dy / 2)
        self.page.mouse.move(x + dx, y + dy)
        self.page.mouse.up(button=button)
        if modifier:
            self.page.keyboard.up(modifier)
