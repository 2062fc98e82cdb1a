"""Where pictures are developed, one process for each, two at a time, with an end to every one of them; and put away."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from heard.engine.apart import Apart
from heard.engine.errors import Refused, TooLarge
from heard.pictures.developing import PIXELS_MAX, Developed, Wrong

FILE_BYTES_MAX = 16 * 1024**2
#: Developing is the heaviest thing a desk asks for; more at once would keep readers waiting.
AT_ONCE, WAITING_MAX, WITHIN_S = 2, 8, 30.0
#: Six prints of 4 million pixels at most; noise takes a byte for each.
PRINTS_BYTES_MAX = 32 * 1024**2

#: Why a file was not taken, for the person who sent it.
WORDS: dict[Wrong, str] = {
    "unknown": "This is no picture that is known here. Send a JPEG, PNG, WebP or GIF.",
    "drawing": "This is a drawing (SVG), which can carry a program. Send it as a PNG or JPEG instead.",
    "heic": "This is in a format (HEIC or AVIF) that many readers cannot see. Choose “Most compatible” in the settings "
    "of the phone’s camera, or send a JPEG.",
    "damaged": "This picture is damaged, or did not arrive whole. Try again, or take it anew.",
    "large": f"This picture has more than {PIXELS_MAX // 1_000_000} million points. Make it smaller and send it again.",
    "strip": "This picture is a long strip. Cut out what matters and send that.",
}
NOTHING_KEPT = " Nothing of it was kept; your words are still here."

_apart = Apart(
    ("-m", "heard.pictures.developing"),
    at_once=AT_ONCE,
    waiting_max=WAITING_MAX,
    within_s=WITHIN_S,
    answer_bytes_max=PRINTS_BYTES_MAX,
    not_now="Many pictures are being made ready. Send this again in a while." + NOTHING_KEPT,
)


async def develop(content: bytes) -> Developed:
    """The prints of a file, and what it said in words.

    Raises Refused for what is no picture or not whole, TooLarge, Unavailable when too many wait.
    """
    if len(content) > FILE_BYTES_MAX:
        raise TooLarge(f"A picture has at most {FILE_BYTES_MAX // 1024**2} MB." + NOTHING_KEPT)
    developed = _read(*await _apart.ask(content))
    if developed.wrong:
        raise Refused(WORDS[developed.wrong] + NOTHING_KEPT)
    return developed


def _read(told: bytes, ended: int) -> Developed:
    try:
        return msgspec.msgpack.decode(told, type=Developed)
    except msgspec.MsgspecError:  # it came to its bounds, and its end
        return Developed(wrong="damaged" if ended == 1 else "large")


async def keep(media: Any, contents: Sequence[bytes]) -> list[str]:
    """On disk, and the keys in the vault, before an entry names them; by which names. Only what is slow is done beside
    the loop, and no thread touches the vault.

    Raises Unavailable when the disk does not take them.
    """
    names = [hashlib.sha256(content).hexdigest() for content in contents]
    keys = [media.begin(name) for name in names]
    written = await asyncio.to_thread(lambda: [media.write(*both) for both in zip(contents, keys, strict=True)])
    return [media.finish(*both) for both in zip(names, written, strict=True)]
