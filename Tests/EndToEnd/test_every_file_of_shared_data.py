"""All of the shared data through the running server: stored, found, given back byte for byte, decoded exactly.

Files that share a SOP Instance UID are kept apart by giving each its own server. Everything is asked for twice: as
received, and after compression at rest.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import warnings

import numpy
import pydicom
import pytest
from pydicom.pixels import pixel_array
from pynetdicom import _config, build_role, evt

from apus_server import TESTER
from dicom_wire import EXPLICIT, IMPLICIT, Closed, Part10, Wire, echoes
from objects import multipart, multipart_body
from peers import STUDY_FIND, STUDY_GET, STUDY_MOVE, Receiver, association, identifier

from samples import cut, in_rounds, load

CONTEXTS_AT_A_TIME = 100
OCTET_FRAMES = 'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1'
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
DECODED = "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"

FOLDERS = [
    "charsets", "cr-dx-mg", "ct-series", "dicomdir", "ecg-pdf-other", "enhanced",
    "geometry-phantoms", "mr-series", "pet-ct", "registration", "rt", "seg-sr-gsps", "transfer-syntaxes", "ultrasound",
    "volumes", "wsi", "xa-rf",
]


# What is done with one round of samples


def batches(samples):
    """Runs of samples whose presentation contexts fit an association."""
    run, pairs = [], set()
    for sample in sorted(samples, key=lambda s: (s.head.sop_class, s.head.syntax)):
        pair = (sample.head.sop_class, sample.head.syntax)
        if pair not in pairs and len(pairs) == CONTEXTS_AT_A_TIME:
            yield run, sorted(pairs)
            run, pairs = [], set()
        run.append(sample)
        pairs.add(pair)
    if run:
        yield run, sorted(pairs)


def store(server, samples) -> None:
    for run, pairs in batches(samples):
        numbers = {pair: 2 * at + 1 for at, pair in enumerate(pairs)}
        with Wire(server.dicom_port, timeout=60) as wire:
            wire.associate([(number, *pair[:1], [pair[1]]) for pair, number in numbers.items()], calling=TESTER)
            for sample in run:
                number = numbers[sample.head.sop_class, sample.head.syntax]
                if number not in wire.accepted:
                    sample.results["stored"] = "presentation context not accepted"
                    continue
                head = sample.head
                status = wire.store(Part10(head.sop_class, head.instance, head.syntax, b"", sample.data_set()), number)
                # B007: accepted, but marked as not conforming.
                sample.results["stored"] = True if status in (0, 0xB007) else f"status {status:04X}"
            wire.release()


def find_each(server, samples) -> None:
    with association(server, [(STUDY_FIND, [EXPLICIT, IMPLICIT])]) as assoc:
        for sample in samples:
            wanted = identifier(
                "IMAGE", StudyInstanceUID=sample.study, SeriesInstanceUID=sample.series,
                SOPInstanceUID=sample.head.instance, SOPClassUID="")
            matches = [match for _, match in assoc.send_c_find(wanted, STUDY_FIND) if match]
            is_found = len(matches) == 1 and matches[0].SOPClassUID == sample.head.sop_class
            sample.results["found by C-FIND"] = is_found or f"{len(matches)} matches"
    session = server.session()
    for sample in samples:
        answer = session.get(f"{server.dicomweb}/studies/{sample.study}/instances", params={"SOPInstanceUID": sample.head.instance})
        is_found = answer.status_code == 200 and [m["00080018"]["Value"] for m in answer.json()] == [[sample.head.instance]]
        sample.results["found by QIDO-RS"] = is_found or f"{answer.status_code} {answer.text[:200]}"


def get_all(server, samples, label: str) -> None:
    for run, pairs in batches(samples):
        received = {}

        def keep(event):
            uid = str(event.request.AffectedSOPInstanceUID)
            received[uid] = (str(event.context.transfer_syntax), hashlib.sha256(event.request.DataSet.getvalue()).hexdigest())
            return 0

        roles = [build_role(sop_class, scp_role=True) for sop_class in {c for c, _ in pairs}]
        contexts = [(STUDY_GET, [EXPLICIT]), *[(c, [t]) for c, t in pairs]]
        with association(server, contexts, handlers=[(evt.EVT_C_STORE, keep)], roles=roles) as assoc:
            for study in sorted({sample.study for sample in run}):
                for _ in assoc.send_c_get(identifier("STUDY", StudyInstanceUID=study), STUDY_GET):
                    pass
        for sample in run:
            compare(sample, label, *received.get(sample.head.instance, ("nothing", "")))


@contextlib.contextmanager
def unrestricted():
    """Lets pynetdicom take retired storage classes."""
    _config.UNRESTRICTED_STORAGE_SERVICE = True
    try:
        yield
    finally:
        _config.UNRESTRICTED_STORAGE_SERVICE = False


def move_all(server, samples, label: str) -> None:
    contexts: dict[str, list[str]] = {}
    for sample in samples:
        syntaxes = contexts.setdefault(sample.head.sop_class, [])
        if sample.head.syntax not in syntaxes:
            syntaxes.append(sample.head.syntax)
    with unrestricted(), Receiver("TARGET", list(contexts.items())) as receiver:
        server.register("TARGET", allow="echo", port=receiver.port)
        with association(server, [(STUDY_MOVE, [EXPLICIT])]) as assoc:
            for study in sorted({sample.study for sample in samples}):
                for _ in assoc.send_c_move(identifier("STUDY", StudyInstanceUID=study), "TARGET", STUDY_MOVE):
                    pass
    for sample in samples:
        uid = sample.head.instance
        digest = hashlib.sha256(receiver.stored[uid]).hexdigest() if uid in receiver.stored else ""
        compare(sample, label, receiver.syntaxes.get(uid, "nothing"), digest)


def compare(sample, label: str, syntax: str, digest: str) -> None:
    if digest == hashlib.sha256(sample.data_set()).hexdigest():
        sample.results[label] = syntax == sample.head.syntax or f"right bytes under {syntax}"
    else:
        sample.results[label] = f"other bytes, {syntax}"


def path_of(server, sample) -> str:
    return f"{server.dicomweb}/studies/{sample.study}/series/{sample.series}/instances/{sample.head.instance}"


def retrieve_each(server, samples, label: str) -> None:
    session = server.session()
    for sample in samples:
        answer = session.get(path_of(server, sample), headers={"Accept": AS_STORED})
        if answer.status_code != 200:
            sample.results[label] = f"{answer.status_code} {answer.text[:200]}"
            continue
        ((fields, body),) = multipart(answer)
        file = cut(body)
        same = file.data_set == sample.data_set() and file.syntax == sample.head.syntax
        clean = file.preamble == bytes(128) and f"transfer-syntax={file.syntax}" in fields["content-type"].replace('"', "")
        sample.results[label] = (same and clean) or "other bytes"


def frames_each(server, samples, label: str) -> None:
    session = server.session()
    for sample in samples:
        row = sample.pixel_row
        if row is None:
            continue
        shape = [int(number) for number in row["shape"].split("x")]
        try:
            decoded = frames(session, path_of(server, sample), sample, shape, row)
            sample.results[label] = judge(decoded, row)
        except (AssertionError, ValueError) as error:
            sample.results[label] = str(error)[:300]


def frames(session, url: str, sample, shape, row) -> numpy.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = pydicom.dcmread(io.BytesIO(sample.source()), force=True, stop_before_pixels=True)
    count = int(header.get("NumberOfFrames") or 1)
    answer = session.get(f"{url}/frames/{','.join(str(n) for n in range(1, count + 1))}", headers={"Accept": OCTET_FRAMES})
    assert answer.status_code == 200, f"frames: {answer.status_code} {answer.text[:200]}"
    parts = [body for _, body in multipart(answer)]
    assert len(parts) == count, f"{len(parts)} frames instead of {count}"
    rows, columns, samples = int(header.Rows), int(header.Columns), int(header.SamplesPerPixel)
    size = rows * columns * samples
    if header.PhotometricInterpretation == "YBR_FULL_422" and is_native(sample.head.syntax):
        # The reference repeats the shared colour samples; the file and we do not.
        return shared_colours(parts, rows, columns)
    if header.get("BitsAllocated") == 1:
        pieces = [numpy.unpackbits(numpy.frombuffer(p, "u1"), bitorder="little")[:size] for p in parts]
    else:
        kind = numpy.dtype(row["dtype"].lstrip("<>")).newbyteorder("<")
        pieces = [numpy.frombuffer(p, kind, count=size) for p in parts]
    # Native planes stay planes; what a codec decodes comes by pixel.
    if header.get("PlanarConfiguration") == 1 and samples > 1 and is_native(sample.head.syntax):
        pieces = [piece.reshape(samples, rows, columns).transpose(1, 2, 0) for piece in pieces]
    whole = numpy.concatenate([numpy.ascontiguousarray(piece).reshape(-1) for piece in pieces])
    return stored_bits(whole, header) if whole.dtype.kind in "iu" else whole


def shared_colours(parts: list[bytes], rows: int, columns: int) -> numpy.ndarray:
    """Y1 Y2 Cb Cr to Y1 Cb Cr Y2 Cb Cr (PS3.3 C.7.6.3.1.2)."""
    packed = numpy.concatenate([numpy.frombuffer(p, "u1")[: rows * columns * 2] for p in parts]).reshape(-1, 4)
    return packed[:, [0, 2, 3, 1, 2, 3]].reshape(-1)


def stored_bits(values: numpy.ndarray, header) -> numpy.ndarray:
    """Without what else lies in the words: overlays, or a sign the sender did not extend."""
    unused = int(header.BitsAllocated) - int(header.BitsStored)
    if unused <= 0 or int(header.HighBit) != int(header.BitsStored) - 1:
        return values
    return (values << unused) >> unused


def is_native(syntax: str) -> bool:
    return syntax in (IMPLICIT, EXPLICIT, "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")


def judge(decoded: numpy.ndarray, row: dict):
    if row["lossy"] == "no":
        digest = hashlib.sha256(decoded.tobytes()).hexdigest()
        return digest == row["sha256_of_pixels"] or f"other pixels: mean {decoded.mean():.4f} instead of {row['mean']}"
    if not row["photometric_interpretation"].startswith("MONO"):
        return True
    near = abs(float(decoded.mean()) - float(row["mean"])) <= 0.5 and abs(int(decoded.max()) - float(row["max"])) <= 4
    return near or f"mean {decoded.mean():.4f} instead of {row['mean']}, max {decoded.max()} instead of {row['max']}"


def decoded_files(server, samples, label: str) -> None:
    """Whole objects as uncompressed files, read by pydicom."""
    session = server.session()
    for sample in samples:
        row = sample.pixel_row
        if row is None or row["lossy"] != "no":
            continue
        answer = session.get(path_of(server, sample), headers={"Accept": DECODED})
        if answer.status_code != 200:
            sample.results[label] = f"{answer.status_code} {answer.text[:200]}"
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                array = pixel_array(pydicom.dcmread(io.BytesIO(answer.content)), raw=True)
            except Exception as error:
                sample.results[label] = f"pydicom cannot read it: {error}"[:300]
                continue
        sample.results[label] = judge(array.astype(array.dtype.newbyteorder("<")), row)


def in_turn(server, samples) -> None:
    store(server, samples)
    kept = [sample for sample in samples if sample.results["stored"] is True]
    find_each(server, kept)
    for when in ("", " after compression at rest"):
        if when:
            server.stop()
            server.run("compression", "--run").ok()
            server.run("check").ok()
            server.start()
        get_all(server, kept, "given by C-GET" + when)
        move_all(server, kept, "given by C-MOVE" + when)
        retrieve_each(server, kept, "given by WADO-RS" + when)
        frames_each(server, kept, "frames" + when)
        decoded_files(server, kept, "decoded file" + when)
    server.stop()


ASPECTS = ["stored", "found by C-FIND", "found by QIDO-RS"] + [
    aspect + when
    for when in ("", " after compression at rest")
    for aspect in ("given by C-GET", "given by C-MOVE", "given by WADO-RS", "frames", "decoded file")
]


@pytest.fixture(scope="module")
def everything(shared, make_server, tmp_path_factory):
    """All samples marked ok that hold an object, with the result of every aspect."""
    samples = load(shared, tmp_path_factory.mktemp("unpacked"), {"ok"})
    objects = [sample for sample in samples if sample.has_identity and sample.is_object]
    chosen = os.environ.get("APUS_SAMPLES")
    if chosen:
        objects = [sample for sample in objects if chosen in sample.name]
    for members in in_rounds(objects):
        server = make_server(storage__compressionIdleSeconds=86_400)
        in_turn(server, members)
    return samples


@pytest.mark.slow
@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_object_is(everything, folder, aspect):
    """PACS-4.2.2-a PACS-4.7.1-b PACS-4.2.5-1 GUIDE-1.1.1.1.1-1 GUIDE-1.1.1.1.1-4 GUIDE-1.1.1.1.1-5"""
    objects = [s for s in everything if s.folder == folder and s.has_identity and s.is_object]
    if not objects:
        pytest.skip(f"{folder} holds no object with an identity of its own")
    wrong = [f"{s.name}: {s.results[aspect]}" for s in objects if s.results.get(aspect, True) is not True]
    assert not wrong, told(wrong, len(objects))


def told(wrong: list[str], total: int) -> str:
    """A list that stays readable."""
    rest = [f"… and {len(wrong) - 20} more"] if len(wrong) > 20 else []
    return "\n".join([f"{len(wrong)} of {total}", *wrong[:20], *rest])


# Files as they lie on a disk: the import of the page, and STOW-RS


@pytest.fixture(scope="module")
def imported(shared, make_server, tmp_path_factory):
    """Verdicts of the page's import for every file marked ok, whatever it is."""
    samples = load(shared, tmp_path_factory.mktemp("unpacked"), {"ok"})
    server = make_server()
    session = server.session()
    for sample in samples:
        answer = session.post(server.url + "/api/import", params={"name": sample.path.name}, data=sample.source())
        sample.results["import"] = answer.json()["results"] if answer.status_code == 200 else answer.text
    yield server, samples
    server.stop()


