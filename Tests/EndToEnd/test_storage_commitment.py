"""Storage Commitment Push Model (PS3.4 Annex J) as provider and as user."""

from __future__ import annotations

import threading

import pydicom
import pytest
from pynetdicom import AE, evt

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
        eventually(lambda: keeper.answered == [0], within=5, what="the answer to the result")


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
