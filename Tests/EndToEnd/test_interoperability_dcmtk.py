"""DCMTK programs as they come from Debian, against the running server; dcmqrscp as a peer for our own commands."""

from __future__ import annotations

import pathlib
import struct
import time

import numpy
import pydicom
import pytest
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from apus_server import TESTER, apus, free_port

from dicom_wire import EXPLICIT, Wire, command, element, fragments, read_part10
from ingest_load import Load, Template
from objects import generate_uid, made_object, pixels, saved
from peers import STUDY_FIND, calls, dcmtk, identifier, running, store_files

FOUND_CHINESE = ("王*", "wang*", "*小东")


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    """Data sets of the files in a folder by SOP Instance UID."""
    files = [read_part10(path.read_bytes()) for path in folder.rglob("*") if path.is_file()]
    return {file.instance: file.data_set for file in files}


def keys(**values: str) -> list[str]:
    return [word for name, value in values.items() for word in ("-k", f"{name}={value}" if value else name)]


def found(folder: pathlib.Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]


@pytest.fixture(scope="module")
def stored(server, phantoms):
    """The phantoms, sent by storescu."""
    dcmtk("storescu", "+sd", "+r", *calls(server), phantoms).ok()
    return phantoms


def uid(folder: pathlib.Path, name: str) -> str:
    return str(pydicom.dcmread(sorted(folder.glob("*.dcm"))[0], stop_before_pixels=True)[name].value)


# Verification and storage


def test_echoscu_is_answered_again_and_again(server):
    """PACS-4.2.2-a PACS-4.7.1-b"""
    dcmtk("echoscu", "--repeat", 20, *calls(server)).ok()


def test_echoscu_to_another_called_title_is_rejected(server):
    done = dcmtk("echoscu", "-v", "-aet", TESTER, "-aec", "SOMEONE", "127.0.0.1", server.dicom_port)
    assert done.code != 0
    assert "Called AE Title Not Recognized" in done.out + done.err


@pytest.mark.parametrize("option", ["-x=", "-xe", "-xb", "-xi", "-xd", "-R"])
def test_storescu_proposes_its_variants_and_each_is_stored(server, make_phantom, tmp_path, option):
    """PACS-4.2.2-a GUIDE-1.1.1.1.1-1"""
    files = make_phantom("ct", images=2)
    if option == "-xd":
        for path in files:
            apus("transcode", path, path, "--to", "deflated", "--yes").ok()
    dcmtk("storescu", option, *calls(server), *files).ok()
    wanted = keys(StudyInstanceUID=uid(files[0].parent, "StudyInstanceUID"))
    out = tmp_path / "out"
    out.mkdir()
    dcmtk("getscu", "-S", *calls(server), "-od", out, *keys(QueryRetrieveLevel="STUDY"), *wanted).ok()
    got = {str(pydicom.dcmread(p).SOPInstanceUID): pixels(p) for p in out.iterdir()}
    assert len(got) == 2
    for path in files:
        numpy.testing.assert_array_equal(got[str(pydicom.dcmread(path).SOPInstanceUID)], pixels(path))


@pytest.mark.parametrize(
    ("coder", "propose"),
    [(["dcmcjpeg", "+e1"], "-xs"), (["dcmcjpls", "+el"], "-xt"), (["dcmcrle"], "-xr")],
    ids=["JPEG lossless", "JPEG-LS", "RLE"],
)
def test_storescu_sends_compressed_images_that_come_back_as_they_were(server, make_phantom, tmp_path, coder, propose):
    files = make_phantom("ct", images=2)
    sent = []
    for path in files:
        sent.append(tmp_path / path.name)
        dcmtk(coder[0], *coder[1:], path, sent[-1]).ok()
    dcmtk("storescu", propose, *calls(server), *sent).ok()
    out = tmp_path / "out"
    out.mkdir()
    prefer = {"-xs": "+xs", "-xt": "+xt", "-xr": "+xr"}[propose]
    study = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=uid(files[0].parent, "StudyInstanceUID"))
    dcmtk("getscu", "-S", "+B", prefer, *calls(server), "-od", out, *study).ok()
    back = contents(out)
    for path in sent:
        original = read_part10(path.read_bytes())
        assert back[original.instance] == original.data_set


