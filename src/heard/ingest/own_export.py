"""Our own export, taken over into another journal as the same case: ids where they are free, times, notices and all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence

from heard.cases import commands as case_commands
from heard.cases.release import Doors
from heard.coverage import commands, taking_over
from heard.coverage.elements import Text
from heard.coverage.entries import CoverageTakenOver, PostHeld, PostPublished, PostSealed, PostTakenOver, SummaryWritten
from heard.engine.entry import new_id
from heard.engine.errors import Gone, Refused
from heard.engine.node import Asked, Command, Decision, Node, Written, answer
from heard.engine.projection import Tables
from heard.engine.stores import Appended
from heard.export.released import SITTING, ReleasedCase, ReleasedPost, ReleasedSitting
from heard.ingest.liveblogs import SLICE, Imported

#: A command and the name it has in this import, the same at every import of the same case.
Step = tuple[str, Command]

_ID = re.compile(r"[a-z2-7]{16}")


def import_case(
    node: Node,
    case: ReleasedCase,
    slug: str,
    title: str,
    by: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Imported:
    """Open a case that is the one in an export. Doing it again changes nothing.

    Posts that were being checked when it was exported have no words and are left out.
    Raises Refused when there is another case at this address; what was taken over before any other error stays, and
    importing again goes on from there.
    """
    return _Import(node, case, slug, by).run(title, progress)


class _Import:
    def __init__(self, node: Node, case: ReleasedCase, slug: str, by: str) -> None:
        self.node, self.released, self.slug, self.by = node, case, slug, by
        self.doors = Doors(node.journal)
        self.digest = hashlib.sha256(case.encode()).hexdigest()
        self.case = ""
        self.ids: dict[str, str] = {}

    def run(self, title: str, progress: Callable[[int, int], None]) -> Imported:
        released = self.released
        self.node.catch_up()
        step = f"case {released.id}"
        opening = case_commands.open_case(
            self.slug, title or released.title, released.standfirst, released.zone, case=self._id(step, released.id)
        )
        self.case = answer(self._do([(step, opening)])[0]).stream
        self._told(self._cast())
        hearings = {one.id: self._id(f"hearing {one.id}", one.id) for one in released.hearings}
        self.ids = hearings | {one.id: self._id(f"post {one.id}", one.id) for one in released.sittings}
        outcomes: list[Written | Gone] = []
        total = sum(post.status != "withheld" for post in released.posts)
        for group in self._groups():
            outcomes += [_outcome(one) for one in self._do(group)]
            progress(len(outcomes), total)
        outcomes += self._summary()
        self._told(self._end())
        kept = [outcome for outcome in outcomes if isinstance(outcome, Written)]
        return Imported(
            self.case,
            kept=len(kept),
            new=sum(not outcome.repeated for outcome in kept),
            held=sum(outcome.kind in (PostHeld.kind, PostSealed.kind) for outcome in kept),
            erased=len(outcomes) - len(kept),
        )

    def _cast(self) -> list[Step]:
        steps: list[Step] = []
        for one in self.released.people:
            step = f"person {one.id}"
            steps.append(
                (step, case_commands.name_person(self.case, one.name, one.role, one.note, self._id(step, one.id)))
            )
        for other in self.released.hearings:
            step = f"hearing {other.id}"
            steps.append(
                (step, case_commands.list_hearing(self.case, other.title, other.place, self._id(step, other.id)))
            )
        return steps

    def _groups(self) -> Iterator[list[Step]]:
        """The posts in their order, in slices; the beginning of a sitting stands alone, since it rests on no others."""
        sittings = {one.id: one for one in self.released.sittings}
        group: list[Step] = []
        for post in self.released.posts:
            if post.status == "withheld":
                continue
            alone = post.state == SITTING and post.id in sittings
            if group and (alone or len(group) == SLICE):
                yield group
                group = []
            if alone:
                yield [(f"post {post.id}", self._beginning(sittings[post.id]))]
            else:
                group.append((f"post {post.id}", self._taking(post)))
        if group:
            yield group

    def _beginning(self, one: ReleasedSitting) -> Command:
        hearing, sitting = self.ids.get(one.hearing, ""), self.ids[one.id]
        return case_commands.begin_sitting(self.case, hearing, one.title, sitting=sitting, source_at=one.began_at)

    def _taking(self, post: ReleasedPost) -> Command:
        content = PostTakenOver(
            self.case,
            post.elements,
            post.title,
            post.byline,
            sitting=self.ids.get(post.sitting, ""),
            section=post.section,
            said_at=post.said_at,
            written_at=post.written_at,
            key_event=post.key_event,
            pinned=post.pinned,
            source=f"heard: {post.id}",
            source_at=post.published_at,
            source_updated_at=post.updated_at,
            notices=post.notices,
            status="published" if post.status == "withheld" else post.status,
            state=post.state,
        )
        return taking_over.take_over_post(self.doors, content, self._id(f"post {post.id}", post.id))

    def _summary(self) -> list[Written | Gone]:
        """The summary; what may not be said at once is kept on the desk as a post, where a summary cannot be."""
        words, source, at = self.released.summary.markdown, "heard: summary", self.released.summary.written_at
        if not words:
            return []
        telling = commands.summarise(self.doors, self.case, words, source=source, source_at=at)
        [asked] = self._do([("summary", telling)])
        if isinstance(asked.outcome, Refused) and not isinstance(asked.outcome, Gone):
            post = PostPublished(self.case, (Text(words),), source=source, source_at=at)
            [asked] = self._do([("summary", commands.publish(self.doors, post))])
        outcome = _outcome(asked)
        return [outcome] if isinstance(outcome, Gone) or outcome.kind != SummaryWritten.kind else []

    def _end(self) -> list[Step]:
        state = self.released.coverage
        steps: list[Step] = [
            (
                f"rose {one.id}",
                case_commands.rise(self.case, self.ids[one.id], back_at=one.back_at, source_at=one.rose_at),
            )
            for one in self.released.sittings
            if one.rose_at
        ]
        stands = CoverageTakenOver(state.state, state.since, state.due_at)
        steps.append(("state", taking_over.take_over_state(self.case, stands)))
        return steps

    def _id(self, step: str, id: str) -> str:
        """The id that a thing has here: what an earlier import gave it, or its own where that is free."""
        asked = self._ask(step, _nothing)
        earlier = self.node.journal.store.outcome(asked.key or "", asked.request)
        if isinstance(earlier, Appended):
            return earlier.stream
        taken = any(self.node.tables.execute("SELECT 1 FROM post WHERE id = ?", (id,)))
        if taken or not _ID.fullmatch(id) or self.node.journal.store.stream(id):
            return new_id()
        return id

    def _told(self, steps: Sequence[Step]) -> None:
        for start in range(0, len(steps), SLICE):
            for asked in self._do(steps[start : start + SLICE]):
                answer(asked)

    def _ask(self, step: str, command: Command) -> Asked:
        return self.node.ask(command, by=self.by, scope=self.slug, key=f"import {self.digest} {step}")

    def _do(self, steps: Sequence[Step]) -> list[Asked]:
        """Judge, append and fold these in one commit."""
        return self.node.do_all([self._ask(step, command) for step, command in steps])


def _nothing(tables: Tables) -> Decision:
    return Decision((), ())


def _outcome(asked: Asked) -> Written | Gone:
    """What was written now or before; or that it was erased since and does not come back."""
    return asked.outcome if isinstance(asked.outcome, Gone) else answer(asked)
