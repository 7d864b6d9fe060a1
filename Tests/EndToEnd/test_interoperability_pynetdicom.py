"""pynetdicom against the running server: queries, retrieval and its counts, cancel, roles, asynchronous operations."""

from __future__ import annotations

import struct
import time

import numpy
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pynetdicom import AE, build_role, evt
from pynetdicom.pdu_primitives import AsynchronousOperationsWindowNegotiation, SOPClassExtendedNegotiation

from apus_server import TESTER, apus, eventually

from dicom_wire import EXPLICIT, IMPLICIT, P_DATA, Wire, command, element, fragments
from objects import RAW_DATA, data_set_digest, made_object, part10, saved
from peers import (
    PATIENT_FIND, PATIENT_GET, STUDY_FIND, STUDY_GET, STUDY_MOVE, Receiver, association, find, get, identifier, store_files,
)

CT = "1.2.840.10008.5.1.4.1.1.2"


def uid_of(path, name: str) -> str:
    return str(pydicom.dcmread(path, stop_before_pixels=True)[name].value)


@pytest.fixture(scope="module")
def people(server, tmp_path_factory):
    """Studies to search among."""
    folder = tmp_path_factory.mktemp("people")
    rows = [
        ("Wang^XiaoDong=王^小东", "P1", "20250101", "080000", "A100", "CT", "ISO_IR 192"),
        ("Wang^Fang=王^芳", "P2", "20250615", "120000", "A101", "MR", "GB18030"),
        ("Zhang^San=张^三", "P3", "20251231", "235959", "A102", "CT", "GB18030"),
        ("Müller^Jörg", "P4", "20260101", "000000", "A103", "US", "ISO_IR 100"),
        ("SMITH^John", "P5", "20260102", "093000", "B200", "CR", ""),
        ("Smith^Jane", "P6", "20260103", "093001", "", "CR", "ISO_IR 192"),
        ("𠮷田^太郎", "P7", "20260104", "101010", "B201", "XA", "GB18030"),
        ("ＡＢＣ^Ｄ", "P8", "20260105", "111111", "B202", "OT", "ISO_IR 192"),
    ]
    files = []
    for name, patient, date, hour, accession, modality, charset in rows:
        made = made_object(
            PatientName=name, PatientID=patient, StudyDate=date, StudyTime=hour, AccessionNumber=accession, Modality=modality,
            SpecificCharacterSet=charset, StudyDescription=f"Study of {patient}")
        files.append(saved(made, folder))
    assert set(store_files(server, files).values()) == {0x0000}
    return {row[1]: path for row, path in zip(rows, files)}


# Query matching (PS3.4 §C.2.2.2)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"PatientID": "P1"}, {"P1"}),
        ({"PatientID": "P?"}, {"P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8"}),
        ({"PatientName": "王*"}, {"P1", "P2"}),
        ({"PatientName": "王小东"}, {"P1"}),
        ({"PatientName": "wang^f*"}, {"P2"}),
        ({"PatientName": "*san*"}, {"P3"}),
        ({"PatientName": "smith*"}, {"P5", "P6"}),
        ({"PatientName": "Smith^J?ne"}, {"P6"}),
        ({"PatientName": "Müller*"}, {"P4"}),
        ({"PatientName": "𠮷田*"}, {"P7"}),
        ({"PatientName": "abc^d"}, {"P8"}),
        ({"StudyDate": "20260101-"}, {"P4", "P5", "P6", "P7", "P8"}),
        ({"StudyDate": "-20250615"}, {"P1", "P2"}),
        ({"StudyDate": "20250615-20260101"}, {"P2", "P3", "P4"}),
        ({"StudyDate": "20260102"}, {"P5"}),
        ({"StudyTime": "093000-093001"}, {"P5", "P6"}),
        ({"ModalitiesInStudy": "CT"}, {"P1", "P3"}),
        ({"AccessionNumber": "A10*"}, {"P1", "P2", "P3", "P4"}),
        ({"StudyDescription": "Study of P3"}, {"P3"}),
        ({"StudyDescription": "*of P?"}, {"P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8"}),
        ({"PatientID": "p1"}, set()),
        ({"PatientID": "P1", "StudyDate": "20260101-"}, set()),
    ],
    ids=str,
)
def test_a_study_query_matches_as_the_standard_says(server, people, keys, expected):
    """PACS-4.2.5-1 PACS-4.2.3-f"""
    wanted = identifier("STUDY", **{"PatientID": "P*", "PatientName": "", "StudyInstanceUID": "", **keys})
    if "PatientID" not in keys:
        wanted.PatientID = "P?"
    matches = find(server, wanted)
    assert {str(match.PatientID) for match in matches} == expected


