"""THE ONE DOOR. Every outgoing byte of a case is obtained here, and what did not pass it cannot be sent.

A page, a frame, a feed: whoever makes one hands it to the case's `Door` and gets back `Released`, the only thing that
the web, the frames file and the exporter accept. The door knows the rules in force at this moment: protected names, and
a hold on the whole case. It is used twice on the way out. First each thing is asked about (`stops`), so that one post
that says too much, in whatever form, is withheld and the rest goes out; then the whole made text passes (`let`), so
that a name that came in by any other way (a title, a link, a person's note) stops the page rather than being read.

The names are read from the journal and kept in memory only.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from heard.cases import projection, states
from heard.cases.entries import RestrictionImposed
from heard.cases.guard import Guard
from heard.cases.states import digest
from heard.engine.errors import Refused, Unavailable
from heard.engine.journal import Journal
from heard.engine.projection import Tables

Exit = Literal[
    "page", "frame", "long_poll", "json", "json_ld", "open_graph", "feed", "export", "replay", "mail", "picture", "hold"
]

#: One sentence for every cause, so that nobody learns from it which words were too much; see `held`.
HELD = (
    "This was not published. Your words are kept on the desk, and an editor will look at them by {by}. "
    "You need not send them again."
)
#: An editor has looked at what is held within this; the desk shows how much of it is left.
HELD_WITHIN = timedelta(hours=1)
#: The same for what can only be refused, since there is nowhere to keep it.
NOT_PUBLISHED = (
    "This was not published, and everything stands as it was. Keep your words; an editor or a lawyer can help."
)
CHECKING = "This page is being checked and cannot be shown just now. Nothing is lost; please come back in a while."


def held(by: str) -> str:
    """What is told to whoever wrote what is held; `by` is "14:20"."""
    return HELD.format(by=by)


def looked_at_by(held_at: datetime, zone: str) -> str:
    """When somebody will have looked at it, by the clock in the court: of the moment alone, and of one length."""
    return f"{(held_at + HELD_WITHIN).astimezone(ZoneInfo(zone)):%H:%M}"


#: So many guards are kept made; one is made anew when its orders or its cast change.
GUARDS_MAX = 200
#: The guard of a case without an order.
NOBODY = Guard()


class NotPublished(Refused):
    """It says what may not be said, or the account's words wait for approval; the words say nothing of why."""

    def __init__(self) -> None:
        super().__init__(NOT_PUBLISHED)


class StillHeld(NotPublished):
    """What was held before says still what may not be said."""


class Withheld(Unavailable):
    """The door stopped a whole page; the words say nothing of why."""

    def __init__(self, case: str) -> None:
        super().__init__(CHECKING, case=case)


class Released(str):
    """Text that passed the door. Only a `Door` makes one."""

    exit: Exit

    def __new__(cls, *_: object) -> Released:
        raise TypeError("Only a Door releases.")


class Door:
    """What may leave of one case, by the rules in force."""

    def __init__(
        self,
        case: str,
        guard: Guard,
        held: bool,
        care: frozenset[str] = frozenset(),
        not_meant: frozenset[str] = frozenset(),
    ) -> None:
        self.case, self.guard, self.held, self.care, self.not_meant = case, guard, held, care, not_meant

    def stops(self, *texts: str) -> bool:
        """Whether any of these says what may not be said, apart or together, in whatever form.

        Just these words may have been found to mean nobody (`not_meant`). A name letter for letter is always stopped.
        """
        if not self.guard or not self.guard.is_told_by(*texts):
            return False
        return not (self.not_meant and digest(*texts) in self.not_meant) or self.says_it(*texts)

    def says_it(self, *texts: str) -> bool:
        """Whether a protected name stands in these letter for letter, in one or where one follows another."""
        return any(self.guard.stands_in(text) for text in (*texts, "\n".join(texts)))

    def stops_after(self, before: str, *texts: str) -> bool:
        """The same of what is to stand after other words, which may have begun a name."""
        cut = [self.guard.is_cut_between(before, text) for text in texts if self.guard and text]
        return self.stops(*texts) or any(cut)

    def let(self, exit: Exit, made: str, *, notice: bool = False) -> Released:
        """The made text, released. A `notice` is made of the server's own words and passes a hold too.

        Raises Withheld when the case is held or the text says what may not be said.
        """
        if (self.held and not notice) or (self.guard and self.guard.stands_in(made)):
            raise Withheld(self.case)
        released = str.__new__(Released, made)
        released.exit = exit
        return released


def joined(exit: Exit, made: str, parts: Iterable[Released]) -> Released:
    """A text made of several cases' released parts and the server's own words, such as the front page."""
    for part in parts:
        if not isinstance(part, Released):
            raise TypeError("Every part of a joined text has passed its own door.")
    released = str.__new__(Released, made)
    released.exit = exit
    return released


class Doors:
    """The doors of all cases. The names of each order are read from the journal once."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._names: dict[int, tuple[str, ...]] = {}
        self._guards: dict[tuple[object, ...], Guard] = {}

    def of(self, tables: Tables, case: str, joining: tuple[str, ...] = ()) -> Door:
        """The door of a case as its rules stand in these tables; `joining` are about to be in its cast.

        An order binds from the moment it is recorded until someone records that it was lifted: its own dates are shown
        to the desk and release nothing by themselves.
        """
        in_force, held = projection.rules(tables, case)
        care = states.care(tables, case)
        if not in_force:
            return Door(case, NOBODY, held, care)
        cast = (*(person.name for person in projection.people(tables, case)), *joining)
        if (*in_force, cast) not in self._guards:
            if len(self._guards) >= GUARDS_MAX:
                self._guards.clear()
            names = [name for position in in_force for name in self._read(position)]
            self._guards[*in_force, cast] = Guard(names, cast)
        return Door(case, self._guards[*in_force, cast], held, care, states.not_meant(tables, case, max(in_force)))

    def of_every(self, tables: Tables) -> Door:
        """The door of what belongs to no case: no name that an order of any case protects leaves by it."""
        in_force = projection.all_in_force(tables)
        if in_force not in self._guards:
            if len(self._guards) >= GUARDS_MAX:
                self._guards.clear()
            self._guards[in_force] = Guard([name for position in in_force for name in self._read(position)])
        return Door("", self._guards[in_force], held=False)

    def for_court(self, tables: Tables, case: str, *, names: bool) -> Door:
        """The door of the record under a legal hold: a hold of the whole case does not stop it, for a court reads it.

        A name that an order protects passes by it only with `names`, for one who is cleared and asked for them.
        """
        guard = NOBODY if names else self.of(tables, case).guard
        return Door(case, guard, held=False)

    def _read(self, position: int) -> tuple[str, ...]:
        if position not in self._names:
            entry = self.journal.entry(position)
            body = entry.body if entry else None
            self._names[position] = body.names if isinstance(body, RestrictionImposed) else ()
        return self._names[position]
