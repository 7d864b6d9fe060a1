"""DICOMweb: searching (PS3.18 §10.6), what is refused, and how the service describes itself."""

from __future__ import annotations

import re

import pydicom
import pytest
import requests

from dicomweb_cases import (  # noqa: F401
    DICOM_PART, FRAME, STOW, XML, client, ct, described, described_client, flat, path_of, web, xml_parts,
)
from objects import encoded, made_object, multipart_body


def test_dicomweb_client_searches_every_level(client, ct):
    """PACS-4.2.5-1 GUIDE-1.1.1.1.1-6"""
    first = ct[0]
    (study,) = client.search_for_studies(search_filters={"PatientID": "WEB-1"}, fields=["StudyDescription"])
    assert study["0020000D"]["Value"] == [first.StudyInstanceUID]
    assert study["00201208"]["Value"] == [5]
    assert study["00100010"]["Value"] == [{"Alphabetic": "Zhao^Min", "Ideographic": "赵^敏"}]
    (series,) = client.search_for_series(first.StudyInstanceUID)
    assert series["00080060"]["Value"] == ["CT"]
    instances = client.search_for_instances(first.StudyInstanceUID, first.SeriesInstanceUID)
    assert {item["00080018"]["Value"][0] for item in instances} == {str(dataset.SOPInstanceUID) for dataset in ct}
    assert client.search_for_instances(search_filters={"PatientID": "nobody"}) == []


def test_a_search_pages_stably_and_warns_when_it_cut_the_answer(server, web):
    for number in range(30):
        data = encoded(made_object(PatientID=f"PAGE{number:02}", StudyDate="20240101"))
        assert web.post(web.base + "/studies", data=multipart_body([(DICOM_PART, data)]), headers=STOW).status_code == 200
    seen = []
    for offset in range(0, 35, 7):
        answer = web.get(web.base + "/studies", params={"PatientID": "PAGE*", "limit": 7, "offset": offset})
        seen += [row["0020000D"]["Value"][0] for row in answer.json()] if answer.status_code == 200 else []
    whole = [row["0020000D"]["Value"][0] for row in web.get(web.base + "/studies", params={"PatientID": "PAGE*"}).json()]
    assert seen == whole
    assert len(set(seen)) == 30
    beyond = web.get(web.base + "/studies", params={"PatientID": "PAGE*", "offset": 1000})
    assert beyond.status_code in (200, 204) and beyond.content in (b"", b"[]")


def test_included_fields_come_and_unknown_ones_are_refused(web, ct):
    query = {"PatientID": "WEB-1"}
    row = web.get(web.base + "/studies", params=query).json()[0]
    assert "00081030" not in row or row["00081030"]["vr"] == "LO"
    row = web.get(web.base + "/studies", params={**query, "includefield": "StudyDescription,00080050"}).json()[0]
    assert "00081030" in row and "00080050" in row
    row = web.get(web.base + "/instances", params={**query, "includefield": "all", "limit": 1}).json()[0]
    assert row["00280010"]["Value"] == [ct[0].Rows]
    assert web.get(web.base + "/studies", params={"includefield": "NoSuchThing"}).status_code == 400


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"PatientName": "赵*"}, 1), ({"PatientName": "赵敏"}, 1), ({"PatientName": "zhao*"}, 1), ({"00100010": "ZHAO^MIN"}, 1),
        ({"PatientName": "min zhao", "fuzzymatching": "true"}, 1), ({"PatientName": "min zhao"}, 0),
        ({"ModalitiesInStudy": "CT"}, 1), ({"ModalitiesInStudy": "MR"}, 0), ({"StudyDate": "20260101-"}, 1),
        ({"StudyDate": "-20251231"}, 0),
    ],
    ids=str,
)
def test_a_search_matches(web, ct, query, count):
    """PACS-4.2.3-f"""
    answer = web.get(web.base + "/studies", params={**query, "PatientID": "WEB-1"})
    found = answer.json() if answer.status_code == 200 else []
    assert len(found) == count


def test_series_and_instances_are_found_without_their_study(web, ct):
    assert len(web.get(web.base + "/series", params={"PatientID": "WEB-1"}).json()) == 1
    assert len(web.get(web.base + "/instances", params={"PatientID": "WEB-1"}).json()) == 5