@pytest.mark.parametrize("size", [4096, 16384, 131072])
def test_storescu_and_getscu_work_with_any_maximum_pdu(server, make_phantom, tmp_path, size):
    files = make_phantom("cr", images=1, matrix=512, spacing=0.5)
    dcmtk("storescu", "--max-pdu", size, *calls(server), *files).ok()
    out = tmp_path / "out"
    out.mkdir()
    study = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=uid(files[0].parent, "StudyInstanceUID"))
    dcmtk("getscu", "-S", "+B", "--max-pdu", size, *calls(server), "-od", out, *study).ok()
    assert list(contents(out).values()) == [read_part10(files[0].read_bytes()).data_set]


def test_storescu_with_nagles_algorithm_left_on_does_not_wait_for_delayed_acknowledgements(server, make_phantom):
    """A delayed acknowledgement costs 40 ms an object: 100 objects would take 4 s."""
    files = make_phantom("cr", images=100, matrix=32, spacing=8)
    times = []
    for _ in range(3):
        started = time.monotonic()
        dcmtk("storescu", "+sd", *calls(server), files[0].parent).ok()
        times.append(time.monotonic() - started)
        if times[-1] < 2:
            break
    assert min(times) < 2, f"100 small objects took {min(times):.1f} s"


# Query


@pytest.mark.parametrize(
    ("model", "level", "given", "count"),
    [
        ("-P", "PATIENT", {"PatientID": "APUS-PHANTOM"}, 1),
        ("-S", "STUDY", {"PatientID": "APUS-PHANTOM", "StudyInstanceUID": ""}, None),
        ("-S", "STUDY", {"PatientID": "APUS-*", "ModalitiesInStudy": "MR"}, 1),
    ],
)
def test_findscu_finds_patients_and_studies(server, stored, tmp_path, model, level, given, count):
    """PACS-4.2.5-1"""
    dcmtk("findscu", model, "-X", "-od", tmp_path, *calls(server), *keys(QueryRetrieveLevel=level, **given)).ok()
    answers = found(tmp_path)
    assert len(answers) == count if count is not None else len(answers) >= 5
    for answer in answers:
        assert answer.QueryRetrieveLevel == level
        assert answer.PatientID == "APUS-PHANTOM"


def test_findscu_finds_series_and_images_with_related_counts(server, stored, tmp_path):
    study, series = uid(stored / "ct", "StudyInstanceUID"), uid(stored / "ct", "SeriesInstanceUID")
    dcmtk(
        "findscu", "-S", "-X", "-od", tmp_path, *calls(server),
        *keys(QueryRetrieveLevel="SERIES", StudyInstanceUID=study, SeriesInstanceUID="", Modality="", NumberOfSeriesRelatedInstances=""),
    ).ok()
    (answer,) = found(tmp_path)
    assert (answer.SeriesInstanceUID, answer.Modality, answer.NumberOfSeriesRelatedInstances) == (series, "CT", 6)
    images = tmp_path / "images"
    images.mkdir()
    dcmtk(
        "findscu", "-S", "-X", "-od", images, *calls(server),
        *keys(QueryRetrieveLevel="IMAGE", StudyInstanceUID=study, SeriesInstanceUID=series, SOPInstanceUID="", InstanceNumber=""),
    ).ok()
    assert sorted(answer.InstanceNumber for answer in found(images)) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("charset", ["GB18030", "ISO_IR 192", "GBK"])
@pytest.mark.parametrize("asked", FOUND_CHINESE)
def test_findscu_finds_chinese_names_in_any_character_set(server, tmp_path, charset, asked):
    """PACS-4.2.3-b PACS-4.2.3-f"""
    stored_in = {"GB18030": "ISO_IR 192", "ISO_IR 192": "GB18030", "GBK": "GB18030"}[charset]
    patient = f"CN-{stored_in.replace(' ', '')}"
    path = saved(
        made_object(PatientName="Wang^XiaoDong=王^小东", PatientID=patient, SpecificCharacterSet=stored_in), tmp_path / "sent")
    dcmtk("storescu", *calls(server), path).ok()
    query = pydicom.Dataset()
    query.SpecificCharacterSet, query.QueryRetrieveLevel = charset, "STUDY"
    query.PatientName, query.PatientID, query.StudyInstanceUID = asked, patient, ""
    query.save_as(tmp_path / "query.dcm", implicit_vr=False, little_endian=True, enforce_file_format=False)
    out = tmp_path / "out"
    out.mkdir()
    dcmtk("findscu", "-S", "-X", "-od", out, *calls(server), tmp_path / "query.dcm").ok()
    answers = found(out)
    assert answers, "not found"
    assert {str(answer.PatientName) for answer in answers} == {"Wang^XiaoDong=王^小东"}


