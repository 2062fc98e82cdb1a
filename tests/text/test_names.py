"""Listed names are found whatever their case, markup and spelling of characters, and nothing else is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.text.markdown import to_html
from heard.text.names import Found, Names
from heard.text.normalise import fold, letters, spell

ONE = Names(["Rowan Tide"])

WRITTEN = {
    "as listed": "Rowan Tide",
    "capitals": "ROWAN TIDE",
    "strong inside a word": "Ro**wan** Tide",
    "strong inside a word, in HTML": "Ro<strong>wan</strong> Tide",
    "entity": "Rowan Ti&#100;e",
    "brief's own": "Ro**wan** Ti&#100;e",
    "hexadecimal entity": "&#x52;owan Tide",
    "entity escaped twice": "Rowan Ti&amp;#100;e",
    "entity without its semicolon": "Rowan Tid&#101",
    "no-break space": "Rowan\u00a0Tide",
    "no-break space as entity": "Rowan&nbsp;Tide",
    "several spaces and a line break": "Rowan \n  Tide",
    "possessive": "Rowan Tide's coat",
    "curly possessive": "Rowan Tide’s coat",
    "possessive as entity": "Rowan Tide&rsquo;s coat",
    "zero-width space": "Ro\u200bwan Tide",
    "only a zero-width space between": "Rowan\u200bTide",
    "soft hyphen": "Row\u00adan Tide",
    "soft hyphen as entity": "Row&shy;an Tide",
    "joiner": "Ro\u200dwan Tide",
    "right-to-left mark": "Rowan\u200f Tide",
    "full width": "Ｒｏｗａｎ Ｔｉｄｅ",
    "accents": "Rówan Tïdé",
    "accents apart": "Ro\u0301wan Tide\u0301",
    "mathematical letters": "𝐑𝐨𝐰𝐚𝐧 𝐓𝐢𝐝𝐞",
    "in brackets": "(Rowan Tide)",
    "in quotation marks": "“Rowan Tide”",
    "after a hash": "#Rowan Tide",
    "hyphen between": "Rowan-Tide",
    "underline between": "rowan_tide",
    "link on half": "[Rowan](https://a.example/x) Tide",
    "link inside a word": "[Ro](https://a.example/x)wan Tide",
    "reference link inside a word": "[Ro][1]wan Tide",
    "tag between": "Rowan<br>Tide",
    "two paragraphs": "<p>Rowan</p><p>Tide</p>",
    "tags alone between": "Rowan<em>Tide</em>",
    "stars alone between": "Rowan**Tide**",
    "comment inside": "Ro<!-- x -->wan Tide",
    "alt text": '<img alt="Rowan Tide" src="x">',
    "address": '<a href="https://a.example/rowan-tide/">here</a>',
    "address, escaped": "[here](https://a.example/Rowan%20Tide)",
    "looks like a tag": "Rowan <Tide> said",
    "escaped in Markdown": "Ro\\wan Tide",
    "struck": "Ro~~wan~~ Tide",
    "code": "`Rowan` Tide",
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN.keys())
def test_a_name_is_found_however_it_is_written(text: str) -> None:
    assert ONE.found_in(text)
    assert ONE.found_in("nothing here", f"before {text} after")


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN.keys())
def test_a_name_is_found_in_the_html_that_markdown_makes_of_it(text: str) -> None:
    if "<!--" not in text:  # Markdown prints the comment, and no reader sees a name in "Ro<!-- x -->wan Tide"
        assert ONE.found_in(to_html(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Rowan",
        "Tide",
        "Rowan Tidewater",
        "Growan Tide",
        "Ro wan Tide",
        "R o w a n T i d e",
        "Rowan said the tide",
        "Tide, Rowan",
        "Rowena Tide",
        "rowan trees and tide tables",
        "<p>Rowan</p><p>said</p><p>Tide</p>",
    ],
)
def test_other_words_are_not_the_name(text: str) -> None:
    assert not ONE.found_in(text)
    assert ONE.positions(text) == []


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Siân O'Neill", "Sian O’Neill", True),
        ("Siân O'Neill", "SIAN ONEILL", True),
        ("Siân O'Neill", "Sian O Neill", True),
        ("Mary Smith-Jones", "Mary Smith Jones", True),
        ("Mary Smith-Jones", "Mary SmithJones", True),
        ("Ann Abel", "Annabel", False),
        ("Annabel", "Ann Abel", False),
        ("J.R. Tide", "JR Tide", True),
        ("JR Tide", "J.R. Tide", True),
        ("Søren Æbel", "Soren Aebel", True),
        ("Groß", "GROSS", True),
        ("Łukasz", "lukasz", True),
        ("Witness G", "Witness G’s screen", True),
        ("Witness G", "witness grew tired", False),
        ("王小明", "证人王小明说", True),
        ("김민준", "김민준은 말했다", True),
        ("محمد علي", "قال محمد علي إن", True),
        ("Иван Петров", "ИВАН ПЕТРОВ", True),
    ],
)
def test_names_of_many_kinds(name: str, text: str, found: bool) -> None:
    assert Names([name]).found_in(text) is found


def test_a_name_is_found_across_a_title_and_its_text() -> None:
    assert ONE.found_in("The coroner thanked Rowan", "Tide said nothing.")
    assert not ONE.found_in("The coroner thanked Rowan", "who watched the", "Tide")
    # An unfinished tag in one text does not hide what the next one says.
    assert ONE.found_in("<a", "Ro**wan** Tide", ">")


def test_positions_point_into_the_text_as_it_was_written() -> None:
    names = Names(["Rowan Tide", "Tide", "Ann Abel"])
    text = "Then Ro**wan** Ti&#100;e’s <b>TIDE</b> and Ann&nbsp;Abel."
    found = names.positions(text)
    assert [(f.name, text[f.start : f.end]) for f in found] == [
        ("Rowan Tide", "Ro**wan** Ti&#100;e"),
        ("Tide", "Ti&#100;e"),
        ("Tide", "TIDE"),
        ("Ann Abel", "Ann&nbsp;Abel"),
    ]


def test_two_names_of_the_same_letters_are_told_apart() -> None:
    names = Names(["Ann Abel", "Annabel"])
    assert [f.name for f in names.positions("Annabel met Ann Abel")] == ["Annabel", "Ann Abel"]


def test_an_empty_list_finds_nothing_and_a_name_without_letters_is_refused() -> None:
    assert not Names([]).found_in("anything")
    assert len(Names(["A B", "A B"])) == 1
    with pytest.raises(ValueError, match="letter or digit"):
        Names(["Rowan Tide", " – "])


def test_a_name_may_stand_first_and_last() -> None:
    assert Names(["Tide"]).positions("tide") == [Found("Tide", 0, 4)]


awkward = st.text(st.sampled_from("Rowan TIDEé\u0301\u200b\u00ad*_<>/b&#;100amp%2[]()'’.-\n\u00a0ßøİıﬁ①½王한ไ𝐑\u0345"))


@given(awkward, st.booleans())
def test_the_quick_reading_and_the_slow_one_agree(text: str, keep_markup: bool) -> None:
    assert letters(text, keep_markup=keep_markup) == spell(text, keep_markup=keep_markup).letters


@given(st.text(), st.booleans())
def test_they_agree_on_any_text(text: str, keep_markup: bool) -> None:
    spelling = spell(text, keep_markup=keep_markup)
    assert letters(text, keep_markup=keep_markup) == spelling.letters
    assert len(spelling.gaps) == len(spelling.letters) + 1 == len(spelling.spans) + 1
    assert all(0 <= start < end <= len(text) for start, end in spelling.spans)


@given(st.text(), st.text())
def test_a_name_is_found_between_any_two_texts(before: str, after: str) -> None:
    # A tag or a link opened in `before` may swallow what follows: the reading that keeps markup still sees it.
    assert ONE.found_in(f"{before} Rowan Tide {after}")


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ro<b>wan</b>  Tidé’s", "rowan tide s"),
        ("  “Left to die”, she said.  ", "left to die she said"),
        ("<p>one</p><p>two</p>", "one two"),
        ("AT&amp;T", "at t"),
        ("Marks & Spencer", "marks spencer"),
        ("", ""),
        ("…", ""),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_hostile_lengths_cost_no_more_than_their_length() -> None:
    # Each of these is quadratic in a careless lexer: 200,000 characters would take minutes.
    for piece in ("<!--", "<a ", "](", "][", "&amp;", "&lt;a", "&lt;a&quot;", "&#", "%4", "%41", "&#9", "*"):
        assert not ONE.found_in(piece * (200_000 // len(piece)))
    assert letters("&#" + "9" * 10_000 + ";").startswith("9")


def test_many_names_are_one_pass() -> None:
    names = Names([f"Given{i} Family{i}" for i in range(5000)])
    text = "The coroner said that the witness had been there. " * 500
    started = time.process_time()
    assert not names.found_in(text)
    spent = time.process_time() - started
    print(f"25,000 characters against 5,000 names: {spent * 1000:.1f} ms")
    assert names.found_in(text + "given4999 family4999")