def reasons(results) -> object:
    return [(r["verdict"], r["reason"]) for r in results] if isinstance(results, list) else results


def is_passed_over(results) -> bool:
    return isinstance(results, list) and all(r["verdict"] in ("skipped", "refused") and r["reason"] for r in results)


def test_every_file_marked_ok_gets_a_verdict_when_imported(imported):
    """PACS-4.2.4-a PACS-4.2.4-b PACS-4.2.4-c PACS-4.2.4-d"""
    _, samples = imported
    wrong = []
    for sample in samples:
        results = sample.results["import"]
        is_kept = isinstance(results, list) and all(
            r["verdict"] in ("stored", "duplicate", "conflict", "quarantined") for r in results)
        if sample.is_object and not is_kept:
            wrong.append(f"{sample.name}: {reasons(results)}")
        if not sample.is_object and not is_passed_over(results):
            wrong.append(f"{sample.name} is no object, but: {results}")
    assert not wrong, told(wrong, len(samples))


def test_defective_but_readable_objects_are_kept_marked_and_given_back(imported):
    """PACS-4.2.2-b"""
    server, samples = imported
    session = server.session()
    wrong = []
    for sample in [s for s in samples if s.is_object and not s.has_identity]:
        results = sample.results["import"]
        kept = results[0] if isinstance(results, list) and results else {}
        study, instance = kept.get("studyInstanceUID"), kept.get("sopInstanceUID")
        if kept.get("verdict") not in ("quarantined", "stored", "conflict", "duplicate") or not study:
            wrong.append(f"{sample.name}: {reasons(results)}")
            continue
        answer = session.get(f"{server.dicomweb}/studies/{study}", headers={"Accept": AS_STORED})
        bodies = [cut(body).data_set for _, body in multipart(answer)] if answer.status_code == 200 else []
        if kept["verdict"] != "conflict" and sample.data_set() not in bodies:
            wrong.append(f"{sample.name}: not given back as study {study}, instance {instance}: {answer.status_code}")
    assert not wrong, told(wrong, len(samples))


