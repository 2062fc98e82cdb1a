"""Passkeys that lie, are copied or repeat themselves.

Each attack lacks one thing to be let in, and its control shows that it is that one: where nobody looks at it, or it is
true, the very same answer is let in.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from heard.accounts import commands, passkeys, projection
from heard.accounts.passkeys import Said, Site
from heard.engine import now
from heard.engine.entry import new_id
from heard.engine.errors import HeardError, Refused
from heard.opening import House, open_house
from heard.signing_in import link_for
from tests.security.authenticator import ATTESTED, PRESENT, VERIFIED, Authenticator, text
from tests.server import Server

SECRET, ME = bytes(32), "account-1"
HERE = Site("localhost", "http://localhost")
EVIL = "https://heard.evil.example"

Forge = Callable[[Authenticator], Said]
#: How a lie is told when signing in: what is said, and what makes the same answer true.
LIES: dict[str, tuple[dict[str, Any], Site]] = {
    "signed at another origin": ({"origin": EVIL}, Site("localhost", EVIL)),
    "signed at another port": ({"origin": "http://localhost:81"}, Site("localhost", "http://localhost:81")),
    "signed for another name": ({"name": "evil.example"}, Site("evil.example", "http://localhost")),
}
#: The same, with what is patched so that nobody looks.
UNSEEN: dict[str, tuple[dict[str, Any], str, Any]] = {
    "nobody there": ({"flags": VERIFIED}, "PRESENT", VERIFIED),
    "nobody verified": ({"flags": PRESENT}, "VERIFIED", PRESENT),
    "signed by another key": ({"signature": b"0" * 70}, "_is_signed", lambda *_: True),
}


def fresh(what: Any = "webauthn.get", account: str = "") -> str:
    return passkeys.challenge(SECRET, what, account)


def accepts(said: Said, one: Authenticator, site: Site = HERE) -> bool:
    key = passkeys._bytes(one.registers("x").public_key)
    try:
        passkeys.asserted(SECRET, site, key, ME, said)
    except Refused:
        return False
    return True


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_that_was_not_meant_for_here_signs_nobody_in(lie: str) -> None:
    said, elsewhere = LIES[lie]
    one, told = Authenticator(), dict(said)
    answer = one.signs(fresh(), **told)
    assert not accepts(answer, one)
    assert accepts(answer, one, elsewhere), "the control: there it is true"


@pytest.mark.parametrize("lie", UNSEEN)
def test_an_answer_without_a_person_or_a_signature_signs_nobody_in(lie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said, name, unseeing = UNSEEN[lie]
    one = Authenticator()
    answer = one.signs(fresh(), **dict(said))
    assert not accepts(answer, one)
    monkeypatch.setattr(passkeys, name, unseeing)
    assert accepts(answer, one), "the control: where nobody looks"


def test_a_challenge_that_is_not_ours_or_for_something_else_or_stale_is_answered_in_vain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = Authenticator()
    with now.held_at(now.utc() - passkeys.CHALLENGE_LASTS - timedelta(seconds=1)):
        stale = fresh()
        assert accepts(one.signs(stale), one), "in its time it was good"
    ours = fresh()
    longer = text((2**40).to_bytes(8, "big") + passkeys._bytes(ours)[8:])
    wrong = {
        "stale": stale,
        "for registering": fresh("webauthn.create"),
        "for another account": fresh("webauthn.get", "account-2"),
        "of another house": passkeys.challenge(b"1" * 32, "webauthn.get"),
        "made to last": longer,
        "chosen": text(b"\xff" * 56),
        "empty": "",
        "cut": ours[:-4],
    }
    for name, challenge in wrong.items():
        assert not accepts(one.signs(challenge), one), name
    assert accepts(one.signs(ours), one)
    monkeypatch.setattr(passkeys, "_is_ours", lambda *_: True)
    assert all(accepts(one.signs(challenge), one) for challenge in wrong.values()), "the control"


def test_what_one_key_signed_signs_in_no_other() -> None:
    one, another = Authenticator(), Authenticator()
    answer = one.signs(fresh())
    assert accepts(answer, one) and not accepts(answer, another)
    assert not accepts(one.signs(fresh(), owner=b"account-2"), one), "it says that it is somebody else's"
    assert accepts(one.signs(fresh(), owner=ME.encode()), one)


def test_an_answer_in_a_frame_of_another_site_signs_nobody_in() -> None:
    one = Authenticator()
    assert not accepts(one.signs(fresh(), crossOrigin=True), one)
    assert accepts(one.signs(fresh(), crossOrigin=False), one)


def test_every_bit_that_is_signed_counts() -> None:
    one = Authenticator()
    answer = one.signs(fresh(), count=7)
    assert accepts(answer, one)
    for name in ("client_data", "authenticator_data", "signature"):
        raw = passkeys._bytes(getattr(answer, name))
        for place in range(len(raw)):
            bent = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
            assert not accepts(msgspec.structs.replace(answer, **{name: text(bent)}), one), (name, place)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["ES256", "EdDSA", "RS256"],
)
def test_each_sort_of_key_registers_and_signs_in(key: Any) -> None:
    one = Authenticator(key=key)
    proved = passkeys.registered(SECRET, HERE, ME, one.registers(fresh("webauthn.create", ME)))
    assert passkeys.asserted(SECRET, HERE, proved.key, ME, one.signs(fresh(), count=3)).count == 3


def test_a_registration_that_does_not_hang_together_is_refused() -> None:
    weak = Authenticator(key=rsa.generate_private_key(65537, 1024))
    other_curve = Authenticator(key=ec.generate_private_key(ec.SECP384R1()))
    one, create = Authenticator(), lambda: fresh("webauthn.create", ME)
    passkeys.registered(SECRET, HERE, ME, one.registers(create()))
    wrong = [
        weak.registers(create(), cose=weak._cose()),
        other_curve.registers(create(), cose=_any_cose(other_curve)),
        one.registers(create(), flags=PRESENT | VERIFIED),
        one.registers(create(), flags=PRESENT | ATTESTED),
        one.registers(create(), origin=EVIL),
        one.registers(create(), name="evil.example"),
        one.registers(create(), type="webauthn.get"),
        one.registers(fresh()),
        one.registers(fresh("webauthn.create", "account-2")),
        msgspec.structs.replace(one.registers(create()), public_key=Authenticator().registers("x").public_key),
        msgspec.structs.replace(one.registers(create()), id=text(b"another id")),
        msgspec.structs.replace(one.registers(create()), authenticator_data=text(bytes(37))),
        msgspec.structs.replace(one.registers(create()), client_data=text(b"{")),
        msgspec.structs.replace(one.registers(create()), client_data="é*"),
    ]
    for number, said in enumerate(wrong):
        with pytest.raises(Refused):
            passkeys.registered(SECRET, HERE, ME, said)
            pytest.fail(f"number {number} was let in")


def _any_cose(one: Authenticator) -> bytes:
    point = one.key.public_key().public_numbers()  # type: ignore[union-attr]
    return point.x.to_bytes(48, "big") + point.y.to_bytes(48, "big")  # type: ignore[union-attr]


# In the journal: what works once, and what never goes back -----------------------------------------------------------


@pytest.fixture
def account(house: House) -> str:
    return house.node.do(commands.add_account("mira@heard.example", "reporter"), by="operator").stream


def has(house: House, account: str, count: int = 0) -> str:
    factor = new_id()
    house.node.do(commands.add_factor(account, factor, "passkey", "", count, f"challenge of {factor}"), by=account)
    return factor


def signs_in(house: House, account: str, factor: str, count: int, challenge: str) -> bool:
    try:
        house.node.do(commands.sign_in(account, factor, count, challenge), by=account)
    except HeardError:
        return False
    return True


def test_a_challenge_is_answered_once(house: House, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    factor = has(house, account)
    assert signs_in(house, account, factor, 0, "one")
    assert not signs_in(house, account, factor, 0, "one"), "the replay"
    assert not signs_in(house, account, factor, 0, f"challenge of {factor}"), "what it was registered with"
    assert signs_in(house, account, factor, 0, "two")
    monkeypatch.setattr(projection, "is_spent", lambda *_: False)
    assert signs_in(house, account, factor, 0, "one"), "the control"


def test_a_count_that_goes_back_or_stands_still_is_a_copy(house: House, account: str) -> None:
    factor = has(house, account, 5)
    for count, goes in ((5, False), (4, False), (0, False), (6, True), (6, False), (1_000, True), (7, False)):
        assert signs_in(house, account, factor, count, new_id()) == goes, count
    silent = has(house, account)
    assert all(signs_in(house, account, silent, 0, new_id()) for _ in range(3)), "the control: one that never counts"


def test_what_was_removed_signs_nobody_in(house: House, account: str) -> None:
    factor, kept = has(house, account), has(house, account)
    house.node.do(commands.remove_factor(account, factor), by=account)
    assert not signs_in(house, account, factor, 0, new_id())
    assert signs_in(house, account, kept, 0, new_id())
    other = house.node.do(commands.add_account("other@heard.example", "reporter"), by="operator").stream
    assert not signs_in(house, other, kept, 0, new_id()), "nor does it sign in anybody else"


# Over the line --------------------------------------------------------------------------------------------------------


@pytest.fixture
def cookie(server: Server) -> str:
    """A session of somebody new, who came by a link and has nothing else yet."""
    house = open_house(server.data)
    house.node.catch_up()
    account = house.node.do(commands.add_account(f"{new_id()}@heard.example", "reporter"), by="operator").stream
    address = link_for(house, account)
    house.close()
    answer = httpx2.post(server.address + "/desk/sign-in/" + address.split("/desk/sign-in/")[1])
    return str(answer.headers["set-cookie"].partition(";")[0])


def asks(server: Server, path: str, body: Any = None, **headers: str) -> httpx2.Response:
    told = msgspec.json.encode(body if body is not None else {})
    host = {"Host": server.address.removeprefix("http://").replace("127.0.0.1", "localhost")}
    headers = {**host, "Content-Type": "application/json", "Accept": "application/json", **headers}
    return httpx2.post(server.address + path, content=told, headers=headers)


def at(server: Server) -> str:
    return server.address.replace("127.0.0.1", "localhost")


def test_a_passkey_signs_in_once_an_answer_and_leaves_no_session_behind(server: Server, cookie: str) -> None:
    one = Authenticator(origin=at(server))
    asked = asks(server, "/account/passkey/asked/", Cookie=cookie).json()
    added = asks(server, "/account/passkey/", one.registers(asked["challenge"]), Cookie=cookie)
    assert added.status_code == 200, added.text
    again = Authenticator(origin=at(server))
    assert asks(server, "/account/passkey/", again.registers(asked["challenge"]), Cookie=cookie).status_code == 401
    fresh_cookie = added.headers["set-cookie"].partition(";")[0]
    assert fresh_cookie != cookie

    def challenge() -> str:
        return str(asks(server, "/account/sign-in/asked/").json()["challenge"])

    answer = one.signs(challenge(), count=1)
    planted = "heard=chosen-by-somebody-else"
    first = asks(server, "/account/sign-in/", answer, Cookie=planted)
    assert (first.status_code, first.json()) == (200, {"to": "/desk/"})
    assert first.headers["set-cookie"].partition(";")[0] not in (planted, fresh_cookie)
    refused = [
        asks(server, "/account/sign-in/", answer),  # again
        asks(server, "/account/sign-in/", one.signs(challenge(), count=1)),  # a copy that has counted less
        asks(server, "/account/sign-in/", one.signs(challenge(), count=2, origin=EVIL)),
        asks(server, "/account/sign-in/", Authenticator(origin=at(server)).signs(challenge())),  # known to nobody
    ]
    assert {one.status_code for one in refused} == {403}
    assert len({one.json()["detail"] for one in refused}) == 1, "the same words for all"
    assert not any("set-cookie" in one.headers for one in refused)
    assert asks(server, "/account/sign-in/", one.signs(challenge(), count=2)).status_code == 200


def test_nobody_takes_over_a_passkey_of_somebody_else_by_adding_it(server: Server, cookie: str) -> None:
    """Whoever has seen the id of another's passkey, and makes a key of their own under it."""
    theirs, mine = Authenticator(origin=at(server)), Authenticator(origin=at(server))
    asked = asks(server, "/account/passkey/asked/", Cookie=cookie).json()
    assert asks(server, "/account/passkey/", theirs.registers(asked["challenge"]), Cookie=cookie).status_code == 200
    house = open_house(server.data)
    house.node.catch_up()
    thief = house.node.do(commands.add_account(f"{new_id()}@heard.example", "reporter"), by="operator").stream
    path = link_for(house, thief)
    house.close()
    came = httpx2.post(server.address + "/desk/sign-in/" + path.split("/desk/sign-in/")[1])
    session = came.headers["set-cookie"].partition(";")[0]
    mine.id = theirs.id
    asked = asks(server, "/account/passkey/asked/", Cookie=session).json()
    added = asks(server, "/account/passkey/", mine.registers(asked["challenge"]), Cookie=session)
    assert (added.status_code, "set-cookie" in added.headers) == (422, False), added.text
    challenge = asks(server, "/account/sign-in/asked/").json()["challenge"]
    assert asks(server, "/account/sign-in/", mine.signs(challenge, count=1)).status_code == 403
    challenge = asks(server, "/account/sign-in/asked/").json()["challenge"]
    assert asks(server, "/account/sign-in/", theirs.signs(challenge, count=1)).status_code == 200, "theirs still works"


def test_how_long_it_takes_does_not_tell_whether_a_passkey_is_known(server: Server, cookie: str) -> None:
    """Nobody types who they are, and ids of passkeys are random; still, nothing is to be learned by asking."""
    one = Authenticator(origin=at(server))
    asked = asks(server, "/account/passkey/asked/", Cookie=cookie)
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    asks(server, "/account/passkey/", one.registers(asked.json()["challenge"]), Cookie=cookie)
    client = server.reader
    for _ in range(60):
        for name, whose in (("known", one), ("unknown", Authenticator(origin=at(server)))):
            challenge = str(asks(server, "/account/sign-in/asked/").json()["challenge"])
            answer = whose.signs(challenge, signature=one._signature(b"something else"))
            sent = httpx2.Request("POST", server.address + "/account/sign-in/", content=msgspec.json.encode(answer))
            sent.headers["Host"] = at(server).removeprefix("http://")
            began = time.perf_counter()
            assert client.send(sent).status_code == 403
            took[name].append(time.perf_counter() - began)
    middle = {name: sorted(times)[len(times) // 2] for name, times in took.items()}
    print(middle)
    assert 0.6 < middle["known"] / middle["unknown"] < 1.6
