"""Plays the phones of two fictional keepers and their supervisor over HTTP: the pages and forms that any phone has, and
positions by OsmAnd's protocol.

Each signs in with a one-time link, reads what its page says is unread, and presses what stands there. Where the keepers
are their phones say by themselves, every few seconds while they are on duty. Then the post is kept quietly, and the
round begins again: about 65 entries an hour (tests/demo/test_gate.py holds it under 100).
"""

from __future__ import annotations

import random
import re
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from heard.accounts.commands import OPERATOR
from heard.demo import gate as gates
from heard.demo.gate import Gate
from heard.engine import now
from heard.live.lifeline import end_with
from heard.opening import House, open_house
from heard.signing_in import link_for
from heard.watch import projection

TRIES = 60
METRES_A_DEGREE = 111_195


class Phone:
    """A browser without script: it has cookies, follows where it is sent, and knows what its page says."""

    def __init__(self, address: str, link: str = "") -> None:
        self.address = address
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        if link:
            self.ask(link, {})

    def ask(self, path: str, form: dict[str, str] | None = None) -> str:
        """The page that is answered, a refusal in words too; a server that just starts is asked again."""
        to = path if path.startswith(self.address) else self.address + path
        data = None if form is None else urlencode(form).encode()
        for _ in range(TRIES):
            try:
                with self.browser.open(urllib.request.Request(to, data), timeout=30) as answer:
                    return str(answer.read().decode())
            except urllib.error.HTTPError as refused:
                if refused.code != 503:
                    return refused.read().decode()
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                pass
            time.sleep(1)
        raise SystemExit(f"The server did not answer within {TRIES} s.")

    def read_orders(self) -> None:
        """Open each order that one's page says is unread, and press the button under it."""
        page = self.ask("/watch/mine/").partition("Orders of this station")[0]
        for order in dict.fromkeys(re.findall(r'href="(/watch/orders/\w+/)"', page)):
            version = re.search(r'name="version" value="(\d+)"', self.ask(order))
            if version:
                self.ask(f"{order}acknowledge", {"version": version[1]})


class Carried(threading.Thread):
    """What a keeper carries: it says where they are by OsmAnd's protocol, every few seconds, while they are on duty."""

    def __init__(self, browser: Phone, secret: str, story: dict[str, Any], speed: float) -> None:
        super().__init__(daemon=True)
        self.browser, self.secret, self.post, self.speed = browser, secret, story["station"], speed
        self.places, self.where = story["phones"], ""
        self.start()

    def goes(self, where: str) -> None:
        """`here` or `away`, and says so at once; off duty (nothing) it is silent."""
        self.where = where
        self.tell()

    def run(self) -> None:
        while True:
            time.sleep(self.places["every"] / self.speed)
            with suppress(SystemExit):  # no server for a minute: a phone goes on
                self.tell()

    def tell(self) -> None:
        """One fix, as a receiver has it: a little other each time."""
        if self.where:
            north_m = self.places[self.where] + random.uniform(-1.5, 1.5)
            lat = self.post["lat"] + north_m / METRES_A_DEGREE
            fix = {"lat": f"{lat:.7f}", "lon": self.post["lon"], "accuracy": "4"}
            stamp = now.utc().timestamp()
            asked = urlencode({"id": "phone", "timestamp": f"{stamp:.3f}", **fix})
            self.browser.ask(f"/fixes/{self.secret}?{asked}")


class Night:
    """One process's nights at the post."""

    def __init__(self, house: House, speed: float) -> None:
        self.house, self.speed, self.story = house, speed, gates.story()
        self.gate: Gate = gates.set_up(house, OPERATOR)
        self.address = house.address()
        self.phones: dict[str, Phone] = {}
        secrets = self.gate.phones.items()
        self.carried = {key: Carried(Phone(self.address), one, self.story, speed) for key, one in secrets}

    def wait(self, seconds: float) -> None:
        time.sleep(seconds / self.speed)

    def round(self) -> None:
        """A duty is kept, an order changed, the post left; it rings, and somebody sees to it. Then it is quiet."""
        self.phones = {key: Phone(self.address, link_for(self.house, id)) for key, id in self.gate.people.items()}
        for key in ("ivo", "petra"):
            self.phones[key].read_orders()
            self.press(key, "begin")
            self.carried[key].goes("here")
        self.ping()
        gates.arm(self.house, self.gate, self.story["seconds"], self.speed)
        self.look_at_alarms()  # of a night that was broken off
        for step in self.story["step"]:
            self.wait(step["wait"])
            self.do(step)
        for _ in range(self.story["calm"]["rests"]):
            self.wait(self.story["seconds"]["rest"])
            self.ping()
        for key in ("ivo", "petra"):
            self.carried[key].goes("")
            self.press(key, "end")
        self.look_at_alarms()
        self.wait(self.story["seconds"]["rest"])

    def do(self, step: dict[str, Any]) -> None:
        match step["do"]:
            case "publish":
                self.publish()
            case "read":
                self.phones[step["who"]].read_orders()
            case "acknowledge":
                self.at_alarms("acknowledge", {})
            case "close":
                self.look_at_alarms()
            case gates.LAMP_REPORTED | gates.LAMP_SEEN_TO as deed:
                self.did(deed)
            case "was false":
                false = self.story["false"]
                form = {"reason": false["reason"], "false_by": false["false_by"]}
                self.at_alarms("close", form, only=false["title"])
            case where:
                self.carried[step["who"]].goes(where)

    def publish(self) -> None:
        """The next version, by the form of the station."""
        self.house.node.catch_up()
        told, known = self.story["order"], projection.order(self.house.tables, self.gate.order)
        new = told["next"][(known.version - 1) % len(told["next"])]
        form = {"order": self.gate.order, "title": told["title"], "text": new["text"], "change": new["change"]}
        self.phones["corwen"].ask(f"/watch/stations/{self.gate.station}/publish", form)

    def did(self, deed: str) -> None:
        """A deed by the form of the station, of this round's lamp."""
        self.house.node.catch_up()
        lamp = f"lamp {projection.order(self.house.tables, self.gate.order).version}"
        self.phones["corwen"].ask(f"/watch/stations/{self.gate.station}/deed", {"deed": deed, "ref": lamp})

    def press(self, who: str, verb: str) -> None:
        self.phones[who].ask(f"/watch/mine/{self.gate.station}/{verb}", {})

    def ping(self) -> None:
        Phone(self.address).ask(self.gate.ping)

    def look_at_alarms(self) -> None:
        """See to those that go on, and close those that are over, with the reason of the story."""
        self.at_alarms("acknowledge", {})
        self.at_alarms("close", self.story["closing"])

    def at_alarms(self, verb: str, form: dict[str, str], only: str = "") -> None:
        """Of this post alone, or `only` of what is called so; what a visitor has done before is refused, and stays."""
        self.house.node.catch_up()
        for alarm in projection.alarms(self.house.tables, self.gate.station):
            if only in ("", alarm.title):
                self.phones["corwen"].ask(f"/watch/alarms/{alarm.id}/{verb}", form)


def main(data: Annotated[Path, typer.Option()], speed: Annotated[float, typer.Option()] = 1.0) -> None:
    end_with(0)  # the supervisor holds the other end
    night = Night(open_house(data), speed)
    while True:
        night.round()


if __name__ == "__main__":
    typer.run(main)
