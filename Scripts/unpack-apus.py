#!/usr/bin/env python3
"""Gives back every DICOM file from the packs of an Apus storage volume, without Apus and without its index.

Usage: unpack-apus.py VOLUME-OR-PACK TARGET-FOLDER      (format: Documentation/storage-format.md)
"""
import hashlib, os, struct, sys

TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)

def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF

def note_fields(note):
    fields, at = {}, 4
    while at + 8 <= len(note):
        tag, length = struct.unpack_from("<II", note, at)
        fields[tag], at = note[at + 8:at + 8 + length], at + 8 + length
    return fields

def unpack(path, target):
    container = int(os.path.basename(path).split(".")[0], 16)
    with open(path, "rb") as pack:
        head, at, size = pack.read(128), 4096, os.path.getsize(path)
        salt = head[32:40] if head[:8] == b"APUSPACK" and crc32c(head[:124]) == struct.unpack("<I", head[124:])[0] else None
        while at + 128 <= size:
            pack.seek(at)
            raw = pack.read(128)
            _, kind, s, owner, offset, sequence, _, length, payload, note, block, trailer_crc = struct.unpack("<II8sqqQqqqqII", raw[8:88])
            if (raw[:8] != b"APUSOBJ1" or crc32c(raw[:124]) != struct.unpack("<I", raw[124:])[0] or offset != at
                    or owner != container or salt not in (None, s)):
                at += 4096                                  # damaged or never written: look at the next multiple of 4096
                continue
            at += length
            if kind != 1:                                   # 2: the seal at the end, 3: erased
                continue
            data = pack.read(payload)
            table, note = pack.read(4 * -(-payload // block)), pack.read(note)
            fields = note_fields(note)
            uid = fields.get(1, b"").decode("ascii", "replace") or "unnamed"
            start = 144 + struct.unpack_from("<I", data, 140)[0] if data[128:138] == b"DICM\2\0\0\0UL" else 0
            sound = crc32c(table + note) == trailer_crc
            if sound and 6 in fields:                       # recompressed: the digest is of the object as received
                sound = all(crc32c(data[n * block:(n + 1) * block]) == c for n, (c,) in enumerate(struct.iter_unpack("<I", table)))
            elif sound:
                sound = hashlib.sha256(data[start:]).digest() == fields.get(2)
            name = f"{uid}-{container:x}-{sequence}{'' if sound else '.DAMAGED'}.dcm"
            with open(os.path.join(target, name.replace("/", "_")), "wb") as out:
                out.write(data)

os.makedirs(sys.argv[2], exist_ok=True)
for folder, _, names in os.walk(sys.argv[1]) if os.path.isdir(sys.argv[1]) else [("", None, [sys.argv[1]])]:
    for name in sorted(names):
        if name.endswith((".pack", ".open")):
            unpack(os.path.join(folder, name), sys.argv[2])
