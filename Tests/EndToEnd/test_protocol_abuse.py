"""Whatever comes over the network, the server keeps serving, with bounded memory and files."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import time
import zlib

import pytest

from apus_server import TESTER, eventually

from dicom_wire import (
    ABORT, ASSOCIATE_AC, ASSOCIATE_RJ, EXPLICIT, IMPLICIT, P_DATA, RELEASE_RP, RELEASE_RQ, VERIFICATION, Closed, Part10, Wire,
    associate_rq, command, context_item, echo_command, echoes, element, fragments, item, pdu, store_command, user_information,
)
from objects import RAW_DATA, made_object, multipart_body, part10

LIMIT = 300 << 20
REQUEST = associate_rq([(1, VERIFICATION, [IMPLICIT])], calling=TESTER)


@pytest.fixture(scope="module")
def server(make_server):
    """Short timers, so that patience is tested in seconds."""
    made = make_server(
        dicom__artimSeconds=2, dicom__idleSeconds=4, dicom__dimseSeconds=4, dicom__maximumAssociations=64,
        storage__maximumObjectBytes=8 << 20)
    yield made
    assert made.is_alive, made.log()[-4000:]
    made.kill()


@pytest.fixture(autouse=True)
def still_serving(server):
    """After each test: associations and pages are answered, memory and descriptors are bounded."""
    server.forget_peak()
    yield
    assert server.is_alive, server.log()[-4000:]
    peak = server.peak_resident_bytes()
    assert peak < LIMIT, f"the server took {peak >> 20} MB"
    eventually(lambda: echoes(server.dicom_port), within=60, what="an answer to C-ECHO")
    assert server.session().get(server.url + "/api/server", timeout=60).status_code == 200
    assert server.open_files() < 400


def sent(server, data: bytes, timeout: float = 8, close: bool = False) -> bytes:
    """Sends bytes on a fresh connection; everything that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", server.dicom_port), timeout) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(data)
            if close:
                connection.shutdown(socket.SHUT_WR)
        back = b""
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(65536):
                back += piece
        return back


# The upper layer


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x00", b"\x01", b"\x01\x00\x00\x00", REQUEST[:20], REQUEST[:-1], b"\xff" * 6, bytes(6), bytes(1000),
        pdu(9, bytes(4)), pdu(0, b""), pdu(255, bytes(10)), pdu(1, b"", 0), pdu(1, b"", 0xFFFFFFFF), pdu(1, bytes(68)),
        pdu(1, bytes(67)), pdu(2, bytes(68)), pdu(3, bytes(4)), pdu(4, bytes(4)), pdu(5, bytes(4)), pdu(6, bytes(4)),
        pdu(7, bytes(4)), pdu(4, b"", 0x7FFFFFFF), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        pdu(1, struct.pack(">HH", 1, 0) + b"APUS".ljust(16) + TESTER.encode().ljust(16) + bytes(32) + item(0x10, b"", 65535)),
        pdu(1, struct.pack(">HH", 1, 0) + b"APUS".ljust(16) + TESTER.encode().ljust(16) + bytes(32) + item(0x20, b"\1")),
        pdu(1, struct.pack(">HH", 1, 0) + b"APUS".ljust(16) + TESTER.encode().ljust(16) + bytes(32) + item(0x50, item(0x51, b"\0"))),
        pdu(1, struct.pack(">HH", 1, 0) + b"APUS".ljust(16) + TESTER.encode().ljust(16) + bytes(32) + item(0x50, b"\x58")),
        pdu(1, struct.pack(">HH", 1, 0) + bytes(16) + bytes(16) + bytes(32)),
        pdu(1, struct.pack(">HH", 1, 0) + b"\xff" * 32 + bytes(32) + user_information()),
    ],
    ids=lambda data: data[:12].hex() + f"…{len(data)}",
)
@pytest.mark.parametrize("close", [True, False], ids=["then closed", "then silent"])
def test_a_broken_first_pdu_ends_that_connection_alone(server, data, close):
    started = time.monotonic()
    back = sent(server, data, close=close)
    assert time.monotonic() - started < 30
    assert back[:1] in (b"", bytes([ABORT]), bytes([ASSOCIATE_RJ]))


