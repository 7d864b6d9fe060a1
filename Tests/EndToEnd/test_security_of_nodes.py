"""Who may call, for what, from where and with which certificate; and what is kept of those turned away."""

from __future__ import annotations

import hashlib
import pathlib
import socket
import ssl
import subprocess

import pydicom
import pytest
import requests
from pynetdicom import AE

from apus_server import TESTER, apus, eventually, free_port, table

from dicom_wire import ASSOCIATE_AC, ASSOCIATE_RJ, EXPLICIT, IMPLICIT, VERIFICATION, Wire, echoes
from objects import RAW_DATA, generate_uid, made_object, part10, saved
from peers import COMMITMENT, COMMITMENT_INSTANCE, STUDY_MOVE, Receiver, association, dcmtk, identifier, store_files

SYNTAXES = {
    "echo": VERIFICATION,
    "store": RAW_DATA,
    "find": "1.2.840.10008.5.1.4.1.2.2.1",
    "move": "1.2.840.10008.5.1.4.1.2.2.2",
    "get": "1.2.840.10008.5.1.4.1.2.2.3",
    "commit": "1.2.840.10008.1.20.1",
}


def knock(server, calling: str, called: str = "APUS") -> tuple[int, bytes]:
    with Wire(server.dicom_port) as wire:
        return wire.associate([(1, VERIFICATION, [IMPLICIT])], calling=calling, called=called)


def test_an_unknown_caller_is_refused_listed_and_approved_in_one_step(server):
    """PACS-4.5.4-1 SEC-3.2-NAUT"""
    kind, body = knock(server, "STRANGER")
    assert (kind, body[1:4]) == (ASSOCIATE_RJ, bytes([1, 1, 3]))
    waiting = eventually(
        lambda: [row for row in table(server.run("device", "inbox").ok().out) if row["AE TITLE"] == "STRANGER"],
        what="an entry in the inbox")
    assert waiting[0]["ADDRESS"] == "127.0.0.1"
    server.run("device", "inbox", "--approve", "STRANGER", "--allow", "echo").ok()
    assert echoes(server.dicom_port, "STRANGER")
    assert "STRANGER" not in [row["AE TITLE"] for row in table(server.run("device", "inbox").ok().out)]


def test_a_refused_association_is_recorded_with_party_reason_and_time(server):
    """PACS-4.2.2-c"""
    knock(server, "NOBODY")
    record = eventually(lambda: [r for r in server.refusals() if r["PARTY"].startswith("NOBODY")], what="the record")[0]
    assert record["REFUSED BY"] == "us"
    assert record["OPERATION"] == "association"
    assert "127.0.0.1" in record["PARTY"]
    assert "not registered" in record["REASON"]
    assert record["TIME"].startswith("20")


def test_another_called_title_is_refused_with_its_own_reason(server):
    kind, body = knock(server, TESTER, "WRONG")
    assert (kind, body[1:4]) == (ASSOCIATE_RJ, bytes([1, 1, 7]))


@pytest.mark.parametrize("allowed", list(SYNTAXES))
def test_a_device_gets_the_services_it_has_a_right_to_and_no_other(server, allowed):
    """PACS-4.5.4-3"""
    title = f"ONLY-{allowed.upper()}"
    server.register(title, allow=allowed)
    numbers = {name: 2 * at + 1 for at, name in enumerate(SYNTAXES)}
    with Wire(server.dicom_port) as wire:
        wire.associate([(numbers[name], uid, [EXPLICIT, IMPLICIT]) for name, uid in SYNTAXES.items()], calling=title)
        granted = {name for name, number in numbers.items() if number in wire.accepted}
        assert granted == {allowed}
        wire.release()
    refused = eventually(
        lambda: [r for r in server.refusals() if r["PARTY"] == title and r["OPERATION"] == "presentation context"],
        what="records of refused contexts")
    assert len(refused) >= 1


def test_rights_taken_back_hold_from_the_next_association_on(server):
    """PACS-4.5.4-3"""
    server.register("CHANGING", allow="echo,store")
    with Wire(server.dicom_port) as wire:
        wire.associate([(1, RAW_DATA, [EXPLICIT])], calling="CHANGING")
        assert wire.store(part10(made_object())) == 0
        wire.release()
    server.register("CHANGING", allow="echo")
    with Wire(server.dicom_port) as wire:
        wire.associate([(1, RAW_DATA, [EXPLICIT]), (3, VERIFICATION, [IMPLICIT])], calling="CHANGING")
        assert set(wire.accepted) == {3}
    server.run("device", "remove", "--ae", "CHANGING", "--force").ok()
    assert knock(server, "CHANGING")[0] == ASSOCIATE_RJ


