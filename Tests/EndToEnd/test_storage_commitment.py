"""Storage Commitment Push Model (PS3.4 Annex J) as provider and as user."""

from __future__ import annotations

import threading

import pydicom
import pytest
from pynetdicom import AE, StoragePresentationContexts, build_role, evt

from apus_server import TESTER, apus, eventually, free_port

from objects import generate_uid
from peers import COMMITMENT, COMMITMENT_INSTANCE, EXPLICIT, IMPLICIT, Receiver, association, store_files


def request(references, transaction: str | None = None) -> pydicom.Dataset:
    made = pydicom.Dataset()
    made.TransactionUID = transaction or generate_uid()
    made.ReferencedSOPSequence = []
    for sop_class, instance in references:
        item = pydicom.Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
        made.ReferencedSOPSequence.append(item)
    return made


def ask(server, asked: pydicom.Dataset, calling: str) -> int:
    with association(server, [(COMMITMENT, [EXPLICIT, IMPLICIT])], calling=calling) as assoc:
        status, _ = assoc.send_n_action(asked, 1, COMMITMENT, COMMITMENT_INSTANCE)
    return status.Status


def references(files) -> list[tuple[str, str]]:
    heads = [pydicom.dcmread(path, stop_before_pixels=True) for path in files]
    return [(str(head.SOPClassUID), str(head.SOPInstanceUID)) for head in heads]


@pytest.fixture
def stored(server, make_phantom):
    files = make_phantom("ct", images=3)
    assert set(store_files(server, files).values()) == {0}
    return files


def test_the_result_comes_over_a_new_association_and_tells_stored_from_missing(server, stored):
    """GUIDE-1.1.1.2-F3d PACS-4.7.1-b"""
    wanted = references(stored)
    asked = request([*wanted, (wanted[0][0], "1.2.3.4.5"), ("1.2.840.10008.5.1.4.1.1.4", wanted[1][1])])
    with Receiver("MODALITY").supports_commitment() as receiver:
        server.register("MODALITY", port=receiver.port)
        assert ask(server, asked, "MODALITY") == 0
        kind, result = receiver.wait_for_report()
    assert kind == 2
    assert result.TransactionUID == asked.TransactionUID
    assert {item.ReferencedSOPInstanceUID for item in result.ReferencedSOPSequence} == {uid for _, uid in wanted}
    reasons = {str(item.ReferencedSOPInstanceUID): item.FailureReason for item in result.FailedSOPSequence}
    assert reasons == {"1.2.3.4.5": 0x0112, wanted[1][1]: 0x0119}


def test_a_result_is_kept_through_a_restart_until_the_peer_takes_it(make_server, make_phantom):
    """GUIDE-1.1.1.2-F3d"""
    server = make_server()
    files = make_phantom("ct", images=2)
    assert set(store_files(server, files).values()) == {0}
    receiver = Receiver("LATE").supports_commitment()
    server.register("LATE", port=receiver.port)
    asked = request(references(files))
    assert ask(server, asked, "LATE") == 0
    eventually(lambda: [job for job in server.jobs() if int(job["ATTEMPTS"]) >= 1], what="a first attempt at delivery")
    server.kill()
    server.start()
    with receiver:
        kind, result = receiver.wait_for_report(60)
    assert (kind, result.TransactionUID) == (1, asked.TransactionUID)
    assert "FailedSOPSequence" not in result
    assert len(result.ReferencedSOPSequence) == 2
    server.stop()


