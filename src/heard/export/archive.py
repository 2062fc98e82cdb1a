"""The container: a zip in which every byte is decided by the files in it, so that none can change unnoticed.

Nothing is compressed, no time is recorded, and the order is that of the names. Source: PKWARE APPNOTE 6.3.10.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from zlib import crc32

from heard.engine.errors import Corrupt, Refused

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_VERSION, _MADE_BY = 20, 3 << 8 | 20  # 2.0; made on Unix, which is what gives the mode below its meaning
_DATE = 0x0021  # 1 January 1980, the first that a zip can name
_MODE = 0o100644 << 16
#: Beyond these the format would need its 64-bit form.
FILES_MAX, BYTES_MAX = 0xFFFE, 0xFFFFFFFE


def pack(files: Mapping[str, bytes]) -> bytes:
    """The zip of these files.

    Raises Refused when they are too many or too large for one.
    """
    if len(files) > FILES_MAX or sum(map(len, files.values())) + 1000 * len(files) > BYTES_MAX:
        raise Refused("This case has more pictures than one zip can hold (4 GiB). Nothing was written.")
    local: list[bytes] = []
    central: list[bytes] = []
    offset = 0
    for name, content in sorted(files.items()):
        written, size, crc = name.encode("ascii"), len(content), crc32(content)
        head = _LOCAL.pack(b"PK\3\4", _VERSION, 0, 0, 0, _DATE, crc, size, size, len(written), 0)
        local += [head, written, content]
        central += [
            _CENTRAL.pack(
                b"PK\1\2", _MADE_BY, _VERSION, 0, 0, 0, _DATE, crc, size, size, len(written), 0, 0, 0, 0, _MODE, offset
            ),
            written,
        ]
        offset += len(head) + len(written) + size
    directory = b"".join(central)
    end = _END.pack(b"PK\5\6", 0, 0, len(files), len(files), len(directory), offset, 0)
    return b"".join([*local, directory, end])


def unpack(raw: bytes) -> dict[str, bytes]:
    """The files of a zip that `pack` made.

    Raises Corrupt for anything that differs from it by a single bit.
    """
    files: dict[str, bytes] = {}
    at = 0
    try:
        while raw[at : at + 4] == b"PK\3\4":
            fields = _LOCAL.unpack_from(raw, at)
            size, name_length = fields[8], fields[9]
            start = at + _LOCAL.size + name_length
            name = raw[at + _LOCAL.size : start].decode("ascii")
            if name in files or start + size > len(raw):
                raise ValueError(name)
            files[name] = raw[start : start + size]
            at = start + size
        whole = pack(files)
    except (ValueError, struct.error, Refused):
        whole = b""
    if not files or whole != raw:
        raise Corrupt("This is not an export of a case, or its container was changed or cut short since it was made.")
    return files
