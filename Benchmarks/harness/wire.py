"""A small DICOM upper-layer client (PS3.8, PS3.7): keeps one association open and times single messages.

It sends a C-STORE as one scatter-gather write of the file's bytes, so it costs the machine less than storescu does.
"""
import mmap
import os
import socket
import struct

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
VERIFICATION = "1.2.840.10008.1.1"
STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
CT_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
APPLICATION_CONTEXT = b"1.2.840.10008.3.1.1.1"
IMPLEMENTATION = b"2.25.329800735698586629295641978511506172917"
PENDING = (0xFF00, 0xFF01)
NO_DATA_SET = b"\x01\x01"


class WireError(Exception):
    """The peer refused, aborted or broke the protocol."""


def _item(kind, body):
    return struct.pack(">BBH", kind, 0, len(body)) + body


def _even(value, pad=b"\0"):
    return value + pad if len(value) % 2 else value


def _uid(value):
    return value.rstrip(b"\0 ").decode("ascii")


def command(elements):
    """A command set (PS3.7 6.3) from {element number: bytes}."""
    body = b"".join(struct.pack("<HHI", 0, number, len(value)) + value for number, value in sorted(elements.items()))
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def identifier(keys):
    """A C-FIND identifier, implicit VR little endian, from {tag: text}."""
    out = []
    for tag, text in sorted(keys.items()):
        pad = b"\0" if tag in (0x0020000D, 0x0020000E, 0x00080018) else b" "
        value = _even(text.encode("utf-8"), pad)
        out.append(struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value)
    return b"".join(out)


def elements(data):
    """{element number: value} of a command set."""
    found, at = {}, 0
    while at + 8 <= len(data):
        _, number, length = struct.unpack_from("<HHI", data, at)
        found[number] = data[at + 8:at + 8 + length]
        at += 8 + length
    return found


class Instance:
    """A Part 10 file, mapped into memory: UIDs from its meta information, the data set as a view. Small ones are read: each
    map holds a file open, and there may be more of them than files may be open."""

    def __init__(self, path):
        with open(path, "rb") as file:
            small = os.fstat(file.fileno()).st_size <= 16384
            self._map = file.read() if small else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        at, end, meta = 132, len(self._map), {}
        while at < end:
            group, number, vr = struct.unpack_from("<HH2s", self._map, at)
            if group != 2:
                break
            long = vr in (b"OB", b"UN")
            length = struct.unpack_from("<I" if long else "<H", self._map, at + (8 if long else 6))[0]
            at += 12 if long else 8
            meta[number] = self._map[at:at + length]
            at += length
        self.sop_class, self.sop_instance, self.syntax = _uid(meta[2]), _uid(meta[3]), _uid(meta[0x10])
        self.data = memoryview(self._map)[at:]