def test_a_damaged_object_is_not_committed(make_server, make_phantom):
    server = make_server(storage__compression="none")
    files = make_phantom("ct", images=1)
    assert set(store_files(server, files).values()) == {0}
    server.stop()
    pixels = pydicom.dcmread(files[0]).PixelData
    damaged = 0
    for path in (server.data / "volumes").rglob("*"):
        if path.is_file() and (at := path.read_bytes().find(pixels)) >= 0:
            with open(path, "r+b") as pack:
                pack.seek(at + len(pixels) // 2)
                pack.write(b"\xde\xad\xbe\xef")
            damaged += 1
    assert damaged == 1
    server.start()
    with Receiver("CHECKER").supports_commitment() as receiver:
        server.register("CHECKER", port=receiver.port)
        assert ask(server, request(references(files)), "CHECKER") == 0
        kind, result = receiver.wait_for_report()
    assert kind == 2
    assert result.FailedSOPSequence[0].FailureReason == 0x0110
    server.stop()
    done = server.run("check")
    assert done.code == 65
    assert str(pydicom.dcmread(files[0]).SOPInstanceUID) in done.err


class Backup:
    """Takes objects and commits to them: over the same association or a new one, not to all, or only when asked again."""

    def __init__(self, report_to: int | None = None, refuses: int = 0, silent: int = 0, title: str = "BACKUP"):
        self.port, self.report_to, self.refuses, self.silent, self.title = free_port(), report_to, refuses, silent, title
        self.stored: list[str] = []
        self.asked: list[pydicom.Dataset] = []
        self.answers: list[int] = []
        self.server = None

    def start(self) -> "Backup":
        made = AE(ae_title=self.title)
        made.supported_contexts = StoragePresentationContexts[:120]
        made.add_supported_context(COMMITMENT, [EXPLICIT, IMPLICIT])
        handlers = [(evt.EVT_C_STORE, self._store), (evt.EVT_N_ACTION, self._action)]
        self.server = made.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)
        return self

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server = None

    def __enter__(self) -> "Backup":
        return self.start()

    def __exit__(self, *_) -> None:
        self.stop()

    def _store(self, event) -> int:
        self.stored.append(str(event.request.AffectedSOPInstanceUID))
        return 0

    def _action(self, event):
        asked = event.action_information
        self.asked.append(asked)
        if len(self.asked) > self.silent:
            threading.Timer(0.3, self._report, [event.assoc, asked]).start()
        return 0x0000, None

    def _report(self, assoc, asked):
        result = pydicom.Dataset()
        result.TransactionUID = asked.TransactionUID
        items = list(asked.ReferencedSOPSequence)
        refused, self.refuses = items[: self.refuses], 0
        for item in refused:
            item.FailureReason = 0x0112
        if refused:
            result.FailedSOPSequence = refused
        if items[len(refused):]:
            result.ReferencedSOPSequence = items[len(refused):]
        if self.report_to:
            caller = AE(ae_title=self.title)
            caller.add_requested_context(COMMITMENT, [EXPLICIT])
            assoc = caller.associate(
                "127.0.0.1", self.report_to, ae_title="APUS", ext_neg=[build_role(COMMITMENT, scp_role=True, scu_role=False)])
            assert assoc.is_established and assoc.accepted_contexts
        status, _ = assoc.send_n_event_report(result, 2 if refused else 1, COMMITMENT, COMMITMENT_INSTANCE)
        self.answers.append(status.Status)
        if self.report_to:
            assoc.release()


def commitment_jobs(server, kind: str = "commitment-result") -> list[str]:
    return sorted(job["STATE"] for job in server.jobs() if job["KIND"] == kind)


@pytest.fixture
def backing_up(make_server):
    def make(backup: Backup, **settings):
        rule = {"destination": backup.title, "modality": "CT", "commit": True}
        server = make_server(routing__rules=[rule], **settings)
        # The right to store alone: a device that was asked may report without more.
        server.register(backup.title, allow="echo", port=backup.port)
        return server

    return make


@pytest.mark.parametrize("over_new", [False, True])
def test_forwarding_asks_for_commitment_where_the_rule_says_so(backing_up, make_phantom, over_new):
    """PACS-4.4.1-f"""
    backup = Backup()
    server = backing_up(backup)
    backup.report_to = server.dicom_port if over_new else None
    with backup:
        files = make_phantom("ct", images=3)
        assert set(store_files(server, files).values()) == {0}
        eventually(lambda: "done" in commitment_jobs(server), 150, what="a committed transfer")
        eventually(lambda: sum(len(asked.ReferencedSOPSequence) for asked in backup.asked) == 3, what="a request for every object")
        eventually(lambda: set(commitment_jobs(server)) == {"done"}, 150, what="every transfer committed")
        assert set(backup.answers) == {0}
        named = {(item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID) for asked in backup.asked for item in asked.ReferencedSOPSequence}
        assert named == set(references(files))
        eventually(lambda: set(commitment_jobs(server, "commitment-request")) == {"done"}, what="every request ended")
    assert server.refusals() == []
    server.stop()


def test_what_is_not_committed_is_sent_again_and_recorded(backing_up, make_phantom):
    """PACS-4.4.1-f"""
    backup = Backup(refuses=1)
    server = backing_up(backup)
    with backup:
        files = make_phantom("ct", images=2)
        assert set(store_files(server, files).values()) == {0}
        eventually(lambda: len(backup.stored) == 3, 150, what="the refused object sent again")
        eventually(lambda: commitment_jobs(server)[:2] == ["done", "failed"] or commitment_jobs(server) == ["done", "done", "failed"], 150,
                   what="the second request committed")
    (refusal,) = server.refusals()
    assert (refusal["OPERATION"], refusal["CODE"], refusal["PARTY"]) == ("Storage Commitment", "112", "BACKUP")
    again = backup.stored[-1]
    assert refusal["SOP INSTANCE UID"] == again and backup.stored.count(again) == 2
    server.stop()


