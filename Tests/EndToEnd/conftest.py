"""Servers, phantoms, peers and shared data for the end-to-end tests.

APUS_BINARY   the program under test (default .build/release/apus)
APUS_SHARED   folder of public test data (default `shared` beside the repository); what needs it is skipped without it
"""

from __future__ import annotations

import itertools
import pathlib
import shutil

import pytest

from apus_server import READER, READER_PASSWORD, REPOSITORY, TESTER, ApusServer, apus, binary_path, shared_data


PATIENCE = 30
# Firefox in Debian does not know these emulations; its contexts fail unless they are left alone.
FIREFOX_CONTEXT = dict(color_scheme="null", reduced_motion="null", forced_colors="null", contrast="null")


def pytest_configure(config):
    if not binary_path().is_file():
        raise pytest.UsageError(f"{binary_path()} is missing. Run `make build` first, or name a binary with APUS_BINARY.")
    try:
        from playwright.sync_api import expect
    except ImportError:
        return
    # Long enough for a machine that has other work; what is quick is found as soon as it is there.
    expect.set_options(timeout=PATIENCE * 1000)


def pytest_report_header(config):
    data = shared_data()
    return [f"apus: {binary_path()}", f"shared data: {data or 'absent; tests that need it are skipped'}"]


@pytest.fixture(scope="session")
def shared() -> pathlib.Path:
    data = shared_data()
    if data is None:
        pytest.skip("the shared test data are absent; name their folder with APUS_SHARED")
    return data


@pytest.fixture(scope="session")
def make_server(tmp_path_factory):
    """Makes servers with empty data directories and registers TESTER with every right."""
    made: list[ApusServer] = []
    numbers = itertools.count(1)

    def make(start: bool = True, tester: bool = True, data: pathlib.Path | None = None, **settings) -> ApusServer:
        folder = data or tmp_path_factory.mktemp("apus") / f"data{next(numbers)}"
        server = ApusServer(folder, settings={name.replace("__", "."): value for name, value in settings.items()})
        if data is not None:
            # Beside a small file system, not on it.
            beside = tmp_path_factory.mktemp("beside")
            server._log = beside / "server.log"
            server._config = beside / "server.json"
        made.append(server)
        if tester:
            server.register(TESTER)
        return server.start() if start else server

    yield make
    for server in made:
        server.kill()


@pytest.fixture(scope="module")
def server(make_server) -> ApusServer:
    """One server for the tests of a module."""
    running = make_server()
    yield running
    assert running.is_alive, f"the server died:\n{running.log()[-4000:]}"
    running.kill()
    shutil.rmtree(running.data, ignore_errors=True)


@pytest.fixture(scope="session")
def page_settings() -> dict:
    """Settings of a server that serves the page as it was built last, else the one beside the program."""
    built = REPOSITORY / "Web/dist"
    return {"http__webDirectory": str(built)} if (built / "index.html").exists() else {}


@pytest.fixture(scope="module")
def page_server(make_server, page_settings):
    """A server with the page and a radiologist, READER."""
    running = make_server(**page_settings)
    running.run("user", "add", READER, "--role", "radiologist", "--password-stdin", stdin=READER_PASSWORD + "\n").ok()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def driver():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed; Scripts/setup test does it")
    with playwright.sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(driver):
    """Chromium; modules that want Firefox as well take `both_browsers`."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed; Scripts/setup test does it")
    started = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    yield started
    started.close()


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def both_browsers(driver, request):
    """One after the other, each with `context_options` that its contexts need."""
    program = shutil.which({"chromium": "chromium", "firefox": "firefox-esr"}[request.param])
    if program is None:
        pytest.skip(f"{request.param} is not installed; Scripts/setup test does it")
    options = dict(args=["--no-sandbox"]) if request.param == "chromium" else dict(channel="moz-firefox")
    started = getattr(driver, request.param).launch(executable_path=program, **options)
    started.context_options = FIREFOX_CONTEXT if request.param == "firefox" else {}
    yield started
    started.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Where a module's screenshots go."""
    return tmp_path_factory.mktemp("screenshots")


@pytest.fixture(autouse=True)
def outlived(request):
    """A test that ends the server fails itself, and the next one finds a server again."""
    yield
    running = request.node.funcargs.get("server") if hasattr(request.node, "funcargs") else None
    if running is not None and running.process is not None and not running.is_alive:
        said = running.log_since_start()[-2000:]
        code, running.process = running.process.returncode, None
        running.start()
        pytest.fail(f"the server ended with {code}:\n{said}")


@pytest.fixture(scope="session")
def phantoms(tmp_path_factory):
    """Small series of every kind: folder `ct`, `mr`, `cr`, `us`, `enhanced-ct`, each a study of its own."""
    root = tmp_path_factory.mktemp("phantoms")
    for number, kind in enumerate(("ct", "mr", "cr", "us", "enhanced-ct"), start=1):
        options = ["--images", 6, "--matrix", 64, "--spacing", 4, "--seed", number, "--output", root / kind]
        apus("phantom", kind, *options).ok()
    return root


@pytest.fixture(scope="session")
def make_phantom(tmp_path_factory):
    """Writes another phantom series; equal seeds give equal files."""
    seeds = itertools.count(1000)

    def make(kind: str = "ct", **options) -> list[pathlib.Path]:
        folder = tmp_path_factory.mktemp(f"phantom-{kind}")
        given = {"seed": next(seeds), "images": 4, "matrix": 64, "spacing": 4, **options}
        arguments = itertools.chain.from_iterable(("--" + name.replace("_", "-"), value) for name, value in given.items())
        apus("phantom", kind, *arguments, "--output", folder).ok()
        return sorted(folder.glob("*.dcm"))

    return make
