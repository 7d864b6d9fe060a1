"""The 128 bytes before DICM never carry anything executable, on whichever path an object comes or goes."""

from __future__ import annotations

import io
import zipfile

import pytest

from apus_server import apus
from dicom_wire import Part10
from objects import encoded, generate_uid, made_object, multipart, multipart_body

STOW = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=apus-test-boundary'}
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'

EXECUTABLE = {
    "PE": b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + bytes(range(100)),
    "ELF": b"\x7fELF\x02\x01\x01" + bytes(range(1, 100)),
    "Mach-O": b"\xcf\xfa\xed\xfe\x07\x00\x00\x01" + bytes(range(1, 100)),
    "script": b"#!/bin/sh\nrm -rf ~\n",
    "HTML": b"   <html><script>alert(1)</script>",
    "ZIP": b"PK\x03\x04" + bytes(range(1, 90)),
}
HARMLESS = {
    "TIFF": b"II*\0\x08\0\0\0" + bytes(range(1, 60)),
    "big-endian TIFF": b"MM\0*\0\0\0\x08" + bytes(range(1, 60)),
    "words": b"written by a scanner with habits of its own",
}
ALL = {**EXECUTABLE, **HARMLESS}


def with_preamble(content: bytes, study: str) -> bytes:
    return encoded(made_object(StudyInstanceUID=study), content.ljust(128, b"\0")[:128])


def stow(server, data: bytes) -> None:
    body = multipart_body([("Content-Type: application/dicom", data)])
    answer = server.session().post(server.dicomweb + "/studies", data=body, headers=STOW)
    assert answer.status_code == 200, answer.text


def page_import(server, data: bytes) -> None:
    answer = server.session().post(server.url + "/api/import", params={"name": "IM1"}, data=data)
    assert [r["verdict"] for r in answer.json()["results"]] == ["stored"], answer.text


def zip_import(server, data: bytes) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/IM1", data)
    answer = server.session().post(server.url + "/api/import", params={"name": "disc.zip"}, data=packed.getvalue())
    assert [r["verdict"] for r in answer.json()["results"]] == ["stored"], answer.text


def given(server, study: str) -> list[bytes]:
    """Preambles of a study as it leaves over DICOMweb."""
    answer = server.session().get(f"{server.dicomweb}/studies/{study}", headers={"Accept": AS_STORED})
    assert answer.status_code == 200, answer.text
    return [body[:128] for _, body in multipart(answer)]


def exported(server, study: str, folder) -> list[bytes]:
    server.run("export", "--output", folder, "--study", study).ok()
    return [path.read_bytes()[:128] for path in folder.rglob("*.dcm")]


def on_disk(server, needle: bytes) -> bool:
    return any(needle in path.read_bytes() for path in (server.data / "volumes").rglob("*") if path.is_file())


@pytest.mark.parametrize("way", [stow, page_import, zip_import], ids=["STOW-RS", "import", "import of a ZIP archive"])
@pytest.mark.parametrize("kind", ALL)
def test_by_default_every_preamble_becomes_zero_on_the_way_in_and_out(server, tmp_path, way, kind):
    """PACS-4.5.22-2 PACS-4.5.22-3"""
    study = generate_uid()
    marked = ALL[kind] + f" {study[-20:]}".encode()
    way(server, with_preamble(marked, study))
    assert given(server, study) == [bytes(128)]
    assert exported(server, study, tmp_path) == [bytes(128)]
    assert not on_disk(server, marked[:128])


def test_the_import_command_zeroes_as_well(make_server, tmp_path):
    """PACS-4.5.22-3"""
    server = make_server(start=False)
    studies = {}
    for name, content in ALL.items():
        studies[name] = generate_uid()
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(with_preamble(content, studies[name]))
    assert f"{len(ALL)} stored" in server.run("import", tmp_path / "in").ok().out
    for name, study in studies.items():
        assert exported(server, study, tmp_path / "out" / name) == [bytes(128)], name


@pytest.mark.parametrize(("policy", "kept"), [("whitelist", {"TIFF", "big-endian TIFF"}), ("detectExecutable", set(HARMLESS))])
def test_by_setting_a_white_list_or_the_detection_of_executables_decides(make_server, tmp_path, policy, kept):
    """PACS-4.5.22-2"""
    server = make_server(storage__preamble=policy)
    for name, content in ALL.items():
        study = generate_uid()
        stow(server, with_preamble(content, study))
        stored = on_disk(server, content.ljust(128, b"\0")[:8] + content[8:40])
        assert stored is (name in kept), name
        # What cannot be trusted to be harmless never leaves either.
        for preamble in given(server, study) + exported(server, study, tmp_path / name):
            if name in EXECUTABLE:
                assert preamble == bytes(128), name
    server.stop()


def test_retrieved_objects_read_the_same_with_their_preamble_gone(server):
    made = made_object()
    stow(server, encoded(made, EXECUTABLE["PE"].ljust(128, b"\0")[:128]))
    answer = server.session().get(f"{server.dicomweb}/studies/{made.StudyInstanceUID}", headers={"Accept": AS_STORED})
    ((_, body),) = multipart(answer)
    from dicom_wire import read_part10

    file: Part10 = read_part10(body)
    assert file.data_set == read_part10(encoded(made)).data_set


def test_validation_of_a_file_names_an_executable_preamble(tmp_path):
    """PACS-4.5.22-2"""
    path = tmp_path / "elf.dcm"
    path.write_bytes(with_preamble(EXECUTABLE["ELF"], generate_uid()))
    done = apus("validate", path)
    assert done.code == 1
    assert "ELF" in done.out
