"""Letters to followers of a case: an alert, and what goes after it when the post was corrected or withdrawn.

No subject says anything of the case. A letter is made when it is about to be sent, of what readers may see at that
moment, and passes the door then. It is met unasked: with care for a suicide it tells no method.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from heard.cases.follows import Letter, Told
from heard.cases.model import Case
from heard.cases.release import Door, Withheld
from heard.coverage.alert_entries import Sort
from heard.coverage.model import Post
from heard.coverage.shown import show
from heard.coverage.unasked import ON_THE_PAGE, unasked

SUBJECTS: dict[Sort, str] = {
    "news": "An alert from a hearing that you follow",
    "corrected": "Corrected: an alert from a hearing that you follow",
    "withdrawn": "Withdrawn: an alert from a hearing that you follow",
}
_WRONG = "An alert that you were sent was wrong, and is put right here. If you passed it on, please pass this on too."
_GONE = "A post of which you were sent an alert was withdrawn. Please do not pass on what it said."


def asking(door: Door, case: Case, base: str, yes: str) -> Letter:
    """The letter that asks the address whether it wants to be told."""
    text = (
        f"Somebody asked that this address be sent alerts from the coverage at {base}/{case.slug}/\n\n"
        f"If that was you, open this page and say yes:\n{yes}\n\n"
        "If it was not, do nothing: you hear no more of it, and the address is forgotten within two days.\n"
    )
    return Letter(door.let("mail", "Please confirm: alerts from a hearing"), door.let("mail", text))


def letter(
    door: Door, case: Case, post: Post, sort: Sort, told: Told, base: str, leave: str, unsure_on: date | None
) -> Letter:
    """What a follower is told of a post at this moment.

    Raises Withheld where the door lets none of it out just now.
    """
    shown = show(door, post)
    if shown is None or shown.status == "withheld":
        raise Withheld(case.id)
    had = told.alerted.get(post.id, 0)
    if sort == "withdrawn":
        parts = [withdrawn(door, shown.notice, shown.notices[-1].at, case.zone)]
    else:
        told_of = [notice.text for notice in shown.notices if notice.kind == "corrected"][had:]
        parts = [words_of(door, shown.title, shown.text, told_of if sort == "corrected" else [])]
    parts.append(f"{base}/{case.slug}/posts/{post.id}/")
    if unsure_on:
        parts.append(f"A letter of {unsure_on.day} {unsure_on:%B %Y} may not have reached you. What it told is there.")
    text = "\n\n".join(parts) + (f"\n\n-- \nYou follow this coverage by e-mail. To leave, with one click: {leave}\n")
    notice = sort == "withdrawn"  # no words of the post are in it
    return Letter(
        door.let("mail", SUBJECTS[sort], notice=notice),
        door.let("mail", text, notice=notice),
        leave,
        id=f"{post.id}.{sort}.{len(shown.notices)}",
    )


def words_of(door: Door, title: str, text: str, wrong: Sequence[str]) -> str:
    """The words of an alert without what stands under them; what was `wrong` with those before, where they are put
    right. The same whenever it is made of the same.
    """
    words = "\n\n".join(filter(None, [unasked(door, title), unasked(door, text) or ON_THE_PAGE]))
    if not wrong:
        return words
    return "\n\n".join([_WRONG, *(unasked(door, one) for one in wrong), "The right words:", words])


def withdrawn(door: Door, notice: str, at: datetime, zone: str) -> str:
    """What stands in place of the words of an alert whose post was withdrawn."""
    return f"{_GONE}\n\nIt was withdrawn at {_clock(at, zone)}. {unasked(door, notice)}"


def _clock(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M} on {local.day} {local:%B %Y}"
