"""What a receipt says of a post, an erasure, a restriction: on a real server without anybody in front."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from heard.accounts import commands as account_commands
from heard.coverage import commands, receipts
from heard.coverage.model import Sighting
from heard.engine import chain, now
from heard.engine.errors import Corrupt, NotFound, Refused
from heard.opening import open_house
from heard.signing_in import link_for
from tests.desk import Desk
from tests.proxies.receipts import WORDS, proven_in_the_end, receipt_of, troubles
from tests.server import Server, running


def typed(server: Server, *words: str) -> str:
    argv = [sys.executable, "-m", "heard.cli", *words, "--data", str(server.data)]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout


def until(true: Callable[[], Any], within_s: float = 15) -> Any:
    give_up_at = time.monotonic() + within_s
    while not (found := true()):
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
    return found


@contextmanager
def signed_in(server: Server, email: str, role: Any) -> Iterator[httpx2.Client]:
    house = open_house(server.data)
    house.node.catch_up()
    account = house.node.do(account_commands.add_account(email, role, role), by="operator").stream
    link = link_for(house, account)
    house.close()
    with httpx2.Client(base_url=server.address, follow_redirects=True) as desk:
        desk.post("/desk/sign-in/" + link.split("/desk/sign-in/")[1])
        yield desk


def test_a_withdrawn_post_is_proven_gone_here_within_five_seconds(server: Server) -> None:
    slug = server.open_case("here", "A case with nobody in front")
    post = server.publish(slug, f"A witness said that {WORDS}.")
    server.post(f"/posts/{post}/retraction", {"reason": "a test"})
    told, took_s = receipt_of(server, post)
    assert took_s < 5 and told["proven"] and not told["not_proven"] and not told["also_said"]
    assert {f"/{slug}/", f"/{slug}/posts/{post}/", f"/{slug}/feed.atom"} <= {
        one["address"] for one in told["proven_gone"]
    }
    assert {one["what"] for one in told["cannot_be_recalled"]} >= {"mail", "search", "archives", "copies"}
    assert all(one["owner"] and one["due_at"] for one in told["cannot_be_recalled"])
    assert server.client.get(f"/api/v1/cases/{slug}/receipts").json()["items"][0]["withdrawal"] == told["withdrawal"]


def test_a_post_that_stands_and_says_the_same_is_named(server: Server) -> None:
    slug = server.open_case("twice", "A case in which something is said twice")
    post = server.publish(slug, f"A witness said that {WORDS}.")
    other = server.publish(slug, f"As we said, {WORDS}, and much else.")
    server.post(f"/posts/{post}/retraction", {"reason": "a test"})
    told = proven_in_the_end(server, post)
    assert told["also_said"] == [other]


def test_there_is_no_receipt_of_what_stands_or_was_never_seen(server: Server) -> None:
    slug = server.open_case("none", "A case of which nothing was withdrawn")
    post = server.publish(slug, "This stands.")
    assert server.client.get(f"/api/v1/posts/{post}/receipt").status_code == 404
    assert server.client.get("/api/v1/posts/unknown/receipt").status_code == 404
    server.post(f"/cases/{slug}/restrictions", {"basis": "s.11", "names": ["Quillon Marsh"]})
    held = server.publish(slug, "Quillon Marsh was there.")
    server.post(f"/posts/{held}/retraction", {"reason": "a test"})
    assert server.client.get(f"/api/v1/posts/{held}/receipt").status_code == 404


def test_an_erasure_by_the_command_line_has_a_receipt_too(server: Server) -> None:
    slug = server.open_case("erased", "A case of which something is erased")
    post = server.publish(slug, f"A witness said that {WORDS}.")
    server.post(f"/posts/{post}/retraction", {"reason": "a test"})
    proven_in_the_end(server, post)
    typed(server, "erase", post, "--basis", "an order", "--yes")
    told = until(lambda: (one := receipt_of(server, post)[0])["cause"] == "erased" and one["proven"] and one)
    assert not told["not_proven"]


def test_the_command_line_prints_the_receipt(server: Server) -> None:
    slug = server.open_case("typed", "A case of which something is withdrawn by hand")
    post = server.publish(slug, f"A witness said that {WORDS}.")
    printed = typed(server, "retract", post)
    assert "Withdrawn." in printed and "Proven gone at 17 addresses: here." in printed
    assert "NOT PROVEN" not in printed and f"/desk/{slug}/receipts/" in printed and "Quillon" not in printed


def test_without_a_server_the_command_line_claims_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        post = server.publish(server.open_case(), f"A witness said that {WORDS}.")
    printed = typed(server, "retract", post)
    assert "NOT PROVEN gone anywhere: no server runs here" in printed and "Proven gone" not in printed
    with running(tmp_path / "data") as again:  # and it is asked as soon as one does
        assert proven_in_the_end(again, post)["proven_gone"]


def test_a_restriction_is_proven_for_those_who_were_told_of_it(server: Server) -> None:
    slug = server.open_case("ordered", "A case with an order")
    post = server.publish(slug, f"A witness said that {WORDS}.")
    server.post(f"/cases/{slug}/restrictions", {"basis": "s.11", "names": ["Quillon Marsh"]})
    [told] = until(
        lambda: [one for one in server.client.get(f"/api/v1/cases/{slug}/receipts").json()["items"] if one["proven"]]
    )
    assert told["cause"] == "restricted"
    assert f"/{slug}/posts/{post}/" in {one["address"] for one in told["proven_gone"]}
    with signed_in(server, "told@heard.example", "reporter") as untold:
        assert "Nothing that readers had seen was withdrawn." in untold.get(f"/desk/{slug}/receipts/").text
        for page in ("", "signed"):
            assert untold.get(f"/desk/{slug}/receipts/{told['withdrawal']}/{page}").status_code == 404


def test_what_cannot_be_recalled_is_seen_to_on_the_desk(server: Server) -> None:
    slug = server.open_case("seen-to", "A case of which copies are out")
    post = server.publish(slug, f"A witness said that {WORDS}.")
    server.post(f"/posts/{post}/retraction", {"reason": "a test"})
    told, _ = receipt_of(server, post)
    page = f"/desk/{slug}/receipts/{told['withdrawal']}/"
    with signed_in(server, "lawyer@heard.example", "lawyer") as desk:
        first = desk.get(page).text
        assert "To be seen to by" in first and "Quillon" not in first and "Ada Desk sees to it" in first
        assert "choose from the list" in desk.post(page + "seen-to", data={"what": "x", "note": "y"}).text.casefold()
        done = desk.post(page + "seen-to", data={"what": "search", "note": "Asked two of them.", "once": "1"}).text
        assert "Asked two of them." in done
        note = desk.get(page + "signed").text
    seen = {one["what"]: one["seen_to_at"] for one in msgspec.json.decode(note.split("\n")[1])["cannot_be_recalled"]}
    assert seen["search"] and not seen["mail"]
    with signed_in(server, "drafts@heard.example", "reader_of_drafts") as reader:
        assert 'name="note"' not in reader.get(page).text
        assert reader.post(page + "seen-to", data={"what": "mail", "note": "y"}).status_code == 403


# A surface that forgot ------------------------------------------------------------------------------------------------

#: JSON Feed as it would be if it were made from memory.
FORGETS = """
import heard.deliver.feeds as feeds
made, kept = feeds._item, {}
def item(base, case, door, post):
    return kept.setdefault(post.id, made(base, case, door, post))
