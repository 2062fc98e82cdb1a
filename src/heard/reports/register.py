"""The register: all reports as they may be seen, kept up with the journal.

It follows with a cursor of its own, a few reports at a time, so that an import of thousands keeps nobody waiting. What
takes something away (a redaction, a name hidden, a page gone) is done before all that adds. Whatever leaves in between
passes the door besides, which knows the orders of this moment.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar, cast

import msgspec

from heard.cases.entries import RestrictionImposed, RestrictionLifted
from heard.cases.release import Doors
from heard.engine import now
from heard.engine.entry import kinds_of, kinds_that_erase, kinds_that_withdraw
from heard.engine.errors import NotFound
from heard.engine.journal import Journal
from heard.engine.node import Leftovers
from heard.engine.projection import Tables
from heard.reports import care, knowledge, projection, seen, shown, standing
from heard.reports.alone import made_alone
from heard.reports.entries import EveryNameHidden, EveryNameShown, NamesHidden, NamesShown, Read, Told
from heard.reports.model import HIDDEN, Masking
from heard.reports.shown import Shown, Texts
from heard.reports.standing import Stand
from heard.store.register import RegisterFile, Row

#: Entries looked at in one go; most touch a report that an earlier one touched too.
LOOK_AT_ONCE = 500
#: Reports made anew in one go: about five milliseconds.
MAKE_AT_ONCE = 6
#: Of those of which something is taken away, in one go: more than there are of one death.
TAKE_AWAY_AT_ONCE = 2 * care.OF_ONE_DEATH_MAX

T = TypeVar("T")

_listed = msgspec.json.Decoder(Shown)
_texts = msgspec.json.Decoder(Texts)


class Register:
    """Only `follow` changes it; all else asks."""

    def __init__(self, journal: Journal, tables: Tables, doors: Doors, file: RegisterFile) -> None:
        self.journal, self.tables, self.doors, self.file = journal, tables, doors, file
        self.leftovers = Leftovers(journal, file.purging, file.position(), ("cases", "reports"))
        self._reports = {one.id: one for one in map(_listed.decode, file.all())}
        self._looked = self._ahead = file.position()
        self._to_do: dict[str, None] = {}
        #: Those of them of which something is to be taken away.
        self._away: dict[str, None] = {}
        #: Those of which the file may still have words that nobody is to read any more.
        self._stale = set[str]()
        #: Reports that cannot be made, with the sort of mistake: shown nowhere, and made again when anything of them
        #: changes, on the next day, and when an app begins.
        self.failed: dict[str, str] = {}
        #: Told of every such one.
        self.after_failure: list[Callable[[str, str], None]] = []
        self._to_do |= dict.fromkeys(self._not_made() if self._looked else ())
        self._read = projection.all_days_read(tables)
        #: By name: what was made of each report for a day, with the report and the days that it is of.
        self._each: dict[str, tuple[date | None, Mapping[str, tuple[Shown, list[date], Any]]]] = {}
        self._kept: dict[str, tuple[tuple[int, date], dict[str, tuple[Shown, Any]]]] = {}
        self._made_once: dict[str, tuple[int, date | None, Any]] = {}
        self._readings, self._today = 0, now.today()
        self._newest: tuple[int, list[Shown]] = (-1, [])
        #: Changes whenever anything that could be seen does; a page made before is not shown after.
        self.edition = 0
        #: Told of every such change.
        self.after_change: list[Callable[[], None]] = []
        #: Told of entries that take words away, before anything is made of what is left.
        self.after_withdrawal: list[Callable[[], None]] = []

    # Following --------------------------------------------------------------------------------------------------------

    def follow(self, at_most: int = MAKE_AT_ONCE) -> bool:
        """Go on a little; whether there is more to do.

        All that was written is looked through before the first report is made, since an import touches each several
        times over; only what takes something away is not kept waiting for that.
        """
        if now.today() != self._today:  # a last day has passed: what was made yesterday, and lent, is not true any more
            self._today = now.today()
            self._to_do |= dict.fromkeys(self.failed)
            self._changed()
        self._look_ahead()
        looks = max(1, at_most // MAKE_AT_ONCE)
        while not self._away and looks and self._look():
            looks -= 1
        if not self._away and not looks and self.is_behind():
            return True
        some = [*self._away][: max(at_most, TAKE_AWAY_AT_ONCE)] or [*self._to_do][:at_most]
        if not some and self.file.position() == self._looked:
            return False
        anew, rows, away = list[Shown](), [], []
        for report in some:
            made, mistake = made_alone(functools.partial(self._with_row, report))
            self._note(report, mistake)
            if made is None:
                self._reports.pop(report, None)
                away.append(report)
            else:
                anew.append(made[0])
                rows.append(made[1])
        done = len(some) == self.to_come
        self.file.put(rows, away, self._looked if done else None)
        # Not before: a thread that finds it reads its texts in the file, and must not have the ones of before.
        self._reports |= {one.id: one for one in anew}
        for report in some:  # not before: what could not be put, or is not yet, is still to be done
            self._to_do.pop(report, None)
            self._away.pop(report, None)
            self._stale.discard(report)
        if rows or away:
            self._changed()
        if done:
            self.leftovers.purge()
        return not done or self.is_behind()

    def _with_row(self, report: str) -> tuple[Shown, Row] | None:
        made = self._make(report)
        return None if made is None else (made[0], _row(*made))

    def _note(self, report: str, mistake: str) -> None:
        self.failed.pop(report, None)
        if mistake:
            self.failed[report] = mistake
            for follow in self.after_failure:
                follow(report, mistake)

    def _not_made(self) -> Iterator[str]:
        """What was looked at before this app began, is not here, and is not withheld either."""
        gone = {*projection.gone(self.tables), *projection.names_lost(self.tables)}
        for report, slug in projection.all_reports(self.tables):
            if report not in self._reports and slug not in gone:
                yield report

    def _changed(self) -> None:
        self.edition += 1
        for follow in self.after_change:
            follow()

    def follow_all(self) -> None:
        """To the end, whatever it takes; for commands, that nobody waits for."""
        while self.follow(200):
            pass

    def is_behind(self) -> bool:
        """Whether entries were written that nobody has looked through yet: there may be more reports than are known."""
        return self._folded() > self._looked

    @property
    def is_settled(self) -> bool:
        """Whether the file has no word that was taken away: all was looked through, and all of which something was
        withdrawn is made anew.
        """
        return not self._stale and not self.is_behind()

    def _folded(self) -> int:
        [(folded,)] = self.tables.execute("SELECT position FROM cursor")
        return int(folded)

    def _look(self) -> bool:
        """Find what the next entries touched; whether there were any."""
        withdrawn = False
        if self._ahead <= self._looked:
            return False
        upto = min(self._looked + LOOK_AT_ONCE, self._ahead)
        entries = self.journal.opened(self.journal.store.of_kinds(_kinds(), self._looked, upto))
        if any(isinstance(entry.body, Read) for entry in entries):
            # Now, and not when it is asked for: a thread may ask, and the tables are of this one.
            self._read = projection.all_days_read(self.tables)
            self._readings += 1
            self._changed()
        for entry in entries:
            body: Any = entry.body
            if isinstance(body, RestrictionImposed | RestrictionLifted | EveryNameShown):
                withdrawn = True
                self._all_anew()
            elif isinstance(body, NamesHidden | EveryNameHidden):
                pass  # seen to ahead
            elif entry.kind.startswith("reports.") and projection.is_report(self.tables, entry.stream):
                # Of a report that nobody sees yet there is nothing to take away.
                withdraws = entry.stream in self._reports and body is not None and _withdraws(body)
                self._to_do[entry.stream] = None
                gone = [entry.stream] if withdraws else []
                if isinstance(body, NamesShown):
                    self._to_do |= dict.fromkeys(projection.named_alike(self.tables, entry.stream))
                elif isinstance(body, Told) and self._hides_elsewhere(entry.stream):
                    gone += self._saying_the_same(entry.stream)  # it may name only now who is hidden in it
                self._take_away(gone)
                withdrawn |= bool(gone)
        self._looked = upto
        if entries:
            self.leftovers.after(entries)
        for follow in self.after_withdrawal if withdrawn else ():
            follow()
        return True

    def _look_ahead(self) -> None:
        """To what people hid, however much was written before it that nobody has looked through yet.

        An import may write thousands of entries, and whoever asks that a name is hidden is answered when it is.
        """
        before, to = max(self._ahead, self._looked), self._folded()
        hiding = (NamesHidden.kind, EveryNameHidden.kind) if to > before else ()
        entries = self.journal.opened(self.journal.store.of_kinds(hiding, before, to)) if hiding else []
        self._ahead = max(before, to)  # and not before they were read: while the journal is lost they cannot be
        for entry in entries:
            if isinstance(entry.body, EveryNameHidden):  # none is seen until it is made anew without its names
                self._reports.clear()
                self._all_anew()
                self._changed()
            elif entry.stream in self._reports:
                self._take_away([entry.stream, *self._saying_the_same(entry.stream)])
            else:  # nobody sees it yet, or any more
                self._to_do[entry.stream] = None
                self._take_away(self._saying_the_same(entry.stream))
        for follow in self.after_withdrawal if entries else ():
            follow()

    def _take_away(self, reports: Sequence[str]) -> None:
        """Nobody sees these until they are made anew, which is what is done next."""
        for report in reports:
            self._away[report] = None
            self._stale.add(report)
            self._reports.pop(report, None)
        if reports:
            self._changed()

    def _all_anew(self) -> None:
        every = [report for report, _ in projection.all_reports(self.tables)]
        self._to_do |= dict.fromkeys(every)
        self._stale.update(every)

    def _saying_the_same(self, report: str) -> list[str]:
        """The others that are seen and name the same dead."""
        others = [self._reports.get(other) for other in projection.named_alike(self.tables, report)]
        return [one.id for one in others if one is not None and one.deceased != HIDDEN]

    def _hides_elsewhere(self, report: str) -> bool:
        """Whether no other report says the name of who died either: of a child, or where somebody asked."""
        return projection.is_young(self.tables, report) or projection.is_hidden(self.tables, report)

    def _make(self, report: str, on: date | None = None) -> tuple[Shown, Texts] | None:
        return seen.seen_now(self.journal, self.tables, self.doors, report, on)

    # Asking -----------------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._reports)

    def __iter__(self) -> Iterator[Shown]:
        return iter([*self._reports.values()])

    @property
    def to_come(self) -> int:
        """How many reports are known and not yet to be seen as they are now."""
        return len(self._to_do | self._away)

    def of(self, report: str) -> Shown:
        """Raises NotFound, for one that is withheld too."""
        found = self._reports.get(report)
        if found is None:
            raise NotFound("There is no report at this address.")
        return found

    def find(self, report: str) -> Shown | None:
        return self._reports.get(report)

    def at(self, slug: str) -> Shown:
        return self.of(projection.by_slug(self.tables, slug))

    def texts(self, report: str) -> Texts:
        raw = self.file.texts(report)
        return _texts.decode(raw) if raw else Texts()

    def days_read(self, report: str) -> list[date]:
        """The days on which a source that tells of responses was read."""
        return self._read.get(report, [])

    def stands(self, on: date) -> Mapping[str, Sequence[Stand]]:
        """How the addressees of every report stand on a day; worked out anew only for reports that are new since."""
        return self.each("stands", on, lambda one, read: standing.stands(one, read, on))

    def each(self, name: str, on: date | None, make: Callable[[Shown, Sequence[date]], T]) -> Mapping[str, T]:
        """By report: what is made of each and of the days on which it was read, for a day or all; anew only of those
        that are new since, or were read since.
        """

        def made() -> Mapping[str, T]:
            # A thread works it out while readings go on: it is of those that were known when it began, and asks no
            # table again, which only one thread may at a time.
            read = self._read
            known, before = self._each.get(name, (on, {}))
            if known != on:
                before = {}
            every = dict[str, tuple[Shown, list[date], T]]()
            for one in self:
                kept, days = before.get(one.id), read.get(one.id, [])
                if kept is None or kept[0] is not one or kept[1] != days:
                    kept = one, days, make(one, days)
                every[one.id] = kept
            self._each[name] = on, every
            return {report: found for report, (_, _, found) in every.items()}

        return self.once(name, on, made)

    def kept(self, name: str, on: date) -> dict[str, tuple[Shown, Any]]:
        """By report: what somebody made of each and puts here, with the report that it is of; for one day and one
        reading, and empty at the next.
        """
        of = (self._readings, on)
        if self._kept.get(name, (None, {}))[0] != of:
            self._kept[name] = of, {}
        return self._kept[name][1]

    def by_body(self) -> Mapping[str, tuple[Sequence[Shown], Sequence[Shown]]]:
        """By a body's key: what was sent to it, and of what it had a copy; newest first."""

        def made() -> Mapping[str, tuple[list[Shown], list[Shown]]]:
            found: dict[str, tuple[list[Shown], list[Shown]]] = {}
            for one in self.newest():
                for place, some in enumerate((one.addressees, one.copied)):
                    for key in {other.key for other in some if other.key}:
                        found.setdefault(key, ([], []))[place].append(one)
            return found

        return self.once("bodies", None, made)

    def standings(self, on: date) -> Mapping[str, str]:
        """How every report stands on a day, in a word; any day is as cheap as today."""
        courses = self.each("courses", None, standing.course)
        return self.once("standings", on, lambda: {report: one.on(on) for report, one in courses.items()})

    def once(self, name: str, on: date | None, make: Callable[[], T]) -> T:
        """What is made of all reports for a day, or for all, made once for each edition."""
        edition = self.edition
        known = self._made_once.get(name)
        if known and known[:2] == (edition, on):
            return cast(T, known[2])
        made = make()
        self._made_once[name] = (edition, on, made)
        return made

    def newest(self) -> Sequence[Shown]:
        """All of them, newest first; put in order once for each edition."""
        edition, known = self.edition, self._newest  # together: a thread may put them in order for an earlier one
        if known[0] != edition:
            known = edition, sorted(self, key=lambda one: (one.dated or date.min, one.slug), reverse=True)
            self._newest = known
        return known[1]

    def masking(self, report: str) -> Masking:
        """For words that others say of a report: takes out what is hidden in the report, or under an order."""
        return seen.masking_now(self.journal, self.tables, self.doors, report)

    def looking_back(self, report: str, on: date) -> tuple[Shown, Texts]:
        """The report as its sources had told of it by a day; what is withheld today is withheld then too."""
        self.of(report)
        made = self._make(report, on)
        if made is None:
            raise NotFound("There is no report at this address.")
        return made