# Retrieve


def test_movescu_makes_the_server_send_to_storescp(server, stored, tmp_path):
    """PACS-4.2.2-a PACS-4.7.1-b GUIDE-1.1.1.2-F4"""
    port = free_port()
    server.register("STORESCP", allow="echo", port=port)
    out = tmp_path / "out"
    out.mkdir()
    study = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=uid(stored / "ct", "StudyInstanceUID"))
    with running("storescp", "-aet", "STORESCP", "+B", "-od", out, port, port=port):
        dcmtk("movescu", "-S", "-aem", "STORESCP", *calls(server), *study).ok()
    assert contents(out) == contents(stored / "ct")


def test_movescu_receives_on_its_own_port(server, stored, tmp_path):
    port = free_port()
    server.register("MOVER", port=port)
    out = tmp_path / "out"
    out.mkdir()
    study = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=uid(stored / "us", "StudyInstanceUID"))
    dcmtk("movescu", "-S", "-aem", "MOVER", "+P", port, "-od", out, *calls(server, "MOVER"), *study).ok()
    assert len(list(out.iterdir())) == len(list((stored / "us").iterdir()))


@pytest.fixture(scope="module")
def as_sent(stored, tmp_path_factory):
    """The bytes storescu sends of the phantoms: it writes sequences its own way."""
    port, out = free_port(), tmp_path_factory.mktemp("as-sent")
    with running("storescp", "+B", "-od", out, port, port=port):
        dcmtk("storescu", "+sd", "+r", "127.0.0.1", port, stored).ok()
    return contents(out)


@pytest.mark.parametrize("kind", ["ct", "mr", "cr", "us", "enhanced-ct"])
def test_getscu_gets_back_what_storescu_sent_bit_for_bit(server, stored, as_sent, tmp_path, kind):
    study = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=uid(stored / kind, "StudyInstanceUID"))
    dcmtk("getscu", "-S", "+B", *calls(server), "-od", tmp_path, *study).ok()
    assert contents(tmp_path) == {name: as_sent[name] for name in contents(stored / kind)}


def test_getscu_of_the_patient_gets_everything_of_the_patient(server, make_phantom, tmp_path):
    files = make_phantom("mr", patient_id="ONE-PATIENT") + make_phantom("ct", patient_id="ONE-PATIENT")
    dcmtk("storescu", *calls(server), *files).ok()
    dcmtk("getscu", "-P", "+B", *calls(server), "-od", tmp_path, *keys(QueryRetrieveLevel="PATIENT", PatientID="ONE-PATIENT")).ok()
    assert len(contents(tmp_path)) == len(files)


# Our own commands against dcmqrscp


@pytest.fixture
def dcmqrscp(server, tmp_path):
    """DCMTK's archive, which knows our server as a destination."""
    port = free_port()
    (tmp_path / "db").mkdir()
    configuration = tmp_path / "dcmqrscp.cfg"
    lines = [
        f"NetworkTCPPort = {port}", "MaxPDUSize = 16384", "MaxAssociations = 8",
        "HostTable BEGIN", f"apus = ({server.ae}, 127.0.0.1, {server.dicom_port})", "HostTable END",
        "VendorTable BEGIN", "VendorTable END",
        "AETable BEGIN", f"QRSCP {tmp_path}/db RW (200, 1024mb) ANY", "AETable END",
    ]
    configuration.write_text("\n".join(lines) + "\n")
    server.register("QRSCP", port=port)
    with running("dcmqrscp", "-c", configuration, port, port=port):
        yield f"QRSCP@127.0.0.1:{port}"


