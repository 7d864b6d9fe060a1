"""The command line: help, exit codes, remedies, and results checked with other software."""

from __future__ import annotations

import io
import json
import pathlib
import re
import shutil
import socket
import subprocess
import zipfile

import numpy
import pydicom
import pytest
import requests
from pynetdicom import AE

from apus_server import TESTER, REPOSITORY, apus, free_port

from dicom_wire import echoes
from objects import data_set_digest, encoded, made_object, pixels, saved, with_pixels
from peers import Receiver, dcmtk

COMMANDS = [
    [], ["serve"], ["echo"], ["store"], ["find"], ["move"], ["get"], ["commit"], ["dump"], ["json"], ["transcode"],
    ["validate"], ["import"], ["export"], ["check"], ["reindex"], ["compression"], ["phantom"], ["user"], ["user", "add"],
    ["user", "passwd"], ["user", "list"], ["token"], ["token", "create"], ["token", "list"], ["token", "revoke"],
    ["device"], ["device", "add"], ["device", "list"], ["device", "remove"], ["device", "inbox"], ["setting"], ["jobs"],
    ["refusals"], ["quarantine"], ["conflicts"], ["inconsistencies"], ["audit"], ["conformance"],
]
LOSSLESS = ["implicit", "explicit", "big-endian", "deflated", "rle", "jpeg-lossless", "jpeg-ls", "jpeg2000", "htj2k", "htj2k-rpcl"]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(command):
    done = apus(*command, "--help")
    assert done.code == 0
    assert "USAGE:" in done.out and "OVERVIEW:" in done.out


def test_the_version_is_told():
    assert apus("--version").ok().out.strip()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nonsense"], 64),
        (["serve", "--nonsense"], 64),
        (["serve", "--http", "nowhere"], 78),
        (["serve", "--config", "/does/not/exist.json"], 66),
        (["echo", "no-port"], 64),
        (["echo", "host:99999"], 64),
        (["find", "127.0.0.1:1", "-k", "NoSuchKeyword=1"], 64),
        (["store", "127.0.0.1:1", "/does/not/exist.dcm"], 66),
        (["dump", "/does/not/exist.dcm"], 66),
        (["dump", "/etc/hostname"], 65),
        (["json", "/etc/hostname"], 65),
        (["validate", "/etc/hostname"], 65),
        (["transcode", "/etc/hostname", "/tmp/never-written.dcm"], 65),
        (["import", "/does/not/exist"], 66),
        (["export", "--output", "/tmp/never-written", "--data", "/does/not/exist"], 66),
        (["check", "--data", "/does/not/exist"], 66),
        (["reindex", "--data", "/does/not/exist"], 66),
        (["user", "list", "--data", "/does/not/exist"], 66),
        (["device", "list", "--data", "/does/not/exist"], 66),
        (["phantom", "submarine"], 64),
        (["phantom", "ct", "--matrix", "0"], 64),
        (["phantom", "ct", "--noise", "-5", "--images", "1"], 64),
        (["phantom", "ct", "--spacing", "inf", "--images", "1", "--matrix", "8"], 64),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_call_ends_with_the_right_code_and_says_why(arguments, code, tmp_path):
    done = apus(*arguments, cwd=tmp_path)
    assert done.code == code, (done.code, done.out, done.err)
    assert (done.err + done.out).strip()
    assert "Fatal error" not in done.err


def test_a_wrong_setting_names_the_key_and_what_may_stand_there(tmp_path):
    for wrong, said in (
        ({"dicom": {"aeTitel": "X"}}, "dicom.aeTitel"), ({"storage": {"compression": "zip"}}, "storage.compression"),
        ({"dicom.tlsPort": "many"}, "dicom.tlsPort"), ({"storage": {"volumes": [{"id": 1}]}}, "storage.volumes"),
    ):
        path = tmp_path / "config.json"
        path.write_text(json.dumps(wrong))
        done = apus("serve", "--config", path, "--data", tmp_path / "data", timeout=60)
        assert done.code == 78
        assert said in done.err


# Accounts, tokens, devices


