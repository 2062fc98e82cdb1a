"""The parts of a post."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec

from heard.cases.model import NAME_MAX, checked_words
from heard.engine.errors import Refused
from heard.text.markdown import to_text

#: Where in the proceedings words were said. Privilege turns on it: what is said in court, fairly and accurately
#: reported at the time, is protected (Defamation Act 1996 s.14); what is shouted from the gallery, or said outside, may
#: not be.
Setting = Literal[
    "evidence",
    "submission",
    "ruling or conclusion",
    "read from a document",
    "said outside court",
    "from the gallery",
    "not recorded",
]
AsSaid = Literal["verbatim", "reported"]

TEXT_MAX = 20_000
ELEMENTS_MAX = 100


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Running text, written in Markdown."""

    markdown: str


class Quote(msgspec.Struct, frozen=True, tag="quote", omit_defaults=True):
    """Words somebody said; `role` is what the speaker was that day. Neither is guessed."""

    words: str
    speaker: str = ""
    role: str = ""
    as_said: AsSaid = "reported"
    setting: Setting = "not recorded"


class Heading(msgspec.Struct, frozen=True, tag="heading"):
    text: str


class Rendition(msgspec.Struct, frozen=True):
    """The same picture in another size or format, kept in media under a name of its own."""

    media: str
    sort: Literal["jpg", "webp"]
    width: int


class Image(msgspec.Struct, frozen=True, tag="image", omit_defaults=True):
    """A picture kept in media under `media`; without it, a picture that stood here and was not taken over."""

    alt: str
    credit: str = ""
    media: str = ""
    width: int = 0
    height: int = 0
    caption: str = ""
    renditions: tuple[Rendition, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """The last part of the address of each of its files, the largest first, and under which name media has it."""
        if not self.media:
            return {}
        files = (Rendition(self.media, "jpg", self.width), *self.renditions)
        return {f"{one.media}-{one.width}.{one.sort}": one.media for one in files}

    def source_set(self, sort: str, before: str) -> str:
        """Its files of one format as `srcset` has them; addresses begin with `before`."""
        names = [name for name in self.names if name.endswith(f".{sort}")]
        return ", ".join(f"{before}{name} {name[65:].partition('.')[0]}w" for name in names)


class Link(msgspec.Struct, frozen=True, tag="link", omit_defaults=True):
    """A card that leads elsewhere."""

    url: str
    title: str
    text: str = ""


class Embed(msgspec.Struct, frozen=True, tag="embed", omit_defaults=True):
    """A placeholder for something on another site: it is named and linked, and nothing is loaded before a click."""

    provider: str
    url: str
    title: str = ""
    text: str = ""
    #: What is loaded in its place when a reader asks for it; without one it is a link alone.
    frame: str = ""


Element: TypeAlias = Text | Quote | Heading | Image | Link | Embed


def checked(elements: tuple[Element, ...]) -> tuple[Element, ...]:
    """The elements, if they can be kept.

    Raises Refused for none, too many, too long, or an address that is not on the web.
    """
    if not 0 < len(elements) <= ELEMENTS_MAX:
        raise Refused(f"A post needs words, and has at most {ELEMENTS_MAX} parts. Nothing was published.")
    return tuple(_checked(element) for element in elements)


def _checked(element: Element) -> Element:
    match element:
        case Text(markdown):
            return Text(checked_words(markdown, "text", TEXT_MAX))
        case Quote(words, speaker, role):
            return msgspec.structs.replace(
                element,
                words=checked_words(words, "quotation", TEXT_MAX),
                speaker=checked_words(speaker, "speaker", NAME_MAX, needed=False),
                role=checked_words(role, "role", NAME_MAX, needed=False),
            )
        case Heading(text):
            return Heading(checked_words(text, "heading", 300))
        case Image(alt, credit, media, caption=caption):
            if not all(re.fullmatch(r"[0-9a-f]{64}", name) for name in element.names.values()):
                raise Refused("This picture is not one that was uploaded here. Nothing was published.")
            return msgspec.structs.replace(
                element,
                alt=checked_words(alt, "description of the picture", 2000, needed=bool(media)),
                credit=checked_words(credit, "credit of the picture", NAME_MAX, needed=bool(media)),
                caption=checked_words(caption, "caption of the picture", 2000, needed=False),
            )
        case Link(url, title, text):
            return Link(
                _web(url),
                checked_words(title, "title of the link", 500),
                checked_words(text, "text", 2000, needed=False),
            )
        case Embed(provider, url, title, text, frame):
            checked_words(provider, "provider", NAME_MAX)
            return Embed(
                provider,
                _web(url) if url else "",
                checked_words(title, "title", 500, needed=False),
                checked_words(text, "text", 2000, needed=False),
                _web(frame) if frame else "",
            )


def _web(url: str) -> str:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username and len(url) <= 2000
    except ValueError:
        fine = False
    if not fine or not url.isprintable() or " " in url:
        raise Refused("A link must be an address on the web (https://…). Nothing was published.")
    return url


def reworded(elements: tuple[Element, ...], words: str) -> tuple[Element, ...]:
    """New words in place of the first ones; a quotation stays one, and pictures and links stay."""
    first, *rest = elements or (Text(""),)
    if isinstance(first, Quote):
        return (msgspec.structs.replace(first, words=words), *rest)
    return (Text(words), *(rest if isinstance(first, Text) else elements))


def repictured(elements: tuple[Element, ...], stand: tuple[Image, ...]) -> tuple[Element, ...]:
    """Other pictures in place of those that are kept here: where the first of them stood, or at the end."""
    first = next((at for at, one in enumerate(elements) if isinstance(one, Image) and one.media), len(elements))
    others = [
        [one for one in part if not (isinstance(one, Image) and one.media)]
        for part in (elements[:first], elements[first:])
    ]
    return (*others[0], *stand, *others[1])


def pictures(elements: tuple[Element, ...]) -> list[Image]:
    """The pictures among them that are kept here."""
    return [one for one in elements if isinstance(one, Image) and one.media]


def picture_names(versions: Iterable[tuple[Element, ...]]) -> tuple[str, ...]:
    """The last part of the address of every file of their pictures, each once."""
    return tuple(dict.fromkeys(name for one in versions for picture in pictures(one) for name in picture.names))


def texts(elements: tuple[Element, ...]) -> list[str]:
    """Every text in the elements that a reader could come to see, addresses included."""
    found: list[str] = []
    for element in elements:
        found += [value for value in msgspec.structs.astuple(element) if isinstance(value, str)]
        if isinstance(element, Text):
            found.append(to_text(element.markdown))
    return found


def plain(elements: tuple[Element, ...]) -> str:
    """The elements as plain text, for feeds, cards and JSON-LD."""
    return "\n\n".join(part for element in elements if (part := _plain(element)))


def _plain(element: Element) -> str:
    match element:
        case Text(markdown):
            return to_text(markdown)
        case Quote(words, speaker):
            return f"{speaker}: {words}" if speaker else words
        case Heading(text):
            return text
        case Image(alt, caption=caption):
            return "\n".join(part for part in (f"[Picture: {alt}]" if alt else "", caption) if part)
        case Link(url, title):
            return f"{title} ({url})"
        case Embed(provider, url, title):
            return f"[{provider}: {title or url}]"
