"""The files that are sent: CT series written by `apus phantom` (512 x 512, noise, half a megabyte each), and small objects
with many patients for queries. Equal parameters give equal files; they are kept between runs."""
import os
import random
import shutil
import struct

from . import targets, wire

# Pixels of one CT image that `series` writes.
SLICE_BYTES = 512 * 512 * 2
ROOT_UID = "1.2.826.0.1.3680043.8.498.77"
SURNAMES = [("Zhang", "张"), ("Li", "李"), ("Wang", "王"), ("Liu", "刘"), ("Chen", "陈"), ("Yang", "杨"), ("Zhao", "赵"),
            ("Huang", "黄"), ("Zhou", "周"), ("Wu", "吴")]
GIVEN = [("Wei", "伟"), ("Min", "敏"), ("Jing", "静"), ("Qiang", "强"), ("Lei", "磊"), ("Yong", "勇"), ("Xia", "霞"),
         ("Ping", "平"), ("Ying", "英"), ("Hua", "华"), ("Jun", "军"), ("Ming", "明"), ("Tao", "涛"), ("Fang", "芳")]
WESTERN = ["Smith^John", "Jones^Mary", "Mueller^Anna", "Garcia^Lucia", "Nakamura^Hiro", "O'Brien^Eve"]


def _kept(path, make):
    """Makes a folder once; half-made ones are made again."""
    if not os.path.isdir(path):
        part = path + ".part"
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
        make(part)
        os.rename(part, path)
    return path


def files(folder):
    return [os.path.join(path, name) for path, _, names in sorted(os.walk(folder)) for name in sorted(names)]


def size(paths):
    return sum(os.path.getsize(path) for path in paths)


def series(base, images, seed):
    """Folder of one CT series."""
    def make(folder):
        targets.apus("phantom", "ct", "--output", folder, "--images", images, "--noise", 20, "--seed", seed,
                     "--patient-id", "BENCH-%d" % seed)
    return _kept(os.path.join(base, "ct-%d-%d" % (images, seed)), make)


def kinds(base):
    """One folder with a few objects of every kind that `apus phantom` writes."""
    def make(folder):
        for kind in ("ct", "mr", "cr", "us", "enhanced-ct"):
            targets.apus("phantom", kind, "--output", folder, "--images", 5, "--noise", 20)
    return _kept(os.path.join(base, "kinds"), make)


def identity(folder):
    """(Study Instance UID, Series Instance UID) of a folder's first file."""
    data = bytes(wire.Instance(files(folder)[0]).data[:8192])
    found = []
    for number in (0x0D, 0x0E):
        at = data.index(struct.pack("<HH2s", 0x20, number, b"UI"))
        length = struct.unpack_from("<H", data, at + 6)[0]
        found.append(data[at + 8:at + 8 + length].rstrip(b"\0").decode())
    return tuple(found)


class Study:
    """What a query object says about its patient and study."""

    def __init__(self, number):
        pick = random.Random(number)
        kind = pick.random()
        (latin, han), (latin_given, han_given) = pick.choice(SURNAMES), pick.choice(GIVEN)
        self.name = pick.choice(WESTERN) if kind < 0.3 else "%s^%s=%s^%s" % (latin, latin_given, han, han_given)
        self.patient = "P%07d" % number
        self.accession = "A%08d" % number
        self.uid = "%s.1.%d" % (ROOT_UID, number)
        self.date = "20%02d%02d%02d" % (pick.randint(15, 25), pick.randint(1, 12), pick.randint(1, 28))


def _element(group, number, vr, text):
    value = text.encode("utf-8")
    value += (b"\0" if vr == "UI" else b" ") * (len(value) % 2)
    return struct.pack("<HH2sH", group, number, vr.encode(), len(value)) + value


def _query_object(study, number):
    series_uid, instance = "%s.2.%d" % (ROOT_UID, number), "%s.3.%d" % (ROOT_UID, number)
    pixels = bytes(2 * 16 * 16)
    us = lambda element, value: struct.pack("<HH2sHH", 0x28, element, b"US", 2, value)
    data = b"".join([
        _element(8, 0x05, "CS", "ISO_IR 192"), _element(8, 0x16, "UI", wire.CT_STORAGE), _element(8, 0x18, "UI", instance),
        _element(8, 0x20, "DA", study.date), _element(8, 0x30, "TM", "101500"), _element(8, 0x50, "SH", study.accession),
        _element(8, 0x60, "CS", "CT"), _element(8, 0x90, "PN", "Doctor^A"), _element(8, 0x1030, "LO", "Chest routine"),
        _element(0x10, 0x10, "PN", study.name), _element(0x10, 0x20, "LO", study.patient),
        _element(0x10, 0x30, "DA", "19600101"), _element(0x10, 0x40, "CS", "O"), _element(0x20, 0x0D, "UI", study.uid),
        _element(0x20, 0x0E, "UI", series_uid), _element(0x20, 0x10, "SH", "1"), _element(0x20, 0x11, "IS", "1"),
        _element(0x20, 0x13, "IS", "1"), us(2, 1), _element(0x28, 4, "CS", "MONOCHROME2"), us(0x10, 16), us(0x11, 16),
        us(0x100, 16), us(0x101, 12), us(0x102, 11), us(0x103, 0),
        struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OW", 0, len(pixels)) + pixels])
    meta = (struct.pack("<HH2sHI", 2, 1, b"OB", 0, 2) + b"\0\1" + _element(2, 2, "UI", wire.CT_STORAGE)
            + _element(2, 3, "UI", instance) + _element(2, 0x10, "UI", wire.EXPLICIT)
            + _element(2, 0x12, "UI", wire.IMPLEMENTATION.decode()))
    return bytes(128) + b"DICM" + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(meta)) + meta + data


def studies(base, count):
    """(folder, [Study]) of `count` studies of one small object each."""
    made = [Study(number) for number in range(count)]

    def make(folder):
        for number, study in enumerate(made):
            inner = os.path.join(folder, "%04d" % (number // 1000))
            os.makedirs(inner, exist_ok=True)
            with open(os.path.join(inner, "%07d.dcm" % number), "wb") as file:
                file.write(_query_object(study, number))
    return _kept(os.path.join(base, "studies-%d" % count), make), made