def test_administration_works_beside_a_running_server(server):
    """GUIDE-1.1.1.1.4-1"""
    server.run("user", "add", "wang", "--role", "radiologist", "--password-stdin", stdin="Quiet-harbour-7\n").ok()
    assert "wang\tradiologist\tactive" in server.run("user", "list").ok().out
    session = requests.post(server.url + "/api/session", json={"name": "wang", "password": "Quiet-harbour-7"})
    assert session.status_code == 200, session.text
    server.run("user", "passwd", "wang", "--password-stdin", "--yes", stdin="Another-harbour-8\n").ok()
    assert requests.post(server.url + "/api/session", json={"name": "wang", "password": "Quiet-harbour-7"}).status_code == 401
    assert requests.post(server.url + "/api/session", json={"name": "wang", "password": "Another-harbour-8"}).status_code == 200
    weak = server.run("user", "add", "li", "--role", "radiologist", "--password-stdin", stdin="12345\n")
    assert weak.code == 65 and "10" in weak.err
    again = server.run("user", "add", "wang", "--role", "radiologist", "--password-stdin", stdin="Quiet-harbour-7\n")
    assert again.code == 65
    assert server.run("user", "add", "x", "--role", "king", "--password-stdin", stdin="Quiet-harbour-7\n").code == 64
    assert server.run("user", "passwd", "nobody", "--password-stdin", stdin="Quiet-harbour-7\n").code == 66


def test_a_token_works_until_it_is_revoked(server):
    token = server.run("token", "create", "--role", "integration", "--name", "test").ok().out.strip()
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(server.dicomweb + "/studies", headers=headers).status_code in (200, 204)
    prefix = [line.split("\t")[0] for line in server.run("token", "list").ok().out.splitlines() if line.endswith("\ttest")][0]
    assert token.startswith(prefix)
    server.run("token", "revoke", prefix, "--yes").ok()
    assert requests.get(server.dicomweb + "/studies", headers=headers).status_code == 401
    for days in ("0", "-1", "99999999999999999"):
        done = server.run("token", "create", "--role", "integration", "--expires", days)
        assert done.code in (0, 64, 65), done.err
        assert "Fatal error" not in done.err


def test_devices_are_added_changed_listed_and_removed(server):
    """PACS-4.5.4-1 PACS-4.5.4-2 PACS-4.5.4-3 GUIDE-1.1.1.1.4-5"""
    server.run("device", "add", "--ae", "CT1", "--host", "10.0.0.7", "--port", 104, "--allow", "echo,store,commit").ok()
    assert "CT1\t10.0.0.7:104\techo,store,commit" in server.run("device", "list").ok().out
    server.run("device", "add", "--ae", "CT1", "--allow", "echo,worklist,mpps,print").ok()
    assert "CT1\t" in server.run("device", "list").ok().out
    server.run("device", "remove", "--ae", "CT1", "--force").ok()
    assert "CT1\t" not in server.run("device", "list").ok().out
    assert server.run("device", "remove", "--ae", "CT1").code == 66
    for wrong in (["--ae", "A" * 17], ["--ae", "X", "--allow", "everything"], ["--ae", "X", "--port", "0"], ["--ae", "X", "--from", "not an address!"]):
        done = server.run("device", "add", *wrong)
        assert done.code in (64, 65) and done.err.strip(), wrong


# Files


@pytest.fixture(scope="module")
def examples(phantoms, tmp_path_factory):
    """One of each phantom and an object with every kind of value."""
    folder = tmp_path_factory.mktemp("examples")
    made = made_object(
        PatientName="Wang^XiaoDong=王^小东", PatientAge="045Y", StudyDescription="描述", PatientComments="第一行\r\n第二行",
        PatientWeight="72.5", SeriesDescription="a")
    made.add_new(0x00181063, "DS", "33.3")
    made.add_new(0x0018605A, "FL", 1.5)
    made.add_new(0x0018602C, "FD", -2.25)
    made.add_new(0x00081250, "SQ", [pydicom.Dataset()])
    made.RelatedSeriesSequence[0].StudyInstanceUID = "1.2.3"
    block = made.private_block(0x0029, "Apus Test", create=True)
    block.add_new(1, "LO", "private")
    block.add_new(2, "OB", bytes(range(10)))
    made.add_new(0x00280009, "AT", 0x00181063)
    saved(made, folder, "values.dcm")
    for path in sorted(phantoms.rglob("*00001.dcm")):
        shutil.copy(path, folder)
    return sorted(folder.iterdir())


