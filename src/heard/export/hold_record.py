"""What a record under a legal hold says of what was read: which entries are carried, and a line for every one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from heard.cases.entries import RestrictionImposed, RestrictionLifted
from heard.cases.guard import Guard
from heard.cases.model import Case
from heard.cases.orders import KINDS
from heard.cases.release import Door
from heard.coverage.elements import pictures, plain
from heard.coverage.entries import ChangeLetOut, Content, PostClarified, PostCorrected, PostErased, RecordTaken
from heard.engine import now
from heard.engine.entry import Body, Header
from heard.export import hold
from heard.export.carried import Carried, strings
from heard.export.hold import HoldRecord, Line, Order, Why


class Found(msgspec.Struct, frozen=True):
    """An entry of the case; `raw` and `body` are None where its words were erased."""

    header: Header
    leaf: bytes
    raw: bytes | None
    body: Body | None
    salt: bytes


class Read(msgspec.Struct, frozen=True):
    """All that a record is made of, read at one moment: the signed head, every leaf, the case's entries, pictures."""

    case: Case
    names: bool
    door: Door
    cast: tuple[str, ...]
    note: str
    leaves: list[bytes]
    found: list[Found]
    pictures: dict[str, bytes]

    @property
    def size(self) -> int:
        return len(self.leaves)


def pictures_of(body: Body | None) -> set[str]:
    """The names in media of the pictures that words came with."""
    if not isinstance(body, hold.WITH_ELEMENTS):
        return set()
    return {name for picture in pictures(body.elements) for name in picture.names.values()}


def carried_of(read: Read) -> dict[int, Carried]:
    """By position, what leaves whole: of a kind that may, and saying no protected name, by itself or after another."""
    kept: dict[int, Carried] = {}
    before, hidden = "", _hidden(read)
    for one in read.found:
        if one.header.position in hidden or one.body is None or one.raw is None:
            continue
        if not hold.may_be_carried(one.body, names=read.names):
            continue
        raw, said = one.raw.decode(), _said(one.body)
        cut = bool(read.door.guard) and any(read.door.guard.is_cut_between(before, text) for text in said if text)
        if cut or read.door.says_it(raw) or read.door.stops(*strings(one.body)):
            continue
        before = "\n".join(said) or before
        kept[one.header.position] = Carried(one.header.position, one.header.encode().decode(), raw, one.salt)
    return kept


def _said(body: Body) -> tuple[str, ...]:
    if isinstance(body, Content | PostCorrected | PostClarified):
        return (body.title, plain(body.elements))
    return ()


def record_of(read: Read, carried: Mapping[int, Carried], who: Mapping[str, str]) -> HoldRecord:
    orders, lines = _orders(read), _lines(read, carried)
    names = {one.by: who.get(one.by, "") for one in lines if one.by}
    shown = {name for one in read.found if one.header.position in carried for name in pictures_of(one.body)}
    return HoldRecord(
        hold.FORMAT,
        read.case.id,
        read.case.slug,
        "" if read.door.stops(read.case.title) else read.case.title,
        read.case.zone,
        read.size,
        max(one.header.position for one in read.found if isinstance(one.body, RecordTaken)),
        read.names,
        {id: name for id, name in sorted(names.items()) if name and not read.door.stops(name)},
        tuple(orders),
        tuple(lines),
        tuple(hold.wordings(lines, orders, _stopped(read, orders, carried))),
        tuple(sorted(shown - read.pictures.keys())),
    )


def _hidden(read: Read) -> set[int]:
    """The entries of posts that readers never had, by position."""
    seen = {one.header.stream for one in read.found if one.header.kind in hold.SHOWING}
    seen |= {read.case.id, read.case.rules, *_gave(read).values()}
    posts = [one.header for one in read.found if one.header.kind.startswith("coverage.")]
    return {one.position for one in posts if one.stream not in seen and one.kind != ChangeLetOut.kind}


def _gave(read: Read) -> dict[int, str]:
    """What each entry gave words to, by position; of one that was erased the erasure says on which post."""
    erased = {
        at: one.header.stream for one in read.found if isinstance(one.body, PostErased) for at in one.body.positions
    }
    gave = {}
    for one in read.found:
        at, stream = one.header.position, one.header.stream
        if one.body is not None:
            gave[at] = hold.gives_words_to(stream, one.body)
        else:
            gave[at] = erased.get(at, stream) if one.header.kind in hold.WORDED_KINDS else ""
    return gave


def _lines(read: Read, carried: Mapping[int, Carried]) -> list[Line]:
    gave, hidden = _gave(read), _hidden(read)
    lines = []
    for one in read.found:
        header, why = one.header, _why(one, carried, names=read.names)
        if header.position in hidden:
            lines.append(Line(header.position, "desk"))
            continue
        of = header.stream if header.kind == PostErased.kind else gave[header.position]
        lines.append(Line(header.position, why, header.stream, header.kind, header.at, header.by, of))
    return lines


def _why(one: Found, carried: Mapping[int, Carried], *, names: bool) -> Why:
    if one.header.position in carried:
        return ""
    if one.body is None:
        return "erased"
    return "name" if hold.may_be_carried(one.body, names=names) else "desk"


def _orders(read: Read) -> list[Order]:
    ends = [(one.body, one.header) for one in reversed(read.found) if isinstance(one.body, RestrictionLifted)]
    lifted = {body.restriction: header for body, header in ends}
    return [
        _order(read, one.header, one.body, lifted.get(one.body.restriction))
        for one in read.found
        if isinstance(one.body, RestrictionImposed)
    ]


def _order(read: Read, header: Header, body: RestrictionImposed, end: Header | None) -> Order:
    terms = {name: getattr(body, name) for name in ("basis", "scope", "document", "cipher", "until_event")}
    kept = {name: "" if read.door.stops(term) else term for name, term in terms.items()}
    return Order(
        id=body.restriction,
        entry=header.position,
        kind=KINDS[body.order].label,
        recorded_at=header.at,
        recorded_by=header.by,
        lifted=end.position if end else 0,
        lifted_at=end.at if end else "",
        lifted_by=end.by if end else "",
        from_at=now.text(body.from_at) if body.from_at else "",
        until_at=now.text(body.until_at) if body.until_at else "",
        masked=kept != terms,
        names=body.names if read.names else (),
        **kept,
    )


def _stopped(read: Read, orders: Sequence[Order], carried: Mapping[int, Carried]) -> dict[int, tuple[str, ...]]:
    """By position of the words of a post, the orders that keep just these from readers.

    What passed a door that stops names is stopped by no order in force, so it is asked about the lifted ones alone.
    """
    names = {one.body.restriction: one.body.names for one in read.found if isinstance(one.body, RestrictionImposed)}
    single = {one.id: Guard(names[one.id], read.cast) for one in orders}
    lifted = [one.id for one in orders if one.lifted]
    every, ended = (Guard([name for id in ids for name in names[id]], read.cast) for ids in (single, lifted))
    stopped = {}
    for one in read.found:
        said = _said(one.body) if one.body is not None else ()
        passed = not read.names and one.header.position in carried
        if said and (guard := ended if passed else every) and guard.is_told_by(*said):
            ids = lifted if passed else list(single)
            stopped[one.header.position] = tuple(id for id in ids if single[id].is_told_by(*said))
    return stopped
