"""Addresses that are made of titles."""

from __future__ import annotations

import pytest

from heard.cases.model import SLUG_MADE_MAX, checked_slug, slug_of
from heard.engine.errors import Refused


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("The inquest into the death of Zoë Müller", "the-inquest-into-the-death-of-zoe-muller"),
        ("  O’Brien & Son's: day 2!  ", "obrien-sons-day-2"),
        (
            "An inquest with a title that goes on and on until nobody can say it",
            "an-inquest-with-a-title-that-goes-on-and-on-until",
        ),
    ],
)
def test_title_makes_an_address_that_may_be_used(title: str, slug: str) -> None:
    assert slug_of(title) == slug == checked_slug(slug)
    assert len(slug) <= SLUG_MADE_MAX


@pytest.mark.parametrize("title", ["日本", "", "…", "x" * 90, "Reports"])
def test_title_that_makes_none_is_refused_with_what_to_do(title: str) -> None:
    with pytest.raises(Refused, match="choose another"):
        checked_slug(slug_of(title))