@pytest.mark.parametrize(
    "data",
    [
        pdu(P_DATA, b""), pdu(P_DATA, b"\0\0\0\0"), pdu(P_DATA, struct.pack(">IBB", 0, 1, 3)), pdu(P_DATA, struct.pack(">IBB", 1, 1, 3)),
        pdu(P_DATA, struct.pack(">IBB", 0xFFFFFFFF, 1, 3)), pdu(P_DATA, struct.pack(">IBB", 100, 1, 3) + bytes(4)),
        pdu(P_DATA, struct.pack(">IBB", 6, 99, 3) + bytes(4)), pdu(P_DATA, struct.pack(">IBB", 6, 2, 3) + bytes(4)),
        pdu(P_DATA, struct.pack(">IBB", 2, 1, 255)), pdu(P_DATA, bytes(10), 0x7FFFFFF0),
        fragments(1, bytes(3), True, 16384), fragments(1, b"\xff" * 200, True, 16384),
        fragments(1, command(element(0, 0x0100, struct.pack("<H", 0x9999)) + element(0, 0x0800, b"\x01\x01")), True, 16384),
        fragments(1, command(element(0, 0x0100, b"") + element(0, 0x0800, b"\x01\x01")), True, 16384),
        fragments(1, command(element(0, 0x0110, b"\1\0")), True, 16384), fragments(1, b"", True, 16384), fragments(1, b"x", False, 16384),
        fragments(1, element(0, 0, struct.pack("<I", 0xFFFFFFFF)) + echo_command()[12:], True, 16384),
        fragments(1, element(0x0008, 0x0018, b"1.2.3"), True, 16384),
        fragments(1, struct.pack("<HHI", 0, 0x1000, 0xFFFFFFFE) + b"1.2", True, 16384),
        fragments(1, store_command(RAW_DATA, "1.2.3"), True, 16384) + fragments(1, bytes(50), False, 16384),
        fragments(1, store_command(VERIFICATION, "1.2.3"), True, 16384) + fragments(1, bytes(50), False, 16384),
        pdu(1, bytes(68)), pdu(2, bytes(68)), pdu(RELEASE_RQ, b""), pdu(RELEASE_RQ, bytes(4), 100), pdu(7, bytes(4)), pdu(200, b"x"),
        fragments(1, echo_command(), True, 7) * 3, REQUEST,
    ],
    ids=lambda data: data[:14].hex() + f"…{len(data)}",
)
def test_a_broken_pdu_on_an_association_ends_that_association_alone(server, data):
    started = time.monotonic()
    with Wire(server.dicom_port, timeout=30) as wire:
        assert wire.associate([(1, VERIFICATION, [IMPLICIT])], calling=TESTER)[0] == ASSOCIATE_AC
        with contextlib.suppress(OSError):
            wire.send(data)
            wire.socket.shutdown(socket.SHUT_WR)
        kinds = []
        with contextlib.suppress(Closed):
            while True:
                kinds.append(wire.read_pdu()[0])
    assert time.monotonic() - started < 30
    assert set(kinds) <= {P_DATA, RELEASE_RP, ABORT}


def test_a_pdu_longer_than_negotiated_is_refused_before_it_is_read(server):
    with Wire(server.dicom_port) as wire:
        wire.associate([(1, VERIFICATION, [IMPLICIT])], calling=TESTER)
        before = server.resident_bytes()
        wire.send(struct.pack(">BBI", P_DATA, 0, 1 << 30))
        with contextlib.suppress(OSError):
            for _ in range(200):
                wire.send(bytes(1 << 20))
        with pytest.raises((Closed, OSError, AssertionError)):
            kind, _ = wire.read_pdu()
            assert kind != ABORT
    assert server.resident_bytes() - before < 64 << 20


def test_a_command_set_without_end_is_cut_off(server):
    with Wire(server.dicom_port) as wire:
        wire.associate([(1, VERIFICATION, [IMPLICIT])], calling=TESTER)
        before = server.resident_bytes()
        piece = struct.pack(">IBB", 16002, 1, 1) + bytes(16000)
        with contextlib.suppress(OSError):
            for _ in range(6000):
                wire.send(pdu(P_DATA, piece))
        assert server.resident_bytes() - before < 64 << 20


def test_an_identifier_without_end_is_cut_off(server):
    find = "1.2.840.10008.5.1.4.1.2.2.1"
    with Wire(server.dicom_port) as wire:
        wire.associate([(1, find, [IMPLICIT])], calling=TESTER)
        asked = command(
            element(0, 2, find.encode()) + element(0, 0x0100, struct.pack("<H", 0x20)) + element(0, 0x0110, b"\1\0")
            + element(0, 0x0700, bytes(2)) + element(0, 0x0800, bytes(2)))
        before = server.resident_bytes()
        with contextlib.suppress(OSError):
            wire.send(fragments(1, asked, True, 16000))
            for _ in range(8000):
                wire.send(pdu(P_DATA, struct.pack(">IBB", 16002, 1, 0) + bytes(16000)))
        assert server.resident_bytes() - before < 96 << 20


