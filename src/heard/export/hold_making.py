"""Making the record of a case under a legal hold. That it is taken is an entry first, and only then a record.

What reads the journal stands apart from what is heavy (`Making.pack`), so that a server does other things between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import msgspec

from heard.cases import projection as cases
from heard.cases.entries import SLUGS, SlugTaken
from heard.cases.model import Case, checked_words
from heard.cases.release import Doors, Withheld, joined
from heard.coverage.as_published import streams_of
from heard.coverage.entries import ChangeLetOut, Reasoned, RecordTaken
from heard.coverage.model import REASON_MAX
from heard.engine.entry import Body, Draft, decode_body
from heard.engine.errors import NotFound, Refused, Unavailable
from heard.engine.journal import Journal
from heard.engine.node import Command, Decision, Node
from heard.engine.projection import Tables
from heard.engine.stores import Record
from heard.export import archive, hold, hold_page, manifest
from heard.export.carried import Progress
from heard.export.hold_record import Found, Read, carried_of, pictures_of, record_of
from heard.export.making import TRIES, Package, rules_changed, with_proofs
from heard.export.page import style
from heard.store.media import Media

README = """\
This is the record of one case under a legal hold: what readers had of it over time, also what was withdrawn since.
It was made for a court and those before it. IT HOLDS WORDS THAT WERE WITHDRAWN; do not publish it.

  record.html       the record to be read; open it in any browser, no network is needed
  record.json       a line for each entry of the case, carried or not, and why not; each wording of each post with its
                    from and until; the orders, with their terms; who did what
  entries.ndjson    the entries that are carried, each with salt, header, body and proof of inclusion
  leaves            the leaves of the whole journal, from which the root of every earlier checkpoint can be made
  media/            pictures that stood in carried posts
  checkpoint        the signed head of the journal that holds them
  manifest          the hash of every file here, signed with the same key
  public-key        that key; compare it with the one the publisher gives

NAMES
Words that were erased by law exist nowhere any more: their lines are here, and say "erased". What readers never saw
(reasons, what was held or drafted, what readers wrote to the desk) is not here; nor is any address of a reader.

To check it, with Heard installed, and with a checkpoint of this journal that you were given earlier, if you have one:

  heard verify FILE.zip --earlier CHECKPOINT

