"""The screens of the watch, of stations at which everything has happened."""

from __future__ import annotations

import re
import time
from datetime import timedelta

from heard.engine import now
from tests.server import Server
from tests.waiting import wait_until
from tests.watch.hand import Hand
from tests.watch.phone import LAT, LON, phone
from tests.watch.push_service import Subscriber


def watch_screens(server: Server) -> dict[str, str]:
    """Their addresses, by name."""
    hand = Hand(server)
    busy, idle = hand.station("Post 7", "The north gate"), hand.station("Post 8")
    me = hand.me(busy)
    hand.does(f"{busy}/post", holder=me)
    hand.does(f"{busy}/publish", title="The north gate", text="Stay **near** it.\n\n- One\n- Two")
    [order] = set(re.findall(r"/watch/(orders/\w+)/", hand.page(f"{busy}/")))
    hand.does(f"{busy}/publish", title="The north gate", text="Stay nearer.", change="Nearer", order=order[7:])
    hand.does(f"{order}/acknowledge", version="2")
    hand.does(f"mine/{busy[9:]}/begin")
    hand.does(f"mine/{busy[9:]}/here")
    hand.does(f"{busy}/state", state="open")
    hand.does(f"{busy}/area", lat=str(LAT), lon=str(LON), radius="25")
    hand.does(f"{idle}/area", corners="52.0 0.0, 52.001 0.0, 52.001 0.001")
    for metres in (3, 4, 60, 5):
        phone(hand).says(metres)
    opens = hand.does(f"{busy}/tag", name="By the north hinge").text
    [tag] = re.findall(r"(/watch/tags/\w+/)</code>", opens)
    hand.does(f"{busy}/feed", name="The site’s server")
    [feed] = set(re.findall(r'name="feed"><option value="(\w+)"', hand.page(f"{busy}/")))
    hand.does(f"{busy}/device", feed=feed, device="radio-7", holder=me)
    hand.does(f"{busy}/positions", holder=me, reason="The barge of this morning")
    hand.decides(f"{busy}/hold", since="2031-03-03T08:00", until="2031-03-03T09:00", review="2041-03-03", reason="Why")
    hand.arms(busy, "check", "0.1 s", title="nobody has checked")
    hand.arms(busy, "read", "30 min", title="an order is not read")
    hand.arms(busy, "present", "1 h", title="below strength", state="open")
    month = {"sort": "month", "deed": "monthly report", "working_day": "3", "supervisor": me, "to_1": me}
    hand.does(f"{busy}/arm", title="no report", **month)
    owed = re.findall(r'name="obligation" value="(\w+)"', hand.page(f"{busy}/"))[-1]
    until = (now.utc() + timedelta(days=1)).isoformat()
    hand.decides(f"{busy}/suspend", obligation=owed, until=until, reason="The gate is rebuilt.")
    time.sleep(0.5)
    hand.does(f"{busy}/check")
    hand.does(f"{busy}/publish", title="Another order", text="Wave.")
    hand.does(f"{busy}/links", allowed="yes")
    [unread] = set(re.findall(r"/watch/orders/(\w+)/", hand.page(f"{busy}/"))) - {order[7:]}
    sent = hand.does(f"{busy}/link", order=unread, holder=me).text
    [link] = re.findall(r"(/watch/read/[\w-]+/)</code>", sent)
    hand.source(idle, "The <camera> & co.")
    false = _alarm(hand, "What had happened")
    hand.does(f"{false}/close", reason="She was there all the time.", false_by="sensor")
    _alarm(hand, "not yet")
    hand.does(f"{busy}/check")
    over, goes_on = _alarm(hand, "What had happened"), _alarm(hand, "not yet")
    hand.client.post("/watch/mine/push", json=Subscriber("https://push.invalid").tells()).raise_for_status()
    hand.does("keeping/", fixes_h="48", verdicts_days="300", reason="As was agreed with those who are watched.")
    proclaimed = next(day for n in range(1, 9) if (day := now.today() + timedelta(days=n)).weekday() == 1)
    hand.client.post("/watch/calendar/", data={"on": proclaimed.isoformat(), "reason": "A proclamation, made up."})
    return {
        "watch board": "/watch/",
        "watch station": f"/watch/{busy}/",
        "watch station that is new": f"/watch/{idle}/",
        "watch of everything that can be asked": f"/watch/{idle}/arming/",
        "watch arming": f"/watch/{busy}/arming/?sort=rounds",
        "watch on the phone": "/watch/mine/",
        "watch tag": tag,
        "watch order": f"/watch/{order}/",
        "order by a link": link,
        "order by a link that is over": "/watch/read/none/",
        "watch alarm that is over": f"/watch/{over}/",
        "watch alarm that goes on": f"/watch/{goes_on}/",
        "watch alarm that was false": f"/watch/{false}/",
        "watch, how long things are kept": "/watch/keeping/",
        "watch, working days": "/watch/calendar/",
        "watch timeline": f"/watch/{busy}/timeline/",
        "watch replay": "/watch/replay/",
        "watch replay of an hour": f"/watch/replay/?station={busy[9:]}",
    }


def _alarm(hand: Hand, says: str) -> str:
    """One that is not closed, as soon as its page says so."""

    def found() -> list[str]:
        listed = dict.fromkeys(re.findall(r"/watch/(alarms/\w+)/", hand.page("")))
        return [one for one in listed if says in hand.page(f"{one}/")]

    return str(wait_until(found)[0])
