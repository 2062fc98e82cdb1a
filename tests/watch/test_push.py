"""A phone is rung by its browser's push service, which cannot read what is said; where it is reached is a secret."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx2
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heard.accounts import commands as account_commands
from heard.engine import now
from heard.engine.errors import NotFound, Refused, Unavailable
from heard.engine.journal import Journal
from heard.opening import open_house
from heard.signing_in import token_for
from heard.store.vault import KeyedSealing
from heard.watch import arming, ladders, ringing, subscriptions, telling
from heard.watch.ladders import Rung
from heard.watch.telling import Message, Went
from heard.web.push import Push
from heard.web.telling import Channels
from tests.desk import Desk
from tests.leaks.test_canaries import where
from tests.server import Server, running
from tests.waiting import wait_until
from tests.watch.gate import Gate, Hands
from tests.watch.hand import Hand
from tests.watch.post_office import serving
from tests.watch.push_service import PushService, Subscriber, packed, signed, unpacked
from tests.watch.test_ladders import rung
from tests.watch.test_telling import silence, told

WORDS = Message(
    "id", "Post 7: alarm", "Post 7: what is owed there was not kept", ("one",), "Alarm", "/watch/alarms/one/"
)


@pytest.fixture
def service() -> Iterator[PushService]:
    service = PushService()
    with serving(service):
        yield service


def subscribed(
    journal: Journal, push: Push, service: PushService, account: str = "me", name: str = "one"
) -> Subscriber:
    one = Subscriber(service.origin, name)
    subscriptions.keep(journal, account, "Android", one.address, one.public, one.auth, push.sender.public)
    return one


# What becomes of one message ------------------------------------------------------------------------------------------


def test_a_message_is_for_one_phone_and_replaces_one_about_the_same(desk: Desk, service: PushService) -> None:
    push = Push(desk.journal, "https://heard.example", [service.origin])
    assert not push.rings_for("me")
    for account in ("me", "them"):
        subscribed(desk.journal, push, service, account)
    one = subscribed(desk.journal, push, service, name="two")
    for _ in range(2):
        assert asyncio.run(push.send("me", WORDS)) == ("sent", 0.0)
    assert [message.path for message in service.taken] == ["/to/two"] * 2, "only theirs: the first rings for another"
    first, second = service.taken
    fields = {name: first.fields[name] for name in ("ttl", "urgency", "content-encoding")}
    assert fields == {"ttl": "3600", "urgency": "high", "content-encoding": "aes128gcm"}
    assert first.fields["topic"] == second.fields["topic"] and len(first.fields["topic"]) <= 32
    claims, key = signed(first.fields["authorization"])
    assert (claims["aud"], key) == (service.origin, push.sender.public)
    assert 0 < claims["exp"] - now.utc().timestamp() < 24 * 3600
    said = one.reads(first)
    assert said == one.reads(second) and said["to"] == "/watch/alarms/one/" and said["tag"] == first.fields["topic"]
    assert "Post 7" not in str(said), "what lights up names no station"


@pytest.mark.parametrize("status", [404, 410])
def test_a_phone_that_is_gone_is_forgotten_and_not_asked_again(desk: Desk, service: PushService, status: int) -> None:
    push = Push(desk.journal, "", [service.origin])
    subscribed(desk.journal, push, service)
    service.status = status
    assert asyncio.run(push.send("me", WORDS)) == ("gone", 0.0)
    assert not push.rings_for("me") and asyncio.run(push.send("me", WORDS)) == ("gone", 0.0)
    assert service.asked == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_that_asks_to_wait_is_not_asked_before(desk: Desk, service: PushService, status: int) -> None:
    push = Push(desk.journal, "", [service.origin])
    subscribed(desk.journal, push, service)

    async def twice() -> None:
        service.status, service.retry_after = status, "40"
        assert await push.send("me", WORDS) == (str(status), 40.0)
        service.status, service.retry_after = 201, ""
        how, wait_s = await push.send("me", WORDS)
        assert how == "asked to wait" and 30 < wait_s <= 40 and service.asked == 1
        push._waits.clear()  # the time has come
        assert await push.send("me", WORDS) == ("sent", 0.0)

    asyncio.run(twice())


def test_one_phone_that_took_it_is_enough_and_one_that_is_gone_is_no_hindrance(
    desk: Desk, service: PushService
) -> None:
    push = Push(desk.journal, "", [service.origin])
    subscribed(desk.journal, push, service)
    other = PushService()
    other.status = 410
    with serving(other):
        both = Push(desk.journal, "", [service.origin, other.origin])
        subscribed(desk.journal, both, other, name="gone")
        assert asyncio.run(both.send("me", WORDS)) == ("sent", 0.0)
    assert len(subscriptions.of(desk.journal, "me")) == 1 == len(service.taken)


def test_who_sends_stays_the_same_and_a_phone_that_waits_for_another_is_forgotten(
    desk: Desk, service: PushService
) -> None:
    push = Push(desk.journal, "", [service.origin])
    assert Push(desk.journal, "").sender.public == push.sender.public
    one = Subscriber(service.origin)
    subscriptions.keep(desk.journal, "me", "Android", one.address, one.public, one.auth, "another")
    assert asyncio.run(push.send("me", WORDS)) == ("gone", 0.0) and service.asked == 0


def test_an_address_inside_is_never_asked(desk: Desk, service: PushService) -> None:
    push = Push(desk.journal, "")
    subscribed(desk.journal, push, service)
    assert asyncio.run(push.send("me", WORDS)) == ("no public address", 0.0) and service.asked == 0
    with pytest.raises(Refused):
        push.must_reach(service.origin)


def test_what_failed_is_tried_again_no_sooner_than_they_ask_and_what_is_gone_is_not(desk: Desk) -> None:
    with ExitStack() as stack:
        hands, gate = Hands(stack), Gate(desk.house)
        gate.begins(gate.one)
        first, _ = rung(gate, hands, [(0, gate.sam)])

        def waiting(later_s: float = 0) -> list[Rung]:
            due = ladders.due(gate.tables, now.utc() + timedelta(seconds=later_s), 9)
            return [one for one in due if one.account == gate.sam]

        def record(wait_s: float, **by: str) -> None:
            ways = {"page": "not open", **by}
            gate.do(telling.record_told(waiting(3600), ways, now.utc(), wait_s), ringing.WATCH)

        record(40, push="503")
        assert waiting(39) == [] and len(waiting(41)) == 1
        record(0, push="gone")
        assert [one[:2] for one in ladders.not_reached(gate.tables)] == [(gate.sam, "push")] and not waiting(3600)
        gate.do(arming.stand_down(first, "the next"), gate.sam)
        gate.rings()
        rung(gate, hands, [(0, gate.sam)])
        record(0, mail="sent")
        assert list(ladders.not_reached(gate.tables)) == [], "no phone is to ring for them any more"


# Where it is kept -----------------------------------------------------------------------------------------------------


def test_a_person_has_a_few_and_the_same_phone_twice_is_one(desk: Desk, service: PushService) -> None:
    push = Push(desk.journal, "", [service.origin])
    for number in range(subscriptions.MANY):
        subscribed(desk.journal, push, service, name=str(number))
    subscribed(desk.journal, push, service, name="0")
    assert len(subscriptions.of(desk.journal, "me")) == subscriptions.MANY
    with pytest.raises(Refused):
        subscribed(desk.journal, push, service, name="one too many")
    one = subscriptions.of(desk.journal, "me")[0]
    with pytest.raises(NotFound):
        subscriptions.end(desk.journal, "them", one.id)
    subscriptions.end(desk.journal, "me", one.id)
    assert one.id not in [each.id for each in subscriptions.of(desk.journal, "me")]


def test_nobody_reads_one_that_was_taken_out_from_what_is_left_of_its_row(desk: Desk, service: PushService) -> None:
    push = Push(desk.journal, "", [service.origin])
    one = subscribed(desk.journal, push, service)
    [name] = desk.journal.vault.names(subscriptions.DRAWER)
    row = desk.journal.vault.get(subscriptions.DRAWER, name)
    assert row is not None
    subscriptions.end(desk.journal, "me", subscriptions.id_of(one.address))
    desk.journal.vault.put(subscriptions.DRAWER, name, row)
    assert subscriptions.of(desk.journal, "me") == []


def test_with_another_key_of_the_checkpoint_nobody_reads_them_and_they_make_room(
    desk: Desk, service: PushService
) -> None:
    push = Push(desk.journal, "", [service.origin])
    for number in range(subscriptions.MANY):
        subscribed(desk.journal, push, service, name=str(number))
    sealing = KeyedSealing(Ed25519PrivateKey.generate())
    other = Journal(desk.journal.store, desk.journal.vault, sealing)
    assert subscriptions.of(other, "me") == [] and len(subscriptions.of(desk.journal, "me")) == subscriptions.MANY
    afresh = Push(other, "", [service.origin])
    assert afresh.sender.public != push.sender.public and not afresh.rings_for("me")
    subscribed(other, afresh, service, name="anew")
    assert len(desk.journal.vault.names(subscriptions.DRAWER)) == 1


@pytest.mark.parametrize("part", ["all of it", "what is sealed"])
def test_one_that_was_changed_on_the_disk_keeps_no_other_from_ringing(
    desk: Desk, service: PushService, part: str
) -> None:
    push = Push(desk.journal, "", [service.origin])
    first, second = (subscribed(desk.journal, push, service, name=name) for name in ("first", "second"))
    vault, name = desk.journal.vault, f"me.{subscriptions.id_of(first.address)}"
    row = vault.get(subscriptions.DRAWER, name)
    assert row is not None
    kept = msgspec.msgpack.decode(row, type=subscriptions._Kept)
    changed = row[:20] if part == "all of it" else row.replace(kept.sealed, kept.sealed[::-1])
    vault.put(subscriptions.DRAWER, name, changed)
    assert [one.address for one in subscriptions.of(desk.journal, "me")] == [second.address]
    assert asyncio.run(push.send("me", WORDS)) == ("sent", 0.0) and [one.path for one in service.taken] == [
        "/to/second"
    ]
    subscribed(desk.journal, push, service, name="third")
    assert name not in vault.names(subscriptions.DRAWER), "it makes room"


class Mistaken(Push):
    """A way of telling that has a mistake of ours in it."""

    async def send(self, account: str, message: Message) -> tuple[str, float]:
        raise RuntimeError(account)


def test_a_mistake_in_one_way_of_telling_keeps_nobody_from_being_told(desk: Desk, service: PushService) -> None:
    """Else it is tried again at once, for ever, and nothing is written down."""
    push = Mistaken(desk.journal, "", [service.origin])
    subscribed(desk.journal, push, service)
    went = asyncio.run(Channels(None, None, push, lambda _: True, "").send("me", "", WORDS, ()))
    assert went == Went({"page": "sent", "push": "RuntimeError"}, 0.0)


class OutOfReach:
    """A vault whose server is away."""

    def names(self, *_: str) -> list[str]:
        raise Unavailable("away")


def test_a_vault_that_is_away_keeps_no_other_way_waiting(desk: Desk, service: PushService) -> None:
    push = Push(desk.journal, "", [service.origin])
    subscribed(desk.journal, push, service)
    push._journal = Journal(desk.journal.store, desk.journal.vault, desk.journal.sealing)
    push._journal.vault = cast(Any, OutOfReach())
    channels = Channels(None, None, push, lambda _: True, "")
    went = asyncio.run(channels.send("me", "", WORDS, ()))
    assert went == Went({"page": "sent", "push": "unavailable"}, 0.0) and service.asked == 0
    push._journal = desk.journal
    went = asyncio.run(channels.send("me", "", WORDS, ()))
    assert went.by == {"page": "sent", "push": "sent"}
    assert asyncio.run(channels.send("me", "", WORDS, ("push",))).by == {"page": "sent"}, "it took it already"


# On a server ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, PushService]]:
    service = PushService()
    with pytest.MonkeyPatch.context() as patch, serving(service):
        patch.setenv("HEARD_PUSH_OWN", service.origin)
        with running(tmp_path_factory.mktemp("push") / "data") as server:
            yield server, service


def test_an_alarm_rings_the_phone_and_the_record_says_so(served: tuple[Server, PushService]) -> None:
    server, service = served
    one = Subscriber(service.origin, "phone-of-ada")
    key = server.client.post("/watch/mine/push/asked").json()["key"]
    agent = "Mozilla/5.0 (Linux; Android 16) Chrome/150"
    assert server.client.post("/watch/mine/push", json=one.tells(), headers={"User-Agent": agent}).status_code == 200
    page = server.client.get("/watch/mine/").text
    assert f'data-rings="{subscriptions.id_of(one.address)}"' in page and ">Android phone<span" in page
    assert one.address not in page
    silence(server, "0.3 s")
    [message] = wait_until(lambda: service.taken)
    said, (_, sender) = one.reads(message), signed(message.fields["authorization"])
    assert sender == key and said["title"] == "Alarm" and re.fullmatch(r"/watch/alarms/\w+/", said["to"])
    assert server.client.get(said["to"]).status_code == 200
    assert not any(word in str(said) for word in ("Post 7", "gates", "camera", "Ada", "Somebody"))
    [entry] = wait_until(lambda: told(server.data))
    assert entry.by == {"page": "not open", "push": "sent"}
    assert "push" in Hand(server).page("")


def test_where_a_phone_is_reached_is_in_no_file_log_or_backup_in_clear(
    served: tuple[Server, PushService], tmp_path: Path
) -> None:
    server, service = served
    one = Subscriber(service.origin, "qcanaryphoneq")
    assert server.client.post("/watch/mine/push", json=one.tells()).status_code == 200
    argv = [sys.executable, "-m", "heard.cli", "backup", "--data", str(server.data), "--out", str(tmp_path / "backups")]
    subprocess.run(argv, check=True, capture_output=True, timeout=120)
    places = (server.data, tmp_path)
    found = {str(path): path.read_bytes() for place in places for path in place.rglob("*") if path.is_file()}
    found["log"] = "\n".join(server.said).encode()
    assert where(found, "qcanaryphoneq") == []
    secrets = (one.auth, one.public, *map(str.encode, (packed(one.auth), packed(one.public))))
    assert [name for name, raw in found.items() if any(secret in raw for secret in secrets)] == []
    assert any("vault" in name and b"subscription" in raw for name, raw in found.items()), "the control: it was kept"
    assert server.client.post("/watch/mine/push/end", data={"address": one.address}).status_code == 303
    assert subscriptions.id_of(one.address) not in server.client.get("/watch/mine/").text


def test_it_can_be_tried_and_what_became_of_it_is_said(served: tuple[Server, PushService]) -> None:
    server, service = served
    with httpx2.Client(base_url=server.address, headers=_holder(server), timeout=30) as ivo:
        one = Subscriber(service.origin, "phone-of-ivo")
        assert ivo.post("/watch/mine/push", json=one.tells()).status_code == 200
        assert "It was sent." in ivo.post("/watch/mine/push/try").text
        assert "Nothing has happened" in one.reads(service.taken[-1])["text"]
        service.status = 503
        try:
            assert "It was not taken (503)." in ivo.post("/watch/mine/push/try").text
            service.status = 410
            assert "off the list" in ivo.post("/watch/mine/push/try").text
        finally:
            service.status = 201
        assert "No phone does." in ivo.get("/watch/mine/").text


def test_what_no_browser_says_is_refused_in_words(served: tuple[Server, PushService]) -> None:
    server, _ = served
    one = Subscriber("http://127.0.0.1:9")
    for body in ({}, {"address": 1}, one.tells(), {**one.tells(), "key": packed(unpacked(one.tells()["key"])[:-1])}):
        answer = server.client.post("/watch/mine/push", json=body, headers={"Accept": "application/json"})
        assert answer.status_code == 422 and answer.json()["detail"], body
    assert server.client.post("/watch/mine/push", content=b"x" * 9000).status_code == 413
    assert server.client.post("/watch/mine/push", content=b'{"x":' + b"[" * 5000).status_code == 422
    assert server.client.post("/watch/mine/push/end", data={"browser": "none"}).status_code == 404


def _holder(server: Server) -> dict[str, str]:
    house = open_house(server.data)
    house.node.catch_up()
    house.node.do(account_commands.add_account("ivo@heard.example", "holder"), by="operator")
    token = token_for(house, "ivo@heard.example", "admin")
    house.close()
    return {"Authorization": f"Bearer {token}"}
