"""What can be protected, and that protecting one name does not stop pages that do not say it."""

from __future__ import annotations

import pytest

from heard.cases import projection as cases
from heard.coverage.frames import Page
from heard.engine.errors import Refused
from tests.desk import Desk


@pytest.mark.parametrize("name", ["Post", "page", "Sitting", "Key", "0", "Jo", "''", "article", "Headline"])
def test_word_of_the_pages_themselves_is_refused_alone(desk: Desk, name: str) -> None:
    with pytest.raises(Refused) as refusal:
        desk.restrict(name)
    assert name not in str(refusal.value).split() or len(name) < 3


@pytest.mark.parametrize("name", ["Ms Post", "Emily Page", "Ito Sitting", "Jo K", "Ōe", "Tidewell"])
def test_full_name_is_protected_and_the_pages_go_on(desk: Desk, name: str) -> None:
    post = desk.publish("The court sat, and nobody was named.", title="Morning", key_event=True)
    if name == "Ōe":
        with pytest.raises(Refused):
            desk.restrict(name)
        return
    desk.restrict(name)
    page = Page(cases.by_id(desk.tables, desk.case), desk.tables, desk.doors.of(desk.tables, desk.case))
    assert "nobody was named" in next(iter(page.post(post, "post"))).html  # type: ignore[operator]
    assert "Morning" in page.area_html("key")
    held = desk.publish(f"Then {name} was called.")
    assert not list(page.post(held, "post"))
