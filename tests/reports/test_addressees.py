"""Who was asked: cells cut apart, bodies brought together, people left alone, areas known by their one name."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
from itertools import combinations
from pathlib import Path

import pytest

from heard.reports import areas, bodies
from heard.reports.addressees import REDACTED, split

REASONS = Path(__file__).parents[2] / "docs" / "rooms" / "reports-addressees.md"


@pytest.mark.parametrize(
    ("cell", "named"),
    [
        ("Essex Police and National Police Chiefs’ Council", 2),
        ("Department of Health and Social Care and NHS England", 2),
        ("Tees, Esk and Wear Valleys NHS Foundation Trust", 1),
        ("Barking, Havering & Redbridge NHS Trust", 1),
        ("Department for Environment, Food and Rural Affairs", 1),
        ("Royal College of Obstetricians and Gynaecologists", 1),
        ("Kent and Medway NHS and Social Care Partnership Trust", 1),
        ("Norfolk and Norwich University Hospital", 1),
        ("NHS Kent and Medway Integrated Care Board", 1),
        ("NHS England; CQC | Home Office\nNetwork Rail", 4),
        ("Oak Court House, Wolverhampton City Council", 2),
        ("CQC, Department of Health and Social Care and CCG", 3),
        ("Welsh Ambulance Services NHS Trust and Department of Health and Social Care", 2),
        ("Tees, Esk and Wear Valleys NHS Foundation Trust and Care Quality Commission", 2),
        ("Department of Health and Social Care and Birmingham and Solihull Mental Health Foundation Trust", 2),
        ("NHS England and National Institute for Health and Care Excellence", 2),
        ("Royal College of Obstetricians and Gynaecologists and NHS England", 2),
        ("Harbour Council and Fictional Boat Builders", 2),
        ("Department for Transport, Connect Roads (M99) Limited and National Highways", 3),
        ("Harbour Mental Health Foundation\nTrust, NHS England", 2),
        ("[REDACTED], Chief Executive NHS England", 1),
        ("Harbour University Hospital and NHS Trust", 1),
        ("HMP and YOI Harbour", 1),
        ("North Harbour NHS Trust: NHS England", 2),
        ("Harbour Water, Fictional Palace and Network Rail", 3),
        ("Harbourcorp, Gambling Commission and Department for Culture, Media and Sport", 3),
        ("HarbourTram, Department for Transport and Light Rail Safety and Standards Board", 3),
        (
            "Department for Environment, Food and Rural Affairs, A B Sea & Sons, Harbour Council and NHS England",
            4,
        ),
        ("Department for Culture, Media and Sport", 1),
        ("The Chief Executive Officer, Harbour Healthcare Limited, Lodge House, Dodge Hill, Harbour AB12 3CD", 1),
        ("Home Office, 2 Harbour Street, London AB1 2CD | Chief Nursing Officer, NHS Harbour Board", 2),
        ("Highways Department, Harbour County Council", 1),
        ("Harbour Council, Highways Division", 1),
        ("Adult Safeguarding, Harbour Council and NHS England", 2),
        ("Harbour Police and Roads and Crime Unit and Response", 1),
        ("Head of Healthcare, HMP Harbour; Medical Director, Harbour Teaching Hospitals, NHS Trust", 2),
        ("Chief Executive and Mental Health lead for Harbour NHS Trust", 1),
        ("Lord Chancellor and Secretary of State for Justice, NHS England", 2),
        ("Secretary of State for Health and Harbour Health and Social Care Partnership", 2),
        ("Secretary of State, Department of Health", 1),
        ("Department of Health, Social Care and NHS England", 2),
        ("The Office for Standards in Education, Children’s Services and Skills", 1),
        ("Harbour Counsel, for the attention of the Authorities at the Palace", 1),
        ("[REDACTED], Harbour Surgery", 1),
        ("NHS England: [REDACTED]", 1),
        ("HMP Harbour, Ministry of Justice", 2),
        ("CQC and Chief Constable", 2),
        ("", 0),
    ],
)
def test_a_cell_is_cut_between_whole_bodies_only(cell: str, named: int) -> None:
    assert len(split(cell)) == named, split(cell)


def test_a_postcode_far_behind_a_number_hides_nobody_between_them() -> None:
    bodies_between = ["Essex Police", "NHS England", "Network Rail", "Home Office", "Kent Police"] * 4
    found = split(f"Harbour Council 12 Beta, {', '.join(bodies_between)}, SW1A 1AA")
    assert [one for one in found if one in bodies_between] == bodies_between[:-1], "the last has the postcode behind it"
    assert split("Harbour Council, 12 Beta Road, Alphaton, SW1A 1AA") == ("Harbour Council",)


def test_a_mark_of_redaction_is_an_addressee_without_a_name() -> None:
    assert split("NHS England | [REDACTED] | REDACTED") == ("NHS England", REDACTED, REDACTED)


def test_a_body_has_one_name_whatever_it_is_called() -> None:
    assert bodies.name("Commissioner of Police of the Metropolis") == "Metropolitan Police Service"
    assert bodies.key("The Secretary of State for Transport") == bodies.key("DfT") == "department-for-transport"


@pytest.mark.parametrize(
    "said",
    [
        "Harbour Council, Highways Division",
        "The Chief Executive, Harbour Council",
        "Adult Safeguarding, Harbour Council",
    ],
)
def test_an_office_or_a_division_is_no_body_beside_the_one_that_it_is_of(said: str) -> None:
    assert bodies.name(said) == "Harbour Council" and bodies.key(said) == "harbour-council"


def test_what_has_a_name_of_its_own_is_no_division_of_what_stands_beside_it() -> None:
    for said in ("Harbour Hospital, Fictional Council", "Tees, Esk and Wear Valleys NHS Foundation Trust"):
        assert bodies.name(said) == said


@pytest.mark.parametrize(
    "person",
    ["Dr Ada Fictional", "Mr A Person", "The Lane Surgery", "Ada Fictional", "General Practitioner", "[REDACTED]"],
)
def test_who_may_be_a_private_person_has_no_key(person: str) -> None:
    assert bodies.key(person) == ""


@pytest.mark.parametrize(("one", "other"), [("Peter Merchant", "Peter Dorries"), ("Mr Jon Smith", "Mr John Smith")])
def test_people_are_never_one_because_they_are_spelt_alike(one: str, other: str) -> None:
    assert not bodies.alike(one, other)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Berskhire", "Berkshire"),
        ("London (Inner) North", "London Inner North"),
        ("Northern District of Greater London", "London North"),
        ("Manchester (South", "Greater Manchester South"),
        ("City of Sunderland", "Sunderland"),
        ("Preston & West Lancashire", "Lancashire and Blackburn with Darwen"),
        ("West Yorkshire (E)", "Yorkshire West Eastern"),
        ("Newcastle-upon-Tyne", "Newcastle and North Tyneside"),
        ("Suffolk\n\nCategory: Something else\n\nThis report is being sent to: Somebody", "Suffolk"),
        ("Nowhere at all", "Nowhere at all"),
    ],
)
def test_an_area_is_known_by_its_one_name(said: str, name: str) -> None:
    assert areas.area(said) == name


def test_an_area_that_was_merged_says_who_does_its_work_now() -> None:
    assert areas.today("Exeter and Greater Devon") == "County of Devon, Plymouth & Torbay"
    assert areas.area("Exeter & Great Devon") == "Exeter and Greater Devon"  # as at the date


# The published tables -------------------------------------------------------------------------------------------------


def _both(folder: Path) -> list[tuple[dict[str, str], dict[str, str]]]:
    def rows(name: str) -> dict[str, dict[str, str]]:
        with gzip.open(folder / "pfd" / name, "rt", newline="") as file:
            return {row["report_url"]: row for row in csv.DictReader(file)}

    written, corrected = rows("tracker_2024-03-01_raw.csv.gz"), rows("tracker_2024-03-01_corrected.csv.gz")
    return [(written[url], corrected[url]) for url in written]


def test_every_area_of_the_published_tables_is_the_canonical_one(shared_data: Path) -> None:
    """Of 351 spellings in the whole source, rows with 343 were shared."""
    spellings = {(raw["coroner_area"], right["coroner_area"].strip()) for raw, right in _both(shared_data)}
    assert len({said for said, _ in spellings}) == 343
    differing = {(said.strip(), right) for said, right in spellings if areas.area(said) != right}
    # The first is the Eastern District of London, whose coroner signed it, and was put under the City by a slip. The
    # second is what it says, and is put so by the same tracker's later database.
    assert differing == {("London Eastern", "London City"), ("Teesside and Hartlepool", "Hartlepool")}


def test_every_other_name_in_the_trackers_list_leads_to_its_area(shared_data: Path) -> None:
    [others] = json.loads((shared_data / "pfd" / "aliases" / "tracker_areas.json").read_text())
    wrong = [name for name, right in others.items() if right not in (areas.area(name), areas.today(areas.area(name)))]
    assert len(others) == 81 and not wrong
    canonical = json.loads((shared_data / "pfd" / "aliases" / "tracker_canonical_areas.json").read_text())
    assert [name for name in canonical if areas.area(name) != name] == []


def _addressed(folder: Path) -> list[tuple[str, tuple[str, ...], list[str], list[str]]]:
    """Of each row that has the cell: its digest, ours, and the two corrections of March 2024 and July 2025."""
    with gzip.open(folder / "pfd" / "tracker_2025-07-31_database.csv.gz", "rt", newline="") as file:
        later = {row["URL"]: row["Sent to"] for row in csv.DictReader(file)}
    field, found = "this_report_is_being_sent_to", []
    for raw, right in _both(folder):
        if raw[field].strip():
            url = raw["report_url"]
            digest = hashlib.sha256(url.encode()).hexdigest()[:8]
            found.append((digest, split(raw[field]), _names(right[field]), _names(later.get(url, ""))))
    return found


def test_no_two_people_of_the_published_tables_are_one(shared_data: Path) -> None:
    """Nor a person and a body. Looked at are all that have a word in common which fewer than 60 have."""
    names: set[str] = set()
    for file, field in (
        ("tracker_2024-03-01_raw.csv.gz", "this_report_is_being_sent_to"),
        ("tracker_2025-07-31_database.csv.gz", "Sent to"),
    ):
        with gzip.open(shared_data / "pfd" / file, "rt", newline="") as rows:
            names.update(name for row in csv.DictReader(rows) for name in split(row[field]))
    nobodys = sorted(name for name in names if not bodies.key(name) and "REDACTED" not in name.upper())
    by_word: dict[str, list[str]] = {}
    for name in nobodys:
        for word in set(_plain(name).split()):
            by_word.setdefault(word, []).append(name)
    pairs = {pair for some in by_word.values() if len(some) < 60 for pair in combinations(some, 2)}
    as_one = {pair for pair in pairs if _without_the(pair[0]) != _without_the(pair[1]) and bodies.alike(*pair)}
    assert len(nobodys) > 1_000 and len(pairs) > 5_000
    college = "Royal College of General Practitioners"  # “practitioners” hides it as if it were one of them
    assert {one for pair in as_one for one in pair} <= {college, f"The {college}", f"The {college} (RCGP)"}
    person = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Miss|Prof|Professor|Dame|Lady|Rev)\b\.? [A-Z][a-z]+")
    assert [name for name in names if bodies.key(name) and person.search(bodies.name(name))] == []


def _without_the(name: str) -> str:
    return _plain(name).removeprefix("the ")


def test_addressees_are_counted_as_the_corrected_tables_count_them(shared_data: Path) -> None:
    """Every row that agrees with neither of the tracker's two corrections is listed with its reason."""
    rows = [(digest, len(ours), len(first), len(second)) for digest, ours, first, second in _addressed(shared_data)]
    undisputed = [ours == first for _, ours, first, second in rows if first == second]
    assert (sum(undisputed), len(undisputed)) == (3264, 3323)
    later = [ours == second for _, ours, _, second in rows if second]
    assert (sum(later), len(later)) == (3455, 3620)  # 95.4 %
    neither = {digest for digest, ours, *counts in rows if ours not in counts}
    assert (len(rows), len(rows) - len(neither)) == (3643, 3558)
    assert neither == set(re.findall(r"\b[0-9a-f]{8}\b", REASONS.read_text()))


