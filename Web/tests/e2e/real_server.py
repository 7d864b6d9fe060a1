"""Where a real server is and how to get in; from the environment.

APUS_URL          address, for example https://127.0.0.1:8443
APUS_SETUP_LINK   one-time link of a new installation; an administrator is created through it
APUS_USER, APUS_PASSWORD   the account to create, or an existing one when there is no link
"""

import os
from dataclasses import dataclass

from playwright.sync_api import Browser, Page

from conftest import Watch, open_page
from pages import Entrance, StudyList


@dataclass
class RealServer:
    url: str
    setup_link: str
    user: str
    password: str

    @staticmethod
    def from_environment() -> "RealServer | None":
        url = os.environ.get("APUS_URL", "").rstrip("/")
        if url == "":
            return None
        return RealServer(
            url,
            os.environ.get("APUS_SETUP_LINK", ""),
            os.environ.get("APUS_USER", "e2e-admin"),
            os.environ.get("APUS_PASSWORD", "Quiet-harbour-7-lantern"),
        )

    def open(self, browser: Browser) -> tuple[Page, Watch]:
        return open_page(browser, ignore_https_errors=True)

    def enter(self, page: Page) -> None:
        """Signs in, through the set-up link the first time; ends at the study list, which may be empty."""
        if self.setup_link:
            entrance = Entrance(page).open(self.setup_link)
            page.locator("#again, .note-error").first.wait_for()
            if entrance.again.is_visible():
                entrance.create_administrator(self.user, self.password)
                entrance.submit.click()
                StudyList(page).table.wait_for()
                return
        Entrance(page).open(self.url).sign_in(self.user, self.password)
        StudyList(page).table.wait_for()
