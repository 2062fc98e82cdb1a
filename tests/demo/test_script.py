"""The demonstration's script can be played: its shape, references, counts, and where a protected name stands."""

import re
import tomllib
from collections import Counter
from copy import deepcopy
from importlib.resources import files
from typing import Any

import pytest

Script = dict[str, Any]
Step = dict[str, Any]

SETTINGS = {
    "evidence",
    "submission",
    "ruling or conclusion",
    "read from a document",
    "said outside court",
    "from the gallery",
    "not recorded",
}
SAID = {"verbatim", "reported"}
NOTICE_CODES = {"legal", "error", "care", "source"}

# For each table: the fields it must have, and those it may have.
TABLES: dict[str, tuple[set[str], set[str]]] = {
    "case": ({"slug", "title", "standfirst", "summary"}, set()),
    "people": ({"key", "name", "role"}, {"note"}),
    "hearings": ({"key", "title", "place", "sittings"}, set()),
    "sittings": ({"key", "title"}, set()),
    "restrictions": ({"key", "basis", "cipher", "names", "scope"}, set()),
    "quotes": ({"words", "speaker", "as", "setting"}, set()),
    "link": ({"url", "title", "text"}, set()),
    "embed": ({"provider", "url", "title"}, set()),
}
# For each `do`, beside key, do and wait.
STEPS: dict[str, tuple[set[str], set[str]]] = {
    "live": (set(), set()),
    "publish": (
        {"text"},
        {"title", "speaker", "words", "setting", "key_event", "pinned", "quotes", "link", "embed", "expect"},
    ),
    "correct": ({"post", "text", "notice", "reason"}, set()),
    "clarify": ({"post", "notice", "reason"}, {"text"}),
    "retract": ({"post", "notice_code", "reason"}, set()),
    "key": ({"post"}, set()),
    "pin": ({"post"}, set()),
    "summary": ({"text"}, set()),
    "pause": ({"text"}, {"for", "until_words"}),
    "resume": ({"text"}, set()),
    "sitting": ({"sitting"}, set()),
    "close": ({"text"}, set()),
}


def source() -> str:
    return files("heard.demo").joinpath("inquest.toml").read_text(encoding="utf-8")


@pytest.fixture
def script() -> Script:
    return tomllib.loads(source())


def wrong_fields(where: str, table: Step, shape: tuple[set[str], set[str]]) -> list[str]:
    must, may = shape
    missing = [f"{where}: no {name}" for name in sorted(must - table.keys())]
    unknown = [f"{where}: unknown {name}" for name in sorted(table.keys() - must - may)]
    empty = [f"{where}: empty {name}" for name, value in table.items() if value in ("", [], {})]
    return missing + unknown + empty


def faults_of_shape(script: Script) -> list[str]:
    """Everything in the script that a player could not read, in words."""
    found = wrong_fields("case", script["case"], TABLES["case"])
    for name in ("people", "hearings", "restrictions"):
        for row in script[name]:
            found += wrong_fields(f"{name} {row.get('key')}", row, TABLES[name])
    for hearing in script["hearings"]:
        for sitting in hearing["sittings"]:
            found += wrong_fields(f"sitting {sitting.get('key')}", sitting, TABLES["sittings"])
    for step in script["steps"]:
        where = f"step {step.get('key')}"
        must, may = STEPS[step["do"]]
        found += wrong_fields(where, step, (must | {"key", "do", "wait"}, may))
        if not 2 <= step["wait"] <= 9:
            found.append(f"{where}: waits {step['wait']} seconds")
        if step.get("notice_code", "legal") not in NOTICE_CODES:
            found.append(f"{where}: unknown notice code")
        if step["do"] == "pause" and ("for" in step) == ("until_words" in step):
            found.append(f"{where}: a pause has either a length or words that say until when")
        if step["do"] == "pause" and not re.fullmatch(r"PT\d+[HM]", step.get("for", "PT1H")):
            found.append(f"{where}: not an ISO 8601 length")
        if len({"speaker", "words", "setting"} & step.keys()) not in (0, 3):
            found.append(f"{where}: speaker, words and setting go together")
        for name in ("link", "embed"):
            if name in step:
                found += wrong_fields(where, step[name], TABLES[name])
                if not step[name]["url"].startswith("https://example.org/"):
                    found.append(f"{where}: leads to a real place")
        for quote in step.get("quotes", []):
            found += wrong_fields(where, quote, TABLES["quotes"])
        for said in spoken(step):
            if said["as"] not in SAID or said["setting"] not in SETTINGS:
                found.append(f"{where}: said {said['as']}, {said['setting']}")
    return found


