"""That the page of an export says what its case says: rule 6 of docs/formats/export.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser

from heard.engine.errors import Corrupt
from heard.export.released import ReleasedCase, ReleasedPost

#: Within these a word goes on; any other tag ends it.
_INLINE = frozenset("a b code del em i s small span strong sub sup time".split())
#: What stands in these no reader sees.
_UNREAD = frozenset(("script", "style"))
_WORD = re.compile(r"[^\W_]+")


def check_page(html: str, case: ReleasedCase) -> None:
    """Raises Corrupt when a post is missing, out of place or too many, or lacks a word that it should say."""
    page = _Page()
    page.feed(html)
    page.close()
    if page.order != [post.id for post in case.posts]:
        raise Corrupt("index.html does not show the posts of case.json, each once and in their order.")
    for post in case.posts:
        if not stand_in(_said(post), "".join(page.articles[post.id])):
            raise Corrupt(f"index.html does not say what case.json says in post {post.id}.")
    around = [case.title, case.standfirst]
    if not stand_in(around, "".join(page.around)):
        raise Corrupt("index.html does not say the title and standfirst of case.json.")


def said_on(html: str) -> tuple[dict[str, str], str]:
    """What the articles of a page say, by the id of their post, and what stands around them.

    Raises Corrupt when one stands inside another.
    """
    page = _PageOfReaders()
    page.feed(html)
    page.close()
    return {post: "".join(said) for post, said in page.articles.items()}, "".join(page.around)


def _said(post: ReleasedPost) -> list[str]:
    """What a reader must find in the article, in this order."""
    if post.status != "published":
        return [post.notice]
    told = [words for notice in post.notices for words in (notice.text, notice.old)]
    return [post.title, post.text, *told, post.byline]


def stand_in(said: Sequence[str], shown: str) -> bool:
    """Whether the words stand in what is shown, in order, whatever stands between them."""
    words: Iterator[str] = iter(_WORD.findall(shown))
    return all(any(word == other for other in words) for text in said for word in _WORD.findall(text))


def words_in(text: str) -> list[str]:
    """Its longest runs of letters and digits."""
    return _WORD.findall(text)


class _Page(HTMLParser):
    """The text of each article by the id of its post, and the text around them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.order: list[str] = []
        self.articles: dict[str, list[str]] = {}
        self.around: list[str] = []
        self._here = self.around
        self._unread = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread = self._unread or tag in _UNREAD
        if tag == "article":
            if self._here is not self.around:
                raise Corrupt("index.html has a post inside another.")
            post = (dict(attrs).get("id") or "").removeprefix("post-")
            self.order.append(post)
            self._here = self.articles.setdefault(post, [])
        self._ends_a_word(tag)

    def handle_endtag(self, tag: str) -> None:
        self._ends_a_word(tag)
        if tag == "article":
            self._here = self.around
        if tag in _UNREAD:
            self._unread = False

    def _ends_a_word(self, tag: str) -> None:
        if tag not in _INLINE:
            self._here.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self._here.append(data)


class _PageOfReaders(_Page):
    """The same of a page of the server, on which what a picture shows is said in its `alt`."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag == "img":
            self._here.append(f" {dict(attrs).get('alt') or ''} ")