def test_a_list_of_uids_matches_each(server, people):
    wanted = [uid_of(people[name], "StudyInstanceUID") for name in ("P2", "P5")]
    matches = find(server, identifier("STUDY", StudyInstanceUID=wanted, PatientID=""))
    assert {str(match.PatientID) for match in matches} == {"P2", "P5"}


def test_names_come_back_in_the_character_set_asked_for(server, people):
    """PACS-4.2.3-b"""
    for charset in ("GB18030", "ISO_IR 192"):
        wanted = identifier("STUDY", PatientID="P1", PatientName="", SpecificCharacterSet=charset)
        (match,) = find(server, wanted)
        assert str(match.PatientName) == "Wang^XiaoDong=王^小东"


def test_dates_and_times_together_match_as_one_moment_when_negotiated(server, people):
    wanted = identifier("STUDY", StudyDate="20260102-20260103", StudyTime="093001-093000", PatientID="P*")
    negotiated = SOPClassExtendedNegotiation()
    negotiated.sop_class_uid = STUDY_FIND
    negotiated.service_class_application_information = b"\x01\x01\x00\x00"
    with association(server, [(STUDY_FIND, [EXPLICIT])], roles=[negotiated]) as assoc:
        matches = [match for status, match in assoc.send_c_find(wanted, STUDY_FIND) if match]
    assert [str(match.PatientID) for match in matches] == []
    wanted.StudyTime = "093000-093001"
    with association(server, [(STUDY_FIND, [EXPLICIT])], roles=[negotiated]) as assoc:
        matches = [match for status, match in assoc.send_c_find(wanted, STUDY_FIND) if match]
    assert {str(match.PatientID) for match in matches} == {"P5", "P6"}


def test_relational_queries_work_when_negotiated_and_are_refused_otherwise(server, people):
    series = identifier("SERIES", PatientID="P1", SeriesInstanceUID="", Modality="")
    with association(server, [(STUDY_FIND, [EXPLICIT])]) as assoc:
        (status, _), *_ = list(assoc.send_c_find(series, STUDY_FIND))
    assert status.Status == 0xA900
    negotiated = SOPClassExtendedNegotiation()
    negotiated.sop_class_uid = STUDY_FIND
    negotiated.service_class_application_information = b"\x01"
    with association(server, [(STUDY_FIND, [EXPLICIT])], roles=[negotiated]) as assoc:
        answers = [match for _, match in assoc.send_c_find(series, STUDY_FIND) if match]
    assert [answer.Modality for answer in answers] == ["CT"]


def test_the_patient_root_has_its_own_level(server, people):
    matches = find(server, identifier("PATIENT", PatientName="王*", PatientID="", NumberOfPatientRelatedStudies=""), PATIENT_FIND)
    assert {(str(m.PatientID), int(m.NumberOfPatientRelatedStudies)) for m in matches} == {("P1", 1), ("P2", 1)}


def test_an_unknown_level_is_refused_with_the_right_status(server):
    with association(server, [(STUDY_FIND, [EXPLICIT])]) as assoc:
        (status, _), *_ = list(assoc.send_c_find(identifier("PATIENT", PatientID="P1"), STUDY_FIND))
    assert status.Status == 0xA900


# Storage