# Broken files


@pytest.fixture(scope="module")
def broken(shared, make_server, tmp_path_factory):
    samples = load(shared, tmp_path_factory.mktemp("unpacked"), {"must-reject", "no-crash"})
    server = make_server()
    session = server.session()
    for sample in samples:
        source = sample.source()
        sample.results["C-STORE"] = c_store(server, source)
        body = multipart_body([("Content-Type: application/dicom", source)])
        answer = session.post(
            server.dicomweb + "/studies", data=body, timeout=60,
            headers={"Content-Type": 'multipart/related; type="application/dicom"; boundary=apus-test-boundary'})
        sample.results["STOW-RS"] = (answer.status_code, answer.text)
        answer = session.post(server.url + "/api/import", params={"name": sample.path.name}, data=source, timeout=60)
        sample.results["import"] = (answer.status_code, answer.json())
        sample.results["alive"] = server.is_alive
        if not server.is_alive:
            server.process = None
            server.start()
    yield server, samples
    server.stop()


def c_store(server, source: bytes) -> object:
    """Sends what follows the file meta information under the identity this announces."""
    try:
        file = cut(source)
    except Exception:
        file = Part10("", "", "", b"", source)
    file = Part10(
        file.sop_class if file.sop_class[:1].isdigit() else "1.2.840.10008.5.1.4.1.1.7",
        file.instance if file.instance[:1].isdigit() else "1.2.3.4.5.6", file.syntax if file.syntax[:1].isdigit() else EXPLICIT,
        b"", file.data_set)
    try:
        with Wire(server.dicom_port, timeout=60) as wire:
            wire.associate([(1, file.sop_class, [file.syntax])], calling=TESTER)
            if 1 not in wire.accepted:
                return "not accepted"
            status = wire.store(file)
            wire.release()
            return status
    except Closed:
        return "association ended"


