"""The same words in several reports: which have the same where their concerns should stand, and what that is.

What a group is, a rule says (`form.cell`), never which reports they are. Only the same concerns, word for word, tell of
one inquest, or of one report twice. The form's own sentences, and a source's word that it found none, stand alike in
reports that have nothing to do with each other: such a group says where no concern could be read, and no report is an
echo of another by it.

Where a name is hidden neither report leads to the other, since the same one under another address carries the name:
only who may hide and show names is told that they are alike, on the desk and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar

import msgspec

from heard.engine import now
from heard.reports.model import SOURCES, Cell
from heard.reports.register import Register
from heard.reports.shown import Shown

T = TypeVar("T")

#: What a group has in common, in words; in the order in which they are listed.
SAID = {
    "concerns": "the same concerns, word for word",
    "form": "only the form’s own sentences",
    "none": "the source says that it found none",
}


class Group(msgspec.Struct, frozen=True):
    """Two reports or more that have the same words where the concerns should stand."""

    kind: str
    reports: tuple[Shown, ...]

    @property
    def said(self) -> str:
        return SAID[self.kind]

    @property
    def source(self) -> str:
        """Who says that it found none."""
        return SOURCES[self.reports[0].cell.by].title if self.kind == "none" else ""


def grouped(some: Iterable[tuple[Cell, T]]) -> list[tuple[str, list[T]]]:
    """Those that have the same words in their cells, as (kind, members); by kind, the largest first."""
    found: dict[Cell, list[T]] = {}
    for cell, one in some:
        if cell.kind:
            found.setdefault(cell, []).append(one)
    groups = [(cell.kind, members) for cell, members in found.items() if len(members) > 1]
    kinds = [*SAID]
    return sorted(groups, key=lambda one: (kinds.index(one[0]), -len(one[1])))


def groups(register: Register, *, whole: bool = False) -> Sequence[Group]:
    """Every group of the register as it may be seen now; reports in which a name is hidden where it is `whole`."""

    def made() -> list[Group]:
        seen = sorted((one for one in register if whole or not one.is_nameless), key=_place)
        return [Group(kind, tuple(members)) for kind, members in grouped((one.cell, one) for one in seen)]

    return register.once("alike, whole" if whole else "alike", now.today(), made)


def equal_to(register: Register, one: Shown) -> list[Shown]:
    """Other reports with the same concerns, word for word: a joint inquest, or one report twice."""
    if one.cell.kind != "concerns" or one.is_nameless:
        return []
    return [other for other in _by_key(register).get(one.cell.key, ()) if other.id != one.id]


def _by_key(register: Register) -> Mapping[str, Sequence[Shown]]:
    def made() -> Mapping[str, Sequence[Shown]]:
        return {group.reports[0].cell.key: group.reports for group in groups(register) if group.kind == "concerns"}

    return register.once("equal", now.today(), made)


def told(of_groups: Iterable[tuple[str, Sequence[object]]]) -> list[str]:
    """How many groups there are of each kind, and of how many reports, a line for each kind."""
    listed = [(kind, len(members)) for kind, members in of_groups]
    found = {kind: [size for one, size in listed if one == kind] for kind in SAID}
    return [
        f"{SAID[kind]}: {len(sizes):,} group{'' if len(sizes) == 1 else 's'} of {sum(sizes):,} reports"
        for kind, sizes in found.items()
        if sizes
    ]


COLUMNS = ("group", "what", "source", "id", "address", "ref", "dated", "title")


def as_rows(some: Iterable[Group], base: str) -> Iterable[tuple[str, ...]]:
    """The groups as a table: a row for each report, under `COLUMNS`."""
    for number, group in enumerate(some, 1):
        for one in group.reports:
            address = f"{base}/reports/{one.slug}/"
            yield str(number), group.said, group.source, one.id, address, one.ref, str(one.dated or ""), one.title


def _place(one: Shown) -> tuple[date, str]:
    return one.dated or date.min, one.slug