def test_what_arrives_is_kept_bit_for_bit_whatever_the_class(server, tmp_path):
    """PACS-4.2.2-a"""
    files = [saved(made_object(sop_class), tmp_path) for sop_class in (
        RAW_DATA, "1.2.840.10008.5.1.4.1.1.88.22", "1.2.276.0.7230010.3.1.0.1", "1.3.6.1.4.1.5962.301.9")]
    assert set(store_files(server, files).values()) == {0x0000}
    for path in files:
        contexts = [(uid_of(path, "SOPClassUID"), [EXPLICIT])]
        final, received = get(server, identifier("STUDY", StudyInstanceUID=uid_of(path, "StudyInstanceUID")), contexts)
        assert final.Status == 0x0000
        assert [data for _, data in received.values()] == [part10(pydicom.dcmread(path)).data_set]


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.107"])
def test_a_video_is_kept_unchanged_and_given_in_ranges(server, tmp_path, syntax):
    """GUIDE-1.1.1.2-10"""
    stream = bytes(range(256)) * 1000
    made = made_object("1.2.840.10008.5.1.4.1.1.77.1.1.1", syntax, Modality="ES")
    made.Rows, made.Columns, made.NumberOfFrames, made.CineRate = 1080, 1920, 25, 25
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PlanarConfiguration = 3, "YBR_PARTIAL_420", 0
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    made.add_new(0x7FE00010, "OB", encapsulate([stream]))
    made["PixelData"].is_undefined_length = True
    path = saved(made, tmp_path)
    assert set(store_files(server, [path]).values()) == {0x0000}
    contexts = [("1.2.840.10008.5.1.4.1.1.77.1.1.1", [syntax])]
    final, received = get(server, identifier("STUDY", StudyInstanceUID=made.StudyInstanceUID), contexts)
    assert final.Status == 0x0000
    assert [data for _, data in received.values()] == [part10(pydicom.dcmread(path)).data_set]
    url = f"{server.dicomweb}/studies/{made.StudyInstanceUID}/series/{made.SeriesInstanceUID}/instances/{made.SOPInstanceUID}"
    accept = {"Accept": "application/dicom; transfer-syntax=*"}
    whole = server.session().get(url, headers=accept)
    part = server.session().get(url, headers={**accept, "Range": "bytes=100000-100099"})
    assert whole.content[128:132] == b"DICM"
    assert part.status_code == 206 and part.content == whole.content[100000:100100]


def test_other_content_under_the_same_uid_is_kept_beside_the_first(make_server, tmp_path):
    server = make_server()
    first = made_object(StudyDescription="first")
    saved(first, tmp_path / "a")
    second = made_object(
        StudyDescription="second", SOPInstanceUID=first.SOPInstanceUID, StudyInstanceUID=first.StudyInstanceUID,
        SeriesInstanceUID=first.SeriesInstanceUID)
    saved(second, tmp_path / "b")
    for folder in "aab":
        assert set(store_files(server, list((tmp_path / folder).iterdir())).values()) == {0x0000}
    assert server.status()["counts"]["instances"] == 1
    assert server.status()["counts"]["conflicts"] == 1
    out = tmp_path / "export"
    server.run("export", "--output", out).ok()
    written = {data_set_digest(path.read_bytes()) for path in out.rglob("*.dcm")}
    assert written == {data_set_digest(path.read_bytes()) for f in "ab" for path in (tmp_path / f).iterdir()}
    server.stop()


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        (lambda made: made.__delattr__("StudyInstanceUID"), 0xA900),
        (lambda made: setattr(made, "SOPInstanceUID", "1.2.3.4.5"), 0xA900),
        (lambda made: setattr(made, "SOPClassUID", CT), 0xA900),
    ],
    ids=["no study", "another instance than announced", "another class than announced"],
)
def test_an_object_that_contradicts_itself_is_refused_and_recorded(server, tmp_path, spoil, status):
    """PACS-4.2.2-b PACS-4.2.2-c"""
    path = saved(made_object(), tmp_path)
    announced = uid_of(path, "SOPInstanceUID")
    made = pydicom.dcmread(path)
    spoil(made)
    made.save_as(path, enforce_file_format=False)
    given = store_files(server, [path])[path]
    assert given == status
    record = eventually(
        lambda: [r for r in server.refusals() if r["SOP INSTANCE UID"] == announced], what="the record of the refusal")[0]
    assert record["REFUSED BY"] == "us" and TESTER in record["PARTY"] and record["REASON"] and record["TIME"]


