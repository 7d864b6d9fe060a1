"""A stand-in for the server: the same HTTP interface over synthetic data, with switches for what can go wrong.

Run it by hand with `python3 tests/e2e/mock_server.py --port 8080` after `./build`.
"""

import argparse
import base64
import hashlib
import io
import json
import mimetypes
import pathlib
import queue
import threading
import time
import zipfile
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import mock_viewing
import synthetic
from mock_marks import MarkKeeper

DIST = pathlib.Path(__file__).resolve().parents[2] / "dist"
CSP = (
    "default-src 'self'; img-src 'self' blob: data:; worker-src 'self' blob:; script-src 'self' 'wasm-unsafe-eval'; "
    "style-src 'self'"
)


def policy_of(page: str) -> str:
    """The policy with the scripts that stand in the page itself, as the server makes it."""
    scripts = [each.split("</script>")[0] for each in page.split("<script>")[1:]]
    digests = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in scripts]
    return CSP.replace("script-src 'self'", " ".join(["script-src 'self'", *(f"'sha256-{each}'" for each in digests)]))


ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SETUP_TOKEN = "first-start-token"


@dataclass
class State:
    """What the tests look at and switch."""

    accounts: dict = field(default_factory=lambda: {"reader": "Blue-lantern-42"})
    roles: dict = field(default_factory=dict)
    # Of accounts that are told what they may do; others may everything.
    rights: dict = field(default_factory=dict)
    setup_open: bool = True
    sessions: dict = field(default_factory=dict)
    studies: list = field(default_factory=list)
    queries: list = field(default_factory=list)
    frame_requests: list = field(default_factory=list)
    uploads: list = field(default_factory=list)
    stored: set = field(default_factory=set)
    failed_logins: int = 0
    storage: str = "ok"
    query_delay: float = 0.0
    frame_delay: float = 0.0
    # Frame streams as asked for; after this many frames the next ones are cut; whether pages may share memory.
    stream_requests: list = field(default_factory=list)
    # Study Instance UIDs of the studies somebody opened, apart from those made ready ahead.
    opened: list = field(default_factory=list)
    cut_streams_after: int | None = None
    isolated: bool = True
    # Pages of the tests themselves: path to content and type.
    extra_files: dict = field(default_factory=dict)
    # How many uploads may still end; `None` lets all.
    uploads_let: threading.Semaphore | None = None
    fail_uploads: int = 0
    fail_queries: int = 0
    csrf_violations: int = 0
    listeners: list = field(default_factory=list)
    kept: dict = field(default_factory=dict)
    checks: list = field(default_factory=list)
    # What pages reported of errors they met.
    reports: list = field(default_factory=list)
    # Changes of the configuration that nobody has accepted.
    changes: list = field(default_factory=list)
    marks: MarkKeeper = field(default_factory=MarkKeeper)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def announce(self, study_uid: str) -> None:
        for listener in list(self.listeners):
            listener.put(study_uid)

    def add_study(self, index: int, **changes) -> dict:
        study = synthetic.make_study(index, date.today()) | changes
        with self.lock:
            self.studies = [s for s in self.studies if s["studyInstanceUID"] != study["studyInstanceUID"]] + [study]
        self.announce(study["studyInstanceUID"])
        return study


