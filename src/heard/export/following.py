"""That a released case follows from the entries carried with it: rule 5 of docs/formats/export.md.

Each entry must be accounted for by what the case says now, and each published word of the case by an entry.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NoReturn

from heard.cases.entries import (
    SLUGS,
    CaseDescribed,
    CaseOpened,
    HearingListed,
    PersonNamed,
    SittingBegan,
    SittingRose,
    SlugTaken,
)
from heard.coverage.elements import Text, plain
from heard.coverage.entries import (
    Closed,
    Content,
    CoverageTakenOver,
    KeyEventMarked,
    KeyEventUnmarked,
    Paused,
    PostClarified,
    PostCorrected,
    PostPinned,
    PostPlaced,
    PostPublished,
    PostRetracted,
    PostTakenOver,
    PostUnpinned,
    SummaryWritten,
    Told,
)
from heard.coverage.model import ERASED_NOTICE, RETRACTION_NOTICES, WITHHELD_NOTICE, Notice
from heard.engine.clock import duration
from heard.engine.entry import Body, Header
from heard.engine.errors import Corrupt, Refused
from heard.export.released import (
    SITTING,
    ReleasedCase,
    ReleasedHearing,
    ReleasedPerson,
    ReleasedPost,
    ReleasedState,
    ReleasedSummary,
)
from heard.text.markdown import escape

Found = tuple[Header, Body]


class Follower:
    """Compares a case with entries whose place in the journal is proved already."""

    def __init__(self, case: ReleasedCase) -> None:
        self.case = case
        self.sittings = {one.id: one for one in case.sittings}

    def follow(self, entries: Sequence[Found]) -> None:
        """Raises Corrupt naming what the case says and its entries do not, or the other way round."""
        by_stream: dict[str, list[Found]] = defaultdict(list)
        for header, body in entries:
            by_stream[header.stream].append((header, body))
        own = by_stream.pop(self.case.id, [])
        self._case(own, by_stream.pop(SLUGS, []))
        named: list[ReleasedPerson | ReleasedHearing] = [*self.case.people, *self.case.hearings]
        for one in named:
            self._named(one, by_stream.pop(one.id, []))
        told = {body.notice: (header, body) for header, body in own if isinstance(body, Told) and body.notice}
        beginnings = {post.id for post in self.case.posts if (post.status, post.state) == ("published", SITTING)}
        if beginnings != self.sittings.keys():
            _wrong("its sittings are not those that its posts tell of")
        for post in self.case.posts:
            if post.kind != ("state" if post.state else "post"):
                _wrong(f"post {post.id} is not of the kind that its state says")
            mine = by_stream.pop(post.id, [])
            if post.status != "published":
                self._withdrawn(post, mine)
            elif post.notice:
                _wrong(f"post {post.id} is published, and a notice stands in its place")
            elif post.state == SITTING:
                self._sitting(post, mine)
            elif post.id in told:
                self._told(post, *told.pop(post.id), mine)
            else:
                self._post(post, mine)
        for header, _ in [*(one for several in by_stream.values() for one in several), *told.values()]:
            _wrong(f"entry {header.position} is carried, and nothing in case.json follows from it", header)

    def _case(self, own: Sequence[Found], slugs: Sequence[Found]) -> None:
        case = self.case
        described = [body for _, body in own if isinstance(body, CaseOpened | CaseDescribed)]
        if not described or any((one.title, one.standfirst) != (case.title, case.standfirst) for one in described):
            _wrong("the title and standfirst in case.json are not those of the entries")
        if any(isinstance(one, CaseOpened) and (one.slug, one.zone) != (case.slug, case.zone) for one in described):
            _wrong("the address or time zone in case.json is not that of the entries")
        if [body for _, body in slugs] != [SlugTaken(case.slug, case.id)]:
            _wrong("no entry says that the case has the address that case.json gives it")
        self._summary([one for one in own if isinstance(one[1], SummaryWritten)])
        self._state([one for one in own if isinstance(one[1], Told | CoverageTakenOver)])
        for header, body in own:
            if not isinstance(body, CaseOpened | CaseDescribed | SummaryWritten | Told | CoverageTakenOver):
                _wrong(f"entry {header.position} may not be in an export", header)

    def _summary(self, written: Sequence[Found]) -> None:
        summary = self.case.summary
        for header, body in written[-1:]:
            assert isinstance(body, SummaryWritten)
            if summary != ReleasedSummary(body.markdown, _at(header, body)):
                _wrong("the summary in case.json is not that of its entry", header)
        if bool(written) != bool(summary.markdown):
            _wrong("the summary in case.json has no entry")

    def _state(self, entries: Sequence[Found]) -> None:
        """The last entry of a state decides. If one cannot be carried, a post that was withdrawn tells of it."""
        if any(post.kind == "state" and post.status != "published" for post in self.case.posts):
            return
        stated = self.case.coverage
        if not entries:
            if (stated.state, stated.due_at) != ("announced", None):
                _wrong("the state in case.json has no entry")
            return
        header, body = entries[-1]
        if stated != _state_after(header, body):
            _wrong("the state in case.json is not that of its last entry", header)

    def _named(self, one: ReleasedPerson | ReleasedHearing, entries: Sequence[Found]) -> None:
        said: Any = None
        for header, body in entries:
            match body:
                case PersonNamed():
                    said = ReleasedPerson(header.stream, body.name, body.role, body.note)
                case HearingListed():
                    said = ReleasedHearing(header.stream, body.title, body.place)
            if said != one or getattr(body, "case", "") != self.case.id:
                _wrong(f"what case.json says of {one.id} is not what its entry says", header)
        if said is None:
            _wrong(f"{one.id} in case.json has no entry")

    def _sitting(self, post: ReleasedPost, entries: Sequence[Found]) -> None:
        sitting = self.sittings.get(post.id)
        assert sitting is not None
        began = [(header, body) for header, body in entries if isinstance(body, SittingBegan)]
        if len(began) != 1:
            _wrong(f"the sitting {post.id} has no entry")
        [(header, body)] = began
        said = (body.case, body.hearing, body.title, body.source_at or header.at_instant)
        shown = (self.case.id, sitting.hearing, sitting.title, sitting.began_at)
        if said != shown or post.elements != (Text(escape(body.title)),) or post.published_at != sitting.began_at:
            _wrong(f"the sitting {post.id} is not as its entry says", header)
        for header, rose in entries:
            if isinstance(rose, SittingRose):
                if (sitting.rose_at, sitting.back_at) != (rose.source_at or header.at_instant, rose.back_at):
                    _wrong(f"the sitting {post.id} did not rise as its entry says", header)
            elif not isinstance(rose, SittingBegan | PostPlaced):
                self._marked(post, [(header, rose)])

    def _told(self, post: ReleasedPost, header: Header, body: Told, marks: Sequence[Found]) -> None:
        said = (header.kind.removeprefix("coverage."), (Text(body.words),), _at(header, body))
        if (post.state, post.elements, post.published_at) != said or post.kind != "state":
            _wrong(f"post {post.id} is not the change of state that its entry tells of", header)
        self._marked(post, marks)

    def _post(self, post: ReleasedPost, entries: Sequence[Found]) -> None:
        worded = [(h, b) for h, b in entries if isinstance(b, Content | PostCorrected | PostClarified)]
        if not worded:
            _wrong(f"the words of post {post.id} have no entry")
        for header, body in worded:
            assert isinstance(body, Content | PostCorrected | PostClarified)
            if (body.case, body.elements, body.title) != (self.case.id, post.elements, post.title):
                _wrong(f"the words of post {post.id} are not those of its entry", header)
            if isinstance(body, Content):
                self._published(post, header, body)
            else:
                self._noticed(post, header, body)
        self._marked(post, [one for one in entries if one not in worded], worded)

    def _published(self, post: ReleasedPost, header: Header, body: Content) -> None:
        if not isinstance(body, PostPublished | PostTakenOver):
            _wrong(f"entry {header.position} may not be in an export", header)
        said = (body.byline, body.section, body.said_at, body.written_at, body.source_updated_at, body.sitting)
        shown = (post.byline, post.section, post.said_at, post.written_at, post.updated_at, post.sitting)
        state = body.state if isinstance(body, PostTakenOver) else ""
        if said != shown or post.published_at != _at(header, body) or post.state != state:
            _wrong(f"post {post.id} is not as its entry says", header)
        if isinstance(body, PostTakenOver) and not set(body.notices) <= set(post.notices):
            _wrong(f"post {post.id} does not bear the notices that its entry says", header)

    def _noticed(self, post: ReleasedPost, header: Header, body: PostCorrected | PostClarified) -> None:
        at = header.at_instant
        if isinstance(body, PostCorrected):
            notice = Notice("corrected", at, body.notice, body.old_shown)
        else:
            notice = Notice("clarified", at, body.notice)
        if notice not in post.notices:
            _wrong(f"post {post.id} does not bear the notice that its entry says", header)

    def _marked(self, post: ReleasedPost, marks: Sequence[Found], worded: Sequence[Found] = ()) -> None:
        """Whether it is a key event or pinned, as far as an entry says so. A pin may be lost to another post's."""
        key = next((body.key_event for _, body in worded if isinstance(body, Content)), None)
        pinned = next((body.pinned for _, body in worded if isinstance(body, Content)), None)
        for header, body in marks:
            match body:
                case KeyEventMarked() | KeyEventUnmarked():
                    key = isinstance(body, KeyEventMarked)
                case PostPinned() | PostUnpinned():
                    pinned = isinstance(body, PostPinned)
                case PostPlaced():
                    pass
                case _:
                    _wrong(f"entry {header.position} may not be in an export", header)
            if getattr(body, "case", "") != self.case.id:
                _wrong(f"entry {header.position} is of another case", header)
        if key not in (None, post.key_event) or (pinned is False and post.pinned):
            _wrong(f"post {post.id} is not marked as its entries say")

    def _withdrawn(self, post: ReleasedPost, entries: Sequence[Found]) -> None:
        if post.elements or post.title or post.byline or post.text or post.key_event or post.pinned:
            _wrong(f"post {post.id} was withdrawn, and still has words or marks")
        borne = [(notice.kind, notice.text, notice.old) for notice in post.notices]
        if borne != ([] if post.status == "withheld" else [(post.status, post.notice, "")]):
            _wrong(f"post {post.id} was withdrawn, and bears other notices than the one in its place")
        for header, body in entries:
            match body:
                case PostRetracted():
                    words = body.notice or RETRACTION_NOTICES[body.code]
                    notice = Notice("retracted", header.at_instant, words)
                    fits = post.status == "retracted" and post.notices == (notice,) and post.notice == words
                case PostTakenOver():
                    fits = post.status == body.status and post.notices == body.notices and not body.elements
                case _:
                    fits = False
            if not fits:
                _wrong(f"entry {header.position} is not what stands in the place of post {post.id}", header)
        fixed = {"withheld": (WITHHELD_NOTICE,), "erased": (ERASED_NOTICE, RETRACTION_NOTICES["legal"])}
        told = fixed.get(post.status) or (() if entries else (RETRACTION_NOTICES["legal"],))
        if told and post.notice not in told:
            _wrong(f"the notice in the place of post {post.id} has no entry")


def _at(header: Header, body: Told | Content | SummaryWritten) -> datetime | None:
    return body.source_at if body.source else header.at_instant


def _state_after(header: Header, body: Body) -> ReleasedState | None:
    if isinstance(body, CoverageTakenOver):
        return ReleasedState(body.state, body.since_at, body.due_at)
    assert isinstance(body, Told)
    since = _at(header, body)
    if isinstance(body, Paused):
        try:
            due_at = body.until_at or (since + duration(body.lasting) if since and body.lasting else None)
        except Refused:
            return None
        return ReleasedState("paused", since, due_at if since else None)
    return ReleasedState("closed" if isinstance(body, Closed) else "live", since, None)


def check_texts(case: ReleasedCase) -> None:
    """Raises Corrupt when the plain text of a post is not that of its elements."""
    for post in case.posts:
        if post.text != plain(post.elements):
            _wrong(f"the plain text of post {post.id} is not that of its elements")


def _wrong(what: str, header: Header | None = None) -> NoReturn:
    about = f" (entry {header.position})" if header and str(header.position) not in what else ""
    details = {"position": header.position} if header else {}
    raise Corrupt(f"The case does not follow from its entries: {what}{about}.", **details)
