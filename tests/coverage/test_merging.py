"""Two people's changes put together: what each changed alone is taken, and nothing that was typed is missing."""

from __future__ import annotations

import random
import time

import pytest

from heard.coverage import merging
from heard.coverage.merging import parts, proposed

WAS = "The court sat at ten.\n\nThere were two lamps, he said.\n\nThe court rose."


def merged(theirs: str, yours: str, was: str = WAS) -> str:
    return proposed(parts(was, theirs, yours))


def sorts(theirs: str, yours: str, was: str = WAS) -> list[str]:
    return [part.sort for part in parts(was, theirs, yours)]


def test_what_one_changed_alone_is_taken_from_either_side() -> None:
    theirs, yours = WAS.replace("at ten", "at half past ten"), WAS.replace("rose.", "rose until two.")
    assert sorts(theirs, yours) == ["theirs", "same", "yours"]
    assert merged(theirs, yours) == (
        "The court sat at half past ten.\n\nThere were two lamps, he said.\n\nThe court rose until two."
    )
    assert merged(WAS, yours) == yours and merged(theirs, WAS) == theirs and merged(theirs, theirs) == theirs


def test_changes_to_different_words_of_one_paragraph_are_put_together() -> None:
    theirs, yours = WAS.replace("two lamps", "three lamps"), WAS.replace("he said", "the ranger said")
    assert sorts(theirs, yours) == ["same", "both", "same"]
    assert "There were three lamps, the ranger said." in merged(theirs, yours)


def test_what_both_changed_differently_stands_there_twice_for_a_person_to_decide() -> None:
    theirs, yours = WAS.replace("two lamps", "three lamps"), WAS.replace("two lamps", "four lamps")
    assert sorts(theirs, yours) == ["same", "clash", "same"]
    assert merged(theirs, yours).split("\n\n")[1:3] == [
        "There were three lamps, he said.",
        "There were four lamps, he said.",
    ]


def test_paragraphs_that_are_put_in_and_taken_out() -> None:
    longer = WAS + "\n\nIt sits again tomorrow."
    assert merged(longer, WAS.replace("ten", "nine")) == longer.replace("ten", "nine")
    shorter = "The court sat at ten.\n\nThe court rose."
    assert merged(shorter, WAS) == shorter
    changed = WAS.replace("two lamps", "four lamps")
    assert "four lamps" in merged(shorter, changed), "what I typed stays, though they took its paragraph out"
    assert "four lamps" in merged(changed, shorter)
    assert merged("", "Mine.", "") == "Mine." and merged("Theirs.", "Mine.", "") == "Theirs.\n\nMine."


def story(chance: random.Random, count: int) -> list[str]:
    words = "court lamp gate ranger said saw night river two three".split()
    return [" ".join(chance.choices(words, k=chance.randint(1, 9))) for _ in range(count)]


def changed(chance: random.Random, text: list[str], mark: str) -> list[str]:
    """The same with paragraphs changed, put in, taken out; each word that is new has the mark of who typed it."""
    found: list[str] = []
    for n, paragraph in enumerate(text):
        what = chance.random()
        if what < 0.25:
            words = paragraph.split()
            words.insert(chance.randrange(len(words) + 1), f"{mark}{n}w")
            found.append(" ".join(words))
        elif what < 0.35:
            found += [f"{mark}{n}p new", paragraph]
        elif what > 0.08 + 0.35:
            found.append(paragraph)
    return found


def lost(found: str, *texts: list[str]) -> list[str]:
    typed = [word for text in texts for word in " ".join(text).split() if word[0] in "TY"]
    return [word for word in typed if word not in found.split()]


def test_no_word_that_either_typed_is_missing_in_two_thousand_stories() -> None:
    chance = random.Random(4)
    for _ in range(2000):
        was = story(chance, chance.randint(0, 8))
        theirs, yours = changed(chance, was, "T"), changed(chance, was, "Y")
        three = ["\n\n".join(text) for text in (was, theirs, yours)]
        assert lost(proposed(parts(*three)), theirs, yours) == [], three
        assert proposed(parts(three[0], three[0], three[2])) == three[2]
        assert proposed(parts(three[0], three[1], three[0])) == three[1]


def test_control_a_merge_that_lets_the_last_writer_win_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def last_wins(was: str, theirs: str, yours: str) -> merging.Part:
        return merging.Part("yours", was, theirs, yours, yours)

    monkeypatch.setattr(merging, "_part", last_wins)
    with pytest.raises(AssertionError):
        test_no_word_that_either_typed_is_missing_in_two_thousand_stories()


@pytest.mark.parametrize("text", ["a\n\n" * 6600, "a " * 9999, "ab \n" * 4900, "x" * 20000])
def test_the_longest_and_most_alike_texts_are_put_together_in_no_time(text: str) -> None:
    began = time.perf_counter()
    found = parts(text, "T " + text[:-40], text[:-20] + " Y")
    assert {"T", "Y"} <= set(proposed(found).split()) or text.startswith("xx")
    assert time.perf_counter() - began < 1


def test_what_was_put_in_and_taken_out_is_shown_and_adds_up() -> None:
    found = merging.changes("There were two lamps.", "There were three old lamps.")
    assert found == [("same", "There were"), ("out", " two"), ("in", " three old"), ("same", " lamps.")]
    assert merging.changes("", "New.") == [("in", "New.")] and merging.changes("Old.", "") == [("out", "Old.")]
