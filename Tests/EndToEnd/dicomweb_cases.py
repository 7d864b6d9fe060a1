"""What the tests of DICOMweb share: sessions, clients and objects."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient

from objects import SECONDARY_CAPTURE, encoded, generate_uid, made_object
from peers import store_files

STOW = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=apus-test-boundary'}
DICOM_PART = "Content-Type: application/dicom"
FRAME = 'multipart/related; type="application/octet-stream"'
XML = 'multipart/related; type="application/dicom+xml"'


@pytest.fixture(scope="module")
def web(server):
    session = server.session()
    session.base = server.dicomweb
    return session


@pytest.fixture(scope="module")
def client(server, web):
    return DICOMwebClient(url=server.dicomweb, session=server.session())


@pytest.fixture(scope="module")
def ct(server, make_phantom):
    files = make_phantom("ct", images=5, noise=20, patient_name="Zhao^Min=赵^敏", patient_id="WEB-1")
    assert set(store_files(server, files).values()) == {0}
    return [pydicom.dcmread(path) for path in files]


@pytest.fixture(scope="module")
def multiframe(server, make_phantom):
    files = make_phantom("enhanced-ct", images=5, patient_id="WEB-FRAMES")
    assert set(store_files(server, files).values()) == {0}
    return pydicom.dcmread(files[0])


@pytest.fixture(scope="module")
def described(server):
    """Two series of one study, with attributes that the index does not hold, in a Chinese character set."""
    study = generate_uid()
    made = []
    for series in (1, 2):
        uid = generate_uid()
        for number in (1, 2):
            made.append(made_object(
                SECONDARY_CAPTURE, StudyInstanceUID=study, SeriesInstanceUID=uid, SeriesNumber=series, InstanceNumber=number,
                PatientID="WEB-HEADER", PatientName="Li^Ming=李^明", SpecificCharacterSet="GB18030",
                PatientState="空腹", InterpretationAuthor="Doe^Jane", InstitutionAddress=f"北京市第{series}医院",
                PresentationIntentType="FOR PRESENTATION", KVP=str(100 + 10 * series + number), DerivationDescription=f"层{number}"))
            block = made[-1].private_block(0x0011, "APUS TEST", create=True)
            block.add_new(0x01, "LO", f"private {number}")
    return made


@pytest.fixture(scope="module")
def described_client(server, client, described):
    answer = client.store_instances([pydicom.dcmread(io.BytesIO(encoded(each))) for each in described])
    assert len(answer.ReferencedSOPSequence) == 4
    return client


def path_of(dataset, level: int = 3) -> str:
    parts = ["/studies/" + dataset.StudyInstanceUID, "/series/" + dataset.SeriesInstanceUID, "/instances/" + dataset.SOPInstanceUID]
    return "".join(parts[:level])


def xml_parts(answer) -> list[ElementTree.Element]:
    assert answer.status_code == 200 and "application/dicom+xml" in answer.headers["Content-Type"]
    boundary = re.search(r'boundary="?([^";]+)', answer.headers["Content-Type"]).group(1)
    parts = answer.content.split(b"--" + boundary.encode())[1:-1]
    return [ElementTree.fromstring(part.split(b"\r\n\r\n", 1)[1]) for part in parts]


def flat(node: ElementTree.Element, path: str = "") -> dict[str, object]:
    """Values by tag path, whatever the writer's order and namespace; bulk data and binary values by their presence."""
    values: dict[str, object] = {}
    for attribute in node:
        tag = path + attribute.get("tag")
        if attribute.get("tag") in ("00080005", "7FE00010") or attribute.get("tag").startswith("0002"):
            continue
        items = [child for child in attribute if child.tag.endswith("Item")]
        if items:
            for item in items:
                values.update(flat(item, f"{tag}[{item.get('number')}]."))
        elif attribute.get("vr") == "PN":
            values[tag] = [
                (part.tag.split("}")[-1], [(each.tag.split("}")[-1], each.text) for each in part])
                for name in attribute for part in name]
        elif attribute.get("vr") in ("FL", "FD"):
            values[tag] = [pytest.approx(float(value.text)) for value in attribute]
        elif attribute.get("vr") in ("OB", "OW", "UN"):
            values[tag] = len(attribute) > 0
        else:
            values[tag] = [(value.get("number"), (value.text or "").strip()) for value in attribute if value.text]
    return {tag: value for tag, value in values.items() if value not in ([], False)}