feeds._item = item
"""


def test_a_surface_of_this_server_that_still_shows_the_words_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(FORGETS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with running(tmp_path / "data") as server:
        slug = server.open_case()
        post = server.publish(slug, f"A witness said that {WORDS}.")
        assert "Quillon" in server.page(f"/{slug}/feed.json")
        server.post(f"/posts/{post}/retraction", {"reason": "a test"})
        told, took_s = receipt_of(server, post)
        assert "Quillon" in server.page(f"/{slug}/feed.json") and took_s < 5
    assert "still serving the words" in troubles(told, "here") and not told["proven"]


# By itself ------------------------------------------------------------------------------------------------------------


def test_a_signed_receipt_is_believed_and_a_changed_one_is_not(desk: Desk) -> None:
    post = desk.publish("Words that will be withdrawn.")
    desk.do(commands.retract(desk.doors, post))
    receipt = receipts.of_subject(desk.tables, post)
    note, journal = receipts.signed(desk.tables, desk.journal, receipt), desk.journal
    name, public_key = f"heard/{journal.store.epoch}/receipt", journal.sealing.public_key
    check = Ed25519PublicKey.from_public_bytes(public_key).verify
    text = chain.read_text(note, name, public_key, check)
    told = msgspec.json.decode(text.split("\n")[1])
    assert told["subject"] == post and told["proven_gone"] == [] and told["not_proven"]
    assert told["log"][:2] == [f"heard/{journal.store.epoch}", str(journal.store.position())]
    for changed in (note.replace('"proven_gone":[]', '"proven_gone":[{}]'), note.replace("— ", "- ")):
        with pytest.raises(Corrupt):
            chain.read_text(changed, name, public_key, check)
    with pytest.raises(Corrupt):  # no checkpoint passes for a receipt
        chain.read_text(journal.checkpoint(), name, public_key, check)


def test_a_receipt_begins_with_nothing_proven_and_says_what_was_seen_last(desk: Desk) -> None:
    post = desk.publish("Words that will be withdrawn.")
    at = desk.do(commands.retract(desk.doors, post)).position
    receipt = receipts.of_withdrawal(desk.tables, at)
    assert not receipt.is_proven and receipt.first_at is None and receipts.still_open(desk.tables) == [at]
    open_one, gone = (
        Sighting("here", "court.example", "/a/", trouble="silent"),
        Sighting("here", "court.example", "/b/"),
    )
    gone = msgspec.structs.replace(gone, proven_at=now.utc())
    desk.do(receipts.give(at, (open_one, gone), ("other",)))
    assert not receipts.of_withdrawal(desk.tables, at).is_proven
    desk.do(receipts.give(at, (Sighting(*open_one.of, proven_at=now.utc()),)))
    receipt = receipts.of_withdrawal(desk.tables, at)
    assert receipt.is_proven and len(receipt.proven) == 2 and receipt.also_said == ("other",)
    assert receipts.still_open(desk.tables) == []
    desk.do(receipts.give(at, (Sighting(*gone.of, trouble="still serving the words"),)))
    assert receipts.still_open(desk.tables) == [at]


def test_nothing_is_written_of_a_receipt_that_is_gone(desk: Desk) -> None:
    post = desk.publish("Words that will be erased.")
    at = desk.do(commands.retract(desk.doors, post)).position
    desk.do(commands.erase(desk.journal, post, "an order"))
    before = desk.journal.store.position()
    desk.do(receipts.give(at, (Sighting("here", "court.example", "/a/", trouble="silent"),)))
    assert desk.journal.store.position() == before
    with pytest.raises(NotFound):
        receipts.of_withdrawal(desk.tables, at)
    with pytest.raises(NotFound):
        desk.do(receipts.see_to(at, "search", "Asked."))
    erased = receipts.of_subject(desk.tables, post)
    with pytest.raises(Refused):
        desk.do(receipts.see_to(erased.withdrawal, "everything", "Asked."))


def test_a_post_withdrawn_twice_has_one_receipt(desk: Desk) -> None:
    post = desk.publish("Words that will be withdrawn.")
    desk.do(commands.retract(desk.doors, post))
    desk.do(commands.retract(desk.doors, post))
    assert len(receipts.of_case(desk.tables, desk.case)) == 1