class Association:
    """One association as requestor. `contexts` is a list of (abstract syntax, transfer syntax)."""

    def __init__(self, port, called, contexts, calling="BENCH", host="127.0.0.1", timeout=60):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = self.socket.makefile("rb", buffering=1 << 18)
        self.message = 0
        self.contexts = {2 * position + 1: context for position, context in enumerate(contexts)}
        try:
            self._request(called, calling)
        except BaseException:
            self.close()
            raise

    def _request(self, called, calling):
        body = struct.pack(">HH", 1, 0) + called.encode().ljust(16) + calling.encode().ljust(16) + bytes(32)
        body += _item(0x10, APPLICATION_CONTEXT)
        for number, (abstract, syntax) in self.contexts.items():
            body += _item(0x20, bytes([number, 0, 0, 0]) + _item(0x30, abstract.encode()) + _item(0x40, syntax.encode()))
        body += _item(0x50, _item(0x51, struct.pack(">I", 131072)) + _item(0x52, IMPLEMENTATION))
        self.socket.sendall(struct.pack(">BBI", 1, 0, len(body)) + body)
        kind, answer = self._pdu()
        if kind != 2:
            raise WireError("association not accepted, PDU type %d" % kind)
        self.accepted, limit, at = {}, 0, 68
        while at + 4 <= len(answer):
            item, _, length = struct.unpack_from(">BBH", answer, at)
            value = answer[at + 4:at + 4 + length]
            at += 4 + length
            if item == 0x21 and value[2] == 0:
                self.accepted[self.contexts[value[0]]] = value[0]
            elif item == 0x50 and value[0] == 0x51:
                limit = struct.unpack_from(">I", value, 4)[0]
        self.fragment = min(limit or 131072, 131072) - 6

    def _read(self, count):
        data = self.input.read(count)
        if data is None or len(data) < count:
            raise WireError("connection closed by the peer")
        return data

    def _pdu(self):
        kind, _, length = struct.unpack(">BBI", self._read(6))
        return kind, self._read(length)

    def _send(self, context, head, data=None):
        parts = [struct.pack(">BBIIBB", 4, 0, len(head) + 6, len(head) + 2, context, 3), head]
        view = memoryview(data or b"")
        for start in range(0, len(view), self.fragment):
            piece = view[start:start + self.fragment]
            last = 2 if start + self.fragment >= len(view) else 0
            parts += [struct.pack(">BBIIBB", 4, 0, len(piece) + 6, len(piece) + 2, context, last), piece]
        for start in range(0, len(parts), 512):
            batch = parts[start:start + 512]
            sent = self.socket.sendmsg(batch)
            for part in batch:
                if sent < len(part):
                    self.socket.sendall(memoryview(part)[sent:])
                sent = max(0, sent - len(part))

    def _answer(self):
        """The next message: (command elements, bytes of its data set)."""
        head, size = b"", 0
        fields = None
        while True:
            kind, body = self._pdu()
            if kind != 4:
                raise WireError("PDU type %d instead of a message" % kind)
            at = 0
            while at < len(body):
                length, _, flags = struct.unpack_from(">IBB", body, at)
                if flags & 1:
                    head += body[at + 6:at + 4 + length]
                    if flags & 2:
                        fields = elements(head)
                        if fields[0x0800] == NO_DATA_SET:
                            return fields, 0
                else:
                    size += length - 2
                    if flags & 2:
                        return fields, size
                at += 4 + length

    def _exchange(self, context, sop_class, field, extra=None, data=None):
        self.message = self.message % 65535 + 1
        fields = {0x0002: _even(sop_class.encode()), 0x0100: struct.pack("<H", field),
                  0x0110: struct.pack("<H", self.message), 0x0800: NO_DATA_SET if data is None else b"\0\0"}
        fields.update(extra or {})
        self._send(self.accepted[context], command(fields), data)

    def echo(self):
        """The status of a C-ECHO."""
        self._exchange((VERIFICATION, IMPLICIT), VERIFICATION, 0x30)
        return struct.unpack("<H", self._answer()[0][0x0900])[0]

    def store(self, instance):
        """The status of a C-STORE."""
        self._exchange((instance.sop_class, instance.syntax), instance.sop_class, 0x01,
                       {0x0700: b"\0\0", 0x1000: _even(instance.sop_instance.encode())}, instance.data)
        return struct.unpack("<H", self._answer()[0][0x0900])[0]

    def find(self, keys):
        """The number of matches of a study root C-FIND."""
        self._exchange((STUDY_FIND, IMPLICIT), STUDY_FIND, 0x20, {0x0700: b"\0\0"}, identifier(keys))
        matches = 0
        while True:
            status = struct.unpack("<H", self._answer()[0][0x0900])[0]
            if status not in PENDING:
                if status != 0:
                    raise WireError("C-FIND ended with status %04X" % status)
                return matches
            matches += 1

    def release(self):
        try:
            self.socket.sendall(struct.pack(">BBI", 5, 0, 4) + bytes(4))
            self._pdu()
        except (WireError, OSError):
            pass
        self.close()

    def close(self):
        self.input.close()
        self.socket.close()


def answers_echo(port, called):
    """Whether a server answers a C-ECHO now."""
    try:
        association = Association(port, called, [(VERIFICATION, IMPLICIT)], timeout=5)
    except (OSError, WireError):
        return False
    try:
        return association.echo() == 0
    except (OSError, WireError):
        return False
    finally:
        association.release()
