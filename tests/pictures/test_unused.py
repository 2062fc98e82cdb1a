"""A picture that nobody put into a post is destroyed after a week; one that anything has named is not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from heard.coverage import commands, uploads
from heard.coverage.elements import Image, Rendition
from heard.coverage.uploads import UNUSED_KEPT, clear_unused
from heard.engine import now
from heard.engine.errors import NotFound
from heard.opening import House, open_house
from tests.desk import Desk
from tests.server import running

LATER = UNUSED_KEPT + timedelta(seconds=1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = open_house(tmp_path / "data", synchronous="OFF")
    yield made
    made.close()


def upload(house: House, case: str, content: bytes) -> Image:
    small = Rendition(house.media.keep(content + b" small"), "webp", 1)
    image = Image("", "", house.media.keep(content), 2, 2, renditions=(small,))
    uploads.came(house.vault, case, image, False)
    return image


def cleared(house: House, after: timedelta) -> int:
    return clear_unused(house.vault, house.tables, house.media.erase, now.utc() + after)


def is_there(house: House, image: Image) -> bool:
    try:
        return all(house.media.read(file) for file in image.names.values())
    except NotFound:
        return False


def test_what_nobody_named_goes_after_a_week_with_every_size_of_it(house: House) -> None:
    image = upload(house, "one", b"a gate")
    assert cleared(house, UNUSED_KEPT - timedelta(minutes=1)) == 0 and is_there(house, image)
    assert cleared(house, LATER) == 1
    assert not any(house.media.folder.iterdir()) and not house.vault.names("picture key")
    assert uploads.name_it(house.vault, "one", image.media) is None
    assert cleared(house, LATER) == 0


def test_what_a_command_named_stays_whatever_became_of_it(house: House) -> None:
    image = upload(house, "one", b"a gate")
    assert uploads.name_it(house.vault, "one", image.media)
    uploads.came(house.vault, "one", image, False)
    assert cleared(house, LATER) == 0 and is_there(house, image)


def test_what_came_again_stays_a_week_from_then(house: House) -> None:
    image = upload(house, "one", b"a gate")
    with now.held_at(now.utc() + timedelta(days=5)):
        uploads.came(house.vault, "one", image, False)
    assert cleared(house, LATER) == 0 and is_there(house, image)


def test_a_file_that_another_case_or_a_post_shows_is_not_destroyed(house: House) -> None:
    one, two = upload(house, "one", b"a gate"), upload(house, "two", b"a gate")
    assert one == two
    uploads.name_it(house.vault, "two", two.media)
    assert cleared(house, LATER) == 1 and is_there(house, two), "another case has named it"
    three = upload(house, "three", b"a door")
    Desk(house).publish("Words.", Image("A door", "Ida Rook", three.media, 2, 2, renditions=three.renditions))
    assert cleared(house, LATER) == 1 and is_there(house, three), "a post that was taken over shows the same"


def test_what_came_before_this_was_written_down_stays(house: House) -> None:
    image = upload(house, "one", b"a gate")
    [row] = house.vault.names("picture")
    kept = house.vault.get("picture", row) or b""
    assert b"came_at" in kept
    house.vault.put("picture", row, kept.partition(b',"came_at"')[0] + b"}")
    assert cleared(house, LATER) == 0 and is_there(house, image)
    uploads.came(house.vault, "one", image, False)
    assert cleared(house, LATER) == 0, "nor when it comes again: something may have named it"


def test_a_server_clears_by_itself_and_leaves_what_was_withdrawn(tmp_path: Path) -> None:
    data = tmp_path / "data"
    house = open_house(data, synchronous="OFF")
    desk = Desk(house)
    with now.held_at(now.utc() - LATER):
        unused, shown = upload(house, "one", b"a gate"), upload(house, "one", b"a door")
    uploads.name_it(house.vault, "one", shown.media)
    post = desk.publish("Words.", Image("A door", "Ida Rook", shown.media, 2, 2, renditions=shown.renditions))
    desk.do(commands.retract(house.doors, post, "a test"))
    with running(data) as server:
        give_up_at = time.monotonic() + 30
        while is_there(house, unused):
            assert time.monotonic() < give_up_at
            time.sleep(0.05)
    assert is_there(house, shown), "sealed, for whoever may look back"
    assert "uploads_cleared" in "".join(server.said) and unused.media not in "".join(server.said)
    house.close()
