"""What can happen to a case. Its life is the list of these, in the order in which they were appended.

A case has two streams: its own (title, states) and its *rules* (restrictions and holds), so that a post is judged
against the newest rules without standing in the way of other posts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from heard.cases.orders import OrderKind
from heard.engine.entry import Body, written_as

#: Every slug is claimed here, so that two cases cannot have one address.
SLUGS = "slugs"


@written_as("cases.opened")
class CaseOpened(Body, frozen=True):
    """On the case's stream. `rules` is the stream of its restrictions, `zone` the time zone of its court."""

    slug: str
    title: str
    rules: str
    standfirst: str = ""
    zone: str = "Europe/London"


@written_as("cases.slug_taken")
class SlugTaken(Body, frozen=True):
    """On `SLUGS`."""

    slug: str
    case: str


@written_as("cases.described")
class CaseDescribed(Body, frozen=True):
    """On the case's stream: the title or the standfirst was put better."""

    title: str
    standfirst: str


@written_as("cases.person_named")
class PersonNamed(Body, frozen=True):
    """On the person's stream: who someone is in this case. Said again, it replaces what was said before."""

    case: str
    name: str
    role: str
    note: str = ""


@written_as("cases.hearing_listed")
class HearingListed(Body, frozen=True):
    """On the hearing's stream."""

    case: str
    title: str
    place: str = ""


@written_as("cases.sitting_began")
class SittingBegan(Body, frozen=True):
    """On the sitting's stream. Posts published from now on belong to it. `source_at`: when one taken over began."""

    case: str
    hearing: str
    title: str
    source_at: datetime | None = None


@written_as("cases.sitting_rose")
class SittingRose(Body, frozen=True):
    """On the sitting's stream: the court rose, with what was said about coming back, if anything."""

    case: str
    words: str = ""
    back_at: datetime | None = None
    source_at: datetime | None = None


@written_as("cases.restriction_imposed")
class RestrictionImposed(Body, frozen=True):
    """On the case's rules. The names are read from here and from nowhere else: no table, page or log holds them.

    It ends when someone records so: `until_at` and `until_event` are what the order says, and release nothing.
    `told` are accounts that see its terms and `cipher`, `cleared` those that see the names too. `particulars`, such as
    `age: 9`, tell who it is when two come together; they warn and stop nothing.
    """

    case: str
    restriction: str
    basis: str
    names: tuple[str, ...]
    cipher: str = ""
    scope: str = ""
    from_at: datetime | None = None
    until_at: datetime | None = None
    order: OrderKind = "anonymity"
    until_event: str = ""
    document: str = ""
    told: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()
    particulars: tuple[str, ...] = ()

    def to_do_again(self) -> str:
        """A witness knows that there was an order, and never for whom."""
        return "order"


@written_as("cases.restriction_told")
class RestrictionTold(Body, frozen=True):
    """On the case's rules: these accounts were told of it too; `cleared` of the names as well."""

    case: str
    restriction: str
    told: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()


@written_as("cases.restriction_lifted")
class RestrictionLifted(Body, frozen=True):
    """On the case's rules: who recorded it is in the header, on what ground in `ground`."""

    case: str
    restriction: str
    ground: str


@written_as("cases.names_seen")
class NamesSeen(Body, frozen=True):
    """On the stream of the account that looked: it was shown the names under these orders of a case."""

    case: str
    restrictions: tuple[str, ...]


@written_as("cases.words_seen")
class WordsSeen(Body, frozen=True):
    """On the stream of the account that looked: it was shown these posts, held or sealed, or readers' messages."""

    case: str
    things: tuple[str, ...]


@written_as("cases.held")
class CaseHeld(Body, frozen=True):
    """On the case's rules: nothing of the case leaves until someone lets it."""

    case: str
    ground: str

    def to_do_again(self) -> str:
        return "held"


