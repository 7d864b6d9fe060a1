"""Browsers, the mock server, and the watch over what must never happen on any page."""

import os
import pathlib
import shutil

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from mock_server import MockServer
from pages import PATIENCE, Entrance, StudyList, listen

expect.set_options(timeout=PATIENCE * 1000)
OUTPUT = pathlib.Path(__file__).parent / "output"
# Firefox in Debian does not know these emulations; its context fails unless they are left alone.
FIREFOX_CONTEXT = dict(color_scheme="null", reduced_motion="null", forced_colors="null", contrast="null")


@pytest.fixture(scope="session")
def playwright_driver():
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright_driver):
    browser = playwright_driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def firefox(playwright_driver):
    browser = playwright_driver.firefox.launch(executable_path=shutil.which("firefox-esr"), channel="moz-firefox")
    yield browser
    browser.close()


@pytest.fixture
def server():
    mock = MockServer().start()
    yield mock
    mock.stop()


class Watch:
    """Collects script errors and violations of the content security policy."""

    def __init__(self, page: Page):
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        page.on("console", self.note)

    def note(self, message) -> None:
        # Refused requests are part of many tests; everything else the browser calls an error is ours.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.problems.append(message.text)


def open_page(browser: Browser, **options) -> tuple[Page, Watch]:
    context = browser.new_context(**{"locale": "zh-CN", "viewport": {"width": 1440, "height": 900}, **options})
    context.set_default_timeout(PATIENCE * 1000)
    listen(context)
    page = context.new_page()
    return page, Watch(page)


@pytest.fixture
def page(chromium, request):
    made, watch = open_page(chromium)
    yield made
    if os.environ.get("APUS_SCREENSHOTS"):
        OUTPUT.mkdir(exist_ok=True)
        made.screenshot(path=OUTPUT / f"{request.node.name}.png")
    made.context.close()
    assert watch.problems == []


def sign_in(page: Page, server: MockServer) -> StudyList:
    Entrance(page).open(server.url).sign_in("reader", server.state.accounts["reader"])
    studies = StudyList(page).shown()
    # The keys work from now on.
    expect(studies.selected).to_be_focused()
    return studies


def enter_by_keyboard(page: Page, server: MockServer) -> StudyList:
    """From the address to the study list without a pointer."""
    page.goto(server.url)
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type("reader")
    page.keyboard.press("Tab")
    page.keyboard.type(server.state.accounts["reader"])
    page.keyboard.press("Enter")
    studies = StudyList(page).shown()
    expect(studies.selected).to_be_focused()
    return studies


@pytest.fixture
def studies(page, server) -> StudyList:
    return sign_in(page, server)
