"""A row of the journal that a power cut or a bad disk tore: SQLite reads what is missing of it as NULL."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from heard.accounts.commands import add_account
from heard.engine.errors import Corrupt
from heard.opening import open_house


@pytest.mark.parametrize("column", ["seal INTEGER", "sealed BLOB", "leaf BLOB"])
def test_it_is_corrupt_and_its_position_is_named(tmp_path: Path, column: str) -> None:
    house = open_house(tmp_path / "data")
    house.node.do(add_account("ada@heard.example", "editor", "Ada"), by="operator")
    journal = next(path for path in house.data.glob("*.sqlite") if "entry" in tables_of(path))
    house.close()
    torn(journal, column)
    house = open_house(tmp_path / "data")
    with pytest.raises(Corrupt, match=r"damaged at position 1\."):
        list(house.journal.all())
    house.close()


def tables_of(path: Path) -> set[str]:
    with apsw.Connection(str(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def torn(path: Path, column: str) -> None:
    with apsw.Connection(str(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        let = "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE name = 'entry'"
        connection.execute(let, (f"{column} NOT NULL", column))
    with apsw.Connection(str(path)) as connection:
        connection.execute(f"UPDATE entry SET {column.split()[0]} = NULL WHERE position = 1")