def test_an_object_larger_than_allowed_is_refused_and_the_association_goes_on(server):
    """PACS-4.2.2-b"""
    made = part10(made_object())
    pixels = b"\xe0\x7f\x10\x00OW\0\0" + struct.pack("<I", 20 << 20) + bytes(20 << 20)
    huge = Part10(made.sop_class, made.instance, EXPLICIT, b"", made.data_set + pixels)
    with Wire(server.dicom_port) as wire:
        wire.associate([(1, RAW_DATA, [EXPLICIT])], calling=TESTER)
        assert wire.store(huge) & 0xFF00 == 0xA700
        assert wire.store(part10(made_object()), message=2) == 0
        wire.release()


def test_many_contexts_and_items_are_answered_or_refused(server):
    contexts = [(2 * n + 1, f"1.2.3.{n}", [IMPLICIT] * 40) for n in range(128)]
    with Wire(server.dicom_port) as wire:
        kind, _ = wire.associate(contexts, calling=TESTER)
        assert kind in (ASSOCIATE_AC, ABORT, ASSOCIATE_RJ)
    flood = b"".join(context_item(1, VERIFICATION, [IMPLICIT]) for _ in range(20000))
    body = struct.pack(">HH", 1, 0) + b"APUS".ljust(16) + TESTER.encode().ljust(16) + bytes(32) + flood + user_information()
    assert sent(server, pdu(1, body), close=True)[:1] in (b"", bytes([ABORT]), bytes([ASSOCIATE_RJ]), bytes([ASSOCIATE_AC]))


def test_random_changes_to_real_traffic_do_no_harm(server):
    seed = time.time_ns() % 1_000_000
    chance = random.Random(seed)
    print(f"seed {seed}")
    file = part10(made_object())
    good = (
        associate_rq([(1, RAW_DATA, [EXPLICIT]), (3, VERIFICATION, [IMPLICIT])], calling=TESTER)
        + fragments(1, store_command(file.sop_class, file.instance), True, 16384) + fragments(1, file.data_set, False, 16384)
        + fragments(3, echo_command(2), True, 16384) + pdu(RELEASE_RQ, bytes(4)))
    for _ in range(600):
        data = bytearray(good)
        for _ in range(chance.randint(1, 8)):
            action = chance.randint(0, 3)
            at = chance.randrange(len(data))
            if action == 0:
                data[at] = chance.randrange(256)
            elif action == 1:
                del data[at : at + chance.randint(1, 40)]
            elif action == 2:
                data[at:at] = chance.randbytes(chance.randint(1, 40))
            else:
                data[at : at + 4] = chance.choice([b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff", b"\x80\0\0\0"])
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.dicom_port), 5) as connection:
            connection.sendall(bytes(data))
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(0.02)
            connection.recv(4096)
        assert server.is_alive, f"seed {seed}\n{server.log()[-3000:]}"


# Time


def test_a_silent_connection_is_closed_by_the_artim_timer(server):
    started = time.monotonic()
    assert sent(server, b"", timeout=30) in (b"", pdu(ABORT, bytes(4)))
    assert 1 < time.monotonic() - started < 30


def test_a_request_that_drips_is_cut_off(server):
    """Slow-loris: every byte arrives within the timer, the whole never does."""
    with socket.create_connection(("127.0.0.1", server.dicom_port), 10) as connection:
        started = time.monotonic()
        with pytest.raises(OSError):
            for byte in REQUEST:
                connection.sendall(bytes([byte]))
                time.sleep(0.2)
            raise AssertionError("the request was read to its end")
        assert time.monotonic() - started < 30


def test_an_idle_association_is_ended(server):
    with Wire(server.dicom_port) as wire:
        wire.associate([(1, VERIFICATION, [IMPLICIT])], calling=TESTER)
        started = time.monotonic()
        with pytest.raises((Closed, OSError)):
            kind, _ = wire.read_pdu()
            if kind == ABORT:
                raise Closed
        assert time.monotonic() - started < 30