def test_asynchronous_operations_are_negotiated_and_answered(server):
    window = AsynchronousOperationsWindowNegotiation()
    window.maximum_number_operations_invoked = window.maximum_number_operations_performed = 8
    with association(server, [(RAW_DATA, [EXPLICIT])], roles=[window]) as assoc:
        granted = assoc.acceptor.asynchronous_operations
    assert granted[0] == 0 or granted[0] > 1
    files = [part10(made_object()) for _ in range(32)]
    item = struct.pack(">BBHHH", 0x53, 0, 4, 8, 8)
    with Wire(server.dicom_port) as wire:
        wire.associate([(1, RAW_DATA, [EXPLICIT])], calling=TESTER, extra=item)
        under_way, done = 0, []
        for message, file in enumerate(files, start=1):
            wire.send_store(file, message=message)
            under_way += 1
            if under_way == 8:
                done.append(wire.read_message()[0])
                under_way -= 1
        done += [wire.read_message()[0] for _ in range(under_way)]
        wire.release()
    answered = {struct.unpack("<H", reply[0, 0x0120])[0] for reply in done}
    assert answered == set(range(1, 33))
    assert {struct.unpack("<H", reply[0, 0x0900])[0] for reply in done} == {0}


# Retrieve


@pytest.fixture(scope="module")
def series(server, make_phantom):
    files = make_phantom("ct", images=10)
    assert set(store_files(server, files).values()) == {0x0000}
    return files


def test_c_get_works_at_every_level(server, series):
    study, of_series = uid_of(series[0], "StudyInstanceUID"), uid_of(series[0], "SeriesInstanceUID")
    images = [uid_of(path, "SOPInstanceUID") for path in series]
    for wanted, expected in (
        (identifier("STUDY", StudyInstanceUID=study), images),
        (identifier("SERIES", StudyInstanceUID=study, SeriesInstanceUID=of_series), images),
        (identifier("IMAGE", StudyInstanceUID=study, SeriesInstanceUID=of_series, SOPInstanceUID=images[3:5]), images[3:5]),
        (identifier("IMAGE", StudyInstanceUID=study, SeriesInstanceUID=of_series, SOPInstanceUID="1.2.3.4"), []),
    ):
        final, received = get(server, wanted, [(CT, [EXPLICIT])])
        assert final.Status == 0x0000
        assert final.NumberOfCompletedSuboperations == len(expected)
        assert set(received) == set(expected)
    final, _ = get(server, identifier("PATIENT", PatientID="nobody"), [(CT, [EXPLICIT])], PATIENT_GET)
    assert final.Status == 0x0000


def test_a_retrieve_without_its_unique_key_is_refused(server):
    final, _ = get(server, identifier("STUDY"), [(CT, [EXPLICIT])])
    assert final.Status == 0xA900


def test_compressed_objects_are_decoded_for_a_peer_that_takes_only_implicit(server, make_phantom, tmp_path):
    (path,) = make_phantom("ct", images=1)
    for name in ("jpeg-lossless", "jpeg-ls", "jpeg2000", "htj2k", "rle", "deflated", "big-endian"):
        made = pydicom.dcmread(path)
        made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID + f".{len(name)}"
        made.StudyInstanceUID += f".{len(name)}"
        source, coded = tmp_path / "source.dcm", tmp_path / f"{name}.dcm"
        made.save_as(source)
        apus("transcode", source, coded, "--to", name).ok()
        assert set(store_files(server, [coded]).values()) == {0x0000}
        final, received = get(server, identifier("STUDY", StudyInstanceUID=made.StudyInstanceUID), [(CT, [IMPLICIT])])
        assert final.Status == 0x0000, name
        ((syntax, data),) = received.values()
        assert syntax == IMPLICIT
        assert pydicom.dcmread(source).PixelData == decode_implicit(data).PixelData, name


def decode_implicit(data: bytes) -> pydicom.Dataset:
    import io

    from pydicom.filereader import read_dataset

    return read_dataset(io.BytesIO(data), is_implicit_VR=True, is_little_endian=True)


