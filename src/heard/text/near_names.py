"""Finding listed names that are written otherwise: so that a reader knows who is meant, and an exact search does not.

Letters of other alphabets and signs for letters, initials, what a Robert is called, the surname first, hashtags and
handles, letters spelt out or read backwards, a middle name in between, one slip of the keyboard. Names that are spelt
exactly are `names.Names`; the two are asked together (`cases.release`). A surname alone is found only where it is
listed: the coroner or the deceased may bear it too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ahocorasick_rs import AhoCorasick

from heard.text.forms import SLIPS, Forms, one_stroke, orders, words_of
from heard.text.nicknames import also_called, may_be_called
from heard.text.slips import one_slip_apart
from heard.text.words import Word, disguised, initials_in, readings

#: A name runs over so many words at most, spelt with hyphens, split by a space, or with its middle names.
LONGEST = 5
#: Written as one word, a name of fewer letters may be another word.
ONE_WORD = 8
#: A word of so many letters may be several that were run together.
RUN_ON = 12
#: A slip in fewer letters than this counts only where it is written with capitals, as a name is.
SURE = 10
#: So many middle names, or initials, may stand between a given name and a surname.
MIDDLE = 2

_ENDS_A_SENTENCE = re.compile(r"[!?;]|[.:]\s|\n\s*\n")
_IN_A_NAME = re.compile(r"[ .\-'’\u2010-\u2015\u00a0]*")
_AND_FIRST = re.compile(r"[ ,\-\u00a0]{1,3}")
_NO_BREAK = frozenset(("", "-", "'", "’"))


class NearNames:
    """A list of names, looked for all at once. `others` are people who are nobody on it, though nearly so called.

    Not believed to be somebody else is who has a listed person's pet name, initials, beginning of a name or name but
    for one slip: else whoever is entered in the cast as "R. Tide" could be written about so.
    """

    def __init__(self, names: Iterable[str], others: Iterable[str] = ()) -> None:
        listed = tuple(names)
        self._forms = Forms(listed)
        self._others = orders(filter(self._is_somebody_else, others)) - orders(listed)
        self._within = AhoCorasick(sorted(form for form in self._forms.whole if len(form) >= SLIPS))

    def _is_somebody_else(self, name: str) -> bool:
        words = words_of(name)
        if len(words) < 2 or self._may_be_listed(one_stroke("".join(words))):
            return False
        called = words[0]
        return not any(
            called in also_called(listed) or listed.startswith(called) or called.startswith(listed)
            for listed in self._forms.given_with.get(words[-1], ())
        )

    def _may_be_listed(self, form: str) -> bool:
        return form in self._forms.short or any(one_slip_apart(form, listed) for listed in self._forms.alike(form))

    def found_in(self, *texts: str) -> bool:
        """Whether any listed name stands in one of the texts, or across neighbours, written otherwise.

        It looks to the end whatever it finds: how long it takes must not tell whether, or where.
        """
        if not self._forms.whole:
            return False
        together = "\n".join(texts)
        found = [self._stands_in(read) for read in readings(together)]
        found.append(not self._forms.whole.isdisjoint(map(one_stroke, disguised(together))))
        return any(found)

    def _stands_in(self, read: list[Word]) -> bool:
        forms = [one_stroke(word.letters) for word in read]
        found = [
            self._is_one_word(word, form) or self._is_several(read, forms, at) or self._is_with_a_given_name(read, at)
            for at, (word, form) in enumerate(zip(read, forms, strict=True))
        ]
        return any(found) or bool(self._forms.initials & initials_in(read))

    def _is_one_word(self, word: Word, form: str) -> bool:
        if form in self._others:
            return False
        if form in self._forms.whole and (word.run_together or len(form) >= ONE_WORD):
            return True
        if word.run_together and form in self._forms.short:
            return True
        if word.run_together or len(form) >= RUN_ON:
            least = SLIPS if word.run_together else ONE_WORD
            if any(end - start >= least for _, start, end in self._within.find_matches_as_indexes(form)):
                return True
        return self._has_slipped(form, word.capital or word.run_together)

    def _is_several(self, read: list[Word], forms: list[str], at: int) -> bool:
        """Whether the words from here are a name, one that is cut otherwise, or one but for a slip."""
        form, capitals = forms[at], read[at].capital
        for end in range(at + 2, min(at + LONGEST, len(read)) + 1):
            word = read[end - 1]
            if word.before != " " and len(forms[end - 2]) > 1 and _ENDS_A_SENTENCE.search(word.before):
                return False
            form += forms[end - 1]
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
        return self._forms.may_be_alike(form) and any(one_slip_apart(form, one) for one in self._forms.alike(form))

    def _is_with_a_given_name(self, read: list[Word], at: int) -> bool:
        """Whether a listed surname begins here, and the words before or after it are what its bearer may be called."""
        surname, end = "", at
        while end < min(at + LONGEST - 1, len(read)):
            surname, end = surname + read[end].letters, end + 1
            if surname not in self._forms.surnames_begin:
                return False
            given = self._forms.given_with.get(surname)
            if given and (self._given_before(read, at, given, surname) or self._given_after(read, end, given, surname)):
                return True
        return False

    def _given_before(self, read: list[Word], at: int, given: Collection[str], surname: str) -> bool:
        for between in range(min(at, MIDDLE + 1)):
            word = read[at - 1 - between]
            if not _IN_A_NAME.fullmatch(read[at - between].before) or (between and not word.capital):
                return False
            if self._is_called(word, given, surname):
                return True
        return False

    def _given_after(self, read: list[Word], end: int, given: Collection[str], surname: str) -> bool:
        follows = end < len(read) and _AND_FIRST.fullmatch(read[end].before) is not None
        return follows and self._is_called(read[end], given, surname)

    def _is_called(self, word: Word, given: Collection[str], surname: str) -> bool:
        called = word.letters
        if one_stroke(called + surname) in self._others:
            return False
        if called in given:
            return True
        if word.capital and len(called) > 1:
            return any(may_be_called(name, called) for name in given)
        return any(called in also_called(name) for name in given)


def _has_an_initial(first: Word, last: Word, after: list[Word]) -> bool:
    """Whether one of them is an initial, and not the reporter: "Rowan I saw" says no more than "Rowan" does."""
    pronoun = last.letters == "i" and not any(word.before.startswith(".") for word in after)
    return len(first.letters) == 1 or (len(last.letters) == 1 and not pronoun)