def test_an_object_that_stops_half_way_leaves_nothing(server):
    file = part10(made_object(PatientID="HALF"))
    big = file.data_set + b"\xe0\x7f\x10\x00OW\0\0" + struct.pack("<I", 1 << 20) + bytes(1 << 19)
    with Wire(server.dicom_port, timeout=45) as wire:
        wire.associate([(1, RAW_DATA, [EXPLICIT])], calling=TESTER)
        wire.send(fragments(1, store_command(file.sop_class, file.instance), True, 16384))
        wire.send(fragments(1, big, False, 16384)[: -100])
        with pytest.raises((Closed, OSError)):
            kind, _ = wire.read_pdu()
            if kind == ABORT:
                raise Closed
    answer = server.session().get(server.dicomweb + "/instances", params={"PatientID": "HALF"})
    assert answer.status_code == 204


def test_half_open_peers_give_their_places_back(server):
    wires = []
    for _ in range(40):
        wire = Wire(server.dicom_port)
        wire.associate([(1, VERIFICATION, [IMPLICIT])], calling=TESTER)
        # No more is ever read or sent; a reset tells nothing to a server that only waits.
        wires.append(wire)
    eventually(lambda: not server.session().get(server.url + "/api/transfers").json(), within=90, what="the end of idle associations")
    for wire in wires:
        wire.close()


# Numbers


def test_more_associations_than_allowed_are_turned_away_and_the_others_live(server):
    wires = []
    try:
        kinds = []
        for _ in range(80):
            wire = Wire(server.dicom_port)
            wires.append(wire)
            with contextlib.suppress(Closed):
                kinds.append(wire.associate([(1, VERIFICATION, [IMPLICIT])], calling=TESTER)[0])
        assert kinds.count(ASSOCIATE_AC) <= 64
        assert kinds.count(ASSOCIATE_AC) >= 32
        assert wires[0].echo() == 0
    finally:
        for wire in wires:
            wire.close()


def test_thousands_of_connections_one_after_another_leave_no_trace(server):
    """SEC-2-3 SEC-3.2-3"""
    files = server.open_files()
    for number in range(3000):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.dicom_port), 5) as connection:
            if number % 3 == 0:
                connection.sendall(REQUEST)
            elif number % 3 == 1:
                connection.sendall(b"\x01\x00")
    eventually(lambda: server.open_files() <= files + 20, within=90, what="the closing of connections")


def test_a_thousand_open_connections_at_once_do_not_stop_the_web(server):
    connections = []
    try:
        for _ in range(1000):
            with contextlib.suppress(OSError):
                connections.append(socket.create_connection(("127.0.0.1", server.dicom_port), 2))
        assert server.session().get(server.url + "/api/server", timeout=60).status_code == 200
    finally:
        for connection in connections:
            connection.close()
    eventually(lambda: server.open_files() < 300, within=90, what="the closing of connections")


# HTTP


def raw_http(server, data: bytes, timeout: float = 10) -> bytes:
    with socket.create_connection(("127.0.0.1", server.http_port), timeout) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        back = b""
        with contextlib.suppress(OSError):
            while piece := connection.recv(65536):
                back += piece
        return back


@pytest.mark.parametrize(
    "data",
    [
        b"\0" * 100, b"\xff" * 5000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET  HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(100_000)) + b"\r\n",
        b"GET /%00%ff%fe/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /dicom-web/studies?%zz=1&&&=&%=% HTTP/1.1\r\nHost: x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(100),
        b"GET /api/session HTTP/1.1\r\nHost: x\r\nCookie: " + b"apus_session=" + b"x" * 50_000 + b"\r\n\r\n",
    ],
    ids=lambda data: repr(data[:40]) + f"…{len(data)}",
)
def test_broken_http_is_answered_or_closed(server, data):
    back = raw_http(server, data)
    assert b"root:" not in back
    assert not back or re_status(back) in (400, 401, 404, 405, 413, 414, 431, 501, 505), back[:200]


def re_status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_a_nested_or_endless_json_body_is_refused(server):
    session = server.session()
    headers = {"Content-Type": "application/dicom+json"}
    for body in (b"[" * 1_000_000, b'{"00081115":{"vr":"SQ","Value":[' * 100_000, b'[{"00100010":' + b"9" * 2_000_000):
        answer = session.post(server.dicomweb + "/studies", data=body, headers=headers, timeout=30)
        assert answer.status_code in (400, 413), answer.text[:200]
    for body in (b"[" * 100_000, b"{}", b"null", b'{"name":1,"password":2}', b'{"name":"x"}', b"\xff\xfe"):
        answer = session.post(server.url + "/api/session", data=body, timeout=30)
        assert answer.status_code in (400, 401, 413), answer.text[:200]


