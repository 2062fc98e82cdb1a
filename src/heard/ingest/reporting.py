"""How a line of a live blog reads: running ("Ms Vane says …"), written up afterwards ("Ms Vane said …"), or quoted.

These are signs, not grammar: a line with no sign is neither, and whoever decides on signs asks for several.
"""

from __future__ import annotations

import re
from typing import Literal

_QUOTED = re.compile(r"[“\"][^“”\"]*[”\"]?")
_SAYS = (
    r"says|tells|adds|asks|replies|answers|explains|continues|confirms|concedes|accepts|agrees|admits|denies|insists|"
    r"argues|submits|suggests|claims|describes|recalls|remembers|recounts|reads|notes|points|stresses|repeats|warns|"
    r"wonders|thinks|believes|urges|praises|thanks|apologises|apologizes|calls|turns|goes|begins|opens|closes|concludes|"
    r"finds|rules|records|returns|quotes|reveals|states|testifies|puts|shows|gives|takes|hears"
)
_SAID = (
    r"said|told|added|asked|replied|answered|explained|continued|confirmed|conceded|accepted|agreed|admitted|denied|"
    r"insisted|argued|submitted|suggested|claimed|described|recalled|remembered|recounted|noted|stressed|repeated|"
    r"warned|urged|praised|thanked|apologised|apologized|called (?:for|on)|began|opened|concluded|ruled|recorded|"
    r"returned|quoted|revealed|stated|testified|heard|expressed|accused|criticised|rejected|demanded|gave evidence"
)
_WHO = (
    r"(?:\b(?:he|she|they|it|coroner|judge|jury|jurors|witness|counsel|barrister|lawyer|solicitor|officer|inspector|"
    r"sergeant|doctor|nurse|expert|pathologist|engineer|family|widow|widower|mother|father|court|inquest|hearing|panel)"
    r"|\b(?-i:[A-Z])[\w’'-]*|[,)])"
)
_ADVERB = r"(?:(?:now|then|also|again|later|just|\w+ly) )?"
_RUNNING = re.compile(
    rf"{_WHO} {_ADVERB}(?:{_SAYS})\b"
    r"|\b(?:is|are|['’]s|['’]re) (?:now|currently|about to|being asked|being shown|just)\b"
    r"|\b(?:has|have|['’]ve) (?:just|now)\b"
    rf"|{_WHO} (?:is|are) (?:asking|telling|giving|describing|explaining|reading|questioning|showing|cross-examining)\b"
    r"|^(?:we(?: are|['’]re)|next up|now|coming up)\b",
    re.IGNORECASE,
)
_WRITTEN = re.compile(rf"\b(?:{_SAID})\b", re.IGNORECASE)


def unquoted(words: str) -> str:
    """The words outside double quotation marks, straight or curly, closed or not."""
    return _QUOTED.sub("", words)


def tense(words: str) -> Literal["running", "written", ""]:
    """Whether a line reads as written while it happened or afterwards; empty without a sign of either."""
    outside = unquoted(words)
    if _RUNNING.search(outside):
        return "running"
    return "written" if _WRITTEN.search(outside) else ""


def is_whole_quotation(words: str, following: str = "") -> bool:
    """Whether a line is somebody's words and nothing else.

    A quotation without a closing mark counts when the `following` line opens one: it goes on there.
    """
    if not words.startswith(("“", '"')):
        return False
    inner = words[1:].rstrip(".,;")
    closed = inner.endswith(("”", '"'))
    inside = inner[:-1] if closed else inner
    unbroken = bool(inside) and not any(mark in inside for mark in '“”"')
    return unbroken and (closed or following.startswith(("“", '"')))
