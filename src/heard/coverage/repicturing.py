"""The pictures of a post, corrected: their words put right, one taken away, another put in its place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from heard.cases.exits import Serving
from heard.cases.model import Case
from heard.coverage import pictures as sent
from heard.coverage.court import Form
from heard.coverage.elements import Element, Image, pictures, repictured
from heard.engine.errors import Refused

#: By so much of its name a form knows a picture of the post.
SHORT = 16


class Asked(Protocol):
    """What a program says of one picture: of the post, or sent since."""

    @property
    def media(self) -> str: ...
    @property
    def alt(self) -> str: ...
    @property
    def credit(self) -> str: ...
    @property
    def caption(self) -> str: ...


class Repictured(msgspec.Struct, frozen=True):
    """The elements with the pictures that are to stand, the words of those, and whether a file said a name that may not
    be said.
    """

    elements: tuple[Element, ...]
    texts: tuple[str, ...]
    doubtful: bool = False


def by_form(serving: Serving, case: Case, elements: tuple[Element, ...], form: Form) -> Repictured:
    """As a form says: each picture stays with the words beside it unless it is ticked away; a file that came is added.

    Raises Refused where a description or a credit is missing.
    """
    stand: list[Image] = []
    doubtful = False
    for one in pictures(elements):
        short = one.media[:SHORT]
        if f"off_{short}" not in form:
            words = {name: form.get(f"{name}_{short}", getattr(one, name)) for name in ("alt", "credit", "caption")}
            stand.append(_worded(one, **words))
    if form.get("picture"):
        found = sent.taken(serving, case, form["picture"])
        doubtful = found.doubtful
        stand.append(sent.told(found, *(form.get(name, "") for name in ("alt", "credit", "caption"))))
    return _stand(elements, stand, doubtful)


def by_list(serving: Serving, case: Case, elements: tuple[Element, ...], asked: Iterable[Asked]) -> Repictured:
    """As a program says: these and no others, in this order.

    Raises Refused for one that is neither in the post nor was sent to its case.
    """
    known = {one.media: one for one in pictures(elements)}
    stand: list[Image] = []
    doubtful = False
    for one in asked:
        if one.media in known:
            stand.append(_worded(known[one.media], one.alt, one.credit, one.caption))
        else:
            found = sent.taken(serving, case, one.media)
            doubtful = doubtful or found.doubtful
            stand.append(sent.told(found, one.alt, one.credit, one.caption))
    return _stand(elements, stand, doubtful)


def _worded(image: Image, alt: str, credit: str, caption: str) -> Image:
    if not alt.strip() or not credit.strip():
        raise Refused(
            "A picture needs a description, for those who do not see it, and a credit. Nothing was changed; your words "
            "are still here."
        )
    return msgspec.structs.replace(image, alt=alt, credit=credit, caption=caption)


def _stand(elements: tuple[Element, ...], stand: list[Image], doubtful: bool) -> Repictured:
    texts = tuple(text for one in stand for text in (one.alt, one.credit, one.caption))
    return Repictured(repictured(elements, tuple(stand)), texts, doubtful)