def test_the_server_outlives_every_broken_file(broken):
    """PACS-4.3.1.2-2"""
    server, samples = broken
    assert [s.name for s in samples if not s.results["alive"]] == []
    assert [(s.name, s.results["STOW-RS"]) for s in samples if s.results["STOW-RS"][0] >= 500] == []
    assert echoes(server.dicom_port)
    assert server.peak_resident_bytes() < 400 << 20


def test_files_that_must_be_rejected_end_in_refusal_or_quarantine_with_a_reason(broken):
    """PACS-4.2.2-b PACS-4.2.2-c PACS-4.2.4-c"""
    _, samples = broken
    wrong = []
    for sample in [s for s in samples if s.expected == "must-reject"]:
        # C-STORE carries the data set alone: what is wrong with the file meta information stays behind.
        is_about_meta = any(kind in sample.name for kind in ("/cat07-", "/cat10-"))
        if sample.results["C-STORE"] == 0 and not is_about_meta:
            wrong.append(f"{sample.name}: C-STORE reports success")
        status, text = sample.results["STOW-RS"]
        if status == 200:
            wrong.append(f"{sample.name}: STOW-RS reports success")
        status, verdicts = sample.results["import"]
        for result in verdicts.get("results", []):
            if result["verdict"] not in ("refused", "quarantined", "skipped") or not result["reason"]:
                wrong.append(f"{sample.name}: import says {result}")
    assert not wrong, told(wrong, len(samples))


def test_the_archive_of_broken_files_is_sound(broken):
    server, _ = broken
    server.run("check").ok()