def test_json_is_what_pydicom_says(examples):
    for path in examples:
        got = json.loads(apus("json", path).ok().out)
        expected = json.loads(pydicom.dcmread(path).to_json(bulk_data_threshold=1 << 40))
        assert set(got) == set(expected)
        for tag, value in expected.items():
            # An empty sequence may come without Value (PS3.18 F.2.5); pydicom writes an empty one.
            assert got[tag] == {name: part for name, part in value.items() if part != []}, (path.name, tag)
        assert "7FE00010" not in got or "InlineBinary" not in json.loads(apus("json", path, "--no-bulk").ok().out)["7FE00010"]


def test_dump_names_every_element_pydicom_reads(examples):
    for path in examples:
        text = apus("dump", path).ok().out
        read = pydicom.dcmread(path)
        for element in [*list(read.file_meta)[1:], *read]:
            assert f"({element.tag.group:04X},{element.tag.element:04X}) {element.VR}".lower() in text.lower(), element
        assert str(read.SOPInstanceUID) in text
        assert "Wang^XiaoDong=王^小东" in text or path.name != "values.dcm"


@pytest.mark.parametrize("kind", ["ct", "mr", "cr", "us", "enhanced-ct"])
def test_a_phantom_conforms_to_its_object_definition(phantoms, kind):
    """PACS-4.7.1-c, by our own checks and by dciodvfy."""
    path = sorted((phantoms / kind).iterdir())[0]
    assert "conforms" in apus("validate", path).ok().out
    others = dcmtk("dciodvfy", path)
    errors = [line for line in (others.out + others.err).splitlines() if line.startswith("Error")]
    assert not errors, "\n".join(errors)


def test_validation_finds_what_is_wrong(tmp_path):
    made = made_object()
    made["StudyDate"]._value = "2026-01-01"
    path = saved(made, tmp_path)
    done = apus("validate", path)
    assert done.code == 1
    assert "(0008,0020)" in done.out.lower() or "StudyDate" in done.out


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize("depth", ["u1", "u2"])
def test_transcoding_changes_no_pixel_as_other_decoders_see_it(tmp_path, depth, syntax):
    image = numpy.random.default_rng(3).integers(0, 200 if depth == "u1" else 4096, (3, 37, 51)).astype(depth)
    image[:, 5:20, 5:30] = 7
    made = with_pixels(made_object("1.2.840.10008.5.1.4.1.1.7.3" if depth == "u2" else "1.2.840.10008.5.1.4.1.1.7.2"), image)
    source = saved(made, tmp_path, "source.dcm")
    target = tmp_path / "target.dcm"
    apus("transcode", source, target, "--to", syntax).ok()
    back = tmp_path / "back.dcm"
    apus("transcode", target, back, "--to", "explicit").ok()
    numpy.testing.assert_array_equal(pixels(back), image)
    decoded = tmp_path / "decoded.dcm"
    decoder = {"jpeg-lossless": "dcmdjpeg", "jpeg-ls": "dcmdjpls", "rle": "dcmdrle"}.get(syntax)
    if decoder:
        dcmtk(decoder, target, decoded).ok()
        numpy.testing.assert_array_equal(pixels(decoded), image)
    elif syntax in ("implicit", "explicit", "big-endian", "deflated"):
        numpy.testing.assert_array_equal(pixels(target), image)
        dcmtk("dcmdump", target).ok()
    else:
        by_openjpeg(target, image, tmp_path)
    before, after = pydicom.dcmread(source), pydicom.dcmread(target)
    assert (before.SOPInstanceUID, str(before.PatientName)) == (after.SOPInstanceUID, str(after.PatientName))


def by_openjpeg(path, image, folder) -> None:
    """JPEG 2000 code-streams by Pillow's or the system's OpenJPEG; HTJ2K needs one that knows it."""
    from pydicom.encaps import generate_frames

    for number, frame in enumerate(generate_frames(pydicom.dcmread(path).PixelData)):
        stream, out = folder / f"{number}.j2k", folder / f"{number}.raw"
        stream.write_bytes(frame)
        done = subprocess.run(["opj_decompress", "-i", stream, "-o", out], capture_output=True)
        if done.returncode != 0:
            pytest.skip("the installed OpenJPEG does not decode this code-stream")
        numpy.testing.assert_array_equal(numpy.fromfile(out, image.dtype).reshape(image.shape[1:]), image[number])


