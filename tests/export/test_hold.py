"""The record under a legal hold: it has every wording of then, nothing of the desk, and no change goes unnoticed."""

from __future__ import annotations

import contextlib
import functools
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from heard.cases.legal_hold import place_legal_hold
from heard.coverage.entries import RecordTaken
from heard.engine import chain
from heard.engine.entry import Body, decode_body, encode_body
from heard.engine.errors import Corrupt, Refused
from heard.export import archive, hold, hold_checking, hold_page
from heard.export.hold import HoldRecord
from heard.export.hold_checking import check_hold, is_hold
from heard.export.hold_making import Taken, export_hold
from heard.opening import House, open_house
from tests.desk import Desk
from tests.export import second_verifier
from tests.export.conftest import zip_of
from tests.export.full_case import Full
from tests.export.second_verifier import WRONG
from tests.export.test_past import signed_again
from tests.leaks.test_exports import found_in

WHO = {"editor": "Edda", "lawyer": "Lena"}
#: Words that readers had, or may have had; and a name that an order protected until it was lifted.
ONCE_SHOWN = {
    "wrong word before",
    "muddled word before",
    "withdrawn word",
    "withdrawn pause",
    "first summary",
    "first title",
    "first role",
    "the second wording",
    "statute of silence",
}


def take(house: House, *, names: bool = False, why: str = "an unsayable reason three") -> Taken:
    return export_hold(house.node, house.doors, house.media, "the-case", "lawyer", why, WHO, names=names)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    house = open_house(tmp_path_factory.mktemp("held") / "data", synchronous="OFF")
    told = Full(house)
    told.do(place_legal_hold(told.case, "unsayable ground"))
    yield told
    house.close()


@pytest.fixture(scope="module")
def record(held: Full) -> bytes:
    return take(held.house).content


def test_it_holds_and_accounts_for_every_entry_of_the_case(held: Full, record: bytes) -> None:
    checked = check_hold(record)
    journal = held.house.journal
    told = checked.record
    mine = {entry.position for entry in journal.all() if entry.position <= told.size}
    others = {entry.position for entry in journal.all() if entry.kind.startswith(("coverage.problem", "coverage.text"))}
    assert {line.position for line in told.lines} == mine - others
    assert is_hold(record)
    assert {line.why for line in told.lines} == {"", "desk", "erased", "name"}
    with pytest.raises(Refused, match="another key"):
        check_hold(record, "heard/aaaaaaaaaaaaaaaa+00000000+AAAA")


def test_withdrawn_words_are_there_and_what_stayed_at_the_desk_is_not(record: bytes) -> None:
    assert set(found_in(record)) == ONCE_SHOWN
    assert b"unsayable" not in record


def test_with_names_the_words_that_say_one_are_there_too(held: Full) -> None:
    taken = take(held.house, names=True)
    assert check_hold(taken.content).record.names
    withheld = {"withheld word", "held word", "Perdita Nameless", "lifted name"}  # the second stands in the first
    assert set(found_in(taken.content)) == ONCE_SHOWN | withheld
    assert b"A held word about" not in taken.content and b"unsayable" not in taken.content


def test_from_and_until_orders_and_who_follow_the_life_of_a_post(held: Full, record: bytes) -> None:
    told = check_hold(record).record
    life = [one for one in told.wordings if one.of == held.posts["twice"]]
    assert [one.ended for one in life] == ["corrected", "clarified", ""]
    assert [one.until_at for one in life[:2]] == [one.from_at for one in life[1:]] and not life[2].until_at
    assert {one.by for one in life} == {"editor"} and told.who == WHO
    [notice] = [one for one in told.wordings if one.of == held.posts["retracted"]][1:]
    assert notice.from_at and not notice.until_at
    [gone, erased] = [one for one in told.lines if one.of == held.posts["erased"]]
    assert (gone.why, erased.kind) == ("erased", "coverage.post_erased")
    [order, lifted] = told.orders
    assert (order.names, order.basis, order.lifted, bool(lifted.lifted)) == (
        (),
        "s.11 Contempt of Court Act 1981",
        0,
        True,
    )
    [stopped] = [one for one in told.wordings if one.of == held.posts["withheld"]]
    assert stopped.stopped_by == (order.id,) and stopped.orders == ()
    assert [one.why for one in told.lines if one.position == stopped.entry] == ["name"]


def test_that_it_is_taken_is_an_entry_and_without_a_hold_it_is_not(held: Full, house: House) -> None:
    taken = [entry for entry in held.house.journal.all() if isinstance(entry.body, RecordTaken)]
    assert {entry.by for entry in taken} == {"lawyer"}
    assert all(len(encode_body(entry.body)) < 200 for entry in taken if entry.body)
    Desk(house)
    before = house.journal.store.position()
    with pytest.raises(Refused, match="No legal hold"):
        take(house)
    assert house.journal.store.position() == before
    with pytest.raises(Refused, match="reason"):
        take(held.house, why=" ")


