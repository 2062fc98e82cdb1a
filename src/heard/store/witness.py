"""The witness: on another disk, the newest signed head and the list of what was withdrawn, without a word of it.

A journal restored from an older backup looks whole by itself. The witness knows how far it had come, and what readers
must not see again. It is a folder of two files, `checkpoint` and `withdrawn`, each written whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from heard.engine import chain
from heard.engine.entry import kinds_done_again, kinds_that_withdraw
from heard.engine.errors import Corrupt, Unavailable
from heard.engine.journal import Journal
from heard.store.media import keep_whole

WAY_OUT = (
    "`heard restore --new-epoch` is the visible way out: it begins a new log and withdraws again what was withdrawn."
)


class Witness:
    """A folder on another disk than the journal's.

    Raises Unavailable when it cannot be made or read.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        #: Why the place did not take the newest, as the operator should read it; None while all is well.
        self.trouble: str | None = None
        self._head_size = -1
        self._looked = 0
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._withdrawn = frozenset(_read(place / "withdrawn").split("\n")) - {""}
        except OSError as wrong:
            raise Unavailable(
                f"The witness at {place} cannot be used ({wrong.strerror}). Is its disk there?"
            ) from wrong

    def check(self, journal: Journal) -> None:
        """Whether the journal is the one that was witnessed, and not behind it.

        Raises Corrupt when it must not be served.
        """
        head = self.head(journal)
        if head is None:
            return
        epoch, position = journal.store.epoch, journal.store.position()
        if head.epoch != epoch:
            raise Corrupt(
                f"The witness at {self.place} is of another journal: of epoch {head.epoch}, and this one is {epoch}. "
                f"Give each journal a witness of its own. If this one was restored from a backup: {WAY_OUT}"
            )
        if head.size > position:
            raise Corrupt(
                f"This journal ends at {position}, and {head.size} entries had been witnessed: it is older than what "
                f"was already published, so it is not served. {WAY_OUT}",
                position=position,
                witnessed=head.size,
            )
        if chain.root(journal.store.leaves(head.size)) != head.root:
            raise Corrupt(
                f"The first {head.size} entries of this journal are not those that were witnessed. It is not served. "
                f"Run `heard verify`. {WAY_OUT}",
                witnessed=head.size,
            )

    def head(self, journal: Journal) -> chain.Checkpoint | None:
        """The newest head that was witnessed, None when there is none.

        Raises Corrupt when it was not signed with this journal's key.
        """
        note = _read(self.place / "checkpoint")
        return chain.read_note(note, journal.sealing.public_key, journal.sealing.check) if note else None

    def still_to_withdraw(self, journal: Journal) -> list[str]:
        """Lines of the list that this journal does not show as withdrawn, whether it has what they name or not.

        There are some after an older backup was restored: what it has of them must be withdrawn again before anything
        is served. All of the journal is looked through for it, so the list follows from there and not from its
        beginning once more, when the first post waits for it.
        """
        position, here = journal.store.position(), withdrawn(journal)
        left = sorted(line for line in self._withdrawn - here if not _is_here(journal, line))
        self._follow(here - self._withdrawn, position)
        return left

    def keep_withdrawn(self, journal: Journal) -> None:
        """Follow the journal: what it newly withdrew is on the other disk when this returns.

        A place that fails never holds up a retraction: `trouble` says so, and the next call tries again.
        """
        position = journal.store.position()
        self._follow(withdrawn(journal, self._looked) - self._withdrawn, position)

    def _follow(self, news: frozenset[str], position: int) -> None:
        if news and not self._keep("withdrawn", "".join(f"{line}\n" for line in sorted(self._withdrawn | news))):
            return
        self._withdrawn |= news
        self._looked = position

    def was_done_again(self, lines: Iterable[str]) -> None:
        """Take these out: what was done anew has lines of its own, and from here on people may decide about it."""
        left = self._withdrawn - frozenset(lines)
        if left != self._withdrawn and self._keep("withdrawn", "".join(f"{line}\n" for line in sorted(left))):
            self._withdrawn = left

    def keep_head(self, journal: Journal) -> None:
        """Put the newest head there, if it is newer: about once a second and at the end, not at every entry."""
        size = journal.store.position()
        if size != self._head_size and self._keep("checkpoint", journal.checkpoint()):
            self._head_size = size

    def begin(self, journal: Journal) -> None:
        """Begin with a journal that was restored under a new epoch; the old head stays beside, under its own epoch."""
        head = self.head(journal)
        if head is not None and head.epoch != journal.store.epoch:
            keep_whole(self.place / f"checkpoint.{head.epoch}", _read(self.place / "checkpoint").encode())
        keep_whole(self.place / "checkpoint", journal.checkpoint().encode())

    def _keep(self, name: str, text: str) -> bool:
        try:
            keep_whole(self.place / name, text.encode())
        except OSError as wrong:
            self.trouble = f"The witness at {self.place} does not take the newest {name} ({wrong.strerror})."
            return False
        self.trouble = None
        return True


def withdrawn(journal: Journal, after: int = 0) -> frozenset[str]:
    """What entries later than `after` withdrew: a line for each stream, "stream position" for each entry that was
    erased with it, and "stream position what" for what has to be done again (`Body.to_do_again`).
    """
    lines = set()
    kinds = tuple({*kinds_that_withdraw(), *kinds_done_again()})
    for entry in journal.opened(journal.store.of_kinds(kinds, after)):
        if entry.body is None:
            continue
        if entry.body.withdraws():
            lines.add(entry.stream)
            # Of the stream that is gone, not of the entry's: the words of a state are erased in an entry of the case.
            lines.update(f"{entry.stream} {position}" for position in entry.body.erases())
        if what := entry.body.to_do_again():
            lines.add(f"{entry.stream} {entry.position} {what}")
    return frozenset(lines)


def _is_here(journal: Journal, line: str) -> bool:
    """Whether the entry of which a line says what to do again is in this journal: it may be read in another way by
    now, as what counts for a mark of redaction is by a newer version.
    """
    stream, *said = line.split()
    entry = journal.entry(int(said[0])) if len(said) > 1 else None
    return entry is not None and entry.stream == stream


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""
