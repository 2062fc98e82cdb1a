"""Which passwords are taken; how they are kept; and how often a stranger, or the owner, may try."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from heard.accounts import passwords, tries
from heard.accounts.passwords import LONGEST, SHORTEST, checked
from heard.accounts.tries import ADDRESS_MAX, EACH_MAX, IN_A_ROW_MAX, WITHIN
from heard.engine import now
from heard.engine.errors import Refused, Unavailable
from heard.engine.stores import Vault
from heard.opening import House, open_house
from heard.store.vault import SqliteVault

MIRA = ("mira.okafor@gazette.example", "Mira Okafor", "Heard")
GOOD = "tram velvet ordinary moss"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = open_house(tmp_path / "data", synchronous="OFF")
    yield made
    made.close()


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    made = SqliteVault(tmp_path / "vault.sqlite", synchronous="OFF")
    yield made
    made.close()


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "x" + "kzmqwvbt" * 31,
        "twelve-chars",
        "all lower case and no digit",
        "пароль-на-длинный-день",
        "木漏れ日の中で静かに本を読む",
        "  spaces at both ends  ",
        "83719204652738",
        "hunter and the london bus stop",
    ],
)
def test_a_password_of_any_characters_is_taken_if_it_is_long_enough(password: str) -> None:
    assert checked(password, password, *MIRA)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "elevenchars",
        "a" * (LONGEST + 1),
        "a" * 20,
        "abababababababab",
        "123456789012",
        "abcdefghijklm",
        "qwertyuiopasdfghjkl",
        "password1234!",
        "PasswordPassword",
        "letmeinletmein",
        "correct horse battery staple",
        "mira.okafor@gazette.example",
        "MiraOkafor2026",
        "okaformira!!",
        "gazettegazette1",
        "heardnewsroom99",
        "Liverpool2025!",
    ],
)
def test_a_password_that_is_short_or_guessed_first_is_not(password: str) -> None:
    with pytest.raises(Refused):
        checked(password, password, *MIRA)


def test_a_password_typed_in_another_unicode_form_is_the_same() -> None:
    assert checked("caffè ordinario ﬁn", "caffe\u0300 ordinario fin", *MIRA)
    with pytest.raises(Refused, match="not the same"):
        checked(GOOD, GOOD + " ", *MIRA)
    assert len(checked("é" * 6 + "qzvkmw", "e\u0301" * 6 + "qzvkmw")) == SHORTEST, "a code point counts once"


def test_what_is_kept_tells_no_password_and_is_dear_to_guess(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    how = passwords.Hashed(b"0" * 16, b"", cost=2**4)
    assert passwords.hashed(GOOD, how) == hashlib.scrypt(GOOD.encode(), salt=b"0" * 16, n=16, r=8, p=2, dklen=32)
    dear = passwords.hashed
    # What is kept says what it cost, so a cheaper one is kept and compared in the same way.
    monkeypatch.setattr(passwords, "hashed", lambda typed, how: dear(typed, msgspec.structs.replace(how, cost=2**4)))

    async def story() -> tuple[str, str, list[bool]]:
        one, two = await passwords.keep(house.journal, GOOD), await passwords.keep(house.journal, GOOD)
        fits = [await passwords.fits(house.journal, id, typed) for id, typed in ((one, GOOD), (one, GOOD + "x"))]
        return one, two, [*fits, await passwords.fits(house.journal, "", GOOD)]

    one, two, fits = asyncio.run(story())
    assert fits == [True, False, False]
    kept = [house.vault.get("password", id) or b"" for id in (one, two)]
    assert kept[0] != kept[1] and GOOD.encode() not in b"".join(kept)
    # Sealed: neither salt nor digest stands in the vault, so that the vault alone has nothing to guess at.
    plain = msgspec.msgpack.encode(passwords.Hashed(b"", b""))
    assert b"salt" in plain and all(b"salt" not in one for one in kept)
    assert passwords.NOBODYS.cost * passwords.NOBODYS.blocks * 128 >= 64 * 1024**2
    passwords.forget(house.journal, one)
    assert not asyncio.run(passwords.fits(house.journal, one, GOOD))


def test_no_more_than_two_are_worked_out_at_once_and_no_more_than_a_few_wait(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once: list[int] = []
    most = [0]

    async def counted(hashed: object, password: str, how: passwords.Hashed) -> bytes:
        at_once.append(1)
        most[0] = max(most[0], len(at_once))
        await asyncio.sleep(0)
        at_once.pop()
        return b""

    monkeypatch.setattr(asyncio, "to_thread", counted)
    monkeypatch.setattr(passwords, "_rooms", asyncio.Semaphore(passwords.AT_ONCE))

    async def story() -> list[object]:
        many = [passwords.fits(house.journal, "", GOOD) for _ in range(passwords.WAITING_MAX + 5)]
        return list(await asyncio.gather(*many, return_exceptions=True))

    answers = asyncio.run(story())
    assert most == [passwords.AT_ONCE]
    assert sum(isinstance(one, Unavailable) for one in answers) == 5
    assert sum(one is False for one in answers) == passwords.WAITING_MAX


def test_strangers_who_try_are_bound_and_the_owner_is_not(vault: Vault) -> None:
    assert [tries.one_more(vault, "mira", is_known=False) for _ in range(EACH_MAX + 3)] == [True] * EACH_MAX + [
        False
    ] * 3
    assert tries.one_more(vault, "mira", is_known=True), "in a browser of hers she is asked as ever"
    assert tries.one_more(vault, "ben", is_known=False), "of another account nothing was tried"
    assert tries.strange(vault, "mira") == EACH_MAX and tries.strange(vault, "ben") == 1
    tries.owner_came(vault, "mira")
    assert tries.strange(vault, "mira") == 0
    assert not tries.one_more(vault, "mira", is_known=False), "that she came gives a stranger no more tries"
    with now.held_at(now.utc() + WITHIN):
        assert tries.one_more(vault, "mira", is_known=False)


def test_a_hundred_wrong_ones_in_a_row_close_the_password_to_strangers_until_the_owner_comes(vault: Vault) -> None:
    at, looked_at = now.utc(), 0
    for quarter in range(20):
        with now.held_at(at + quarter * WITHIN):
            looked_at += sum(tries.one_more(vault, "mira", is_known=False) for _ in range(2 * EACH_MAX))
    assert looked_at == IN_A_ROW_MAX
    with now.held_at(at + 30 * WITHIN):
        assert tries.one_more(vault, "mira", is_known=True)
        tries.owner_came(vault, "mira")
        assert tries.one_more(vault, "mira", is_known=False)


def test_for_an_account_that_is_not_there_as_much_is_read_and_written(vault: Vault) -> None:
    did: list[str] = []

    class Watched:
        def get(self, drawer: str, name: str) -> bytes | None:
            did.append(f"get {drawer}")
            return vault.get(drawer, name)

        def swap(self, drawer: str, name: str, before: bytes | None, value: bytes) -> bool:
            did.append(f"swap {drawer}")
            return vault.swap(drawer, name, before, value)

    for account in ("", "mira"):
        for _ in range(EACH_MAX + 2):
            tries.one_more(Watched(), account, is_known=False)  # type: ignore[arg-type]
    half = len(did) // 2
    assert did[:half] == did[half:] and half == 2 * (EACH_MAX + 2)
    for name in (f"{one}@nowhere.example" for one in range(50)):
        assert name not in vault.names("password tried")
    assert len(vault.names("password tried")) == 2, "whoever asks for many that are not there fills nothing"


def test_one_address_has_a_bound_and_a_network_of_ipv6_is_one(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [tries.one_more_from(vault, f"2001:db8:1:2::{number:x}") for number in range(ADDRESS_MAX + 1)]
    assert asked == [True] * ADDRESS_MAX + [False]
    assert tries.one_more_from(vault, "2001:db8:1:3::1") and tries.one_more_from(vault, "192.0.2.1")
    asked = [tries.one_more_from(vault, f"2001:db8::{number:x}") for number in range(ADDRESS_MAX + 1)]
    assert asked == [True] * ADDRESS_MAX + [False], "a network whose address has noughts in it is one, too"
    assert not tries.one_more_from(vault, "2001:db8:0:0:9::1")
    with now.held_at(now.utc() + WITHIN + timedelta(seconds=1)):
        assert tries.one_more_from(vault, "2001:db8:1:2::9")


def test_who_has_very_many_addresses_fills_nothing_and_no_address_is_kept(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tries, "PAGES", 4)
    for number in range(200):
        tries.one_more_from(vault, f"198.51.{number}.7")
    pages = [vault.get("sign-in from", name) or b"" for name in vault.names("sign-in from")]
    assert len(pages) <= 4 and all(len(page) < tries.ON_A_PAGE * 30 for page in pages)
    assert b"198.51" not in b"".join(pages)


ONE_OF_TWO = """
import sys, time
from pathlib import Path
from heard.accounts import tries
from heard.store.vault import SqliteVault
if sys.argv[2] == "apart":  # the control: a vault that puts it whatever stands there by then
    SqliteVault.swap = lambda self, *of, before=0: time.sleep(0.005) or self.put(*of[:2], of[3]) or True