def test_a_lossy_result_says_so_and_is_another_object(tmp_path):
    """PACS-4.2.4-e"""
    image = numpy.tile(numpy.arange(128, dtype="u1"), (64, 1))
    source = saved(with_pixels(made_object("1.2.840.10008.5.1.4.1.1.7.2"), image[None]), tmp_path, "source.dcm")
    done = apus("transcode", source, tmp_path / "lossy.dcm", "--to", "jpeg-baseline").ok()
    assert "lossy" in done.err
    lossy = pydicom.dcmread(tmp_path / "lossy.dcm")
    assert lossy.LossyImageCompression == "01"
    assert lossy.SOPInstanceUID != pydicom.dcmread(source).SOPInstanceUID
    assert numpy.abs(pixels(tmp_path / "lossy.dcm").astype(int).reshape(64, 128) - image).mean() < 3


# Archive


@pytest.fixture(scope="module")
def medium(phantoms, tmp_path_factory):
    """A DICOMDIR medium written by pydicom."""
    from pydicom.fileset import FileSet

    media = FileSet()
    for path in sorted(phantoms.rglob("*.dcm")):
        media.add(path)
    folder = tmp_path_factory.mktemp("medium")
    media.write(folder)
    (folder / "README.TXT").write_text("viewer inside")
    return folder


def test_a_medium_a_zip_and_a_folder_are_imported_with_a_verdict_for_each_file(make_server, medium, phantoms, tmp_path):
    """PACS-4.2.4-a PACS-4.2.4-b PACS-4.2.4-c PACS-4.2.4-d GUIDE-1.1.1.2-11"""
    count = len(list(phantoms.rglob("*.dcm")))
    server = make_server(start=False)
    done = server.run("import", medium, "--list").ok()
    assert f"{count} stored" in done.out and "2 skipped" in done.out
    packed = tmp_path / "disc.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in medium.rglob("*"):
            if path.is_file():
                archive.write(path, path.relative_to(medium))
    assert f"{count} duplicate" in server.run("import", packed).ok().out
    out = tmp_path / "out"
    server.run("export", "--output", out).ok()
    assert sorted(data_set_digest(p.read_bytes()) for p in out.rglob("*.dcm")) == sorted(
        data_set_digest(p.read_bytes()) for p in phantoms.rglob("*.dcm"))


def test_a_file_the_medium_names_but_lacks_is_reported(make_server, medium, tmp_path):
    """PACS-4.2.4-c"""
    broken = tmp_path / "broken"
    shutil.copytree(medium, broken)
    victim = sorted(p for p in broken.rglob("*") if p.is_file() and p.name not in ("DICOMDIR", "README.TXT"))[0]
    victim.unlink()
    done = make_server(start=False).run("import", broken)
    assert done.code == 1
    assert "1 refused" in done.out
    assert victim.name in done.out


