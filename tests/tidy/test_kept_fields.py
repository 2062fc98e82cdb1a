"""Every form of the desk that is typed into is kept on the device as it is typed; those of the orders are on none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.tidy.tree import ROOT

DESK = ROOT / "src" / "heard" / "templates" / "desk"
_FORM = re.compile(r"<form[^>]*>.*?(?:</form>|endmacro)", re.DOTALL)
_TYPED = re.compile(r'<textarea|<input (?![^>]*type="(?:hidden|checkbox|file)")')
#: What is typed into and not kept so, and why.
BESIDES = {
    'id="publish"': "the box: composer.js keeps it, and its outbox",
    'method="get"': "what is asked for stands in the address",
    "/legal-hold/record": "answered by a file, and not by a page that could say that it was taken",
    "/desk/sign-in/": "who somebody is, and by what they prove it",
}


def unkept(template: str) -> Iterator[str]:
    for form in _FORM.findall(template):
        tag = form[: form.index(">") + 1]
        if _TYPED.search(form) and "data-keep" not in tag and not any(one in tag for one in BESIDES):
            yield tag


def test_every_form_that_is_typed_into_is_kept() -> None:
    found = {path.name: list(unkept(path.read_text())) for path in DESK.glob("*.html") if path.name != "orders.html"}
    assert {name: tags for name, tags in found.items() if tags} == {}


def test_a_page_of_orders_says_that_nothing_is_kept_there_and_control_its_forms_would_be_found() -> None:
    orders = (DESK / "orders.html").read_text()
    assert '<main id="main" tabindex="-1" data-kept-nowhere>' in orders and "data-keep" not in orders
    assert len(list(unkept(orders))) >= 4


def test_what_is_excepted_is_there() -> None:
    every = "".join(path.read_text() for path in DESK.glob("*.html"))
    assert [one for one in BESIDES if one not in every] == []
