"""Hostile lines in every field of a real server, by every way in; then every surface is read and opened."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import httpx2
import msgspec
import pytest
from playwright.sync_api import Browser

from heard.accounts.commands import OPERATOR, add_account
from heard.coverage.approval import STOPPED_MAX, count_stopped
from heard.export import archive
from heard.export.making import export_case
from heard.signing_in import link_for
from heard.web import asked
from tests.hostile import planting, planting_accounts, planting_reports, planting_watch, surfaces
from tests.hostile.allowed import offences, words_of
from tests.hostile.conftest import Field, sown
from tests.hostile.corpora import OWN, SWEEP
from tests.hostile.planting_reports import Reports
from tests.hostile.planting_watch import Watch
from tests.hostile.tripwire import Watched
from tests.tidy.tree import PACKAGE

#: What the page of an export has besides: its policy, since no server sends one, and its own style.
EXPORTED = [
    "a page that goes elsewhere by itself",
    "<meta http-equiv='Content-Security-Policy'>",
    "<link href='style.css'>",
]
#: Fields that take something other than words: a word of a list, an address, a time, a tick, an id; or a secret, and
#: whose it is, of which nothing is ever said back.
NOT_WORDS = {
    "not_before",
    "minutes",
    "slug",
    "zone",
    "as_said",
    "code",
    "order",
    "cause",
    "jury",
    "told",
    "cleared",
    "once",
    "based_on",
    "before",
    "media",
    "file",
    "email",
    "password",
    "again",
    "how",  # one of two ways of suspending
}


@pytest.fixture
def cookies(field: Field) -> list[Any]:
    return cookies_of(field)


def cookies_of(field: Field) -> list[Any]:
    return [
        {"name": name, "value": value, "url": field.planter.server.address}
        for name, value in field.planter.desk.cookies.items()
    ]


def in_turn(pages: list[str]) -> list[str]:
    """What a browser opens too: four of seven, so that each sort of page has other lines than the one before it. All of
    them are read, and `make sweep` opens all of them."""
    return pages if SWEEP else [page for number, page in enumerate(pages) if number % 7 % 2 == 0]


def test_no_line_makes_anything_but_words(field: Field) -> None:
    found, read = [], 0
    for case in field.cases:
        for name, media_type, text in surfaces.seen(case, field.planter):
            read += 1
            found += [f"{name}: {offence}" for offence in offences(media_type, text)]
    print(f"{sum(len(case.lines) for case in field.cases)} lines, {read} surfaces read, {len(found)} offences")
    assert found == []


def test_most_lines_were_taken_and_none_was_a_mistake_of_ours(field: Field) -> None:
    told = sum((case.outcomes for case in field.cases), Counter[int]())
    assert told[201] + told[303] > 3 * told[422]
    assert set(told) <= {201, 202, 303, 404, 409, 422}


def test_hostile_names_of_orders_and_accounts_make_nothing_but_words(field: Field) -> None:
    planter, doing = field.planter, field.planter.house.node.do
    case = planter.protect("orders-case", OWN)
    added = [add_account(f"{number}@heard.example", "editor", line) for number, line in enumerate(OWN)]
    accounts = [doing(account, by=OPERATOR).stream for account in added]
    for account in accounts:
        for _ in range(STOPPED_MAX):
            doing(count_stopped(account), by=OPERATOR)
    for path in (f"/desk/{case.slug}/orders/", f"/desk/{case.slug}/", "/desk/", f"/{case.slug}/", "/"):
        answer = planter.desk.get(path)
        assert offences(answer.headers["content-type"], answer.text) == [], path
    assert words_of(planter.desk.get(f"/desk/{case.slug}/orders/").text).count("<script>alert(1)</script>") >= 5
    listed = planter.server.client.get(f"/api/v1/cases/{case.slug}/restrictions")
    assert offences(listed.headers["content-type"], listed.text) == []
    for account in accounts:
        link = link_for(planter.house, account)
        with httpx2.Client(base_url=planter.server.address) as client:
            page = client.post("/desk/sign-in/" + link.split("/desk/sign-in/")[1], follow_redirects=True)
            assert "Sign out" in page.text
            assert offences("text/html", page.text + client.get(f"/desk/{case.slug}/").text) == []
    for name, kind, text in planting_accounts.labelled(planter, accounts, OWN):
        assert offences(kind, text) == [], name


def test_reports_of_hostile_lines_are_nothing_but_words(chromium: Browser, lines: list[str], tmp_path: Path) -> None:
    """On a server of their own: they pass the doors of every case, and the names planted above would stop them."""
    with sown(tmp_path / "data", []) as field:
        reports = Reports(field.planter, lines if SWEEP else OWN)
        assert len(reports.slugs) > 25
        found = [f"{name}: {one}" for name, kind, text in reports.seen() for one in offences(kind, text)]
        assert found == []
        watched = Watched(chromium, field.planter.server.address, bypass=True, cookies=cookies_of(field))
        told = {
            address: told for address in in_turn(reports.pages()) if (told := watched.opens(address)) != ([], [], [])
        }
        watched.close()
        assert told == {}


def test_a_watch_of_hostile_lines_is_nothing_but_words(chromium: Browser, lines: list[str], tmp_path: Path) -> None:
    with sown(tmp_path / "data", []) as field:
        watch = Watch(field.planter, lines if SWEEP else OWN)
        assert len(watch.stations) > 10
        found = [f"{name}: {one}" for name, kind, text in watch.seen() for one in offences(kind, text)]
        assert found == []
        watched = Watched(chromium, field.planter.server.address, bypass=True, cookies=cookies_of(field))
        told = {address: told for address in in_turn(watch.pages()) if (told := watched.opens(address)) != ([], [], [])}
        watched.close()
        assert told == {}


def test_an_exported_page_makes_nothing_but_words(field: Field, chromium: Browser) -> None:
    """The page that is carried away is opened as a file, where no server says what it may do."""
    watched = Watched(chromium, "http://127.0.0.1:9", bypass=True)
    for case in field.cases:
        house = field.planter.house
        files = archive.unpack(export_case(house.node, house.doors, house.media, case.slug).content)
        page = files["index.html"].decode()
        assert "<article" in page
        told = [one for one in offences("text/html", page) if not re.fullmatch(r"<img src='media/[0-9a-f]+'>", one)]
        assert told == EXPORTED  # its pictures lie beside it, under their hashes
        assert watched.shows(page)[:2] == ([], [])
    watched.close()


@pytest.mark.parametrize("bypass", [False, True], ids=["under its policy", "without its policy"])
def test_nothing_runs_in_a_browser(chromium: Browser, field: Field, cookies: list[Any], bypass: bool) -> None:
    watched = Watched(chromium, field.planter.server.address, bypass=bypass, cookies=cookies)
    opened = ["/", "/desk/"]
    for case in field.cases:
        pages = surfaces.pages(case, field.planter)
        opened += pages if bypass else pages[::2]  # nothing but the markup protects it there
    found = {address: told for address in opened if (told := watched.opens(address)) != ([], [], [])}
    watched.close()
    print(f"{len(opened)} pages opened, {len(found)} at fault")
    assert found == {}


def test_nothing_runs_of_what_comes_while_a_page_is_open(chromium: Browser, field: Field) -> None:
    """The stream brings fragments, which a script puts into the page: a surface of its own."""
    server = field.planter.server
    slug = server.open_case("while-open", "A case that is open")
    server.publish(slug, "The first post.")
    for bypass in (False, True):
        watched = Watched(chromium, server.address, bypass=bypass)
        watched.opens(f"/{slug}/")
        for line in OWN:
            post = server.publish(slug, line, title=line[:300], speaker=line[:200], key_event=True, pinned=True)
            more = {"title": line[:300], "notice": line, "reason": line, "old_shown": True}
            server.post(f"/posts/{post}/corrections", {"text": f"Mended: {line}", **more})
            server.post(f"/cases/{slug}/summary", {"text": line})
        watched.page.wait_for_selector(f"#post-{post}")
        watched.page.wait_for_function(
            "post => document.getElementById(post).innerText.includes('Mended')", arg=f"post-{post}"
        )
        assert watched.told() == ([], [], [])
        watched.close()


# Every field ----------------------------------------------------------------------------------------------------------


def test_every_field_of_the_api_that_takes_words_is_planted() -> None:
    planted = "".join(map(inspect.getsource, (planting, planting_accounts, planting_reports, planting_watch)))
    lacking = [
        f"{name}.{field.encode_name}"
        for name, body in vars(asked).items()
        if isinstance(body, type) and issubclass(body, msgspec.Struct) and body is not asked.Asked
        for field in msgspec.structs.fields(body)
        if _takes_words(get_type_hints(body)[field.name])
        and field.encode_name not in NOT_WORDS
        and not re.search(rf"\b{field.encode_name}\b", planted)
    ]
    assert lacking == [], "plant it in tests/hostile/planting.py, or say in NOT_WORDS what it takes instead"


def _takes_words(hint: Any) -> bool:
    return hint is str or any(_takes_words(inner) for inner in get_args(hint))


FIELD = re.compile(r'<(?:input(?![^>]*type="(?:hidden|checkbox))|textarea|select)[^>]* name="(\w+)"')


def test_every_field_of_a_form_that_takes_words_is_planted() -> None:
    planted = "".join(map(inspect.getsource, (planting, planting_accounts, planting_reports, planting_watch)))
    fields = {
        (path.name, found[1])
        for path in (PACKAGE / "templates").rglob("*.html")
        for found in re.finditer(
            r'<(?:input(?![^>]*type="(?:hidden|checkbox))|textarea|select)[^>]* name="(\w+)"', path.read_text()
        )
    }
    assert len(fields) > 20
    lacking = [field for field in fields if field[1] not in NOT_WORDS and not re.search(rf"\b{field[1]}\b", planted)]
    assert lacking == []


# Controls -------------------------------------------------------------------------------------------------------------

UNESCAPED = "from heard import templates\ntemplates._environment().autoescape = False\n"
RAW = """
import nh3
from heard.text import markdown
nh3.clean = lambda html, **_: html
markdown._READER.options["html"] = True
markdown._READER.enable(["html_inline", "html_block"])
"""


FAULTS = {"templates that escape nothing": UNESCAPED, "Markdown that takes HTML": RAW}


@pytest.fixture(scope="module", params=FAULTS)
def unsafe(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """A server with a deliberate fault, read by Python before anything else in each of its processes."""
    folder = tmp_path_factory.mktemp("unsafe")
    (folder / "sitecustomize.py").write_text(FAULTS[request.param])
    lines = ["<img src=x onerror=alert(1)> words", "words <b onclick=alert(2)>more</b>"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        with sown(Path(folder) / "data", lines) as made:
            patch.undo()
            yield made


def test_control_a_fault_is_caught_by_every_check(chromium: Browser, unsafe: Field) -> None:
    [case], planter = unsafe.cases, unsafe.planter
    page = planter.desk.get(f"/{case.slug}/?order=oldest")
    assert offences("text/html", page.text)
    for bypass in (False, True):
        watched = Watched(chromium, planter.server.address, bypass=bypass)
        told = watched.opens(f"/{case.slug}/?order=oldest")
        watched.close()
        assert told.outside
        assert told.ran if bypass else told.stopped