vault = SqliteVault(Path(sys.argv[1]), synchronous="OFF")
print("ready", flush=True)
sys.stdin.readline()
for_account = sum(tries.one_more(vault, "mira", is_known=False) for _ in range(60))
from_here = sum(tries.one_more_from(vault, "192.0.2.1") for _ in range(150))
print(for_account, from_here)
"""


def counted_by_two(path: Path, how: str) -> tuple[int, int]:
    """How many tries for one account, and from one address, two processes look at together."""
    two = [
        subprocess.Popen(
            [sys.executable, "-c", ONE_OF_TWO, path, how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for one in two:
        assert one.stdout and one.stdout.readline() == "ready\n"
    for one in two:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    said = [one.communicate(timeout=60)[0].split() for one in two]
    return sum(int(account) for account, _ in said), sum(int(address) for _, address in said)


def test_two_apps_count_together(tmp_path: Path) -> None:
    SqliteVault(tmp_path / "vault.sqlite").close()
    assert counted_by_two(tmp_path / "vault.sqlite", "together") == (EACH_MAX, ADDRESS_MAX)


def test_two_apps_that_do_not_look_whether_the_other_was_quicker_are_caught(tmp_path: Path) -> None:
    """The control."""
    SqliteVault(tmp_path / "vault.sqlite").close()
    for_account, from_here = counted_by_two(tmp_path / "vault.sqlite", "apart")
    assert for_account > EACH_MAX or from_here > ADDRESS_MAX
