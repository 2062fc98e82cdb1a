"""Checking an export offline: not a bit was changed, and what it says is what the journal's entries say.

Everything here follows docs/formats/export.md, where each rule has the number that is given here.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from heard.engine import chain
from heard.engine.entry import Body, Header, decode_body, encode_body
from heard.engine.errors import Corrupt, Refused
from heard.export import archive, manifest
from heard.export.following import Follower, check_texts
from heard.export.page import maker, page
from heard.export.reading_page import check_page
from heard.export.released import ReleasedCase
from heard.verify import check_released_entry

FIXED = ("README.txt", "case.json", "checkpoint", "entries.ndjson", "index.html", "public-key", "style.css")


class Checked(msgspec.Struct, frozen=True):
    """An export that fits. `page_made_again`: this version of Heard makes the page from the case byte for byte."""

    case: ReleasedCase
    media: dict[str, bytes]
    key: str
    entries: int
    journal_size: int
    page_made_again: bool


def check_export(raw: bytes, key: str = "", progress: Callable[[int, int], None] = lambda done, total: None) -> Checked:
    """The case in an export, if everything in it fits; `key` is the public key that it must be signed with, if known.

    Raises Corrupt naming what does not fit, Refused when it was signed with another key.
    """
    files = archive.unpack(raw)
    origin, public_key = signed_by(files, key)
    manifest_lists(files, listed := manifest.read(text_of(files, manifest.NAME), origin, public_key))
    checkpoint = checkpoint_in(files, origin, public_key)
    case = _case(files["case.json"])
    entries = entries_in(files["entries.ndjson"], checkpoint, progress)
    check_texts(case)
    Follower(case).follow(entries)
    check_page(files["index.html"].decode(), case)
    again = listed.maker == maker()
    if again and page(case).encode() != files["index.html"]:
        raise Corrupt("index.html is not the page that Heard makes of case.json.")
    media = _media(files, case)
    return Checked(case, media, text_of(files, "public-key").strip(), len(entries), checkpoint.size, again)


def signed_by(files: Mapping[str, bytes], wanted: str) -> tuple[str, bytes]:
    text = text_of(files, "public-key")
    if wanted and not hmac.compare_digest(text.strip().encode(), wanted.strip().encode()):
        raise Refused("This export is signed with another key than the one you gave: somebody else made it.")
    return manifest.read_key(text)


def text_of(files: Mapping[str, bytes], name: str) -> str:
    try:
        return files[name].decode()
    except (KeyError, UnicodeDecodeError) as wrong:
        raise Corrupt(f"{name} is missing from this export, or is not text.") from wrong


def manifest_lists(files: Mapping[str, bytes], listed: manifest.Manifest, fixed: Sequence[str] = FIXED) -> None:
    """Rule 2: the files are those that the manifest lists, each with its hash."""
    there = manifest.listed({name: content for name, content in files.items() if name != manifest.NAME})
    for name in sorted(there.keys() | listed.files.keys()):
        if name not in listed.files:
            raise Corrupt(f"{name} is in this export and not in its manifest.")
        if there.get(name) != listed.files[name]:
            raise Corrupt(f"{name} is not what the manifest of this export says: it was changed or is missing.")
    for name in fixed:
        if name not in there:
            raise Corrupt(f"{name} is missing from this export.")


def checkpoint_in(files: Mapping[str, bytes], origin: str, public_key: bytes) -> chain.Checkpoint:
    note = text_of(files, "checkpoint")
    checkpoint = chain.read_note(note, public_key, functools.partial(manifest.check, public_key))
    if note.count("\n") != chain.sign(checkpoint, public_key, lambda _: b"").count("\n"):
        raise Corrupt("The checkpoint in this export bears more than the one signature that was put there.")
    if checkpoint.origin != origin:
        raise Corrupt("The checkpoint in this export is of another journal than its manifest.")
    return checkpoint


def _case(raw: bytes) -> ReleasedCase:
    try:
        case = msgspec.json.decode(raw, type=ReleasedCase)
        same = case.encode() == raw
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        raise Corrupt(f"case.json is not a case that this version of Heard can read: {wrong}.") from wrong
    if not same:
        raise Corrupt("case.json is not written in the one way in which a case is.")
    for at in _times(case):
        if at.tzinfo is None or not 1900 <= at.year <= 2200:
            raise Corrupt(f"case.json has a time that is none: {at.isoformat()}.")
    return case


def _times(thing: object) -> Iterator[datetime]:
    """Every time in a case, however deep."""
    if isinstance(thing, datetime):
        yield thing
    elif isinstance(thing, tuple):
        for one in thing:
            yield from _times(one)
    elif isinstance(thing, msgspec.Struct):
        yield from _times(msgspec.structs.astuple(thing))


def entries_in(
    raw: bytes, checkpoint: chain.Checkpoint, progress: Callable[[int, int], None]
) -> list[tuple[Header, Body]]:
    """Rule 4: each entry is in the journal, in order of position."""
    if raw and not raw.endswith(b"\n"):
        raise Corrupt("entries.ndjson is cut short.")
    lines = raw.split(b"\n")[:-1]
    entries: list[tuple[Header, Body]] = []
    for number, line in enumerate(lines, 1):
        header, written = check_released_entry(line, checkpoint)
        if entries and header.position <= entries[-1][0].position:
            raise Corrupt(f"Entry {header.position} in this export stands out of order.", position=header.position)
        try:
            body = decode_body(header.kind, header.version, written.encode())
            # A field that is there twice would let two readers of one file see two different cases.
            if encode_body(body) != written.encode() or msgspec.json.encode(msgspec.json.decode(line)) != line:
                raise KeyError("it is not written in the one way in which entries are")
        except (KeyError, msgspec.MsgspecError) as wrong:
            raise Corrupt(
                f"Entry {header.position} in this export is of a kind that this version of Heard cannot read.",
                position=header.position,
            ) from wrong
        entries.append((header, body))
        if number % 100 == 0 or number == len(lines):
            progress(number, len(lines))
    return entries


def _media(files: Mapping[str, bytes], case: ReleasedCase) -> dict[str, bytes]:
    """Rule 3: the pictures are those that published posts show, each under its own hash."""
    others = files.keys() - {*FIXED, manifest.NAME}
    media = {name.removeprefix("media/"): files[name] for name in others}
    if sorted(media) != case.media():
        raise Corrupt("The pictures in this export are not those that its posts show.")
    for name, content in media.items():
        if hashlib.sha256(content).hexdigest() != name:
            raise Corrupt(f"The picture {name[:12]}… in this export is not what its name says.")
    return media
