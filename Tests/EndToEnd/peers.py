"""Independent DICOM software to talk to: DCMTK programs and pynetdicom service class users and providers."""

from __future__ import annotations

import contextlib
import functools
import pathlib
import socket
import subprocess
import threading
import time

import pydicom
from pynetdicom import AE, _config, build_context, build_role, evt

from apus_server import TESTER, ApusServer, Outcome, free_port


# Data sets go over the wire as they lie in the file, and are kept as they came.
_config.STORE_SEND_CHUNKED_DATASET = True
_config.ENFORCE_UID_CONFORMANCE = False
_config.LOG_HANDLER_LEVEL = "none"

STUDY_FIND, STUDY_MOVE, STUDY_GET = (f"1.2.840.10008.5.1.4.1.2.2.{n}" for n in (1, 2, 3))
PATIENT_FIND, PATIENT_MOVE, PATIENT_GET = (f"1.2.840.10008.5.1.4.1.2.1.{n}" for n in (1, 2, 3))
COMMITMENT = "1.2.840.10008.1.20.1"
COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"

def dcmtk(program: str, *arguments: object, timeout: float = 120, cwd=None) -> Outcome:
    done = subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, errors="replace", cwd=cwd)
    return Outcome(done.returncode, done.stdout, done.stderr)

def calls(server: ApusServer, calling: str = TESTER) -> list[object]:
    """The options every DCMTK requestor takes."""
    return ["-aet", calling, "-aec", server.ae, "127.0.0.1", server.dicom_port]

@contextlib.contextmanager
def running(program: str, *arguments: object, port: int, cwd=None):
    """A DCMTK server process for the time of a `with` block."""
    process = subprocess.Popen(
        [program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=cwd, text=True)
    try:
        try:
            wait_for_port(port)
        except AssertionError:
            process.kill()
            raise AssertionError(f"{program} does not listen: {process.stdout.read()[-2000:]}") from None
        yield process
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()

def wait_for_port(port: int, within: float = 10) -> None:
    limit = time.monotonic() + within
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if time.monotonic() > limit:
            raise AssertionError(f"nothing listens on port {port}")
        time.sleep(0.05)

class Receiver:
    """A storage provider that keeps what arrives, byte for byte, and may also take commitment results."""

    def __init__(
        self, ae: str = "RECEIVER", contexts=None, status: int = 0x0000, delay: float = 0, port: int | None = None, tls=None,
    ):
        self.port = port or free_port()
        self.tls = tls
        self.title = ae
        self.status, self.delay = status, delay
        self.stored: dict[str, bytes] = {}
        self.syntaxes: dict[str, str] = {}
        self.originators: list[tuple[str | None, int | None]] = []
        self.reports: list[tuple[int, pydicom.Dataset]] = []
        self.report_status = 0x0000
        self.arrived = threading.Condition()
        self.ae = AE(ae_title=ae)
        for abstract, syntaxes in contexts or []:
            self.ae.add_supported_context(abstract, syntaxes)
        self.server = None

    def supports_commitment(self) -> "Receiver":
        self.ae.add_supported_context(COMMITMENT, [EXPLICIT, IMPLICIT], scu_role=True, scp_role=True)
        return self

    def start(self) -> "Receiver":
        handlers = [(evt.EVT_C_STORE, self._store), (evt.EVT_N_EVENT_REPORT, self._report), (evt.EVT_C_ECHO, lambda _: 0)]
        if not any(c.abstract_syntax == "1.2.840.10008.1.1" for c in self.ae.supported_contexts):
            self.ae.add_supported_context("1.2.840.10008.1.1")
        self.server = self.ae.start_server(
            ("127.0.0.1", self.port), block=False, evt_handlers=handlers, ssl_context=self.tls)
        return self

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server = None

    def __enter__(self) -> "Receiver":
        return self.start() if self.server is None else self

    def __exit__(self, *_) -> None:
        self.stop()

    def _store(self, event) -> int:
        time.sleep(self.delay)
        uid = str(event.request.AffectedSOPInstanceUID)
        with self.arrived:
            self.stored[uid] = event.request.DataSet.getvalue()
            self.syntaxes[uid] = str(event.context.transfer_syntax)
            originator = event.request.MoveOriginatorApplicationEntityTitle
            self.originators.append((originator and str(originator).strip(), event.request.MoveOriginatorMessageID))
            self.arrived.notify_all()
        return self.status

    def _report(self, event):
        with self.arrived:
            self.reports.append((event.event_type, event.event_information))
            self.arrived.notify_all()
        return self.report_status, None

    def wait_for_report(self, within: float = 30) -> tuple[int, pydicom.Dataset]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: self.reports, within), "no commitment result came"
            return self.reports[-1]

