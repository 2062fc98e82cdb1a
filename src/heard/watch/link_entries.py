"""What is written of links by which an order is acknowledged without signing in. Their use is in the list of `entries`.

A secret is in none of these: it is with whom it was sent, and the vault has its digest.
"""

from __future__ import annotations

from datetime import datetime

from heard.engine.entry import Body, written_as


@written_as("watch.links_ruled")
class LinksRuled(Body, frozen=True):
    """On the station's stream, by an administrator: whether its orders may be acknowledged by a link. Where they may
    not any more, every link that was not used is over.
    """

    allowed: bool


@written_as("watch.link_made")
class LinkMade(Body, frozen=True):
    """On the link's stream, by who made it: a holder may acknowledge this version of an order by it, once, and before
    an instant.
    """

    station: str
    order: str
    number: int
    holder: str
    until_at: datetime
