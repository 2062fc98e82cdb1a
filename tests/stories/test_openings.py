"""How posts begin: picked with a slash, completed with a person, and said in our words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from heard.coverage.openings import OPENINGS_MAX, USUAL, written
from heard.engine.errors import Refused
from tests.stories.hearing import Hearing
from tests.stories.reader import Reader

Opens = Callable[..., Reader]


def test_opening_of_the_hearing_is_picked_completed_with_a_person_and_published_as_our_words(
    reader: Opens, editor: Opens, hearing: Hearing
) -> None:
    hearing.does(f"/cases/{hearing.slug}/people", {"name": "Nell Coyle", "role": "ranger"})
    hearing.does(f"/cases/{hearing.slug}/people", {"name": "Ivo Marsh"})
    hearing.does(f"/cases/{hearing.slug}/hearings", {"title": "The inquest"})
    one, at_desk = reader(f"/{hearing.slug}/"), editor()
    box, keys = at_desk.page.locator("#text"), at_desk.page.keyboard
    for person, words in (
        ("ne", "Nell Coyle, ranger, is called to give evidence."),
        ("iv", "Ivo Marsh is called to give evidence."),
    ):
        box.press_sequentially("/cal")
        at_desk.waits(lambda: "/called" in at_desk.page.inner_text("#offered"), "for the opening")
        keys.press("Enter")
        keys.type(person)
        keys.press("Enter")
        assert box.input_value() == words
        keys.press("Control+Enter")
        one.waits_to_see(words)
    assert at_desk.page.input_value("#speaker") == "" and one.page.locator(".quote").count() == 0
    at_desk.page.locator("summary", has_text="How posts begin").click()
    at_desk.page.locator("[name=openings]").fill("view: The jury goes to see the gate.")
    at_desk.page.click("text=Write them")
    at_desk.waits_to_see("Done.")
    at_desk.page.wait_for_load_state("networkidle")
    box.press_sequentially("/v")
    at_desk.waits(lambda: "/view" in at_desk.page.inner_text("#offered"), "for the opening")
    keys.press("Enter")
    assert box.input_value() == "The jury goes to see the gate."
    assert "goes to see" not in hearing.server.page(f"/{hearing.slug}/")


def test_words_read_out_and_words_put_in_ours_are_marked_as_such(
    reader: Opens, editor: Opens, hearing: Hearing
) -> None:
    hearing.does(f"/cases/{hearing.slug}/people", {"name": "Nell Coyle", "role": "ranger"})
    one, at_desk = reader(f"/{hearing.slug}/"), editor()
    box, keys = at_desk.page.locator("#text"), at_desk.page.keyboard
    for command, words, told in (
        ("/read", "The gate was shut.", "read from a document, word for word"),
        ("/paraphrase", "She saw three lamps.", "reported, not word for word"),
    ):
        box.press_sequentially(command)
        keys.press("Enter")
        box.press_sequentially("@nell")
        keys.press("Enter")
        box.press_sequentially(words)
        keys.press("Control+Enter")
        one.waits_to_see(words)
        said = " ".join(one.page.locator("figure.quote", has_text=words).inner_text().split())
        assert told in said, said


@pytest.mark.parametrize(
    "said", ["no colon", "Key: x", "key: x", "a: x", "sworn: one\nsworn: two", "sworn:", "sworn: " + "x" * 501]
)
def test_openings_that_cannot_be_picked_are_refused(said: str) -> None:
    with pytest.raises(Refused):
        written(said)


def test_openings_are_as_typed_and_bounded() -> None:
    assert written("") == {}
    assert written("/sworn: {name}: yes.\n\n affirms : {name} affirms. ") == {
        "sworn": "{name}: yes.",
        "affirms": "{name} affirms.",
    }
    usual: Any = "\n".join(f"{name}: {words}" for name, words in USUAL.items())
    assert written(usual) == USUAL
    letters = "abcdefghijklmnopqrstuvwxyz"
    with pytest.raises(Refused):
        written("\n".join(f"{letters[n % 26]}{letters[n // 26]}: x" for n in range(OPENINGS_MAX + 1)))
