"""Lengths, times of day and days as reporters write them: "half an hour", "ten minutes", "2pm", "Monday"."""

from __future__ import annotations

import re
from datetime import time, timedelta

from heard.ingest.blog import Until

_UP_TO_TWELVE = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBERS = {
    **dict(zip(_UP_TO_TWELVE, range(1, 13), strict=True)),
    "a": 1,
    "an": 1,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "forty-five": 45,
    "fifty": 50,
}
_COUNT = "|".join([*sorted(_NUMBERS, key=len, reverse=True), r"\d{1,3}"])

#: Patterns of a length and of a day, without groups, for those who look for notices.
LENGTH = rf"(?:half[ -]an[ -]hour|(?:{_COUNT})(?: and a half)?[ -](?:hours?|min(?:ute)?s?)\b)"
DAY = (
    r"(?:(?:next |this )?(?:mon|tues|wednes|thurs|fri|satur|sun)day\b(?: (?:morning|afternoon)\b)?"
    r"(?:,? (?:the )?\d{1,2}(?:st|nd|rd|th)?(?: of)? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)?"
    r"|tomorrow\b(?: (?:morning|afternoon)\b)?|next (?:week|month|year|term)\b|the (?:new year|morning)\b"
    r"|\d{1,2}(?:st|nd|rd|th)?(?: of)? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?: \d{4})?)"
)

_LENGTH = re.compile(
    rf"\b(?:(?P<half>half[ -]an[ -]hour)"
    rf"|(?P<count>{_COUNT})(?P<and> and a half)?[ -](?:(?P<hours>hours?)|min(?:ute)?s?)\b(?P<more> and a half)?)",
    re.IGNORECASE,
)
# Only what follows these is when the court returns: one that "rose at 4.15pm until Monday" is not back at 4.15.
_RETURN = re.compile(
    r"\b(?:until|till|back|resum\w+|return\w*|continu\w+|restart\w*|reconven\w+|again|adjourned to)\b(.*)",
    re.IGNORECASE,
)
_DAY = re.compile(rf"\b{DAY}", re.IGNORECASE)
_CLOCK = re.compile(
    r"(?:^|\b(?:at|from|until|till|around|about|by)) *(?:around |about )?"
    rf"(?:(?P<noon>noon|midday)\b|(?P<hour>\d{{1,2}})(?:[.:](?P<minute>\d\d))? ?(?P<half>[ap]\.?m\b)?(?![\d.:]*\d)"
    rf"|(?P<word>{'|'.join(word for word in _NUMBERS if len(word) > 2)})(?: o['’]clock)?\b)(?! ?(?:min|hour|of\b))",
    re.IGNORECASE,
)


def length_of(words: str) -> timedelta | None:
    """How long something is to last, if the words say: "for an hour", "in ten minutes", "a 15-minute break"."""
    found = _LENGTH.search(words)
    if not found:
        return None
    if found["half"]:
        return timedelta(minutes=30)
    count = found["count"].lower()
    number = _NUMBERS[count] if count in _NUMBERS else int(count)
    unit = timedelta(hours=1) if found["hours"] else timedelta(minutes=1)
    return number * unit + (unit / 2 if found["and"] or found["more"] else timedelta()) or None


def until_of(words: str) -> Until | None:
    """When the court is to be back, if the words say: a time of day, a day in their own words, or both."""
    found = _RETURN.search(words)
    if not found:
        return None
    rest = found[1]
    day = _DAY.search(rest)
    if day:
        rest = rest.replace(day[0], "", 1)
    clock = _CLOCK.search(rest.strip())
    at = _time(clock) if clock else None
    return Until(at, day[0] if day else "") if at or day else None


def _time(clock: re.Match[str]) -> time | None:
    if clock["noon"]:
        return time(12)
    hour = _NUMBERS[clock["word"].lower()] if clock["word"] else int(clock["hour"])
    minute = int(clock["minute"] or 0)
    half = (clock["half"] or "").lower()[:1]
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    elif hour < 8:
        hour += 12  # courts sit between eight and eight: a bare "2" is fourteen hours
    return time(hour, minute) if hour < 24 and minute < 60 else None
