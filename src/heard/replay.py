"""Playing a case again as if it were live: into a case of its own, from what is released of it now.

What was withdrawn is not played, and a corrected post is played in the words that stand today: what readers may not see
any more comes to nobody a second time.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from heard.cases import commands as case_commands
from heard.cases.release import Doors, Withheld
from heard.coverage import commands, projection
from heard.coverage.entries import PostPublished
from heard.engine.errors import Refused
from heard.engine.node import Command, Node, Written
from heard.export.released import SITTING, ReleasedCase, ReleasedPost, released_case

#: Between posts of which no time was recorded.
EVERY = timedelta(seconds=30)
#: What a change of state that was told in the flow is as a command.
_VERBS = {"went_live": "live", "paused": "paused", "resumed": "resumed", "closed": "closed", "reopened": "reopened"}

Progress = Callable[[int, int], None]


def replay(
    node: Node,
    doors: Doors,
    slug: str,
    new_slug: str,
    speed: float,
    by: str,
    progress: Progress = lambda done, total: None,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Play the case at `slug` into one at `new_slug`, `speed` times as fast as it was; the number of posts played.

    Begun again after it broke off, it goes on where it was. Raises NotFound; Refused when the case is held, or when
    there is another case at the new address.
    """
    if not 0.001 <= speed <= 1_000_000:
        raise Refused("The speed is from 0.001 to 1000000: 1 as it was, 60 a minute in a second. Nothing was played.")
    node.catch_up()
    return _Play(node, doors, _released(node, doors, slug), new_slug, by).run(speed, progress, sleep)


def _released(node: Node, doors: Doors, slug: str) -> ReleasedCase:
    """The case as it passes its door towards a replay."""
    case = released_case(node.tables, doors, slug)
    try:
        text = doors.of(node.tables, case.id).let("replay", case.encode().decode())
    except Withheld as stopped:
        raise Refused(
            "Something in this case says what a restriction forbids, so it is not played. Nothing was played."
        ) from stopped
    return msgspec.json.decode(text.encode(), type=ReleasedCase)


def moments(posts: Sequence[ReleasedPost]) -> list[timedelta]:
    """When each post comes, from the first on. Those of no recorded time come evenly between their neighbours."""
    at = [post.published_at for post in posts]
    known = [(index, when) for index, when in enumerate(at) if when]
    if not known:
        return [EVERY * index for index in range(len(posts))]
    first, last = known[0], known[-1]
    found: list[datetime] = [first[1] - EVERY * (first[0] - index) for index in range(first[0])]
    for (index, when), (following, later) in itertools.pairwise(known):
        step = max(later - when, timedelta()) / (following - index)
        found += [when + step * n for n in range(following - index)]
    found += [last[1] + EVERY * (index - last[0]) for index in range(last[0], len(at))]
    gaps = [max(later - when, timedelta()) for when, later in itertools.pairwise(found)]
    return list(itertools.accumulate(gaps, initial=timedelta()))


class _Play:
    def __init__(self, node: Node, doors: Doors, case: ReleasedCase, slug: str, by: str) -> None:
        self.node, self.doors, self.released, self.slug, self.by = node, doors, case, slug, by
        self.case = ""
        self.hearings: dict[str, str] = {}

    def run(self, speed: float, progress: Progress, sleep: Callable[[float], None]) -> int:
        released = self.released
        opening = case_commands.open_case(self.slug, released.title, released.standfirst, released.zone)
        self.case = self._do("case", opening).stream
        for person in released.people:
            self._do(person.id, case_commands.name_person(self.case, person.name, person.role, person.note))
        for hearing in released.hearings:
            listed = self._do(hearing.id, case_commands.list_hearing(self.case, hearing.title, hearing.place))
            self.hearings[hearing.id] = listed.stream
        posts, before = list(self._running()), timedelta()
        for number, (post, moment) in enumerate(zip(posts, moments(posts), strict=True), 1):
            if not self._done(post.id):
                sleep((moment - before).total_seconds() / speed)
                self._play(post)
            before = moment
            progress(number, len(posts))
        self._end()
        return len(posts)

    def _running(self) -> Iterator[ReleasedPost]:
        """What happened as it happened, then what was written up afterwards."""
        for section in ("live", "report"):
            yield from (post for post in self.released.posts if post.section == section and post.status == "published")

    def _play(self, post: ReleasedPost) -> None:
        sitting = next((one for one in self.released.sittings if one.id == post.id), None)
        if post.state == SITTING and sitting:
            hearing = self.hearings[sitting.hearing]
            self._do(post.id, case_commands.begin_sitting(self.case, hearing, sitting.title))
        elif post.state in _VERBS:
            try:
                self._do(post.id, commands.set_state(self.doors, self.case, _VERBS[post.state], post.text))
            except Refused:  # what came before it was withdrawn, or never told: its words stand as a post
                self._publish(post)
        else:
            self._publish(post)

    def _state(self) -> str:
        return projection.of_case(self.node.tables, self.case).state

    def _publish(self, post: ReleasedPost) -> None:
        if self._state() == "closed":  # what follows its end (a report written up later) needs it open once more
            self._do(f"{post.id} reopened", commands.set_state(self.doors, self.case, "reopened"))
        content = PostPublished(
            self.case,
            post.elements,
            post.title,
            post.byline,
            section=post.section,
            key_event=post.key_event,
            pinned=post.pinned,
        )
        self._do(post.id, commands.publish(self.doors, content))

    def _end(self) -> None:
        if self.released.summary.markdown:
            self._do("summary", commands.summarise(self.doors, self.case, self.released.summary.markdown))
        if self.released.coverage.state == "closed" and self._state() != "closed":
            self._do("closed", commands.set_state(self.doors, self.case, "closed"))

    def _do(self, step: str, command: Command) -> Written:
        return self.node.do(command, by=self.by, scope=self.slug, key=self._key(step))

    def _done(self, step: str) -> bool:
        bound = self.node.journal.key_for(self.by, self.slug, self._key(step))
        return self.node.journal.store.by_key(bound) is not None

    def _key(self, step: str) -> str:
        return f"replay {self.released.id} {step}"
