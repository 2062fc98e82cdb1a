"""The bodies that programs send to the API. Nothing is coerced, and a field we do not know is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from heard.cases.entries import Care, OwnPermission, Permission, SealEnd
from heard.cases.orders import OrderKind
from heard.coverage.elements import AsSaid, Setting
from heard.coverage.entries import NoticeCode

#: Bounds of what is read at all; what fits in each place is said by the room, in words.
Line = Annotated[str, Meta(max_length=4_000)]
Words = Annotated[str, Meta(max_length=100_000)]
Instant = Annotated[datetime, Meta(tz=True)]


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """What every body has in common: nothing more than it says."""


class NewCase(Asked, frozen=True):
    slug: Line
    title: Line
    standfirst: Line = ""
    zone: Line = "Europe/London"


class NewPicture(Asked, frozen=True):
    """`media` is what the upload answered; `alt` is for those who do not see it."""

    media: Line
    alt: Line
    credit: Line
    caption: Line = ""


class NewLink(Asked, frozen=True):
    """A card in your own words; nothing is fetched."""

    url: Line
    title: Line
    text: Line = ""


class NewPost(Asked, frozen=True):
    """`text` is Markdown; with a speaker, it is the words said. `not_before`: an instant, or as the court has it.

    `sure` answers what is asked before some words go out; here and wherever else it stands. `draft` is the one that it
    is made of, as it `stood`.
    """

    text: Words
    title: Line = ""
    speaker: Line = ""
    role: Line = ""
    as_said: AsSaid = "reported"
    setting: Setting = "not recorded"
    key_event: bool = False
    pinned: bool = False
    said_at: Instant | None = None
    written_at: Instant | None = None
    not_before: Line = ""
    sure: bool = False
    pictures: Annotated[tuple[NewPicture, ...], Meta(max_length=10)] = ()
    links: Annotated[tuple[NewLink, ...], Meta(max_length=10)] = ()
    draft: Line | UnsetType = UNSET
    stood: int | UnsetType = UNSET


class NewDraft(Asked, frozen=True):
    """Words that are no post yet; nothing looks them through. `draft` is the one that they are kept over, as it `stood`
    (its `version`). What stands in it is what the box of the desk takes: a `speaker` is one of the people of the case,
    by name, and there is one picture and one link.
    """

    text: Words = ""
    title: Line = ""
    speaker: Line = ""
    as_said: AsSaid = "reported"
    setting: Setting = "not recorded"
    not_before: Line = ""
    key_event: bool = False
    pinned: bool = False
    pictures: Annotated[tuple[NewPicture, ...], Meta(max_length=1)] = ()
    links: Annotated[tuple[NewLink, ...], Meta(max_length=1)] = ()
    draft: Line = ""
    stood: int | None = None


class Corrected(Asked, frozen=True):
    """`notice` is what readers are told, after what kind of thing was `wrong`; `reason` never leaves the desk,
    `based_on` is the version corrected. `pictures` are those that are to stand, by what they are called in the post or
    by what their upload answered; without it they stay as they are.
    """

    text: Words
    reason: Words
    title: Line | UnsetType = UNSET
    notice: Line = ""
    old_shown: bool = False
    wrong: Line = ""
    based_on: int | None = None
    sure: bool = False
    pictures: Annotated[tuple[NewPicture, ...], Meta(max_length=10)] | UnsetType = UNSET


class Clarified(Asked, frozen=True):
    """Without `text` the notice alone makes it clear."""

    text: Words | None = None
    reason: Words = ""
    title: Line | UnsetType = UNSET
    notice: Line = ""
    based_on: int | None = None
    sure: bool = False


class Retracted(Asked, frozen=True):
    """`notice` in the editor's own words, or one from the list by its `code`."""

    notice: Line = ""
    code: NoticeCode = "error"
    reason: Words = ""


class Marked(Asked, frozen=True):
    on: bool = True


class Summary(Asked, frozen=True):
    """`based_on` is the `position` of the summary that it takes the place of, 0 where there was none."""

    text: Words
    based_on: int | None = None
    sure: bool = False