def test_c_move_counts_and_names_the_originator(server, series):
    with Receiver("COUNTER", [(CT, [EXPLICIT])]) as receiver:
        server.register("COUNTER", allow="echo", port=receiver.port)
        with association(server, [(STUDY_MOVE, [EXPLICIT])]) as assoc:
            answers = [a for a, _ in assoc.send_c_move(
                identifier("STUDY", StudyInstanceUID=uid_of(series[0], "StudyInstanceUID")), "COUNTER", STUDY_MOVE, msg_id=77)]
    final = answers[-1]
    assert final.Status == 0x0000
    assert (final.NumberOfCompletedSuboperations, final.NumberOfFailedSuboperations, final.NumberOfWarningSuboperations) == (10, 0, 0)
    assert len(receiver.stored) == 10
    assert set(receiver.originators) == {(TESTER, 77)}
    for pending in answers[:-1]:
        total = (pending.NumberOfRemainingSuboperations + pending.NumberOfCompletedSuboperations
                 + pending.NumberOfFailedSuboperations + pending.NumberOfWarningSuboperations)
        assert total == 10


def test_a_move_to_an_unregistered_destination_is_refused(server, series):
    with association(server, [(STUDY_MOVE, [EXPLICIT])]) as assoc:
        wanted = identifier("STUDY", StudyInstanceUID=uid_of(series[0], "StudyInstanceUID"))
        final = [a for a, _ in assoc.send_c_move(wanted, "NOWHERE", STUDY_MOVE)][-1]
    assert final.Status == 0xA801


@pytest.mark.parametrize(("status", "completed", "failed", "warned"), [(0xA700, 0, 10, 0), (0xB000, 0, 0, 10)])
def test_refusals_and_warnings_of_the_destination_are_counted_named_and_recorded(server, series, status, completed, failed, warned):
    """PACS-4.2.2-c"""
    title = f"STATUS{status:04X}"
    with Receiver(title, [(CT, [EXPLICIT])], status=status) as receiver:
        server.register(title, allow="echo", port=receiver.port)
        with association(server, [(STUDY_MOVE, [EXPLICIT])]) as assoc:
            wanted = identifier("STUDY", StudyInstanceUID=uid_of(series[0], "StudyInstanceUID"))
            final, data = list(assoc.send_c_move(wanted, title, STUDY_MOVE))[-1]
    assert final.Status in (0xB000, 0xA702)
    assert (final.NumberOfCompletedSuboperations, final.NumberOfFailedSuboperations, final.NumberOfWarningSuboperations) == (
        completed, failed, warned)
    if failed:
        assert len(data.FailedSOPInstanceUIDList) == failed
        records = eventually(lambda: [r for r in server.refusals() if r["PARTY"] == title], what="records of refusals")
        assert {r["REFUSED BY"] for r in records} == {"peer"}
        assert {r["SOP INSTANCE UID"] for r in records} == set(data.FailedSOPInstanceUIDList)


def test_a_destination_that_does_not_answer_gives_a_failure_with_all_counted(server, series):
    from apus_server import free_port

    server.register("GONE", allow="echo", port=free_port())
    with association(server, [(STUDY_MOVE, [EXPLICIT])]) as assoc:
        wanted = identifier("STUDY", StudyInstanceUID=uid_of(series[0], "StudyInstanceUID"))
        final, _ = list(assoc.send_c_move(wanted, "GONE", STUDY_MOVE))[-1]
    assert final.Status == 0xA702
    assert final.NumberOfFailedSuboperations == 10


# Cancel