Change = Callable[[dict[str, bytes]], None]


def told_in(files: dict[str, bytes], change: Callable[[Any], None]) -> None:
    """Change what record.json says, and let its wordings follow, as a clever forger would."""
    told = json.loads(files["record.json"])
    change(told)
    record = msgspec.convert(told, HoldRecord)
    stopped = {one.entry: one.stopped_by for one in record.wordings}
    wordings = tuple(hold.wordings(record.lines, record.orders, stopped))
    record = msgspec.structs.replace(record, wordings=wordings)
    files["record.json"] = record.encode()


def forge(house: House, raw: bytes, change: Change) -> bytes:
    """The same with a change, signed by who holds the key, with the page that follows from it."""

    def changed(files: dict[str, bytes]) -> None:
        before = files["record.html"]
        change(files)
        if files["record.html"] == before:
            with contextlib.suppress(Exception):  # of what cannot even be shown the page stays as it was
                record = msgspec.json.decode(files["record.json"], type=HoldRecord)
                files["record.html"] = hold_page.page(record, bodies_of(files)).encode()

    return signed_again(house, raw, changed)


def bodies_of(files: dict[str, bytes]) -> dict[int, Body]:
    entries = [json.loads(line) for line in files["entries.ndjson"].splitlines()]
    headers = [json.loads(entry["header"]) for entry in entries]
    return {
        header["position"]: decode_body(header["kind"], 1, entry["body"].encode())
        for header, entry in zip(headers, entries, strict=True)
    }


def entry_of(files: dict[str, bytes], words: str) -> tuple[int, bytes]:
    [line] = [line for line in files["entries.ndjson"].splitlines(keepends=True) if words.encode() in line]
    return json.loads(json.loads(line)["header"])["position"], line


def reworded(files: dict[str, bytes]) -> None:
    _, line = entry_of(files, "A muddled word before.")
    files["entries.ndjson"] = files["entries.ndjson"].replace(line, line.replace(b"muddled", b"perfect"))


def left_out_of_the_entries(files: dict[str, bytes]) -> None:
    files["entries.ndjson"] = files["entries.ndjson"].replace(entry_of(files, "This was the second wording.")[1], b"")


def left_out_everywhere(files: dict[str, bytes]) -> None:
    at, line = entry_of(files, "This was the second wording.")
    files["entries.ndjson"] = files["entries.ndjson"].replace(line, b"")
    told_in(files, lambda told: told.update(lines=[one for one in told["lines"] if one["position"] != at]))


def said_to_be(why: str) -> Change:
    def change(files: dict[str, bytes]) -> None:
        at, line = entry_of(files, "This was the second wording.")
        files["entries.ndjson"] = files["entries.ndjson"].replace(line, b"")
        told_in(files, lambda told: [one.update(why=why) for one in told["lines"] if one["position"] == at])

    return change


def first_words_hidden(files: dict[str, bytes]) -> None:
    at, line = entry_of(files, "A muddled word before.")
    files["entries.ndjson"] = files["entries.ndjson"].replace(line, b"")
    hidden = {"position": at, "why": "desk", "stream": "", "kind": "", "at": "", "by": "", "of": ""}
    told_in(files, lambda told: [one.update(hidden) for one in told["lines"] if one["position"] == at])


def back_dated(files: dict[str, bytes]) -> None:
    at, line = entry_of(files, "This was the second wording.")
    time = json.loads(json.loads(line)["header"])["at"]
    earlier = json.loads(json.loads(files["entries.ndjson"].splitlines()[0])["header"])["at"]
    files["entries.ndjson"] = files["entries.ndjson"].replace(line, line.replace(time.encode(), earlier.encode()))
    told_in(files, lambda told: [one.update(at=earlier) for one in told["lines"] if one["position"] == at])


def back_dated_in_a_line_alone(files: dict[str, bytes]) -> None:
    def change(told: Any) -> None:
        [gone] = [one for one in told["lines"] if one["why"] == "erased" and one["kind"] == "coverage.post_published"]
        gone["at"] = "2020-01-01T00:00:00.000000Z"

    told_in(files, change)


def shorter(files: dict[str, bytes]) -> None:
    told = json.loads(files["record.json"])
    told["wordings"][0]["until_at"] = "2020-01-01T00:00:00.000000Z"
    files["record.json"] = msgspec.convert(told, HoldRecord).encode()


def by_another(files: dict[str, bytes]) -> None:
    told_in(files, lambda told: told["lines"][3].update(by="somebody"))


def order_lifted_sooner(files: dict[str, bytes]) -> None:
    told_in(files, lambda told: told["orders"][0].update(lifted=told["orders"][0]["entry"] + 1))


