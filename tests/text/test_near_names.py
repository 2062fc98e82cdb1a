"""A listed name is found however it is written, and people who are somebody else are left alone."""

from __future__ import annotations

import csv
import gzip
import json
import os
import random
import re
from collections import Counter
from pathlib import Path

import pytest

from heard.cases.guard import Guard
from heard.text import near_names
from heard.text import words as reading
from heard.text.lookalikes import latin
from heard.text.near_names import NearNames
from heard.text.slips import one_slip_apart
from tests.text import evasions

SOAK = bool(os.environ.get("HEARD_SOAK"))
TRIED = 10_000 if SOAK else 4_000
LISTED = ("Rowan Tide", "Mary Smith-Jones", "Siân O'Neill", "Robert James Carter", "Kestrel", "Ian May")
NEAR = NearNames(LISTED, others=("Rowena Tide", "Bob Carter"))


@pytest.mark.parametrize(
    "text",
    [
        "R. Tide said", "Tide, Rowan", "#RowanTide", "#JusticeForRowanTide", "rowantide", "R o w a n T i d e",
        "R-o-w-a-n Tide", "Rоwan Tіde", "R0wan T1de", "Rowna Tide", "Rown Tide", "Rowann Tide", "Row an Tide",
        "Rowan J. Tide", "Rowan James Tide", "M. Smith-Jones", "Mary Smith Jones", "Maisie Smith-Jones",
        "Sian O'Niell's coat",
        "Bobby Carter", "R.T. was there", "Rowan T. was there", "ediT nawoR", "Kestral flew", "@rtide", "R.J. Carter",
        "<b>R</b>. Tide", "[here](https://a.example/Tide-R0wan)", "ＲＯＷＡＮ T!de", "TIDE Rowan", "May, I. said",
    ],
)  # fmt: skip
def test_a_name_is_found_that_is_written_otherwise(text: str) -> None:
    assert NEAR.found_in(text)
    assert NEAR.found_in("The court rose.", f"The pupil, {text}")


@pytest.mark.parametrize(
    "text",
    [
        "", "Tide", "Rowan", "Mr Tide", "the tide. Rowan said", "R.T. Jones was there", "G.P. and I.T.", "Rowena Tide",
        "Rowan and the Tide", "growing tide rows", "kestrels fly", "If I may, I will", "Rowan I saw", "Rowan fell",
        "Paul Carter", "Robert Smith, Paul Carter", "Mary Jones", "the row and the tide", "Rowland Tidewater",
    ],
)  # fmt: skip
def test_other_people_and_other_words_are_left_alone(text: str) -> None:
    assert not NEAR.found_in(text)


def test_somebody_of_the_case_is_not_taken_for_who_is_protected_but_a_pet_name_is_not_believed() -> None:
    assert NearNames(["Emma Carter"]).found_in("Emily Carter said")
    assert not NearNames(["Emma Carter"], others=["Emily Carter"]).found_in("Emily Carter said")
    assert NearNames(["Robert Carter"], others=["Bob Carter"]).found_in("Bob Carter said")
    assert NearNames(["Robert Carter"], others=["Robert Carter"]).found_in("R. Carter said")


@pytest.mark.parametrize("entered", ["R. Tide", "Rowan T.", "Tide R", "Rowan Tidde", "Ro Tide", "Rowann Tide"])
def test_nobody_is_put_in_the_cast_so_that_the_name_goes_out(entered: str) -> None:
    assert NearNames(["Rowan Tide"], others=[entered]).found_in(f"The pupil, {entered}, was there.")


def test_a_name_that_is_cut_between_two_posts_is_found() -> None:
    guard = Guard(["Rowan Tide"])
    assert guard.is_cut_between("We can now say that it is Rowan", "Tide who stood at the gate.")
    assert guard.is_cut_between("It is Row", "an Tide.")
    assert not guard.is_cut_between("Rowan stood there. The gate was open.", "Tide tables were read.")


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("tide", "tied", True), ("tide", "tid", True), ("tide", "tides", True), ("tide", "ride", True),
        ("tide", "tide", False), ("tide", "edit", False), ("tide", "ti", False), ("ab", "ba", True),
        ("", "a", True), ("", "", False),
    ],
)  # fmt: skip
def test_one_slip_is_one_letter(one: str, other: str, apart: bool) -> None:
    assert one_slip_apart(one, other) is one_slip_apart(other, one) is apart


def test_letters_are_read_as_they_look() -> None:
    for written in ("Rоwan", "ʀᴏᴡᴀɴ", "🅁🄾🅆🄰🄽", "🆁🅾🆆🅰🅽", "🇷🇴🇼🇦🇳", "𝓡𝓸𝔀𝓪𝓷", "Rówąň", "r̶o̶w̶a̶n̶", "R\u200bo\u00adwan"):
        assert latin(written).casefold() == "rowan", written


def names(dice: random.Random, count: int = 60) -> list[tuple[str, str]]:
    return [(dice.choice(evasions.GIVEN), dice.choice(evasions.SURNAMES)) for _ in range(count)]


#: What else an order lists beside a name: one word, a pet name, a handle, three words, few letters.
ALIASES = [("", one) for one in ("Quill", "Tommo", "Ozzy", "Zephyra", "Kestrelwing", "@rtide_99", "rowan.tide", "@Mox")]
ALIASES += [("Mary Ann", "Tidewell"), ("Mr", "Tidewell"), ("Li", "Na"), ("Uncle", "Bo"), ("The", "Gatekeeper")]