class NewState(Asked, frozen=True):
    """`until` is an instant or a clock time in the court such as 14:00, `for` a length such as PT1H; or neither."""

    state: Literal["live", "paused", "resumed", "closed", "reopened"]
    words: Line = ""
    until: Line = ""
    lasting: Line = field(name="for", default="")


class NewHearing(Asked, frozen=True):
    """`jury`: it sits with one, so what is said in its absence is sealed."""

    title: Line
    place: Line = ""
    jury: bool = False


class LegalHold(Asked, frozen=True):
    ground: Line
    on: bool = True


class Footing(Asked, frozen=True):
    """`words` are the court's."""

    permission: Permission
    words: Line = ""


class OwnFooting(Asked, frozen=True):
    """`account` is the address of whoever it is recorded of; `words` are the court's."""

    account: Line
    permission: OwnPermission
    words: Line = ""


class Stop(Asked, frozen=True):
    """`words` are the court's, or of whoever called."""

    words: Line = ""


class Delay(Asked, frozen=True):
    """From being written to leaving the server, 0 to 15."""

    minutes: int


class SecondEyes(Asked, frozen=True):
    """Whether a post waits until somebody other than its author lets it out; to end it, why."""

    needed: bool
    reason: Line = ""


class LetOut(Asked, frozen=True):
    """The first of two says why; `reason` never leaves the desk. `not_meant`, of one cleared: it is a false hold."""

    reason: Words = ""
    not_meant: bool = False


class Dropped(Asked, frozen=True):
    """Nothing has to be said."""


class ThrownAway(Asked, frozen=True):
    """`destroy` one that was thrown away before, so that it does not come back."""

    destroy: bool = False


class Description(Asked, frozen=True):
    """What is not given stays as it is."""

    title: Line | UnsetType = UNSET
    standfirst: Line | UnsetType = UNSET


class NewSitting(Asked, frozen=True):
    title: Line


class Rose(Asked, frozen=True):
    """`back_at` is an instant or a clock time in the court such as 14:00; `words` are shown to readers."""

    words: Line = ""
    back_at: Line = ""


class JuryMoved(Asked, frozen=True):
    jury: Literal["sworn", "out", "in"]


class Privacy(Asked, frozen=True):
    """`words` are the court's; with the public back, those by which it let what was done in private be reported."""

    private: bool
    words: Line = ""


class CareAsked(Asked, frozen=True):
    """All of it: what is not given is not taken any more."""

    care: tuple[Care, ...]


class SealEnded(Asked, frozen=True):
    """`words` are the coroner's, and needed for leave."""

    cause: SealEnd
    words: Line = ""


class Chosen(Asked, frozen=True):
    """Ids of posts."""

    posts: Annotated[tuple[Line, ...], Meta(max_length=1_000)]


class NewPerson(Asked, frozen=True):
    name: Line
    role: Line = ""
    note: Line = ""


class NewRestriction(Asked, frozen=True):
    basis: Line
    names: Annotated[tuple[Line, ...], Meta(max_length=1_000)]
    order: OrderKind = "anonymity"
    cipher: Line = ""
    scope: Line = ""
    document: Line = ""
    from_at: Instant | None = field(name="from", default=None)
    until_at: Instant | None = field(name="until", default=None)
    until_event: Line = ""
    told: Annotated[tuple[Line, ...], Meta(max_length=200)] = ()
    cleared: Annotated[tuple[Line, ...], Meta(max_length=200)] = ()
    particulars: Annotated[tuple[Line, ...], Meta(max_length=200)] = ()
    sure: bool = False


class Told(Asked, frozen=True):
    """Accounts, by their addresses: `told` of the terms, `cleared` to see the names as well."""

    told: Annotated[tuple[Line, ...], Meta(max_length=200)] = ()
    cleared: Annotated[tuple[Line, ...], Meta(max_length=200)] = ()


class Lifted(Asked, frozen=True):
    """`ground` stays on the desk; `sure` is asked for where the protection is for life."""

    ground: Line
    sure: bool = False
