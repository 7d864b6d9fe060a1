"""The browser on a slow, interrupted, encrypted line: what it shows and forbids meanwhile, what of patients the line or a log could see;
the reverse proxy of the manual."""

from __future__ import annotations

import itertools
import re
import shutil
import socket
import ssl
import subprocess
import sys
from urllib.parse import unquote

import numpy
import pydicom
import pytest
import requests

from apus_server import REPOSITORY, eventually, free_port
from objects import SECONDARY_CAPTURE, encoded, made_object, saved, with_pixels
from peers import store_files
from slow_line import SlowLine

sys.path.append(str(REPOSITORY / "Web/tests/e2e"))
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed; Scripts/setup test does it")
pages = pytest.importorskip("pages", reason="the page objects of Web/tests/e2e are absent")
expect = playwright.expect

NAME, PASSWORD = "reader", "Quiet-harbour-7-lantern"
ROWS, COLUMNS = 2401, 2002
# So that the whole image takes some ten seconds.
SLOW = 900_000
MEASURING = ("长度", "角度", "椭圆")


@pytest.fixture(scope="module")
def driver():
    with playwright.sync_playwright() as started:
        yield started


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def browser(driver, request):
    program = shutil.which({"chromium": "chromium", "firefox": "firefox-esr"}[request.param])
    if program is None:
        pytest.skip(f"{request.param} is not installed; Scripts/setup test does it")
    if request.param == "chromium":
        started = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
    else:
        started = driver.firefox.launch(executable_path=program, channel="moz-firefox")
    yield started
    started.close()


def web_directory() -> dict:
    built = REPOSITORY / "Web/dist"
    return {"http__webDirectory": str(built)} if (built / "index.html").exists() else {}


SEEDS = itertools.count(1)


def image(**more):
    noise = numpy.random.default_rng(next(SEEDS)).integers(0, 60_000, (ROWS, COLUMNS)).astype("<u2")
    return with_pixels(made_object(SECONDARY_CAPTURE, **more), noise)


def stored(server, folder, *made) -> None:
    before = server.status()["storage"]["previews"]["count"]
    assert set(store_files(server, [saved(each, folder) for each in made]).values()) == {0}
    eventually(lambda: server.status()["storage"]["previews"]["count"] == before + len(made), 40, what="the previews")


@pytest.fixture(scope="module")
def server(make_server):
    # Moving objects to the archive would move what a test damages.
    made = make_server(storage__compressionIdleSeconds=86_400, **web_directory())
    made.run("user", "add", NAME, "--role", "radiologist", "--password-stdin", stdin=PASSWORD + "\n").ok()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def line(server):
    made = SlowLine(server.http_port)
    yield made
    made.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return tmp_path_factory.mktemp("screenshots")


@pytest.fixture
def page(browser, server, line, pictures, request):
    line.rate = 0
    line.mend()
    context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)
    made = context.new_page()
    pages.Entrance(made).open(f"http://127.0.0.1:{line.port}").sign_in(NAME, PASSWORD)
    made.locator(".study-table").wait_for()
    yield made
    made.screenshot(path=pictures / f"{re.sub('[^a-z0-9_]+', '-', request.node.name)}.png")
    context.close()


def opened(page, line, made):
    pages.Viewer(page).open(f"http://127.0.0.1:{line.port}", made.StudyInstanceUID)
    return page.locator(".viewport").first


def tool(page, name: str):
    return page.get_by_role("toolbar").get_by_role("button", name=name, exact=True)


def is_locked(page, viewport) -> None:
    """Notice with quality and percentage; nothing that needs every pixel can be had."""
    badge = page.locator(".viewport .fidelity-preview, .pane .fidelity-preview").first
    # The viewer's own scripts come over the slow line as well.
    expect(badge).to_be_visible(timeout=20_000)
    expect(badge).to_contain_text(re.compile(r"1/4.*\d+%"))
    expect(viewport).to_have_attribute("data-full", "false")
    for name in MEASURING:
        expect(tool(page, name)).to_be_disabled()
    page.keyboard.press("d")
    assert viewport.get_attribute("data-tool") != "measure.length"


