"""What can happen to an alert: it is called for at a post, goes out, and may be called off; what became of the post
goes after it.

Whom it went to is in no entry. Nor are its words: they are those of the entry that it names, so that what is erased
there is erased here.
"""

from __future__ import annotations

from typing import Literal

from heard.engine.entry import Body, written_as

#: The alert itself, or what follows it to those who had it.
Sort = Literal["news", "corrected", "withdrawn"]


@written_as("coverage.alert_called")
class AlertCalled(Body, frozen=True):
    """On the post's stream: followers of the case are to be told of it. `by` says who said so."""

    case: str


@written_as("coverage.alert_called_off")
class AlertCalledOff(Body, frozen=True):
    """On the post's stream: nobody who was not sent it yet is, unless it is called for again. `by` says who said so."""

    case: str


@written_as("coverage.alert_sent")
class AlertSent(Body, frozen=True):
    """On the post's stream: this went to so many addresses since the entry of its kind before.

    `wording` is the position of the entry whose words it told, or that took them back. `with_care`: it left out what
    tells how somebody died.
    """

    case: str
    sort: Sort
    wording: int
    to: int
    with_care: bool = False