def faults_of_reference(script: Script) -> list[str]:
    """Everything the script points at that is not there, or not there yet."""
    people = {person["key"] for person in script["people"]}
    sittings = {sitting["key"] for hearing in script["hearings"] for sitting in hearing["sittings"]}
    standing: set[str] = set()
    found = []
    for step in script["steps"]:
        if "post" in step and step["post"] not in standing:
            found.append(f"{step['key']}: {step['post']} is not a post that readers have by then")
        if "sitting" in step and step["sitting"] not in sittings:
            found.append(f"{step['key']}: no sitting {step['sitting']}")
        found += [f"{step['key']}: no person {s['speaker']}" for s in spoken(step) if s["speaker"] not in people]
        if step["do"] == "publish" and step.get("expect") != "held":
            standing.add(step["key"])
        if step["do"] == "retract":
            standing.discard(step["post"])
    return found


def spoken(step: Step) -> list[Step]:
    whole_post = {"speaker": step.get("speaker"), "as": step.get("words"), "setting": step.get("setting")}
    return [*([whole_post] if "speaker" in step else []), *step.get("quotes", [])]


def words_of(value: Any) -> str:
    """All text in a step or table, however deep it stands."""
    if isinstance(value, dict):
        return "\n".join(words_of(part) for part in value.values())
    if isinstance(value, list):
        return "\n".join(words_of(part) for part in value)
    return str(value)


def with_protected_name(script: Script) -> list[str]:
    """The keys of the tables that hold a protected name."""
    names = [name.casefold() for restriction in script["restrictions"] for name in restriction["names"]]
    rows = [script["case"] | {"key": "case"}]
    for table in ("people", "hearings", "restrictions", "steps"):
        rows += [{**row, "key": f"{table} {row['key']}"} for row in script[table]]
    return [row["key"] for row in rows if any(name in words_of(row).casefold() for name in names)]


def only(script: Script, do: str) -> list[Step]:
    return [step for step in script["steps"] if step["do"] == do]


def test_script_keeps_its_schema(script: Script) -> None:
    assert faults_of_shape(script) == []


def test_every_reference_is_to_something_already_there(script: Script) -> None:
    assert faults_of_reference(script) == []


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda s: s["steps"][2].update(colour="red"), "unknown colour"),
        (lambda s: s["steps"][2].pop("text"), "no text"),
        (lambda s: s["steps"][2].update(wait=60), "waits 60 seconds"),
        (lambda s: only(s, "pause")[0].update(until_words="at two"), "either a length or words"),
        (lambda s: only(s, "retract")[0].update(notice_code="whim"), "unknown notice code"),
        (lambda s: next(x for x in s["steps"] if "link" in x)["link"].update(url="https://port.test/"), "real place"),
        (lambda s: next(x for x in s["steps"] if "quotes" in x)["quotes"][0].update(setting="gossip"), "gossip"),
        (lambda s: next(x for x in s["steps"] if "speaker" in x).pop("setting"), "go together"),
        (lambda s: s["people"].pop(0) and s["people"].pop(0), "no person"),
        (lambda s: only(s, "correct")[0].update(post="d9-999"), "not a post"),
        (lambda s: only(s, "sitting")[0].update(sitting="day-9"), "no sitting"),
        (lambda s: s["steps"].insert(0, only(s, "pin")[0]), "by then"),
    ],
)
def test_a_spoilt_script_is_found_out(script: Script, spoil: Any, fault: str) -> None:
    spoilt = deepcopy(script)
    spoil(spoilt)
    assert any(fault in found for found in faults_of_shape(spoilt) + faults_of_reference(spoilt))


def test_keys_are_unique(script: Script) -> None:
    for table in ("people", "hearings", "restrictions", "steps"):
        repeated = [key for key, times in Counter(row["key"] for row in script[table]).items() if times > 1]
        assert repeated == []


def test_script_has_enough_of_everything(script: Script) -> None:
    done = Counter(step["do"] for step in script["steps"])
    assert done["publish"] >= 70
    assert (done["sitting"], done["summary"], done["pause"], done["resume"]) == (2, 2, 2, 2)
    assert (done["correct"], done["clarify"], done["retract"], done["pin"]) == (1, 1, 1, 1)
    posts = only(script, "publish")
    assert 8 <= sum(1 for post in posts if post.get("key_event")) + done["key"] <= 10
    assert sum(1 for post in posts if post.get("pinned")) == 1
    assert any("link" in post for post in posts)
    assert any("embed" in post for post in posts)
    assert any(post["text"].startswith("## ") for post in posts)
    said = [each for post in posts for each in spoken(post)]
    assert {each["setting"] for each in said} == SETTINGS
    assert {each["as"] for each in said} == SAID


