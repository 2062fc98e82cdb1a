"""Published reports: reading all tables, searching over HTTP, and how well echoes are found.

Wants the published tables (HEARD_SHARED_DATA, or ../shared/data). The parameters of `reports.echoes` were chosen on
the even half of what was judged by hand, and `BY_AROUND` on the reports whose address has an even digest; printed is
the other half of each. Labels are people's research tags, a language
model's themes of road deaths, and the publisher's categories: coarse, and the same for every method. Intervals are of
2,000 bootstraps.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import math
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench import judged
from heard.opening import open_house
from heard.reports import alike, space
from heard.reports.echoes import BY_AROUND, Echoes, passages_of, said_in, scores
from heard.reports.entries import Listed
from heard.reports.register import Register
from heard.reports.space import words_of
from heard.reports.together import sent_together
from heard.store.register import RegisterFile

DATA = Path(os.environ.get("HEARD_SHARED_DATA", Path(__file__).parent.parent.parent / "shared" / "data")) / "pfd"
TABLES = (
    "tracker_2024-03-01_raw.csv.gz",
    "tracker_2024-03-01_corrected.csv.gz",
    "tracker_2025-07-31_database.csv.gz",
    "tracker_2025-07-31_research_tags.csv.gz",
    "tracker_2026-02-01_raw.csv.gz",
    "tracker_2026-02-01_analysed.csv.gz",
    "texts.csv.gz",
    "westminster.json",
)
#: So many reports of a set of labels are asked about.
ASKED_MAX = 200
QUESTIONS = (
    "ambulance delay handover",
    "sepsis not recognised",
    "observation levels on the ward",
    "street lighting",
    "prison cell alarm bell",
    "smart motorway",
    "falls risk assessment care home",
    "anticoagulant after surgery",
    "missing person risk",
    "carbon monoxide",
    "level crossing",
    "asthma review",
    "food allergy labelling",
    "cold water",
    "choking",
    "discharge summary not sent",
    "police custody",
    "pressure sores",
    "eating disorder",
    '"post instructions"',
)


def main() -> None:
    if not DATA.is_dir():
        print("The published tables are not on this machine (HEARD_SHARED_DATA).")
        return
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        read_tables(data)
        register = register_of(data)
        _echoes(register, addresses_of(register))
        _http(data)


def read_tables(data: Path) -> None:
    argv = [
        sys.executable,
        "-m",
        "heard.cli",
        "import",
        "reports",
        *(str(DATA / name) for name in TABLES),
        "--accept",  # the reading of February 2026 is doubted
        "--data",
        str(data),
    ]
    began = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"reading      all tables and texts {time.perf_counter() - began:.1f} s, {peak:.0f} MiB (goal 60 s, 1 GB)")


def register_of(data: Path) -> Register:
    house = open_house(data)
    house.node.catch_up()
    began = time.process_time()
    register = Register(
        house.journal, house.tables, house.doors, RegisterFile(data / "bench-register.sqlite", house.store.epoch)
    )
    register.follow_all()
    took = time.process_time() - began
    print(
        f"register     {len(register):,} reports in {took:.1f} s of processor time, "
        f"{1e3 * took / len(register):.2f} ms each"
    )
    return register


def addresses_of(register: Register) -> dict[str, str]:
    found = {}
    for one in register:
        opening = register.journal.stream(one.id)[0].body
        assert isinstance(opening, Listed)
        found[opening.kept_at] = one.id
    return found


def _echoes(register: Register, addresses: dict[str, str]) -> None:
    made = Echoes(register)
    began = time.process_time()
    fitted = made.space()
    took = time.process_time() - began
    print(
        f"space        {len(fitted.reports):,} reports, {len(fitted.owners):,} passages, "
        f"{len(fitted.vocabulary):,} words, fitted in {took:.1f} s of processor time"
    )
    ours = {report: passages_of(register.texts(report)) for report in fitted.reports}
    parts = {report: said_in(register.texts(report)) for report in fitted.reports}
    whole = {report: "\n".join(both) for report, both in parts.items()}
    fine = fitted.whole[:, : space.DIRECTIONS]
    odd = {report for address, report in addresses.items() if int(hashlib.sha256(address.encode()).hexdigest(), 16) % 2}

    def ranked(report: str, score: Callable[[str], Any]) -> list[str]:
        """Reports by how near their nearest passage is to each of ours, on the whole."""
        total = np.zeros(len(fitted.reports))
        for passage in ours[report]:
            best = np.zeros(len(fitted.reports))
            np.maximum.at(best, fitted.owners, score(passage))
            total += best
        return placed(total)

    def placed(near: Any) -> list[str]:
        return [fitted.reports[place] for place in np.argsort(-near, kind="stable")]

    def by_offer(report: str) -> list[str]:
        """In the order of what is offered: by the nearest passage, and by the report around it."""
        best = np.full(len(fitted.reports), -1.0)
        for passage in ours[report]:
            np.maximum.at(best, fitted.owners, scores(fitted, passage))
        return placed(best + BY_AROUND * space.by_report(fitted, parts[report]))

    def by_offer_before(report: str) -> list[str]:
        """The order before: the nearest passage, and LSA of the whole."""
        best = np.full(len(fitted.reports), -1.0)
        for passage in ours[report]:
            np.maximum.at(best, fitted.owners, scores(fitted, passage))
        return placed(best + BY_AROUND * (fine @ fine[fitted.reports.index(report)]))

    def by_bm25(report: str, text: str) -> list[str]:
        said = Counter(word for word in words_of(text) if fitted.weight(word))
        words = sorted(said, key=lambda word: -fitted.weight(word) * (1 + math.log(said[word])))[:40]
        wanted = " OR ".join(f'"{word}"*' for word in words)  # not in titles, where categories and names stand
        return [one for one, _ in register.file.search(f"{{circumstances concerns}}: ({wanted})", 300)]

    methods: dict[str, Callable[[str], list[str]]] = {
        "BM25, concerns": lambda report: by_bm25(report, "\n".join(ours[report])),
        "BM25 alone": lambda report: by_bm25(report, whole[report]),
        "LSA, concerns": lambda report: ranked(report, lambda one: space.by_place(fitted, one)[0]),
        "LSA alone": lambda report: placed(fine @ fine[fitted.reports.index(report)]),
        "before": by_offer_before,
        "ours": by_offer,
    }
    for name, labels in _labels(addresses, register).items():
        _compare(name, {report: marks for report, marks in labels.items() if ours.get(report)}, odd, methods)
    _equal(made, addresses)
    _boilerplate(made)
    judged.tell(made, addresses, interval)


def _labels(addresses: dict[str, str], register: Register) -> dict[str, dict[str, set[str]]]:
    """Three sets of labels: of each report that has any, those it has."""
    with gzip.open(DATA / "tracker_2025-07-31_research_tags.csv.gz", "rt", newline="") as file:
        tags = {row["URL"]: set(filter(None, row["Research tags"].split(" | "))) for row in csv.DictReader(file)}
    with gzip.open(DATA / "toolkit_road_traffic_llm_labels.csv.gz", "rt", newline="") as file:
        themes = {row["url"]: {name for name, said in row.items() if said == "True"} for row in csv.DictReader(file)}
    found = {"people's tags": tags, "a model's 52 themes of road deaths": themes}
    known = {
        name: {addresses[url]: marks for url, marks in each.items() if marks and url in addresses}
        for name, each in found.items()
    }
    return known | {"the publisher's categories": {one.id: set(one.categories) for one in register if one.categories}}


def _compare(
    name: str, labels: dict[str, set[str]], half: set[str], methods: dict[str, Callable[[str], list[str]]]
) -> None:
    """All methods side by side on the half whose addresses have an odd digest, ties said to be ties."""
    odd = [report for report in labels if report in half][:ASKED_MAX]
    print(f"echoes       by {name}: {len(odd)} reports, of one half; chance {_chance(odd, labels):.3f}")
    found = {name: [_alike(report, rank(report), labels) for report in odd] for name, rank in methods.items()}
    for measure, title in enumerate(("of the first five, so many share a label", "labels in common, on the mean")):
        for method, each in found.items():
            mean = statistics.mean(one[measure] for one in each)
            low, high = interval([one[measure] for one in each])
            print(f"             {method:<14} {title} {mean:.3f} [{low:.3f}, {high:.3f}]")
        for other in (name for name in methods if name != "ours"):
            pairs = zip(found["ours"], found[other], strict=True)
            low, high = interval([mine[measure] - theirs[measure] for mine, theirs in pairs])
            verdict = "a tie" if low <= 0 <= high else "ours is better" if low > 0 else "ours is worse"
            print(f"             ours less {other}: [{low:+.3f}, {high:+.3f}], {verdict}")


def _alike(report: str, ranking: Sequence[str], labels: dict[str, set[str]]) -> tuple[float, float]:
    first = [labels[one] for one in ranking if one != report and one in labels][:5]
    mine = labels[report]
    return sum(bool(mine & one) for one in first) / 5, sum(len(mine & one) / len(mine | one) for one in first) / 5


def _chance(some: Sequence[str], labels: dict[str, set[str]]) -> float:
    dice = random.Random(1)
    every = list(labels)
    pairs = [(one, dice.choice(every)) for one in some for _ in range(20)]
    return statistics.mean(bool(labels[one] & labels[other]) for one, other in pairs if one != other)


def interval(found: Sequence[float]) -> tuple[float, float]:
    dice = random.Random(2)
    means = sorted(statistics.mean(dice.choices(found, k=len(found))) for _ in range(2000))
    return means[50], means[1949]


def _equal(made: Echoes, addresses: dict[str, str]) -> None:
    """Groups of reports of which the published texts have the same words as concerns: is each listed, and as what?"""
    groups: dict[str, list[str]] = {}
    csv.field_size_limit(10**9)
    with gzip.open(DATA / "texts.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            if row["url"] in addresses and (plain := " ".join(re.findall(r"\w+", row["concerns"].lower()))):
                groups.setdefault(plain, []).append(addresses[row["url"]])
    same = [{*group} for group in groups.values() if len(group) > 1]
    listed = alike.groups(made.register, whole=True)
    found = [next((one for one in listed if group <= {report.id for report in one.reports}), None) for group in same]
    kinds = Counter(one.said for one in found if one)
    print(
        f"equal        {sum(map(bool, found))} of {len(same)} groups ({sum(map(len, same))} reports) are listed: "
        + "; ".join(f"{count} as “{said}”" for said, count in kinds.items())
    )
    led_to = [
        {other.id for other in alike.equal_to(made.register, made.register.of(one))} | {one}
        for group, one_found in zip(same, found, strict=True)
        for one in group
        if one_found and one_found.kind != "concerns"
    ]
    print(f"             reports of the others that lead to one as equal: {sum(len(one) > 1 for one in led_to)}")
    every = alike.told((group.kind, group.reports) for group in listed)
    print(f"             in the whole register {'; '.join(every)}")
    _together(made)


def _together(made: Echoes) -> None:
    """What it says of two reports that they were sent together."""
    pairs = [(one, other) for one in made.register for other in sent_together(made.register, one) if one.id < other.id]
    both = [one.cell == other.cell for one, other in pairs if one.cell.kind == other.cell.kind == "concerns"]
    alike = [bool({*one.categories} & {*other.categories}) for one, other in pairs]
    print(
        f"             sent together: {len(pairs)} pairs; of {len(both)} with concerns {sum(both)} have the same, word "
        f"for word; {sum(alike)} have a category in common"
    )


def _boilerplate(made: Echoes) -> None:
    form = (
        "In my opinion there is a risk that future deaths could occur unless action is taken. "
        "In the circumstances it is my statutory duty to report to you."
    )
    print(f"boilerplate  the form's own sentences find {len(made.of_text(form))} reports")


@contextmanager
def served(data: Path) -> Iterator[str]:
    """The address of a real server over this register, once it is whole."""
    argv = [sys.executable, "-m", "heard.cli", "serve", "--data", str(data), "--port", "0"]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout
        address = next(line.split()[-1].rstrip("/") for line in process.stdout if "Heard is at" in line)
        while not _is_whole(f"{address}/reports/"):
            time.sleep(1)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _is_whole(page: str) -> bool:
    try:
        content = get(page)[1]
    except urllib.error.HTTPError:  # it is not ready to answer yet
        return False
    return b"being put together" not in content and b"<b>0</b>" not in content


def _http(data: Path) -> None:
    with served(data) as address:
        asked = [f"{address}/reports/?q={urllib.parse.quote(question)}" for question in QUESTIONS]
        took = [get(f"{one}&page={page}")[0] for page in (1, 2, 3) for one in asked]
        p95 = sorted(took)[int(len(took) * 0.95)]
        print(f"search       p50 {statistics.median(took):.0f} ms, p95 {p95:.0f} ms over HTTP (goal 50)")
        for name, path in (
            ("first page", "/reports/"),
            ("narrowed", "/reports/?category=Suicide%20%28from%202015%29&status=partly"),
            ("an area", "/reports/areas/greater-manchester-south/"),
            ("a body", "/reports/bodies/nhs-england/"),
            ("figures", "/reports/figures/"),
            ("table", "/reports.csv"),
            ("sheet", "/reports.xlsx"),
            ("feed", "/reports/feed.atom"),
        ):
            cold, page = get(address + path)
            warm = statistics.median(get(address + path)[0] for _ in range(9))
            print(f"             {name:<10} first {cold:.0f} ms, warm {warm:.1f} ms, {len(page) / 1024:.0f} KiB")


def get(address: str) -> tuple[float, bytes]:
    began = time.perf_counter()
    with urllib.request.urlopen(address, timeout=60) as answer:
        content = answer.read()
    return (time.perf_counter() - began) * 1e3, content


if __name__ == "__main__":
    main()