The format, and what it proves and does not prove, are in docs/formats/hold.md of the project Heard.
"""
WITH_NAMES = "It holds names that orders of a court protect. Whoever has it is bound by those orders.\n"
WITHOUT = """\
It holds no name that an order in force protects. An entry that says one has its line, which says "name", and is not
carried. While an order is in force pictures are left out too, for nobody can tell whom they show.
"""


class Taken(msgspec.Struct, frozen=True):
    """The zip, and how much is in it."""

    content: bytes
    entries: int
    not_carried: int
    wordings: int
    pictures: int
    key: str


def found_of(journal: Journal, tables: Tables, case: Case, upto: int) -> Iterator[list[Found]]:
    """Every entry of the case up to a position, a stream at a time, in no order."""
    yield [one for one in _opened(journal, journal.store.stream(SLUGS), upto) if _is(one.body, SlugTaken) == case.id]
    let_out = journal.store.of_kinds([ChangeLetOut.kind], 0, upto)
    yield [one for one in _opened(journal, let_out, upto) if _is(one.body, ChangeLetOut) == case.id]
    for stream in sorted(streams_of(tables, case)):
        yield _opened(journal, journal.store.stream(stream), upto)


def _is(body: Body | None, kind: type[SlugTaken] | type[ChangeLetOut]) -> str:
    return body.case if isinstance(body, kind) else ""


def _opened(journal: Journal, records: Sequence[Record], upto: int) -> list[Found]:
    records = [one for one in records if one.header.position <= upto]
    seals = journal.vault.seals([one.seal for one in records])
    found = []
    for one in records:
        raw, header = journal.body_of(one, seals), one.header
        body = decode_body(header.kind, header.version, raw) if raw is not None else None
        found.append(Found(header, one.leaf, raw, body, seals[one.seal].salt if raw is not None else b""))
    return found


def in_order(parts: Sequence[Sequence[Found]]) -> list[Found]:
    return sorted((one for part in parts for one in part), key=lambda one: one.header.position)


def take_record(case: str, upto: int, found: Sequence[Found], why: str, *, names: bool) -> Command:
    """Write down that the record of a case is taken, why, and what there is to account for."""
    fixed = hold.digest((one.header.position, one.leaf) for one in found)

    def judge(tables: Tables) -> Decision:
        rules = cases.by_id(tables, case).rules
        if not cases.legal_hold_since(tables, case):
            raise Refused(
                "No legal hold is on this case, so its record is not taken. Nothing was made; place the hold first."
            )
        reason = Reasoned(case, checked_words(why, "reason", REASON_MAX))
        taken = RecordTaken(case, upto, len(found), fixed, names)
        return Decision((Draft(rules, taken), Draft(rules, reason)), (rules,))

    return judge


def size_of(note: str) -> int:
    return int(note.split("\n")[1])


def read(
    tables: Tables, doors: Doors, media: Media, case: Case, found: list[Found], note: str, leaves: list[bytes]
) -> Iterator[Read]:
    """With the door as it stands in these tables, and the pictures, which are read one at a time: the last is whole.

    Raises NotFound when the record was never taken.
    """
    taken = [one.body for one in found if isinstance(one.body, RecordTaken)]
    if not taken:
        raise NotFound("That this record is taken was not written down, so there is none.")
    names = taken[-1].names
    door = doors.for_court(tables, case.id, names=names)
    cast = tuple(person.name for person in cases.people(tables, case.id))
    kept: dict[str, bytes] = {}
    made = Read(case, names, door, cast, note, leaves, found, kept)
    yield made
    # Nobody can tell from a file whom it shows: while an order is in force there are none without names.
    for name in sorted({name for one in found for name in pictures_of(one.body)}) if not door.guard else ():
        with suppress(NotFound):  # destroyed by law, or never taken over: the record says so
            kept[name] = media.read(name)
        yield made


def pack(read: Read, journal: Journal, who: Mapping[str, str]) -> Taken:
    """The zip. Touches no file and no table, so that a thread of its own may make it.

    Raises Refused where something that must be in it says a protected name.
    """
    carried = carried_of(read)
    record = record_of(read, carried, who)
    origin = f"heard/{journal.store.epoch}"
    key = manifest.key_text(origin, journal.sealing.public_key)
    package = Package()
    try:
        package.add("record.json", read.door.let("hold", record.encode().decode()))
        bodies = {at: one.body for one in read.found if (at := one.header.position) in carried and one.body}
        package.add("record.html", read.door.let("hold", hold_page.page(record, bodies)))
        package.add("entries.ndjson", with_proofs(read.door, read.leaves, list(carried.values()), "hold"))
        shown = {name for one in read.found if one.header.position in carried for name in pictures_of(one.body)}
        for name in sorted(shown & read.pictures.keys()):
            package.add_picture(read.door.let("hold", name), read.pictures[name])
    except Withheld as stopped:
        raise Refused(
            "The address of this case, or the name of an account, says what an order protects, so nothing leaves "
            "without names. Nothing was made; take the record with names."
        ) from stopped
    own = {
        "README.txt": README.replace("NAMES\n", WITH_NAMES if read.names else WITHOUT),
        "style.css": style(),
        "leaves": "".join(f"{leaf.hex()}\n" for leaf in read.leaves),
        "checkpoint": read.note,
        "public-key": key,
    }
    for name, text in own.items():
        package.add(name, joined("hold", text, ()))
    listed = manifest.Manifest(origin, hold_page.maker(), manifest.listed(package.files))
    package.add(manifest.NAME, joined("hold", manifest.sign(listed, journal.sealing), ()))
    given = shown & read.pictures.keys()
    left = len(record.lines) - len(carried)
    return Taken(archive.pack(package.files), len(carried), left, len(record.wordings), len(given), key.strip())


def export_hold(
    node: Node,
    doors: Doors,
    media: Media,
    slug: str,
    by: str,
    why: str,
    who: Mapping[str, str],
    *,
    names: bool,
    progress: Progress = lambda done, total: None,
) -> Taken:
    """The record of the case at this address, made in this thread; `who` gives accounts their names.

    Raises NotFound; Refused where no legal hold is on the case.
    """
    upto = node.catch_up()
    case = cases.by_slug(node.tables, slug)
    found = in_order(list(found_of(node.journal, node.tables, case, upto)))
    node.do(take_record(case.id, upto, found, why, names=names), by=by)
    for number in range(TRIES):
        progress(number + 1, TRIES)
        reached = node.catch_up()
        note = node.journal.checkpoint()
        found = in_order(list(found_of(node.journal, node.tables, case, size_of(note))))
        leaves = node.journal.store.leaves(size_of(note))
        [*_, made] = read(node.tables, doors, media, case, found, note, leaves)
        taken = pack(made, node.journal, who)
        node.catch_up()
        if not rules_changed(node, reached):
            return taken
    raise Unavailable("Rules of this server changed all the while, so no record of one moment was made. Try again.")