def test_c_cancel_ends_a_query(make_server):
    server = make_server()
    with Wire(server.dicom_port) as wire:
        wire.associate([(1, RAW_DATA, [EXPLICIT])], calling=TESTER)
        for number in range(1500):
            assert wire.store(part10(made_object(PatientID=f"C{number}"))) == 0
        wire.release()
    query = element(0x0008, 0x0052, b"STUDY") + element(0x0010, 0x0020, b"") + element(0x0020, 0x000D, b"")
    find_command = command(
        element(0, 2, STUDY_FIND.encode()) + element(0, 0x0100, struct.pack("<H", 0x20))
        + element(0, 0x0110, struct.pack("<H", 5)) + element(0, 0x0700, bytes(2)) + element(0, 0x0800, bytes(2)))
    cancel = command(
        element(0, 0x0100, struct.pack("<H", 0x0FFF)) + element(0, 0x0120, struct.pack("<H", 5))
        + element(0, 0x0800, struct.pack("<H", 0x0101)))
    with Wire(server.dicom_port) as wire:
        wire.associate([(1, STUDY_FIND, [IMPLICIT])], calling=TESTER)
        wire.send(
            fragments(1, find_command, True, 16384) + fragments(1, query, False, 16384) + fragments(1, cancel, True, 16384))
        matches = 0
        while (status := wire.status()) in (0xFF00, 0xFF01):
            matches += 1
        assert status == 0xFE00
        assert matches < 1500
        wire.release()
    server.stop()


def test_c_cancel_ends_a_move_between_two_images(server, series):
    with Receiver("SLOW", [(CT, [EXPLICIT])], delay=0.3) as receiver:
        server.register("SLOW", allow="echo", port=receiver.port)
        with association(server, [(STUDY_MOVE, [EXPLICIT])]) as assoc:
            wanted = identifier("STUDY", StudyInstanceUID=uid_of(series[0], "StudyInstanceUID"))
            final = None
            for position, (answer, _) in enumerate(assoc.send_c_move(wanted, "SLOW", STUDY_MOVE, msg_id=9)):
                if position == 1:
                    assoc.send_c_cancel(9, query_model=STUDY_MOVE)
                final = answer
        time.sleep(0.5)
        assert final.Status == 0xFE00
        assert final.NumberOfRemainingSuboperations > 0
        assert len(receiver.stored) < 10


def test_c_cancel_ends_a_get(server, series):
    received = []

    def keep(event):
        received.append(event.request.AffectedSOPInstanceUID)
        if len(received) == 2:
            event.assoc.send_c_cancel(3, query_model=STUDY_GET)
        time.sleep(0.2)
        return 0

    role = build_role(CT, scp_role=True)
    with association(
        server, [(STUDY_GET, [EXPLICIT]), (CT, [EXPLICIT])], handlers=[(evt.EVT_C_STORE, keep)], roles=[role]
    ) as assoc:
        wanted = identifier("STUDY", StudyInstanceUID=uid_of(series[0], "StudyInstanceUID"))
        final = [answer for answer, _ in assoc.send_c_get(wanted, STUDY_GET, msg_id=3)][-1]
    assert final.Status == 0xFE00
    assert len(received) < 10


# Negotiation


def test_the_role_of_provider_is_granted_for_c_get_alone(server):
    server.register("NOGET", allow="echo,store,find")
    for title, expected in ((TESTER, True), ("NOGET", False)):
        ae = AE(ae_title=title)
        ae.add_requested_context(CT, [EXPLICIT])
        assoc = ae.associate(
            "127.0.0.1", server.dicom_port, ae_title=server.ae, ext_neg=[build_role(CT, scu_role=True, scp_role=True)])
        assert assoc.is_established
        assert assoc.accepted_contexts[0].as_scu
        assert bool(assoc.accepted_contexts[0].as_scp) is expected
        assoc.release()


def test_an_abstract_syntax_of_no_service_is_not_accepted(server):
    with Wire(server.dicom_port) as wire:
        kind, body = wire.associate(
            [(1, "1.2.840.10008.1.1", [IMPLICIT]), (3, "1.2.840.10008.5.1.1.9", [IMPLICIT]), (5, CT, ["1.2.3.4.5"])],
            calling=TESTER)
        assert set(wire.accepted) == {1}
        wire.release()


