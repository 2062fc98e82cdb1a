"""Withdrawn words are found in an answer however it is written, and nothing else is taken for them."""

from __future__ import annotations

import html
import json

import pytest

from heard.coverage import commands, projection
from heard.coverage.elements import Image, Quote, Text
from heard.deliver.wording import Wording, of_post
from tests.desk import Desk

SAID = 'The **keeper** of the gate, Quillon Marsh, said: "It wasn\'t my watch" – left & never came back.'
READ = "<p>The <strong>keeper</strong> of the gate, Quillon Marsh, said: “It wasn’t my watch” – left &amp; never</p>"

WRITTEN = {
    "html": READ,
    "html in json": json.dumps({"changes": [{"html": READ.replace("</p>", "\n</p>")}]}),
    "html escaped in xml": f"<content>{html.escape(READ)}</content>",
    "json in a script": f"<script>{json.dumps(READ).replace('<', chr(92) + 'u003c')}</script>",
    "capitals": READ.upper(),
    "a cut in the middle": "… gate, Quillon Marsh, said: “It wasn’t…",
    "lines": READ.replace(" ", "\n"),
    "an attribute": f'<meta name="description" content="{html.escape("Quillon Marsh, said: “It wasn’t my watch”")}">',
    "a stream": f"id: e.1\nevent: change\ndata: {json.dumps({'html': READ})}\n\n",
}


@pytest.mark.parametrize("how", WRITTEN)
def test_words_are_found_however_they_are_written(how: str) -> None:
    assert Wording([SAID]).stands_in(WRITTEN[how])


def test_other_words_are_not_taken_for_them() -> None:
    said = Wording([SAID])
    assert not said.stands_in("<p>The keeper of the lock said it was his watch. Quillon Marsh left.</p>")
    assert not said.stands_in("")


@pytest.mark.parametrize(
    ("text", "looked_for"), [("The court rose early", True), ("Adjourned.", False), ("It is so", False)]
)
def test_a_short_text_is_looked_for_whole_or_not_at_all(text: str, looked_for: bool) -> None:
    assert Wording([text]).stands_in(f"<p>{text}</p>") is looked_for


def test_it_never_shows_its_words() -> None:
    said = Wording([SAID])
    assert "keeper" not in f"{said!r} {said} {[said]}"


def test_every_version_that_readers_saw_is_looked_for_and_no_setting(desk: Desk) -> None:
    quote = Quote("I saw the ferry leave without its mate", "Corin Vessel", setting="read from a document")
    picture = Image("A slipway at dusk with nobody on it")
    post = desk.publish(
        "The first version said something else entirely.", quote, picture, title="A title of five words"
    )
    new = (Text("The second version said the opposite of it."),)
    desk.do(commands.correct(desk.doors, post, new, "why it was wrong, which nobody reads"))
    desk.do(commands.retract(desk.doors, post, "why it had to go from everywhere at once"))
    said = of_post(desk.tables, desk.journal, projection.by_id(desk.tables, post))
    for words in (
        "first version said something else",
        "second version said the opposite",
        "saw the ferry leave without",
    ):
        assert said.stands_in(words), words
    assert said.stands_in("a slipway at dusk with") and said.stands_in("A title of five words")
    assert not said.stands_in("read from a document") and not said.stands_in("had to go from everywhere at once")


def test_nothing_is_left_to_look_for_after_an_erasure(desk: Desk) -> None:
    post = desk.publish("These words are going to be erased by law.")
    desk.do(commands.erase(desk.journal, post, "an order"))
    assert not of_post(desk.tables, desk.journal, projection.by_id(desk.tables, post))
