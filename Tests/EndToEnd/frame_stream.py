"""Reads the viewing manifest and the frame stream (Documentation/viewing.md) with nothing of Apus' own."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field

import numpy

HEADER = struct.Struct("<II8BII")
OPENING = b"APUSFRM1"


@dataclass
class Message:
    index: int
    codec: int
    level: int
    signed: bool
    floating: bool
    bits_allocated: int
    bits_stored: int
    samples: int
    photometric: int
    rows: int
    columns: int
    payload: bytes

    def array(self) -> numpy.ndarray:
        """Samples of a native frame."""
        assert self.codec == 0
        if self.bits_allocated == 1:
            bits = numpy.unpackbits(numpy.frombuffer(self.payload, "u1"), bitorder="little")
            return bits[: self.rows * self.columns].reshape(self.rows, self.columns)
        kind = "f" if self.floating else "i" if self.signed else "u"
        values = numpy.frombuffer(self.payload, f"<{kind}{self.bits_allocated // 8}")
        shape = (self.rows, self.columns) + ((self.samples,) if self.samples > 1 else ())
        return values.reshape(shape)


@dataclass
class Stream:
    frames: list[Message] = field(default_factory=list)
    failures: dict[int, dict] = field(default_factory=dict)
    ended: bool = False

    def order(self) -> list[int]:
        return [frame.index for frame in self.frames]


def parse(body: bytes) -> Stream:
    assert body[:8] == OPENING
    stream, at = Stream(), 8
    while at + HEADER.size <= len(body):
        size, index, kind, codec, level, flags, allocated, stored, samples, photometric, rows, columns = HEADER.unpack_from(body, at)
        payload = body[at + HEADER.size : at + HEADER.size + size]
        if len(payload) < size:
            break
        at += HEADER.size + size
        if kind == 2:
            stream.ended = True
        elif kind == 1:
            stream.failures[index] = json.loads(payload)
        else:
            stream.frames.append(Message(
                index, codec, level, bool(flags & 2), bool(flags & 4), allocated, stored, samples, photometric, rows, columns, payload))
    return stream


def at(column, index: int):
    """An entry of a manifest's column."""
    return column[index] if isinstance(column, list) else column
