"""All reports taken away: anyone can check them against the journal, and nothing that is hidden is in them."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
from typer.testing import CliRunner

from heard.cases import commands as case_commands
from heard.cases.release import Withheld
from heard.cli import app
from heard.demo.reports import record_reports
from heard.engine.errors import Corrupt, Refused
from heard.export import archive, manifest, snapshot
from heard.export.snapshot import Taken, export_reports
from heard.export.snapshot_checking import check_snapshot, is_snapshot
from heard.opening import House, open_house
from heard.reports import axes, axes_tables, commands, projection, shown, standing, tables
from heard.reports.model import NOT_KNOWN
from tests.reports.register import line, read, table

ORDERED, TAKEN_OUT, HIDDEN = "Rowan Tidewell", "Person Takenout", "Person Hiddenaway"
REWORDED = "Jessamy Wetherlow"
WORDS_OF_READERS = "She was my daughter and this hurts."
GROUND = "the family asked for it on the telephone"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = open_house(tmp_path_factory.mktemp("snapshot") / "data", synchronous="OFF")
    record_reports(house.node, date(2026, 11, 24), "operator")
    named = [
        line(1, deceased=ORDERED),
        line(2, deceased=TAKEN_OUT),
        line(3, deceased=HIDDEN),
        line(4),
        line(5),
        line(6),
    ]
    read(house, table(*named), "2021-06-01")
    read(house, table(*[line(2, deceased="REDACTED")]), "2021-07-01", name="later.csv", accepted=True)
    report = projection.by_slug(house.tables, "2021-0003")
    house.node.do(commands.hide_names(report, (), GROUND), by="operator")
    changed = projection.by_slug(house.tables, "2021-0005")
    for day, words in ((2, f"{REWORDED} fell."), (3, "J. W. fell.")):
        house.node.do(
            commands.tell_of(changed, "judiciary", date(2021, 8, day), {"circumstances": words}), by="operator"
        )
    retitled = projection.by_slug(house.tables, "2021-0006")
    since = {"coroner": "HH Judge Ms Ada Bench", "sent_to": "Department for Transport"}
    for source, facts in (("tracker", since), ("tracker-tags", {"age": "71"})):
        house.node.do(commands.tell_of(retitled, source, date(2021, 8, 2), facts), by="operator")
    house.node.do(commands.tell_problem(projection.by_slug(house.tables, "2021-0004"), WORDS_OF_READERS), by="reader")
    case = house.node.do(case_commands.open_case("the-case", "The case"), by="operator").stream
    house.node.do(case_commands.impose_restriction(case, "s. 11", [ORDERED]), by="operator")
    yield house
    house.close()


@pytest.fixture(scope="module")
def taken(house: House) -> Taken:
    return export_reports(house.node, house.doors, "http://here")


def test_a_snapshot_is_proved_by_its_entries(taken: Taken) -> None:
    checked = check_snapshot(taken.content, taken.key)
    assert is_snapshot(taken.content) and checked.made_again
    assert checked.snapshot.reports == taken.reports > 10
    # All but the two children of the demonstration and the names that are under an order, taken out or hidden.
    assert taken.reports - taken.proved in range(3, 7)
    # So is one whose coroner has a title since, whose addressee is another, and of whom an age is known.
    assert {"2021-0004", "2021-0005", "2021-0006"} <= {
        one["ref"] for one in _lines(taken) if one["id"] in checked.snapshot.proved
    }


def _lines(taken: Taken) -> list[dict[str, str]]:
    found: list[dict[str, str]] = msgspec.json.decode(archive.unpack(taken.content)["reports.json"])
    return found


@pytest.mark.parametrize(
    "words", ['"age"', ORDERED, TAKEN_OUT, "Takenout", HIDDEN, "Hiddenaway", REWORDED, WORDS_OF_READERS, GROUND]
)
def test_nothing_that_is_hidden_is_in_it(taken: Taken, words: str) -> None:
    assert words.encode() not in taken.content


def test_a_maker_that_forgets_the_care_is_found_out_and_one_that_forgets_an_order_is_stopped(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(_: object, tables: object, doors: object, report: str) -> object:
        life = [body for _, body in snapshot._opened(house.journal, report) if isinstance(body, snapshot.CARRIED)]
        return snapshot.seen_from(report, life)

    monkeypatch.setattr("heard.reports.seen.seen_now", careless)
    with pytest.raises(Withheld):
        export_reports(house.node, house.doors, "http://here")
    monkeypatch.setattr("heard.cases.guard.Guard.stands_in", lambda *_: False)
    monkeypatch.setattr("heard.export.snapshot._says_too_much", lambda *_: False)
    leaky = export_reports(house.node, house.doors, "http://here").content
    assert all(words.encode() in leaky for words in (ORDERED, HIDDEN, REWORDED, "Person Number4"))


def test_every_flipped_bit_is_found(taken: Taken) -> None:
    draw = random.Random(5)
    for place in draw.sample(range(len(taken.content)), 400):
        changed = bytearray(taken.content)
        changed[place] ^= 1 << draw.randrange(8)
        with pytest.raises((Corrupt, Refused)):
            check_snapshot(bytes(changed), taken.key)


def signed_again(house: House, content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """What somebody who holds the key could make of it."""
    files = archive.unpack(content)
    change(files)
    del files[manifest.NAME]
    listed = manifest.Manifest(f"heard/{house.store.epoch}", snapshot.maker(), manifest.listed(files))
    files[manifest.NAME] = manifest.sign(listed, house.journal.sealing).encode()
    return archive.pack(files)


def swapped(name: str, old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        assert old.encode() in files[name], old
        files[name] = files[name].replace(old.encode(), new.encode(), 1)

    return change


def _a_line_less(files: dict[str, bytes]) -> None:
    _, _, rest = files["entries.ndjson"].partition(b"\n")
    files["entries.ndjson"] = rest


@pytest.mark.parametrize(
    "change",
    [
        swapped("reports.json", "Person Number4", "Person Number9"),
        swapped("reports.csv", "Person Number4", "Person Number9"),
        swapped("reports.csv", "Person Number5", "=HYPERLINK(1)"),
        swapped("axes.csv", "2021-0004,", "2021-0001,"),
        swapped("axes.csv", "2021-0004,", "2021-0999,"),
        swapped("axes.csv", "2021-0004,,,Harbour Board,none published", "2021-0004,,,Harbour Board,response published"),
        swapped("entries.ndjson", "Person Number4", "Person Number9"),
        swapped("snapshot.json", '"on":"20', '"on":"19'),
        _a_line_less,
    ],
)
def test_a_row_that_does_not_follow_is_found_though_it_is_signed(
    house: House, taken: Taken, change: Callable[[dict[str, bytes]], None]
) -> None:
    with pytest.raises(Corrupt):
        check_snapshot(signed_again(house, taken.content, change), taken.key)
    assert check_snapshot(signed_again(house, taken.content, lambda files: None), taken.key).made_again  # the control


def test_the_axes_of_every_report_are_in_it_and_one_of_before_there_were_any_is_checked_too(
    house: House, taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is watched is not in them: its entries are not here."""
    rows = [*csv.DictReader(io.StringIO(archive.unpack(taken.content)["axes.csv"].decode(), newline=""))]
    assert {row["report"] for row in rows} == {one["url"].rstrip("/").rpartition("/")[2] for one in _lines(taken)}
    assert {row["kept"] for row in rows} == {NOT_KNOWN} and len({row["response"] for row in rows}) > 1
    monkeypatch.setattr(snapshot, "maker", lambda: "0" * 12)
    before = signed_again(house, taken.content, lambda files: files.__delitem__("axes.csv"))
    assert check_snapshot(before, taken.key).snapshot.reports == taken.reports


