"""What each entry changes in the tables of coverage."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from heard.cases.entries import CaseOpened, SittingBegan
from heard.coverage import alerted, bounds, entries, model, proposed, receipts
from heard.coverage import elements as elements_module
from heard.coverage.entries import (
    Closed,
    Content,
    CoverageTakenOver,
    KeyEventMarked,
    KeyEventUnmarked,
    Paused,
    PauseOverran,
    PostClarified,
    PostCorrected,
    PostDropped,
    PostErased,
    PostHeld,
    PostPinned,
    PostPlaced,
    PostPublished,
    PostRetracted,
    PostSealed,
    PostSubmitted,
    PostTakenOver,
    PostUnpinned,
    PostWaiting,
    ProblemReported,
    ProblemSettled,
    ReleaseAgreed,
    Reopened,
    Resumed,
    SummaryWritten,
    Told,
    WentLive,
)
from heard.coverage.model import Notice
from heard.engine import now
from heard.engine.clock import duration
from heard.engine.entry import Entry
from heard.engine.projection import Fold, Tables
from heard.text.markdown import escape

NOTHING = b"[]"

_encode = msgspec.json.Encoder().encode
_notices = msgspec.json.Decoder(tuple[Notice, ...]).decode


def _announced(tables: Tables, entry: Entry, body: CaseOpened) -> None:
    tables.execute(
        "INSERT INTO coverage VALUES (?, 'announced', ?, '', NULL, '', NULL, '', ?, 0, 0, 0)",
        (entry.stream, now.text(entry.at), entry.position),
    )


def _state(tables: Tables, entry: Entry, state: str, body: Told, due_at: datetime | None = None) -> None:
    since = body.source_at if body.source else entry.at
    tables.execute(
        "UPDATE coverage SET state = ?, since = ?, words = ?, due_at = ?, position = ?, overran = 0 WHERE case_id = ?",
        (state, _text(since), body.words, _text(due_at), entry.position, entry.stream),
    )
    if body.notice:
        words = (elements_module.Text(body.words),)
        shown = entries.PostPublished(entry.stream, words, source=body.source, source_at=body.source_at)
        _insert(tables, entry, body.notice, shown, "published", state=entry.kind.removeprefix("coverage."))


def _text(at: datetime | None) -> str | None:
    return now.text(at) if at else None


def _sitting(tables: Tables, entry: Entry, body: SittingBegan) -> None:
    """The beginning of a sitting stands in the flow of posts, as a change of state does."""
    source = "taken over" if body.source_at else ""
    words = (elements_module.Text(escape(body.title)),)  # a title is no Markdown
    shown = entries.PostPublished(body.case, words, sitting=entry.stream, source=source, source_at=body.source_at)
    _insert(tables, entry, entry.stream, shown, "published", state="sitting")


def _went_live(tables: Tables, entry: Entry, body: WentLive) -> None:
    _state(tables, entry, "live", body)


def _paused(tables: Tables, entry: Entry, body: Paused) -> None:
    since = body.source_at if body.source else entry.at  # a pause of no recorded time has no end that could be known
    due_at = body.until_at or (since + duration(body.lasting) if since and body.lasting else None)
    _state(tables, entry, "paused", body, due_at)


def _overran(tables: Tables, entry: Entry, body: PauseOverran) -> None:
    tables.execute("UPDATE coverage SET overran = 1, position = ? WHERE case_id = ?", (entry.position, entry.stream))


def _resumed(tables: Tables, entry: Entry, body: Resumed) -> None:
    _state(tables, entry, "live", body)


def _closed(tables: Tables, entry: Entry, body: Closed) -> None:
    _state(tables, entry, "closed", body)


def _reopened(tables: Tables, entry: Entry, body: Reopened) -> None:
    _state(tables, entry, "live", body)


def _coverage_taken_over(tables: Tables, entry: Entry, body: CoverageTakenOver) -> None:
    tables.execute(
        "UPDATE coverage SET state = ?, since = ?, words = '', due_at = ?, position = ?, overran = 0 WHERE case_id = ?",
        (body.state, _text(body.since_at), _text(body.due_at), entry.position, entry.stream),
    )


def _summary(tables: Tables, entry: Entry, body: SummaryWritten) -> None:
    written_at = body.source_at if body.source else entry.at
    tables.execute(
        "UPDATE coverage SET summary = ?, summary_at = ?, summary_position = ?, position = ? WHERE case_id = ?",
        (body.markdown, _text(written_at), entry.position, entry.position, entry.stream),
    )


def _published(tables: Tables, entry: Entry, body: PostPublished) -> None:
    _insert(tables, entry, entry.stream, body, "published")
    if body.pinned:
        _pin(tables, entry, body.case)


def _taken_over(tables: Tables, entry: Entry, body: PostTakenOver) -> None:
    _insert(tables, entry, entry.stream, body, body.status, state=body.state)
    _set(tables, entry, "notices = ?", _encode(body.notices))
    if body.pinned:
        _pin(tables, entry, body.case)


def _held(tables: Tables, entry: Entry, body: PostHeld) -> None:
    _insert(tables, entry, entry.stream, PostHeld(body.case, (), sitting=body.sitting, section=body.section), "held")


def _sealed(tables: Tables, entry: Entry, body: PostSealed) -> None:
    """`state` is the hearing whose jury was out."""
    kept = PostHeld(body.case, (), sitting=body.sitting, section=body.section)
    _insert(tables, entry, entry.stream, kept, "sealed")
    _set(tables, entry, "state = ?", body.hearing)


def _submitted(tables: Tables, entry: Entry, body: PostSubmitted) -> None:
    kept = PostHeld(body.case, (), sitting=body.sitting, section=body.section)
    _insert(tables, entry, entry.stream, kept, "submitted")


def _waiting(tables: Tables, entry: Entry, body: PostWaiting) -> None:
    """`state` is when it is due, as text."""
    kept = PostHeld(body.case, (), sitting=body.sitting, section=body.section)
    _insert(tables, entry, entry.stream, kept, "waiting")
    _set(tables, entry, "state = ?", _text(body.due_at) or "")


def _agreed(tables: Tables, entry: Entry, body: ReleaseAgreed) -> None:
    tables.execute("INSERT OR REPLACE INTO agreed VALUES (?, ?, ?)", (entry.stream, entry.by, body.not_meant))


def _insert(tables: Tables, entry: Entry, post: str, body: Content, status: str, state: str = "") -> None:
    published_at = body.source_at if body.source else entry.at
    times = [_text(at) for at in (published_at, body.said_at, body.written_at, body.source_updated_at)]
    tables.execute(
        "INSERT OR REPLACE INTO post VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            post,
            body.case,
            "state" if state else "post",
            status,
            body.place or model.first_place(entry.position),
            entry.position,
            entry.position,
            *times,
            body.title,
            _encode(body.elements),
            body.byline,
            body.key_event,
            False,
            body.section,
            body.sitting,
            NOTHING,
            state,
        ),
    )
    _pictured(tables, post, body.elements)


def _pictured(tables: Tables, post: str, parts: tuple[elements_module.Element, ...]) -> None:
    for picture in elements_module.pictures(parts):
        for name in picture.names:
            tables.execute("INSERT OR IGNORE INTO pictured VALUES (?, ?)", (name, post))


def _dropped(tables: Tables, entry: Entry, body: PostDropped) -> None:
    _set(tables, entry, "status = 'dropped'")


def _corrected(tables: Tables, entry: Entry, body: PostCorrected) -> None:
    _reworded(tables, entry, body, Notice("corrected", entry.at, body.notice, body.old_shown))


def _clarified(tables: Tables, entry: Entry, body: PostClarified) -> None:
    _reworded(tables, entry, body, Notice("clarified", entry.at, body.notice))


def _reworded(tables: Tables, entry: Entry, body: PostCorrected | PostClarified, notice: Notice) -> None:
    [(before,)] = tables.execute("SELECT notices FROM post WHERE id = ?", (entry.stream,))
    told = (*_notices(before), notice)
    _set(tables, entry, "title = ?, elements = ?, notices = ?", body.title, _encode(body.elements), _encode(told))
    shown = {name for (name,) in tables.execute("SELECT name FROM pictured WHERE post = ?", (entry.stream,))}
    tables.execute("DELETE FROM pictured WHERE post = ?", (entry.stream,))
    _pictured(tables, entry.stream, body.elements)
    if shown - set(elements_module.picture_names([body.elements])):
        receipts.begin(tables, entry, body.case, entry.stream, "corrected")


def _retracted(tables: Tables, entry: Entry, body: PostRetracted) -> None:
    notice = Notice("retracted", entry.at, body.notice or model.RETRACTION_NOTICES[body.code])
    if any(tables.execute("SELECT 1 FROM post WHERE id = ? AND status = 'published'", (entry.stream,))):
        receipts.begin(tables, entry, body.case, entry.stream, "retracted")
    _emptied(tables, entry, "retracted", notice)


def _emptied(tables: Tables, entry: Entry, status: str, notice: Notice) -> None:
    """Take every word out of the tables; what remains in the journal is sealed."""
    _silence_state(tables, entry.stream)
    _set(
        tables,
        entry,
        "status = ?, title = '', elements = ?, byline = '', key_event = 0, pinned = 0, notices = ?",
        status,
        NOTHING,
        _encode((notice,)),
    )
    tables.execute("UPDATE coverage SET pinned = '' WHERE pinned = ?", (entry.stream,))
    tables.execute("DELETE FROM pictured WHERE post = ?", (entry.stream,))


def _silence_state(tables: Tables, post: str) -> None:
    """Where the state still bears the words of a notice that goes, it bears none."""
    tables.execute(
        "UPDATE coverage SET words = '' WHERE case_id = (SELECT case_id FROM post WHERE id = ? AND kind = 'state')",
        (post,),
    )


def _erased(tables: Tables, entry: Entry, body: PostErased) -> None:
    # Folded afresh, the entries that made the post have no words and left no row: this one says where it stood.
    # What was never published leaves no notice either.
    status = "erased" if body.published_position else "dropped"
    tables.execute(
        "INSERT OR REPLACE INTO post VALUES (?,?,'post',?,?,?,?,NULL,NULL,NULL,NULL,'',?,'',0,0,?,?,?,'')",
        (
            entry.stream,
            body.case,
            status,
            body.place,
            entry.position,
            body.published_position,
            NOTHING,
            body.section,
            body.sitting,
            _encode((Notice("erased", entry.at, model.ERASED_NOTICE),)),
        ),
    )
    tables.execute("UPDATE coverage SET pinned = '' WHERE pinned = ?", (entry.stream,))
    tables.execute("DELETE FROM pictured WHERE post = ?", (entry.stream,))
    receipts.begin_of_erasure(tables, entry, body)


def _marked(tables: Tables, entry: Entry, body: KeyEventMarked) -> None:
    _set(tables, entry, "key_event = 1")


def _unmarked(tables: Tables, entry: Entry, body: KeyEventUnmarked) -> None:
    _set(tables, entry, "key_event = 0")


def _pinned(tables: Tables, entry: Entry, body: PostPinned) -> None:
    _pin(tables, entry, body.case)


def _pin(tables: Tables, entry: Entry, case: str) -> None:
    tables.execute("UPDATE post SET pinned = 0, position = ? WHERE case_id = ? AND pinned = 1", (entry.position, case))
    _set(tables, entry, "pinned = 1")
    tables.execute("UPDATE coverage SET pinned = ? WHERE case_id = ?", (entry.stream, case))


def _unpinned(tables: Tables, entry: Entry, body: PostUnpinned) -> None:
    _set(tables, entry, "pinned = 0")
    tables.execute("UPDATE coverage SET pinned = '' WHERE case_id = ? AND pinned = ?", (body.case, entry.stream))


def _placed(tables: Tables, entry: Entry, body: PostPlaced) -> None:
    _set(tables, entry, "place = ?", body.place)


def _set(tables: Tables, entry: Entry, columns: str, *bindings: Any) -> None:
    tables.execute(f"UPDATE post SET position = ?, {columns} WHERE id = ?", (entry.position, *bindings, entry.stream))


def _reported(tables: Tables, entry: Entry, body: ProblemReported) -> None:
    due_at = entry.at + model.PROBLEM_WITHIN
    tables.execute(
        "INSERT INTO problem VALUES (?, ?, ?, ?, ?, ?, NULL)",
        (entry.stream, body.case, body.post, entry.position, now.text(entry.at), now.text(due_at)),
    )


def _settled(tables: Tables, entry: Entry, body: ProblemSettled) -> None:
    tables.execute("UPDATE problem SET settled_at = ? WHERE id = ?", (now.text(entry.at), entry.stream))


FOLDS: dict[Any, Fold] = {
    CaseOpened: _announced,
    SittingBegan: _sitting,
    WentLive: _went_live,
    Paused: _paused,
    PauseOverran: _overran,
    Resumed: _resumed,
    Closed: _closed,
    Reopened: _reopened,
    SummaryWritten: _summary,
    PostPublished: _published,
    PostTakenOver: _taken_over,
    CoverageTakenOver: _coverage_taken_over,
    PostHeld: _held,
    PostSealed: _sealed,
    PostSubmitted: _submitted,
    PostWaiting: _waiting,
    ReleaseAgreed: _agreed,
    PostDropped: _dropped,
    PostCorrected: _corrected,
    PostClarified: _clarified,
    PostRetracted: _retracted,
    PostErased: _erased,
    KeyEventMarked: _marked,
    KeyEventUnmarked: _unmarked,
    PostPinned: _pinned,
    PostUnpinned: _unpinned,
    PostPlaced: _placed,
    ProblemReported: _reported,
    ProblemSettled: _settled,
    **receipts.FOLDS,
    **proposed.FOLDS,
    **alerted.FOLDS,
    **bounds.FOLDS,
}