def gone_out(
    ways: tuple[evasions.Evasion, ...], seed: int, meant: list[tuple[str, str]] | None = None, count: int = TRIED
) -> Counter[str]:
    dice = random.Random(seed)
    meant = meant or names(dice)
    guard = Guard(f"{given} {surname}" for given, surname in meant)
    tried = evasions.evaded(dice, ways, meant)
    return Counter(way for way, texts in (next(tried) for _ in range(count)) if not guard.is_told_by(*texts))


def test_no_name_gets_out_whose_letters_are_all_there() -> None:
    seed = random.randrange(10**6)
    assert gone_out(evasions.FOLDED, seed) == {}, f"seed {seed}"


def test_no_alias_gets_out_whose_letters_are_all_there() -> None:
    seed = random.randrange(10**6)
    assert gone_out(evasions.FOLDED, seed, ALIASES, TRIED if SOAK else 1_000) == {}, f"seed {seed}"


@pytest.mark.parametrize("text", ["#JusticeForQuill", "@QuillFamily", "#LiNaInquest", "0zzy", "@MoxNews"])
def test_an_alias_of_few_letters_is_found_in_a_hashtag_and_under_signs(text: str) -> None:
    assert Guard(f"{given} {surname}" for given, surname in ALIASES).is_told_by(f"It was {text}.")
    assert not Guard(["Rowan Tide"]).is_told_by(f"It was {text}.")


def test_a_guard_that_knows_short_words_only_as_they_are_spelt_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr(near_names, "disguised", lambda text: set())
    assert gone_out((evasions.alike,), 1, ALIASES, 300).total() > 30


def test_of_evasions_at_least_995_in_1000_are_held(shared_data: Path) -> None:
    evasions.read_pet_names(shared_data)
    seed = random.randrange(10**6) if SOAK else 20261127
    out = gone_out(evasions.EVASIONS, seed)
    print(f"{out.total()} of {TRIED} evasions got out ({out.total() / TRIED:.2%}): {dict(out)} (seed {seed})")
    assert out.total() <= TRIED * 0.005


def test_a_guard_that_does_not_read_letters_as_they_look_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "latin", str)
    assert gone_out((evasions.alike,), 1).total() > TRIED / 10


def paragraphs(shared_data: Path) -> dict[str, list[str]]:
    """What was said in six public hearings by day, and written in reports and live blogs."""
    said: dict[str, list[str]] = {}
    for day in sorted((shared_data / "transcripts" / "days").glob("*.jsonl")):
        turns = [json.loads(line) for line in day.read_text().splitlines()]
        said[day.stem] = [turn["text"] for turn in turns if turn["kind"] == "turn" and len(turn["text"]) > 30]
    csv.field_size_limit(10**9)
    with gzip.open(shared_data / "pfd" / "texts.csv.gz", "rt") as lines:
        reports = csv.DictReader(lines)
        written = [text for report in reports for text in (report["circumstances"], report["concerns"]) if text]
    for blog in sorted((shared_data / "liveblogs").glob("*.json")):
        blocks = json.loads(blog.read_text())["blocks"]
        parts = [re.sub(r"<[^>]+>", " ", part.get("html", "")) for block in blocks for part in block["elements"]]
        said["live blogs"] = said.get("live blogs", []) + [part for part in parts if len(part.strip()) > 30]
    said["reports"] = [part for text in written for part in re.split(r"\n\s*\n|(?<=\.)\s{2,}", text) if len(part) > 60]
    return said


def test_of_paragraphs_about_others_hardly_any_is_held(shared_data: Path) -> None:
    dice = random.Random(7)
    guard = Guard(f"{given} {surname}" for given, surname in names(dice, 20))
    said = paragraphs(shared_data)
    blogs = said.pop("live blogs")
    unrelated = [one for day in said.values() for one in day]
    dice.shuffle(unrelated)
    unrelated = blogs + unrelated[: 15_000 if SOAK else 1_300]
    assert len(blogs) > 100
    held = sum(guard.is_told_by(one) for one in unrelated)
    print(f"{held} of {len(unrelated)} unrelated paragraphs held ({held / len(unrelated):.2%})")
    assert held <= len(unrelated) * 0.005


def most_named(said: list[str], count: int = 20) -> list[str]:
    """The words that stand most often with a capital within a sentence."""
    found = Counter(word for turn in said for word in re.findall(r"(?<=[a-z,] )[A-Z][a-z]{3,}\b", turn))
    return [word for word, _ in found.most_common(count)]


def test_of_the_same_hearing_hardly_any_is_held_where_the_protected_share_a_name_with_its_people(
    shared_data: Path,
) -> None:
    dice, said = random.Random(9), paragraphs(shared_data)
    cast = json.loads((shared_data / "transcripts" / "cast.json").read_text())
    held = tried = 0
    for day, of_day in cast.items():
        people = [re.sub(r" [KQ]C$", "", person["name"]) for person in of_day["people"]]
        protected = [f"{dice.choice(evasions.GIVEN)} {name.split()[-1]}" for name in people]
        protected += [f"{name.split()[0]} {dice.choice(evasions.SURNAMES)}" for name in people if "." not in name]
        for name in most_named(said[day]):  # whom and where it is about: who died, a town, a street, a house
            protected += [f"{dice.choice(evasions.GIVEN)} {name}", f"{name} {dice.choice(evasions.SURNAMES)}"]
        guard = Guard(protected, people)
        of_it = said[day] if SOAK else dice.sample(said[day], 150)
        held, tried = held + sum(guard.is_told_by(one) for one in of_it), tried + len(of_it)
    print(f"{held} of {tried} paragraphs of the same hearing held ({held / tried:.2%})")
    assert held <= tried * 0.02
