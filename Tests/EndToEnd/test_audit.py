"""Who saw which study, by whatever way: in the audit log, once, and not as what it was not."""

from __future__ import annotations

import time

import pytest
import requests

from apus_server import TESTER, eventually, table
from dicom_wire import EXPLICIT
from ingest_load import AS_STORED, CT, Load, Template
from peers import STUDY_FIND, STUDY_MOVE, Receiver, association, get, identifier

NAME, PASSWORD = "zhao", "Quiet-harbour-7"


@pytest.fixture(scope="module")
def study(server):
    load = Load(server.dicom_port, Template(side=32))
    load.send_until_ended(limit=12)
    assert len(load.journal.acknowledged) == 12
    server.run("user", "add", NAME, "--role", "radiologist", "--password-stdin", stdin=PASSWORD + "\n").ok()
    return load.template


def events(server, study: str | None = None) -> list[dict[str, str]]:
    rows = table(server.run("audit", "--limit", 1000).ok().out)
    return [row for row in rows if study is None or study in row["OBJECTS"]]


def added(server, before: list[dict], kind: str, study: str, **details: str) -> list[dict]:
    """New records of a kind about a study, with these details."""
    old = {row["NUMBER"] for row in before}
    return [
        row for row in events(server, study)
        if row["NUMBER"] not in old and row["EVENT"] == kind and all(f"{k}={v}" in row["DETAILS"].split(" ") for k, v in details.items())]


