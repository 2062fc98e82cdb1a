"""What is fetched on somebody's word, and where nobody is ever led: in an internet of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from heard.outside.reaching import NOT_PUBLIC, NOT_REACHED, Page, is_public
from heard.outside.titles import told_by

ROOT = Path(__file__).parents[2]
CARD = "The & gate | Who <b>kept</b> it"


def tried(*addresses: str, how: str = "as it is") -> Any:
    if subprocess.run(["unshare", "-rnm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine gives nobody a network of their own (unshare -rnm)")
    argv = ["unshare", "-rnm", sys.executable, "-m", "tests.outside.world", how, *addresses]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_public_page_is_read_and_is_told_nothing_of_who_asks() -> None:
    pages = (
        "http://good.test/page",
        "http://good.test/one",
        "http://good.test/endless",
        "http://GOOD.test:80/page?a=ü",
    )
    found = tried(*pages)
    assert found["told"] == dict.fromkeys(pages, CARD)
    fields = {line.split(":")[0] for head in found["heads"] for line in head.split("\r\n")[1:] if line}
    assert fields == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}
    assert set(found["knocks"]) == {"8.8.8.8"}


HERE = [
    "127.0.0.1",
    "127.1",
    "127.0.0.1.",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "017700000001",
    "0177.0.0.1",
    "0",
    "0.0.0.0",
]
HERE += [
    "localhost",
    "LOCALHOST",
    "１２７.０.０.１",
    "127。0。0。1",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
]
HERE += ["[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[0:0:0:0:0:ffff:7f00:1]", "[::1%25lo]"]
INSIDE = [
    "10.0.0.1",
    "0xa000001",
    "169.254.169.254",
    "[fd00:ec2::254]",
    "168.63.129.16",
    "224.0.0.1",
    "255.255.255.255",
]
NAMED = ["private.test", "metadata.test", "mixed.test", "six.test", "mapped.test", "translated.test", "nowhere.test"]


def test_nobody_is_knocked_at_who_is_not_public() -> None:
    """By every way to write a number, by names, and by a public page that leads on."""
    led = [f"http://good.test/{to}" for to in ("inside", "private", "file")]
    found = tried(*(f"http://{host}/" for host in (*HERE, *INSIDE, *NAMED)), *led)
    assert set(found["knocks"]) == {"8.8.8.8"} and found["knocks"]["8.8.8.8"] == len(led)
    assert set(found["told"].values()) <= {NOT_PUBLIC, NOT_REACHED}


def test_a_name_that_changes_its_mind_is_asked_once() -> None:
    found = tried("http://rebinding.test/page")
    assert found["told"] == {"http://rebinding.test/page": CARD}
    assert set(found["knocks"]) == {"8.8.8.8"} and found["asked"]["rebinding.test 1"] == 1


def test_control_who_looks_at_a_name_and_then_goes_to_it_is_led_inside() -> None:
    found = tried("http://rebinding.test/page", how="naive")
    assert found["knocks"] == {"127.0.0.1": 1}


def test_whoever_answers_badly_is_left() -> None:
    bad = [f"http://good.test/{to}" for to in ("round", "four", "slow", "long-head", "picture")]
    assert set(tried(*bad)["told"].values()) == {NOT_REACHED}


NO_ADDRESSES = [
    "file:///etc/passwd",
    "gopher://good.test/",
    "ftp://good.test/",
    "//good.test/",
    "http://",
    "http://good.test:22/",
    "http://good.test:6379/",
    "http://user@good.test/",
    "http://good.test@127.0.0.1/",
    "http://good.test /",
    "http://good.test/\r\nX: y",
    "http://[::1",
    "http://good.test:99999/",
    "http://" + "a" * 3000,
    "javascript:alert(1)",
]


def test_what_is_no_address_of_a_page_is_not_asked() -> None:
    found = tried(*NO_ADDRESSES)
    assert found == {"told": dict.fromkeys(NO_ADDRESSES, NOT_PUBLIC), "knocks": {}, "heads": [], "asked": {}}


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700::1111"])
def test_control_public_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("body", "title", "words"),
    [
        (b"", "", ""),
        (b"<title>A</title><title>B</title>", "A", ""),
        (b"<title>A</title><meta property=og:title content='C'>", "C", ""),
        (b"<meta charset=latin1><title>M\xf6we</title>", "Möwe", ""),
        (b"<meta charset=no-such><title>A\xff</title>", "A\ufffd", ""),
        ("<title>A\u202eB\u200b\0C</title>".encode(), "A B \ufffd C".replace("\ufffd ", ""), ""),
        (b"<title>" + b"word " * 9000, "", ""),
        (b"<svg><title>" + b"<b>" * 40_000, "", ""),
    ],
)
def test_a_title_is_one_line_of_plain_text(body: bytes, title: str, words: str) -> None:
    told = told_by(Page("http://good.test/", "", body))
    assert len(told.title) <= 300 and "\u202e" not in told.title
    if title:
        assert (told.title, told.words) == (title, words)
