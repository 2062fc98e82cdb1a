"""Care in court: the cipher by one key, the question before some words go out, and where there is help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.server import Server
from tests.stories.hearing import Hearing
from tests.stories.reader import Reader

Opens = Callable[..., Reader]


@pytest.fixture
def editor(reader: Opens, server: Server, hearing: Hearing, desk: Any) -> Callable[..., Reader]:
    """Opens the desk of the hearing, signed in as one who is told of every order."""

    def opens(**settings: Any) -> Reader:
        [(name, value)] = list(desk.cookies.items())
        one = reader("/", **settings)
        one.page.context.add_cookies([{"name": name, "value": value, "url": server.address}])
        one.goes_to(f"/desk/{hearing.slug}/")
        return one

    return opens


def test_one_key_puts_the_cipher_over_the_name_that_was_typed(editor: Opens, hearing: Hearing) -> None:
    for name, cipher in (("Petronella Vane", "Witness G"), ("Corin Rook", "Officer 7")):
        hearing.does(f"/cases/{hearing.slug}/restrictions", {"basis": "s.11", "names": [name], "cipher": cipher})
    one = editor()
    one.page.fill("#text", "Then Petronella spoke.")
    one.page.evaluate("document.getElementById('text').setSelectionRange(5, 15)")
    one.page.press("#text", "F2")
    assert one.page.input_value("#text") == "Then Witness G spoke."
    one.page.press("#text", "F2")
    assert one.page.input_value("#text") == "Then Officer 7 spoke."
    one.page.press("#text", "End")
    one.page.click("#ciphers button:has-text('Witness G')")
    assert one.page.input_value("#text") == "Then Officer 7 spoke.Witness G"


def test_the_question_comes_back_with_the_words_and_a_tick_answers_it(
    reader: Opens, editor: Opens, hearing: Hearing
) -> None:
    open_page, one = reader(f"/{hearing.slug}/"), editor()
    assert not one.page.is_visible("#publish [name=sure]")
    one.page.fill("#text", "He spoke of his daughter, 9.")
    one.page.press("#text", "Control+Enter")
    one.waits_to_see("Look at this once more")
    assert one.page.input_value("#text") == "He spoke of his daughter, 9."
    one.page.check("#publish [name=sure]")
    one.page.press("#text", "Control+Enter")
    open_page.waits_to_see("He spoke of his daughter, 9.")
    one.waits(lambda: not one.page.is_visible("#publish [name=sure]"), "for the tick to go")
    assert not one.page.is_checked("#publish [name=sure]")


def test_without_script_too(editor: Opens, hearing: Hearing) -> None:
    one = editor(java_script_enabled=False)
    one.page.fill("#text", "He spoke of his daughter, 9.")
    one.page.click("#publish .send button")
    one.waits_to_see("Look at this once more")
    one.page.check("#publish [name=sure]")
    one.page.click("#publish .send button")
    one.waits_to_see("Published.")


def test_a_page_that_is_open_says_where_there_is_help_from_when_care_is_taken(reader: Opens, hearing: Hearing) -> None:
    one = reader(f"/{hearing.slug}/")
    assert not one.sees("Samaritans")
    hearing.does(f"/cases/{hearing.slug}/care", {"care": ["suicide"]})
    one.waits_to_see("Samaritans")
    assert one.page.get_attribute("#state a", "href") == "tel:116123"
