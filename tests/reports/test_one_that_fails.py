"""A report that cannot be made is shown nowhere, is said to be, and is in the way of nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from heard.accounts.model import Account, Caller
from heard.engine.errors import Corrupt, NotFound
from heard.export.snapshot import export_reports
from heard.opening import House
from heard.reports import desk, projection, register, shown
from heard.reports.register import Register
from tests.reports.register import client_of, line, read, register_of, table

BAD = "2021-0002"
made_by = shown.show


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A mistake over what one report says, for as long as it has this name."""

    def show(report: str, slug: str, kept_at: str, life: Any, *about: Any, **further: Any) -> Any:
        if slug == BAD and not any("Mended" in getattr(body, "facts", {}).get("coroner", "") for body in life):
            raise IndexError("tuple index out of range")
        return made_by(report, slug, kept_at, life, *about, **further)

    monkeypatch.setattr(shown, "show", show)


def rows(*numbers: int, coroner: str = "Ms Ada Bench") -> bytes:
    return table(*(line(number, coroner=coroner) for number in numbers))


def here(found: Register) -> set[str]:
    return {one.slug for one in found}


def test_all_others_are_shown_and_it_is_made_when_it_changes(house: House, tmp_path: Path, wrong: None) -> None:
    read(house, rows(1, 2, 3), "2021-06-01")
    found = register_of(house, tmp_path)
    report = projection.by_slug(house.tables, BAD)
    assert here(found) == {"2021-0001", "2021-0003"} and found.failed == {report: "IndexError"}
    assert not found.to_come and not found.is_behind()
    client = client_of(house, found, tmp_path)
    assert client.get(f"/reports/{BAD}/").status_code == 404
    every = [
        client.get(address).text for address in ("/reports/", "/reports.csv", "/reports.json", "/reports/feed.atom")
    ]
    assert not any("Number2" in page for page in every) and "Number3" in every[0]
    with pytest.raises(NotFound):
        found.looking_back(report, found.newest()[0].sources[0][1])
    exported = export_reports(house.node, house.doors, "http://here")
    assert exported.reports == 2 and exported.failed == (BAD,)

    caller = Caller(Account("x", "x@heard.example", "editor", ""), in_session=True)
    said = desk._page(client.app.state.serving, caller).body.decode()  # type: ignore[attr-defined]
    assert "1 report is shown nowhere" in said and f"{BAD} (IndexError)" in said

    read(house, rows(2, coroner="Ms Mended Bench"), "2021-06-02", accepted=True)
    house.node.catch_up()
    found.follow_all()
    assert here(found) == {"2021-0001", BAD, "2021-0003"} and not found.failed
    assert "shown nowhere" not in desk._page(client.app.state.serving, caller).body.decode()  # type: ignore[attr-defined]


def test_one_that_was_shown_before_goes_and_the_next_app_tries_again(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(house, rows(1, 2), "2021-06-01")
    found = register_of(house, tmp_path)
    told: list[tuple[str, str]] = []
    found.after_failure.append(lambda report, why: told.append((report, why)))
    with monkeypatch.context() as patch:
        patch.setattr(shown, "show", lambda *_, **__: [][1])
        read(house, rows(2, coroner="Mr Oth Bench"), "2021-06-02", accepted=True)
        house.node.catch_up()
        found.follow_all()
    report = projection.by_slug(house.tables, BAD)
    assert here(found) == {"2021-0001"} and told == [(report, "IndexError")]
    assert found.file.texts(report) is None and not found.file.search("Number2", 5), "nor in the file"
    again = register_of(house, tmp_path)
    assert here(again) == {"2021-0001", BAD} and not again.failed


def test_one_mistake_that_were_not_kept_apart_stops_all_that_follows(
    house: House, tmp_path: Path, wrong: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(register, "made_alone", lambda make: (make(), ""))
    read(house, rows(1, 2, 3), "2021-06-01")
    with pytest.raises(IndexError):
        register_of(house, tmp_path)


def test_what_cannot_be_true_on_disk_is_no_matter_of_one_report(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def corrupt(*_: object, **__: object) -> None:
        raise Corrupt("An entry cannot be true.")

    read(house, rows(1), "2021-06-01")
    monkeypatch.setattr(shown, "show", corrupt)
    with pytest.raises(Corrupt):
        register_of(house, tmp_path)
