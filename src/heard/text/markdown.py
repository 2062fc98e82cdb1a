"""Markdown as reporters write it, into the little HTML that a post may hold, and back.

What is typed is what is printed: only emphasis, links, lists, quotations and small headings are markup. Raw HTML is
printed as typed; images, rules, code blocks and link definitions are not read as such, since each would make typed
words vanish. The HTML passes an allowlist of its own afterwards (nh3), so a fault in the one is caught by the other.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from heard.text.paragraphs import Paragraph, Place, Run, paragraphs_of, text_of

_TAGS = {"p", "br", "em", "strong", "s", "a", "ul", "ol", "li", "blockquote", "code", "h3", "h4"}
_SCHEMES = {"http", "https", "mailto"}
# Whoever posts a link does not vouch for it, and the page it opens learns nothing of ours.
_LINK_REL = "nofollow noopener ugc"
_HEADING_TAGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_MARKS = {"strong": "**", "em": "*", "s": "~~"}


def _heading(
    self: RendererHTML, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    # The page's own title is h1 and a post's title h2, so that a heading inside a post begins at h3.
    tokens[idx].tag = "h3" if tokens[idx].tag in ("h1", "h2", "h3") else "h4"
    return self.renderToken(tokens, idx, options, env)


def _reader() -> MarkdownIt:
    # `breaks`: a reporter who presses Enter means a new line.
    reader = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False, "breaks": True})
    reader.enable("strikethrough")
    reader.disable(["image", "code", "fence", "hr", "lheading", "reference", "html_block", "html_inline"])
    reader.add_render_rule("heading_open", _heading)
    reader.add_render_rule("heading_close", _heading)
    return reader


_READER = _reader()

# Most posts hold no markup at all: lines that begin with a letter or a number, perhaps after a quotation mark, of signs
# that mean nothing in Markdown or HTML. They are written down as they stand, a tenth of the work; a test holds the two
# against each other. "1986. A great vintage" is a point of a list.
_BEGIN = r"[\"'“‘(]{0,2}(?:[^\W\d_]|\d(?!\d*[.)](?:\s|$)))"
_LINE = rf"{_BEGIN}(?:[\w .,;:=?!'\"“”‘’()/%£…–—-]*[\w.,;:?!'\"“”‘’()/%£…–—-])?"
_PLAIN = re.compile(rf"{_LINE}(?:\n{{1,2}}{_LINE})*")

#: A text is asked about several times on its way out: by the door, the page, the feed. It is read once.
KEPT = 1024


@functools.lru_cache(KEPT)
def to_html(source: str) -> str:
    """Safe HTML for a Markdown text: the same text always gives the same bytes."""
    if "_" not in source and _PLAIN.fullmatch(source):
        return "\n".join("<p>" + part.replace("\n", "<br>\n") + "</p>" for part in source.split("\n\n"))
    return read(source)


def read(source: str) -> str:
    """What `to_html` answers, whatever the text is made of."""
    return nh3.clean(
        _READER.render(source),
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes=_SCHEMES,
        url_relative="deny",
        link_rel=_LINK_REL,
    ).strip()


@functools.lru_cache(KEPT)
def to_text(source: str) -> str:
    """The words of a Markdown text without markup; a blank line between paragraphs."""
    return text_of(to_html(source))


def escape(text: str) -> str:
    """Markdown that prints a plain text exactly as it stands, line by line."""
    return "\n".join(_escape_block_mark(_INLINE_MARKS.sub(r"\\\1", line.strip(" \t"))) for line in text.split("\n"))


# Every mark that Markdown could read inside a line, and those that mean something at its beginning.
_INLINE_MARKS = re.compile(r"([\\`*_~\[\]<>]|&(?=[#A-Za-z]))")
_BLOCK_MARKS = re.compile(r"^(?:(#{1,6}|[+-])|(\d{1,9})([.)]))(?=\s|$)")


def _escape_block_mark(line: str) -> str:
    return _BLOCK_MARKS.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", line)


def from_html(html: str) -> str:
    """Markdown that `to_html` turns back into the same words, links, emphasis, lists and quotations.

    Emphasis that Markdown cannot say (it begins or ends inside a word beside punctuation) is dropped, never a word.
    """
    written: list[str] = []
    before: Paragraph | None = None
    begun: set[Place] = set()
    for paragraph in paragraphs_of(html):
        if before is not None:
            shared = [place for place in paragraph.inside if place in before.inside]
            between = "" if before.beside(paragraph) else _prefix(shared, begun).rstrip(" ") + "\n"
            written.append("\n" + between)
        lines = _inline(paragraph).split("\n")
        for number, line in enumerate(lines):
            written.append(("\n" if number else "") + _prefix(paragraph.inside, begun) + line)
            begun.update(paragraph.inside)
        before = paragraph
    return "".join(written)


def _prefix(places: Sequence[Place], begun: set[Place]) -> str:
    """What a line begins with inside these places; a point's mark stands once, at its first line."""
    return "".join(_mark(place, place in begun) for place in places)


def _mark(place: Place, begun: bool) -> str:
    if place.kind == "quotation":
        return "> "
    if place.kind == "point":
        mark = "- " if place.number is None else f"{place.number}. "
        return " " * len(mark) if begun else mark
    return "" if begun else ("### " if place.kind in ("h1", "h2", "h3") else "#### ")


def _inline(paragraph: Paragraph) -> str:
    """One paragraph as Markdown, with as much of its emphasis as survives the way back."""
    if paragraph.inside and paragraph.inside[-1].kind in _HEADING_TAGS:
        runs = [run._replace(text=run.text.replace("\n", " ")) for run in paragraph.runs]
    else:
        runs = paragraph.runs
    words = "".join(run.text for run in runs)
    for attempt in (runs, [run._replace(styles=frozenset()) for run in runs]):
        marked = "".join(
            _link("".join(_styled(styles, text) for styles, text in _by_style(group)), href)
            for href, group in groupby(attempt, key=lambda run: run.href)
        )
        written = "\n".join(_escape_block_mark(line) for line in marked.split("\n"))
        if to_text(written) == words:
            return written
    return escape(words)


def _by_style(runs: Iterable[Run]) -> Iterator[tuple[frozenset[str], str]]:
    for styles, group in groupby(runs, key=lambda run: run.styles):
        yield styles, "".join(run.text for run in group)


def _styled(styles: frozenset[str], text: str) -> str:
    # Markdown wants its marks against the words: white space inside them moves out.
    core = text.strip()
    if not core:
        return text
    marks = "".join(mark for style, mark in _MARKS.items() if style in styles)
    begin, end = text.split(core, 1) if styles else ("", "")
    escaped = _INLINE_MARKS.sub(r"\\\1", core if styles else text)
    return f"{begin}{marks}{escaped}{marks[::-1]}{end}"


def _link(text: str, href: str | None) -> str:
    scheme = (href or "").partition(":")[0].lower()
    if href is None or scheme not in _SCHEMES or not text.strip():
        return text
    target = re.sub("&(?=[#A-Za-z])", "&amp;", re.sub(r"[\s<>()\\]", lambda m: quote(m.group()), href))
    words = text.strip(" ")
    before, after = text.split(words, 1)
    return f"{before}[{words}]({target}){after}"
