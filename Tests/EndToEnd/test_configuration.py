"""Changes of storage and transfer settings outside Apus: found, told, recorded, and accepted by those who may (PACS-4.5.10-4)."""

from __future__ import annotations

import json

from apus_server import confirmed, eventually, table


def changes(server) -> dict[str, tuple]:
    answer = server.session().get(server.url + "/api/configuration/changes")
    assert answer.status_code == 200, answer.text
    return {row["key"]: (row["accepted"], row["present"]) for row in answer.json()["changes"]}


def events(server) -> list[dict[str, str]]:
    return [row for row in table(server.run("audit", "--limit", 200).ok().out) if row["EVENT"] == "configuration.changed"]


def test_a_changed_setting_is_told_at_the_start_and_accepted_by_command(make_server):
    """PACS-4.5.10-4 PACS-4.5.10-3"""
    server = make_server(storage__compression="jpeg-lossless")
    assert changes(server) == {} and server.status()["configurationAccepted"] is True
    server.stop()
    server.settings["storage.compression"] = "none"
    server.settings["dicom.tlsPort"] = 11999
    server.start()
    assert "storage.compression was \"jpeg-lossless\", is \"none\"" in server.log_since_start()
    assert changes(server) == {"storage.compression": ('"jpeg-lossless"', '"none"'), "dicom.tlsPort": (None, "11999")}
    assert server.status()["configurationAccepted"] is False
    failed = [row for row in events(server) if row["OUTCOME"] == "12"]
    assert {row["OBJECTS"] for row in failed} == {"setting:storage.compression", "setting:dicom.tlsPort"}
    assert any("before=\"jpeg-lossless\"" in row["DETAILS"] and "after=\"none\"" in row["DETAILS"] for row in failed)
    listed = server.run("configuration", "--config", server.config_path)
    assert listed.code == 1 and [row["SETTING"] for row in table(listed.out)] == ["dicom.tlsPort", "storage.compression"]
    server.run("configuration", "--config", server.config_path, "--accept", "--yes").ok()
    eventually(lambda: changes(server) == {}, 150, what="the server to see that it was accepted")
    server.restart()
    assert changes(server) == {} and "not accepted" not in server.log_since_start()
    server.stop()


def test_a_change_while_the_server_runs_is_found_within_a_minute(make_server):
    """PACS-4.5.10-4"""
    server = make_server(storage__compression="jpeg-lossless")
    server.config_path.write_text(json.dumps({**server.settings, "storage.preamble": "detectExecutable"}))
    eventually(lambda: "storage.preamble" in changes(server), 150, what="the change to be found")
    assert "Configuration changed and not accepted: storage.preamble" in server.log()
    recorded = [row for row in events(server) if "storage.preamble" in row["OBJECTS"]]
    assert [row["OUTCOME"] for row in recorded] == ["12"]
    for role in ("technologist", "radiologist"):
        assert server.session(role).get(server.url + "/api/configuration/changes").status_code == 403
        assert server.session(role).post(server.url + "/api/configuration/accept").status_code == 403
    assert confirmed(server.session(), "POST", server.url + "/api/configuration/accept").status_code == 204
    assert changes(server) == {}
    server.stop()


def test_storage_locations_changed_where_they_are_kept_are_found(make_server):
    """PACS-4.5.10-4"""
    server = make_server()
    server.restart()
    assert changes(server) == {}
    server.stop()
    kept = server.data / "volumes.json"
    kept.write_text(kept.read_text().replace('"isReadOnly" : false', '"isReadOnly" : true'))
    server.start()
    assert set(changes(server)) == {"volumes.json"}
    server.stop()
    # The seal itself cannot be rewritten from outside.
    import sqlite3

    with sqlite3.connect(server.data / "security.sqlite") as database:
        database.execute("UPDATE setting SET value = replace(value, 'volumes', 'volumez') WHERE key = 'configuration.accepted'")
    server.start()
    assert server.run("audit", "--verify").code == 65
    assert "volumes.json" in changes(server)
    server.stop()
