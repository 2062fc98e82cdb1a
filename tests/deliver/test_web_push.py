"""What is sealed for a browser is what RFC 8291 says, byte for byte, and is signed as RFC 8292 says."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from heard.deliver.web_push import WORDS_MAX, Browser, Sender, browser, sealed, topic
from heard.engine.errors import Refused
from tests.watch.push_service import Subscriber, opened, packed, signed, unpacked

NPM = Path(__file__).parents[2] / ".cache/clients/node_modules/http_ece"
NOON = datetime(2031, 3, 3, 12, tzinfo=UTC)
#: RFC 8291, section 5 and appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
AUTH, SALT = unpacked("BTBZMqHH6r4Tts7J_aSIgg"), unpacked("DGv6ra1nlYgDCS1FRnbzlw")
THEIRS, OURS = (
    ec.derive_private_key(int.from_bytes(unpacked(one), "big"), ec.SECP256R1())
    for one in ("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94", "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
)
PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
#: RFC 8292, section 2.4.
EXAMPLE = (
    "vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE"
    "0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpi"
    "UfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA, k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SD"
    "Yic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"
)


def test_the_example_of_the_rfc_comes_out_byte_for_byte() -> None:
    to = browser("https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV", PUBLIC, packed(AUTH))
    assert packed(sealed(to, PLAIN, ours=OURS, salt=SALT)) == SEALED
    assert opened(THEIRS, AUTH, unpacked(SEALED)) == PLAIN


def test_each_message_has_a_key_and_a_salt_of_its_own_and_is_for_one_browser() -> None:
    one, other = Subscriber("https://push.example"), Subscriber("https://push.example")
    to = Browser(one.address, one.public, one.auth)
    made = {sealed(to, PLAIN) for _ in range(5)}
    assert len({one[:16] for one in made}) == len({one[21:86] for one in made}) == 5
    for body in made:
        assert opened(one.private, one.auth, body) == PLAIN
        for key, auth in ((other.private, one.auth), (one.private, other.auth)):
            with pytest.raises(InvalidTag):
                opened(key, auth, body)


def test_the_longest_message_is_what_every_service_takes() -> None:
    one = Subscriber("https://push.example")
    to = Browser(one.address, one.public, one.auth)
    assert len(sealed(to, b"x" * WORDS_MAX)) == 4096
    with pytest.raises(Refused):
        sealed(to, b"x" * (WORDS_MAX + 1))


@pytest.mark.skipif(not (shutil.which("node") and NPM.exists()), reason="node, or http_ece of npm, is not here")
def test_another_implementation_reads_ours_and_we_read_its() -> None:
    """`http_ece` of npm, on which the usual `web-push` stands."""
    one = Subscriber("https://push.example")
    words = "Alarm – ü".encode()
    number = one.private.private_numbers().private_value.to_bytes(32, "big")
    script = """
        const ece = require(process.argv[1]), crypto = require('crypto')
        const told = JSON.parse(require('fs').readFileSync(0)), at = one => Buffer.from(told[one], 'base64url')
        const ours = crypto.createECDH('prime256v1'); ours.setPrivateKey(at('number'))
        const read = ece.decrypt(at('body'), { version: 'aes128gcm', privateKey: ours, authSecret: told.auth })
        const sender = crypto.createECDH('prime256v1'); sender.generateKeys()
        const to = { version: 'aes128gcm', privateKey: sender, dh: told.key, authSecret: told.auth }
        const made = ece.encrypt(read, to)
        console.log(JSON.stringify({ read: read.toString('base64url'), made: made.toString('base64url') }))"""
    body = packed(sealed(Browser(one.address, one.public, one.auth), words))
    told = json.dumps({**one.tells(), "body": body, "number": packed(number)})
    done = subprocess.run(
        ["node", "-e", script, str(NPM)], input=told, capture_output=True, text=True, timeout=30, check=True
    )
    answer = json.loads(done.stdout)
    assert unpacked(answer["read"]) == words and opened(one.private, one.auth, unpacked(answer["made"])) == words


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "ftp://push.example/a"},
        {"address": "https://me@push.example/a"},
        {"address": "https://push.example/a b"},
        {"address": "https://push.example/\r\nX: y"},
        {"address": "https://" + "a" * 1000},
        {"address": "https://[::1"},
        {"key": packed(b"\x04" + bytes(64))},
        {"key": packed(b"\x02" + bytes(32))},
        {"key": "ü"},
        {"auth": packed(bytes(15))},
        {"auth": ""},
    ],
)
def test_what_is_no_subscription_is_refused(wrong: dict[str, str]) -> None:
    told = Subscriber("https://push.example").tells()
    assert browser(**told).address == told["address"], "the control"
    with pytest.raises(Refused):
        browser(**{**told, **wrong})


def test_who_sends_is_signed_for_one_service_and_for_half_a_day() -> None:
    sender = Sender(bytes(32), "https://heard.example")
    claims, key = signed(sender.signs("https://push.example:8443/a/b?c=d", NOON))
    until = int((NOON + timedelta(hours=12)).timestamp())
    assert claims == {"aud": "https://push.example:8443", "exp": until, "sub": "https://heard.example"}
    assert key == sender.public == Sender(bytes(32), "").public != Sender(bytes(31) + b"1", "").public
    assert "sub" not in signed(Sender(bytes(32), "http://127.0.0.1:8000").signs("https://push.example/", NOON))[0]


def test_control_the_look_at_a_signature_takes_the_example_of_the_rfc_and_no_other() -> None:
    claims, _ = signed(EXAMPLE)
    assert claims == {"aud": "https://push.example.net", "exp": 1453523768, "sub": "mailto:push@example.com"}
    with pytest.raises(InvalidSignature):
        signed(EXAMPLE.replace("9OkSSHzvoD1oA", "9OkSSHzvoD1oQ"))


def test_a_topic_is_the_same_for_the_same_and_tells_nothing() -> None:
    assert topic("one", "two") == topic("two", "one") != topic("one") and len(topic("one")) == 32
    assert set(topic("one")) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