def test_an_encrypted_or_hostile_zip_does_no_harm(make_server, tmp_path):
    server = make_server()
    session = server.session()
    evil = io.BytesIO()
    with zipfile.ZipFile(evil, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../../../tmp/apus-evil.dcm", encoded(made_object()))
        archive.writestr("bomb", bytes(200 << 20))
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as nested:
            nested.writestr("x", encoded(made_object()))
        archive.writestr("inner.zip", inner.getvalue())
    for name, data in {"evil.zip": evil.getvalue(), "cut.zip": evil.getvalue()[:2000], "empty.zip": b"PK\x05\x06" + bytes(18),
                       "head.zip": b"PK\x03\x04" + bytes(100)}.items():
        answer = session.post(server.url + "/api/import", params={"name": name}, data=data, timeout=60)
        assert answer.status_code == 200, (name, answer.text)
        assert all(r["verdict"] and (r["reason"] or r["verdict"] == "stored") for r in answer.json()["results"])
    assert not pathlib.Path("/tmp/apus-evil.dcm").exists()
    assert server.peak_resident_bytes() < 400 << 20
    server.stop()


@pytest.mark.parametrize("way", ["page", "command"])
def test_what_only_pretends_to_be_an_image_is_not_taken_in(make_server, tmp_path, way):
    """PACS-4.2.4-d SEC-3.2-MLDP"""
    # The harmless test virus of EICAR, an executable and a picture, two of them renamed; and magic words without an object.
    virus = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    disguised = {
        "eicar.com": virus, "image.dcm": b"MZ" + bytes(500), "picture.dcm": b"\xff\xd8\xff\xe0" + bytes(500),
        "noextension": b"\x7fELF" + bytes(500), "magic.dcm": bytes(128) + b"DICM" + virus,
    }
    server = make_server(start=way == "page")
    for name, content in disguised.items():
        if way == "page":
            answer = server.session().post(server.url + "/api/import", params={"name": name}, data=content)
            assert answer.status_code == 200, answer.text
            verdicts = [result["verdict"] for result in answer.json()["results"]]
            assert verdicts and set(verdicts) <= {"refused", "skipped"}, (name, verdicts)
        else:
            (tmp_path / name).write_bytes(content)
    if way == "command":
        server.run("import", tmp_path)
        server.start()
    assert server.status()["counts"]["instances"] == 0
    server.stop()


def test_store_reports_the_files_the_peer_refused(phantoms):
    """PACS-4.2.2-c PACS-4.5.14-1"""
    with Receiver("PEER", [("1.2.840.10008.5.1.4.1.1.2", ["1.2.840.10008.1.2.1"])], status=0xA700) as peer:
        done = apus("store", f"PEER@127.0.0.1:{peer.port}", phantoms / "ct")
    assert done.code == 1
    assert "0 sent, 6 failed" in done.out
    assert done.err.count("A700") == 6
    assert apus("store", f"PEER@127.0.0.1:{free_port()}", phantoms / "ct").code == 69


def test_store_find_get_and_move_work_between_our_own_ends(server, make_phantom, tmp_path):
    files = make_phantom("mr", images=3)
    study = str(pydicom.dcmread(files[0]).StudyInstanceUID)
    assert "3 sent, 0 failed" in apus("store", server.peer, "--calling", TESTER, files[0].parent).ok().out
    found = apus("find", server.peer, "--calling", TESTER, "-k", f"StudyInstanceUID={study}").ok()
    assert study in found.out and "体模 Phantom" in found.out
    limited = apus("find", server.peer, "--calling", TESTER, "-k", "PatientID=*", "--limit", "1").ok()
    assert "1 matches" in limited.err
    out = tmp_path / "got"
    assert "3 done" in apus("get", server.peer, "--calling", TESTER, "-k", f"StudyInstanceUID={study}", "--output", out).ok().out
    assert sorted(data_set_digest(p.read_bytes()) for p in out.iterdir()) == sorted(data_set_digest(p.read_bytes()) for p in files)


def test_compression_is_reported_with_ratio_entropy_and_error(server, make_phantom):
    """PACS-4.2.6-a"""
    files = make_phantom("ct", images=4, noise=15)
    apus("store", server.peer, "--calling", TESTER, files[0].parent).ok()
    report = server.run("compression", "--report").ok().out
    rows = [line.split("\t") for line in report.splitlines()[1:]]
    assert rows
    for modality, _, _, _, codec, ratio, entropy, error in rows:
        assert float(ratio.rstrip(" %")) > 0
        assert 0 <= float(entropy.split()[0]) <= 16
        assert float(error) == 0 or "baseline" in codec


def test_the_audit_log_is_intact_and_told_when_it_is_not(make_server):
    """PACS-4.5.12-2"""
    import sqlite3

    server = make_server()
    server.token()
    server.run("audit", "--verify").ok()
    assert len(server.run("audit").ok().out.splitlines()) >= 2
    server.stop()
    with sqlite3.connect(server.data / "security.sqlite") as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='table' AND name LIKE '%audit%'")]
        assert names
        removed = 0
        for name in names:
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({name})")]
            if len(columns) > 4:
                try:
                    removed += database.execute(
                        f"DELETE FROM {name} WHERE rowid = (SELECT min(rowid) + 1 FROM {name})").rowcount
                except sqlite3.IntegrityError:
                    # Refusing the change is as good as telling of it.
                    return
    assert removed
    assert server.run("audit", "--verify").code == 65


def test_the_conformance_statement_names_what_the_server_does(server):
    """PACS-4.7.1-a GUIDE-III.2.1.2-3"""
    text = apus("conformance").ok().out
    for needed in ("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.1.20.1", "1.2.840.10008.1.2.4.90", "GB18030"):
        assert needed in text
    published = REPOSITORY / "CONFORMANCE.md"
    if published.exists():
        assert published.read_text() == text


def test_every_storage_class_the_conformance_statement_lists_is_negotiated_in_each_listed_syntax(server):
    """PACS-1-1 PACS-4.7.1-a GUIDE-1.1.1.2-9 GUIDE-1.1.1.2-2"""
    storage = apus("conformance").ok().out.split("\n## Storage\n")[1].split("\n## Query")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in storage.splitlines() if line.startswith("|")]
    listed = {row[1] for row in rows if len(row) == 4 and re.fullmatch(r"1\.2\.840\.10008\.5[.0-9]+", row[1])}
    syntaxes = sorted({cell for row in rows for cell in row if re.fullmatch(r"1\.2\.840\.10008\.1\.2[.0-9]*", cell)})
    assert len(listed) > 100 and len(syntaxes) > 15
    remaining = sorted(listed)
    while remaining:
        ae = AE(ae_title=TESTER)
        chunk, remaining = remaining[:100], remaining[100:]
        for uid in chunk:
            ae.add_requested_context(uid, syntaxes)
        assoc = ae.associate("127.0.0.1", server.dicom_port, ae_title=server.ae)
        assert assoc.is_established
        assert {str(context.abstract_syntax) for context in assoc.accepted_contexts} == set(chunk)
        assoc.release()
    ae = AE(ae_title=TESTER)
    for syntax in syntaxes:
        ae.add_requested_context("1.2.840.10008.5.1.4.1.1.7", syntax)
    assoc = ae.associate("127.0.0.1", server.dicom_port, ae_title=server.ae)
    assert {str(context.transfer_syntax[0]) for context in assoc.accepted_contexts} == set(syntaxes)
    assoc.release()


