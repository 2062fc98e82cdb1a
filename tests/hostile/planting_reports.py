"""Puts hostile lines into everything that a report can say, by its sources, by the desk and by anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote_plus

import httpx2

from heard.accounts.commands import OPERATOR
from heard.engine.entry import Draft, new_id
from heard.engine.errors import Refused
from heard.engine.node import Decision
from heard.reports import commands
from heard.reports.commands import Row
from heard.reports.model import FIELDS
from heard.watch.entries import ObligationArmed
from tests.hostile.planting import Planter

#: Facts that are read as days or counts; the others are words, names and addresses.
DATED = {"dated": "2021-03-03", "added": "2021-03-05", "counted_sent": "1", "counted_replies": "1"}
ON = date(2021, 6, 1)


class Reports:
    """Reports full of hostile lines: their addresses, and the pages that came back."""

    def __init__(self, planter: Planter, lines: Sequence[str]) -> None:
        self.planter, self.lines = planter, lines
        self.answers: list[tuple[str, str, str]] = []
        self.slugs = [slug for number, line in enumerate(lines) if (slug := self._told(number, line))]
        for number, slug in enumerate(self.slugs):
            self._decided(slug, self.slugs[number - 1], lines[number])

    def _told(self, number: int, line: str) -> str:
        """What a source says: every fact is the line, but for what makes it a report of a day."""
        ref = f"2021-{number:04}"
        facts = dict.fromkeys(FIELDS, line[:300]) | DATED | {"ref": ref}
        try:
            row = Row(f"https://heard.example/{number}/", facts)
            self.planter.house.node.do(commands.tell("record", ON, [row]), by=OPERATOR)
        except Refused:
            return ""
        return ref

    def _decided(self, slug: str, earlier: str, line: str) -> None:
        words = {"report": slug, "addressee": line[:300], "words": line, "judged_by": line[:200], "until": "2031-03-03"}
        more: dict[str, dict[str, str]] = {
            "response": {"answer": "action taken", "concerns": line, "dated": "2021-04-01"},
            "extension": {},
            "sent": {},
            "promise": {"concern": line[:20]},
            "outcome": {"concern": "text-1", "outcome": "implemented"},
            "judgement": {
                "concern": "text-1",  # as a text without numbers is one concern
                "judgement": "superseded",
                "instead": line[:300],
                "until": "2021-05-01",
            },
            "dispute": {},
            "echo": {"earlier": earlier},
            "let": {"field": "deceased"},
            "settle": {"problem": line},
        }
        for verb, fields in more.items():
            self._sent(self.planter.desk, f"/desk/reports/{verb}", words | fields)
        self._sent(self.planter.desk, "/desk/reports/promise", words | {"report": line, "until": line})
        self._watched(slug, line)
        told = {"words": line[:4000], "body": line[:300], "contact": line[:300]}
        self._sent(self.planter.server.reader, f"/reports/{slug}/problem/", told)
        self._sent(self.planter.server.reader, f"/reports/{slug}/problem/", {**told, "words": line + "x" * 9000})
        self._sent(self.planter.server.reader, "/reports/problem/", {**told, "report": line[:300]})
        self._sent(self.planter.server.reader, "/reports/similar/", {"text": line})
        wish = {"what": "search", "key": f"q={quote_plus(line[:160])}", "address": line[:300]}
        self._sent(self.planter.server.reader, "/reports/follow/", wish)

    def _watched(self, slug: str, line: str) -> None:
        """An obligation that the report is the reason of, and what its page may say of it."""
        step = {"after_s": 0, "to": "nobody"}
        written = {"op": "every", "do": "check", "period_s": 86_400, "where": {"post": "none"}, "escalate": [step]}
        armed = ObligationArmed("none", 1, line[:200], written, "nobody", ("none",))
        obligation = new_id()
        self.planter.house.node.do(lambda tables: Decision((Draft(obligation, armed),), ()), by=OPERATOR)
        said = {"obligation": obligation, "report": slug, "concern": line[:40], "words": line[:300]}
        self._sent(self.planter.desk, "/desk/reports/watched", said)
        self._sent(self.planter.desk, "/desk/reports/public", said | {"late_days": line, "judged_by": line})
        self._sent(self.planter.desk, "/desk/reports/public", said | {"late_days": "1", "judged_by": line[:200]})

    def _sent(self, client: httpx2.Client, path: str, fields: dict[str, Any]) -> None:
        at = {"Heard-Position": str(self.planter.house.store.position())}
        answer = client.post(path, data=fields, headers=at)
        expected = (200, 303, 422, 503) if path == "/reports/similar/" else (200, 303, 422)  # not compared yet
        assert answer.status_code in expected, f"{path}: {answer.status_code}"
        if answer.status_code != 303:
            self.answers.append((path, answer.headers["content-type"], answer.text))

    def pages(self) -> list[str]:
        """What a browser opens, bodies and areas as the pages lead to them."""
        found = ["/reports/", "/reports/figures/", "/reports/similar/", "/reports/problem/", "/desk/reports/"]
        found.append("/desk/reports/same-words/")
        for slug in self.slugs:
            about = f"/reports/{slug}/"
            found += [about, f"{about}similar/", f"{about}problem/"]
            page = self.planter.server.page(about)
            found += re.findall(r'href="(/reports/(?:bodies|areas)/[^"]+)"', page)
        return list(dict.fromkeys(found))

    def seen(self) -> Iterator[tuple[str, str, str]]:
        yield from self.answers
        others = [
            "/desk/reports/same-words.csv",
            "/reports.csv",
            "/reports.json",
            "/reports/feed.atom",
            "/reports/calendar.ics",
        ]
        for slug in self.slugs:
            others += [f"/reports/{slug}/{what}" for what in ("feed.atom", "calendar.ics", "report.json", "axes.csv")]
        for line in self.lines:
            others.append(str(httpx2.URL("/reports/follow/", params={"what": "search", "q": line[:200]})))
            others.append(
                str(httpx2.URL("/reports/", params={"q": line[:200], "area": line[:200], "body": line[:200]}))
            )
        for address in (*self.pages(), *others):
            answer = self.planter.desk.get(address)
            assert answer.status_code < 500, address
            yield address, answer.headers["content-type"], answer.text
