"""What was acknowledged stays: killed servers, full disks, disks turned read-only, lost indexes, leaving for good."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time

import pydicom
import pydicom.fileset
import pytest
import requests

from apus_server import REPOSITORY, TESTER, apus, eventually
from dicom_wire import EXPLICIT, Wire, echoes, read_part10
from ingest_load import CT, Journal, Load, Template, given_now, losses
from objects import data_set_digest, encoded, made_object, multipart_body
from peers import STUDY_FIND, find, get, identifier, store_files

ROUNDS = int(os.environ.get("APUS_KILL_ROUNDS", "50"))
SEED = int(os.environ.get("APUS_KILL_SEED", str(time.time_ns() % 1_000_000)))
MEGABYTE = 1 << 20
STOW = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=apus-test-boundary'}


@pytest.mark.slow
def test_no_acknowledged_instance_is_lost_however_often_the_server_is_killed(make_server):
    """Four associations store; the server is killed at a random instant, again and again, also while it recovers.

    GUIDE-1.1.1.2-F3c SEC-2-3
    """
    chance = random.Random(SEED)
    print(f"APUS_KILL_SEED={SEED}")
    # Small packs and no rest before compression, so that sealing, moving and deleting are hit as well.
    server = make_server(storage__ingestPackBytes=MEGABYTE, storage__compressionIdleSeconds=0)
    kept: list[tuple[Template, Journal]] = []
    total = 0
    for number in range(ROUNDS):
        load = Load(server.dicom_port, Template(seed=number))
        threads = load.run(associations=4)
        time.sleep(chance.uniform(0.02, 1.5))
        # On a busy machine later, so that each round has something to lose.
        enough = chance.randrange(21, 60)
        eventually(lambda: len(load.journal.acknowledged) >= enough, what=f"{enough} acknowledged instances")
        server.kill()
        load.stop.set()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
        total += len(load.journal.acknowledged)
        kept.append((load.template, load.journal))
        while chance.random() < 0.25:
            server.launch()
            time.sleep(chance.uniform(0, 0.4))
            server.kill()
        server.start()
        problems = losses(server, load.template, load.journal)
        assert not problems, f"seed {SEED}, round {number}: {len(problems)}\n" + "\n".join(problems[:20])
    everything = [problem for template, journal in kept for problem in losses(server, template, journal)]
    assert not everything, f"seed {SEED}: {len(everything)}\n" + "\n".join(everything[:20])
    assert total > 20 * ROUNDS, f"only {total} instances were acknowledged in {ROUNDS} rounds"
    print(f"{ROUNDS} kills, {total} acknowledged instances, none missing or damaged")
    server.stop()
    server.run("check", timeout=600).ok()
    server.start()


def test_a_server_killed_while_it_compresses_keeps_everything(make_server):
    """GUIDE-1.1.1.1.1-4"""
    server = make_server(storage__ingestPackBytes=MEGABYTE, storage__compressionIdleSeconds=0)
    load = Load(server.dicom_port, Template(side=256, seed=7))
    for thread in load.run(associations=4, limit=40):
        thread.join(120)
    chance = random.Random(SEED)
    for _ in range(8):
        time.sleep(chance.uniform(0, 0.6))
        server.kill()
        server.start()
        assert losses(server, load.template, load.journal) == []
    assert len(load.journal.acknowledged) == 160
    server.stop()
    server.run("check").ok()


@pytest.mark.parametrize("way", ["WADO-RS", "C-GET"])
def test_what_moves_to_the_long_term_area_is_given_whole_meanwhile(make_server, way):
    """GUIDE-1.1.1.1.1-4"""
    server = make_server(storage__ingestPackBytes=MEGABYTE, storage__compressionIdleSeconds=0)
    load = Load(server.dicom_port, Template(side=128, seed=3))
    threads = load.run(associations=2, limit=150)
    gone = 0
    limit = time.monotonic() + 60
    while any(thread.is_alive() for thread in threads) or time.monotonic() < limit and moving(server):
        before = dict(load.journal.acknowledged)
        if way == "WADO-RS":
            given = given_now(server, load.template)
        else:
            wanted = identifier("SERIES", StudyInstanceUID=load.template.study, SeriesInstanceUID=load.template.series)
            final, received = get(server, wanted, [(CT, [EXPLICIT])])
            assert final.Status == 0x0000, (hex(final.Status), final.get("NumberOfFailedSuboperations"))
            given = {uid: hashlib.sha256(data).hexdigest() for uid, (_, data) in received.items()}
        gone += sum(given.get(uid) != digest for uid, digest in before.items())
    assert gone == 0
    server.stop()


def moving(server) -> bool:
    """Whether something still waits in the ingest area."""
    return any(path.stat().st_size > 8192 for path in (server.data / "volumes/1").rglob("*") if "ingest" in str(path) and path.is_file())


def clock(server, name: str, position: int | None = None) -> int:
    """When a periodic job ran last, in milliseconds since 1970; sets it on a server that does not run."""
    with contextlib.closing(sqlite3.connect(server.data / "index.sqlite")) as database, database:
        if position is not None:
            database.execute("UPDATE consumer SET position = ? WHERE name = ?", (position, "clock:" + name))
        row = database.execute("SELECT position FROM consumer WHERE name = ?", ("clock:" + name,)).fetchone()
    return row[0] if row else 0


def test_superfluous_copies_give_their_space_back(make_server):
    """PACS-4.4.2-b"""
    server = make_server(
        storage__ingestPackBytes=MEGABYTE, storage__compressionIdleSeconds=0, storage__compression="none")
    eventually(lambda: clock(server, "reclaim"), what="the job's first look")
    load = Load(server.dicom_port, Template(side=256))
    files = [load.template.instance(number) for number in range(12)]
    for round_ in range(4):
        # The same objects again and again, between others that stay, and more of them each time.
        with Wire(server.dicom_port) as wire:
            wire.associate([(1, CT, [EXPLICIT])], calling=TESTER)
            assert {wire.store(file) for file in files} == {0}
            wire.release()
        load.send_until_ended(limit=2)
    for file in files:
        load.journal.attempted[file.instance] = hashlib.sha256(file.data_set).hexdigest()
        load.journal.acknowledged[file.instance] = load.journal.attempted[file.instance]
    server.stop()
    before, unindexed = allocated(server), unindexed_records(server)
    assert unindexed == 36
    clock(server, "reclaim", 1)
    server.start()
    eventually(lambda: "Reclaimed" in server.log_since_start(), 120, what="the job")
    assert losses(server, load.template, load.journal) == []
    server.stop()
    after = unindexed_records(server)
    assert after < unindexed and allocated(server) < before - (unindexed - after) * 100_000
    server.run("reindex", "--yes").ok()
    server.start()
    assert losses(server, load.template, load.journal) == []
    server.stop()


def allocated(server) -> int:
    return sum(path.stat().st_blocks * 512 for path in (server.data / "volumes").rglob("*") if path.is_file())


def unindexed_records(server) -> int:
    return int(re.search(r"(\d+) records without", server.run("check").ok().out).group(1))


def test_integrity_scrubs_keep_their_time_over_restarts(make_server):
    """PACS-4.5.10-1"""
    server = make_server(storage__scrubIntervalHours=1)
    begun = eventually(lambda: clock(server, "integrity scrub"), 120, what="the clock")
    server.restart()
    time.sleep(1)
    assert clock(server, "integrity scrub") == begun
    server.stop()
    clock(server, "integrity scrub", begun - 3_700_000)
    server.start()
    eventually(lambda: clock(server, "integrity scrub") > begun, 120, what="the scrub that fell due")
    server.stop()


# Small file systems


def shell(*arguments: object) -> None:
    subprocess.run([str(a) for a in arguments], check=True, capture_output=True)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 MB of its own, or a visible skip where that is not allowed."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        shell("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place)
    except (subprocess.CalledProcessError, FileNotFoundError):
        pytest.skip("a small file system can be mounted by root alone")
    yield place
    subprocess.run(["umount", "-l", place], check=False)


def fill(place: pathlib.Path, leave: int) -> pathlib.Path:
    """Takes all space but `leave` bytes."""
    ballast = place / "ballast"
    with open(ballast, "wb") as file:
        while shutil.disk_usage(place).free > leave + MEGABYTE:
            file.write(bytes(MEGABYTE))
            file.flush()
        try:
            while shutil.disk_usage(place).free > leave:
                file.write(bytes(4096))
                file.flush()
        except OSError:
            pass
    return ballast


def test_a_disk_that_fills_up_is_warned_of_then_refused_and_recovered_from(make_server, small_disk):
    """PACS-4.4.2-0 PACS-4.4.2-a PACS-4.4.2-b"""
    server = make_server(
        data=small_disk / "data", storage__ingestPackBytes=2 * MEGABYTE, storage__warnBelowBytes=32 * MEGABYTE,
        storage__refuseBelowBytes=16 * MEGABYTE, storage__compression="none")
    load = Load(server.dicom_port, Template(side=256))
    states = []
    while not load.journal.refused:
        load.send_until_ended(limit=20)
        states.append(server.status()["storage"]["state"])
        assert len(states) < 200
    assert states[-1] in ("low", "full") and "low" in states[:-1], states
    assert {status & 0xFF00 for status in load.journal.refused} == {0xA700}
    refuses_in_every_way(server)
    eventually(lambda: [r for r in server.refusals() if r["CODE"] not in ("", "-")], what="records of refusals")
    assert losses(server, load.template, load.journal) == []
    # Space is given back by making the limits smaller than what is left, as by removing other files.
    server.stop()
    server.settings["storage.warnBelowBytes"] = 2 * MEGABYTE
    server.settings["storage.refuseBelowBytes"] = MEGABYTE
    server.start()
    load.journal.refused.clear()
    load.send_until_ended(limit=5)
    assert load.journal.refused == []
    assert losses(server, load.template, load.journal) == []
    server.stop()
    server.run("check").ok()


def refuses_in_every_way(server) -> None:
    session = server.session()
    # As large as what was refused: something small may still fit into the open pack.
    data = encoded(made_object(ICCProfile=bytes(1 << 20)))
    answer = session.post(server.dicomweb + "/studies", data=multipart_body([("Content-Type: application/dicom", data)]), headers=STOW)
    assert answer.status_code == 507, answer.text
    answer = session.post(server.url + "/api/import", params={"name": "x.dcm"}, data=data)
    assert answer.status_code == 507, answer.text
    assert echoes(server.dicom_port)


@pytest.mark.parametrize("ending", ["running on", "killed while full"])
def test_a_disk_without_a_free_byte_costs_nothing_that_was_acknowledged(make_server, small_disk, ending):
    """PACS-4.4.2-b"""
    server = make_server(
        data=small_disk / "data", storage__ingestPackBytes=2 * MEGABYTE, storage__warnBelowBytes=0,
        storage__refuseBelowBytes=0, storage__compression="none")
    load = Load(server.dicom_port, Template(side=256))
    server.token()
    load.send_until_ended(limit=20)
    ballast = fill(small_disk, leave=3 * MEGABYTE)
    for thread in load.run(associations=4):
        thread.join(60)
        assert not thread.is_alive()
    assert load.journal.refused, "the full disk was never told"
    assert {status & 0xFF00 for status in load.journal.refused} == {0xA700}, [hex(s) for s in load.journal.refused]
    assert server.is_alive, server.log()[-3000:]
    assert echoes(server.dicom_port)
    assert losses(server, load.template, load.journal) == []
    if ending == "killed while full":
        server.kill()
    ballast.unlink()
    if ending == "killed while full":
        server.start()
    load.journal.refused.clear()

    def stores_again():
        load.journal.refused.clear()
        load.send_until_ended(limit=10)
        return not load.journal.refused

    eventually(stores_again, within=90, what="storing after space came back")
    assert losses(server, load.template, load.journal) == []
    server.stop()
    server.run("check").ok()


@pytest.fixture
def real_disk(tmp_path):
    """An ext4 file system in a file, or a visible skip."""
    image, place = tmp_path / "disk.img", tmp_path / "disk"
    place.mkdir()
    try:
        shell("truncate", "-s", "128M", image)
        shell("mkfs.ext4", "-q", "-F", image)
        shell("mount", "-o", "loop", image, place)
    except (subprocess.CalledProcessError, FileNotFoundError):
        pytest.skip("a file system in a file can be mounted by root alone")
    yield image, place
    subprocess.run(["umount", "-l", place], check=False)


def test_a_disk_turned_read_only_is_told_and_read_from_and_survived(make_server, real_disk):
    """PACS-4.4.3-2"""
    """The kernel turns a file system with errors read-only under a running server."""
    image, place = real_disk
    server = make_server(data=place / "data", storage__ingestPackBytes=2 * MEGABYTE)
    load = Load(server.dicom_port, Template(side=128))
    server.token()
    load.send_until_ended(limit=50)
    shell("mount", "-o", "remount,abort", place)
    load.send_until_ended(limit=3)
    assert load.journal.refused and {s & 0xFF00 for s in load.journal.refused} <= {0xA700, 0xC000}, load.journal
    assert server.is_alive, server.log()[-3000:]
    assert echoes(server.dicom_port)
    answer = server.session().post(
        server.dicomweb + "/studies", headers=STOW,
        data=multipart_body([("Content-Type: application/dicom", encoded(made_object()))]))
    assert answer.status_code in (503, 507), answer.text
    # What is stored can still be read.
    assert losses(server, load.template, load.journal) == []
    server.kill()
    shell("umount", place)
    subprocess.run(["e2fsck", "-fy", image], capture_output=True, check=False)
    shell("mount", "-o", "loop", image, place)
    server.start()
    assert losses(server, load.template, load.journal) == []
    load.journal.refused.clear()
    load.send_until_ended(limit=5)
    assert load.journal.refused == []
    server.stop()
    server.run("check").ok()


NAME, PASSWORD = "wang", "Quiet-harbour-7"


def signs_in(server) -> requests.Session:
    """A person at the page, as long as the disk allows no writing."""
    session = requests.Session()
    answer = session.post(server.url + "/api/session", json={"name": NAME, "password": PASSWORD}, timeout=30)
    assert answer.status_code == 200, answer.text
    assert session.get(server.url + "/api/session", timeout=30).status_code == 200
    assert session.get(server.url + "/api/studies", timeout=30).json()["total"] == 1
    wrong = requests.post(server.url + "/api/session", json={"name": NAME, "password": "Another-harbour-8"}, timeout=30)
    assert wrong.status_code == 401
    session.csrf = answer.json()["csrf"]
    return session


def works_for_reading(server, load) -> None:
    """Found, given, signed in and out; told; nothing stored."""
    session = signs_in(server)
    assert len(find(server, identifier("STUDY", StudyInstanceUID=""), STUDY_FIND)) == 1
    wanted = identifier("SERIES", StudyInstanceUID=load.template.study, SeriesInstanceUID=load.template.series)
    final, received = get(server, wanted, [(CT, [EXPLICIT])])
    assert final.Status == 0x0000 and set(received) == set(load.journal.acknowledged)
    assert losses(server, load.template, load.journal) == []
    security = session.get(server.url + "/api/server", timeout=30).json()["security"]
    assert security["writable"] is False and security["bufferedAuditRecords"] > 0 and security["lostAuditRecords"] == 0
    assert "kept in memory" in eventually(lambda: "kept in memory" in server.log() and server.log(), 150, what="the log to tell")
    refused = len(load.journal.refused)
    load.send_until_ended(limit=1)
    assert {s & 0xFF00 for s in load.journal.refused[refused:]} == {0xA700}
    ended = session.delete(server.url + "/api/session", headers={"X-Apus-CSRF": session.csrf}, timeout=30)
    assert ended.status_code == 204
    assert session.get(server.url + "/api/session", timeout=30).status_code == 401


def with_an_account(server) -> None:
    server.run("user", "add", NAME, "--role", "administrator", "--password-stdin", stdin=PASSWORD + "\n").ok()


@pytest.mark.parametrize("ending", ["stopped", "killed"])
def test_a_server_started_on_a_read_only_disk_finds_and_gives_and_signs_people_in(make_server, real_disk, ending):
    """PACS-4.4.2-b"""
    _, place = real_disk
    server = make_server(data=place / "data")
    with_an_account(server)
    server.token()
    load = Load(server.dicom_port, Template(side=64))
    load.send_until_ended(limit=10)
    server.kill() if ending == "killed" else server.stop()
    shell("mount", "-o", "remount,ro", place)
    server.start()
    assert "can be found and read, but not stored" in server.log_since_start()
    works_for_reading(server, load)
    assert server.status()["readOnly"] is True
    # Without a restart: it opens its files for writing by itself.
    shell("mount", "-o", "remount,rw", place)
    eventually(lambda: server.status()["readOnly"] is False, 120, what="the index to be opened for writing")
    assert eventually(lambda: "Objects are stored" in server.log_since_start(), 120, what="the log to tell")
    session = signs_in(server)
    load.journal.refused.clear()
    load.send_until_ended(limit=3)
    assert load.journal.refused == [] and losses(server, load.template, load.journal) == []
    told = lambda: session.get(server.url + "/api/server", timeout=30).json()["security"]  # noqa: E731
    eventually(lambda: told() == {"writable": True}, 150, what="the store to be written again")
    assert "audit.buffered" in server.run("audit", "--limit", 1000).ok().out
    server.stop()
    server.start()
    signs_in(server)
    load.journal.refused.clear()
    load.send_until_ended(limit=3)
    assert load.journal.refused == [] and losses(server, load.template, load.journal) == []
    assert server.status()["security"] == {"writable": True}
    server.stop()
    server.run("check").ok()


@pytest.mark.parametrize("ending", ["running on", "stopped", "killed"])
def test_a_full_disk_keeps_nobody_from_signing_in_and_reading(make_server, small_disk, ending):
    """PACS-4.4.2-b PACS-4.5.2-3"""
    server = make_server(
        data=small_disk / "data", storage__ingestPackBytes=2 * MEGABYTE, storage__warnBelowBytes=0,
        storage__refuseBelowBytes=0, storage__compression="none")
    with_an_account(server)
    server.token()
    load = Load(server.dicom_port, Template(side=64))
    load.send_until_ended(limit=10)
    if ending != "running on":
        server.kill() if ending == "killed" else server.stop()
    ballast = fill(small_disk, leave=0)
    if ending != "running on":
        server.start()
    elif server.status()["security"]["writable"]:
        # What room the log of the store still had inside its file is used up first.
        for _ in range(200):
            requests.post(server.url + "/api/session", json={"name": NAME, "password": PASSWORD}, timeout=30)
            if not server.status()["security"]["writable"]:
                break
    if ending == "running on" or ending == "killed":
        while load.send_until_ended(limit=5) or not load.journal.refused:
            pass
    works_for_reading(server, load)
    ballast.unlink()
    eventually(lambda: server.status()["security"] == {"writable": True}, 150, what="the store to be written again")
    text = server.run("audit", "--limit", 1000).ok().out
    assert "audit.buffered" in text
    assert server.run("audit", "--verify").code == 0
    signs_in(server)

    def stores_again():
        load.journal.refused.clear()
        load.send_until_ended(limit=3)
        return not load.journal.refused

    eventually(stores_again, within=90, what="storing after space came back")
    assert losses(server, load.template, load.journal) == []
    server.stop()
    server.run("check").ok()


# Index


@pytest.fixture(scope="module")
def archive(make_server, make_phantom, phantoms, tmp_path_factory):
    """A server with a bit of everything, conflicts and quarantine included."""
    server = make_server(storage__compressionIdleSeconds=86_400)
    files = sorted(phantoms.rglob("*.dcm"))
    twin = pydicom.dcmread(files[0])
    twin.StudyDescription = "other content"
    conflict = tmp_path_factory.mktemp("conflict") / "twin.dcm"
    twin.save_as(conflict)
    assert set(store_files(server, files).values()) == {0}
    assert set(store_files(server, [conflict]).values()) == {0}
    return server, [*files, conflict]


def answers(server) -> object:
    session = server.session()
    studies = session.get(server.dicomweb + "/studies", params={"includefield": "all"}).json()
    instances = session.get(server.dicomweb + "/instances", params={"includefield": "all", "limit": 5000}).json()
    names = find(server, identifier("STUDY", PatientName="雨燕*", StudyInstanceUID="", NumberOfStudyRelatedInstances=""), STUDY_FIND)
    key = lambda row: json_uid(row)
    counts = {name: server.status()["counts"][name] for name in ("patients", "studies", "series", "instances", "conflicts")}
    return (
        strip(sorted(studies, key=key)), strip(sorted(instances, key=key)), counts,
        sorted((str(n.StudyInstanceUID), int(n.NumberOfStudyRelatedInstances)) for n in names))


def json_uid(row: dict) -> str:
    return row.get("00080018", row["0020000D"])["Value"][0]


def strip(rows: list[dict]) -> list[dict]:
    return [{tag: value for tag, value in row.items() if tag != "00081190"} for row in rows]


@pytest.mark.parametrize("damage", ["none", "removed", "overwritten", "emptied"])
def test_the_index_is_rebuilt_from_the_files_alone_with_the_same_answers(archive, damage):
    """GUIDE-1.1.1.2-F3c"""
    server, _ = archive
    before = answers(server)
    server.stop()
    for path in server.data.glob("index.sqlite*"):
        if damage == "removed":
            path.unlink()
        elif damage == "overwritten":
            path.write_bytes(os.urandom(8192))
        elif damage == "emptied":
            path.write_bytes(b"")
    done = server.run("reindex", "--yes")
    if done.code != 0:
        for path in server.data.glob("index.sqlite*"):
            path.unlink()
        server.run("reindex", "--yes").ok()
    server.start()
    assert done.code == 0, done.err
    assert answers(server) == before
    server.run("check").ok()


@pytest.mark.parametrize("when", ["as received", "after compression at rest"])
def test_leaving_gives_every_file_back_with_and_without_the_index(archive, tmp_path, when):
    """PACS-4.2.4-a"""
    server, files = archive
    wanted = sorted(data_set_digest(path.read_bytes()) for path in files)
    server.stop()
    if when == "after compression at rest":
        server.run("compression", "--run").ok()
    try:
        for name, options in {"index": [], "packs": ["--from-packs"]}.items():
            server.run("export", "--output", tmp_path / name, *options).ok()
            written = [path for path in (tmp_path / name).rglob("*.dcm")]
            assert sorted(data_set_digest(path.read_bytes()) for path in written) == wanted, name
            for path in written:
                assert path.read_bytes()[:128] == bytes(128)
                pydicom.dcmread(path)
    finally:
        server.start()


def test_the_script_for_leaving_needs_nothing_of_apus(archive, tmp_path):
    server, files = archive
    script = REPOSITORY / "Scripts/unpack-apus.py"
    server.stop()
    try:
        done = subprocess.run(
            [sys.executable, script, server.data / "volumes/1", tmp_path], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        server.start()
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes()[128:132] == b"DICM"]
    given = {}
    for path in written:
        given.setdefault(str(pydicom.dcmread(path).SOPInstanceUID), []).append(path)
    for path in files:
        original = pydicom.dcmread(path)
        assert any(
            pydicom.dcmread(p).get("StudyDescription") == original.get("StudyDescription") for p in given[original.SOPInstanceUID])


def test_the_medium_of_an_export_is_read_by_others(archive, tmp_path):
    """PACS-4.2.4-a"""
    server, _ = archive
    server.run("export", "--output", tmp_path, "--dicomdir").ok()
    media = pydicom.fileset.FileSet(tmp_path / "DICOMDIR")
    count = server.status()["counts"]
    assert len(media) >= count["instances"]
    done = subprocess.run(["dcmdump", tmp_path / "DICOMDIR"], capture_output=True)
    assert done.returncode == 0
    for instance in media:
        assert read_part10(pathlib.Path(instance.path).read_bytes()).instance == instance.SOPInstanceUID


def test_a_second_server_on_the_same_data_is_refused(archive):
    server, _ = archive
    done = apus("serve", "--data", server.data, "--http", "127.0.0.1:0", "--dicom", "127.0.0.1:0", timeout=30)
    assert done.code not in (0, 1)
    assert done.err.strip()
    assert server.is_alive
