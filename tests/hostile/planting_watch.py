"""Puts hostile lines into everything that the watch can say: stations, orders, what is owed, sources, alarms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import httpx2

from heard.accounts.commands import OPERATOR
from heard.engine import now
from heard.watch import plans
from tests.hostile.planting import Planter
from tests.watch.test_plans import drawing

#: So many plans are drawn by the form.
BY_FORM = 12


class Watch:
    """Stations full of hostile lines, and the pages that came back."""

    def __init__(self, planter: Planter, lines: Sequence[str]) -> None:
        self.planter = planter
        self.answers: list[tuple[str, str, str]] = []
        self.links: list[str] = []
        self.stations = [station for line in lines if (station := self._set_up(line))]

    def _set_up(self, line: str) -> str:
        answer = self._sent("/watch/", {"code": line[:30], "place": line[:200]})
        station = answer.headers.get("location", "").rstrip("/")
        if not re.fullmatch(r"/watch/stations/\w+", station):
            return ""
        words = {"title": line[:200], "text": line, "change": line[:500], "name": line[:100], "reason": line[:500]}
        listed = {
            "holder": line,
            "supervisor": line,
            "order": line,
            "version": line,
            "obligation": line,
            "source": line,
        }
        figures = {"within": line, "wait": line, "state": line, "at_least": line, "sort": "keep", "lasting": line}
        where = dict.fromkeys(("lat", "lon", "radius", "good_for", "corners"), line)
        kept = dict.fromkeys(("feed", "device", "hold", "since", "until", "review"), line)
        for verb in ("publish", "source", "arm", "check", "state", "post", "stand-down", "area", "feed", "device"):
            self._sent(f"{station}/{verb}", words | listed | figures | where | kept)
        for verb in ("end-feed", "hold", "agree-to-hold", "end-hold", "positions"):
            self._sent(f"{station}/{verb}", words | listed | kept)
        sorts = ("month", "day", "answer", "before", "rounds", "each-present", "each-check-in", "ping-day")
        more = dict.fromkeys(
            ("deed", "begins", "by", "days", "working_day", "grace", "clear_after", "climbs_on", "of_days"), line
        )
        sort = sorts[len(self.answers) % len(sorts)]  # another with each line, so that it does not take an hour
        self._sent(f"{station}/arm", words | listed | figures | more | {"sort": sort, "page": "arming"})
        for verb in ("suspend", "agree-to-suspend", "end-suspension", "deed", "review"):
            self._sent(
                f"{station}/{verb}", words | listed | kept | {"suspension": line, "suspending": line, "ref": line}
            )
        self._suspended(station, line)
        self._by_api(station.rpartition("/")[2], line)
        self._link(station, line)
        self._read(station, line)
        self._draw(station, line)
        self._sent(f"/watch/alarms/{station.rpartition('/')[2]}/close", {"reason": line, "false_by": line})
        self._sent("/watch/mine/phones", {"name": line[:200]})
        day = (now.today() + timedelta(days=len(self.answers) % 900)).isoformat()
        self._sent("/watch/calendar/", {"on": day, "is": "off", "reason": line[:500]})
        self._sent("/watch/calendar/", {"on": line, "is": line, "reason": line})
        self._sent("/watch/keeping/", {"fixes_h": line, "verdicts_days": line, "reason": line})
        self._sent("/watch/keeping/", {"fixes_h": "72", "verdicts_days": "365", "reason": line})
        for order in re.findall(r'"(/watch/orders/\w+)/', self.planter.desk.get(f"{station}/").text):
            self._sent(f"{order}/acknowledge", {"version": line})
        return station

    def _link(self, station: str, line: str) -> None:
        """A link to an order that is the line, for oneself, who is posted there; and for the line."""
        page = self.planter.desk.get(f"{station}/").text
        for who in re.findall(r'id="holder".*?<option value="(\w+)">', page, re.DOTALL)[:1]:
            self._sent(f"{station}/post", {"holder": who})
            self._sent(f"{station}/links", {"allowed": "yes"})
            self._sent(f"{station}/link", {"order": line, "holder": line})
            for order in re.findall(r'"/watch/orders/(\w+)/', page)[:1]:
                self._sent(f"{station}/link", {"order": order, "holder": who})
                self.links += re.findall(r'id="link-to">https?://[^/]+(/watch/read/[\w-]+/)<', self.answers[-1][2])

    def _suspended(self, station: str, line: str) -> None:
        """A deed that is owed each month, of which the line is the reference, and that is suspended because of it."""
        page = self.planter.desk.get(f"{station}/").text
        for who in re.findall(r'id="supervisor".*?<option value="(\w+)">', page, re.DOTALL)[:1]:
            asked = {"sort": "month", "deed": "report", "working_day": "3", "supervisor": who, "to_1": who}
            self._sent(f"{station}/arm", {**asked, "title": line[:200], "page": "arming"})
        self._sent(f"{station}/deed", {"deed": "report", "ref": line[:80]})
        until = (now.utc() + timedelta(days=2)).isoformat()
        for one in re.findall(r'name="obligation" value="(\w+)"', self.planter.desk.get(f"{station}/").text)[:1]:
            self._sent(f"{station}/suspend", {"obligation": one, "until": until, "reason": line})

    def _by_api(self, station: str, line: str) -> None:
        """The same by a program, and what it is answered."""
        at = f"/api/v1/watch/stations/{station}"
        obligation = {"op": line, "escalate": [{"after_s": 0, "to": line}], "count": {"group": [line]}}
        for path, body in (
            ("orders", {"title": line[:200], "text": line}),
            ("orders", {"title": line[:200], "text": line, "order": line}),
            ("obligations", {"title": line, "supervisor": line, "obligation": obligation}),
            ("deeds", {"deed": line, "ref": line}),
            ("state", {"state": line[:40]}),
            ("holders", {"holder": line}),
        ):
            self._sent(f"{at}/{path}", body, as_json=True)

    def _draw(self, station: str, line: str) -> None:
        """A plan whose name is the line, with the station on it."""
        if plan := self._drawn(line):
            where = {"across": "50", "down": "50"}
            self._sent(f"{plan}/place", {"station": station.rpartition("/")[2], **where})
            for verb in ("place", "off", "draw"):
                self._sent(f"{plan}/{verb}", {"station": line, "across": line, "down": line, "name": line[:100]})

    def _drawn(self, line: str) -> str:
        """By the form; of many lines by the command too, with a picture that is there: making one takes a process."""
        house = self.planter.house
        house.node.catch_up()
        known = plans.plans(house.tables)
        if len(known) > BY_FORM:
            of = known[0]
            drawn = house.node.do(plans.draw_plan(line[:100], of.media, of.width, of.height), by=OPERATOR)
            return f"/watch/plans/{drawn.stream}"
        fields, files = {"name": line[:100]}, {"file": (line, drawing(60, 40))}
        answer = self.planter.desk.post("/watch/plans/", data=fields, files=files)
        assert answer.status_code in (303, 422), answer.status_code
        return answer.headers.get("location", "").rstrip("/")

    def _read(self, station: str, line: str) -> None:
        """A look and a hold whose reasons are the line; their pages show them."""
        account = re.findall(r'<option value="(\w+)">', self.planter.desk.get(f"{station}/").text)
        window = {"since": "2031-03-03T08:00", "until": "2031-03-03T09:00", "review": "2041-03-03"}
        self._sent(f"{station}/hold", {**window, "reason": line})
        for who in account[:1]:
            self._sent(f"{station}/positions", {"holder": who, "reason": line})
            self._sent(f"{station}/positions", {"holder": line, "reason": line})

    def _sent(self, path: str, fields: dict[str, Any], *, as_json: bool = False) -> httpx2.Response:
        at = {"Heard-Position": str(self.planter.house.store.position())}
        told: dict[str, Any] = {"json": fields} if as_json else {"data": fields}
        answer = self.planter.desk.post(path, headers=at, **told)
        assert answer.status_code in (200, 201, 303, 404, 422), f"{path}: {answer.status_code}"
        if answer.status_code != 303:
            self.answers.append((path, answer.headers["content-type"], answer.text))
        return answer

    def pages(self) -> list[str]:
        found = ["/watch/", "/watch/mine/", *(f"{station}/" for station in self.stations)]
        found += [f"{station}/arming/?sort=rounds" for station in self.stations[-1:]]
        found += self.links
        for station in self.stations:
            found += re.findall(r'href="(/watch/(?:orders|alarms)/\w+/)"', self.planter.desk.get(f"{station}/").text)
        found += [f"{station}/timeline/" for station in self.stations]
        found += [f"/watch/replay/?station={station.rpartition('/')[2]}" for station in self.stations]
        found += [
            *("/watch/report/", "/watch/keeping/", "/watch/calendar/"),
            *re.findall(r'href="(/watch/plans/\w+/)"', self.planter.desk.get("/watch/plans/").text),
        ]
        return [*dict.fromkeys(found), "/watch/plans/"]

    def seen(self) -> Iterator[tuple[str, str, str]]:
        yield from self.answers
        api = [f"/api/v1/watch/{what}?limit=500" for what in ("stations", "obligations", "alarms", "suspensions")]
        for address in (*self.pages(), *api):
            answer = self.planter.desk.get(address)
            assert answer.status_code < 500, address
            yield address, answer.headers["content-type"], answer.text
