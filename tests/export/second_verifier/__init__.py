"""A verifier of exports that shares no line with Heard: it was written from docs/formats/export.md and hold.md alone.

`verify(raw, given)`, and `verify_hold` of the record of a case under a legal hold, raise Bad naming what does not hold,
or another ValueError, KeyError and the like (`WRONG`) for what has not even the form; `given` is the key line that the
publisher gives, if known. They need nothing but the standard library and `cryptography`.
"""

import struct

from .bad import Bad, need
from .container import checkpoint, container, manifest, pictures, public_key
from .entries import entries_of
from .following import Following
from .forms import case_of
from .hold import verify_hold
from .page import page, texts

__all__ = ["WRONG", "Bad", "verify", "verify_hold"]

WRONG = (ValueError, KeyError, TypeError, AttributeError, struct.error)


def verify(raw, given=""):
    files = container(raw)
    origin, key = public_key(files)
    need(given in ("", files["public-key"].decode()), "it is signed with another key than the publisher's")
    manifest(files, origin, key)
    size, root = checkpoint(files, origin, key)
    case = case_of(files["case.json"])
    pictures(files, case)
    entries = entries_of(files["entries.ndjson"], size, root)
    Following(case).follow(entries)
    texts(case)
    page(files["index.html"].decode(), case)
    return case