def test_a_list_of_uids_is_found_by_one_search(web, ct):
    uids = ",".join(str(dataset.SOPInstanceUID) for dataset in ct[:3])
    assert len(web.get(web.base + "/instances", params={"SOPInstanceUID": uids}).json()) == 3


def test_included_attributes_outside_the_index_come_from_the_objects(described_client, described):
    first = described[0]
    (study,) = described_client.search_for_studies(
        search_filters={"PatientID": "WEB-HEADER"}, fields=["PatientState", "AdmittingDate", "KVP"])
    study = pydicom.Dataset.from_json(study)
    # Neither tells the rows of a study anything of one of its images, nor is it silent on what was asked for but is empty.
    assert study.PatientState == "空腹" and "KVP" not in study and study.AdmittingDate == ""
    rows = described_client.search_for_series(first.StudyInstanceUID, fields=["InstitutionAddress", "PresentationIntentType"])
    rows = sorted((pydicom.Dataset.from_json(row) for row in rows), key=lambda row: row.SeriesNumber)
    assert [row.InstitutionAddress for row in rows] == ["北京市第1医院", "北京市第2医院"]
    assert all(row.PresentationIntentType == "FOR PRESENTATION" for row in rows)
    rows = described_client.search_for_instances(
        first.StudyInstanceUID, first.SeriesInstanceUID, fields=["KVP", "DerivationDescription", "00111001", "PatientState"])
    rows = sorted((pydicom.Dataset.from_json(row) for row in rows), key=lambda row: row.InstanceNumber)
    assert [(float(row.KVP), row.DerivationDescription) for row in rows] == [(111, "层1"), (112, "层2")]
    assert [row[0x0011, 0x1001].value for row in rows] == ["private 1", "private 2"]
    assert {row[0x0011, 0x0010].value for row in rows} == {"APUS TEST"}
    assert {row.PatientState for row in rows} == {"空腹"}


def test_includefield_all_gives_every_attribute_of_the_level(described_client, described):
    first = described[0]
    (study,) = described_client.search_for_studies(search_filters={"PatientID": "WEB-HEADER"}, fields=["all"])
    study = pydicom.Dataset.from_json(study)
    assert study.PatientState == "空腹" and "KVP" not in study and "InstitutionAddress" not in study
    (row, _) = described_client.search_for_instances(first.StudyInstanceUID, first.SeriesInstanceUID, fields=["all"])
    row = pydicom.Dataset.from_json(row)
    assert {"KVP", "DerivationDescription"} <= {element.keyword for element in row}
    assert "PixelData" not in row


def test_many_results_with_attributes_of_objects_are_given_in_parts(server, web):
    """The documented limit: a thousand rows in one answer."""
    answer = web.get(web.base + "/instances", params={"includefield": "KVP", "limit": 1000})
    assert answer.status_code == 200 and "Warning" not in answer.headers


