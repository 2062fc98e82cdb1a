"""A protected name in every field that takes words, by every way in, is on no surface of the register.

The fields are those of `tests/hostile/planting.py`, which fails when a field of the API or of a form is not planted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from heard.cases import projection as cases
from heard.coverage import projection
from heard.deliver.surfaces import addresses
from heard.opening import House, open_house
from heard.text.lookalikes import latin
from heard.text.normalise import letters
from tests.hostile.planting import Planter
from tests.server import Server, running

NAME, MARK = "Rowan Tidewell", "tidewell"
#: As it is not spelt: whoever finds this finds the name itself.
FORM = "The pupil, R. Tіdеwеll, was at the gate."
#: Nobody's posts go for approval after five that were held: else the sixth field would be looked at no more.
UNBOUNDED = "import heard.coverage.approval as approval\napproval.STOPPED_MAX = 10 ** 9\n"


class Seen(NamedTuple):
    """What the surfaces of two cases say: one of which an order protects the name, and the same without an order."""

    guarded: dict[str, str]
    open: dict[str, str]
    kept: int


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    folder = tmp_path_factory.mktemp("fields")
    (folder / "sitecustomize.py").write_text(UNBOUNDED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        with running(folder / "data") as server:
            patch.undo()
            yield _planted(server, folder / "data")


def _planted(server: Server, data: Path) -> Seen:
    house = open_house(data, synchronous="OFF")
    house.node.catch_up()
    planter = Planter(server, house)
    for slug in ("guarded", "guarded-short"):  # some fields are planted in a case beside it
        server.open_case(slug, "A case with an order")
        order = {"basis": "an order", "names": [NAME]}
        assert server.post(f"/cases/{slug}/restrictions", order).status_code == 201
    said = {}
    for slug in ("guarded", "open"):
        planter.plant(slug, [FORM])
        house.node.catch_up()
        said[slug] = {one: _read(server, one) for one in _surfaces(house, slug)}
    kept = len(projection.with_status(house.tables, cases.by_slug(house.tables, "guarded").id, "held"))
    planter.desk.close()
    house.close()
    return Seen(said["guarded"], said["open"], kept)


def _surfaces(house: House, slug: str) -> list[str]:
    case = cases.by_slug(house.tables, slug)
    posts = [one.id for one in projection.shown(house.tables, case.id)]
    found = addresses(house.tables, house.journal, case, posts, house.store.position())
    return [one.address for one in found if one.sort in ("answer", "poll")]


def _read(server: Server, address: str) -> str:
    if "/after/" in address and not address.endswith("/after/0"):
        return ""  # it waits for what is new; what is there is asked from the beginning
    answer = server.reader.get(address)
    assert answer.status_code in (200, 503), (address, answer.status_code)
    return letters(latin(answer.text), keep_markup=True)


def test_the_name_is_on_no_surface_by_whatever_field_it_came(seen: Seen) -> None:
    assert [address for address, text in seen.guarded.items() if MARK in text] == []
    assert seen.kept > 5


def test_without_the_order_every_surface_says_it(seen: Seen) -> None:
    """The control: what was planted comes out, on each sort of surface."""
    says = {address for address, text in seen.open.items() if MARK in text}
    assert says >= {
        f"/open/{what}" for what in ("", "?order=oldest", "people/", "corrections/", "feed.atom", "feed.json")
    }
    assert {"/", "/corrections/", "/live/open/after/0"} <= says