def test_coverage_begins_live_and_ends_closed_with_the_conclusion_and_the_report(script: Script) -> None:
    assert script["steps"][0]["do"] == "live"
    assert [step["do"] for step in script["steps"]].index("close") == len(script["steps"]) - 1
    ending = script["steps"][-1]["text"]
    assert "narrative conclusion" in ending
    assert "coroner will make a prevention of future deaths report" in ending


def test_every_pause_is_followed_by_a_resume_and_nothing_is_published_between(script: Script) -> None:
    paused = False
    for step in script["steps"]:
        if step["do"] in ("pause", "resume"):
            assert paused == (step["do"] == "resume"), step["key"]
            paused = not paused
        elif paused:
            assert step["do"] == "sitting", step["key"]
    assert not paused


def test_newcomer_sees_the_point_within_two_minutes(script: Script) -> None:
    assert all(2 <= step["wait"] <= 4 for step in script["steps"][:10])
    elapsed, seen = 0, []
    for step in script["steps"]:
        elapsed += step["wait"]
        if elapsed <= 120:
            seen.append(step)
    assert {"publish", "correct", "pin"} <= {step["do"] for step in seen}
    assert any(step.get("expect") == "held" for step in seen)
    assert sum(1 for step in seen if step.get("key_event")) >= 3
    assert len(seen) >= 28


def test_script_says_that_it_is_fictional(script: Script) -> None:
    assert "A fictional inquest, written to show Heard" in script["case"]["standfirst"]
    for text in [script["case"]["summary"], *(step["text"] for step in only(script, "summary"))]:
        assert "fictional inquest, written to show Heard" in text


def test_script_names_no_date(script: Script) -> None:
    text = words_of(script)
    assert not re.search(r"(?<!Act )\b(19|20)\d\d\b", text)
    months = "January|February|March|April|May|June|July|August|September|October|November|December"
    assert not re.search(rf"\b\d{{1,2}} ({months})\b|\b({months}) \d", text)


def test_protected_name_stands_only_in_its_restriction_and_in_the_held_step(script: Script) -> None:
    held = [step["key"] for step in script["steps"] if step.get("expect") == "held"]
    assert len(held) == 1
    restrictions = [f"restrictions {row['key']}" for row in script["restrictions"]]
    assert with_protected_name(script) == [*restrictions, f"steps {held[0]}"]


def test_protected_name_slipped_into_a_quotation_is_found_out(script: Script) -> None:
    quoting = next(step for step in script["steps"] if "quotes" in step)
    quoting["quotes"][0]["words"] += f" {script['restrictions'][0]['names'][-1].upper()}."
    assert f"steps {quoting['key']}" in with_protected_name(script)


def test_protected_name_stands_on_two_lines_of_the_file_only(script: Script) -> None:
    surname = script["restrictions"][0]["names"][-1]
    lines = [line for line in source().splitlines() if surname.casefold() in line.casefold()]
    assert [line.split(" = ")[0] for line in lines] == ["names", "text"]


def test_held_step_is_followed_by_the_same_with_the_cipher(script: Script) -> None:
    steps = script["steps"]
    at = next(index for index, step in enumerate(steps) if step.get("expect") == "held")
    cipher = script["restrictions"][0]["cipher"]
    assert steps[at + 1]["do"] == "publish"
    assert cipher in steps[at + 1]["text"]
    assert steps[at]["text"].split(". ")[-1] in steps[at + 1]["text"]


def test_words_withdrawn_by_order_are_not_repeated_elsewhere(script: Script) -> None:
    withdrawn = only(script, "retract")[0]["post"]
    for tell_tale in ("South Basin", "contractor"):
        assert [step["key"] for step in script["steps"] if tell_tale in words_of(step)] == [withdrawn]


def test_number_corrected_is_nowhere_left_standing(script: Script) -> None:
    correction = only(script, "correct")[0]
    first = next(step for step in script["steps"] if step["key"] == correction["post"])
    assert "eleven of them opened" in first["text"] and "seven of them opened" in correction["text"]
    wrong = [step["key"] for step in script["steps"] if "eleven of them" in words_of(step)]
    assert wrong == [first["key"]]


def test_a_reason_never_stands_in_what_readers_get(script: Script) -> None:
    reasons = [step.pop("reason") for step in script["steps"] if "reason" in step]
    public = words_of(script)
    assert len(reasons) == 3
    assert not any(reason in public for reason in reasons)


def test_posts_are_as_short_as_a_reporter_writes_them(script: Script) -> None:
    for post in only(script, "publish"):
        sentences = re.findall(r"[.?!][”’]?(?=\s|$)", post["text"])
        assert 1 <= len(sentences) <= 4, post["key"]
        assert len(post["text"]) <= 420, post["key"]
    lengths = {len(post["text"]) // 40 for post in only(script, "publish")}
    assert len(lengths) >= 6
