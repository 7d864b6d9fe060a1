"""Opens a series in headless Chromium and says when its first picture and when all of it was there. A program of its own, for the
Python that has Playwright; what to do comes as JSON on standard input, figures go as JSON to standard output.

Times are the page's own: from the start of the navigation (cold), or from the change of study in an open viewer (warm)."""
import json
import shutil
import sys
import time

from playwright.sync_api import sync_playwright

# What a reader sees: the viewport says which picture stands in it and how many are loaded. Observed, not polled.
APUS_WATCH = """
window.bench = { from: 0, first: null, complete: null, count: 0, armed: true };
const look = () => {
  const view = document.querySelector('.viewport'), bench = window.bench;
  if (!view) return;
  if (!bench.armed) {
    // The picture before is gone: what comes now is the new one.
    if (view.dataset.exact !== 'true' || Number(view.dataset.loaded) < bench.count) bench.armed = true;
    else return;
  }
  const now = performance.now() - bench.from;
  if (bench.first === null && view.dataset.exact === 'true') requestAnimationFrame(() => {
    if (bench.first === null) bench.first = performance.now() - bench.from;
  });
  if (bench.complete === null && Number(view.dataset.loaded) === bench.count) bench.complete = now;
};
new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true,
  attributeFilter: ['data-exact', 'data-loaded', 'data-shown'] });
"""
ORTHANC_WATCH = """
window.bench = { first: null };
const draw = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (...given) {
  const done = draw.apply(this, given);
  if (window.bench.first === null && given[0].width > 1) window.bench.first = performance.now();
  return done;
};
"""


def _until(page, expression, patience):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = page.evaluate(expression)
        if value is not None:
            return value
        time.sleep(0.02)
    raise SystemExit("the page never showed it: " + expression)


def _settled_page(context):
    """A window whose browser has finished loading its own parts, which would share the processor with what is measured."""
    page = context.new_page()
    page.wait_for_timeout(1500)
    return page


def apus(browser, job):
    """Cold: a new browser context. Warm: another study of the same size in the viewer that stands open."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en")
    page = context.new_page()
    page.goto(job["url"])
    answer = page.request.post(job["url"] + "/api/session", data={"name": job["user"], "password": job["password"]})
    assert answer.ok, "sign-in answered %d" % answer.status
    page.close()
    page = _settled_page(context)
    page.add_init_script(APUS_WATCH + "window.bench.count = %d;" % job["images"])
    page.goto("%s/#/viewer/%s" % (job["url"], job["cold"]))
    complete = _until(page, "window.bench.complete", job["patience"])
    found = [dict(metric="cold", first_ms=_until(page, "window.bench.first", 10), complete_ms=complete)]
    for study in job["warm"]:
        page.wait_for_timeout(500)
        page.evaluate("""study => {
            Object.assign(window.bench, { from: performance.now(), first: null, complete: null, armed: false });
            location.hash = '#/viewer/' + study;
        }""", study)
        complete = _until(page, "window.bench.complete", job["patience"])
        found.append(dict(metric="warm viewer", first_ms=_until(page, "window.bench.first", 10), complete_ms=complete))
    context.close()
    return found


def orthanc(browser, job):
    """The viewer asks for a slice when it is turned to: complete is when every one was, one turn of the wheel after the other."""
    found = []
    for series in job["series"]:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = _settled_page(context)
        page.add_init_script(ORTHANC_WATCH)
        page.goto("%s/web-viewer/app/viewer.html?series=%s" % (job["url"], series), wait_until="commit")
        first = _until(page, "window.bench.first", job["patience"])
        complete = page.evaluate("""async count => {
            const element = document.getElementById('dicomImage');
            for (let i = 1; i < count; i++) {
              element.dispatchEvent(new WheelEvent('mousewheel', { deltaY: -120, bubbles: true, cancelable: true }));
              if (i % 20 === 0) await new Promise(done => setTimeout(done));
            }
            const end = performance.now();
            return $('#slider').slider('option', 'value') === count - 1 ? end : null;
        }""", job["images"])
        assert complete is not None, "the wheel did not reach the last slice"
        found.append(dict(metric="cold", first_ms=first, complete_ms=complete))
        context.close()
    return found


def main():
    job = json.load(sys.stdin)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            found = {"apus": apus, "orthanc": orthanc}[job["viewer"]](browser, job)
        finally:
            browser.close()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
