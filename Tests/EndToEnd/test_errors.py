"""One catalogue of errors behind every answer; every serious function can be undone or asks first (PACS-4.2.1-f, PACS-4.2.1-g)."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess

import pytest
import requests

from apus_server import REPOSITORY, apus, binary_path, confirmed, eventually, free_port, table
from objects import RAW_DATA, encoded, generate_uid, made_object, saved
from peers import EXPLICIT, STUDY_FIND, STUDY_MOVE, association, identifier, store_files

# Words of libraries and languages that no message may show.
RAW = re.compile(r"SQLite|GRDB|NIO|Error Domain|Swift\.|\.swift|fatal|CocoaError|no such table|errno|POSIX|0x[0-9a-f]{6}", re.I)
IDENTIFIER = re.compile(r"[0-9A-HJKMNP-TV-Z]{8}")


@pytest.fixture(scope="module")
def declared() -> dict:
    return json.loads(apus("errors", "--json").ok().out)


@pytest.fixture(scope="module")
def catalogue(declared) -> dict[str, dict]:
    return {each["code"]: each for each in declared["errors"]}


# The catalogue


def test_pacs_4_2_1_f_every_code_has_text_remedy_contact_and_manual_reference(declared, catalogue):
    assert len(catalogue) == len(declared["errors"]) > 60
    pages = {
        "en": (REPOSITORY / "Documentation/manual/errors.md").read_text(),
        "zh-CN": (REPOSITORY / "Documentation/manual/errors.zh-CN.md").read_text(),
    }
    for code, entry in catalogue.items():
        assert entry["contact"] in ("user", "administrator", "support") and entry["severity"] in ("notice", "error", "critical")
        assert entry["reference"] == f"errors#{code}" and entry["surfaces"]
        for language, page in pages.items():
            words = entry[language]
            assert words["text"].strip() and words["remedy"].strip(), (code, language)
            assert f'<a id="{code}"></a>' in page and words["text"] in page and words["remedy"] in page, (code, language)
        assert re.search(r"[\u4e00-\u9fff]", entry["zh-CN"]["text"]) and not re.search(r"[\u4e00-\u9fff]", entry["en"]["text"]), code


def test_pacs_4_2_1_f_every_code_that_the_sources_name_is_in_the_catalogue(catalogue):
    for path in (REPOSITORY / "Sources/PACSServer").rglob("*.swift"):
        text = path.read_text()
        found = re.findall(r'(?:WebFault|self\.init)\(\s*(?:status|\.\w+|\.init\([^)]*\)),\s*"(\w+)"', text)
        assert [each for each in found if each not in catalogue] == [], path
    # What ingest refuses, and what frames that cannot be given are told as.
    for code in ("full", "unavailable", "cannotUnderstand", "doesNotMatch", "sopClassNotSupported", "tooLarge"):
        assert "server" in catalogue[code]["surfaces"]
    for code in ("damaged", "missing", "storage", "unsupported", "image", "memory", "drawing", "decoder", "closed", "graphicsLost"):
        assert "page" in catalogue[code]["surfaces"]


def test_an_error_is_explained_by_its_code(catalogue):
    done = apus("errors", "damaged").ok().out
    assert catalogue["damaged"]["en"]["remedy"] in done
    assert apus("errors", "nonsense").code == 66


# Faults over the API


FAULTS = [
    ("GET", "/api/studies/1.2.3/viewing", {}, 404, "study"),
    ("GET", "/api/studies/x/series", {}, 404, "study"),
    ("GET", "/api/studies?sort=height", {}, 400, "parameter"),
    ("GET", "/api/studies?cursor=x", {}, 400, "query"),
    ("GET", "/api/studies/1.2.3/objects/1.2", {}, 404, "instance"),
    ("GET", "/api/nothing", {}, 404, "route"),
    ("GET", "/assets/none-123.js", {}, 404, "file"),
    ("GET", "/api/quarantine?before=x", {}, 400, "parameter"),
    ("POST", "/api/quarantine/release", {"data": "["}, 400, "release"),
    ("POST", "/api/hanging-protocols", {"data": "[" * 5000}, 400, "json"),
    ("POST", "/api/hanging-protocols", {"data": "{}"}, 400, "protocol"),
    ("DELETE", "/api/hanging-protocols/none", {}, 404, "protocol"),
    ("POST", "/api/session", {"data": "no json"}, 400, "json"),
    ("POST", "/api/session", {"json": {"name": "nobody", "password": "wrong"}}, 401, "login"),
    ("GET", "/api/setup/none", {}, 404, "invalid"),
    ("POST", "/api/errors", {"json": {"id": "1", "code": "network", "detail": ""}}, 400, "parameter"),
    ("POST", "/api/errors", {"json": {"id": "0123ABCD", "code": "<script>", "detail": ""}}, 400, "parameter"),
    ("PUT", "/api/preferences/" + "x" * 300, {"data": "{}"}, 400, "parameter"),
    ("PATCH", "/api/studies", {}, 404, "route"),
]


def entry_in_the_log(server, identifier: str) -> str:
    return eventually(
        lambda: next((line for line in server.log().splitlines() if f"Error {identifier} " in line), None), what=f"{identifier} in the log")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize(("method", "path", "options", "status", "code"), FAULTS, ids=[f"{f[0]} {f[1][:40]}" for f in FAULTS])
def test_pacs_4_2_1_f_an_api_error_speaks_from_the_catalogue_and_leads_to_the_log(
        server, catalogue, method, path, options, status, code, language):
    """CT-4.4.1-1"""
    answer = server.session().request(method, server.url + path, headers={"Accept-Language": language + ";q=0.9, fr"}, **options)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code and error["message"] == catalogue[code][language]["text"]
    assert error["remedy"] == catalogue[code]["zh-CN"]["remedy"] if language == "zh-CN" else error["remedy"]
    assert error["reference"] == f"errors#{code}" and error["severity"] == catalogue[code]["severity"]
    assert not RAW.search(error["message"] + error["remedy"] + error.get("detail", ""))
    line = entry_in_the_log(server, error["id"])
    assert f" {code} {status} {method} " in line
    assert "/setup/none" not in line


def test_pacs_4_2_1_f_dicomweb_problems_speak_from_the_catalogue_too(server, catalogue):
    session = server.session()
    for path, headers, status, code in (
            ("/studies/1.2.3/metadata", {}, 404, "notFound"), ("/studies?limit=x", {}, 400, "parameter"),
            ("/studies", {"Accept": "image/tiff"}, 406, "notAcceptable"), ("/studies?NoSuch=1", {}, 400, "parameter")):
        answer = session.get(server.dicomweb + path, headers={"Accept-Language": "zh-CN", **headers})
        assert answer.status_code == status, (path, answer.text)
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        problem = answer.json()
        assert problem["title"] == catalogue[problem["code"]]["zh-CN"]["text"], problem
        assert problem["remedy"] == catalogue[problem["code"]]["zh-CN"]["remedy"] and problem["type"] == f"errors#{problem['code']}"
        entry_in_the_log(server, problem["instance"])
        english = session.get(server.dicomweb + path, headers=headers).json()
        assert english["title"] == catalogue[problem["code"]]["en"]["text"] and english["remedy"]


def test_pacs_4_2_1_f_who_is_not_signed_in_or_has_no_right_is_told_what_to_do(server, catalogue):
    for headers, status, code in (({}, 401, "notAuthenticated"), ({"Authorization": "Basic x"}, 401, "authorization"),
                                  ({"Authorization": "Bearer apus_x"}, 401, "token")):
        answer = requests.get(server.url + "/api/studies", headers={**headers, "Accept-Language": "zh"}, timeout=30)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert answer.json()["error"]["remedy"] == catalogue[code]["zh-CN"]["remedy"]
    refused = server.session("registrar").get(server.url + "/api/transfers")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "permissionMissing")
    assert "system.status" in refused.json()["error"]["detail"]


def test_pacs_4_2_1_f_what_a_library_says_stands_in_the_log_alone(make_server, catalogue):
    """CT-4.4.1-1: the index breaks while the server runs."""
    server = make_server()
    with sqlite3.connect(server.data / "index.sqlite") as database:
        database.execute("ALTER TABLE study RENAME TO elsewhere")
    for path, key in (("/api/studies", "id"), ("/dicom-web/studies", "instance")):
        answer = server.session().get(server.url + path)
        assert answer.status_code in (500, 503), answer.text
        body = answer.json().get("error", answer.json())
        assert body["code"] == "index" and not RAW.search(answer.text), answer.text
        line = entry_in_the_log(server, body[key])
        assert "SQLite" in line
    server.kill()


def test_a_flood_of_refusals_does_not_fill_the_log(make_server):
    server = make_server()
    session = requests.Session()
    identified = 0
    for _ in range(650):
        answer = session.get(server.url + "/api/none", timeout=30)
        assert answer.status_code == 404
        identified += "id" in answer.json()["error"]
    assert 590 <= identified <= 600
    assert server.log().count(" route 404 ") == identified
    server.kill()


def test_what_the_page_meets_is_entered_under_the_identifier_it_shows(server):
    """PACS-4.2.1-f"""
    report = {"id": "7ZZ9ABCD", "code": "graphicsLost", "detail": "lost\n2026-01-01T00:00:00 error forged: line"}
    assert server.session("radiologist").post(server.url + "/api/errors", json=report).status_code == 204
    line = entry_in_the_log(server, "7ZZ9ABCD")
    assert "graphicsLost page" in line and "forged" in line
    assert requests.post(server.url + "/api/errors", json=report, timeout=30).status_code == 401


# The command line


@pytest.mark.parametrize(("arguments", "code"), [
    (["import", "/does/not/exist"], "commandInput"), (["dump", "/etc/hostname"], "commandData"),
    (["echo", "X@127.0.0.1:1"], "commandPeer"), (["errors", "nonsense"], "commandInput"),
    (["device", "add", "--ae", "X", "--allow", "everything"], "commandUsage"),
    (["serve", "--http", "nonsense"], "commandConfiguration"),
])
@pytest.mark.parametrize("language", ["zh_CN.UTF-8", "C"])
def test_pacs_4_2_1_f_a_command_tells_what_to_do_and_where_it_is_explained(catalogue, tmp_path, arguments, code, language):
    done = subprocess.run(
        [binary_path(), *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60, env={**os.environ, "LC_ALL": language})
    remedy = catalogue[code]["zh-CN" if language.startswith("zh") else "en"]["remedy"]
    # With an identifier where a library said more, which stands in the system's log.
    assert done.returncode != 0 and re.search(rf"{re.escape(remedy)} \[{code}( {IDENTIFIER.pattern})?\]", done.stderr), done.stderr
    assert not RAW.search(done.stderr), done.stderr


def test_pacs_4_2_1_f_a_command_shows_no_words_of_a_library(catalogue, tmp_path):
    (tmp_path / "file").write_text("")
    done = apus("phantom", "ct", "--images", 1, "--matrix", 16, "--output", tmp_path / "file" / "sub")
    assert done.code == 1 and not RAW.search(done.err), done.err
    assert catalogue["commandFailed"]["en"]["text"] in done.err
    assert re.search(rf"\[commandFailed {IDENTIFIER.pattern}\]", done.err), done.err


# Functions with serious consequences


def token_of(server) -> str:
    server.run("token", "create", "--role", "integration", "--name", "serious").ok()
    return [row["TOKEN"] for row in table(server.run("token", "list").ok().out) if row["NAME"] == "serious" and row["STATE"] == "active"][-1]


def states(server, command: str) -> str:
    return server.run(*command.split()).ok().out


def refused_unless(server, arguments: list, confirmation: str, looked_at: str, **options) -> None:
    """Without the confirmation nothing changes and the consequence with its counts is said; with it the command does it."""
    before = states(server, looked_at)
    asked = server.run(*arguments, **options)
    assert asked.code == 75, (asked.out, asked.err)
    assert "Affected: " in asked.err and confirmation in asked.err and "[confirmationNeeded]" in asked.err, asked.err
    assert states(server, looked_at) == before
    server.run(*arguments, confirmation, **options).ok()


def test_pacs_4_2_1_g_a_token_is_revoked_after_confirmation(server):
    refused_unless(server, ["token", "revoke", token_of(server)], "--yes", "token list")


def test_pacs_4_2_1_g_a_password_is_reset_after_confirmation(server):
    server.run("user", "add", "zhao", "--role", "radiologist", "--password-stdin", stdin="Quiet-harbour-7\n").ok()
    login = {"name": "zhao", "password": "Quiet-harbour-7"}
    refused_unless(server, ["user", "passwd", "zhao", "--password-stdin"], "--yes", "user list", stdin="Another-harbour-8\n")
    assert requests.post(server.url + "/api/session", json=login, timeout=30).status_code == 401


def test_pacs_4_2_1_g_a_device_is_removed_after_confirmation_and_both_can_be_undone(server):
    listed = lambda: next((row for row in table(states(server, "device list")) if row["AE TITLE"] == "SERIOUS"), None)  # noqa: E731
    register = ["device", "add", "--ae", "SERIOUS", "--host", "10.0.0.9", "--port", 104, "--allow", "echo,store", "--from", "10.0.0.0/24",
                "--from", "10.1.0.1", "--modality", "CT", "--description", "room 3's scanner", "--disabled"]
    server.run(*register).ok()
    whole = listed()

    def undo(done) -> None:
        (line,) = [line for line in done.out.splitlines() if line.startswith("Undo: apus ")]
        subprocess.run(line.removeprefix("Undo: ").replace("apus", str(binary_path()), 1), shell=True, check=True, capture_output=True)

    undo(server.run("device", "add", "--ae", "SERIOUS", "--allow", "all").ok())
    assert listed() == whole
    asked = server.run("device", "remove", "--ae", "SERIOUS")
    assert asked.code == 75 and "1 device" in asked.err and listed() == whole
    done = server.run("device", "remove", "--ae", "SERIOUS", "--force").ok()
    assert listed() is None
    undo(done)
    assert listed() == whole


def test_pacs_4_2_1_g_a_setting_can_be_undone(server):
    before = states(server, "setting password.minimumLength")
    done = server.run("setting", "password.minimumLength", "17").ok()
    (line,) = [line for line in done.out.splitlines() if line.startswith("Undo: apus ")]
    assert states(server, "setting password.minimumLength") != before
    subprocess.run(line.removeprefix("Undo: ").replace("apus", str(binary_path()), 1), shell=True, check=True, capture_output=True)
    assert states(server, "setting password.minimumLength") == before


def test_pacs_4_2_1_g_the_index_is_emptied_after_confirmation(make_server, phantoms):
    server = make_server()
    store_files(server, sorted((phantoms / "cr").rglob("*.dcm")))
    server.stop()
    asked = server.run("reindex")
    assert asked.code == 75 and "Affected: 1 patient, 1 study, 6 objects." in asked.err, asked.err
    server.start()
    assert server.status()["counts"]["instances"] == 6
    server.stop()
    server.run("reindex", "--yes").ok()
    server.start()
    assert server.status()["counts"]["instances"] == 6
    server.kill()


def test_pacs_4_2_1_g_files_are_overwritten_after_confirmation(server, phantoms, tmp_path):
    source = next((phantoms / "ct").rglob("*.dcm"))
    target = tmp_path / "out.dcm"
    target.write_bytes(b"kept")
    asked = apus("transcode", source, target)
    assert asked.code == 75 and target.read_bytes() == b"kept" and "Affected: 1 file." in asked.err
    apus("transcode", source, target, "--yes").ok()
    assert target.read_bytes() != b"kept"
    store_files(server, [source])
    asked = server.run("export", "--output", tmp_path)
    assert asked.code == 75 and [each.name for each in tmp_path.iterdir()] == ["out.dcm"]
    server.run("export", "--output", tmp_path, "--yes").ok()
    assert len(list(tmp_path.rglob("*.dcm"))) > 1


def comment_of(status) -> str:
    """Error Comment (0000,0902), checked for what an LO may hold."""
    comment = str(status.get("ErrorComment", f"none with {status.Status:04X}"))
    assert len(comment) <= 64 and comment.isascii() and comment.isprintable() and "\\" not in comment
    return comment


def test_pacs_4_2_1_f_error_comments_of_dicom_begin_with_the_code(server, catalogue, tmp_path):
    """PACS-4.2.2-b"""
    server.register("FAR", allow="echo", port=free_port())
    stored = made_object(PatientID="COMMENT")
    without, wrong = made_object(), made_object()
    del without.StudyInstanceUID
    wrong.StudyInstanceUID = "not.a.uid"
    cut = saved(made_object(), tmp_path)
    cut.write_bytes(cut.read_bytes()[:-7])
    wanted = identifier("STUDY", StudyInstanceUID=stored.StudyInstanceUID)
    contexts = [(uid, [EXPLICIT]) for uid in (RAW_DATA, STUDY_FIND, STUDY_MOVE)]
    with association(server, contexts) as assoc:
        assert assoc.send_c_store(saved(stored, tmp_path)).Status == 0
        given = {
            "doesNotMatch": [assoc.send_c_store(saved(without, tmp_path))],
            "cannotUnderstand": [assoc.send_c_store(cut)],
            "quarantined": [assoc.send_c_store(saved(wrong, tmp_path))],
            "query": [list(assoc.send_c_find(identifier("NONE", PatientID="COMMENT"), STUDY_FIND))[-1][0],
                      list(assoc.send_c_move(identifier("STUDY"), "FAR", STUDY_MOVE))[-1][0]],
            "destination": [list(assoc.send_c_move(wanted, "NOWHERE", STUDY_MOVE))[-1][0],
                            list(assoc.send_c_move(wanted, "FAR", STUDY_MOVE))[-1][0]],
        }
    for code, statuses in given.items():
        assert "server" in catalogue[code]["surfaces"]
        for status in statuses:
            comment = comment_of(status)
            assert comment.startswith(code + ": ") and len(comment) > len(code) + 8, (code, comment)
            assert not RAW.search(comment) and "COMMENT" not in comment, comment
    assert "(0020,000D)" in comment_of(given["doesNotMatch"][0])


def test_pacs_4_2_1_f_import_tells_the_code_of_what_it_refuses(server, catalogue, tmp_path):
    """PACS-4.2.4-c"""
    path = saved(made_object(), tmp_path)
    path.write_bytes(path.read_bytes()[:-7])
    done = server.run("import", path)
    assert done.code == 1
    verdict, _, reason = next(line for line in done.out.splitlines() if line.startswith("refused")).split("\t")
    code = reason.split(": ")[0]
    assert verdict == "refused" and code == "cannotUnderstand" and code in catalogue and len(reason) > len(code) + 10
    (result,) = server.session().post(
        server.url + "/api/import", data=path.read_bytes(), headers={"X-Apus-Name": "%E7%8E%8B%2F1.dcm"}).json()["results"]
    assert result["code"] == code and result["path"] == "王/1.dcm"
    # The name of a file may be a patient's; it stands in no log.
    assert "王" not in server.log() and "%E7" not in server.log()


@pytest.fixture(scope="module")
def defective(server) -> list[str]:
    """Two readable but defective objects of two patients."""
    found = []
    for number in range(2):
        data = made_object(PatientID=f"S{number}", StudyInstanceUID=generate_uid(), Rows=4)
        data.SOPInstanceUID = f"1.2.840.0{number}.1"
        found.append(str(data.SOPInstanceUID))
        answer = server.session().post(
            server.url + "/api/import?name=a.dcm", data=encoded(data), headers={"Content-Type": "application/octet-stream"})
        assert answer.json()["results"][0]["verdict"] == "quarantined", answer.text
    return found


def test_pacs_4_2_1_g_quarantine_is_left_after_confirmation_by_api_and_command(server, defective):
    url = server.url + "/api/quarantine/release"
    asked = {"instances": [{"sopInstanceUID": uid} for uid in defective], "reason": "looked at"}
    answer = server.session().post(url, json=asked, headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == 409
    question = answer.json()["confirmation"]
    assert question["function"] == "quarantineRelease" and question["affected"] == {"patients": 2, "studies": 2, "objects": 2}
    assert question["affectedText"] == "2 名患者，2 项检查，2 个对象" and "转发" in question["consequence"]
    listed = lambda: {row["SOP INSTANCE UID"] for row in table(states(server, "quarantine"))}  # noqa: E731
    assert listed() >= set(defective)
    # The token answers one question alone: not another one, and nobody else's.
    other = {**asked, "instances": asked["instances"][:1]}
    headers = {"X-Apus-Confirm": question["token"]}
    assert server.session().post(url, json=other, headers=headers).status_code == 409
    assert server.session("technologist").post(url, json=asked, headers=headers).status_code == 409
    assert confirmed(server.session(), "POST", url, json=other).json() == {"released": defective[:1]}
    # What is affected has changed, so it is asked anew.
    assert server.session().post(url, json=asked, headers=headers).status_code == 409
    refused_unless(server, ["quarantine", "release", defective[1], "--reason", "looked at"], "--yes", "quarantine")
    assert not listed() & set(defective)


def test_pacs_4_2_1_g_a_hanging_protocol_is_removed_after_confirmation(server):
    url, session = server.url + "/api/hanging-protocols", server.session("radiologist")
    shipped = session.get(url).json()["protocols"][0]
    own = {**{key: value for key, value in shipped.items() if key != "source"}, "id": "serious"}
    assert session.post(url, json=own).status_code == 200
    assert session.delete(url + "/serious").json()["confirmation"]["affected"] == {"protocols": 1}
    assert "serious" in {each["id"] for each in session.get(url).json()["protocols"]}
    assert confirmed(session, "DELETE", url + "/serious").status_code == 204
    assert "serious" not in {each["id"] for each in session.get(url).json()["protocols"]}


def test_pacs_4_2_1_g_a_configuration_is_accepted_after_confirmation_by_api_and_command(make_server):
    server = make_server(storage__compression="jpeg-lossless")
    server.stop()
    server.settings["storage.compression"] = "none"
    server.start()
    url = server.url + "/api/configuration/accept"
    asked = server.session().post(url)
    assert asked.status_code == 409 and asked.json()["confirmation"]["affected"] == {"settings": 1}
    assert server.status()["configurationAccepted"] is False
    command = ["configuration", "--config", server.config_path, "--accept"]
    done = server.run(*command)
    assert done.code == 75 and "1 setting" in done.err and server.status()["configurationAccepted"] is False
    assert confirmed(server.session(), "POST", url).status_code == 204
    assert server.status()["configurationAccepted"] is True
    server.settings["storage.compression"] = "jpeg-ls"
    server.config_path.write_text(json.dumps(server.settings))
    server.run(*command, "--yes").ok()
    server.kill()


# Order of steps


def test_ct_4_4_2_1_steps_in_the_wrong_order_are_refused_and_say_what_is_missing(make_server, phantoms):
    server = make_server()
    account = {"name": "first", "password": "Quiet-harbour-7"}
    setup = server.setup_link.replace("/setup/", "/api/setup/")

    def refused(method: str, url: str, status: int, code: str, session=requests, **options) -> None:
        answer = session.request(method, url, timeout=30, **options)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
        assert answer.json()["error"]["remedy"]

    # Signing in before there is an account; working before signing in; the link a second time.
    refused("POST", server.url + "/api/session", 401, "login", json=account)
    refused("GET", server.url + "/api/studies", 401, "notAuthenticated")
    assert requests.post(setup, json=account, timeout=30).status_code == 200
    refused("POST", setup, 410, "administratorExists", json=account)
    # Marks: withdrawn before they are published, saved over a version not seen, published without any.
    files = sorted((phantoms / "cr").rglob("*.dcm"))
    store_files(server, files)
    reader = server.session("radiologist")
    study = reader.get(server.url + "/api/studies").json()["studies"][0]["studyInstanceUID"]
    marks = f"{server.url}/api/studies/{study}/marks"
    body = {"attempt": "2.25.77", "marks": ["2.25.78"]}
    refused("POST", marks + "/withdraw", 404, "mark", reader, json=body)
    refused("POST", marks, 400, "parameter", reader, json={"attempt": "2.25.79", "marks": []})
    refused("PUT", marks + "/draft", 409, "draftConflict", reader, json={"attempt": "2.25.80", "revision": 5, "marks": [], "deleted": []})
    # Frames of a series as it was before, and a release of what is in no quarantine.
    refused("POST", server.url + "/api/quarantine/release", 404, "release", server.session(),
            json={"instances": [{"sopInstanceUID": "1.2.3"}], "reason": "none"})
    server.kill()


# Where the others are proved: file and test.
ELSEWHERE = {
    "marksWithdraw": ("Tests/EndToEnd", "marks_are_withdrawn_by_their_author"),
    "stateWithdraw": ("Tests/EndToEnd", "are_saved_exactly_and_withdrawn"),
    "stop": ("Tests/EndToEnd", "is_not_refused_without_a_word"),
    "markDelete": ("Web/tests/e2e", "test_delete_asks_nothing_and_undo_brings_back"),
    "draftReplace": ("Tests/EndToEnd", "draftConflict"),
    "importInterrupt": ("Web/tests/e2e", "test_pacs_4_2_2_e_leaving_or_signing_out_while_importing_asks_first"),
    "leaveUnsaved": ("Web/tests/e2e", "test_leaving_with_marks_that_nobody_keeps_asks_first"),
    "otherPatient": ("Web/tests/e2e", "viewer.otherPatient"),
}
HERE = {
    "quarantineRelease", "configurationAccept", "protocolRemove", "tokenRevoke", "passwordReset", "deviceRemove", "deviceChange",
    "settingChange", "reindex", "exportOver", "transcodeOver",
}


def test_pacs_4_2_1_g_every_serious_function_is_safeguarded_worded_and_tested(declared):
    functions = {each["function"]: each for each in declared["serious"]}
    assert set(functions) == HERE | set(ELSEWHERE)
    for name, function in functions.items():
        assert function["ways"] and function["zh-CN"] and function["en"] and function["safeguard"] in ("confirm", "undo", "refuse"), name
    for name, (folder, proof) in ELSEWHERE.items():
        assert any(proof in path.read_text() for path in (REPOSITORY / folder).glob("test_*.py")), name


def test_pacs_4_2_1_g_every_route_and_command_that_removes_or_replaces_is_in_the_table(declared):
    """A new way to remove something must say how it is safeguarded."""
    ways = " ".join(way for each in declared["serious"] for way in each["ways"])
    sources = "".join(path.read_text() for path in (REPOSITORY / "Sources/PACSServer/HTTP").glob("*.swift"))
    # Signing out ends only one's own session.
    routes = set(re.findall(r'router\.delete\("([^"]+)"', sources)) - {"api/session"}
    routes |= set(re.findall(r'router\.post\("([^"]+/(?:withdraw|release|accept|delete|remove|reject|merge|reset|restore))"', sources))
    assert [route for route in sorted(routes) if f"/{route}" not in ways] == []
    listed = apus("help").out + "".join(apus("help", each).out for each in ("user", "token", "device", "quarantine"))
    verbs = re.findall(r"^  (passwd|revoke|remove|release|reindex|stop|discard|delete|restore|reset)\b", listed, re.M)
    assert [verb for verb in verbs if not re.search(rf"apus [a-z ]*{verb}\b", ways)] == []