def test_why_no_more_rows_agree_with_march_2024_alone_is_counted_too(shared_data: Path) -> None:
    """What it did to each row that differs shows in that row, and most of it the tracker itself has mended since."""
    rows = _addressed(shared_data)
    causes: dict[str, list[int]] = {}
    for _, ours, first, second in rows:
        if len(ours) != len(first):
            found = causes.setdefault(_done(ours, first), [0, 0, 0])
            found[0 if len(second) == len(ours) else 1 if len(second) == len(first) else 2] += 1
    assert causes == {"cuts": [116, 13, 8], "other": [2, 0, 0], "runs": [18, 4, 10], "leaves": [55, 42, 8]}
    assert sum(map(sum, causes.values())) == 276


def _done(ours: tuple[str, ...], theirs: list[str]) -> str:
    """By what a row has another number of names: a piece of a name, one twice, two in one, or one that is not there."""
    whole = [f" {_plain(name)} " for name in ours]
    if len(theirs) < len(ours):
        return "runs" if any(sum(one in f" {_plain(name)} " for one in whole) > 1 for name in theirs) else "leaves"
    pieces = any(f" {_plain(name)} " in one and len(one) > len(_plain(name)) + 2 for name in theirs for one in whole)
    return "cuts" if pieces or len({bodies.name(name) for name in theirs}) < len(theirs) else "other"


def _plain(name: str) -> str:
    return " ".join(re.findall(r"\w+", re.sub("[’']", "", name.lower().replace("&", "and"))))


def _names(cell: str) -> list[str]:
    return [one for one in cell.split("|") if one.strip()]
