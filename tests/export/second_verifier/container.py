"""Rules 1 to 3: the container, the signed notes, the pictures."""

import base64
import hashlib
import re
import struct
import zlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .bad import Bad, need


def container(raw):
    files, at = {}, 0
    while raw[at : at + 4] == b"PK\3\4":
        need(len(raw) >= at + 30, "the container is cut short")
        (size,), (length,) = struct.unpack("<I", raw[at + 18 : at + 22]), struct.unpack("<H", raw[at + 26 : at + 28])
        name, content = raw[at + 30 : at + 30 + length], raw[at + 30 + length : at + 30 + length + size]
        need(len(content) == size and name not in files, "the container has a name twice or a wrong size")
        files[name] = content
        at += 30 + length + size
    need(files and written(files) == raw, "the container is not the zip that its names and contents make")
    return {name.decode("ascii"): content for name, content in files.items()}


def written(files):
    local, directory = b"", b""
    for name, content in sorted(files.items()):
        middle = struct.pack("<HHIII", 0, 33, zlib.crc32(content), len(content), len(content))
        directory += b"PK\1\2" + struct.pack("<HHHH", 788, 20, 0, 0) + middle
        directory += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 2175008768, len(local)) + name
        local += b"PK\3\4" + struct.pack("<HHH", 20, 0, 0) + middle + struct.pack("<HH", len(name), 0) + name + content
    end = struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(directory), len(local), 0)
    return local + directory + b"PK\5\6" + end


NEEDED = set("README.txt case.json checkpoint entries.ndjson index.html manifest public-key style.css".split())


def unbase64(text):
    raw = base64.b64decode(text, validate=True)
    need(base64.b64encode(raw).decode() == text, "base64 that is not the one text of its bytes")
    return raw


def public_key(files, needed=NEEDED):
    need(set(files) >= needed, "a file is missing")
    need(all(re.fullmatch("media/[0-9a-f]{64}", name) for name in set(files) - needed), "a file too many")
    found = re.fullmatch(r"(heard/[a-z2-7]{16})\+([0-9a-f]{8})\+([^\n]+)\n", files["public-key"].decode())
    need(found, "public-key is not one line of its form")
    raw = unbase64(found[3])
    need(len(raw) == 33 and raw[0] == 1, "public-key is no Ed25519 key")
    need(found[2] == key_id(found[1], raw[1:]).hex(), "public-key has an id that is not its own")
    return found[1], raw[1:]


def key_id(origin, key):
    return hashlib.sha256(origin.encode() + b"\n\1" + key).digest()[:4]


def signed(name, raw, origin, key):
    """The lines of a signed note."""
    text, empty, rest = raw.decode().partition("\n\n")
    line = re.fullmatch("\u2014 ([^ \n]+) ([^ \n]+)\n", rest)
    need(text and empty and line, f"{name} is not a text and one signature line")
    need(line[1] == origin, f"{name} is signed under another name")
    signature = unbase64(line[2])
    need(len(signature) == 68 and signature[:4] == key_id(origin, key), f"{name} is signed with another key")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature[4:], (text + "\n").encode())
    except InvalidSignature:
        raise Bad(f"the signature of {name} does not hold") from None
    return text.split("\n")


def manifest(files, origin, key):
    lines = signed("manifest", files["manifest"], origin, key)
    need(lines[:2] == ["heard export 1", origin], "manifest does not begin as it must")
    need(len(lines) > 2 and re.fullmatch("made by [0-9a-f]{12}", lines[2]), "manifest does not say what made the page")
    others = sorted((name for name in files if name != "manifest"), key=str.encode)
    listed = [f"{hashlib.sha256(files[name]).hexdigest()} {len(files[name])} {name}" for name in others]
    for said, found in zip(lines[3:], listed, strict=False):
        need(said == found, f"manifest does not fit {found[65:]}")
    need(lines[3:] == listed, "manifest lists other files")


def checkpoint(files, origin, key, name="checkpoint"):
    lines = signed(name, files[name], origin, key)
    need(len(lines) == 3 and lines[0] == origin, "checkpoint is not of this journal")
    need(re.fullmatch("0|[1-9][0-9]*", lines[1]), "checkpoint has no size")
    root = unbase64(lines[2])
    need(len(root) == 32, "checkpoint has no root")
    return int(lines[1]), root


def pictures(files, case):
    kept = [one for post in case["posts"] for one in post["elements"] if one.get("media")]
    shown = {one["media"] for one in kept} | {other["media"] for one in kept for other in one.get("renditions", ())}
    need({f"media/{name}" for name in shown} == set(files) - NEEDED, "the pictures are not those of the case")
    for name in shown:
        need(hashlib.sha256(files[f"media/{name}"]).hexdigest() == name, "a picture has another hash than its name")
