"""Live blogs from elsewhere: reading a file whatever its format, and telling the rooms what it says."""

from __future__ import annotations

import re

from heard.engine.errors import Refused
from heard.ingest import guardian, plain_text
from heard.ingest.blog import Blog

#: A long day of coverage is under a megabyte.
FILE_MAX_BYTES = 32 * 1024 * 1024

# "[Live] Harbour inquest" is a headline, "[1, 2]" is JSON.
_JSON = re.compile(rb"\s*(?:\{|\[(?!\s*[A-Za-z][^\]\n\"]*\][ \t]*\S))")


def read(raw: bytes, filename: str = "the file") -> Blog:
    """A live blog, its format told by its content.

    Raises Refused in plain words, with the line where there is one.
    """
    if len(raw) > FILE_MAX_BYTES:
        raise Refused(
            f"{filename} is larger than {FILE_MAX_BYTES // 1024**2} MiB; no live blog is. Nothing was imported."
        )
    try:
        bare = raw.removeprefix(b"\xef\xbb\xbf")
        return guardian.read(bare) if _JSON.match(bare) else plain_text.read(raw)
    except Refused as refusal:
        raise Refused(f"{filename}: {refusal}", **refusal.details) from None