def test_without_a_result_in_time_a_destination_is_asked_again(backing_up, make_phantom):
    """PACS-4.4.1-f"""
    backup = Backup(silent=1)
    server = backing_up(backup, routing__commitmentSeconds=15)
    with backup:
        assert set(store_files(server, make_phantom("ct", images=1)).values()) == {0}
        eventually(lambda: commitment_jobs(server) == ["done", "failed"], 150, what="an answer to the second request")
    first, second = backup.asked
    assert first.TransactionUID != second.TransactionUID
    assert [item.ReferencedSOPInstanceUID for item in first.ReferencedSOPSequence] == [
        item.ReferencedSOPInstanceUID for item in second.ReferencedSOPSequence]
    server.stop()


def test_a_wait_for_commitment_outlives_a_killed_server(backing_up, make_phantom):
    """PACS-4.4.1-f"""
    backup = Backup(silent=99)
    server = backing_up(backup)
    with backup:
        assert set(store_files(server, make_phantom("ct", images=2)).values()) == {0}
        eventually(lambda: backup.asked, 150, what="a request")
        server.kill()
        server.start()
        assert commitment_jobs(server) == ["waiting"]
        backup.report_to = server.dicom_port
        backup._report(None, backup.asked[0])
        assert backup.answers == [0]
        eventually(lambda: "done" in commitment_jobs(server), what="the result taken")
    # A report that nobody asked for, or from a stranger, changes nothing.
    stranger = Backup(title="TESTER", report_to=server.dicom_port)
    stranger._report(None, backup.asked[0])
    assert stranger.answers != [0]
    server.stop()


class CommitmentProvider:
    """A peer that answers with a result over the association it was asked on, or over a new one."""

    def __init__(self, over_new: int | None = None, fails: bool = False):
        self.port, self.over_new, self.fails = free_port(), over_new, fails
        self.ae = AE(ae_title="KEEPER")
        self.ae.add_supported_context(COMMITMENT, [EXPLICIT, IMPLICIT])
        self.answered: list[int] = []
        handlers = [(evt.EVT_N_ACTION, self.action)]
        self.server = self.ae.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)

    def action(self, event):
        asked = event.action_information
        threading.Timer(0.3, self.report, [event.assoc, asked]).start()
        return 0x0000, None

    def report(self, assoc, asked):
        result = pydicom.Dataset()
        result.TransactionUID = asked.TransactionUID
        items = list(asked.ReferencedSOPSequence)
        if self.fails:
            items[0].FailureReason = 0x0112
            result.FailedSOPSequence = items[:1]
            items = items[1:]
        if items:
            result.ReferencedSOPSequence = items
        if self.over_new:
            requestor = AE(ae_title="KEEPER")
            requestor.add_requested_context(COMMITMENT, [EXPLICIT])
            from pynetdicom import build_role

            assoc = requestor.associate(
                "127.0.0.1", self.over_new, ae_title="APUS-CLI", ext_neg=[build_role(COMMITMENT, scp_role=True, scu_role=False)])
        status, _ = assoc.send_n_event_report(result, 2 if self.fails else 1, COMMITMENT, COMMITMENT_INSTANCE)
        self.answered.append(status.Status)
        if self.over_new:
            assoc.release()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()


def test_our_command_takes_the_result_over_the_same_association(phantoms):
    """PACS-4.4.1-f"""
    with CommitmentProvider() as keeper:
        done = apus("commit", f"KEEPER@127.0.0.1:{keeper.port}", phantoms / "ct", "--wait", 15)
        assert "6 committed, 0 failed" in done.ok().out
        eventually(lambda: keeper.answered == [0], what="the answer to the result")


def test_our_command_takes_the_result_over_a_new_association(phantoms):
    port = free_port()
    with CommitmentProvider(over_new=port) as keeper:
        done = apus("commit", f"KEEPER@127.0.0.1:{keeper.port}", phantoms / "mr", "--listen", f"127.0.0.1:{port}", "--wait", 15)
        assert "6 committed, 0 failed" in done.ok().out


def test_our_command_says_which_object_was_not_committed(phantoms):
    with CommitmentProvider(fails=True) as keeper:
        done = apus("commit", f"KEEPER@127.0.0.1:{keeper.port}", phantoms / "ct", "--wait", 15)
        assert done.code == 1
        assert "5 committed, 1 failed" in done.out
        assert "112" in done.err


def test_our_command_and_our_server_agree(server, stored):
    port = free_port()
    server.register("APUS-CLI", port=port)
    done = apus("commit", server.peer, stored[0].parent, "--listen", f"127.0.0.1:{port}", "--wait", 20)
    assert "3 committed, 0 failed" in done.ok().out


def test_a_request_without_references_is_refused(server):
    assert ask(server, request([]), TESTER) != 0