def folded(text: str) -> str:
    return text.replace("^", "").replace("=", " ").casefold()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: State

    def log_message(self, *_):
        pass

    # Answers

    def answer(self, status: int, body: bytes = b"", kind: str = "application/json", headers: dict | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in ISOLATION.items() if self.state.isolated else ():
            self.send_header(name, value)
        for name, value in {"Content-Security-Policy": CSP, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def json(self, value, status: int = 200, headers: dict | None = None) -> None:
        self.answer(status, json.dumps(value, ensure_ascii=False).encode(), headers=headers)

    def error(self, status: int, code: str, message: str, remedy: str = "") -> None:
        self.json({"error": {"code": code, "message": message, "remedy": remedy}}, status)

    # Requests

    def do_GET(self):
        self.route("GET")

    def do_POST(self):
        self.route("POST")

    def do_PUT(self):
        self.route("PUT")

    def do_DELETE(self):
        self.route("DELETE")

    def route(self, method: str) -> None:
        try:
            url = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            self.body = self.rfile.read(length)
            self.query = parse_qs(url.query)
            path = unquote(url.path)
            if path.startswith("/api/setup/"):
                return self.first_setup(method, path.rsplit("/", 1)[1])
            if path == "/api/session":
                return self.session(method)
            if not path.startswith(("/api/", "/dicom-web/")):
                return self.file(path)
            if self.user() is None:
                return self.error(401, "http401", "")
            if method != "GET" and not self.csrf_is_right():
                self.state.csrf_violations += 1
                return self.error(403, "csrf", "CSRF token missing")
            self.resource(method, path)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def resource(self, method: str, path: str) -> None:
        parts = path.strip("/").split("/")
        if path == "/api/studies/search" and method == "POST":
            self.query = parse_qs(self.body.decode())
            return self.studies()
        if path == "/api/server":
            return self.server_state()
        if path == "/api/events":
            return self.events()
        if parts[:2] in (["api", "preferences"], ["api", "workstations"]):
            return self.kept(method, path)
        if path == "/api/display-checks":
            return self.display_checks(method)
        if path == "/api/errors" and method == "POST":
            self.state.reports.append(json.loads(self.body))
            return self.answer(204)
        if parts[:2] == ["api", "configuration"]:
            return self.configuration(parts[2])
        if path == "/api/import" and method == "POST":
            return self.take_in()
        if parts[:2] == ["api", "studies"] and len(parts) > 3 and parts[3] == "marks":
            return self.state.marks.answer(self, method, self.user(), parts[2], parts[4:])
        if parts[:2] == ["api", "studies"] and parts[-1] == "series":
            return self.study(parts[2])
        if parts[:2] == ["api", "studies"] and parts[-1] == "viewing":
            return self.viewing(parts[2])
        if parts[:2] == ["api", "studies"] and len(parts) == 5 and parts[3] == "objects":
            return self.object(parts[2], parts[4])
        if parts[:2] == ["api", "studies"] and parts[-1] == "frames":
            return self.stream(parts[2], int(parts[4].rsplit(".", 1)[1]))
        if parts[0] == "dicom-web" and len(parts) >= 6:
            return self.dicom_web(parts[2], int(parts[4].rsplit(".", 1)[1]), parts[5:])
        self.error(404, "http404", "")

    def cookie(self) -> str:
        for part in (self.headers.get("Cookie") or "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == "apus_session":
                return value
        return ""

    def user(self):
        return self.state.sessions.get(self.cookie())

    def csrf_is_right(self) -> bool:
        return self.headers.get("X-Apus-CSRF") == f"csrf-{self.cookie()}"

    def begin_session(self, name: str) -> None:
        token = hashlib.sha256(f"{name}{time.time_ns()}".encode()).hexdigest()
        self.state.sessions[token] = name
        headers = {"Set-Cookie": f"apus_session={token}; HttpOnly; SameSite=Strict; Path=/"}
        self.json(self.session_of(name, token), headers=headers)

    def session_of(self, name: str, token: str) -> dict:
        role = self.state.roles.get(name, "administrator")
        rights = {"rights": self.state.rights[name]} if name in self.state.rights else {}
        return {"user": {"name": name, "displayName": name, "role": role, **rights}, "csrf": f"csrf-{token}"}

    def session(self, method: str) -> None:
        state = self.state
        if method == "GET":
            name = self.user()
            return self.json(self.session_of(name, self.cookie())) if name else self.error(401, "http401", "")
        if method == "DELETE":
            if not self.csrf_is_right():
                state.csrf_violations += 1
                return self.error(403, "csrf", "")
            state.sessions.pop(self.cookie(), None)
            return self.answer(204)
        given = json.loads(self.body)
        if state.failed_logins >= 5:
            return self.error(429, "http429", "")
        if state.accounts.get(given["name"]) != given["password"]:
            state.failed_logins += 1
            return self.error(401, "login.refused", "用户名或密码不正确。", "请检查大小写后重试。")
        state.failed_logins = 0
        self.begin_session(given["name"])

    def first_setup(self, method: str, token: str) -> None:
        if token != SETUP_TOKEN or not self.state.setup_open:
            return self.error(410 if token == SETUP_TOKEN else 404, "setup.invalid", "")
        if method == "GET":
            return self.answer(204)
        given = json.loads(self.body)
        if "12345" in given["password"]:
            return self.error(400, "password.weak", "属于最常被猜测的密码", "请换一个密码。")
        self.state.accounts[given["name"]] = given["password"]
        self.state.setup_open = False
        self.begin_session(given["name"])

    def studies(self) -> None:
        state, query = self.state, self.query
        text = query.get("q", [""])[0]
        state.queries.append({key: values for key, values in query.items()})
        time.sleep(state.query_delay)
        if state.fail_queries > 0:
            state.fail_queries -= 1
            return self.error(500, "database", "", "")
        words = folded(text).split()
        with state.lock:
            found = [s for s in state.studies if self.matches(s, words, query)]
        sort = query.get("sort", ["-studyDate"])[0]
        key = sort.lstrip("-")
        found.sort(key=lambda s: (s["studyDate"] + s["studyTime"] if key == "studyDate" else s[key]), reverse=sort[0] == "-")
        start = int(base64.b64decode(query["cursor"][0])) if "cursor" in query else 0
        limit = int(query.get("limit", ["100"])[0])
        more = start + limit < len(found)
        self.json({
            "studies": found[start:start + limit],
            "next": base64.b64encode(str(start + limit).encode()).decode() if more else None,
            "total": len(found),
        })

    @staticmethod
    def matches(study: dict, words: list, query: dict) -> bool:
        hay = folded(" ".join([study["patientName"], study["patientID"], study["accessionNumber"], study["studyDescription"]]))
        wanted = set(query.get("modality", []))
        return (
            all(word in hay for word in words)
            and (not wanted or bool(wanted & set(study["modalities"])))
            and study["studyDate"] >= query.get("from", [""])[0]
            and ("to" not in query or study["studyDate"] <= query["to"][0])
        )

    def study(self, uid: str) -> None:
        study = next((s for s in self.state.studies if s["studyInstanceUID"] == uid), None)
        if study is None:
            return self.error(404, "http404", "")
        self.json({"study": study, "series": synthetic.series_of(uid)})

    def viewing(self, uid: str) -> None:
        study = next((s for s in self.state.studies if s["studyInstanceUID"] == uid), None)
        if "ahead" not in self.query:
            self.state.opened.append(uid)
        return self.error(404, "study", "") if study is None else self.json(mock_viewing.manifest(study))

    def object(self, study_uid: str, uid: str) -> None:
        study = next((s for s in self.state.studies if s["studyInstanceUID"] == study_uid), None)
        found = [data for spec in synthetic.VIEWER_SERIES for data in synthetic.metadata(study, spec["number"])] if study else []
        data = next((each for each in found if each["00080018"]["Value"] == [uid]), None)
        if data is None:
            return self.error(404, "object", "")
        return self.json({
            "sopClassName": "Basic Text SR Storage", "sopClassKind": "structuredReport", "transferSyntaxName": "Explicit VR Little Endian",
            "bytes": 1000, "quarantined": False, "content": None, "dataSet": data,
        })

    def stream(self, study_uid: str, number: int) -> None:
        state = self.state
        study = next((s for s in state.studies if s["studyInstanceUID"] == study_uid), None)
        spec = next((s for s in synthetic.VIEWER_SERIES if s["number"] == number), None)
        if study is None or spec is None:
            return self.error(404, "series", "")
        state.stream_requests.append((spec["kind"], {key: values[0] for key, values in self.query.items()}))
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.apus.frames")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(mock_viewing.OPENING)
        count = len(mock_viewing.frames_of(study, number))
        for sent, index in enumerate(mock_viewing.order(count, self.query)):
            time.sleep(state.frame_delay)
            if state.cut_streams_after is not None and sent >= state.cut_streams_after:
                return
            self.wfile.write(mock_viewing.frame(study, spec, index))
            state.frame_requests.append((spec["kind"], index, 1))
        self.wfile.write(mock_viewing.END)

    def kept(self, method: str, path: str) -> None:
        """Habits of a person and monitors of a workstation, kept as they come."""
        key = f"{self.user()} {path}" if path.startswith("/api/preferences/") else path
        if method == "PUT":
            self.state.kept[key] = json.loads(self.body)
            return self.answer(204)
        self.json(self.state.kept.get(key))

    def display_checks(self, method: str) -> None:
        if method == "POST":
            row = {**json.loads(self.body), "number": len(self.state.checks) + 1, "author": self.user()}
            self.state.checks.insert(0, row)
            return self.json(row, 201)
        self.json({"checks": self.state.checks, "next": None})

    def configuration(self, what: str) -> None:
        """Accepting is asked back for, with the number of changes in the token."""
        if what == "changes":
            return self.json({"changes": self.state.changes})
        token = f"changes-{len(self.state.changes)}"
        if self.headers.get("X-Apus-Confirm") != token:
            question = {"function": "configurationAccept", "consequence": "当前配置将成为认可的配置。", "token": token,
                        "affected": {"settings": len(self.state.changes)}, "affectedText": f"{len(self.state.changes)} 项设置"}
            error = {"code": "confirmationNeeded", "message": "", "remedy": ""}
            return self.json({"error": error, "confirmation": question}, 409)
        self.state.changes = []
        self.answer(204)

    def server_state(self) -> None:
        total = 8 * 2**40
        free = {"ok": 5 * 2**40 + 2**39, "low": 180 * 2**30, "full": 0}[self.state.storage]
        studies = self.state.studies
        self.json({
            "version": "0.1.0", "configurationAccepted": self.state.changes == [],
            "dicom": {"aeTitle": "APUS", "host": "192.168.1.20", "port": 11112},
            "storage": {"freeBytes": free, "totalBytes": total, "state": self.state.storage},
            "counts": {
                "studies": len(studies),
                "series": sum(s["numberOfSeries"] for s in studies),
                "instances": sum(s["numberOfInstances"] for s in studies),
            },
        })

    def events(self) -> None:
        listener: queue.Queue = queue.Queue()
        self.state.listeners.append(listener)
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            self.wfile.write(b": here\n\n")
            while True:
                try:
                    uid = listener.get(timeout=5)
                except queue.Empty:
                    self.wfile.write(b": still here\n\n")
                    continue
                if uid is None:
                    return
                self.wfile.write(f"event: study\ndata: {json.dumps({'studyInstanceUID': uid})}\n\n".encode())
        finally:
            self.state.listeners.remove(listener)

    # Import

    def take_in(self) -> None:
        state, name = self.state, unquote(self.headers["X-Apus-Name"])
        if state.uploads_let is not None:
            state.uploads_let.acquire(timeout=60)
        if state.storage == "full":
            return self.error(507, "http507", "")
        with state.lock:
            fails = state.fail_uploads > 0
            state.fail_uploads -= fails
        if fails:
            return self.error(500, "database", "服务器内部错误", "请重试。")
        state.uploads.append(name)
        if self.body[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(self.body)) as archive:
                results = [self.judge(f"{name}/{entry}", archive.read(entry)) for entry in archive.namelist()]
        else:
            results = [self.judge(name, self.body)]
        self.json({"results": results})

    def judge(self, path: str, content: bytes) -> dict:
        verdict, reason = "stored", None
        digest = hashlib.sha256(content).hexdigest()
        if content == b"":
            verdict, reason = "skipped", "空文件"
        elif content[128:132] != b"DICM":
            verdict, reason = "refused", "不是 DICOM 文件：缺少 DICM 标识"
        elif b"TRUNCATED" in content:
            verdict, reason = "quarantined", "像素数据长度不足"
        elif b"SAMEUID" in content:
            verdict, reason = "conflict", "同一 SOP Instance UID 的内容不同"
        elif digest in self.state.stored:
            verdict, reason = "duplicate", "内容完全相同"
        self.state.stored.add(digest)
        return {"path": path, "verdict": verdict, "reason": reason, "code": verdict,
                "studyInstanceUID": synthetic.study_uid(0) if verdict == "stored" else None, "sopInstanceUID": None}

    # DICOMweb

    def dicom_web(self, study_uid: str, number: int, rest: list) -> None:
        study = next((s for s in self.state.studies if s["studyInstanceUID"] == study_uid), None)
        spec = next((s for s in synthetic.VIEWER_SERIES if s["number"] == number), None)
        if study is None or spec is None:
            return self.error(404, "http404", "")
        if rest == ["metadata"]:
            body = json.dumps(synthetic.metadata(study, number), ensure_ascii=False).encode()
            return self.answer(200, body, "application/dicom+json")
        if rest[0] == "instances" and rest[2:] == ["metadata"]:
            body = [each for each in synthetic.metadata(study, number) if each["00080018"]["Value"] == [rest[1]]]
            return self.answer(200, json.dumps(body, ensure_ascii=False).encode(), "application/dicom+json")
        if rest == ["thumbnail"]:
            if spec["kind"] in ("sr", "broken"):
                return self.error(404, "http404", "")
            return self.answer(200, synthetic.thumbnail(spec["kind"]), "image/jpeg")
        if rest[0] == "instances" and rest[2] == "frames" and len(rest) == 4:
            return self.frame(spec, int(rest[1].rsplit(".", 1)[1]), int(rest[3]))
        self.error(404, "http404", "")

    def frame(self, spec: dict, instance: int, number: int) -> None:
        self.state.frame_requests.append((spec["kind"], instance, number))
        time.sleep(self.state.frame_delay)
        if spec["kind"] == "broken":
            return self.error(500, "pixels", "")
        pixels = synthetic.frame(spec["kind"], instance, number)
        head = b"--frame-boundary\r\nContent-Type: application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1\r\n\r\n"
        body = head + pixels + b"\r\n--frame-boundary--\r\n"
        self.answer(200, body, 'multipart/related; type="application/octet-stream"; boundary=frame-boundary')

    # The page itself

    def file(self, path: str) -> None:
        if path in self.state.extra_files:
            return self.answer(200, *self.state.extra_files[path])
        if path == "/" or path.startswith("/setup/"):
            path = "/index.html"
        target = (DIST / path.lstrip("/")).resolve()
        if not target.is_relative_to(DIST) or not target.is_file():
            return self.error(404, "http404", "")
        kind = mimetypes.guess_type(target.name)[0] or "application/octet-stream"
        kind = "application/wasm" if target.suffix == ".wasm" else kind
        content = target.read_bytes()
        headers = {"Content-Security-Policy": policy_of(content.decode())} if path == "/index.html" else None
        self.answer(200, content, f"{kind}; charset=utf-8" if kind.startswith("text/") else kind, headers)


class MockServer:
    def __init__(self, port: int = 0, studies: int = 260, host: str = "127.0.0.1"):
        self.state = State()
        self.state.studies = [synthetic.make_study(i, date.today()) for i in range(studies)]
        handler = type("BoundHandler", (Handler,), {"state": self.state})
        self.http = ThreadingHTTPServer((host, port), handler)
        self.http.daemon_threads = True
        self.url = f"http://{host}:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)

    def start(self) -> "MockServer":
        self.thread.start()
        return self

    def stop(self) -> None:
        for listener in list(self.state.listeners):
            listener.put(None)
        self.http.shutdown()
        self.http.server_close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--studies", type=int, default=260)
    options = parser.parse_args()
    server = MockServer(options.port, options.studies).start()
    print(f"{server.url}  user reader, password {server.state.accounts['reader']}; first set-up: {server.url}/setup/{SETUP_TOKEN}")
    server.thread.join()
