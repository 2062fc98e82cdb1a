"""What a listed name may be written as, letter for letter: worked out once for a list, and then only looked up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from heard.text.lookalikes import latin
from heard.text.nicknames import also_called
from heard.text.normalise import seen
from heard.text.words import words

_TITLES = frozenset(
    "mr mrs ms miss mx dr prof professor sir dame lord lady rev father sister pc dc ds di sgt wpc officer".split()
)
#: A slip in fewer letters than this makes another word.
SLIPS = 6
#: Enough letters to tell most words of a text from all that is listed.
FEW = 4
_NONE: tuple[int, frozenset[str], frozenset[str]] = (1, frozenset(), frozenset())
_ONE_STROKE = str.maketrans("l", "i")


def one_stroke(letters: str) -> str:
    """With an l as an i: a reader takes either, or a 1, for the other."""
    return letters.translate(_ONE_STROKE)


class Forms:
    """The forms of a list of names, as letters that `one_stroke` made alike.

    `whole`: the name in its orders, with what its bearer may be called. `short`: with an initial. `initials` alone.
    `given_with`: the given names that stand with a surname, as they are spelt.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.whole: set[str] = set()
        self.short: set[str] = set()
        self.initials: set[str] = set()
        self.given_with: dict[str, set[str]] = {}
        self._begin: dict[tuple[int, str], set[str]] = {}
        self._end: dict[tuple[int, str], set[str]] = {}
        #: By how many letters are looked at: so many of the first or last, and those of the forms nearly as long.
        self._nearly: dict[int, tuple[int, set[str], set[str]]] = {}
        #: Each surname that stands with a given name, and each beginning of it.
        self.surnames_begin: set[str] = set()
        for name in dict.fromkeys(names):
            if known := words_of(name):
                self._list(known)

    def _list(self, name: list[str]) -> None:
        spelt = "".join(name)
        if len(name) == 1 or not all(word.isalpha() for word in name):
            self._add(self.whole, [spelt, *([spelt[::-1]] if len(spelt) >= SLIPS else ())])
            self._may_slip([spelt])
            return
        given, *middle, surname = name
        self._add(self.whole, _whole(given, middle, surname))
        first = given[0]
        with_middle = first + "".join(word[0] for word in middle) + surname
        self._add(self.short, (first + surname, surname + first, given + surname[0], with_middle))
        self.initials.add(first + surname[0])
        self.given_with.setdefault(surname, set()).add(given)
        self.surnames_begin.update(surname[:end] for end in range(1, len(surname) + 1))
        self._may_slip([given + surname, surname + given, spelt])

    def _add(self, to: set[str], forms: Iterable[str]) -> None:
        to.update(map(one_stroke, forms))

    def _may_slip(self, forms: Iterable[str]) -> None:
        for form in map(one_stroke, forms):
            if len(form) >= SLIPS:
                half = _half(len(form))  # one slip leaves one of the two halves as it is
                self._begin.setdefault((len(form), form[:half]), set()).add(form)
                self._end.setdefault((len(form), form[-half:]), set()).add(form)
                self._may_slip_from(form)

    def _may_slip_from(self, form: str) -> None:
        for length in range(len(form) - 1, len(form) + 2):
            few = min(_half(length - 1), FEW)  # of all forms that are nearly as long the half is at least this
            _, begin, end = self._nearly.setdefault(length, (few, set(), set()))
            begin.add(form[:few])
            end.add(form[-few:])

    def may_be_alike(self, form: str) -> bool:
        """Whether any form nearly as long begins or ends in the few letters in which it would: for most words none."""
        few, begin, end = self._nearly.get(len(form), _NONE)
        return form[:few] in begin or form[-few:] in end

    def alike(self, form: str) -> Iterator[str]:
        """The forms nearly as long that begin or end as this does: one slip makes it of no other."""
        for length in range(len(form) - 1, len(form) + 2):
            half = _half(length)
            yield from self._begin.get((length, form[:half]), ())
            yield from self._end.get((length, form[-half:]), ())


def _half(length: int) -> int:
    """So many letters at the beginning, or else so many at the end, one slip never touches."""
    return (length - 1) // 2


def _whole(given: str, middle: list[str], surname: str) -> Iterator[str]:
    for called in (given, *also_called(given)):
        yield from (called + surname, surname + called)
    yield from (given + "".join(middle) + surname, surname + given + "".join(middle))
    yield from ((given + surname)[::-1], given[::-1] + surname[::-1])


def orders(names: Iterable[str]) -> set[str]:
    """Given name and surname of each, in either order, as letters."""
    known = [name for name in map(words_of, names) if len(name) > 1]
    return {one_stroke(form) for name in known for form in (name[0] + name[-1], name[-1] + name[0])}


def words_of(name: str) -> list[str]:
    """A listed name's words in small letters, without a title; what a hyphen or an apostrophe joins is one word."""
    split = ["".join(word.letters for word in words(part)) for part in latin(seen(name)).split()]
    known = [word for word in split if word]
    return known[1:] if len(known) > 2 and known[0] in _TITLES else known
