"""Which lines are notices of the court's comings and goings, and what they say of when it is back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heard.ingest.furniture import furniture
from heard.ingest.notices import notice

PAUSED = {
    "The coroner is now rising for an hour, when we will resume our live coverage": ("PT1H", ""),
    "The court is rising for ten minutes": ("PT10M", ""),
    "Adjourned until Monday": ("", "Monday"),
    "Back at 2pm": ("", "14:00"),
    "Lunch until 14:00": ("", "14:00"),
    "We're breaking for lunch and will be back at 2": ("", "14:00"),
    "The inquest will resume at 10.30am tomorrow": ("", "10:30 tomorrow"),
    "The hearing resumes on Monday with evidence from the harbourmaster": ("", "Monday"),
    "Court rises until 10am on Thursday": ("", "10:00 Thursday"),
    "The coroner has risen for the day": ("", ""),
    "We’ll be back at 2.15pm": ("", "14:15"),
    "That's lunch. Back at two o'clock": ("", "14:00"),
    "Short break": ("", ""),
    "A 15-minute break": ("PT15M", ""),
    "The jury is taking a short break": ("", ""),
    "The coroner adjourns the inquest until 14 October 2024": ("", "14 October 2024"),
    "Judge Penhale is rising for half an hour": ("PT30M", ""),
    "Dr Vane is now rising for twenty minutes": ("PT20M", ""),
    "The inquest was adjourned until Monday": ("", "Monday"),
    "The court is adjourned to a date to be fixed.": ("", ""),
    "Our coverage resumes at midday": ("", "12:00"),
    "The inquest continues tomorrow.": ("", "tomorrow"),
    "Rising for an hour and a half": ("PT1H30M", ""),
    "The coroner retires to consider her conclusion": ("", ""),
    "We are pausing here until 11.45": ("", "11:45"),
    "Time for lunch": ("", ""),
    "Back in ten minutes": ("PT10M", ""),
    "The hearing is back on Tuesday at 10am": ("", "10:00 Tuesday"),
    "The coroner rose at 4.15pm until Monday": ("", "Monday"),
    "Court adjourned.": ("", ""),
}
RESUMED = [
    "The coroner is back in court and about to start giving a summary of his conclusions",
    "We're back",
    "And we’re back.",
    "The court is sitting again",
    "The inquest has resumed",
    "The hearing has resumed after lunch",
    "Welcome back",
    "The jurors have returned to court",
    "Back in court",
    "The coroner is back on the bench",
    "The inquest is under way again",
]
CLOSED = [
    "That concludes our coverage",
    "That's all from us today: our live coverage ends here",
    "And that brings our live coverage to an end",
    "We are closing this live blog now",
    "Our live coverage has now ended",
    "This is the end of our live blog",
    "Our coverage of the hearing is over for today",
]
POSTS = [
    "The coroner says she'll rise for 20 minutes",
    "She says she was back at 2pm",
    "Mr Hale says the hearing should be adjourned until Monday",
    "The jury returned a narrative conclusion",
    "The jury returns a conclusion of misadventure",
    "The coroner rose to her feet",
    "Break-in at the boathouse was reported at 2am",
    "The inquest continues.",
    "The coroner said she would rise at 4pm",
    "Lunch was taken at the harbour by the crew",
    "The inquest was adjourned in 2019 for three years",
    "The inquest resumed on 22 May 2023 and concluded on 6 June 2023.",
    "“We will rise for an hour.”",
    "The court breaks new ground",
    "The coroner broke down in tears",
    "The coroner asks when he was back in the wheelhouse",
    "The court is told that the ferry returned at 2pm",
    "The inquest hears the boat was back in harbour at six",
    "The coroner paused before she went on to the cause of death",
    "Back in March he told the company",
    "Return tickets were sold until Monday",
    "The blog is written by our court reporter",
    "This is what the coroner said",
    "Resuming his evidence, Mr Pell says the gate was open",
    "We will rise for lunch, " + "the coroner explains at some length, " * 6,
]


@pytest.mark.parametrize(("words", "when"), PAUSED.items())
def test_a_pause_is_told_with_its_length_or_its_end(words: str, when: tuple[str, str]) -> None:
    state = notice(words, "line 3", 3)
    assert state is not None and (state.verb, state.words, state.number) == ("paused", words, 3)
    until = state.until
    clock = until.time.strftime("%H:%M") if until and until.time else ""
    assert (state.duration, f"{clock} {until.day if until else ''}".strip()) == when


@pytest.mark.parametrize("words", RESUMED)
def test_a_resumption_is_told(words: str) -> None:
    state = notice(words, "line 3")
    assert state is not None and (state.verb, state.words) == ("resumed", words)


@pytest.mark.parametrize("words", CLOSED)
def test_the_end_is_told(words: str) -> None:
    state = notice(words, "line 3")
    assert state is not None and (state.verb, state.words) == ("closed", words)


@pytest.mark.parametrize("words", POSTS)
def test_evidence_about_comings_and_goings_is_no_notice(words: str) -> None:
    assert notice(words, "line 3") is None


def test_six_days_of_what_people_said_in_court_hold_hardly_a_notice(shared_data: Path) -> None:
    said = [
        turn["text"]
        for day in sorted((shared_data / "transcripts" / "days").glob("*.jsonl"))
        for turn in map(json.loads, day.open())
        if turn["kind"] == "turn"
    ]
    assert len(said) == 6463
    # The one is "We'll be back at 3.05.", which in a live blog is a notice.
    assert len([words for words in said if notice(words, "") or furniture(words)]) <= 1


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Please allow a moment for the live blog to load.", "divider"),
        ("Please wait a moment while the live blog loads", "divider"),
        ("Refresh for updates", "divider"),
        ("Refresh this page for the latest updates", "divider"),
        ("This page updates automatically", "divider"),
        ("Loading…", "divider"),
        ("Follow our live coverage below", "divider"),
        ("Scroll down for live updates", "divider"),
        ("Share", "button"),
        ("SHARE", "button"),
        ("Share on Facebook", "button"),
        ("12 comments", "button"),
        ("Updated at 14.05 GMT", "button"),
        ("Load more updates", "button"),
        ("This live blog has ended", "ended"),
        ("This live blog is now closed.", "ended"),
        ("Share prices fell after the crash, the inquest hears", ""),
        ("Loading the coal took an hour, Mr Vessel says", ""),
        ("Live wires were found on the line", ""),
        ("That concludes our coverage", ""),
        ("Comments made by the driver were read to the jury", ""),
    ],
)
def test_furniture_is_furniture_as_a_whole_line_only(words: str, kind: str) -> None:
    assert furniture(words) == kind