def test_a_device_may_be_bound_to_its_address(server):
    """PACS-4.5.4-2"""
    server.register("ELSEWHERE", **{"from": "192.0.2.7"})
    server.register("NETWORK", **{"from": "127.0.0.0/8"})
    assert knock(server, "ELSEWHERE")[0] == ASSOCIATE_RJ
    assert knock(server, "NETWORK")[0] == ASSOCIATE_AC


def test_a_disabled_device_is_refused(server):
    server.run("device", "add", "--ae", "PAUSED", "--allow", "all", "--disabled").ok()
    assert knock(server, "PAUSED")[0] == ASSOCIATE_RJ
    server.register("PAUSED")
    assert knock(server, "PAUSED")[0] == ASSOCIATE_AC


@pytest.mark.parametrize(("setting", "kind", "listed"), [("refuse", ASSOCIATE_RJ, False), ("accept", ASSOCIATE_AC, True)])
def test_what_happens_to_unknown_callers_can_be_set(make_server, setting, kind, listed):
    server = make_server()
    server.run("setting", "device.unknownCallers", setting).ok()
    assert knock(server, "SOMEONE")[0] == kind
    rows = table(server.run("device", "inbox").ok().out)
    assert ("SOMEONE" in [row["AE TITLE"] for row in rows]) is listed
    server.stop()


def test_a_device_changed_behind_our_back_is_refused_and_told(make_server):
    """PACS-4.5.10-1 PACS-4.5.10-3 PACS-4.5.12-2"""
    import sqlite3

    server = make_server()
    server.register("SEALED", allow="echo")
    with sqlite3.connect(server.data / "security.sqlite") as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        changed = 0
        for name in tables:
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({name})")]
            if {"services"} & set(columns):
                changed += database.execute(f"UPDATE {name} SET services = 'echo,store,find,move,get,commit'").rowcount
    assert changed
    assert knock(server, "SEALED")[0] == ASSOCIATE_RJ
    assert server.run("check").code == 65
    assert "tampered" in server.run("device", "list").ok().out
    server.stop()


# TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority and certificates of a server, of a device and of a stranger."""
    folder = tmp_path_factory.mktemp("pki")

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=folder)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test CA")
    for name in ("server", "device"):
        (folder / f"{name}.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-out", f"{name}.pem", "-extfile", f"{name}.ext")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "stranger.key", "-out", "stranger.pem", "-days", "2", "-subj", "/CN=Stranger")
    return folder


@pytest.fixture(scope="module")
def tls_server(make_server, certificates):
    port = free_port()
    files = {"certificate": f"{certificates}/server.pem", "privateKey": f"{certificates}/server.key",
             "clientAuthorities": f"{certificates}/ca.pem"}
    server = make_server(dicom__tls=files, dicom__tlsPort=port)
    server.tls_port = port
    yield server
    server.stop()


def tls_echo(server, folder, name: str, calling: str = TESTER):
    return dcmtk(
        "echoscu", "+tls", folder / f"{name}.key", folder / f"{name}.pem", "+cf", folder / "ca.pem", "-aet", calling, "-aec",
        server.ae, "127.0.0.1", server.tls_port, timeout=30)


def test_dcmtk_and_our_command_talk_over_mutual_tls(tls_server, certificates):
    """PACS-4.5.14-2 SEC-3.2-NAUT"""
    tls_echo(tls_server, certificates, "device").ok()
    apus(
        "echo", f"APUS@127.0.0.1:{tls_server.tls_port}", "--calling", TESTER, "--tls", "--certificate", certificates / "device.pem",
        "--private-key", certificates / "device.key", "--authorities", certificates / "ca.pem").ok()


def test_a_certificate_of_no_known_authority_is_refused(tls_server, certificates):
    assert tls_echo(tls_server, certificates, "stranger").code != 0
    done = apus("echo", f"APUS@127.0.0.1:{tls_server.tls_port}", "--calling", TESTER, "--tls", "--authorities", certificates / "ca.pem")
    assert done.code != 0


def test_our_command_refuses_a_server_of_no_known_authority(tls_server, certificates):
    done = apus(
        "echo", f"APUS@127.0.0.1:{tls_server.tls_port}", "--calling", TESTER, "--tls", "--certificate", certificates / "device.pem",
        "--private-key", certificates / "device.key", "--authorities", certificates / "stranger.pem")
    assert done.code == 69


def test_a_device_bound_to_a_certificate_needs_that_one(tls_server, certificates):
    """PACS-4.5.4-2 SEC-3.2-NAUT"""
    tls_server.register("BOUND", fingerprint=fingerprint(certificates / "device.pem"))
    tls_echo(tls_server, certificates, "device", "BOUND").ok()
    assert tls_echo(tls_server, certificates, "server", "BOUND").code != 0
    assert knock(tls_server, "BOUND")[0] == ASSOCIATE_RJ