def percentage(page) -> int:
    text = page.locator(".fidelity-preview").first.inner_text()
    return int(re.search(r"(\d+)%", text).group(1))


def measures(page, viewport) -> None:
    expect(viewport).to_have_attribute("data-full", "true", timeout=60_000)
    expect(page.locator(".fidelity-preview")).to_have_count(0)
    page.keyboard.press("d")
    expect(viewport).to_have_attribute("data-tool", "measure.length")
    box = viewport.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 100, y)
    page.mouse.down()
    page.mouse.move(x + 50, y + 40, steps=4)
    page.mouse.up()
    expect(viewport.locator(".mark")).to_have_count(1)


def test_pacs_4_2_11_b_a_preview_is_marked_and_locked_until_every_pixel_is_there(page, server, line, tmp_path, pictures):
    """PACS-4.2.11-b"""
    made = image(PatientID="SLOW-1")
    stored(server, tmp_path, made)
    line.rate = SLOW
    viewport = opened(page, line, made)
    is_locked(page, viewport)
    page.screenshot(path=pictures / "locked.png")
    # The histogram needs every pixel as well.
    page.keyboard.press("Shift+G")
    page.wait_for_timeout(300)
    expect(page.locator(".histogram svg, .histogram canvas")).to_have_count(0)
    page.keyboard.press("Shift+G")
    first = percentage(page)
    eventually(lambda: percentage(page) > first, 20, what="more of the image")
    is_locked(page, viewport)
    line.rate = 0
    measures(page, viewport)


def test_pacs_4_2_11_b_a_line_that_breaks_before_the_end_keeps_the_notice(page, server, line, tmp_path):
    """PACS-4.2.11-b"""
    made = image(PatientID="SLOW-2")
    stored(server, tmp_path, made)
    line.rate = SLOW
    viewport = opened(page, line, made)
    is_locked(page, viewport)
    line.cut()
    expect(page.locator(".fidelity-waiting").first).to_be_visible()
    page.wait_for_timeout(2_000)
    is_locked(page, viewport)
    line.rate = 0
    line.mend()
    measures(page, viewport)


def test_pacs_4_2_11_b_a_last_layer_that_is_damaged_keeps_the_notice(page, server, line, tmp_path):
    """PACS-4.2.11-b"""
    made = image(PatientID="SLOW-3")
    stored(server, tmp_path, made)
    wanted = made.PixelData[-4096:]
    for file in (server.data / "volumes").rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        at = content.find(wanted)
        if at >= 0:
            with open(file, "r+b") as pack:
                pack.seek(at + 1000)
                pack.write(bytes(255 - each for each in wanted[1000:1064]))
            break
    else:
        pytest.fail("the pixels are not where they were stored")
    viewport = opened(page, line, made)
    expect(page.locator(".fidelity-preview").first).to_be_visible()
    page.wait_for_timeout(3_000)
    is_locked(page, viewport)


# Over the Internet


