"""Several storage locations: where objects go, one that is absent, one that is given up."""

from __future__ import annotations

import sqlite3

import pytest

from apus_server import eventually, table
from dicom_wire import echoes
from ingest_load import Load, Template, losses

MEGABYTE = 1 << 20


def locations(first, second, **first_only) -> list[dict]:
    common = {"warnBelowBytes": 0, "refuseBelowBytes": 0}
    return [
        {"id": 1, "name": "fast", "path": str(first), "priority": 0, **common, **first_only},
        {"id": 2, "name": "large", "path": str(second), "priority": 1, **common},
    ]


def states(server) -> dict[str, str]:
    return {volume["name"]: volume["state"] for volume in server.status()["storage"]["volumes"]}


@pytest.fixture
def two(make_server, tmp_path):
    """A server with two locations, and objects on the first."""
    folders = tmp_path / "fast", tmp_path / "large"
    for folder in folders:
        folder.mkdir()
    server = make_server(
        storage__volumes=locations(*folders), storage__ingestPackBytes=MEGABYTE, storage__compression="none")
    load = Load(server.dicom_port, Template())
    load.send_until_ended(limit=60)
    assert len(load.journal.acknowledged) == 60
    yield server, folders, load
    server.kill()


def holding(server) -> set[int]:
    """The locations that objects are on, by the index."""
    with sqlite3.connect(f"file:{server.data / 'index.sqlite'}?mode=ro", uri=True) as database:
        return {volume for (volume,) in database.execute("SELECT DISTINCT volume_id FROM instance")}


def test_objects_go_to_the_location_that_comes_first(two):
    """GUIDE-1.1.1.1.1-7 GUIDE-1.1.1.1.4-9"""
    server, _, load = two
    assert states(server) == {"fast": "ok", "large": "ok"}
    assert holding(server) == {1}
    assert losses(server, load.template, load.journal) == []


def test_an_absent_location_is_told_and_the_others_serve(two):
    """GUIDE-1.1.1.1.1-7 GUIDE-1.1.1.1.4-9 PACS-4.4.3-2"""
    server, (first, _), load = two
    server.stop()
    away = first.rename(first.with_name("unplugged"))
    first.mkdir()
    server.start()
    assert states(server) == {"fast": "offline", "large": "ok"}
    more = Load(server.dicom_port, Template(seed=2))
    more.send_until_ended(limit=10)
    assert len(more.journal.acknowledged) == 10
    assert losses(server, more.template, more.journal) == []
    assert not any(first.iterdir()), "the empty mount point was written to"
    # What is away is found, and asking for it is answered with a failure, not with a wait or half an object.
    study = f"{server.dicomweb}/studies/{load.template.study}"
    session = server.session()
    assert session.get(study + "/instances").status_code == 200
    one = f"{study}/series/{load.template.series}/instances/{next(iter(load.journal.acknowledged))}"
    assert session.get(one, headers={"Accept": "application/dicom; transfer-syntax=*"}).status_code >= 400
    assert echoes(server.dicom_port)
    server.stop()
    first.rmdir()
    away.rename(first)
    server.start()
    assert losses(server, load.template, load.journal) == []
    assert losses(server, more.template, more.journal) == []
    server.run("check").ok()


def test_a_location_with_the_only_copy_of_something_is_not_removed(two):
    """GUIDE-1.1.1.1.4-9"""
    server, folders, load = two
    server.stop()
    before = (server.data / "volumes.json").read_text()
    server.settings["storage.volumes"] = [location for location in locations(*folders) if location["id"] == 2]
    with pytest.raises(AssertionError) as refused:
        server.start()
    assert "ended with 78" in str(refused.value)
    assert "'fast' holds the only copy of 60 objects" in str(refused.value) and "draining" in str(refused.value)
    assert (server.data / "volumes.json").read_text() == before
    (fast, large) = table(server.run("volumes").ok().out)
    assert (fast["OBJECTS"], large["OBJECTS"]) == ("60", "0")
    # An empty one may go.
    server.settings["storage.volumes"] = [location for location in locations(*folders) if location["id"] == 1]
    server.start()
    assert losses(server, load.template, load.journal) == []


def test_a_location_is_given_up_without_losing_anything(two):
    """GUIDE-1.1.1.1.1-7 GUIDE-1.1.1.1.4-9"""
    server, folders, load = two
    server.stop()
    server.settings["storage.volumes"] = locations(*folders, draining=True)
    server.settings["storage.compressionIdleSeconds"] = 0
    server.start()
    assert states(server)["fast"] == "draining"
    more = Load(server.dicom_port, Template(seed=3))
    more.send_until_ended(limit=10)
    assert len(more.journal.acknowledged) == 10
    eventually(lambda: holding(server) == {2}, 150, what="every object on the second location")
    server.stop()
    server.settings["storage.volumes"] = [location for location in locations(*folders) if location["id"] == 2]
    folders[0].rename(folders[0].with_name("scrap"))
    server.start()
    for each in (load, more):
        assert losses(server, each.template, each.journal) == []
    server.run("check").ok()

