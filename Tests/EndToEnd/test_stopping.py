"""Questions before transfers are interrupted: stopping the server, refusing a device (PACS-4.2.2-e)."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import threading
import time

import pydicom
import pytest

from apus_server import TESTER, apus, binary_path, eventually, table
from peers import Receiver, association, store_files

CT = "1.2.840.10008.5.1.4.1.1.2"


class SlowSender:
    """Sends objects one by one, pausing between them, over one association."""

    def __init__(self, server, files, pause: float = 0.5):
        self.server, self.files, self.pause = server, files, pause
        self.statuses: list[int] = []
        self.ended = threading.Event()
        self.go = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "SlowSender":
        self.thread.start()
        eventually(lambda: self.statuses, what="a first object sent")
        return self

    def __exit__(self, *_) -> None:
        self.go.set()
        self.thread.join(90)

    def _run(self) -> None:
        with association(self.server, [(CT, ["1.2.840.10008.1.2.1"])]) as assoc:
            for path in self.files:
                if not assoc.is_established:
                    break
                try:
                    answer = assoc.send_c_store(pydicom.dcmread(path))
                except Exception:
                    break
                self.statuses.append(getattr(answer, "Status", None))
                if not self.go.is_set():
                    time.sleep(self.pause)
        self.ended.set()


@pytest.fixture
def files(make_phantom):
    return make_phantom("ct", images=24)


def test_a_stop_by_command_tells_what_runs_and_needs_a_word(make_server, files):
    """PACS-4.2.2-e"""
    server = make_server()
    with SlowSender(server, files) as sender:
        asked = server.run("stop")
        assert asked.code == 75 and f"from {TESTER}" in asked.err and "--force" in asked.err
        assert server.is_alive
        sender.go.set()
        assert sender.ended.wait(90)
    # Nothing was lost by the question, and without transfers none is asked.
    assert sender.statuses == [0] * len(files)
    assert "Stopped." in server.run("stop").ok().out
    assert server.process.wait(90) == 0
    server.process = None
    assert server.run("stop").code == 66
    events = table(server.run("audit", "--limit", 20).ok().out)
    (stopped,) = [row for row in events if row["EVENT"] == "server.stopped"]
    assert stopped["FROM"] == "terminal"


def test_a_forced_stop_is_recorded_and_the_rest_can_be_sent_again(make_server, files):
    """PACS-4.2.2-e"""
    server = make_server(dicom__stopSeconds=1)
    receiver = Receiver("SLOW", contexts=[(CT, ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"])], delay=1.5)
    with receiver:
        server.register("SLOW", port=receiver.port)
        assert set(store_files(server, files).values()) == {0}
        study = pydicom.dcmread(files[0], stop_before_pixels=True).StudyInstanceUID
        wanted = [server.peer, "--calling", TESTER, "--destination", "SLOW", "-k", f"StudyInstanceUID={study}"]
        moving = subprocess.Popen(
            [str(each) for each in (binary_path(), "move", *wanted)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        eventually(lambda: receiver.stored, what="a first object moved")
        assert server.run("stop").code == 75
        server.run("stop", "--force").ok()
        assert server.process.wait(90) == 0
        server.process = None
        moving.wait(90)
    assert 0 < len(receiver.stored) < len(files)
    server.start()
    assert "interrupted" in {row["CODE"] for row in server.refusals()}
    with Receiver("SLOW", contexts=[(CT, ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"])], port=receiver.port) as again:
        apus("move", *wanted).ok()
        assert len(again.stored) == len(files)
    server.stop()


def test_a_device_that_sends_is_not_refused_without_a_word(make_server, files):
    """PACS-4.2.2-e"""
    server = make_server()
    with SlowSender(server, files) as sender:
        for change in (["remove", "--ae", TESTER], ["add", "--ae", TESTER, "--allow", "all", "--disabled"]):
            asked = server.run("device", *change)
            assert asked.code == 75 and f"from {TESTER}" in asked.err
        rows = table(server.run("device", "list").ok().out)
        assert [row["STATE"] for row in rows if row["AE TITLE"] == TESTER] == ["enabled"]
        server.run("device", "remove", "--ae", TESTER, "--force").ok()
        sender.go.set()
        assert sender.ended.wait(90)
    assert sender.statuses == [0] * len(files)
    server.register("IDLE")
    server.run("device", "remove", "--ae", "IDLE", "--force").ok()
    server.stop()


def test_ctrl_c_at_a_terminal_asks_first(make_server, files, tmp_path):
    """PACS-4.2.2-e"""
    server = make_server(start=False)
    main, side = pty.openpty()
    arguments = [
        str(binary_path()), "serve", "--data", str(server.data), "--http", f"127.0.0.1:{server.http_port}",
        "--dicom", f"127.0.0.1:{server.dicom_port}"]
    process = subprocess.Popen(arguments, stdin=side, stdout=side, stderr=side, start_new_session=True)
    os.close(side)
    said = bytearray()

    def listen() -> None:
        while True:
            try:
                part = os.read(main, 4096)
            except OSError:
                return
            if not part:
                return
            said.extend(part)

    threading.Thread(target=listen, daemon=True).start()
    try:
        eventually(lambda: b"Data   " in said, what="the server to start")
        with SlowSender(server, files) as sender:
            process.send_signal(signal.SIGINT)
            eventually(lambda: b"Press Ctrl-C again" in said and f"from {TESTER}".encode() in said, what="the question")
            time.sleep(1)
            assert process.poll() is None
            sender.go.set()
            assert sender.ended.wait(90)
        assert sender.statuses == [0] * len(files)
        process.send_signal(signal.SIGINT)
        if process.poll() is None:
            # Within ten seconds of the question the second one confirms; without transfers the first one is enough.
            assert process.wait(90) == 0
    finally:
        process.kill()
        process.wait()