def test_our_commands_store_find_get_and_move_with_dcmqrscp(server, dcmqrscp, make_phantom, tmp_path):
    """PACS-4.7.1-b"""
    files = make_phantom("ct", patient_name="Li^Na=李^娜")
    study = uid(files[0].parent, "StudyInstanceUID")
    apus("echo", dcmqrscp).ok()
    assert "4 sent, 0 failed" in apus("store", dcmqrscp, files[0].parent).ok().out
    listing = apus("find", dcmqrscp, "-k", f"StudyInstanceUID={study}", "--json").ok().out
    assert study in listing
    images = apus("find", dcmqrscp, "--level", "image", "-k", f"StudyInstanceUID={study}",
                  "-k", f"SeriesInstanceUID={uid(files[0].parent, 'SeriesInstanceUID')}", "-k", "SOPInstanceUID")
    assert "4 matches" in images.ok().err
    out = tmp_path / "got"
    got = apus("get", dcmqrscp, "--level", "study", "-k", f"StudyInstanceUID={study}", "--output", out)
    assert got.ok().out.startswith("4 done, 0 with warning, 0 failed")
    assert {u: pixels(p).tobytes() for p in out.iterdir() for u in [str(pydicom.dcmread(p).SOPInstanceUID)]} == {
        u: pixels(p).tobytes() for p in files for u in [str(pydicom.dcmread(p).SOPInstanceUID)]}
    moved = apus("move", dcmqrscp, "--level", "study", "-k", f"StudyInstanceUID={study}", "--destination", server.ae)
    assert moved.ok().out.startswith("4 done")
    back = tmp_path / "back"
    apus("get", server.peer, "--calling", TESTER, "-k", f"StudyInstanceUID={study}", "--output", back).ok()
    assert len(list(back.iterdir())) == 4


def test_our_commands_say_the_remedy_when_the_peer_is_not_there():
    done = apus("echo", f"NOBODY@127.0.0.1:{free_port()}")
    assert done.code == 69
    assert done.err.strip()


def test_getscu_ends_at_once_after_a_retrieval_with_failures(server, tmp_path):
    """It aborts after the release, having left the list of failed instances unread."""
    study = generate_uid()
    # One class that getscu asks for, one that it does not.
    files = [
        saved(made_object(sop_class, StudyInstanceUID=study), tmp_path, f"{number}.dcm")
        for number, sop_class in enumerate(["1.2.840.10008.5.1.4.1.1.66", "1.2.840.10008.5.1.4.1.1.200.8"])
    ]
    assert set(store_files(server, files).values()) == {0}
    out = tmp_path / "out"
    out.mkdir()
    begun = time.monotonic()
    done = dcmtk(
        "getscu", "-v", "-S", "-od", out, "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}", *calls(server))
    assert time.monotonic() - begun < 10, done.err
    assert len(list(out.iterdir())) == 1 and "Failed Suboperations    : 1" in done.out + done.err


def test_queries_by_unique_keys_find_what_was_acknowledged_while_more_arrives(make_server):
    """By hand: pynetdicom loses a pending response now and then when its machine is busy."""
    server = make_server(storage__ingestPackBytes=1 << 20, storage__compressionIdleSeconds=0)
    loads = [Load(server.dicom_port, Template(side=48, seed=seed)) for seed in range(2)]
    senders = [thread for load in loads for thread in load.run(associations=1)]
    until, asked = time.monotonic() + 8, 0
    try:
        with Wire(server.dicom_port) as wire:
            wire.associate([(1, STUDY_FIND, [EXPLICIT])], calling=TESTER)
            while time.monotonic() < until:
                load = loads[asked % 2]
                known = list(load.journal.acknowledged)
                if not known:
                    continue
                keys = {"StudyInstanceUID": load.template.study}
                level = ("STUDY", "SERIES", "IMAGE")[asked % 3]
                keys |= {"SeriesInstanceUID": load.template.series} if level != "STUDY" else {}
                keys |= {"SOPInstanceUID": known[-1]} if level == "IMAGE" else {}
                answers = find_by_hand(wire, asked % 60000 + 1, identifier(level, **keys))
                assert answers == [0xFF00, 0x0000], (level, asked, answers)
                asked += 1
            wire.release()
    finally:
        for load in loads:
            load.stop.set()
        for thread in senders:
            thread.join(60)
    assert asked > 100
    server.stop()


def find_by_hand(wire: Wire, message: int, wanted: pydicom.Dataset) -> list[int]:
    """The statuses of all responses to a C-FIND."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, wanted)
    fields = element(0, 0x0002, STUDY_FIND.encode()) + element(0, 0x0100, struct.pack("<H", 0x20))
    fields += element(0, 0x0110, struct.pack("<H", message)) + element(0, 0x0700, bytes(2)) + element(0, 0x0800, bytes(2))
    wire.send(fragments(1, command(fields), True, wire.maximum) + fragments(1, buffer.getvalue(), False, wire.maximum))
    statuses = []
    while not statuses or statuses[-1] in (0xFF00, 0xFF01):
        statuses.append(wire.status())
    return statuses
