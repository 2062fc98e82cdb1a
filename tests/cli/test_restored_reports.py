"""An older backup that is restored shows no name that was hidden since, and lets go of no case that had an order."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from heard import opening
from heard.backup import backup, restoring
from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.engine.node import Command
from heard.opening import House, open_house
from heard.reports import commands, projection
from tests.cli.typed import worked
from tests.reports.register import SCRAPED, line, read, register_of, scraped, table

CHILD, COUNSEL, NURSE, OTHER = "Mabel Marrowby", "Oswin Thistlewick", "Edda Oxenbrough", "Corin Hasselby"
FIRST, SECOND = "2021-06-01", "2021-07-01"
SPOKEN = [line(1, deceased=CHILD), line(2, coroner=COUNSEL), line(3, deceased=NURSE), line(4, deceased=OTHER)]
#: The same a month later: of the second its coroner is taken out, the third is gone.
TAKEN_OUT = [line(1, deceased=CHILD), line(2, coroner="REDACTED"), *[line(number) for number in range(5, 60)]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def opened(data: Path, witness: Path | None = None) -> House:
    house = open_house(data, synchronous="OFF", witness=witness)
    house.node.catch_up()
    return house


def before(data: Path) -> None:
    house = opened(data)
    read(house, table(*SPOKEN, *[line(number) for number in range(5, 60)]), FIRST)
    case = house.node.do(case_commands.open_case("quiet", "A case that is not live"), by="editor").stream
    house.node.do(case_commands.open_case("untouched", "Another"), by="editor")
    assert cases.by_id(house.tables, case).slug == "quiet"
    house.close()


def withdrawn_since(data: Path, witness: Path) -> None:
    """A parent asks, a source takes out, a page is gone, a lawyer records an order: all after the backup."""
    house = opened(data, witness)
    child = projection.by_slug(house.tables, "2021-0001")
    house.node.do(commands.hide_names(child, (), "her mother asked"), by="reader")
    read(house, table(*TAKEN_OUT), SECOND, name="later.csv", accepted=True)
    quiet = cases.by_slug(house.tables, "quiet").id
    house.node.do(case_commands.impose_restriction(quiet, "s.11", ["Rowan Tidewell"]), by="lawyer")
    assert house.witness
    house.witness.keep_head(house.journal)
    house.close()


def said(data: Path, tmp_path: Path) -> str:
    """All that the register shows."""
    house = opened(data)
    folder = tmp_path / f"register-{data.name}"
    folder.mkdir()
    register = register_of(house, folder)
    shown = "".join(repr(one) + repr(register.texts(one.id)) for one in register)
    house.close()
    return shown


class Back(NamedTuple):
    """What was restored, its witness, and what the command said."""

    data: Path
    witness: Path
    told: str


@pytest.fixture(scope="module")
def back(tmp_path_factory: pytest.TempPathFactory) -> Back:
    folder = tmp_path_factory.mktemp("restored")
    data, witness, again = folder / "data", folder / "witness", folder / "back"
    before(data)
    copy, _ = backup(data, folder / "backups")
    withdrawn_since(data, witness)
    return Back(again, witness, worked(again, "restore", copy, "--new-epoch", "--witness", witness))


def test_what_was_hidden_taken_out_or_gone_since_is_in_no_report(back: Back, tmp_path: Path) -> None:
    assert "Hidden again, of reports: 4." in back.told
    shown = said(back.data, tmp_path)
    for name in (CHILD, COUNSEL, NURSE, OTHER):
        assert name not in shown and name.split()[1] not in shown, name
    assert "2021-0001" in shown and "2021-0002" in shown and "2021-0003" not in shown
    house = opened(back.data)
    assert projection.gone(house.tables) == ["2021-0003", "2021-0004"]
    assert [(one.slug, one.field) for one in projection.taken_out(house.tables)] == [("2021-0002", "coroner")]
    house.close()


def test_a_case_that_had_an_order_since_is_held_though_it_was_not_live(back: Back) -> None:
    assert "1 order recorded since is lost" in back.told and "Rowan" not in back.told
    assert "Held until an editor has looked at it: quiet" in back.told and "untouched" not in back.told
    assert "quiet\tannounced (held)" in worked(back.data, "case", "list")
    assert "Rowan" not in (back.witness / "withdrawn").read_text()


def test_what_a_person_decides_afterwards_stands_at_the_next_start(back: Back, tmp_path: Path) -> None:
    copy, witness = (Path(shutil.copytree(one, tmp_path / one.name)) for one in back[:2])
    house = opened(copy, witness)
    child = projection.by_slug(house.tables, "2021-0001")
    house.node.do(commands.show_names(child, "her mother would have it told"), by="editor")
    house.node.do(
        commands.let_value(projection.by_slug(house.tables, "2021-0003"), "", "it is there again"), by="editor"
    )
    quiet = cases.by_slug(house.tables, "quiet").id
    house.node.do(case_commands.let_case_go(quiet, "The order was recorded again."), by="editor")
    house.close()
    house = opened(copy, witness)
    assert not opening.withdraw_again(house) and not cases.is_held(house.tables, quiet)
    house.close()
    shown = said(copy, tmp_path)
    assert CHILD in shown and NURSE in shown and COUNSEL not in shown


def test_reading_the_table_again_tells_who_of_several_was_taken_out(data: Path, tmp_path: Path) -> None:
    """Until then the whole list stands as one mark."""
    witness, back = tmp_path / "witness", tmp_path / "back"
    sent = f"Harbour Board | {NURSE}"
    house = opened(data)
    read(house, table(line(1, sent=sent), line(2)), FIRST)
    house.close()
    folder, _ = backup(data, tmp_path / "backups")
    later = table(line(1, sent="Harbour Board | REDACTED"), line(2))
    house = opened(data, witness)
    read(house, later, SECOND, name="later.csv")
    house.close()
    worked(back, "restore", folder, "--new-epoch", "--witness", witness)
    shown = said(back, tmp_path)
    assert NURSE not in shown
    house = opened(back)
    read(house, later, SECOND, name="later.csv")
    (tmp_path / "again").mkdir()
    [one, _] = register_of(house, tmp_path / "again")
    assert one.addressees[0].name == "Harbour Board"
    assert NURSE not in repr(one)
    house.close()


def test_a_report_in_which_others_were_hidden_is_withheld_until_somebody_names_them_again(
    data: Path, tmp_path: Path
) -> None:
    """No witness knows who they were. Whoever asks for the dead alone lets nobody out."""
    witness, back = tmp_path / "witness", tmp_path / "back"
    house = opened(data)
    read(house, table(scraped(1, deceased=CHILD, concerns=f"{NURSE} was not told."), columns=SCRAPED), FIRST)
    house.close()
    folder, _ = backup(data, tmp_path / "backups")
    house = opened(data, witness)
    report = projection.by_slug(house.tables, "2021-0001")
    house.node.do(commands.hide_names(report, [NURSE], "she asked"), by="editor")
    house.close()
    assert "Oxenbrough" not in (witness / "withdrawn").read_text()
    worked(back, "restore", folder, "--new-epoch", "--witness", witness)
    assert "2021-0001" not in said(back, tmp_path)
    house = opened(back)
    register = register_of(house, tmp_path)
    assert projection.names_lost(house.tables) == ["2021-0001"] and len(register) == 0

    def decided(command: Command) -> str:
        house.node.do(command, by="reader")
        house.node.catch_up()
        register.follow_all()
        return "".join(repr(register.texts(one.id)) for one in register)

    assert decided(commands.hide_names(report, (), "her mother asked")) == ""
    told = decided(commands.hide_names(report, [NURSE], "she asked"))
    assert "was not told" in told and "Oxenbrough" not in told and projection.names_lost(house.tables) == []
    assert "Oxenbrough" in decided(commands.show_names(report, "she would be named"))
    house.close()


@pytest.mark.parametrize("forgets", ["hide_again", "hold_again"])
def test_a_restore_that_forgets_a_room_is_caught(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forgets: str
) -> None:
    """The control: done in this process, without one of the two."""
    nothing: dict[str, Callable[..., object]] = {"hide_again": lambda *_: (), "hold_again": lambda *_: ((), 0)}
    monkeypatch.setattr(opening, forgets, nothing[forgets])
    before(data)
    folder, _ = backup(data, tmp_path / "backups")
    withdrawn_since(data, tmp_path / "witness")
    back = tmp_path / "back"
    with restoring(folder, back, new_epoch=True, witness=tmp_path / "witness") as facts:
        house = opened(facts.folder, tmp_path / "witness")
        opening.withdraw_again(house)
        is_held = cases.is_held(house.tables, cases.by_slug(house.tables, "quiet").id)
        house.close()
    shows = CHILD in said(back, tmp_path)
    assert (shows, is_held) == ((True, True) if forgets == "hide_again" else (False, False))