def order_never_lifted(files: dict[str, bytes]) -> None:
    told_in(files, lambda told: told["orders"][1].update(lifted=0, lifted_at="", lifted_by=""))


def added(files: dict[str, bytes]) -> None:
    def change(told: Any) -> None:
        known = {one["position"] for one in told["lines"]}
        free = next(at for at in range(1, told["size"]) if at not in known)
        told["lines"] = sorted([*told["lines"], {"position": free, "why": "desk"}], key=lambda one: one["position"])

    told_in(files, change)


def other_leaves(files: dict[str, bytes]) -> None:
    files["leaves"] = files["leaves"].replace(files["leaves"][:65], b"0" * 64 + b"\n", 1)


def page_reworded(files: dict[str, bytes]) -> None:
    assert b"A muddled word before." in files["record.html"]
    files["record.html"] = files["record.html"].replace(b"A muddled word before.", b"A perfect word before.")


def page_re_timed(files: dict[str, bytes]) -> None:
    at = json.loads(files["record.json"])["wordings"][4]["from_at"].encode()
    files["record.html"] = files["record.html"].replace(at, at.replace(b"2026", b"2025"))


def unasked(files: dict[str, bytes]) -> None:
    files["notes.txt"] = b"more"


CHANGES: dict[str, Change] = {
    "a changed word": reworded,
    "a wording left out": left_out_of_the_entries,
    "a wording left out everywhere": left_out_everywhere,
    "said to be erased": said_to_be("erased"),
    "said to be the desk's": said_to_be("desk"),
    "the first words said never to have been seen": first_words_hidden,
    "a moved time": back_dated,
    "a moved time of what is erased": back_dated_in_a_line_alone,
    "an until that is another": shorter,
    "done by another": by_another,
    "an order that ended sooner": order_lifted_sooner,
    "an order that never ended": order_never_lifted,
    "an entry added": added,
    "other leaves": other_leaves,
    "another word on the page": page_reworded,
    "another time on the page": page_re_timed,
    "a file beside": unasked,
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_not_so_is_found_though_the_holder_of_the_key_signed_it(held: Full, record: bytes, what: str) -> None:
    forged = forge(held.house, record, CHANGES[what])
    with pytest.raises(Corrupt):
        check_hold(forged)
    with pytest.raises(WRONG):
        second_verifier.verify_hold(forged)


def test_signed_again_without_a_change_both_accept_it(held: Full, record: bytes) -> None:
    """The control of the test above."""
    same = forge(held.house, record, lambda files: told_in(files, lambda told: None))
    for name in ("record.json", "record.html"):
        assert archive.unpack(same)[name] == archive.unpack(record)[name]
    assert check_hold(same).entries > 40
    second_verifier.verify_hold(same)
    second_verifier.verify_hold(take(held.house, names=True).content)


def test_checkers_that_do_not_ask_what_was_fixed_let_a_wording_be_left_out(
    held: Full, record: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control: it is the entry by which the record was taken that shows what is missing."""
    forged = forge(held.house, record, left_out_everywhere)
    monkeypatch.setattr(hold_checking, "_check_taken", lambda *asked: None)
    check_hold(forged)
    monkeypatch.setattr(sys.modules["tests.export.second_verifier.hold"], "taken", lambda *asked: None)
    second_verifier.verify_hold(forged)


def test_a_record_is_held_to_a_checkpoint_from_another_hand(held: Full, record: bytes, house: House) -> None:
    journal = held.house.journal
    leaves = journal.store.leaves(40)

    def note(leaves: list[bytes]) -> str:
        head = chain.Checkpoint(journal.store.epoch, len(leaves), chain.root(leaves))
        return chain.sign(head, journal.sealing.public_key, journal.sealing.sign)

    for verify in (
        functools.partial(check_hold, record, ""),
        functools.partial(second_verifier.verify_hold, record, ""),
    ):
        verify(note(leaves))
        with pytest.raises((*WRONG, Corrupt)):
            verify(note([*leaves[:-1], bytes(32)]))
        with pytest.raises((*WRONG, Corrupt, Refused)):
            verify(house.journal.checkpoint())
    assert check_hold(record, earlier=note(leaves)).earlier == 40


def test_every_changed_bit_is_noticed(record: bytes) -> None:
    for at in range(0, len(record), 2011):
        changed = bytearray(record)
        changed[at] ^= 1
        with pytest.raises((Corrupt, Refused)):
            check_hold(bytes(changed))


def test_the_ordinary_export_is_as_it_was_after_the_record_was_taken(held: Full, record: bytes) -> None:
    """Withdrawn words leave by the one door alone, and nothing tells that they did."""
    raw = zip_of(held.house, "the-case")
    assert found_in(raw) == []
    assert b"record_taken" not in raw and b"legal_hold" not in raw