# Phantoms: geometry and values known beforehand

RODS = {"bone": (50, 0, 15, 1000), "fat": (-50, 0, 15, -100), "lung": (0, 50, 20, -800), "contrast": (0, -50, 5, 300)}


@pytest.mark.parametrize(("matrix", "spacing"), [(512, 0.5), (256, 1.0)])
def test_the_ct_phantom_has_the_geometry_and_values_it_promises(make_phantom, matrix, spacing):
    files = make_phantom("ct", images=5, matrix=matrix, spacing=spacing, slice_spacing=2.5)
    slices = sorted((pydicom.dcmread(path) for path in files), key=lambda d: d.ImagePositionPatient[2])
    heights = [float(d.ImagePositionPatient[2]) for d in slices]
    assert numpy.allclose(numpy.diff(heights), 2.5)
    assert numpy.isclose(sum(heights), 0)
    for dataset in slices:
        assert [float(v) for v in dataset.ImageOrientationPatient] == [1, 0, 0, 0, 1, 0]
        assert [float(v) for v in dataset.PixelSpacing] == [spacing, spacing]
        x0, y0, _ = map(float, dataset.ImagePositionPatient)
        y, x = numpy.mgrid[0:matrix, 0:matrix]
        x, y = x0 + x * spacing, y0 + y * spacing
        values = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        expected = numpy.where(x**2 + y**2 <= 100**2, 0.0, -1000.0)
        for cx, cy, radius, hounsfield in RODS.values():
            inside = (x - cx) ** 2 + (y - cy) ** 2 <= radius**2
            expected[inside] = hounsfield
            area = inside.sum() * spacing**2
            assert abs((values == hounsfield).sum() * spacing**2 - area) < 1e-6 or hounsfield == 0
            assert abs(area / (numpy.pi * radius**2) - 1) < 0.05
        numpy.testing.assert_array_equal(values, expected)


def test_the_enhanced_phantom_holds_the_same_volume(make_phantom):
    classic = [pydicom.dcmread(path) for path in make_phantom("ct", images=4, slice_spacing=3, seed=77)]
    enhanced = pydicom.dcmread(make_phantom("enhanced-ct", images=4, slice_spacing=3, seed=77)[0])
    assert enhanced.NumberOfFrames == 4
    classic.sort(key=lambda d: d.ImagePositionPatient[2])
    positions = [
        float(item.PlanePositionSequence[0].ImagePositionPatient[2]) for item in enhanced.PerFrameFunctionalGroupsSequence]
    assert positions == [float(d.ImagePositionPatient[2]) for d in classic]
    numpy.testing.assert_array_equal(enhanced.pixel_array, numpy.stack([d.pixel_array for d in classic]))