def test_another_key_is_refused(taken: Taken) -> None:
    with pytest.raises(Refused):
        check_snapshot(taken.content, taken.key[:-8] + "AAAAAAA=")


def test_it_is_written_and_verified_by_command(house: House, tmp_path: Path) -> None:
    out = tmp_path / "reports.zip"
    typed = CliRunner().invoke(app, ["export", "reports", "--out", str(out), "--data", str(house.data)])
    assert typed.exit_code == 0 and "follow from" in typed.output, typed.output
    checked = CliRunner().invoke(app, ["verify", str(out)])
    assert checked.exit_code == 0 and "byte for byte" in checked.output, checked.output
    again = CliRunner().invoke(app, ["export", "reports", "--out", str(out), "--data", str(house.data)])
    assert again.exit_code != 0


def test_the_maker_is_another_when_any_code_is_that_puts_words_into_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a snapshot of an older version would be called forged."""
    given = list[ModuleType]()
    monkeypatch.setattr(snapshot, "code_hash", lambda rooms, besides: given.extend(besides))
    snapshot.maker()
    rows = (tables, axes, axes_tables, standing, shown)
    used = {one for module in rows for one in vars(module).values() if isinstance(one, ModuleType)}
    assert {one for one in used if one.__name__.startswith("heard.reports.")} | {snapshot} <= set(given)
