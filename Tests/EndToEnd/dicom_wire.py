"""DICOM upper layer and C-STORE by hand: byte-exact, fast, and able to break every rule on purpose (PS3.8 §9.3)."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
VERIFICATION = "1.2.840.10008.1.1"
APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)


def pdu(kind: int, body: bytes, length: int | None = None) -> bytes:
    return struct.pack(">BBI", kind, 0, len(body) if length is None else length) + body


def item(kind: int, body: bytes, length: int | None = None) -> bytes:
    return struct.pack(">BBH", kind, 0, len(body) if length is None else length) + body


def context_item(number: int, abstract: str, transfer: list[str]) -> bytes:
    body = struct.pack(">BBBB", number, 0, 0, 0) + item(0x30, abstract.encode())
    return item(0x20, body + b"".join(item(0x40, uid.encode()) for uid in transfer))


def user_information(maximum: int = 65536, extra: bytes = b"") -> bytes:
    return item(0x50, item(0x51, struct.pack(">I", maximum)) + item(0x52, b"1.2.826.0.1.3680043.9.7433") + extra)


def associate_rq(
    contexts: list[tuple[int, str, list[str]]], calling: str = "WIRE", called: str = "APUS", maximum: int = 65536,
    version: int = 1, extra: bytes = b"",
) -> bytes:
    body = struct.pack(">HH", version, 0) + called.encode().ljust(16) + calling.encode().ljust(16) + bytes(32)
    body += item(0x10, APPLICATION_CONTEXT.encode())
    body += b"".join(context_item(*context) for context in contexts)
    return pdu(ASSOCIATE_RQ, body + user_information(maximum, extra))


def element(group: int, number: int, value: bytes) -> bytes:
    if len(value) % 2:
        value += b"\0"
    return struct.pack("<HHI", group, number, len(value)) + value


def command(elements: bytes) -> bytes:
    return element(0, 0, struct.pack("<I", len(elements))) + elements


def store_command(sop_class: str, instance: str, message: int = 1) -> bytes:
    return command(
        element(0, 0x0002, sop_class.encode()) + element(0, 0x0100, struct.pack("<H", 1))
        + element(0, 0x0110, struct.pack("<H", message)) + element(0, 0x0700, struct.pack("<H", 0))
        + element(0, 0x0800, struct.pack("<H", 0)) + element(0, 0x1000, instance.encode())
    )


def echo_command(message: int = 1) -> bytes:
    return command(
        element(0, 0x0002, VERIFICATION.encode()) + element(0, 0x0100, struct.pack("<H", 0x30))
        + element(0, 0x0110, struct.pack("<H", message)) + element(0, 0x0800, struct.pack("<H", 0x0101))
    )


def fragments(context: int, data: bytes, is_command: bool, maximum: int) -> bytes:
    """P-DATA-TF PDUs of one message part, none longer than `maximum`."""
    step = max(1, maximum - 6)
    parts = []
    for start in range(0, max(1, len(data)), step):
        piece = data[start : start + step]
        flags = (1 if is_command else 0) | (2 if start + step >= len(data) else 0)
        parts.append(pdu(P_DATA, struct.pack(">IBB", len(piece) + 2, context, flags) + piece))
    return b"".join(parts)


def elements(data: bytes) -> dict[tuple[int, int], bytes]:
    """Elements of a command set: implicit little endian, no sequences."""
    found, at = {}, 0
    while at + 8 <= len(data):
        group, number, length = struct.unpack_from("<HHI", data, at)
        found[group, number] = data[at + 8 : at + 8 + length]
        at += 8 + length
    return found


class Closed(Exception):
    """The peer ended the connection."""


@dataclass
class Part10:
    """A DICOM file cut at the start of its data set."""

    sop_class: str
    instance: str
    syntax: str
    preamble: bytes
    data_set: bytes


def read_part10(source: bytes) -> Part10:
    """Splits a Part 10 file by hand; only group 2 is looked at."""
    assert source[128:132] == b"DICM", "no DICM prefix"
    at, meta = 132, {}
    while at + 8 <= len(source) and source[at : at + 2] == b"\x02\x00":
        number, vr = struct.unpack_from("<H", source, at + 2)[0], source[at + 4 : at + 6]
        if vr in (b"OB", b"OW", b"UN", b"SQ", b"UT"):
            length, start = struct.unpack_from("<I", source, at + 8)[0], at + 12
        else:
            length, start = struct.unpack_from("<H", source, at + 6)[0], at + 8
        meta[number] = source[start : start + length].rstrip(b"\0 ").decode("ascii", "replace")
        at = start + length
    return Part10(meta.get(2, ""), meta.get(3, ""), meta.get(0x10, ""), source[:128], source[at:])


class Wire:
    """A requestor of associations that sends what it is told to."""

    def __init__(self, port: int, host: str = "127.0.0.1", timeout: float = 20):
        self.socket = socket.create_connection((host, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.accepted: dict[int, str] = {}
        self.maximum = 16384

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            try:
                piece = self.socket.recv(count - len(data))
            except ConnectionError as error:
                raise Closed from error
            if not piece:
                raise Closed
            data += piece
        return bytes(data)

    def read_pdu(self) -> tuple[int, bytes]:
        head = self.exactly(6)
        return head[0], self.exactly(struct.unpack(">I", head[2:])[0])

    def associate(self, contexts: list[tuple[int, str, list[str]]], **options) -> tuple[int, bytes]:
        """Asks for an association; the answer's type and body. Accepted contexts are kept."""
        self.send(associate_rq(contexts, **options))
        kind, body = self.read_pdu()
        if kind == ASSOCIATE_AC:
            self._read_acceptance(body)
        return kind, body

    def _read_acceptance(self, body: bytes) -> None:
        at = 68
        while at + 4 <= len(body):
            kind, length = body[at], struct.unpack_from(">H", body, at + 2)[0]
            content = body[at + 4 : at + 4 + length]
            if kind == 0x21 and content[2] == 0:
                size = struct.unpack_from(">H", content, 6)[0]
                self.accepted[content[0]] = content[8 : 8 + size].decode()
            if kind == 0x50 and content[0] == 0x51:
                self.maximum = struct.unpack_from(">I", content, 4)[0] or 131072
            at += 4 + length

    def read_message(self) -> tuple[dict[tuple[int, int], bytes], bytes]:
        """The next message: command elements, and its data set if there is one."""
        parts = {True: bytearray(), False: bytearray()}
        needs_data = None
        while True:
            kind, body = self.read_pdu()
            if kind != P_DATA:
                raise Closed(f"PDU of type {kind}: {body[:8].hex()}")
            at = 0
            while at < len(body):
                length, _, flags = struct.unpack_from(">IBB", body, at)
                parts[bool(flags & 1)] += body[at + 6 : at + 4 + length]
                at += 4 + length
                if not flags & 2:
                    continue
                if flags & 1:
                    fields = elements(bytes(parts[True]))
                    needs_data = fields.get((0, 0x0800)) != b"\x01\x01"
                if not flags & 1 or not needs_data:
                    return elements(bytes(parts[True])), bytes(parts[False])

    def status(self) -> int:
        return struct.unpack("<H", self.read_message()[0][0, 0x0900])[0]

    def echo(self, context: int = 1, message: int = 1) -> int:
        self.send(fragments(context, echo_command(message), True, self.maximum))
        return self.status()

    def send_store(self, file: Part10, context: int = 1, message: int = 1, maximum: int | None = None) -> None:
        limit = maximum or min(self.maximum, 131072)
        self.send(
            fragments(context, store_command(file.sop_class, file.instance, message), True, limit)
            + fragments(context, file.data_set, False, limit)
        )

    def store(self, file: Part10, context: int = 1, message: int = 1, maximum: int | None = None) -> int:
        self.send_store(file, context, message, maximum)
        return self.status()

    def release(self) -> None:
        self.send(pdu(RELEASE_RQ, bytes(4)))
        kind, _ = self.read_pdu()
        assert kind == RELEASE_RP, f"PDU {kind} instead of A-RELEASE-RP"
        self.close()


def echoes(port: int, calling: str = "TESTER", called: str = "APUS", timeout: float = 20) -> bool:
    """Whether a C-ECHO over a fresh association succeeds."""
    try:
        with Wire(port, timeout=timeout) as wire:
            kind, _ = wire.associate([(1, VERIFICATION, [IMPLICIT])], calling=calling, called=called)
            if kind != ASSOCIATE_AC or wire.echo() != 0:
                return False
            wire.release()
            return True
    except (OSError, Closed):
        return False
