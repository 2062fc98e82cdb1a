"""A page as readers had it, taken away: it verifies, says nothing else, and no change to it goes unnoticed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from heard.cases import projection as cases
from heard.coverage import alerted, alerts, commands
from heard.coverage.alert_entries import AlertSent
from heard.coverage.alerts_then import alerts_then
from heard.coverage.as_published import AsPublished, as_published
from heard.coverage.elements import Text
from heard.coverage.whole_page import View
from heard.engine import now
from heard.engine.errors import Corrupt, Refused
from heard.export import archive, manifest
from heard.export.past import alerts_on, entries_on, past_zip
from heard.export.past_checking import check_past, is_past
from heard.opening import House, open_house
from tests.desk import Desk
from tests.export.full_case import Full
from tests.leaks.test_exports import found_in


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    house = open_house(tmp_path_factory.mktemp("told") / "data", synchronous="OFF")
    yield Full(house)
    house.close()


def page_at(house: House, at: datetime, view: View = View()) -> AsPublished:
    case = cases.by_slug(house.tables, "the-case")
    return as_published(house.journal, house.tables, house.doors, case, at, base="http://here", view=view)


def zip_of(house: House, found: AsPublished) -> bytes:
    entries, posts = entries_on(house.journal, found)
    sent = alerts_then(house.journal, alerted.sent_of_case(house.tables, found.case), found.position, "UTC")
    told, alerts = alerts_on(house.journal, found, sent)
    entries = sorted([*entries, *told], key=lambda one: one.position)
    note = house.journal.checkpoint()
    leaves = house.journal.store.leaves(int(note.split("\n")[1]))
    return past_zip(house.journal, found, "the-case", entries, posts, note, leaves, alerts)


@pytest.fixture(scope="module")
def today(told: Full) -> bytes:
    return zip_of(told.house, page_at(told.house, now.utc(), View(order="oldest")))


def test_a_page_taken_away_verifies(told: Full, today: bytes) -> None:
    checked = check_past(today)
    unproved = {post.id for post in checked.past.posts if not post.entry}
    assert unproved == {told.posts["withheld"], told.posts["erased"]}
    assert checked.entries == len(checked.past.posts) - len(unproved) + 1
    assert is_past(today)
    with pytest.raises(Refused, match="another key"):
        check_past(today, "heard/aaaaaaaaaaaaaaaa+00000000+AAAA")


def test_at_each_instant_of_the_story_it_verifies(told: Full) -> None:
    """Also while a post stood that was corrected, withdrawn or erased since."""
    carried = set()
    entries = list(told.house.journal.all())
    for entry in entries[3::4]:
        found = page_at(told.house, entry.at + timedelta(microseconds=1))
        checked = check_past(zip_of(told.house, found))
        carried |= {post.entry for post in checked.past.posts}
    kinds = {entry.kind for entry in entries if entry.position in carried}
    assert {"coverage.post_published", "coverage.post_corrected", "coverage.post_clarified"} <= kinds
    assert {"coverage.post_retracted", "coverage.paused", "cases.sitting_began"} <= kinds


def test_the_alerts_that_had_been_sent_are_in_it_with_their_words_and_proof(house: House) -> None:
    desk = Desk(house)
    post = desk.publish("The jury found 14 failings.", key_event=True)

    def goes_out(sort: Any, to: int) -> datetime:
        desk.do(alerts.record(post, AlertSent(desk.case, sort, alerts.wording_of(desk.journal, post), to)))
        return now.utc()

    before = now.utc()
    first = goes_out("news", 7)
    desk.do(commands.correct(desk.doors, post, (Text("The jury found 11 failings."),), "misheard", wrong="figure"))
    last = goes_out("corrected", 6)
    assert not check_past(zip_of(house, page_at(house, before))).past.alerts
    [news] = check_past(zip_of(house, page_at(house, first))).past.alerts
    assert (news.to, news.sort, news.text, news.until_at is None) == (7, "news", "The jury found 14 failings.", False)
    raw = zip_of(house, page_at(house, last))
    assert [one.to for one in check_past(raw).past.alerts] == [7, 6]
    assert "misheard" not in str(archive.unpack(raw))

    def as_told(change: Callable[[dict[str, Any]], None]) -> Change:
        def made(files: dict[str, bytes]) -> None:
            told = json.loads(files["past.json"])
            change(told)
            files["past.json"] = json.dumps(told, sort_keys=True, separators=(",", ":")).encode() + b"\n"

        return made

    for change in (
        lambda told: told["alerts"][0].update(to=8),
        lambda told: told["alerts"][0].update(sent_at="2001-01-01T00:00:00Z"),
        lambda told: told["alerts"].pop(),
        lambda told: told["alerts"].append({**told["alerts"][0], "entry": 1}),
        lambda told: told.update(format="heard past 1"),
    ):
        with pytest.raises(Corrupt):
            check_past(signed_again(house, raw, as_told(change)))


def test_a_page_of_the_format_before_verifies_still(told: Full, today: bytes) -> None:
    def older(files: dict[str, bytes]) -> None:
        files["past.json"] = files["past.json"].replace(b"heard past 2", b"heard past 1")

    assert check_past(signed_again(told.house, today, older)).past.format == "heard past 1"


def test_what_was_not_shown_is_in_no_byte_of_it(told: Full, today: bytes) -> None:
    assert found_in(today) == []
    for name, content in archive.unpack(today).items():
        assert found_in(content) == [], name


def test_a_page_of_then_has_the_words_of_then_and_no_reason(told: Full) -> None:
    """The control of the search: the old wording is found where it stood, and no reason even there."""
    post = told.posts["twice"]
    [published] = [one for one in told.house.journal.stream(post) if one.kind == "coverage.post_published"]
    there = found_in(zip_of(told.house, page_at(told.house, published.at)))
    assert "muddled word before" in there
    assert not {"unsayable reason one", "unsayable reason two", "statute of silence", "Perdita Nameless"} & set(there)


def test_every_changed_bit_is_noticed(today: bytes) -> None:
    for at in range(0, len(today), 997):
        changed = bytearray(today)
        changed[at] ^= 1
        with pytest.raises((Corrupt, Refused)):
            check_past(bytes(changed))


Change = Callable[[dict[str, bytes]], None]


def signed_again(house: House, raw: bytes, change: Change) -> bytes:
    """The same with a change, signed by who holds the key: what the entries say is held against it still."""
    files = archive.unpack(raw)
    listed = manifest.read(files.pop(manifest.NAME).decode(), *manifest.read_key(files["public-key"].decode()))
    change(files)
    kept = manifest.Manifest(listed.origin, listed.maker, manifest.listed(files))
    files[manifest.NAME] = manifest.sign(kept, house.journal.sealing).encode()
    return archive.pack(files)


def reworded(files: dict[str, bytes]) -> None:
    assert b"The right word." in files["page.html"]
    files["page.html"] = files["page.html"].replace(b"The right word.", b"The other one.")


def earlier(files: dict[str, bytes]) -> None:
    told = json.loads(files["past.json"])
    told["at"] = "2001-01-01T00:00:00Z"
    files["past.json"] = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def left_out(files: dict[str, bytes]) -> None:
    files["entries.ndjson"] = b"".join(files["entries.ndjson"].splitlines(keepends=True)[:-1])


def forged(files: dict[str, bytes]) -> None:
    files["entries.ndjson"] = files["entries.ndjson"].replace(b"The right word.", b"The wrong word.")


def added(files: dict[str, bytes]) -> None:
    files["notes.txt"] = b"more"


@pytest.mark.parametrize("change", [reworded, earlier, left_out, forged, added])
def test_what_does_not_follow_from_the_entries_is_refused_though_signed(
    told: Full, today: bytes, change: Change
) -> None:
    with pytest.raises(Corrupt):
        check_past(signed_again(told.house, today, change))


def test_signed_again_without_a_change_it_fits(told: Full, today: bytes) -> None:
    """The control of the test above."""
    assert check_past(signed_again(told.house, today, lambda files: None)).entries > 5


def test_the_command_says_what_it_is(today: bytes, tmp_path: Path) -> None:
    import subprocess
    import sys

    file = tmp_path / "past.zip"
    file.write_bytes(today)
    run = subprocess.run(
        [sys.executable, "-m", "heard.cli", "verify", str(file)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "It holds: the page of “the-case”" in run.stdout and "2 posts without an entry here" in run.stdout