class Checkpoint:
    """Where pynetdicom's reactor thread rests while the caller uses the association; `clear` returns when it really rests.

    pynetdicom asks a flag that the thread sets before it looks at the event. On a busy machine the caller then goes on while
    the thread is about to take the peer's answer away from it, and waits for that answer until the time-out."""

    def __init__(self):
        self.changed = threading.Condition()
        self.is_open = True
        self.resting = None

    def wait(self) -> None:
        with self.changed:
            while not self.is_open:
                self.resting = threading.current_thread()
                self.changed.notify_all()
                self.changed.wait()
            self.resting = None

    def set(self) -> None:
        with self.changed:
            self.is_open = True
            self.changed.notify_all()

    def clear(self, reactor) -> None:
        with self.changed:
            self.is_open = False
            while self.resting is None and reactor.is_alive() and threading.current_thread() is not reactor:
                self.changed.wait(0.1)


def pausing_for_certain(assoc):
    checkpoint = Checkpoint()
    checkpoint.clear = functools.partial(checkpoint.clear, assoc)
    assoc._reactor_checkpoint = checkpoint
    return assoc


@contextlib.contextmanager
def association(server: ApusServer, contexts, calling: str = TESTER, handlers=(), roles=(), **options):
    """An established pynetdicom association; contexts as (abstract syntax, transfer syntaxes)."""
    ae = AE(ae_title=calling)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 60
    for abstract, syntaxes in contexts:
        ae.add_requested_context(abstract, syntaxes)
    assoc = ae.associate(
        "127.0.0.1", server.dicom_port, ae_title=server.ae, evt_handlers=list(handlers), ext_neg=list(roles), **options)
    pausing_for_certain(assoc)
    assert assoc.is_established, "no association"
    try:
        yield assoc
    finally:
        if assoc.is_established:
            assoc.release()

def find(server: ApusServer, identifier: pydicom.Dataset, model: str = STUDY_FIND, **options) -> list[pydicom.Dataset]:
    """All matches of a C-FIND that ends well."""
    with association(server, [(model, [EXPLICIT, IMPLICIT])], **options) as assoc:
        answers = list(assoc.send_c_find(identifier, model))
    final = answers.pop()[0]
    assert final.Status == 0x0000, f"final status {final.Status:04X} {final.get('ErrorComment', '')}"
    for status, _ in answers:
        assert status.Status in (0xFF00, 0xFF01)
    return [match for _, match in answers]

def identifier(level: str, **keys) -> pydicom.Dataset:
    made = pydicom.Dataset()
    made.SpecificCharacterSet = keys.pop("SpecificCharacterSet", "ISO_IR 192")
    made.QueryRetrieveLevel = level
    for name, value in keys.items():
        setattr(made, name, value)
    return made

def get(server: ApusServer, wanted: pydicom.Dataset, contexts, model: str = STUDY_GET):
    """C-GET: final status, counts, and the data sets received by SOP Instance UID with their transfer syntaxes."""
    received: dict[str, tuple[str, bytes]] = {}

    def keep(event):
        uid = str(event.request.AffectedSOPInstanceUID)
        received[uid] = (str(event.context.transfer_syntax), event.request.DataSet.getvalue())
        return 0x0000

    roles = [build_role(abstract, scp_role=True) for abstract in {abstract for abstract, _ in contexts}]
    final = None
    with association(server, [(model, [EXPLICIT, IMPLICIT]), *contexts], handlers=[(evt.EVT_C_STORE, keep)], roles=roles) as assoc:
        for status, _ in assoc.send_c_get(wanted, model):
            final = status
    return final, received

def store_files(server: ApusServer, files, calling: str = TESTER) -> dict[pathlib.Path, int]:
    """Sends files byte for byte with pynetdicom; the status of each."""
    statuses = {}
    heads = {path: pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[]).file_meta for path in files}
    contexts = {(str(h.MediaStorageSOPClassUID), str(h.TransferSyntaxUID)) for h in heads.values()}
    ordered = sorted(contexts)
    for start in range(0, len(ordered), 120):
        batch = ordered[start : start + 120]
        with association(server, [(a, [t]) for a, t in batch], calling=calling) as assoc:
            for path, head in heads.items():
                if (str(head.MediaStorageSOPClassUID), str(head.TransferSyntaxUID)) in batch:
                    statuses[path] = assoc.send_c_store(path).Status
    return statuses

__all__ = [name for name in dir() if not name.startswith("_")] + ["build_context"]
