"""The same walk against a real server. Left out, and reported so, unless APUS_URL names one (see real_server.py).

APUS_SAMPLES may name a folder of DICOM files to import first.
"""

import os

import pytest
from playwright.sync_api import expect

from pages import ImportPanel, StudyList, Viewer
from real_server import RealServer

real = RealServer.from_environment()
pytestmark = pytest.mark.skipif(real is None, reason="APUS_URL is not set: no real server to test against")


@pytest.fixture
def page(chromium):
    made, watch = real.open(chromium)
    real.enter(made)
    yield made
    made.context.close()
    assert watch.problems == []


def test_import_list_and_view(page):
    samples = os.environ.get("APUS_SAMPLES")
    if samples:
        page.locator("#import-folder").set_input_files(samples)
        expect(ImportPanel(page).title).to_have_text("导入结束", timeout=300_000)
        assert ImportPanel(page).chips.count() > 0
    studies = StudyList(page)
    expect(studies.rows.first).to_be_visible(timeout=20_000)
    expect(page.locator(".status-bar")).to_contain_text("DICOM")
    studies.rows.first.dblclick()
    page.locator(".viewport[data-exact=true], .no-images-note").first.wait_for(timeout=20_000)
    Viewer(page).page.keyboard.press("q")
    studies.shown()
