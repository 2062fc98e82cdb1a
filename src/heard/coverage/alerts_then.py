"""The alerts that had gone out by an instant, each with its words and until when they were left to stand.

Their words are made again of the entries that they worded, so that what was erased since is gone from here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from heard.cases.release import NOBODY, Door
from heard.coverage import model
from heard.coverage.alert_entries import Sort
from heard.coverage.alert_letters import withdrawn, words_of
from heard.coverage.alerted import Sent
from heard.coverage.elements import plain
from heard.coverage.entries import (
    PostClarified,
    PostCorrected,
    PostErased,
    PostPublished,
    PostRetracted,
    PostTakenOver,
)
from heard.engine.entry import Entry
from heard.engine.journal import Journal


class AlertThen(msgspec.Struct, frozen=True):
    """What went out about a post. `text` is empty where the words were erased; `until_at`: when what takes it back went
    out, None while nothing did. `entry` is the position of what says so, `wording` that of the entry that it worded.
    """

    post: str
    sort: Sort
    text: str
    sent_at: datetime
    until_at: datetime | None
    to: int
    entry: int
    wording: int

    def stood(self, at: datetime) -> bool:
        return self.sent_at <= at and (self.until_at is None or at < self.until_at)


def alerts_then(journal: Journal, sent: Sequence[Sent], position: int, zone: str) -> list[AlertThen]:
    """Those of a case that went out up to a position, in the order in which they did; `sent` are all there are."""
    return [_then(journal, one, sent, zone) for one in sent if one.position <= position]


def _then(journal: Journal, one: Sent, sent: Sequence[Sent], zone: str) -> AlertThen:
    theirs = [other for other in sent if other.post == one.post]
    after = next((other.at for other in theirs if other.position > one.position and other.sort != "news"), None)
    before = max((other.wording for other in theirs if other.wording < one.wording), default=0)
    text = _text(journal.stream(one.post), one, before, zone)
    return AlertThen(one.post, one.sort, text, one.at, after, one.to, one.position, one.wording)


def _text(life: Sequence[Entry], one: Sent, before: int, zone: str) -> str:
    door = Door(one.case, NOBODY, held=False, care=frozenset({"suicide"} if one.with_care else ()))
    wrong = [
        entry.body.notice
        for entry in life
        if isinstance(entry.body, PostCorrected) and before < entry.position <= one.wording and one.sort == "corrected"
    ]
    for entry in life:
        if entry.position == one.wording:
            match entry.body:
                case PostPublished() | PostTakenOver() | PostCorrected() | PostClarified() as body:
                    return words_of(door, body.title, plain(body.elements), wrong)
                case PostRetracted() as body:
                    notice = body.notice or model.RETRACTION_NOTICES[body.code]
                    return withdrawn(door, notice, entry.at, zone)
                case PostErased():
                    return withdrawn(door, model.ERASED_NOTICE, entry.at, zone)
    return ""