@pytest.mark.parametrize("kind", ["mr", "cr", "us"])
def test_the_other_phantoms_state_their_scale(make_phantom, kind):
    dataset = pydicom.dcmread(make_phantom(kind, images=1, matrix=128, spacing=2)[0])
    assert dataset.pixel_array.shape == (128, 128)
    if kind == "mr":
        assert [float(v) for v in dataset.PixelSpacing] == [2, 2]
    elif kind == "cr":
        assert [float(v) for v in dataset.ImagerPixelSpacing] == [2, 2]
        x = (numpy.arange(128) - 63.5) * 2
        chord = lambda centre, radius: 2 * numpy.sqrt(numpy.clip(radius**2 - (x - centre) ** 2, 0, None))
        profile = chord(0, 100) + sum(chord(cx, r) * hu / 1000 for cx, _, r, hu in RODS.values())
        numpy.testing.assert_allclose(dataset.pixel_array[40], numpy.round(10 * profile), atol=1)
    else:
        region = dataset.SequenceOfUltrasoundRegions[0]
        assert (region.PhysicalDeltaX, region.PhysicalUnitsXDirection) == (0.2, 3)


def test_equal_seeds_give_equal_files_and_others_do_not(make_phantom):
    first, second = make_phantom("ct", images=1, noise=9, seed=5)[0], make_phantom("ct", images=1, noise=9, seed=5)[0]
    assert first.read_bytes() == second.read_bytes()
    assert make_phantom("ct", images=1, noise=9, seed=6)[0].read_bytes() != first.read_bytes()


def test_an_import_beside_a_running_server_gives_the_same_verdicts(make_server, tmp_path):
    """PACS-4.2.4-b PACS-4.2.4-c"""
    media = tmp_path / "media"
    (media / "more").mkdir(parents=True)
    made = [made_object(PatientID=f"IMPORT{number}") for number in range(30)]
    for number, each in enumerate(made):
        saved(each, media / "more" if number % 2 else media, f"{number}.dcm")
    (media / "readme.txt").write_text("not a DICOM file")
    (media / "broken.dcm").write_bytes(encoded(made[0])[:300])
    beside, alone = make_server(), make_server()
    alone.stop()
    outcomes = [each.run("import", "--list", media) for each in (beside, alone)]
    assert [o.code for o in outcomes] == [1, 1], outcomes
    verdicts = [sorted(line for line in o.out.splitlines() if "\t" in line) for o in outcomes]
    assert verdicts[0] == verdicts[1] and len(verdicts[0]) == 32
    assert outcomes[0].out.splitlines()[-1] == outcomes[1].out.splitlines()[-1]
    assert (beside.data / "server.sock").stat().st_mode & 0o777 == 0o600
    rows = beside.session().get(beside.dicomweb + "/studies", params={"limit": 100}).json()
    assert len(rows) == 30
    again = beside.run("import", media / "more")
    assert again.code == 0 and "15 duplicate" in again.out
    for each in (beside, alone):
        assert "study.imported" in each.run("audit").ok().out
    beside.kill()
    # What a killed server leaves is no server.
    assert beside.run("import", media / "0.dcm").code == 0
    beside.start()
    assert "1 duplicate" in beside.run("import", media / "0.dcm").out
    beside.stop()
    assert not (beside.data / "server.sock").exists()


def test_both_ports_answer_when_the_server_says_it_runs_and_it_stops_without_complaint(make_server):
    server = make_server()
    held = []
    for _ in range(3):
        # Connections that stay open, and one that listens for events, are no reason to complain at the end.
        held.append(server.session())
        assert held[-1].get(server.url + "/api/server").status_code == 200
    events = server.session().get(server.url + "/api/events", stream=True)
    assert next(events.iter_lines()) is not None
    for _ in range(5):
        assert echoes(server.dicom_port)
        assert server.stop() == 0
        assert "Cancellation" not in server.log() and "rror" not in server.log(), server.log()[-2000:]
        server.start()
        with socket.create_connection(("127.0.0.1", server.http_port), 1), socket.create_connection(("127.0.0.1", server.dicom_port), 1):
            pass
    server.stop()