def fingerprint(file: pathlib.Path) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read_text())).hexdigest()


@pytest.mark.parametrize("way", ["C-MOVE", "storage commitment"])
@pytest.mark.parametrize("shown", ["registered", "other"])
def test_what_we_send_over_tls_goes_only_to_the_certificate_registered(tls_server, certificates, way, shown):
    """PACS-4.5.4-2 PACS-4.2.2-c"""
    server, name = tls_server, f"{way[:2]}{shown}".replace("-", "").upper()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "device.pem", certificates / "device.key")
    made = made_object()
    assert set(store_files(server, [saved(made, certificates, f"{name}.dcm")]).values()) == {0}
    receiver = Receiver(name, contexts=[(str(made.SOPClassUID), [EXPLICIT])], tls=context).supports_commitment()
    with receiver:
        certificate = certificates / ("device.pem" if shown == "registered" else "server.pem")
        server.register(name, port=receiver.port, fingerprint=fingerprint(certificate))
        if way == "C-MOVE":
            with association(server, [(STUDY_MOVE, [EXPLICIT])]) as assoc:
                wanted = identifier("STUDY", StudyInstanceUID=str(made.StudyInstanceUID))
                status = list(assoc.send_c_move(wanted, name, STUDY_MOVE))[-1][0].Status
            assert (status == 0) == (shown == "registered"), hex(status)
            assert (str(made.SOPInstanceUID) in receiver.stored) == (shown == "registered")
            if shown == "other":
                told = eventually(lambda: [r for r in server.refusals() if r["PARTY"] == name], what="the refusal's record")
                assert "another certificate than the one registered" in told[0]["REASON"]
        else:
            asks_for_commitment(server, certificates, name, made)
            if shown == "registered":
                assert receiver.wait_for_report()[0] == 1
            else:
                job = eventually(
                    lambda: [j for j in server.jobs() if j["KIND"] == "commitment" and "certificate" in j["LAST ERROR"]], 120, what="the error")
                assert job and not receiver.reports


def asks_for_commitment(server, certificates, calling: str, made) -> None:
    request = pydicom.Dataset()
    request.TransactionUID = generate_uid()
    item = pydicom.Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = made.SOPClassUID, made.SOPInstanceUID
    request.ReferencedSOPSequence = [item]
    context = ssl.create_default_context(cafile=certificates / "ca.pem")
    context.check_hostname = False
    # It calls with the certificate registered for it, whatever it shows when called.
    name = "server" if calling.endswith("OTHER") else "device"
    context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
    ae = AE(ae_title=calling)
    ae.add_requested_context(COMMITMENT, [EXPLICIT])
    assoc = ae.associate("127.0.0.1", server.tls_port, ae_title=server.ae, tls_args=(context, None))
    assert assoc.is_established
    status, _ = assoc.send_n_action(request, 1, COMMITMENT, COMMITMENT_INSTANCE)
    assert status.Status == 0
    assoc.release()


def test_old_tls_is_not_spoken(tls_server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", tls_server.tls_port), 10) as connection:
        with pytest.raises((ssl.SSLError, OSError)):
            context.wrap_socket(connection)


def test_plain_traffic_on_the_tls_port_is_no_harm(tls_server):
    with socket.create_connection(("127.0.0.1", tls_server.tls_port), 10) as connection:
        connection.sendall(b"\x01\x00\x00\x00\x00\x44" + bytes(68))
        connection.settimeout(10)
        try:
            assert connection.recv(100)[:1] in (b"", b"\x15")
        except ConnectionError:
            pass
    assert echoes(tls_server.dicom_port)


# HTTPS


def test_the_page_and_dicomweb_are_served_over_https_by_setting(make_server, certificates):
    """PACS-4.5.13-1 PACS-4.5.13-2 SEC-3.2-TXCF SEC-3.2-2"""
    server = make_server(http__tls={"certificate": f"{certificates}/server.pem", "privateKey": f"{certificates}/server.key"})
    session = server.session()
    secure = server.dicomweb.replace("http:", "https:") + "/studies"
    assert session.get(secure, verify=str(certificates / "ca.pem")).status_code in (200, 204)
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(secure, verify=str(certificates / "stranger.pem"), timeout=30)
    # Nothing is told in clear text, least of all what a token opens.
    try:
        assert session.get(server.dicomweb + "/studies").status_code >= 400
    except requests.exceptions.ConnectionError:
        pass
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", server.http_port), 10) as connection:
        with pytest.raises((ssl.SSLError, OSError)):
            context.wrap_socket(connection)
    server.stop()
