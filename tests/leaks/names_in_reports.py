"""Reports that say a name wherever a report can: what `test_reports` takes out of sight."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from heard.reports.commands import Row
from heard.reports.model import THEMES

ORDERED, CHILD, ASKED, TAKEN_OUT = "Rowan Quillfeather", "Mabel Marrowby", "Oswin Thistlewick", "Edda Oxenbrough"
NAMES = {"2021-0001": ORDERED, "2021-0002": CHILD, "2021-0003": ASKED, "2021-0004": TAKEN_OUT}
#: Of whom a source had a mark when a table from before it was read.
LATE, READ_LATER = "2021-0005", "Isolde Farthingale"
FOLLOWER = "reader@followers.example"
FIRST, SECOND = date(2021, 6, 1), date(2021, 7, 1)
#: Enough requests for a figure.
REQUESTS = 22


#: What each report raises, and a later one again without the name.
CONCERNS = {
    ORDERED: "The lamps of the ward were reported as broken, and nobody mended them before {} fell.",
    CHILD: "No lifeguard watched the far end of the swimming pool while {} swam there alone.",
    ASKED: "The dispatcher closed the emergency call twice although the wife of {} rang again for an ambulance.",
    TAKEN_OUT: "Pressure sores of {} were charted each week, and no nurse turned the patient over at night.",
}
AGAIN = {
    ORDERED: "Nobody mended broken lamps: the ward reported them again and again.",
    CHILD: "At the pool the far end was not watched by a lifeguard; children were swimming alone.",
    ASKED: "A call for an ambulance was closed by the dispatcher; the wife rang twice, an emergency.",
    TAKEN_OUT: "No nurse turned patients at night, and charted sores from pressure went on for a week.",
}


def surname(name: str) -> str:
    return name.split()[1]


def facts(ref: str, name: str) -> dict[str, str]:
    """A report that says a name wherever a report can."""
    body = f"{name} NHS Trust"
    return {
        "ref": ref,
        "dated": "2021-03-03",
        "added": "2021-03-05",
        "deceased": name,
        "coroner": f"Coroner {name}",
        "area": f"{name} Area",
        "categories": f"Deaths of {name}",
        "sent_to": f"{body} | Harbour Board",
        "pdf": f"https://example.org/{name.replace(' ', '-').lower()}.pdf",
        "investigation": f"The inquest of {name} was opened.",
        "circumstances": f"The lamps of the ward were out. {name} fell there, and nobody came.",
        "concerns": f"1. {CONCERNS.get(name, CONCERNS[ORDERED]).format(name)}",
        "deadline": "28 April 2021",
        "copies": f"1. {name} Hospitals NHS Trust",
    }


def rows() -> Iterator[Row]:
    for ref, name in NAMES.items():
        yield Row(f"https://example.org/reports/{name.replace(' ', '-').lower()}/", facts(ref, name))
        again = {"ref": ref.replace("2021", "2022"), "dated": "2022-03-03", "sent_to": "Harbour Board"}
        said = {"concerns": f"1. {AGAIN[name]}"}
        yield Row(f"https://example.org/again/{ref}/", again | said)
    for number in range(REQUESTS):
        sent = f"{ORDERED} NHS Trust"  # an order binds everywhere; the others are hidden in a report of their own
        themes = dict.fromkeys(THEMES, f"Deaths of {ORDERED}")
        ref = {"ref": f"2020-{number + 100:04}", "dated": "2020-03-03", "sent_to": sent, **themes}
        ref["area"] = f"{ORDERED} Area"
        yield Row(f"https://example.org/reports/{number}/", ref)