def test_the_largest_pdu_the_peer_allows_is_kept(server, series):
    study = uid_of(series[0], "StudyInstanceUID")
    query = element(0x0008, 0x0052, b"STUDY ") + element(0x0020, 0x000D, study.encode())
    get_command = command(
        element(0, 2, STUDY_GET.encode()) + element(0, 0x0100, struct.pack("<H", 0x10))
        + element(0, 0x0110, struct.pack("<H", 5)) + element(0, 0x0700, bytes(2)) + element(0, 0x0800, bytes(2)))
    role = struct.pack(">BBHH", 0x54, 0, len(CT) + 4, len(CT)) + CT.encode() + b"\0\1"
    with Wire(server.dicom_port) as wire:
        wire.associate([(1, STUDY_GET, [IMPLICIT]), (3, CT, [EXPLICIT])], calling=TESTER, maximum=4096, extra=role)
        wire.send(fragments(1, get_command, True, 4096) + fragments(1, query, False, 4096))
        longest = 0
        for _ in range(4):
            kind, body = wire.read_pdu()
            assert kind == P_DATA
            longest = max(longest, len(body))
        assert longest <= 4096


def test_transfers_under_way_are_shown(server, series):
    """PACS-4.2.2-d"""
    with association(server, [(RAW_DATA, [EXPLICIT])]):
        shown = server.session().get(server.url + "/api/transfers").json()
        assert TESTER in [entry["peer"] for entry in shown]
        assert {entry["direction"] for entry in shown} == {"in"}
    eventually(lambda: not server.session().get(server.url + "/api/transfers").json(), what="the end of the transfer")


def test_arrivals_are_forwarded_by_rule_and_kept_until_the_peer_takes_them(make_server, make_phantom):
    """PACS-4.2.2-c PACS-4.4.3-2"""
    files = make_phantom("mr", images=2)
    receiver = Receiver("FORWARD", [("1.2.840.10008.5.1.4.1.1.4", [EXPLICIT])], status=0xA700)
    server = make_server(routing__rules=[{"name": "all MR", "destination": "FORWARD", "modality": "MR"}])
    server.register("FORWARD", allow="echo", port=receiver.port)
    with receiver:
        other = make_phantom("ct", images=1)
        assert set(store_files(server, files + other).values()) == {0}
        waiting = eventually(
            lambda: [job for job in server.jobs() if job["STATE"] == "waiting" and job["ATTEMPTS"] == "1"], what="a refused forward")
        assert all("A700" in job["LAST ERROR"] for job in waiting)
        receiver.status, _ = 0x0000, receiver.stored.clear()
        server.restart()
        eventually(lambda: len(receiver.stored) == 2, within=120, what="forwarding after the refusal")
        eventually(lambda: {job["STATE"] for job in server.jobs()} == {"done"}, what="the end of the jobs")
    assert {numpy.frombuffer(d, "u1").tobytes() for d in receiver.stored.values()} == {
        part10(pydicom.dcmread(path)).data_set for path in files}
    assert {r["PARTY"] for r in server.refusals() if r["REFUSED BY"] == "peer"} == {"FORWARD"}
    server.stop()


def test_return_keys_outside_the_index_come_from_the_objects(server, tmp_path):
    """PS3.4 §C.4.1.1.3: optional keys of the level asked for, in the character set of the request."""
    made = [
        made_object(
            PatientID="FIND-HEADER", PatientName="Wu^Gang=吴^刚", SpecificCharacterSet="GB18030", StudyInstanceUID="1.2.826.77",
            SeriesInstanceUID="1.2.826.77.1", InstanceNumber=number, PatientState="空腹", KVP=str(80 + number))
        for number in (1, 2)
    ]
    assert set(store_files(server, [saved(each, tmp_path) for each in made]).values()) == {0}
    asked = identifier("STUDY", PatientID="FIND-HEADER", PatientState="", AdmittingDate="", KVP="", SpecificCharacterSet="GB18030")
    (answer,) = find(server, asked)
    assert answer.PatientState == "空腹" and answer.AdmittingDate == "" and "KVP" not in answer
    assert answer.SpecificCharacterSet == "GB18030"
    asked = identifier("IMAGE", StudyInstanceUID="1.2.826.77", SeriesInstanceUID="1.2.826.77.1", SOPInstanceUID="", KVP="")
    assert sorted(float(row.KVP) for row in find(server, asked)) == [81, 82]
