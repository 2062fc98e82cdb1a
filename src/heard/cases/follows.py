"""Who is to be told of what: addresses, in the vault and nowhere else.

No entry, table, log line or export says that anybody follows anything, and no page does. What stands in the vault is
sealed, so that a copy of its file does not say an address in the clear; who has the whole vault can unseal it.
Nobody is told anything before the address itself has answered (double opt-in), and one that did not is forgotten.
"""

from __future__ import annotations

import hmac
import re
from collections import OrderedDict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Literal

import msgspec

from heard.cases.release import Released
from heard.engine import now
from heard.engine.entry import new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.journal import Journal

Sort = Literal["report", "body", "area", "search", "case"]

#: Who is told of reports and of cases lie apart: to tell the one, nobody opens what the other follows.
ASKED, FOLLOW, ALERTED = "follow-asked", "follow", "follow-case"
DRAWERS = (FOLLOW, ALERTED, ASKED)
#: An address that did not answer within this is forgotten.
ANSWERS_WITHIN = timedelta(hours=48)
#: So many letters that ask are sent to one address in a day, whoever wants them sent: nobody can be buried in them.
ASKED_A_DAY = 5
#: So many a client may ask for in an hour, and so many may wait in all.
CLIENT_AN_HOUR, WAITING_MAX = 10, 1000
#: So many clients are remembered, in memory only.
CLIENTS_MAX = 10_000
#: A receiving server that refuses an address for good so often in a row is believed.
REFUSED_MAX = 3
KEY_MAX = 1000

#: What every server takes without extensions (RFC 5321), and nothing that could end a line of its protocol.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{3,190}$)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


class Followed(msgspec.Struct, frozen=True):
    """A report or a case by its id, a body or an area by its key, a search by the end of its address."""

    sort: Sort
    key: str


class Told(msgspec.Struct, frozen=True):
    """How far a follower has been told: of entries up to a position, and of last days before a day.

    `ahead`: reports that a letter told of further, since it shows them as they were when it was made. Of a case it is
    told by alerts alone: `alerted` are the posts of which it had one, and how far it knows what became of them.
    """

    upto: int
    days: date
    ahead: dict[str, int] = {}
    alerted: dict[str, int] = {}

    def tells(self, report: str, position: int) -> bool:
        return position <= max(self.upto, self.ahead.get(report, 0))

    def on_to(self, upto: int, days: date, ahead: Mapping[str, int] = MappingProxyType({})) -> Told:
        """Told further; never less far than before."""
        upto = max(upto, self.upto)
        further = {report: position for report, position in {**self.ahead, **ahead}.items() if position > upto}
        return Told(upto, max(days, self.days), further)

    def of(self, post: str, known: int) -> Told:
        """Told of a post by an alert, or of what became of one."""
        return msgspec.structs.replace(self, alerted={**self.alerted, post: known})


class Follow(msgspec.Struct):
    """One address and what it follows. `sealed` is written once; all else says how far it was told."""

    id: str
    sealed: bytes
    #: A keyed digest of the address: the same for the same address, and nothing to read it from.
    whose: str
    since_at: datetime
    told: Told
    mailed_at: datetime | None = None
    #: Set before the last line of a letter is sent and gone when its receipt was read: between, nobody knows.
    in_the_air: Told | None = None
    #: The day of a letter that may not have come.
    unsure_on: date | None = None
    refused: int = 0
    #: It is left in peace until then, since a letter to it was not taken.
    not_before: datetime | None = None

    @property
    def is_put_off(self) -> bool:
        return self.not_before is not None and now.utc() < self.not_before


class Letter(msgspec.Struct, frozen=True):
    """What is sent, past the door; and where one leaves, for the mail program's own button.

    `ahead`: how far it tells of reports of which there was newer news than is told of yet. `id` tells it from the
    others that its follower is sent, where how far it tells does not.
    """

    subject: Released
    text: Released
    leave: str = ""
    ahead: dict[str, int] = {}
    id: str = ""


class _Sealed(msgspec.Struct, frozen=True):
    address: str
    followed: Followed


