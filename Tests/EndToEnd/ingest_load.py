"""Instances sent by several associations at once, with a journal of what was acknowledged."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field

import numpy
import requests


from apus_server import TESTER
from dicom_wire import EXPLICIT, Closed, Part10, Wire, read_part10
from objects import generate_uid, made_object, multipart, with_pixels, encoded

CT = "1.2.840.10008.5.1.4.1.1.2"
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'


class Template:
    """Images of one series that differ in UID, number and pixels; cheap to make."""

    def __init__(self, side: int = 96, seed: int = 1):
        self.study, self.series = generate_uid(), generate_uid()
        self.prefix = generate_uid()[:40].rstrip(".") + "."
        self.pixels = numpy.random.default_rng(seed)
        self.side = side
        made = with_pixels(
            made_object(
                CT, StudyInstanceUID=self.study, SeriesInstanceUID=self.series, SOPInstanceUID=self.uid(0), Modality="CT",
                PatientID=f"LOAD{seed}", PatientName="Load^Test=负载^测试"),
            numpy.zeros((side, side), "u2"))
        self.head = read_part10(encoded(made)).data_set[: -side * side * 2]
        self.lock = threading.Lock()

    def uid(self, number: int) -> str:
        return f"{self.prefix}{number + 1_000_000}"

    def instance(self, number: int) -> Part10:
        with self.lock:
            pixels = self.pixels.integers(0, 4096, self.side * self.side, dtype="u2")
        uid = self.uid(number)
        data = self.head.replace(self.uid(0).encode(), uid.encode()) + pixels.tobytes()
        return Part10(CT, uid, EXPLICIT, b"", data)


@dataclass
class Journal:
    """What was sent, and what of it was acknowledged: SOP Instance UID to digest of the data set."""

    attempted: dict[str, str] = field(default_factory=dict)
    acknowledged: dict[str, str] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)


@dataclass
class Load:
    port: int
    template: Template
    journal: Journal = field(default_factory=Journal)
    stop: threading.Event = field(default_factory=threading.Event)
    _next: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def number(self) -> int:
        with self._lock:
            self._next += 1
            return self._next

    def send_until_ended(self, limit: int | None = None) -> None:
        """One association; ends with it, when told to, at the first refusal, or after `limit` instances."""
        try:
            with Wire(self.port) as wire:
                wire.associate([(1, CT, [EXPLICIT])], calling=TESTER)
                while not self.stop.is_set() and (limit is None or limit > 0):
                    file = self.template.instance(self.number())
                    digest = hashlib.sha256(file.data_set).hexdigest()
                    self.journal.attempted[file.instance] = digest
                    status = wire.store(file)
                    if status != 0:
                        self.journal.refused.append(status)
                        return
                    self.journal.acknowledged[file.instance] = digest
                    if limit is not None:
                        limit -= 1
        except (OSError, Closed):
            return

    def run(self, associations: int, limit: int | None = None) -> list[threading.Thread]:
        threads = [threading.Thread(target=self.send_until_ended, args=(limit,), daemon=True) for _ in range(associations)]
        for thread in threads:
            thread.start()
        return threads


def visible(server, template: Template, attempts: int = 5) -> dict[str, str]:
    """Digests of what the server gives of a series, by SOP Instance UID; empty when it knows none of it.

    An answer that is cut off is asked for again: this is about what is kept, not about how it is given.
    """
    try:
        return given_now(server, template)
    except requests.exceptions.ChunkedEncodingError:
        if attempts == 0:
            raise
        return visible(server, template, attempts - 1)


def given_now(server, template: Template) -> dict[str, str]:
    session = server.session()
    url = f"{server.dicomweb}/studies/{template.study}/series/{template.series}"
    listed = session.get(url + "/instances", params={"limit": 5000}, timeout=60)
    if listed.status_code in (204, 404):
        return {}
    assert listed.status_code == 200, listed.text
    answer = session.get(url, headers={"Accept": AS_STORED}, timeout=120)
    assert answer.status_code == 200, answer.text[:500]
    given = {}
    for _, body in multipart(answer):
        file = read_part10(body)
        given[file.instance] = hashlib.sha256(file.data_set).hexdigest()
    missing = {row["00080018"]["Value"][0] for row in listed.json()} - set(given)
    assert not missing, f"{len(missing)} listed, but not given"
    return given


def losses(server, template: Template, journal: Journal) -> list[str]:
    """What is missing, damaged, or visible though never sent so."""
    given = visible(server, template)
    problems = [f"{uid} acknowledged, but missing" for uid in journal.acknowledged if uid not in given]
    problems += [f"{uid} damaged" for uid, digest in given.items() if journal.attempted.get(uid) != digest]
    return problems
