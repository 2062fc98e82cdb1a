"""A file of rehearsals: obligations with the evidence they are tried on, and what is expected of each, if anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from heard.engine.errors import Refused
from heard.watch.evaluation import evaluate


class Rehearsal(msgspec.Struct, frozen=True):
    name: str
    found: dict[str, Any]
    expected: dict[str, Any] | None

    @property
    def is_different(self) -> bool:
        return self.expected is not None and self.found != self.expected


def rehearsals(text: str) -> Iterator[Rehearsal]:
    """Each rehearsal of a file, in its order: a list, one alone, or a list under `examples`.

    Raises Refused, which says what in which of them cannot be read.
    """
    try:
        written = msgspec.json.decode(text)
    except msgspec.DecodeError as wrong:
        raise Refused(f"The file is not JSON: {wrong}. Nothing was rehearsed.") from None
    if isinstance(written, dict):
        written = written.get("examples", [written])
    if not isinstance(written, list):
        raise Refused("The file is neither a rehearsal nor a list of them. Nothing was rehearsed.")
    for number, one in enumerate(written, start=1):
        name = str(one.get("id", number)) if isinstance(one, dict) else str(number)
        try:
            yield Rehearsal(name, evaluate(one), one.get("expect"))
        except msgspec.ValidationError as wrong:
            raise Refused(f"The obligation of rehearsal {name} cannot be read: {wrong}.") from None
        except (KeyError, TypeError, ValueError, AttributeError) as wrong:
            raise Refused(f"Rehearsal {name} cannot be read: {type(wrong).__name__} {wrong}.") from None
