"""Rule 4: strict JSON, and entries that are in the tree."""

import hashlib
import json
import re
import struct

from .bad import need
from .container import unbase64


def read(text):
    """Strict JSON: no field twice, no NaN."""
    return json.loads(text, object_pairs_hook=once, parse_constant=lambda name: need(False, f"JSON has {name}"))


def once(pairs):
    fields = dict(pairs)
    need(len(fields) == len(pairs), "JSON has a field twice")
    return fields


HEADER = {
    "at": (str,),
    "by": (str,),
    "key": (str, type(None)),
    "kind": (str,),
    "position": (int,),
    "request": (str, type(None)),
    "stream": (str,),
    "version": (int,),
}


def entries_of(raw, size, root):
    lines, found, last = raw.decode().split("\n"), [], 0
    need(lines.pop() == "", "the last entry is cut short")
    for line in lines:
        entry = read(line)
        need(set(entry) == {"header", "body", "salt", "proof"}, "an entry has other fields")
        need(all(type(entry[name]) is str for name in ("header", "body", "salt")), "an entry has other types")
        need(type(entry["proof"]) is list, "an entry has no proof")
        header, body = read(entry["header"]), read(entry["body"])
        need(list(header) == list(HEADER), "a header has other fields or another order")
        need(all(type(header[name]) in types for name, types in HEADER.items()), "a header has other types")
        again = json.dumps(header, separators=(",", ":"), ensure_ascii=False)
        need(again == entry["header"], "a header is not written in its one way")
        need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", header["at"], re.A), "a header has no such time")
        need(header["version"] == 1 and header["position"] > last, "entries are out of order, or of another version")
        last = header["position"]
        parts = (unbase64(entry["salt"]), entry["header"].encode(), entry["body"].encode())
        leaf = hashlib.sha256(b"\0" + b"".join(struct.pack(">Q", len(part)) + part for part in parts)).digest()
        proof = [unbase64(node) for node in entry["proof"]]
        need(included(leaf, last - 1, size, proof, root), f"entry {last} is not in the tree of the checkpoint")
        found.append((header, body))
    return found


def included(leaf, index, size, proof, root):
    """RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0 or len(p) != 32:
            return False
        if fn & 1 or fn == sn:
            r = hashlib.sha256(b"\1" + p + r).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hashlib.sha256(b"\1" + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root
