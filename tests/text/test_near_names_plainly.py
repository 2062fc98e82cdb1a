"""What near names leaves out of looking at changes no verdict: a plain form, which looks at all, says the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

import pytest

from heard.text.forms import Forms, one_stroke
from heard.text.near_names import _ENDS_A_SENTENCE, _NO_BREAK, LONGEST, SLIPS, SURE, NearNames, _has_an_initial
from heard.text.slips import one_slip_apart
from heard.text.words import Word
from tests.text import evasions
from tests.text.test_near_names import SOAK, names

TRIED = 20_000 if SOAK else 400
PROSE = """
    the court was told that nobody had read the instruction which asked for two officers near the gate while it was open
    Rowan Tidewater May Bell Ash Carter Thomas row an tide well bell ash crane pike I R. T. Smith Ann Marsh
""".split()


class Plainly(NearNames):
    """Each word and each run of words beside all forms that are nearly as long."""

    def _is_several(self, read: list[Word], forms: list[str], at: int) -> bool:
        form, capitals = one_stroke(read[at].letters), read[at].capital
        for end, (before, word) in enumerate(pairwise(read[at : at + LONGEST]), start=at + 2):
            if len(before.letters) > 1 and _ENDS_A_SENTENCE.search(word.before):
                return False
            form += one_stroke(word.letters)
            capitals = capitals and (word.capital or word.before in _NO_BREAK)
            if form in self._others:
                continue
            if form in self._forms.whole or self._has_slipped(form, capitals):
                return True
            if form in self._forms.short and capitals and _has_an_initial(read[at], word, read[end : end + 1]):
                return True
        return False

    def _has_slipped(self, form: str, capitals: bool) -> bool:
        if len(form) < SLIPS - 1 or (len(form) < SURE and not capitals):
            return False
        return any(one_slip_apart(form, one) for one in self._forms.whole_that_slip)  # type: ignore[attr-defined]

    def _is_with_a_given_name(self, read: list[Word], at: int) -> bool:
        surname, end = "", at
        while end < min(at + LONGEST - 1, len(read)):
            surname, end = surname + read[end].letters, end + 1
            given = self._forms.given_with.get(surname)
            if given and (self._given_before(read, at, given, surname) or self._given_after(read, end, given, surname)):
                return True
        return False


def plainly(listed: list[str], others: list[str]) -> Plainly:
    made = Plainly(listed, others)
    by_length = made._forms._begin.values()
    made._forms.whole_that_slip = {form for forms in by_length for form in forms}  # type: ignore[attr-defined]
    return made


def texts(dice: random.Random, meant: list[tuple[str, str]]) -> Iterator[str]:
    """Prose without an end, in which now and then stands a name as it is evaded, or one that a slip makes another."""
    evaded = evasions.evaded(dice, (*evasions.EVASIONS, *evasions.FOLDED), meant)
    yield "The pupil, Mary Rose Smith Jones, was there."
    while True:
        words = dice.choices(PROSE, k=dice.randint(3, 16))
        if dice.random() < 0.5:
            words.insert(dice.randrange(len(words)), " ".join(next(evaded)[1]))
        if dice.random() < 0.3:
            name = " ".join(dice.choice(meant))
            for _ in range(dice.randint(1, 2)):
                at = dice.randrange(len(name))
                name = name[:at] + dice.choice(["", "e", "l", name[at : at + 2][::-1]]) + name[at + 1 :]
            words.insert(dice.randrange(len(words)), name)
        yield dice.choice([" ", " ", ". ", "-"]).join(words)


def asked(seed: int, tried: int) -> Iterator[tuple[str, bool, bool]]:
    """Texts, and what the two say of each."""
    dice = random.Random(seed)
    meant = names(dice, 12)
    listed, others = [f"{given} {surname}" for given, surname in meant], [" ".join(one) for one in names(dice, 3)]
    listed += ["Kestrel", "Mary Anne Smith-Jones", "Bo Li"]
    near, plain = NearNames(listed, others), plainly(listed, others)
    for text, _ in zip(texts(dice, meant), range(tried), strict=False):
        yield text, near.found_in(text), plain.found_in(text)


def test_what_is_not_looked_at_would_have_been_no_name() -> None:
    seed = random.randrange(10**6)
    told = list(asked(seed, TRIED))
    assert [text for text, near, plain in told if near != plain] == [], f"seed {seed}"
    assert TRIED / 4 < sum(near for _, near, _ in told) < TRIED * 9 / 10, f"seed {seed}"


@pytest.mark.parametrize("mutant", ["beginnings alone", "endings alone", "no surname of two words"])
def test_control_a_form_that_is_left_out_too_often_is_caught(monkeypatch: pytest.MonkeyPatch, mutant: str) -> None:
    made = Forms._list

    def listed(self: Forms, name: list[str]) -> None:
        made(self, name)
        for _, begin, end in self._nearly.values():
            {"beginnings alone": end, "endings alone": begin}.get(mutant, set()).clear()
        if mutant == "no surname of two words":
            self.surnames_begin &= set(self.given_with)

    monkeypatch.setattr(Forms, "_list", listed)
    assert any(near != plain for _, near, plain in asked(7, TRIED))
