"""A running Apus with a data directory of its own, and the `apus` command line on it."""

from __future__ import annotations

import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field

import requests

# The AE title registered with every right on every test server.
TESTER = "TESTER"
# A radiologist of servers with the page.
READER, READER_PASSWORD = "reader", "Quiet-harbour-7-lantern"
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def binary_path() -> pathlib.Path:
    """The release binary, or what APUS_BINARY names."""
    return pathlib.Path(os.environ.get("APUS_BINARY", REPOSITORY / ".build/release/apus")).resolve()


def shared_data() -> pathlib.Path | None:
    """The folder of public test data: APUS_SHARED, or `shared` beside the repository. `None` when there is none."""
    named = os.environ.get("APUS_SHARED")
    candidates = [pathlib.Path(named)] if named else [REPOSITORY.parent / "shared"]
    for candidate in candidates:
        for folder in (candidate / "data", candidate):
            if (folder / "manifest.csv").is_file():
                return folder
    return None


_ports = iter(random.sample(range(15000, 32000), 16000))


def free_port() -> int:
    """A port of its own for each server, below those that connections get: none takes it before the server does."""
    for port in _ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


@dataclass
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    def ok(self) -> "Outcome":
        assert self.code == 0, f"exit code {self.code}\n{self.out}\n{self.err}"
        return self


def apus(*arguments: object, stdin: str | None = None, timeout: float = 300, cwd: pathlib.Path | None = None) -> Outcome:
    done = subprocess.run(
        [str(binary_path()), *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=timeout, cwd=cwd,
        errors="replace",
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


class PatientSession(requests.Session):
    """Waits three minutes for an answer, not for ever."""

    def request(self, *arguments, **options):
        options.setdefault("timeout", 180)
        return super().request(*arguments, **options)


@dataclass
class ApusServer:
    data: pathlib.Path
    ae: str = "APUS"
    settings: dict = field(default_factory=dict)
    http_port: int = field(default_factory=free_port)
    dicom_port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None
    announcement: str = ""
    _log: pathlib.Path | None = None
    _config: pathlib.Path | None = None
    _offset: int = 0
    _tokens: dict = field(default_factory=dict)

    # Life

    @property
    def log_path(self) -> pathlib.Path:
        return self._log or self.data.parent / (self.data.name + ".log")

    @property
    def config_path(self) -> pathlib.Path:
        return self._config or self.data.parent / (self.data.name + ".json")

    def launch(self) -> "ApusServer":
        """Starts the process without waiting for it."""
        assert self.process is None, "already running"
        self.config_path.write_text(json.dumps(self.settings))
        arguments = [
            binary_path(), "serve", "--data", self.data, "--http", f"127.0.0.1:{self.http_port}",
            "--dicom", f"127.0.0.1:{self.dicom_port}", "--ae", self.ae, "--config", self.config_path,
        ]
        self._offset = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([str(a) for a in arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        return self

    def start(self, within: float = 90) -> "ApusServer":
        """Starts, and waits until the addresses are printed."""
        self.launch()
        limit = time.monotonic() + within
        while time.monotonic() < limit:
            self.announcement = self.log_since_start()
            if "DICOM  " in self.announcement and "Data   " in self.announcement:
                return self
            if self.process.poll() is not None:
                code, self.process = self.process.returncode, None
                raise AssertionError(f"the server ended with {code} while starting:\n{self.announcement[-4000:]}")
            time.sleep(0.01)
        self.kill()
        raise AssertionError(f"the server did not start within {within} s:\n{self.announcement[-4000:]}")

    def stop(self, within: float = 240) -> int:
        """Ends it the orderly way; its exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop within {within} s after SIGTERM") from None
        self.process = None
        return code

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self) -> "ApusServer":
        self.stop()
        return self.start()

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_since_start(self) -> str:
        with open(self.log_path, "rb") as log:
            log.seek(self._offset)
            return log.read().decode(errors="replace")

    def resident_bytes(self) -> int:
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def forget_peak(self) -> None:
        """Lets `peak_resident_bytes` begin anew (proc(5), clear_refs)."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak_resident_bytes(self) -> int:
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024

    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    # Addresses

    @property
    def peer(self) -> str:
        return f"{self.ae}@127.0.0.1:{self.dicom_port}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def dicomweb(self) -> str:
        return self.url + "/dicom-web"

    @property
    def setup_link(self) -> str | None:
        found = re.search(r"\S+/setup/\S+", self.announcement)
        return found.group(0) if found else None

    # Administration

    def run(self, *arguments: object, **options) -> Outcome:
        """`apus` on this data directory."""
        return apus(*arguments, "--data", self.data, **options)

    def register(self, ae: str, allow: str = "all", port: int | None = None, host: str = "127.0.0.1", **more: str) -> None:
        arguments = ["device", "add", "--ae", ae, "--allow", allow]
        if port is not None:
            arguments += ["--host", host, "--port", port]
        for name, value in more.items():
            arguments += ["--" + name, value]
        self.run(*arguments).ok()

    def token(self, role: str = "administrator") -> str:
        if role not in self._tokens:
            self._tokens[role] = self.run("token", "create", "--role", role).ok().out.strip()
        return self._tokens[role]

    def session(self, role: str = "administrator") -> requests.Session:
        made = PatientSession()
        made.headers["Authorization"] = f"Bearer {self.token(role)}"
        return made

    def refusals(self) -> list[dict[str, str]]:
        return table(self.run("refusals", "--limit", 1000).ok().out)

    def jobs(self) -> list[dict[str, str]]:
        return table(self.run("jobs", "--limit", 1000).ok().out)

    def status(self) -> dict:
        answer = self.session().get(self.url + "/api/server", timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()


def confirmed(session: requests.Session, method: str, url: str, **options) -> requests.Response:
    """A request with serious consequences: nothing happens until it is sent again with the token of the answer."""
    asked = session.request(method, url, **options)
    assert asked.status_code == 409, asked.text
    headers = {**options.pop("headers", {}), "X-Apus-Confirm": asked.json()["confirmation"]["token"]}
    return session.request(method, url, headers=headers, **options)


def table(text: str) -> list[dict[str, str]]:
    """Rows of a tab-separated listing by their column names."""
    lines = text.rstrip("\n").split("\n")
    names = lines[0].split("\t")
    return [dict(zip(names, line.split("\t"))) for line in lines[1:]]


def eventually(check, within: float = 60, every: float = 0.1, what: str = "the condition"):
    """Waits until `check` gives something true, and returns it."""
    limit = time.monotonic() + within
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > limit:
            raise AssertionError(f"{what} did not come true within {within} s")
        time.sleep(every)
