"""What a page says that it is: its title and description, as plain text of ours. Nothing of its markup is kept."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser

import msgspec

from heard.outside.reaching import Page

#: Both stand in a head; what comes after so much is not read.
READ_MAX, TITLE_MAX, WORDS_MAX = 128 * 1024, 300, 500
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset=[\"']?([\w-]{1,40})", re.IGNORECASE)


class Told(msgspec.Struct, frozen=True):
    title: str
    words: str


def told_by(page: Page) -> Told:
    """The title and the description of a page; empty where it says none."""
    head = page.body[:READ_MAX]
    meta = _CHARSET.search(head)
    charset = page.charset or (meta[1].decode("ascii") if meta else "utf-8")
    try:
        text = head.decode(charset, "replace")
    except LookupError:
        text = head.decode("utf-8", "replace")
    found = _Found()
    found.feed(text)
    title = found.said.get("og:title") or "".join(found.title)
    words = found.said.get("og:description") or found.said.get("description", "")
    return Told(_plain(title, TITLE_MAX), _plain(words, WORDS_MAX))


class _Found(HTMLParser):
    """Reads a head up to its end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: dict[str, str] = {}
        self.title: list[str] = []
        self._in_title = self._past = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = dict(attributes)
        self._past |= tag == "body"
        self._in_title = tag == "title" and not self.title and not self._past
        name = (told.get("property") or told.get("name") or "").lower()
        if tag == "meta" and not self._past and name in ("og:title", "og:description", "description"):
            self.said.setdefault(name, told.get("content") or "")

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)


def _plain(text: str, most: int) -> str:
    """One line of text without what is not seen: controls, and marks that turn the order of writing around."""
    seen = "".join(one if unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co", "Cn") else " " for one in text)
    line = " ".join(seen.split())
    return line if len(line) <= most else line[: most - 1].rsplit(" ", 1)[0] + "…"
