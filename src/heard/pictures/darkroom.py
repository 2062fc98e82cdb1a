"""Where pictures are developed, one process for each, two at a time, with an end to every one of them; and put away."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec

from heard.engine.errors import Refused, TooLarge, Unavailable
from heard.pictures.developing import PIXELS_MAX, Developed, Wrong

FILE_BYTES_MAX = 16 * 1024**2
#: Developing is the heaviest thing a desk asks for; more at once would keep readers waiting.
AT_ONCE, WAITING_MAX, WITHIN_S = 2, 8, 30.0

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

_rooms = asyncio.Semaphore(AT_ONCE)
_waiting = 0


async def develop(content: bytes) -> Developed:
    """The prints of a file, and what it said in words.

    Raises Refused for what is no picture or not whole, TooLarge, Unavailable when too many wait.
    """
    global _waiting
    if len(content) > FILE_BYTES_MAX:
        raise TooLarge(f"A picture has at most {FILE_BYTES_MAX // 1024**2} MB." + NOTHING_KEPT)
    if _waiting >= WAITING_MAX:
        raise Unavailable("Many pictures are being made ready. Send this again in a while." + NOTHING_KEPT)
    _waiting += 1
    try:
        async with _rooms:
            developed = await _in_a_process(content)
    finally:
        _waiting -= 1
    if developed.wrong:
        raise Refused(WORDS[developed.wrong] + NOTHING_KEPT)
    return developed


async def keep(media: Any, contents: Sequence[bytes]) -> list[str]:
    """On disk, and the keys in the vault, before an entry names them; by which names. Only what is slow is done beside
    the loop, and no thread touches the vault.

    Raises Unavailable when the disk does not take them.
    """
    names = [hashlib.sha256(content).hexdigest() for content in contents]
    keys = [media.begin(name) for name in names]
    written = await asyncio.to_thread(lambda: [media.write(*both) for both in zip(contents, keys, strict=True)])
    return [media.finish(*both) for both in zip(names, written, strict=True)]


async def _in_a_process(content: bytes) -> Developed:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-m", "heard.pictures.developing"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # what it says of a file may repeat what is in it
        env={},
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            told, _ = await process.communicate(content)
            return msgspec.msgpack.decode(told, type=Developed)
    except TimeoutError:
        return Developed(wrong="large")
    except msgspec.MsgspecError:  # it came to its bounds, and its end
        return Developed(wrong="damaged" if process.returncode == 1 else "large")
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
