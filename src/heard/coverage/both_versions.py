"""A conflict as the desk shows it, of a post or of the summary: what it was, what it is by now, what one typed, and the
three put together.
"""

from __future__ import annotations

from typing import Any

from heard.cases.exits import Serving
from heard.cases.model import Case
from heard.coverage import merging, projection
from heard.coverage.court import Form
from heard.coverage.elements import Element, Quote, Text
from heard.coverage.entries import PostClarified, PostCorrected, PostPublished, PostTakenOver, SummaryWritten
from heard.coverage.model import Post
from heard.engine.journal import Journal

_WORDED = (PostPublished, PostTakenOver, PostCorrected, PostClarified)


def seen(serving: Serving, post: str, form: Form, based_on: int | None) -> dict[str, Any]:
    """`parts` with the changes in each, `title` likewise if anybody changed it, and a form with what is proposed."""
    known = projection.by_id(serving.tables, post)
    was_title, was = _then(serving.node.journal, known, based_on)
    theirs, yours = first_words(known.elements), form.get("text", "")
    found = merging.parts(was, theirs, yours)
    title = merging.parts(was_title, known.title, form.get("title", was_title))
    asked = {**form, "text": merging.proposed(found), "title": merging.proposed(title) if title else ""}
    if any(part.sort == "clash" for part in title):  # one line: theirs is shown, and yours is what you typed
        asked["title"] = form.get("title", "")
    return {
        "post": known,
        "parts": [_shown(part) for part in found],
        "title": [_shown(part) for part in title if part.sort != "same"],
        "yours": yours,
        "only_marked": (was, was_title) == (theirs, known.title),
        "clashes": sum(part.sort == "clash" for part in [*found, *title]),
        "draft": asked,
    }


def of_summary(serving: Serving, case: Case, form: Form, based_on: int | None) -> dict[str, Any]:
    """The same of the summary, which has no title."""
    stands = projection.of_case(serving.tables, case.id)
    was = ""
    for entry in serving.node.journal.stream(case.id):
        if isinstance(entry.body, SummaryWritten) and (based_on is None or entry.position <= based_on):
            was = entry.body.markdown
    found = merging.parts(was, stands.summary, form.get("text", ""))
    return {
        "post": None,
        "position": stands.summary_position,
        "parts": [_shown(part) for part in found],
        "title": [],
        "yours": form.get("text", ""),
        "only_marked": False,
        "clashes": sum(part.sort == "clash" for part in found),
        "draft": {**form, "text": merging.proposed(found)},
    }


def _then(journal: Journal, post: Post, based_on: int | None) -> tuple[str, str]:
    """The title and the words at a position of the post; nothing where they were erased."""
    worded = [entry for entry in journal.stream(post.id) if based_on is None or entry.position <= based_on]
    for entry in reversed(worded):
        if isinstance(entry.body, _WORDED):
            return entry.body.title, first_words(entry.body.elements)
    return "", ""


def first_words(elements: tuple[Element, ...]) -> str:
    """What the form for new words has in its box; see `elements.reworded`."""
    first = elements[0] if elements else None
    return first.markdown if isinstance(first, Text) else first.words if isinstance(first, Quote) else ""


def _shown(part: merging.Part) -> dict[str, Any]:
    return {
        "sort": part.sort,
        "was": part.was,
        "theirs": merging.changes(part.was, part.theirs),
        "yours": merging.changes(part.was, part.yours),
    }