class Follows:
    """The drawers of the vault. Asking costs the same, and answers the same, whoever follows what."""

    def __init__(self, journal: Journal) -> None:
        self._vault, self._sealing = journal.vault, journal.sealing
        self._clients: OrderedDict[str, list[datetime]] = OrderedDict()

    # Asking -----------------------------------------------------------------------------------------------------------

    def ask(self, address: str, followed: Followed, client: str) -> None:
        """Keep the wish until the address answers.

        Raises Refused for what is no address, and where a client asks for many.
        """
        address = checked_address(address)
        self._bound(client)
        if len(self._vault.names(ASKED)) >= WAITING_MAX:
            raise Refused("Very many people ask for this just now. Nothing was kept; please come back in an hour.")
        self._put(ASKED, self._made(new_id(), address, followed))

    def _bound(self, client: str) -> None:
        at = now.utc()
        asked = [one for one in self._clients.pop(client, []) if at - one < timedelta(hours=1)]
        self._clients[client] = [*asked, at][-CLIENT_AN_HOUR:]
        if len(self._clients) > CLIENTS_MAX:
            self._clients.popitem(last=False)
        if len(asked) >= CLIENT_AN_HOUR:
            raise Refused("This was asked for many times from where you are. Nothing was kept; try again in an hour.")

    def _made(self, id: str, address: str, followed: Followed) -> Follow:
        words = msgspec.json.encode(_Sealed(address, followed))
        whose = self._keyed(f"whose {address}")[:32]
        return Follow(id, self._sealing.seal(self._key(id), words), whose, now.utc(), Told(0, date.min))

    def is_one_too_many(self, one: Follow) -> bool:
        """Whether its address was asked so often already that it hears nothing more today."""
        theirs = [other for other in self.asked() if other.whose == one.whose and other.id != one.id]
        near = [other for other in theirs if abs(other.since_at - one.since_at) < timedelta(days=1)]
        return sum(other.mailed_at is not None for other in near) >= ASKED_A_DAY

    def forget_old(self) -> None:
        for one in self.asked():
            if now.utc() - one.since_at > ANSWERS_WITHIN:
                self._vault.drop(ASKED, one.id)

    # Answering --------------------------------------------------------------------------------------------------------

    def token(self, verb: Literal["confirm", "leave"], one: Follow) -> str:
        """What a link in a letter bears. It is kept nowhere: whoever knows the vault's secret can make it again."""
        return f"{one.id}{self._keyed(f'{verb} {one.id}')[:32]}"

    def _id_in(self, verb: Literal["confirm", "leave"], token: str) -> str:
        id, mac = token[:-32], token[-32:]
        return id if hmac.compare_digest(self._keyed(f"{verb} {id}")[:32].encode(), mac.encode()) else ""

    def confirm(self, token: str, told: Told) -> None:
        """The address answered: from now on it is told. Following the same twice is following it once.

        Raises NotFound for a link that is not ours, or was not used in time.
        """
        id = self._id_in("confirm", token)
        asked = self._get(ASKED, id) if id else None
        if asked is None or now.utc() - asked.since_at > ANSWERS_WITHIN:
            raise NotFound("This link was used already, or is older than two days. Nothing was changed.")
        address, followed = self.read(asked)
        same = self._keyed(f"same {address} {followed.sort} {followed.key}")[:32]
        drawer = ALERTED if followed.sort == "case" else FOLLOW
        if self._get(drawer, same) is None:
            made = self._made(same, address, followed)
            made.told = told
            self._put(drawer, made)
        self._vault.drop(ASKED, asked.id)

    def leave(self, token: str) -> None:
        """Forget the address; leaving twice is leaving once."""
        if id := self._id_in("leave", token):
            self._forget(id)

    def _forget(self, id: str) -> None:
        for drawer in DRAWERS:
            self._vault.drop(drawer, id)

    # Telling ----------------------------------------------------------------------------------------------------------

    def asked(self) -> list[Follow]:
        """All that wait for their address to answer."""
        return [one for name in self._vault.names(ASKED) if (one := self._get(ASKED, name))]

    def all(self) -> list[str]:
        """The ids of all that are told of reports."""
        return self._vault.names(FOLLOW)

    def alerted(self) -> list[str]:
        """The ids of all that are told of a case."""
        return self._vault.names(ALERTED)

    def get(self, id: str) -> Follow | None:
        return self._get(FOLLOW, id) or self._get(ALERTED, id)

    def read(self, one: Follow) -> tuple[str, Followed]:
        """The address, and what it follows."""
        raw = self._sealing.unseal(self._key(one.id), one.sealed)
        kept = msgspec.json.decode(raw, type=_Sealed)
        return kept.address, kept.followed

    def has_left(self, one: Follow) -> bool:
        return all(self._vault.get(drawer, one.id) is None for drawer in DRAWERS)

    def keep(self, one: Follow) -> None:
        """Write down how far it was told; nothing where it left meanwhile."""
        for drawer in DRAWERS:
            if self._vault.get(drawer, one.id) is not None:
                self._put(drawer, one)

    def refuse(self, one: Follow) -> None:
        """The receiving server takes nothing for this address; an address that is gone is forgotten."""
        one.refused += 1
        if one.refused < REFUSED_MAX:
            self.keep(one)
        else:
            self._forget(one.id)

    # The vault --------------------------------------------------------------------------------------------------------

    def _get(self, drawer: str, id: str) -> Follow | None:
        raw = self._vault.get(drawer, id)
        return msgspec.json.decode(raw, type=Follow) if raw else None

    def _put(self, drawer: str, one: Follow) -> None:
        self._vault.put(drawer, one.id, msgspec.json.encode(one))

    def _key(self, id: str) -> bytes:
        """A key for one sealed text: the same id seals the same words, so no key ever seals two."""
        return hmac.digest(self._vault.secret("follows"), f"seal {id}".encode(), "sha256")

    def _keyed(self, words: str) -> str:
        return hmac.digest(self._vault.secret("follows"), words.encode(), "sha256").hex()


def checked_address(address: str) -> str:
    """An e-mail address, its domain in small letters.

    Raises Refused; the words do not repeat it.
    """
    found = _ADDRESS.fullmatch(address.strip())
    if not found or ".." in address or found[0].startswith("."):
        raise Refused("This is not an e-mail address that a letter can be sent to. Nothing was kept.")
    name, _, domain = found[0].rpartition("@")
    return f"{name}@{domain.lower()}"