def person(server) -> requests.Session:
    session = requests.Session()
    answer = session.post(server.url + "/api/session", json={"name": NAME, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return session


def test_reception_over_c_store_is_one_record_of_an_association_and_study(server, study):
    """PACS-4.5.2-1 PACS-4.5.2-4"""
    found = eventually(lambda: [e for e in events(server, study.study) if e["EVENT"] == "study.received"], what="the record")
    assert len(found) == 1 and "count=12" in found[0]["DETAILS"] and "service=C-STORE" in found[0]["DETAILS"]
    assert found[0]["WHO"] == TESTER and "127.0.0.1" in found[0]["FROM"]


def test_a_query_over_c_find_is_recorded_once_an_association(server, study):
    """PACS-4.5.2-1"""
    before = events(server)
    wanted = identifier("SERIES", StudyInstanceUID=study.study, SeriesInstanceUID="")
    with association(server, [(STUDY_FIND, [EXPLICIT])]) as assoc:
        for _ in range(20):
            assert list(assoc.send_c_find(wanted, STUDY_FIND))[-1][0].Status == 0
    found = eventually(
        lambda: len(f := added(server, before, "study.searched", study.study)) == 2 and f, what="two records")
    assert "service=C-FIND count=1" in " ".join(sorted(found[1]["DETAILS"].split(), key=lambda t: t[0] != "s"))
    assert "operations=19" in found[0]["DETAILS"]


def test_retrieval_over_c_get_and_c_move_is_recorded_as_sent_with_the_destination(server, study):
    """PACS-4.5.2-1"""
    before = events(server)
    for number in range(1, 6):
        wanted = identifier(
            "IMAGE", StudyInstanceUID=study.study, SeriesInstanceUID=study.series, SOPInstanceUID=study.uid(number))
        assert get(server, wanted, [(CT, [EXPLICIT])])[0].Status == 0
    found = eventually(lambda: len(f := added(server, before, "study.sent", study.study, service="C-GET")) == 5 and f, what="records")
    assert all(row["WHO"] == TESTER and "count=1" in row["DETAILS"] for row in found)
    with Receiver("AUDITDEST", contexts=[(CT, [EXPLICIT])]) as kept:
        server.register("AUDITDEST", port=kept.port)
        with association(server, [(STUDY_MOVE, [EXPLICIT])]) as assoc:
            wanted = identifier("STUDY", StudyInstanceUID=study.study)
            assert list(assoc.send_c_move(wanted, "AUDITDEST", STUDY_MOVE))[-1][0].Status == 0
        assert len(kept.stored) == 12
    eventually(
        lambda: added(server, before, "study.sent", study.study, service="C-MOVE", remote="AUDITDEST", count="12"), what="the C-MOVE")
    assert not added(server, before, "study.exported", study.study)


PARTS = {
    "metadata": ("/metadata", "application/dicom+json"), "frames": ("/frames/1", "multipart/related; type=\"application/octet-stream\""),
    "rendered": ("/rendered", "image/jpeg"), "thumbnail": ("/thumbnail", "image/jpeg"),
}


@pytest.mark.parametrize("part", PARTS)
def test_looking_over_wado_rs_is_one_record_for_each_session_and_study(server, study, part):
    """PACS-4.5.2-1"""
    path, accept = PARTS[part]
    before = events(server)
    session = person(server)
    for number in range(1, 9):
        answer = session.get(
            f"{server.dicomweb}/studies/{study.study}/series/{study.series}/instances/{study.uid(number)}{path}",
            headers={"Accept": accept})
        assert answer.status_code == 200, answer.text
    found = added(server, before, "study.viewed", study.study)
    assert len(found) == 1 and found[0]["WHO"] == NAME and f"service=WADO-RS {part}" in found[0]["DETAILS"]
    other = person(server)
    assert other.get(f"{server.dicomweb}/studies/{study.study}/metadata", headers={"Accept": "application/json"}).status_code == 200
    assert len(added(server, before, "study.viewed", study.study)) == 2


def test_whole_objects_are_sent_to_programs_and_exported_by_people(server, study):
    """PACS-4.5.2-1"""
    before = events(server)
    url = f"{server.dicomweb}/studies/{study.study}"
    assert server.session("integration").get(url, headers={"Accept": AS_STORED}).status_code == 200
    assert len(added(server, before, "study.sent", study.study)) == 1
    assert not added(server, before, "study.exported", study.study)
    assert person(server).get(url, headers={"Accept": AS_STORED}).status_code == 200
    assert len(added(server, before, "study.exported", study.study)) == 1


def test_opening_a_study_on_the_page_and_searching_are_recorded(server, study):
    """PACS-4.5.2-1"""
    before = events(server)
    session = person(server)
    for _ in range(3):
        assert session.get(server.url + "/api/studies").status_code == 200
        assert session.get(f"{server.url}/api/studies/{study.study}/series").status_code == 200
    assert len(added(server, before, "study.viewed", study.study)) == 1
    old = {row["NUMBER"] for row in before}
    searched = [e for e in events(server) if e["NUMBER"] not in old and e["EVENT"] == "study.searched" and e["WHO"] == NAME]
    assert len(searched) == 1


def test_a_study_made_ready_is_told_apart_from_one_that_was_opened(server, study):
    """PACS-4.5.2-1: a workstation loads ahead what will likely be read next; that is no reading yet, and the later reading is recorded."""
    before = events(server)
    session = person(server)
    path = f"{server.url}/api/studies/{study.study}/viewing"
    for address in (path + "?ahead=1", path + "?ahead=1", path, path):
        assert session.get(address).status_code == 200
    found = added(server, before, "study.viewed", study.study)
    assert sorted("made ready" in row["DETAILS"] for row in found) == [False, True]


def test_a_missing_right_is_recorded(server, study):
    """PACS-4.5.3-1"""
    before = {row["NUMBER"] for row in events(server)}
    assert person(server).get(server.url + "/api/quarantine").status_code in (200, 403)
    assert server.session("integration").get(server.url + "/api/quarantine").status_code == 403
    new = [e for e in events(server) if e["NUMBER"] not in before and e["EVENT"] == "access.refused"]
    assert any("path=/api/quarantine" in e["DETAILS"] for e in new)


def test_the_chain_holds_with_all_of_it(server, study):
    """PACS-4.5.2-3"""
    time.sleep(0.5)
    server.run("audit", "--verify").ok()
