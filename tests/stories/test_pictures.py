"""A picture from a reporter's phone: chosen without a line, killed, sent once; and what a reader loads of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pictures import files
from tests.pictures.sending import shown_on
from tests.stories.hearing import Hearing
from tests.stories.people import another_link
from tests.stories.test_outbox import Opens, Phones


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """Held upright, and telling where it was taken."""
    kept = tmp_path / "IMG_2031.jpg"
    kept.write_bytes(files.encoded(files.corners(1200, 900), "JPEG", exif=files.exif(6)))
    return kept


def test_a_picture_chosen_without_a_line_outlives_the_browser_and_is_sent_once(
    reader: Opens, phones: Phones, hearing: Hearing, photograph: Path
) -> None:
    page, phone = reader(f"/{hearing.slug}/"), phones()
    phone.opens(hearing.slug)
    phone.is_ready_to_lose_its_line()
    phone.has_line(False)
    phone.page.click("summary:has-text('Picture')")
    phone.page.set_input_files("#file", photograph)
    phone.page.fill("#alt", "A gate at noon, and nobody near it")
    phone.page.fill("#text", "Told with a picture.")
    phone.page.click("#publish button")
    phone.reporter.waits(lambda: "needs a description" in phone.page.inner_text("#said"), "to be told what is missing")
    phone.page.fill("#credit", "Ida Rook")
    phone.page.wait_for_timeout(500)
    phone.is_killed()
    phone.starts(line=False)
    phone.opens(hearing.slug)
    phone.reporter.waits(lambda: phone.page.evaluate("file.files.length") == 1, "for the picture to be back in the box")
    assert (
        phone.page.input_value("#credit") == "Ida Rook" and phone.page.evaluate("file.files[0].name") == photograph.name
    )
    phone.writes(phone.page.input_value("#text"))
    phone.shows_waiting("Told with a picture.")
    assert "with a picture" in phone.page.inner_text("#outbox")
    phone.has_line(True)
    phone.signs_in(another_link(hearing.server))  # the kill took the session
    phone.opens(hearing.slug)
    phone.shows_waiting()
    post = ".post:has-text('Told with a picture')"
    page.waits(lambda: page.page.locator(f"{post} img").count() == 1, "for the picture to be on an open page")
    img = page.page.locator(f"{post} img")
    img.scroll_into_view_if_needed()
    page.waits(lambda: img.evaluate("one => one.complete && one.naturalWidth > 0"), "for the picture to be seen")
    width, height = img.evaluate("one => [one.width, one.height]")
    assert height > width, "it was held upright"
    items = hearing.server.client.get(f"/api/v1/cases/{hearing.slug}/posts?limit=500").json()["items"]
    assert sum("Told with a picture" in one["text"] for one in items) == 1
    names = shown_on(hearing.server.page(f"/{hearing.slug}/"), hearing.slug)
    assert len(names) == 4 and not any(b"qdescribedq" in hearing.server.reader.get(name).content for name in names)
    assert re.fullmatch(r"/.*/media/[0-9a-f]{64}-\d+\.webp", img.evaluate("one => new URL(one.currentSrc).pathname"))