@written_as("cases.let_go")
class CaseLetGo(Body, frozen=True):
    """On the case's rules: an editor or lawyer ended the hold."""

    case: str
    ground: str


#: What ends the sealing of what was said without the jury.
SealEnd = Literal["conclusion returned", "jury discharged", "coroner's leave"]


@written_as("cases.legal_hold_placed")
class LegalHoldPlaced(Body, frozen=True):
    """On the case's rules: nothing of the case may be erased, for a court or a claim may ask for it."""

    case: str
    ground: str


@written_as("cases.legal_hold_ended")
class LegalHoldEnded(Body, frozen=True):
    """On the case's rules."""

    case: str
    ground: str


#: On what footing a hearing is reported live.
Permission = Literal["no application needed", "leave given", "remote observer, as directed", "withdrawn"]


@written_as("cases.permission_recorded")
class PermissionRecorded(Body, frozen=True):
    """On the case's rules: withdrawn, nothing that is written goes out. `words` are those of the court."""

    case: str
    permission: Permission
    words: str = ""


#: The same for one person, or that they report on the footing of the case again.
OwnPermission = Literal[
    "no application needed", "leave given", "remote observer, as directed", "withdrawn", "as the case is"
]


@written_as("cases.own_permission_recorded")
class OwnPermissionRecorded(Body, frozen=True):
    """On the case's rules: of one account, above what is recorded of the case. `words` are those of the court."""

    case: str
    account: str
    permission: OwnPermission
    words: str = ""


@written_as("cases.second_eyes_ruled")
class SecondEyesRuled(Body, frozen=True):
    """On the case's rules: from now on a post waits until somebody other than its author lets it out, or no more.

    `only_asked`: the first of two has said that it is needed no more; it is, until another says so too.
    """

    case: str
    needed: bool
    only_asked: bool = False
    reason: str = ""


@written_as("cases.delay_fixed")
class DelayFixed(Body, frozen=True):
    """On the case's rules: posts of this hearing leave the server so many minutes after they were written."""

    case: str
    hearing: str
    minutes: int


@written_as("cases.jury_sworn")
class JurySworn(Body, frozen=True):
    """On the case's rules: the hearing sits with a jury, so something may be said in its absence."""

    case: str
    hearing: str


@written_as("cases.jury_sent_out")
class JurySentOut(Body, frozen=True):
    """On the case's rules: what is written from now on is sealed."""

    case: str
    hearing: str


@written_as("cases.jury_returned")
class JuryReturned(Body, frozen=True):
    """On the case's rules: the jury is back in the room. What was sealed stays sealed."""

    case: str
    hearing: str


@written_as("cases.seal_lifted")
class SealLifted(Body, frozen=True):
    """On the case's rules: what was sealed may be released. `words` are those of the coroner, or of the record."""

    case: str
    hearing: str
    cause: SealEnd
    words: str = ""


#: What a case asks to be careful about, beside its orders.
Care = Literal["suicide", "sexual offence"]


@written_as("cases.care_taken")
class CareTaken(Body, frozen=True):
    """On the case's rules: from now on it is reported with this care, and no other; nothing ends all of it."""

    case: str
    care: tuple[Care, ...]


@written_as("cases.public_excluded")
class PublicExcluded(Body, frozen=True):
    """On the case's rules: the hearing sits in private. What is written is kept, and nothing of it goes out."""

    case: str
    hearing: str
    words: str = ""


@written_as("cases.public_admitted")
class PublicAdmitted(Body, frozen=True):
    """On the case's rules: the hearing sits in public again. `leave` are the words by which the court let what was done
    in private be reported; without them it stays kept.
    """

    case: str
    hearing: str
    leave: str = ""


@written_as("cases.hold_was_false")
class HoldWasFalse(Body, frozen=True):
    """On the case's rules: two people found that nobody protected is meant where these words were held.

    `words` is their digest; in just this form they are held no more, until another order is recorded.
    """

    case: str
    post: str
    words: str
