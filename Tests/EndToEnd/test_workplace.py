"""What follows people and workstations from browser to browser, and the log of display checks."""

from __future__ import annotations

import csv
import io

import pytest


def test_habits_are_kept_for_each_account_and_monitors_for_each_workstation(server):
    first, second = server.session("radiologist"), server.session("clinician")
    url = server.url + "/api/preferences/profile"
    assert first.get(url).json() is None
    assert first.put(url, json={"name": "weasis"}).status_code == 204
    assert first.get(url).json() == {"name": "weasis"} and second.get(url).json() is None
    screens = server.url + "/api/workstations/读片室%201/screens"
    value = {"2560x1440 24 0": {"role": "diagnostic", "pixelsPerMM": 4.31, "ownRatio": 1}}
    assert first.put(screens, json=value).status_code == 204
    assert second.get(screens).json() == value
    server.restart()
    assert first.get(url).json() == {"name": "weasis"} and second.get(screens).json() == value


@pytest.mark.parametrize("name", ["a" * 65, "..%2Fsecret", "x%00"])
def test_names_and_bodies_are_bounded(server, name):
    session = server.session("radiologist")
    assert session.put(f"{server.url}/api/preferences/{name}", json={}).status_code in (400, 404)
    assert session.put(server.url + "/api/preferences/profile", data=b"{").status_code == 400
    assert session.put(server.url + "/api/preferences/big", json={"x": "y" * 70_000}).status_code in (400, 413)


def test_display_checks_are_evidence(server):
    """Who, when, which monitor, and the result; nothing is changed or removed afterwards."""
    session, url = server.session("radiologist"), server.url + "/api/display-checks"
    check = {
        "workstation": "room 1", "screen": "2560x1440 24 0", "role": "diagnostic", "pixelsPerMM": 4.31, "passed": True,
        "seen": [True, True, True, True, True], "note": '=1+1, "five"', "author": "somebody else", "time": "2001-01-01T00:00:00Z"}
    made = session.post(url, json=check)
    assert made.status_code == 201
    row = made.json()
    assert row["author"] != "somebody else" and row["time"].startswith("20") and not row["time"].startswith("2001")
    assert session.post(url, json={**check, "passed": False, "note": ""}).status_code == 201
    assert session.post(url, json={**check, "note": "x" * 301}).status_code == 400
    rows = session.get(url).json()["checks"]
    assert [row["passed"] for row in rows] == [False, True] and rows[1]["pixelsPerMM"] == 4.31
    assert session.delete(url + f"/{row['number']}").status_code in (404, 405)
    server.restart()
    table = session.get(url, params={"format": "csv"})
    assert table.headers["Content-Type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(table.text)))
    assert [line["result"] for line in lines] == ["failed", "passed"]
    assert lines[1]["note"] == "'=1+1, \"five\"" and lines[1]["workstation"] == "room 1" and lines[1]["questions"] == "11111"
    assert server.session("registrar").get(url).status_code == 403