def made_certificate(folder):
    """For this machine, signed by itself."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out", folder / "chain.pem",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True)
    return folder / "chain.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def far_server(make_server, tmp_path_factory):
    chain, key = made_certificate(tmp_path_factory.mktemp("certificate"))
    made = make_server(http__tls={"certificate": str(chain), "privateKey": str(key)}, **web_directory())
    made.chain = chain
    made.run("user", "add", NAME, "--role", "radiologist", "--password-stdin", stdin=PASSWORD + "\n").ok()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def wan(far_server):
    """Twenty megabits a second, eighty milliseconds there and back."""
    made = SlowLine(far_server.http_port)
    made.rate, made.delay = 2_500_000, 0.04
    yield made
    made.close()


def read_from_afar(driver, base: str, patient: str, pictures):
    """A reader signs in, searches by the patient's number and reads the study: the study, the requests, the answers, the cookies, and
    what WADO answered the signed-in browser."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed; Scripts/setup test does it")
    started = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
    context = started.new_context(locale="zh-CN", ignore_https_errors=True, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    requested, answered = [], []
    context.on("request", lambda request: requested.append(request))
    context.on("response", lambda response: answered.append(response))
    page = context.new_page()
    pages.Entrance(page).open(base).sign_in(NAME, PASSWORD)
    studies = pages.StudyList(page).shown()
    studies.search.fill(patient)
    expect(studies.rows).to_have_count(1)
    assert any(each.url.endswith("/api/studies/search") and patient in (each.post_data or "") for each in requested)
    study = studies.rows.first.get_attribute("data-key")
    addresses = [page.url]
    pages.Viewer(page).open(base, study)
    viewport = page.locator(".viewport").first
    expect(viewport).to_have_attribute("data-full", "true", timeout=60_000)
    expect(viewport).to_have_attribute("data-loaded", "12", timeout=60_000)
    page.screenshot(path=pictures / "far.png")
    addresses.append(page.url)
    wado = page.evaluate("path => fetch(path).then(answer => answer.status)", f"/dicom-web/studies/{study}/metadata")
    # Headers that the page itself cannot see are asked of the browser.
    asked = [(each.url, each.all_headers()) for each in requested if each.url.startswith("http")] + [(each, {}) for each in addresses]
    own = [(each.url.removeprefix(base), each.all_headers()) for each in answered if each.url.startswith(base)]
    others = [each.url for each in requested if not each.url.startswith((base, "blob:", "data:"))]
    cookies = context.cookies()
    started.close()
    return study, asked, own, others, cookies, wado


def test_guide_1_1_1_2_f7_over_the_internet_nothing_but_tls_and_no_patient_in_addresses(driver, far_server, wan, make_phantom, pictures):
    """GUIDE-1.1.1.2-F7"""
    files = make_phantom("ct", images=12, patient_id="WAN-4711-PATIENT", matrix=256)
    for file in files:
        made = pydicom.dcmread(file)
        made.PatientName, made.AccessionNumber = "Wandelstern^Quirin=王^大锤", "ACC-08-15"
        made.save_as(file)
    assert set(store_files(far_server, files).values()) == {0}
    other = make_phantom("ct", images=1, patient_id="ANOTHER")
    assert set(store_files(far_server, other).values()) == {0}
    base = f"https://localhost:{wan.port}"
    study, asked, own, others, cookies, wado = read_from_afar(driver, base, "WAN-4711", pictures)
    assert others == [] and wado == 200
    assert cookies and all(each["secure"] and each["httpOnly"] and each["sameSite"] == "Strict" for each in cookies)

    # What the line's ends, a log or another site could see.
    head = pydicom.dcmread(files[0], stop_before_pixels=True)
    words = {"WAN-4711", "大锤", *str(head.PatientName).replace("=", "^").split("^")[:2], str(head.AccessionNumber)}
    assert len(asked) > 10 and "Quirin" in words
    for url, headers in asked:
        shown = unquote(url + " " + headers.get("referer", "")).lower()
        assert not [word for word in words if word.lower() in shown], url
    assert not [url for url, headers in asked if "referer" in headers]
    for path, headers in own:
        assert headers["referrer-policy"] == "no-referrer" and headers["strict-transport-security"].startswith("max-age="), path
        if path.startswith(("/api/", "/dicom-web/")):
            kept = headers["cache-control"]
            assert ("no-store" in kept or "private" in kept) and "public" not in kept, (path, kept)
    paths = [path for path, _ in own]
    assert "/api/studies/search" in paths and any("/frames" in path for path in paths) and f"/dicom-web/studies/{study}/metadata" in paths
    log = far_server.log()
    assert not [word for word in words if word.lower() in log.lower()]


def test_guide_1_1_1_2_f7_wado_is_for_who_is_signed_in_and_plain_http_for_nobody(far_server, wan, make_phantom):
    """GUIDE-1.1.1.2-F7"""
    (path,) = make_phantom("ct", images=1, patient_id="LOCKED")
    assert set(store_files(far_server, [path]).values()) == {0}
    head = pydicom.dcmread(path, stop_before_pixels=True)
    base = f"https://localhost:{wan.port}"
    trusted = {"verify": str(far_server.chain), "timeout": 30}
    instance = f"/dicom-web/studies/{head.StudyInstanceUID}/series/{head.SeriesInstanceUID}/instances/{head.SOPInstanceUID}"
    of_patients = [
        instance, instance + "/metadata", instance + "/frames/1", instance + "/rendered", "/dicom-web/studies",
        f"/wado?requestType=WADO&studyUID={head.StudyInstanceUID}&seriesUID={head.SeriesInstanceUID}&objectUID={head.SOPInstanceUID}",
        "/api/studies", f"/api/studies/{head.StudyInstanceUID}/viewing",
        f"/api/studies/{head.StudyInstanceUID}/series/{head.SeriesInstanceUID}/frames"]
    session = far_server.session()
    session.trust_env, session.verify = False, str(far_server.chain)
    for each in of_patients:
        refused = requests.get(base + each, **trusted)
        if refused.status_code == 200:
            # An address that is a screen of the page, the same for everybody.
            assert refused.headers["Content-Type"].startswith("text/html") and str(head.PatientName) not in refused.text, each
            continue
        assert refused.status_code == 401, each
        given = session.get(base + each)
        assert given.status_code == 200, (each, given.text)
        kept = given.headers["Cache-Control"]
        assert ("no-store" in kept or "private" in kept) and "public" not in kept, (each, kept)
    assert requests.post(base + "/api/studies/search", data={"q": "LOCKED"}, **trusted).status_code == 401
    # Plain HTTP is not spoken; old TLS neither.
    with pytest.raises(requests.RequestException):
        requests.get(base.replace("https:", "http:"), timeout=10)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", wan.port), 10) as plain, pytest.raises((ssl.SSLError, ConnectionError)):
        old.wrap_socket(plain)


def test_what_is_searched_for_may_stand_in_the_body_as_in_the_query(make_server, make_phantom):
    server = make_server()
    files = [make_phantom("ct", images=1, patient_id=f"BODY-{number}")[0] for number in range(3)]
    assert set(store_files(server, files).values()) == {0}
    session = server.session()
    for search in ({"q": "BODY-1"}, {"q": "body", "sort": "patientID", "limit": "2"}, {"modality": ["CT", "MR"]}, {"q": "a+b & c=d#é"}, {}):
        asked = session.get(server.url + "/api/studies", params=search)
        sent = session.post(server.url + "/api/studies/search", data=search)
        assert asked.status_code == sent.status_code == 200 and asked.json() == sent.json(), search
    assert session.post(server.url + "/api/studies/search", data={"q": "BODY-1"}).json()["total"] == 1
    assert session.post(server.url + "/api/studies/search", data={"q": "x" * 20_000}).status_code == 413
    assert session.post(server.url + "/api/studies/search", data=b"\xff\x00%zz&=&q").status_code in (200, 400)
    assert session.post(server.url + "/api/studies/search", data={"sort": "height"}).status_code == 400


def test_behind_a_proxy_that_ends_tls_sessions_are_for_tls_alone(make_server):
    server = make_server(http__publicURL="https://pacs.example")
    server.run("user", "add", NAME, "--role", "radiologist", "--password-stdin", stdin=PASSWORD + "\n").ok()
    answer = requests.post(server.url + "/api/session", json={"name": NAME, "password": PASSWORD}, timeout=30)
    assert answer.status_code == 200 and "; Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    plain = make_server()
    assert "Strict-Transport-Security" not in requests.get(plain.url + "/", timeout=30).headers


# Behind a reverse proxy


def guide_configuration(name: str, **replaced: str) -> str:
    """What the administration manual gives for nginx, with names and places of this test."""
    text = (REPOSITORY / "Documentation/manual" / name).read_text()
    block = re.search(r"\n((?:    .*\n)+)", text[text.index("    log_format noquery") - 1:]).group(1)
    for old, new in replaced.items():
        assert old in block
        block = block.replace(old, new)
    return block


@pytest.mark.parametrize("manual", ["administration.md", "administration.zh-CN.md"])
def test_the_reverse_proxy_of_the_guide_passes_everything_on(make_server, tmp_path, manual):
    """GUIDE-1.1.1.2-F7"""
    program = shutil.which("nginx") or shutil.which(REPOSITORY / ".build/peers/usr/sbin/nginx")
    if program is None:
        pytest.skip("nginx is not here; Scripts/setup test unpacks it")
    server = make_server(http__publicURL="https://pacs.example.cn")
    secure, plain = free_port(), free_port()
    made_certificate(tmp_path)
    server.run("user", "add", NAME, "--role", "radiologist", "--password-stdin", stdin=PASSWORD + "\n").ok()
    block = guide_configuration(manual, **{
        "listen 443 ssl": f"listen 127.0.0.1:{secure} ssl", "listen 80": f"listen 127.0.0.1:{plain}",
        "/etc/ssl/pacs.pem": str(tmp_path / "chain.pem"), "/etc/ssl/pacs.key": str(tmp_path / "key.pem"),
        "/var/log/nginx/pacs.log": str(tmp_path / "pacs.log"),
        "127.0.0.1:8080": f"127.0.0.1:{server.http_port}"})
    places = "".join(f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        f"daemon off;\npid {tmp_path}/pid;\nevents {{}}\nhttp {{\naccess_log {tmp_path}/access.log;\n{places}{block}}}\n")
    proxy = subprocess.Popen([program, "-p", str(tmp_path), "-e", str(tmp_path / "error.log"), "-c", str(configuration)])
    try:
        base = f"https://localhost:{secure}"
        session = server.session()
        session.trust_env, session.verify = False, str(tmp_path / "chain.pem")

        def answers():
            try:
                return session.get(base + "/api/server").status_code == 200
            except requests.ConnectionError:
                return False

        eventually(answers, 10, what="nginx")
        # More than a proxy's own limit of an upload; then all of it back.
        made = image(PatientID="PROXY-1")
        boundary = "part"
        body = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + encoded(made) + f"\r\n--{boundary}--\r\n".encode()
        answer = session.post(
            base + "/dicom-web/studies", data=body,
            headers={"Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}'})
        assert answer.status_code == 200, answer.text
        assert answer.json()["00081190"]["Value"][0].startswith("https://pacs.example.cn/dicom-web/studies/")
        frames = session.get(f"{base}/api/studies/{made.StudyInstanceUID}/series/{made.SeriesInstanceUID}/frames")
        assert len(frames.content) > ROWS * COLUMNS * 2
        # Isolation and strictness reach the browser.
        front = session.get(base + "/")
        assert front.headers["Cross-Origin-Embedder-Policy"] == "require-corp" and "Strict-Transport-Security" in front.headers
        # Notices come at once, not when a buffer is full.
        with session.get(base + "/api/events", stream=True, timeout=10) as events:
            assert next(events.iter_content(1))
        # A search leaves nothing in the log, as the page makes it or in the address, and a session is for TLS alone.
        assert session.post(base + "/api/studies/search", data={"q": "PROXY-1"}).json()["total"] == 1
        assert session.get(base + "/api/studies", params={"q": "PROXY-1"}).json()["total"] == 1
        log = (tmp_path / "pacs.log").read_text() + (tmp_path / "access.log").read_text()
        assert "GET /api/studies 200" in log and "PROXY-1" not in log
        signed_in = requests.post(
            base + "/api/session", json={"name": NAME, "password": PASSWORD}, verify=str(tmp_path / "chain.pem"), timeout=30)
        assert signed_in.status_code == 200 and "; Secure" in signed_in.headers["Set-Cookie"]
        assert requests.get(f"{base}/dicom-web/studies", verify=str(tmp_path / "chain.pem"), timeout=30).status_code == 401
        turned = requests.get(f"http://127.0.0.1:{plain}/x", headers={"Host": "pacs.example.cn"}, allow_redirects=False, timeout=10)
        assert turned.status_code == 301 and turned.headers["Location"] == "https://pacs.example.cn/x"
    finally:
        proxy.terminate()
        proxy.wait(10)
