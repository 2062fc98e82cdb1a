"""Checking offline the record of a case under a legal hold: the rules of docs/formats/hold.md, by their numbers."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping

import msgspec

from heard.cases.entries import CaseOpened, RestrictionImposed, RestrictionLifted
from heard.coverage.entries import PostClarified, PostCorrected, PostErased, RecordTaken
from heard.engine import chain
from heard.engine.entry import Body, Header
from heard.engine.errors import Corrupt, Refused
from heard.export import archive, hold, hold_page, manifest
from heard.export.checking import checkpoint_in, entries_in, manifest_lists, signed_by, text_of
from heard.export.hold import FILES, HoldRecord, Line, Order
from heard.export.hold_record import pictures_of


class CheckedHold(msgspec.Struct, frozen=True):
    """A record that fits; `earlier` is the size of the checkpoint that it was held to besides, 0 without one."""

    record: HoldRecord
    key: str
    entries: int
    earlier: int


def is_hold(raw: bytes) -> bool:
    """Whether a zip says of itself that it is such a record."""
    return "record.json" in archive.unpack(raw)


def check_hold(
    raw: bytes, key: str = "", earlier: str = "", progress: Callable[[int, int], None] = lambda done, total: None
) -> CheckedHold:
    """What the zip holds, if everything fits; `earlier` is a checkpoint of the same journal from another hand.

    Raises Corrupt naming what does not fit, Refused when key or earlier checkpoint are another journal's.
    """
    files = archive.unpack(raw)
    origin, public_key = signed_by(files, key)
    manifest_lists(files, listed := manifest.read(text_of(files, manifest.NAME), origin, public_key), FILES)
    checkpoint = checkpoint_in(files, origin, public_key)
    record = _record(files["record.json"])
    leaves = _leaves(files["leaves"], checkpoint)
    began = _begins_with(leaves, earlier, origin, public_key) if earlier else 0
    if record.size != checkpoint.size:
        raise Corrupt("record.json names another size of the journal than the checkpoint.")
    entries = dict(_by_position(entries_in(files["entries.ndjson"], checkpoint, progress)))
    lines = {one.position: one for one in record.lines}
    _check_lines(record, lines, entries)
    _check_taken(record, lines, leaves, entries)
    _check_orders(record, lines, entries)
    stopped = {one.entry: one.stopped_by for one in record.wordings}
    if tuple(hold.wordings(record.lines, record.orders, stopped)) != record.wordings:
        raise Corrupt("The wordings of record.json do not follow from its lines.")
    bodies = {at: body for at, (_, body) in entries.items()}
    _check_pictures(record, files, bodies.values())
    _check_page(text_of(files, "record.html"), record, bodies, again=listed.maker == hold_page.maker())
    return CheckedHold(record, text_of(files, "public-key").strip(), len(entries), began)


def _by_position(entries: Iterable[tuple[Header, Body]]) -> Iterable[tuple[int, tuple[Header, Body]]]:
    return ((header.position, (header, body)) for header, body in entries)


def _record(raw: bytes) -> HoldRecord:
    try:
        record = msgspec.json.decode(raw, type=HoldRecord)
    except (msgspec.MsgspecError, RecursionError) as wrong:
        raise Corrupt(f"record.json is not one that this version of Heard can read: {wrong}.") from wrong
    if record.encode() != raw:
        raise Corrupt("record.json is not written in the one way in which it is.")
    return record


def _leaves(raw: bytes, checkpoint: chain.Checkpoint) -> list[bytes]:
    """Rule 2: the leaves of the whole journal, which give the root of the checkpoint."""
    try:
        leaves = [bytes.fromhex(line) for line in raw.decode("ascii").splitlines()]
    except ValueError:
        leaves = []
    if "".join(f"{leaf.hex()}\n" for leaf in leaves).encode() != raw or {32} != {len(leaf) for leaf in leaves}:
        raise Corrupt("leaves is not a list of hashes.")
    if len(leaves) != checkpoint.size or chain.root(leaves) != checkpoint.root:
        raise Corrupt("leaves are not those that the checkpoint was signed over.")
    return leaves


def _begins_with(leaves: list[bytes], note: str, origin: str, public_key: bytes) -> int:
    """Rule 3: the journal of an earlier checkpoint is the beginning of this one."""
    head = chain.read_note(note, public_key, functools.partial(manifest.check, public_key))
    if head.origin != origin:
        raise Refused("The earlier checkpoint is of another journal, or of one before a backup was restored.")
    if head.size > len(leaves) or chain.root(leaves[: head.size]) != head.root:
        raise Corrupt(
            f"The journal was changed: its first {head.size:,} entries are not those of the earlier checkpoint."
        )
    return head.size


def _check_lines(record: HoldRecord, lines: Mapping[int, Line], entries: Mapping[int, tuple[Header, Body]]) -> None:
    """Rule 4: a line for each entry, as its header says, and each carried entry of a kind that may be here."""
    positions = [one.position for one in record.lines]
    if positions != sorted(lines) or not all(0 < at <= record.size for at in positions):
        raise Corrupt("The lines of record.json are out of order, or of no entry of this journal.")
    if {at for at, line in lines.items() if not line.why} != entries.keys():
        raise Corrupt("The entries that are carried are not those that record.json says are.")
    known = [one for one in record.lines if one.at]
    if [one.at for one in known] != sorted(one.at for one in known):
        raise Corrupt("An entry of record.json is earlier than one that was written before it.")
    if any((one.kind and not one.by) or (one.why == "desk") < (not one.kind) for one in record.lines):
        raise Corrupt("A line of record.json leaves out what it must say.")
    if record.who.keys() - {one.by for one in record.lines}:
        raise Corrupt("record.json names somebody who did nothing in it.")
    erased = {one.of or one.stream for one in record.lines if one.kind == PostErased.kind}
    if any(one.why == "erased" and not {one.of, one.stream} & erased for one in record.lines):
        raise Corrupt("record.json says of an entry that it was erased, and of no erasure.")
    worded: set[str] = set()
    for line in record.lines:
        _check_line(record, line, entries.get(line.position))
        if line.kind in (PostCorrected.kind, PostClarified.kind, PostErased.kind) and line.of and line.of not in worded:
            raise Corrupt(f"Entry {line.position} changes words of which there is no line.", position=line.position)
        worded.add(line.of)


def _check_line(record: HoldRecord, line: Line, entry: tuple[Header, Body] | None) -> None:
    if entry is None:
        fits = not line.of or line.kind in (*hold.WORDED_KINDS, PostErased.kind)
        fits = fits and not (line.why == "desk" and line.kind in hold.CARRIED_KINDS)
        fits = fits and not (line.why == "name" and record.names)
    else:
        header, body = entry
        told = (header.stream, header.kind, header.at, header.by, hold.gives_words_to(header.stream, body))
        case = header.stream if isinstance(body, CaseOpened) else getattr(body, "case", record.case)
        fits = told == (line.stream, line.kind, line.at, line.by, line.of) and case == record.case
        fits = fits and hold.may_be_carried(body, names=record.names)
    if not fits:
        raise Corrupt(f"The line of entry {line.position} is not what the entry says.", position=line.position)


def _check_taken(
    record: HoldRecord, lines: Mapping[int, Line], leaves: list[bytes], entries: Mapping[int, tuple[Header, Body]]
) -> None:
    """Rule 5: every time the record was taken an entry fixed what it had to account for, and it still does."""
    taken = {at: body for at, (_, body) in entries.items() if isinstance(body, RecordTaken)}
    if taken.keys() != {at for at, one in lines.items() if one.kind == RecordTaken.kind} or not taken:
        raise Corrupt("An entry by which a record of this case was taken is missing.")
    if record.taken != max(taken) or taken[record.taken].names != record.names:
        raise Corrupt("The entry by which this record was taken says otherwise.")
    for at, body in taken.items():
        counted = [(one.position, leaves[one.position - 1]) for one in record.lines if one.position <= body.upto]
        if body.upto >= at or (len(counted), hold.digest(counted)) != (body.entries, body.digest):
            raise Corrupt(
                f"An entry of the case is left out, or one is added: when the record was taken by entry {at}, it had "
                f"{body.entries:,} up to entry {body.upto}; here are {len(counted):,}.",
                position=at,
            )


def _check_orders(record: HoldRecord, lines: Mapping[int, Line], entries: Mapping[int, tuple[Header, Body]]) -> None:
    """Rule 6: an order for each entry that recorded one, from then until its end was recorded."""
    imposed = [at for at, one in lines.items() if one.kind == RestrictionImposed.kind]
    lifted = [at for at, one in lines.items() if one.kind == RestrictionLifted.kind]
    if sorted(one.lifted for one in record.orders if one.lifted) != lifted:
        raise Corrupt("The ends of orders in record.json are not those that its lines name.")
    if [one.entry for one in record.orders] != imposed or len({one.id for one in record.orders}) != len(imposed):
        raise Corrupt("The orders of record.json are not those that its lines name.")
    for one in record.orders:
        began, end = lines[one.entry], lines.get(one.lifted)
        ended = (end.kind, end.at, end.by) if end else ("", "", "")
        told = (RestrictionLifted.kind * bool(one.lifted), one.lifted_at, one.lifted_by)
        recorded = (one.recorded_at, one.recorded_by) == (began.at, began.by)
        if not recorded or told != ended or (one.names and not record.names):
            raise Corrupt(f"The order that entry {one.entry} recorded is told otherwise.", position=one.entry)
        carried = entries.get(one.entry)
        if carried and isinstance(carried[1], RestrictionImposed) and not _says(one, carried[1]):
            raise Corrupt(f"The order that entry {one.entry} recorded has other terms.", position=one.entry)
    known = {one.id for one in record.orders}
    if any(set(one.stopped_by) - known for one in record.wordings):
        raise Corrupt("record.json names an order that is not among its orders.")


def _says(order: Order, body: RestrictionImposed) -> bool:
    same = ("basis", "scope", "document", "cipher", "until_event", "names")
    return order.id == body.restriction and all(getattr(order, name) == getattr(body, name) for name in same)


def _check_page(shown: str, record: HoldRecord, bodies: Mapping[int, Body], *, again: bool) -> None:
    """Rule 9: the page says what the record says."""
    hold_page.check_page(shown, record, bodies)
    try:
        if again and hold_page.page(record, bodies) != shown:
            raise Corrupt("record.html is not the page that Heard makes of record.json and the entries.")
    except (ValueError, LookupError) as wrong:
        raise Corrupt("record.json has a time that is none, or a time zone that there is not.") from wrong


def _check_pictures(record: HoldRecord, files: Mapping[str, bytes], bodies: Iterable[Body]) -> None:
    """Rule 7: the pictures are those of carried words, but for those that are said to be missing."""
    shown = {name for body in bodies for name in pictures_of(body)}
    here = {name.removeprefix("media/") for name in files.keys() - {*FILES, manifest.NAME}}
    if here != shown - set(record.missing) or set(record.missing) - shown:
        raise Corrupt("The files beside the record are not the pictures of its words.")
    for name in here:
        if hashlib.sha256(files.get(f"media/{name}", b"")).hexdigest() != name:
            raise Corrupt(f"The picture {name[:12]}… in this record is not what its name says.")