def test_multipart_of_many_parts_or_huge_headers_is_bounded(server):
    session = server.session()
    headers = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=apus-test-boundary'}
    many = multipart_body([("Content-Type: application/dicom", b"x")] * 20_000)
    assert session.post(server.dicomweb + "/studies", data=many, headers=headers, timeout=60).status_code in (400, 409, 413)
    long = multipart_body([("X: " + "y" * 3_000_000, b"x")])
    assert session.post(server.dicomweb + "/studies", data=long, headers=headers, timeout=60).status_code in (400, 409, 413)


def test_a_deflate_bomb_is_refused_with_bounded_memory(server):
    """3 GB in 3 MB."""
    made = made_object("1.2.840.10008.5.1.4.1.1.66", syntax="1.2.840.10008.1.2.1.99")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(part10(made_object()).data_set + b"\xe0\x7f\x10\x00OW\0\0" + struct.pack("<I", 3 << 30))
    for _ in range(3 << 6):
        bomb += packer.compress(bytes(1 << 24))
    bomb += packer.flush()
    with Wire(server.dicom_port, timeout=60) as wire:
        wire.associate([(1, RAW_DATA, ["1.2.840.10008.1.2.1.99"])], calling=TESTER)
        assert wire.store(Part10(RAW_DATA, str(made.SOPInstanceUID), "1.2.840.10008.1.2.1.99", b"", bomb)) != 0


def test_a_slow_client_of_the_web_does_not_keep_others_waiting(server):
    slow = [socket.create_connection(("127.0.0.1", server.http_port), 10) for _ in range(200)]
    try:
        for connection in slow:
            connection.sendall(b"POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        started = time.monotonic()
        assert server.session().get(server.url + "/api/server", timeout=60).status_code == 200
        assert time.monotonic() - started < 2
    finally:
        for connection in slow:
            connection.close()


@pytest.mark.parametrize(
    "sop_class, instance, status, comment",
    [
        (RAW_DATA, "1.2." + "3" * 80, 0x0117, "longer than 64"),
        (RAW_DATA, "", 0x0117, "missing"),
        (RAW_DATA, "1.2.\x01\x7f3", 0x0117, "characters no UID has"),
        (RAW_DATA + "." + "9" * 70, "1.2.3.4", 0x0122, "not that of the presentation context"),
        ("", "1.2.3.4", 0x0122, "not that of the presentation context"),
    ])
def test_a_c_store_of_an_unusable_identifier_is_answered_and_the_association_goes_on(server, sop_class, instance, status, comment):
    """PACS-4.2.2-b PACS-4.3.1.2-2"""
    sound = part10(made_object())
    with Wire(server.dicom_port) as wire:
        wire.associate([(1, RAW_DATA, [EXPLICIT])], calling=TESTER)
        wire.send(fragments(1, store_command(sop_class, instance), True, wire.maximum))
        wire.send(fragments(1, sound.data_set, False, wire.maximum))
        answer, _ = wire.read_message()
        assert struct.unpack("<H", answer[0, 0x0900])[0] == status
        assert comment in answer[0, 0x0902].decode() and len(answer[0, 0x0902]) <= 64
        assert all(len(answer.get((0, tag), b"")) <= 64 for tag in (0x0002, 0x1000))
        assert wire.store(sound) == 0
        wire.release()
    eventually(
        lambda: [r for r in server.refusals() if r["CODE"] == f"{status:X}" and comment in r["REASON"]], what="the refusal's record")


@pytest.mark.parametrize("pause", [0, 0.3])
@pytest.mark.parametrize("between", [b"", fragments(1, echo_command(), True, 16384)])
def test_an_abort_after_the_release_closes_the_connection_at_once(server, pause, between):
    """DCMTK's getscu ends so after a C-GET with failures; it waited until our ARTIM timer expired (PS3.8 Sta13, AA-2)."""
    with Wire(server.dicom_port) as wire:
        wire.associate([(1, VERIFICATION, [IMPLICIT])], calling=TESTER)
        wire.send(pdu(RELEASE_RQ, bytes(4)) + (b"" if pause else between + pdu(ABORT, bytes(4))))
        if pause:
            time.sleep(pause)
            wire.send(between + pdu(ABORT, bytes(4)))
        begun = time.monotonic()
        assert wire.read_pdu()[0] == RELEASE_RP
        with pytest.raises(Closed):
            wire.read_pdu()
        assert time.monotonic() - begun < 1
