"""Page furniture: what a page says about itself, and no news. A line is furniture only as a whole."""

from __future__ import annotations

import re
from typing import Literal

_LIVE = r"(?:live )?(?:blog|coverage|updates?|feed|page|stream|text)"

#: These stand where the running part of a page begins, and so part it from its head.
_DIVIDERS = re.compile(
    rf"(?:please )?(?:allow|wait|give it) .{{0,40}}\b{_LIVE}\b.{{0,30}}\bloads?\b"
    rf"|(?:the |this |our )?{_LIVE} (?:is |may take .{{0,20}} )?(?:now )?(?:to )?load(?:ing)?"
    rf"|loading(?: (?:the |more )?(?:{_LIVE}|content|posts|comments))?"
    r"|(?:please )?(?:refresh|reload)(?: (?:the|this|your) (?:page|browser|blog))?(?: .{0,20})?"
    r" (?:for|to see|to get) .{0,30}"
    r"|(?:this|the) (?:page|blog) (?:will )?(?:updates?|refreshes|reloads?) (?:automatically|itself)(?: .{0,40})?"
    rf"|(?:scroll|read|see|look) (?:down|below|on)(?: .{{0,30}})? {_LIVE}"
    rf"|(?:follow|read) (?:our |the |all the )?(?:live |latest )?{_LIVE}(?: (?:from .{{0,60}} )?(?:below|here))?"
    rf"|(?:our |the )?live {_LIVE} (?:is |are |starts |begins )?(?:below|here)"
    rf"|if (?:you cannot see |the ){_LIVE}.{{0,80}}|.{{0,40}}\benable javascript\b.{{0,60}}",
    re.IGNORECASE,
)
#: These stand anywhere, often once for every post.
_BUTTONS = re.compile(
    r"share|share (?:this|on|via|by|with)(?: .{0,30})?|tweet|facebook|twitter|bluesky|whatsapp|linkedin|e-?mail|print"
    r"|save|copy link|link copied|like|reply|follow|comments?|\d+ comments?|view comments|skip to .{1,40}|advertisement"
    r"|sponsored|subscribe(?: now| today)?|sign in|sign up (?:to|for) .{1,60}|(?:read|show|load) more(?: .{1,20})?"
    r"|back to (?:the )?top|(?:newest|oldest|latest)(?: posts?)? first|key events?|pinned(?: post)?|live"
    r"|(?:last )?updated:? (?:at )?[\d.:]+ ?(?:[ap]m)?(?: [a-z]{3,4})?|getty images",
    re.IGNORECASE,
)
#: These say that the page is over, which the page says of itself; the reporter's own goodbye is a notice.
_ENDED = re.compile(
    rf"this {_LIVE} (?:has |is )(?:now )?(?:been )?(?:ended|closed|finished|over|archived)(?: .{{0,30}})?"
    rf"|(?:this |the ){_LIVE} is (?:no longer|not) being updated",
    re.IGNORECASE,
)


def furniture(words: str) -> Literal["divider", "button", "ended", ""]:
    """What kind of furniture a line is, empty for a line that is news."""
    bare = words.strip(" .!…→»›·|")
    if _ENDED.fullmatch(bare):
        return "ended"
    if _DIVIDERS.fullmatch(bare):
        return "divider"
    return "button" if _BUTTONS.fullmatch(bare) else ""
