"""Opens a series in headless Chromium and says when its first picture and when all of it was there. A program of its own, for the
Python that has Playwright; what to do comes as JSON on standard input, figures go as JSON to standard output.

Times are the page's own: from the start of the navigation (cold), or from the change of study in an open viewer (warm)."""
import glob
import json
import math
import os
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


# How long a study is looked at before the next one is asked for: short, for a radiologist.
READING_MS = 3000


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


def _signed_in(browser, job):
    """A browser session of its own, signed in, with a settled window."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en")
    page = context.new_page()
    page.goto(job["url"])
    answer = page.request.post(job["url"] + "/api/session", data={"name": job["user"], "password": job["password"]})
    assert answer.ok, "sign-in answered %d" % answer.status
    page.close()
    return context, _settled_page(context)


def apus(browser, job):
    """Cold: a new browser context. Warm: another study of the same size in the viewer that stands open. From the list: a study chosen
    there, by Enter. Next: a study after it in the list, by the key that leads there."""
    context, page = _signed_in(browser, job)
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
    return found + [_from_list(browser, job), _next_of_list(browser, job)]


def _from_list(browser, job):
    """The second study of the list is chosen; it was made ready while its row was looked at."""
    context, page = _signed_in(browser, job)
    page.add_init_script(APUS_WATCH + "window.bench.count = %d;" % job["images"])
    page.goto(job["url"] + "/")
    page.locator(".study-table tr[data-key]").nth(1).wait_for()
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(READING_MS)
    page.evaluate("""() => {
        Object.assign(window.bench, { from: performance.now(), first: null, complete: null });
        document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', code: 'Enter', bubbles: true }));
    }""")
    complete = _until(page, "window.bench.complete", job["patience"])
    first = _until(page, "window.bench.first", 10)
    context.close()
    return dict(metric="from the list", first_ms=first, complete_ms=complete)


def _next_of_list(browser, job):
    """The first study of the list is read for a while; the next one was made ready meanwhile."""
    context, page = _signed_in(browser, job)
    page.add_init_script(APUS_WATCH + "window.bench.count = %d;" % job["images"])
    page.goto(job["url"] + "/")
    page.locator(".study-table tr[data-key]").nth(1).wait_for()
    page.keyboard.press("Enter")
    _until(page, "window.bench.complete", job["patience"])
    page.wait_for_timeout(READING_MS)
    page.evaluate("""() => {
        Object.assign(window.bench, { from: performance.now(), first: null, complete: null, armed: false });
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'PageDown', code: 'PageDown', shiftKey: true, bubbles: true }));
    }""")
    complete = _until(page, "window.bench.complete", job["patience"])
    first = _until(page, "window.bench.first", 10)
    context.close()
    return dict(metric="next of the list", first_ms=first, complete_ms=complete)


# Every picture drawn on a view's canvas, and what the image worker said it took to make it.
HAND_WATCH = """
window.hand = { drawn: [], made: [] };
const drawPicture = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (...given) {
  const begun = performance.now(), done = drawPicture.apply(this, given), now = performance.now();
  if (this.canvas.classList?.contains('viewport-canvas')) window.hand.drawn.push({ at: now, took: now - begun });
  return done;
};
const PlainWorker = window.Worker;
window.Worker = class extends PlainWorker {
  constructor(...given) {
    super(...given);
    this.addEventListener('message', ({ data }) => {
      if (data.type === 'picture') window.hand.made.push(data.milliseconds);
    });
  }
};
"""
# Turns the wheel by one notch and waits for the slice to be drawn; the next notch comes with the refresh after that.
STEPS = """async count => {
  const view = document.querySelector('.viewport'), hand = window.hand;
  const refresh = () => new Promise(done => requestAnimationFrame(done));
  const total = Number(view.dataset.loaded), work = [], until = [];
  let sign = 1;
  for (let step = 0; step < count; step++) {
    const index = Number(view.dataset.index);
    if (index === total - 1) sign = -1;
    if (index === 0) sign = 1;
    const drawn = hand.drawn.length, made = hand.made.length, begun = performance.now();
    view.dispatchEvent(new WheelEvent('wheel', { deltaY: 120 * sign, bubbles: true, cancelable: true }));
    const handled = performance.now() - begun;
    while (hand.drawn.length === drawn || hand.made.length === made || Number(view.dataset.shown) === index) {
      if (performance.now() - begun > 2000) throw new Error('a step was not drawn');
      await refresh();
    }
    const last = hand.drawn.at(-1);
    work.push(handled + hand.made.at(-1) + last.took);
    until.push(last.at - begun);
    await refresh();
  }
  return { work, until };
}"""


def _ancestry(pid):
    """The process and all above it."""
    while pid > 1:
        yield pid
        with open("/proc/%d/stat" % pid) as file:
            pid = int(file.read().rpartition(")")[2].split()[1])


def _renderer_bytes():
    """Memory of this program's browser's page processes, each shared page counted once."""
    total = 0
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        folder = os.path.dirname(path)
        try:
            with open(path, "rb") as file:
                command = file.read()
            if b"--type=renderer" not in command or os.getpid() not in _ancestry(int(os.path.basename(folder))):
                continue
            with open(os.path.join(folder, "smaps_rollup")) as file:
                total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
        except OSError:
            continue
    return total


def _quantile(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def _open(page, study, images, patience):
    page.evaluate("""([study, images]) => {
        Object.assign(window.bench, { from: performance.now(), first: null, complete: null, armed: false, count: images });
        location.hash = '#/viewer/' + study;
    }""", [study, images])
    _until(page, "window.bench.complete", patience)


def _drag(page, seconds):
    """Pictures drawn for each second of a window drag that moves at every refresh."""
    box = page.locator(".viewport").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    before, begun = page.evaluate("window.hand.drawn.length"), time.monotonic()
    step = 0
    while time.monotonic() - begun < seconds:
        step += 1
        page.mouse.move(x + 100 * math.sin(step / 25), y + 60 * math.cos(step / 31))
    elapsed = time.monotonic() - begun
    drawn = page.evaluate("window.hand.drawn.length") - before
    page.mouse.up()
    return drawn / elapsed


def hand(browser, job):
    """What the hand feels, once a series is there: steps, a window drag, memory. Each series in a browser session of its own, in which
    a small study was opened before: the difference is what the series takes."""
    return [_hand(browser, job, series) for series in job["series"]]


def _hand(browser, job, series):
    context, page = _signed_in(browser, job)
    page.add_init_script(APUS_WATCH + HAND_WATCH + "window.bench.count = %d;" % job["small"]["images"])
    page.goto("%s/#/viewer/%s" % (job["url"], job["small"]["study"]))
    _until(page, "window.bench.complete", job["patience"])
    page.wait_for_timeout(1500)
    before = _renderer_bytes()
    _open(page, series["study"], series["images"], job["patience"])
    page.wait_for_timeout(1000)
    there = _renderer_bytes() - before
    steps = page.evaluate(STEPS, min(series["images"] * 2, 600))
    pictures_s = _drag(page, 3)
    grown = _renderer_bytes() - before
    context.close()
    return dict(
        slices=series["images"], step_ms=_quantile(steps["work"], 0.5), step_p95_ms=_quantile(steps["work"], 0.95),
        until_ms=_quantile(steps["until"], 0.5), pictures_s=pictures_s, memory=there / series["bytes"],
        memory_after=grown / series["bytes"])


def orthanc(browser, job):
    """The viewer asks for a slice when it is turned to: complete is when every one was, one turn of the wheel after the other. Warm: its
    page opened for another series in the same window, its scripts in the browser's cache."""
    found = []
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = _settled_page(context)
    page.add_init_script(ORTHANC_WATCH)
    for series in job["series"]:
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
        found.append(dict(metric="warm viewer" if found else "cold", first_ms=first, complete_ms=complete))
        page.wait_for_timeout(500)
    context.close()
    return found


def main():
    job = json.load(sys.stdin)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            found = {"apus": apus, "orthanc": orthanc, "hand": hand}[job["viewer"]](browser, job)
        finally:
            browser.close()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
