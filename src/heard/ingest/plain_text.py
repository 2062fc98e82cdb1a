"""A live blog as plain text, one line a post, by general rules.

The first line is the title; a short line under it without a full stop is the standfirst. What stands between them and
the line where the page begins to load is the summary. Below it there may be an article, written up afterwards, and
then the running posts. Where the signs of a summary or an article are not plain, there is none: every line is a
running post. Furniture is left out and listed; everything else is kept, in order and word for word.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from heard.coverage.elements import Element, Quote, Text
from heard.engine.errors import Refused
from heard.ingest.blog import Blog, Line, Post, State, Suffix
from heard.ingest.furniture import furniture
from heard.ingest.notices import notice
from heard.ingest.reporting import is_whole_quotation, tense
from heard.text.markdown import escape

#: One line is one post; a longer one is another kind of file.
LINE_MAX = 9_000  # with every mark escaped it still fits a text element
LINES_MAX = 20_000
_STANDFIRST_MAX = 250
_SUMMARY_MAX = 12
#: Fewer lines in the past tense are an introduction, not an article.
_ARTICLE_MIN = 3

_BULLETS = ("- ", "– ", "• ", "* ", "· ")
_SOMEBODY = re.compile(r"(?:He|She|They|Mr|Mrs|Ms|Miss|Dr|Sir|Dame|Judge|The|A)\b")

_SUFFIX = re.compile(
    r"(?P<before>.*?)\s*(?:^|[-–—:|,])\s*(?P<suffix>as (?:it|they) happened)\b\s*[-–—:|.]?\s*(?P<after>.*)", re.I
)


class _Read(NamedTuple):
    """One line and what its own words say it is."""

    line: Line
    furniture: str
    state: State | None
    tense: str


def read(raw: bytes) -> Blog:
    """The live blog in a UTF-8 text.

    Raises Refused for what is not text, naming the line, and for a text without posts.
    """
    lines = _lines(raw)
    title, rest = lines[0] if lines else Line(""), [_look(line) for line in lines[1:]]
    if all(one.furniture for one in rest):
        raise Refused(
            "This file has no posts: a live blog as plain text is a headline on the first line and one post on each "
            "line after it. Nothing was imported."
        )
    headline, hearing, suffix = split_title(title.words)
    published = suffix is not None or any(one.furniture in ("divider", "ended") for one in rest)
    standfirst = rest.pop(0).line if len(rest) > 1 and _is_standfirst(rest[0], published) else None
    kept = [one for one in rest if not one.furniture]
    head = _summary_length(rest)
    if sum(len(one.line.words) for one in kept[:head]) > LINE_MAX:
        head = 0  # as long as that it is no digest
    summary, body = kept[:head], kept[head:]
    article = _article_length(body) if published else 0
    posts = [_post(one, following) for one, following in zip(body, [*body[1:], None], strict=True)]
    return Blog(
        source="plain text",
        digest=hashlib.sha256(raw).hexdigest(),
        title=title,
        headline=headline,
        hearing=hearing,
        suffix=suffix,
        standfirst=standfirst,
        summary=tuple(one.line for one in summary),
        report=tuple(posts[:article]),
        live=tuple(one.state or post for one, post in zip(body[article:], posts[article:], strict=True)),
        dropped=tuple(one.line for one in rest if one.furniture),
    )


def split_title(title: str) -> tuple[str, str, Suffix | None]:
    """A title's headline, its hearing, and the suffix that says the day is over.

    "Harbour inquest - as it happened: Ferry had no lookout" names both; where it names one, that is the headline.
    """
    found = _SUFFIX.fullmatch(title)
    if not found:
        return title, "", None
    before, after = found["before"], found["after"]
    suffix: Suffix = "as they happened" if "they" in found["suffix"].lower() else "as it happened"
    return (after, before, suffix) if before and after else (before or after or title, "", suffix)


def _lines(raw: bytes) -> list[Line]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Refused(
            f"Line {raw[: wrong.start].count(10) + 1} of this file is not UTF-8 text (byte {wrong.start}). Nothing was "
            "imported. Save it as “plain text, UTF-8” and import it again."
        ) from None
    # Only these end a line: other characters that Python would break at may stand inside a post.
    written = re.split(r"\r\n|\n|\r", text)
    lines = [Line(words.strip(), number) for number, words in enumerate(written, start=1) if words.strip()]
    if len(lines) > LINES_MAX:
        raise Refused(
            f"This file has {len(lines):,} lines; {LINES_MAX:,} fit. Nothing was imported. Is it a live blog?"
        )
    for line in lines:
        _check(line)
    return lines


def _check(line: Line) -> None:
    control = next((letter for letter in line.words if letter < " " and letter != "\t"), None)
    if control is not None:
        raise Refused(
            f"Line {line.number} holds a control character (U+{ord(control):04X}), so this is not plain text. "
            "Nothing was imported."
        )
    if len(line.words) > LINE_MAX:
        raise Refused(
            f"Line {line.number} is {len(line.words):,} characters long; a post has at most {LINE_MAX:,}. "
            "Nothing was imported. One line is one post: are the line breaks missing?"
        )


def _look(line: Line) -> _Read:
    state = notice(line.words, f"line {line.number}", line.number)
    return _Read(line, furniture(line.words), state, tense(line.words))


def _is_standfirst(one: _Read, published: bool) -> bool:
    """Whether the second line belongs to the head of the page. Where the page is known to be a `published` one, a
    standfirst in the headline's present tense ("Jury hears …") is told from a running post ("Mr Vessel says …")."""
    words = one.line.words
    running = one.tense == "running" and (not published or _SOMEBODY.match(words) is not None)
    return (
        len(words) <= _STANDFIRST_MAX
        and not words.endswith((".", "!", "…", "”", '"'))
        and not words.startswith(("“", '"', *_BULLETS))
        and not (one.furniture or one.state or running)
    )


def _summary_length(rest: Sequence[_Read]) -> int:
    """How many lines stand before the line where the page loads, if there is one and they may be a summary."""
    for index, one in enumerate(rest):
        if one.furniture == "divider":
            return index - sum(1 for before in rest[:index] if before.furniture)
        running = (one.state or one.tense == "running") and not one.line.words.startswith(_BULLETS)
        if running or index >= _SUMMARY_MAX:
            return 0
    return 0


def _article_length(body: Sequence[_Read]) -> int:
    """How many lines are an article: all before the first running post, if the signs of both parts are plain."""
    running = [index for index, one in enumerate(body) if one.state or one.tense == "running"]
    if not running:
        return 0
    article, live = body[: running[0]], body[running[0] :]
    written = sum(one.tense == "written" for one in article)
    later = sum(one.tense == "written" for one in live)
    plain = len(article) >= _ARTICLE_MIN and 2 * written >= len(article) and len(running) > later
    return len(article) if plain else 0


def _post(one: _Read, following: _Read | None) -> Post:
    line = one.line
    return Post(f"line {line.number}", line.words, (_element(line.words, following),), line.number)


def _element(words: str, following: _Read | None) -> Element:
    if is_whole_quotation(words, following.line.words if following else ""):
        # The marks are the paper's and stay; who spoke is not said in the line, and is not guessed.
        return Quote(words, as_said="verbatim")
    return Text(escape(words))
