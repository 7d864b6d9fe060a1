"""What is kept but should be looked at: quarantine, conflicts and inconsistencies, in queries, lists and commands."""

from __future__ import annotations

import pydicom
import pytest

from apus_server import confirmed, table
from objects import encoded, generate_uid, made_object
from peers import STUDY_FIND, find, identifier, store_files

CREATOR = "APUS ARCHIVE"
CREATOR_TAG, QUARANTINED = 0x00090010, 0x00091001


@pytest.fixture(scope="module")
def study(server, tmp_path_factory):
    """Five instances of a study: a sound one, three in quarantine, one that names the patient otherwise; and a conflict."""
    uids = {"StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid(), "PatientID": "REVIEW", "Modality": "OT"}
    session = server.session()

    def take(made) -> dict:
        answer = session.post(server.url + "/api/import", params={"name": "x.dcm"}, data=encoded(made))
        assert answer.status_code == 200, answer.text
        return answer.json()["results"][0]

    sound = made_object(PatientName="First^Name", **uids)
    assert take(sound)["verdict"] == "stored"
    quarantined = []
    for number in range(3):
        # A component that begins with zero is against PS3.5 §9.
        broken = f"{generate_uid()[:40].rstrip('.')}.0{number + 1}"
        made = made_object(PatientName="First^Name", InstanceNumber=number + 2, SOPInstanceUID=broken, **uids)
        result = take(made)
        assert result["verdict"] == "quarantined", result
        quarantined.append(result["sopInstanceUID"])
    assert take(made_object(PatientName="Other^Name", **uids))["verdict"] == "stored"
    twin = made_object(PatientName="First^Name", SOPInstanceUID=str(sound.SOPInstanceUID), SeriesDescription="other", **uids)
    assert take(twin)["verdict"] == "conflict"
    return uids, str(sound.SOPInstanceUID), quarantined


def asking(uids, value: str = "") -> pydicom.Dataset:
    wanted = identifier(
        "IMAGE", StudyInstanceUID=uids["StudyInstanceUID"], SeriesInstanceUID=uids["SeriesInstanceUID"], SOPInstanceUID="")
    block = wanted.private_block(0x0009, CREATOR, create=True)
    block.add_new(0x01, "CS", value)
    return wanted


def test_a_c_find_that_asks_for_it_sees_and_finds_what_is_in_quarantine(server, study):
    """PACS-4.2.2-b"""
    uids, sound, quarantined = study
    answers = {str(a.SOPInstanceUID): a for a in find(server, asking(uids), STUDY_FIND)}
    assert len(answers) == 5
    assert {uid for uid, a in answers.items() if a[QUARANTINED].value == "YES"} == set(quarantined)
    assert answers[sound][QUARANTINED].value == "NO" and answers[sound][CREATOR_TAG].value == CREATOR
    assert {str(a.SOPInstanceUID) for a in find(server, asking(uids, "YES"), STUDY_FIND)} == set(quarantined)
    plain = find(server, identifier(
        "IMAGE", StudyInstanceUID=uids["StudyInstanceUID"], SeriesInstanceUID=uids["SeriesInstanceUID"], SOPInstanceUID=""), STUDY_FIND)
    assert all(QUARANTINED not in a and CREATOR_TAG not in a for a in plain)


def test_a_private_key_of_somebody_else_is_not_ours(server, study):
    uids, _, _ = study
    wanted = identifier(
        "IMAGE", StudyInstanceUID=uids["StudyInstanceUID"], SeriesInstanceUID=uids["SeriesInstanceUID"], SOPInstanceUID="")
    wanted.private_block(0x0009, "SOMEBODY ELSE", create=True).add_new(0x01, "CS", "YES")
    answers = find(server, wanted, STUDY_FIND)
    assert len(answers) == 5 and all(QUARANTINED not in a for a in answers)


def test_qido_shows_quarantine_and_searches_by_it(server, study):
    """PACS-4.2.2-b"""
    uids, _, quarantined = study
    session, url = server.session(), f"{server.dicomweb}/studies/{uids['StudyInstanceUID']}/instances"
    rows = session.get(url, params={"includefield": "00091001"}).json()
    marked = {r["00080018"]["Value"][0]: r["00091001"]["Value"][0] for r in rows}
    assert len(marked) == 5 and {uid for uid, value in marked.items() if value == "YES"} == set(quarantined)
    assert all(r["00090010"]["Value"] == [CREATOR] for r in rows)
    rows = session.get(url, params={"00091001": "YES"}).json()
    assert {r["00080018"]["Value"][0] for r in rows} == set(quarantined)


def pages(server, path: str, limit: int) -> list[dict]:
    items, before = [], None
    while True:
        answer = server.session().get(server.url + path, params={"limit": limit, **({"before": before} if before else {})})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert len(body["items"]) <= limit
        items += body["items"]
        before = body["next"]
        if before is None:
            return items


def test_quarantine_is_listed_page_by_page_with_its_reasons(server, study):
    """PACS-4.2.2-b"""
    _, _, quarantined = study
    items = pages(server, "/api/quarantine", 2)
    assert [i["sopInstanceUID"] for i in items] == quarantined[::-1]
    assert all(any("breaks the rules" in r for r in i["reasons"]) for i in items)
    rows = table(server.run("quarantine").ok().out)
    assert [r["SOP INSTANCE UID"] for r in rows] == quarantined[::-1] and "breaks the rules" in rows[0]["REASONS"]
    rest = table(server.run("quarantine", "--limit", 1, "--before", rows[0]["NUMBER"]).ok().out)
    assert [r["SOP INSTANCE UID"] for r in rest] == quarantined[1:2]


def test_conflicts_are_listed(server, study):
    """PACS-4.2.6-g PACS-4.2.7-b"""
    uids, sound, _ = study
    items = pages(server, "/api/conflicts", 1)
    assert [(i["sopInstanceUID"], i["studyInstanceUID"], i["version"], i["elsewhere"]) for i in items] == [
        (sound, uids["StudyInstanceUID"], 1, False)]
    rows = table(server.run("conflicts").ok().out)
    assert [(r["SOP INSTANCE UID"], r["VERSION"], r["WHERE"]) for r in rows] == [(sound, "1", "same series")]


def test_inconsistencies_are_listed_with_both_values(server, study):
    """PACS-4.2.6-g"""
    items = pages(server, "/api/inconsistencies", 1)
    found = [i for i in items if i["tag"] == "(0010,0010)"]
    assert found and (found[0]["kept"], found[0]["found"]) == ("First^Name", "Other^Name")
    rows = table(server.run("inconsistencies").ok().out)
    assert ("First^Name", "Other^Name") in {(r["KEPT"], r["FOUND"]) for r in rows}


@pytest.mark.parametrize("path", ["quarantine", "conflicts", "inconsistencies"])
def test_lists_for_review_are_for_those_with_the_right(server, study, path):
    assert server.session("integration").get(f"{server.url}/api/{path}").status_code == 403
    assert server.session().get(f"{server.url}/api/{path}", params={"before": "x"}).status_code == 400


def test_what_was_looked_at_is_let_out_of_quarantine(server, study):
    """PACS-4.2.2-b"""
    uids, _, quarantined = study
    url, session = server.url + "/api/quarantine/release", server.session()
    asked = {"instances": [{"sopInstanceUID": quarantined[0]}], "reason": "UID of an old device, images compared"}
    assert server.session("clinician").post(url, json=asked).status_code == 403
    assert session.post(url, json={**asked, "reason": " "}).status_code == 400
    assert confirmed(session, "POST", url, json=asked).json() == {"released": [quarantined[0]]}
    assert session.post(url, json=asked).status_code == 404
    done = server.run("quarantine", "release", quarantined[1], "1.2.3", "--reason", "seen", "--yes")
    assert done.code == 1 and f"{quarantined[1]} released." in done.out and "1.2.3: no such" in done.err
    assert [i["sopInstanceUID"] for i in pages(server, "/api/quarantine", 10)] == quarantined[2:]
    answers = {str(a.SOPInstanceUID): a[QUARANTINED].value for a in find(server, asking(uids), STUDY_FIND)}
    assert {uid for uid, value in answers.items() if value == "YES"} == {quarantined[2]}
    log = table(server.run("audit", "--limit", 50).ok().out)
    mine = [row for row in log if row["EVENT"] == "quarantine.released"]
    assert [quarantined[1] in mine[0]["OBJECTS"], quarantined[0] in mine[1]["OBJECTS"]] == [True, True]
    assert "images compared" in mine[1]["DETAILS"] and uids["StudyInstanceUID"] in mine[1]["OBJECTS"]


def test_what_was_let_out_stays_out_when_the_index_is_made_anew(server, study):
    _, _, quarantined = study
    server.stop()
    server.run("reindex", "--yes").ok()
    server.start()
    assert [row["SOP INSTANCE UID"] for row in table(server.run("quarantine").ok().out)] == quarantined[2:]
