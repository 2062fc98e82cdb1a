"""The words that were withdrawn, as they are looked for in an answer: laid bare, five at a time, never in clear.

An answer is searched for every run of five words of every version that readers saw, whatever the case, the markup or
the writing (`text.normalise`). What is also said by a post that stands, or by the page itself, tells no old answer from
a new one: it is left out, and the posts are named on the receipt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from heard.coverage import elements, projection
from heard.coverage.entries import PostClarified, PostCorrected, PostPublished, PostTakenOver, Told
from heard.coverage.model import Post
from heard.engine.journal import Journal
from heard.engine.projection import Tables
from heard.text.normalise import letters, seen

RUN = 5
#: A text of fewer words is looked for whole, if it is not so short that it may stand anywhere.
RUN_AT_LEAST, LETTERS_AT_LEAST = 3, 12
#: So many runs of one text are looked for, evenly spread over it.
RUNS_MAX = 400

#: The fields of an element that say something; the others are from lists that any post draws on.
_WORDED = ("markdown", "words", "text", "alt", "caption", "title")
_WORD = re.compile(r"[^\W_]+")
_ATTRIBUTE = re.compile(r'="([^"]{12,})"')
_ESCAPED = re.compile(r'\\(?:u([0-9a-fA-F]{4})|([nrtbf"/\\]))')


class Wording:
    """Runs of words. It says whether an answer has one, and nothing else: it is never printed or logged."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._runs = frozenset(run for text in texts for run in _runs(text))

    def __repr__(self) -> str:
        return f"<{len(self._runs)} runs of words>"

    def __bool__(self) -> bool:
        return bool(self._runs)

    def stands_in(self, answer: str) -> bool:
        """Whether an answer (HTML, JSON, XML, a stream) has any of them."""
        return bool(self._runs) and any(run in bare for bare in _bare(answer) for run in self._runs)

    def without_what(self, *texts: str) -> Wording:
        """The same but for what these say."""
        said, rest = [letters(text) for text in texts], Wording(())
        rest._runs = frozenset(run for run in self._runs if not any(run in text for text in said))
        return rest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Wording) and self._runs == other._runs

    __hash__ = None  # type: ignore[assignment]


class Pictures:
    """Files of pictures that a post shows no more: an answer that names one would have them shown."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    @classmethod
    def gone_from(cls, tables: Tables, journal: Journal, post: str, case: str) -> Pictures:
        """All that readers of the post ever saw, but for what it, or another post of the case, shows."""
        bodies = [entry.body for entry in journal.stream(post)]
        names = elements.picture_names(getattr(body, "elements", ()) for body in bodies)
        shown = [name for name in names if any(one.case == case for one in projection.pictured_in(tables, name))]
        return cls(set(names) - set(shown))

    def stands_in(self, answer: str) -> bool:
        return any(name in answer for name in self._names)


def _runs(text: str) -> Iterable[str]:
    words = _WORD.findall(seen(text))
    if len(words) < RUN:
        whole = letters(" ".join(words))
        return [whole] if len(words) >= RUN_AT_LEAST and len(whole) >= LETTERS_AT_LEAST else []
    starts = range(0, len(words) - RUN + 1, max(1, len(words) // RUNS_MAX))
    return {letters(" ".join(words[start : start + RUN])) for start in starts}


def _bare(answer: str) -> Iterable[str]:
    """The letters of an answer with the escapes of JSON undone, which may stand in a page too; then of attributes."""
    plain = _ESCAPED.sub(_unescaped, answer)
    yield letters(plain)
    yield letters(" ".join(_ATTRIBUTE.findall(plain)))


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else found[2] if found[2] in '"/\\' else " "


def of_post(tables: Tables, journal: Journal, post: Post) -> Wording:
    """Everything of a post that readers ever saw and the journal still has. Of an erased one that is nothing."""
    bodies: list[Any] = [entry.body for entry in journal.stream(post.id)]
    if post.kind == "state":
        told = journal.entry(post.published_position)
        bodies.append(told.body if told else None)
    return Wording(text for body in bodies for text in _said(body))


def _said(body: Any) -> list[str]:
    match body:
        case PostPublished() | PostTakenOver() | PostCorrected() | PostClarified():
            words = [elements.plain((one,)) for one in body.elements]
            own = [getattr(one, name, "") for one in body.elements for name in _WORDED]
            return [body.title, getattr(body, "old_shown", ""), *words, *own]
        case Told():
            return [body.words]
    return []


def said_of(tables: Tables, case: str) -> list[str]:
    """What the pages of a case say beside its posts."""
    rows = [
        *tables.execute("SELECT title, standfirst FROM cases WHERE id = ?", (case,)),
        *tables.execute("SELECT name, role, note FROM person WHERE case_id = ?", (case,)),
    ]
    coverage = projection.of_case(tables, case)
    notices = [notice.text for post in projection.noticed(tables, case)[:500] for notice in post.notices]
    return [str(text) for row in rows for text in row] + [coverage.words, *notices]