def test_searches_answer_in_xml_where_it_is_asked_for(web, described_client, described):
    answer = web.get(web.base + "/studies", params={"PatientID": "WEB-HEADER", "includefield": "PatientState"}, headers={"Accept": XML})
    (study,) = xml_parts(answer)
    values = flat(study)
    assert values["0020000D"] == [("1", described[0].StudyInstanceUID)] and values["00380500"] == [("1", "空腹")]
    assert values["00100010"] == [
        ("Alphabetic", [("FamilyName", "Li"), ("GivenName", "Ming")]), ("Ideographic", [("FamilyName", "李"), ("GivenName", "明")])]
    # JSON stays the answer to everybody else.
    for accept in ("*/*", "application/dicom+json, " + XML, None):
        answer = web.get(web.base + "/studies", params={"PatientID": "WEB-HEADER"}, headers={"Accept": accept})
        assert answer.headers["Content-Type"].startswith("application/dicom+json"), accept


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/studies?limit=many", {}, 400),
        ("GET", "/studies?limit=-1", {}, 400),
        ("GET", "/studies?offset=99999999999999999999", {}, 400),
        ("GET", "/studies?NoSuchAttribute=1", {}, 400),
        ("GET", "/studies?StudyDate=yesterday", {}, 400),
        ("GET", "/studies/not%20a%20uid/metadata", {}, 400),
        ("GET", "/studies/1.2.3.4.5", {}, 404),
        ("GET", "/studies/1.2.3.4.5/metadata", {}, 404),
        ("GET", "/nothing/here", {}, 404),
        ("GET", "{instance}/frames/99", {"headers": {"Accept": FRAME}}, 404),
        ("GET", "{instance}/frames/0", {"headers": {"Accept": FRAME}}, 400),
        ("GET", "{instance}/frames/x", {"headers": {"Accept": FRAME}}, 400),
        ("GET", "{instance}/frames/1", {"headers": {"Accept": 'multipart/related; type="image/gif"'}}, 406),
        ("GET", "{instance}", {"headers": {"Accept": "text/html"}}, 406),
        ("GET", "{instance}", {"headers": {"Accept": "application/dicom; transfer-syntax=1.2.3.4"}}, 406),
        ("GET", "/studies", {"headers": {"Accept": "text/csv"}}, 406),
        ("GET", "{instance}/rendered", {"headers": {"Accept": "video/mp4"}}, 406),
        ("GET", "{instance}/rendered?window=1", {}, 400),
        ("GET", "{instance}/rendered?quality=1000", {}, 400),
        ("GET", "{instance}/bulkdata/00999999", {}, 404),
        ("POST", "/studies", {"data": b"x", "headers": {"Content-Type": "text/plain"}}, 415),
        ("POST", "/studies", {"data": b"x"}, 415),
        ("POST", "/studies", {"data": b"", "headers": STOW}, 400),
        ("POST", "/studies", {"data": b"--apus-test-boundary\r\nbroken", "headers": STOW}, 400),
        ("POST", "/studies", {"data": b"[{]", "headers": {"Content-Type": "application/dicom+json"}}, 400),
        ("DELETE", "/studies/1.2.3", {}, 405),
        ("GET", "/wado", {}, 400),
        ("GET", "/wado?requestType=WADO&studyUID=1.2&seriesUID=1.3", {}, 400),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_wrong_request_is_answered_with_the_right_status_and_a_remedy(web, ct, method, path, options, status):
    answer = web.request(method, web.base + path.replace("{instance}", path_of(ct[0])), **options)
    assert answer.status_code in ((status, 404) if status == 405 else (status,)), answer.text
    if status not in (405, 404):
        assert answer.json().get("remedy"), answer.text


@pytest.mark.parametrize("path", ["/studies", "/studies/1.2.3", "/studies/1.2.3/metadata", "/instances"])
def test_without_credentials_nothing_is_told(server, path):
    answer = requests.get(server.dicomweb + path)
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]
    wrong = requests.get(server.dicomweb + path, headers={"Authorization": "Bearer apus_wrong"})
    assert wrong.status_code == 401


def test_the_service_describes_itself(web):
    """PACS-4.7.1-a"""
    for path in ("", "/openapi.json"):
        described = web.get(web.base + path).json()
        assert re.match(r"3\.[01]\.\d", described["openapi"])
    problems = list(openapi_problems(described))
    assert problems == []
    for needed in ("/studies", "/studies/{study}", "/studies/{study}/series/{series}/instances/{instance}/frames/{frames}"):
        assert needed in described["paths"]
    assert {"get", "post"} <= set(described["paths"]["/studies"])


def openapi_problems(document: dict):
    """What the OpenAPI specification demands of the parts we write."""
    for needed in ("title", "version"):
        if not document["info"].get(needed):
            yield f"info.{needed} is missing"
    operations = set()
    for path, entry in document["paths"].items():
        if not path.startswith("/"):
            yield f"{path} does not begin with a slash"
        for method, operation in entry.items():
            if method not in ("get", "post", "put", "delete", "head", "options", "patch"):
                continue
            name = operation.get("operationId")
            if not name or name in operations:
                yield f"{method} {path}: operationId {name} is missing or taken"
            operations.add(name)
            if not operation.get("responses"):
                yield f"{method} {path} has no responses"
            for status, response in operation.get("responses", {}).items():
                if not re.fullmatch(r"\d{3}|default", status) or not response.get("description"):
                    yield f"{method} {path}: response {status}"
            given = {p["name"] for p in operation.get("parameters", []) if p.get("in") == "path" and p.get("required") is True}
            if given != set(re.findall(r"{(\w+)", path)):
                yield f"{method} {path}: path parameters {given}"
