"""Civil dates as people write them in forms and tables."""

from __future__ import annotations

import re
from datetime import date

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORDS = {
    word: number
    for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third "
        "twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth "
        "thirty-first".split(),
        1,
    )
}
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:T.*)?")
# Slashes and dots that were left out, or had a space typed beside them: 04/102013, /0206/2023, 13 /02/2024.
_NUMBERS = re.compile(r"/?(\d{1,2})\s?[/.-]?\s?(\d{2}|(?<=[/. -])\d)\s?[/.-]?\s?(\d{4}|\d{2})")
_DAY_FIRST = re.compile(
    r"(?:[a-z]+,? )?(?:the )?(\d{1,2}|[a-z]+-?[a-z]+)\s?(?:st|nd|rd|th)?(?: day)?(?: of)?,? ?([a-z]{3,}),? ?(\d{4}|"
    r"\d{2})"
)
_MONTH_FIRST = re.compile(r"(?:[a-z]+,? )?([a-z]{3,}) (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")


def civil_date(words: str) -> date | None:
    """The day that is written, in any of the shapes in which people write one; None where none is, or none that exists.

    Days come before months. A year of two digits is of this century. A day without a year is no date.
    """
    said = re.sub(r"\s+", " ", words).strip(" .,;:").lower()
    if found := _ISO.fullmatch(said):
        return _day(found[1], found[2], found[3])
    if found := _NUMBERS.fullmatch(said):
        return _day(found[3], found[2], found[1])
    if found := _DAY_FIRST.fullmatch(said):
        day = _WORDS.get(found[1], found[1])
        return _day(found[3], _month(found[2]), day)
    if found := _MONTH_FIRST.fullmatch(said):
        return _day(found[3], _month(found[1]), found[2])
    return None


def _month(word: str) -> int:
    """The month that begins so, though its end was mistyped; 0 where none does."""
    return next((number for number, month in enumerate(MONTHS, 1) if word.startswith(month)), 0)


def _day(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        number = int(year)
        return date(number + 2000 if number < 100 else number, int(month), int(day))
    except ValueError:
        return None