def _withdraws(body: Any) -> bool:
    """Whether an entry takes something away; of one that cannot be read so, it is taken to."""
    says, mistake = made_alone(body.withdraws)
    return bool(says) or bool(mistake)


@functools.cache
def _kinds() -> tuple[str, ...]:
    """All that can change what is seen of a report, or leave something to be purged; a post of a hearing is neither."""
    orders = (RestrictionImposed.kind, RestrictionLifted.kind)
    return tuple({*kinds_of("reports"), *orders, *kinds_that_withdraw(), *kinds_that_erase()})


def _row(listed: Shown, texts: Texts) -> Row:
    people = " ".join((listed.deceased, listed.coroner, listed.area, *(one.name for one in listed.addressees)))
    numbered = "\n".join(one.words for one in texts.numbered)
    words = (f"{listed.title} {listed.ref} {' '.join(listed.categories)}", people, texts.circumstances, numbered)
    return Row(listed.id, msgspec.json.encode(listed), msgspec.json.encode(texts), words)


def code() -> tuple[Any, ...]:
    """The modules that decide what stands in the file."""
    from heard.reports import addressees, areas, bodies, care, clocks, concerns, copied, counting, form, register
    from heard.reports import requests as requesting
    from heard.text import care as words_of_care
    from heard.text import dates, forms, lookalikes, names, near_names, nicknames, normalise, slips

    ours = (addressees, areas, bodies, care, clocks, concerns, copied, counting, form, knowledge, register, requesting)
    said = (words_of_care, dates, forms, lookalikes, names, near_names, nicknames, normalise, slips)
    return (*ours, seen, shown, *said)
