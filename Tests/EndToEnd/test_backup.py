"""Backup by other software, as the administration guide describes it."""

from __future__ import annotations

import shutil

import pytest

from ingest_load import Load, Template, losses


@pytest.mark.parametrize("index", ["copied as well", "left out"])
def test_files_put_back_from_a_copy_give_everything_of_the_moment_of_the_copy(make_server, tmp_path, index):
    """PACS-4.4.1-0 PACS-4.4.1-b PACS-4.4.1-e"""
    server = make_server()
    load = Load(server.dicom_port, Template())
    load.send_until_ended(limit=30)
    later = Load(server.dicom_port, Template(seed=2))
    server.stop()
    # Exactly what the guide names.
    wanted = ["volumes", "volumes.json", "security.sqlite", "security.sqlite-wal", "integrity.key"]
    wanted += ["index.sqlite", "index.sqlite-wal"] if index == "copied as well" else []
    for name in wanted:
        source = server.data / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        elif source.exists():
            shutil.copy2(source, tmp_path / name)
    server.start()
    later.send_until_ended(limit=5)
    server.kill()
    # The disk is lost; the copy comes back under the same path.
    shutil.rmtree(server.data)
    shutil.copytree(tmp_path, server.data)
    if index == "left out":
        server.run("reindex", "--yes").ok()
    server.run("check").ok()
    server.start()
    assert losses(server, load.template, load.journal) == []
    assert server.status()["counts"]["instances"] == 30
    # Devices and tokens of that time hold, and storing goes on.
    more = Load(server.dicom_port, Template(seed=3))
    more.send_until_ended(limit=5)
    assert losses(server, more.template, more.journal) == []
    server.run("audit", "--verify").ok()
    server.stop()
