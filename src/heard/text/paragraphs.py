"""The paragraphs of an HTML text as a reader sees them: runs of words, and the lists and quotations they stand in."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import NamedTuple

import nh3

_STYLES = {"strong": "strong", "b": "strong", "em": "em", "i": "em", "s": "s", "del": "s", "strike": "s"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_BLOCKS = _HEADINGS | {
    *("p", "ul", "ol", "li", "blockquote", "div", "section", "article", "header", "footer", "figure", "figcaption"),
    *("table", "tr", "td", "th", "dl", "dt", "dd", "pre", "hr"),
}
# Deeper nesting than this is nobody's writing; its words are kept at this depth.
_MAX_DEPTH = 8
# What HTML calls white space: a no-break space is a letter's neighbour on purpose and stays.
_WHITE = re.compile(r"[ \t\r\n\f]+")


class Run(NamedTuple):
    """Words of one style. A line break is a run whose text is a newline."""

    text: str
    styles: frozenset[str] = frozenset()  # of strong, em, s
    href: str | None = None


class Place:
    """One quotation, one point of a list, or one heading. Two of them are the same only if they are one."""

    def __init__(self, kind: str, number: int | None = None, of: object = None) -> None:
        self.kind = kind  # quotation, point, or h1 … h6
        self.number = number
        self.of = of  # the list a point belongs to


class Paragraph(NamedTuple):
    runs: list[Run]
    inside: tuple[Place, ...]  # outermost first

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)

    def beside(self, other: Paragraph) -> bool:
        """Whether the two are neighbouring points of one list."""
        if not (self.inside and other.inside) or len(self.inside) != len(other.inside):
            return False
        mine, theirs = self.inside[-1], other.inside[-1]
        return mine.kind == theirs.kind == "point" and mine is not theirs and mine.of is theirs.of


def paragraphs_of(html: str) -> list[Paragraph]:
    """What a reader sees of an HTML text: script, style and comments go, unknown tags leave their words."""
    # nh3 mends the nesting first, so that the reading below meets only well-formed HTML.
    tags = {*_BLOCKS, *_STYLES, "a", "br"}
    reading = _Reading()
    reading.feed(nh3.clean(html, tags=tags, attributes={"a": {"href"}, "ol": {"start"}}, link_rel=None))
    reading.close()
    reading.end_paragraph()
    return reading.paragraphs


def text_of(html: str) -> str:
    """The words of an HTML text without markup; a blank line between paragraphs, one line for each point of a list."""
    written: list[str] = []
    before: Paragraph | None = None
    for paragraph in paragraphs_of(html):
        if before is not None:
            written.append("\n" if before.beside(paragraph) else "\n\n")
        written.append(paragraph.text)
        before = paragraph
    return "".join(written)


class _Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphs: list[Paragraph] = []
        self._runs: list[Run] = []
        self._styles: list[str] = []
        self._href: str | None = None
        self._places: list[Place] = []
        self._lists: list[tuple[object, int | None]] = []  # an identity for each list, and its next number

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _STYLES:
            self._styles.append(_STYLES[tag])
        elif tag == "a":
            self._href = dict(attrs).get("href")
        elif tag == "br":
            self._runs.append(Run("\n"))
        else:
            self._begin_block(tag, dict(attrs).get("start"))

    def handle_endtag(self, tag: str) -> None:
        if tag in _STYLES:
            self._styles.remove(_STYLES[tag])
        elif tag == "a":
            self._href = None
        elif tag != "br":
            self._end_block(tag)

    def handle_data(self, data: str) -> None:
        self._runs.append(Run(_WHITE.sub(" ", data), frozenset(self._styles), self._href))

    def _begin_block(self, tag: str, start: str | None) -> None:
        self.end_paragraph()
        if tag in ("ul", "ol"):
            first = int(start) if start and re.fullmatch(r"[0-9]{1,9}", start) else 1
            self._lists.append((object(), first if tag == "ol" else None))
        elif tag == "li":
            of, number = self._lists[-1] if self._lists else (None, None)
            self._places.append(Place("point", number, of))
            if number is not None:
                self._lists[-1] = (of, number + 1)
        elif tag == "blockquote":
            self._places.append(Place("quotation"))
        elif tag in _HEADINGS:
            self._places.append(Place(tag))

    def _end_block(self, tag: str) -> None:
        self.end_paragraph()
        if tag in ("ul", "ol"):
            self._lists.pop()
        elif tag in ("li", "blockquote") or tag in _HEADINGS:
            self._places.pop()

    def end_paragraph(self) -> None:
        runs = _trimmed(self._runs)
        self._runs = []
        if runs:
            self.paragraphs.append(Paragraph(runs, tuple(self._places[:_MAX_DEPTH])))


def _trimmed(runs: list[Run]) -> list[Run]:
    """The runs without white space at the ends of lines, and without two spaces where two runs meet."""
    kept: list[Run] = []
    for run in runs:
        text = run.text
        if text == "\n" and kept:
            kept[-1] = kept[-1]._replace(text=kept[-1].text.rstrip(" "))
        elif text.startswith(" ") and (not kept or kept[-1].text.endswith((" ", "\n"))):
            text = text.lstrip(" ")
        if text:
            kept.append(run._replace(text=text))
    while kept and not kept[-1].text.strip(" \n"):
        kept.pop()
    while kept and not kept[0].text.strip(" \n"):
        kept.pop(0)
    if kept:
        kept[-1] = kept[-1]._replace(text=kept[-1].text.rstrip(" "))
    return [run for run in kept if run.text]
