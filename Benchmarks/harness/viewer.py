"""The viewer in headless Chromium: first picture and whole series of a CT, beside Orthanc's web viewer. Server, browser and its
decoders share the machine, as they do on a small installation."""
import json
import os
import shutil
import subprocess

from . import corpus, ingest, system, targets, wire

PASSWORD = "Quiet-harbour-7-lantern"
PAGE = os.path.join(targets.ROOT, "Web/dist")
WARM_STUDIES = 2
# Slices of the study that is opened before memory is measured.
SMALL = 5


class ApusViewing(targets.Apus):
    """Apus with an account to sign in with; objects as received."""

    settings = {"storage": {"compression": "none"}, "http": {"webDirectory": PAGE}}

    def prepare(self):
        if not os.path.exists(os.path.join(PAGE, "index.html")):
            raise system.Shortfall("the page is not built; run `make build`")
        super().prepare()
        listed = targets.apus("user", "list", "--data", self.data)
        if "bench" not in listed:
            subprocess.run([targets.apus_binary(), "user", "add", "bench", "--data", self.data, "--role", "administrator",
                            "--password-stdin"], input=PASSWORD + "\n", text=True, check=True, capture_output=True, timeout=60)


class ApusViewingAtRest(ApusViewing):
    """The same after background compression: the browser decodes JPEG-LS."""

    name, settings = "apus-at-rest", {"http": {"webDirectory": PAGE}}

    def compress(self):
        targets.apus("compression", "--run", "--data", self.data)


class OrthancViewing(targets.Orthanc):
    """Orthanc with its web viewer plug-in."""

    PLUGINS = [os.path.join(folder, "libOrthancWebViewer.so") for folder in targets.ORTHANC_PLUGINS]

    def available(self):
        return super().available() and any(os.path.exists(path) for path in self.PLUGINS)

    def prepare(self):
        super().prepare()
        path = os.path.join(self.folder, "orthanc.json")
        with open(path) as file:
            configuration = json.load(file)
        configuration["Plugins"] += [path for path in self.PLUGINS if os.path.exists(path)][:1]
        with open(path, "w") as file:
            json.dump(configuration, file)


SERVERS = [ApusViewing, ApusViewingAtRest, OrthancViewing]


def _python():
    """One with Playwright: the environment of the web tests."""
    venv = os.environ.get("APUS_WEB_VENV", os.path.join(targets.ROOT, ".build/web-venv"))
    for path in (os.path.join(venv, "bin/python"), shutil.which("python3")):
        if path and subprocess.run([path, "-c", "import playwright"], capture_output=True).returncode == 0:
            return path
    raise system.Shortfall("no Python with Playwright; run Web/test once, or name its environment with APUS_WEB_VENV")


def _page(run, job):
    program = os.path.join(os.path.dirname(__file__), "viewer_page.py")
    done = subprocess.run([_python(), program], input=json.dumps(dict(job, patience=run.patience)), capture_output=True, text=True,
                          timeout=run.patience * 8)
    if done.returncode != 0:
        raise system.Shortfall(done.stderr.strip()[-500:])
    return json.loads(done.stdout)


def _orthanc_series(server):
    done = subprocess.run(["curl", "-sS", "http://127.0.0.1:%d/series" % server.web_port], capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout)


def _measure(run, server, studies, report):
    url = "http://127.0.0.1:%d" % server.web_port
    if server.name == "orthanc":
        job = dict(viewer="orthanc", url=url, series=_orthanc_series(server), images=run.viewer_slices)
    else:
        job = dict(viewer="apus", url=url, user="bench", password=PASSWORD, cold=studies[0], warm=studies[1:], images=run.viewer_slices)
    for figures in _page(run, job):
        for name, what in (("first_ms", "first picture"), ("complete_ms", "whole series")):
            metric = "%d slices, %s, %s" % (run.viewer_slices, what, figures["metric"])
            report.add("Viewer", metric, server.name, ms=figures[name])


def _measure_hand(run, server, small, series, report):
    """A step of the wheel, a window drag and memory, with the series complete."""
    described = [dict(study=corpus.identity(folder)[0], images=images, bytes=images * corpus.SLICE_BYTES) for folder, images in series]
    job = dict(viewer="hand", url="http://127.0.0.1:%d" % server.web_port, user="bench", password=PASSWORD, series=described,
               small=dict(study=corpus.identity(small[0])[0], images=small[1]))
    for figures in _page(run, job):
        of = "%d slices, " % figures["slices"]
        report.add("Viewer", of + "step of the wheel: work", server.name, ms=figures["step_ms"])
        report.add("Viewer", of + "step of the wheel: work, p95", server.name, ms=figures["step_p95_ms"])
        report.add("Viewer", of + "step of the wheel: until drawn", server.name, ms=figures["until_ms"])
        report.add("Viewer hand", of + "window drag", server.name, pictures_s=figures["pictures_s"])
        report.add("Viewer memory", of + "complete", server.name, of_pixel_bytes=figures["memory"])
        report.add("Viewer memory", of + "after scrolling", server.name, of_pixel_bytes=figures["memory_after"])


def run(run, report):
    if shutil.which("chromium") is None:
        return report.note("Chromium is not installed; the viewer was not measured")
    folders = [corpus.series(run.base, run.viewer_slices, seed) for seed in range(71, 72 + WARM_STUDIES)]
    studies = [corpus.identity(folder)[0] for folder in folders]
    small, long = (corpus.series(run.base, SMALL, 74), SMALL), (corpus.series(run.base, run.long_slices, 75), run.long_slices)
    for kind in run.kinds(SERVERS):
        server = kind(run.scratch)
        try:
            server.start(fresh=True)
            for folder in folders:
                ingest.lean(server, [corpus.files(folder)], run.patience)
            if hasattr(server, "compress"):
                server.stop()
                server.compress()
                server.start()
            for _ in range(run.repetitions):
                if run.time_left():
                    _measure(run, server, studies, report)
            if type(server) is ApusViewing and run.time_left():
                for folder, _ in (small, long):
                    ingest.lean(server, [corpus.files(folder)], run.patience)
                _measure_hand(run, server, small, [(folders[0], run.viewer_slices), long], report)
        except (system.Shortfall, wire.WireError, OSError, subprocess.SubprocessError) as error:
            report.failed("Viewer", "series", server.name, error)
        finally:
            server.stop()
            server.wipe()
    return None
