"""What XML can write."""

from __future__ import annotations

import re

#: XML 1.0, section 2.2: it knows no way to write these, escaped or not.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def writable(text: str) -> str:
    """The text without the characters that XML cannot write: a stray one takes nobody's feed or picture away."""
    return _UNWRITABLE.sub("", text)
