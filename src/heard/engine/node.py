"""A node: one journal, one projection, and the loop between them: judge, append, fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import msgspec

from heard.engine import now
from heard.engine.entry import Draft, Entry, kinds_that_erase, kinds_that_withdraw
from heard.engine.errors import Conflict, HeardError, Unavailable
from heard.engine.journal import Journal, Writing
from heard.engine.projection import Projection, Tables
from heard.engine.stores import Appended

#: How many entries are folded in one transaction of the projection: all that one writing brings, as a rule.
FOLD_AT_ONCE = 2000
#: A command that meets this many conflicts in a row gives up; only a storm on one stream gets there.
TRIES = 50


class Decision(msgspec.Struct, frozen=True):
    """What a command decided: what to write, and every stream it looked at to decide so."""

    drafts: tuple[Draft, ...]
    over: tuple[str, ...]


Command = Callable[[Tables], Decision]
#: From the tables, a decision and who asked for it: the decision as it may be written. Raises Refused.
Gate = Callable[[Tables, Decision, str], Decision]


class Written(msgspec.Struct, frozen=True):
    """The outcome of a command, the same for ever under the same key.

    `position` is that of its first entry and `last` of its last; both are the position looked at when nothing needed
    to be written.
    """

    position: int
    last: int
    stream: str = ""
    kind: str = ""
    at: str = ""
    repeated: bool = False


class Asked(msgspec.Struct):
    """A command on its way to an outcome."""

    command: Command
    by: str
    key: str | None = None
    request: str | None = None
    outcome: Written | HeardError | None = None
    tries: int = 0


class Purge(Protocol):
    """Leaves no copy of withdrawn words in a derived file."""

    def purged_to(self) -> int:
        """The entry up to which that was last done, remembered in the file."""
        ...

    def purge(self, position: int, *, whole: bool) -> bool:
        """Do it for entries up to `position`; False when it must be tried again. `whole` after an erasure."""
        ...


class Leftovers:
    """Copies of withdrawn words in a derived file: in its log after a retraction, in its gaps after an erasure.

    Whoever asked for the withdrawal is never kept waiting by them: what cannot be purged now is purged later, and what
    a crash left behind is purged at the next start.
    """

    def __init__(self, journal: Journal, file: Purge, position: int, of: tuple[str, ...] = ()) -> None:
        """`of` are the rooms whose words the file holds, if not those of all: to write it anew may take a second."""
        self.journal, self.file, self._position, self._of = journal, file, position, of
        purged = file.purged_to()
        self._erased = bool(journal.store.of_kinds(kinds_that_erase(of), purged))
        self._some = self._erased or bool(journal.store.of_kinds(kinds_that_withdraw(), purged))

    def after(self, entries: Sequence[Entry]) -> None:
        """These were folded; `purge` follows when all there are have been."""
        bodies, erasing = [entry.body for entry in entries if entry.body is not None], kinds_that_erase(self._of)
        erased = any(body.kind in erasing and body.erases() for body in bodies)
        # What is erased is purged now: else the next retraction, which has to be quick, would have to wait for it.
        self._some |= erased or any(body.withdraws() for body in bodies)
        self._erased |= erased
        self._position = entries[-1].position

    def of_another(self, after: int, up_to: int) -> bool:
        """Another process folded these into the same file, and may have ended before it purged; whether it erased."""
        after = max(after, self.file.purged_to())
        erased = bool(self.journal.store.of_kinds(kinds_that_erase(self._of), after))
        self._some |= erased or bool(self.journal.store.of_kinds(kinds_that_withdraw(), after))
        self._erased |= erased
        self._position = max(self._position, up_to)
        return erased

    def purge(self) -> None:
        if self._some and self.file.purge(self._position, whole=self._erased):
            self._some = self._erased = False


class Node:
    """Only commands write, and they all pass through here."""

    def __init__(
        self,
        journal: Journal,
        projection: Projection,
        *,
        purge: Purge,
        reserve: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`reserve` gives room on a full disk while it is entered: withdrawing works when nothing else does."""
        self.journal = journal
        self.reserve = reserve
        self.leftovers = Leftovers(journal, purge, projection.position())
        self.projection = projection
        self.tables = projection.tables
        self._followed = projection.position()
        #: Asked, one after the other, about every decision before it is written.
        self.gates: list[Gate] = []
        #: Called after every fold, before anyone is answered: frames, the witness. Told what was folded, so that nobody
        #: needs to read it again; of very much only the end, and nothing after a fold by another process on the same
        #: file, such as an app that is being exchanged for this one.
        self.after_fold: list[Callable[[Sequence[Entry]], None]] = []
        #: Called after an erasure was folded: what is kept beside the journal goes too.
        self.after_erasing: list[Callable[[], None]] = []

    def do(
        self, command: Command, *, by: str, scope: str = "", key: str | None = None, request: bytes = b""
    ) -> Written:
        """Judge, append and fold one command.

        Raises Refused, Conflict or Unavailable; nothing was written then.
        """
        [asked] = self.do_all([self.ask(command, by=by, scope=scope, key=key, request=request)])
        return answer(asked)

    def do_all(self, asked: list[Asked]) -> list[Asked]:
        """Judge, append and fold all of these in one commit; each has an outcome of its own."""
        pending = asked
        while pending:
            writings = self.judge(pending)
            pending = self.settle(pending, self.append(writings) if writings else [])
        return asked

    def ask(self, command: Command, *, by: str, scope: str = "", key: str | None = None, request: bytes = b"") -> Asked:
        if key is None:
            return Asked(command, by)
        bound = self.journal.key_for(by, scope, key)
        return Asked(command, by, bound, self.journal.request_digest(bound, request))

    def judge(self, pending: Sequence[Asked]) -> list[Writing]:
        """Run each command on what is folded now; those that decide to write nothing, or refuse, have their outcome."""
        seen = self.catch_up()
        judged = [(asked, writing) for asked in pending if (writing := self._judge_one(asked, seen)) is not None]
        try:
            if judged:
                self.projection.rehearse(_as_entries(seen, [writing for _, writing in judged]))
        except HeardError:  # not all of them together: then each by itself, and the fault is one command's trouble
            judged = [(asked, writing) for asked, writing in judged if self._folds(asked, writing, seen)]
        return [writing for _, writing in judged]

    def _judge_one(self, asked: Asked, seen: int) -> Writing | None:
        try:
            if earlier := self._earlier(asked):
                asked.outcome = written(earlier)
                return None
            decision = asked.command(self.tables)
            for gate in self.gates:
                decision = gate(self.tables, decision, asked.by)
        except HeardError as refusal:
            asked.outcome = refusal
            return None
        if not decision.drafts:
            asked.outcome = Written(seen, seen)
            return None
        return Writing(decision.drafts, asked.by, seen, decision.over, asked.key, asked.request)

    def _folds(self, asked: Asked, writing: Writing, seen: int) -> bool:
        try:
            self.projection.rehearse(_as_entries(seen, [writing]))
        except HeardError as refusal:
            asked.outcome = refusal
            return False
        return True

    def _earlier(self, asked: Asked) -> Appended | HeardError | None:
        """The first outcome under this key, before the command is judged against a world that has moved on."""
        return self.journal.store.outcome(asked.key, asked.request) if asked.key else None

    def append(self, writings: Sequence[Writing]) -> list[Appended | HeardError]:
        """As `Journal.append`; a withdrawal that finds no room is given the reserve."""
        try:
            return self.journal.append(writings)
        except Unavailable:
            if not any(draft.body.withdraws() for writing in writings for draft in writing.drafts):
                raise
            with self.reserve():
                return self.journal.append(writings)

    def settle(self, pending: Sequence[Asked], outcomes: Sequence[Appended | HeardError]) -> list[Asked]:
        """Fold what was appended and give each its outcome; answers those that must be judged again."""
        if any(isinstance(outcome, Appended) for outcome in outcomes):
            self._fold_what_is_new()  # there is something: no need to ask
        again = []
        waiting = [asked for asked in pending if asked.outcome is None]
        for asked, outcome in zip(waiting, outcomes, strict=True):
            if isinstance(outcome, Appended):
                asked.outcome = written(outcome)
            elif isinstance(outcome, Conflict) and asked.tries < TRIES:
                asked.tries += 1
                again.append(asked)
            else:
                asked.outcome = outcome
        return again

    def catch_up(self) -> int:
        """Fold what is new in the journal; the position reached."""
        position = self.projection.position()
        if self.journal.store.position() <= position <= self._followed:
            return position
        return self._fold_what_is_new()

    def _fold_what_is_new(self) -> int:
        try:
            return self._catch_up()
        except Unavailable:
            if not self.journal.store.of_kinds(kinds_that_withdraw(), self.projection.position()):
                raise
            with self.reserve():
                return self._catch_up()

    def _catch_up(self) -> int:
        folded: list[Entry] = []
        while entries := self.projection.catch_up(self._entries_after):
            self._see_what_others_folded(entries[0].position - 1)
            goes_on = folded and folded[-1].position == entries[0].position - 1
            folded = folded + entries if goes_on and len(folded) <= FOLD_AT_ONCE else entries
            self._withdraw(entries)
            self._followed = entries[-1].position
            if len(entries) < FOLD_AT_ONCE:  # there were no more; asking again would take the write lock for nothing
                break
        else:
            self._see_what_others_folded(self.projection.position())
        self.leftovers.purge()
        for follow in self.after_fold:
            follow(folded)
        return self._followed

    def _see_what_others_folded(self, up_to: int) -> None:
        """They may have died since."""
        if up_to > self._followed:
            if self.leftovers.of_another(self._followed, up_to):
                self._erase()
            self._followed = up_to

    def _withdraw(self, entries: list[Entry]) -> None:
        """Whoever folds an erasure first carries it out; doing it twice does no harm."""
        if any(entry.body.erases() for entry in entries if entry.body is not None):
            self._erase()
        self.leftovers.after(entries)

    def _erase(self) -> None:
        self.journal.finish_erasures()
        for follow in self.after_erasing:
            follow()

    def _entries_after(self, position: int) -> list[Entry]:
        return self.journal.next_after(position, FOLD_AT_ONCE)


def _as_entries(seen: int, writings: Sequence[Writing]) -> list[Entry]:
    """The drafts as the entries that they would become, were nobody else writing."""
    at, drafts = now.utc(), [(writing.by, draft) for writing in writings for draft in writing.drafts]
    return [
        Entry(position, draft.stream, draft.body.kind, draft.body.version, at, by, None, draft.body)
        for position, (by, draft) in enumerate(drafts, seen + 1)
    ]


def answer(asked: Asked) -> Written:
    """The outcome, raised when it is an error."""
    if isinstance(asked.outcome, HeardError):
        raise asked.outcome
    assert asked.outcome is not None
    return asked.outcome


def written(outcome: Appended | HeardError) -> Written | HeardError:
    if isinstance(outcome, HeardError):
        return outcome
    return Written(outcome.first, outcome.last, outcome.stream, outcome.kind, outcome.at, outcome.repeated)
