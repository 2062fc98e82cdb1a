"""What an operator types about what people sign in with, and about roles in one case."""

from __future__ import annotations

from pathlib import Path

from heard.accounts import commands, projection
from heard.engine.entry import new_id
from heard.opening import open_house
from tests.cli.typed import refused, worked
from tests.desk import Desk

MIRA = "mira@heard.example"


def house_with_mira(data: Path) -> tuple[str, str]:
    """Her account, and her one factor; there is a case, too."""
    house, factor = open_house(data, synchronous="OFF"), new_id()
    Desk(house)
    account = house.node.do(commands.add_account(MIRA, "by_case"), by="operator").stream
    house.node.do(commands.add_factor(account, factor, "code", "my phone"), by=account)
    house.close()
    return account, factor


def test_factors_are_listed_removed_and_recovered(tmp_path: Path) -> None:
    data = tmp_path / "data"
    _, factor = house_with_mira(data)
    [line] = worked(data, "account", "factors", MIRA).splitlines()
    assert line.split("\t")[0:2] == [factor, "code"] and line.endswith("\tmy phone")
    assert "no such way" in refused(data, "account", "remove-factor", MIRA, "nonsense")
    assert "Demanded" in worked(data, "account", "demand-factor")
    assert "your last" in refused(data, "account", "remove-factor", MIRA, factor)
    assert "/desk/sign-in/" in worked(data, "account", "recover", MIRA)
    assert worked(data, "account", "factors", MIRA) == ""
    assert "No longer" in worked(data, "account", "demand-factor", "--off")
    assert "no such account" in refused(data, "account", "recover", "nobody@heard.example")


def test_a_role_in_one_case_is_given_and_taken(tmp_path: Path) -> None:
    data = tmp_path / "data"
    account, _ = house_with_mira(data)
    assert "editor" in worked(data, "account", "role", MIRA, "--case", "the-case", "--role", "editor")
    house = open_house(data)
    house.node.catch_up()
    assert list(projection.case_roles(house.tables, account).values()) == ["editor"]
    house.close()
    assert "no role" in refused(data, "account", "role", MIRA, "--case", "the-case", "--role", "administrator")
    worked(data, "account", "role", MIRA, "--case", "the-case")
    assert "no role of that case" in refused(data, "account", "role", MIRA, "--case", "the-case")
