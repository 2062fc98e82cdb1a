"""An order is acknowledged by a link, without signing in: where that is allowed, once, for one version, and no more."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.engine import now
from heard.engine.entry import Entry
from heard.engine.errors import HeardError, NotFound
from heard.opening import House, open_house
from heard.watch import by_link, commands, folds, linking, looking_back, projection
from heard.watch.entries import OrderAcknowledged
from tests.axe import violations
from tests.server import Server
from tests.watch.gate import Gate, Hands
from tests.watch.hand import Hand, in_session


class Post:
    """A station with an order and somebody posted there, who has an account and has never signed in."""

    def __init__(self, server: Server, name: str) -> None:
        self.server, self.hand = server, Hand(server)
        with opened(server) as house:
            email = f"{name}@heard.example"
            house.node.do(account_commands.add_account(email, "holder", f"{name} Ade"), by="operator")
            self.holder = accounts.by_email(house.tables, email).id
        self.station = self.hand.station(f"Post of {name}", "Saltmere North")
        self.hand.does(f"{self.station}/post", holder=self.holder)
        self.hand.does(f"{self.station}/publish", title="The gate", text="Stay **near** it.")
        [self.order] = set(re.findall(r"/watch/orders/(\w+)/", self.hand.page(f"{self.station}/")))

    def allowed(self, says: str = "yes") -> Post:
        self.hand.does(f"{self.station}/links", allowed=says)
        return self

    def link(self) -> str:
        """Its path."""
        page = self.hand.does(f"{self.station}/link", order=self.order, holder=self.holder).text
        return re.findall(r'<code id="link-to">https?://[^/]+(/watch/read/[\w-]{43}/)</code>', page)[0]

    def publish(self) -> None:
        self.hand.does(f"{self.station}/publish", title="The gate", text="Nearer.", change="Near", order=self.order)

    def has_read(self) -> bool:
        return "<b>not read</b>" not in self.hand.page(f"{self.station}/")


@contextmanager
def opened(server: Server) -> Iterator[House]:
    house = open_house(server.data)
    house.node.catch_up()
    yield house
    house.close()


def head_of(server: Server) -> str:
    return server.reader.get("/log/checkpoint").text.split("\n")[1]


def test_no_link_is_made_before_an_administrator_allows_it(server: Server) -> None:
    post = Post(server, "Wren")
    form = {"order": post.order, "holder": post.holder}
    refused = server.client.post(f"/watch/{post.station}/link", data=form)
    assert refused.status_code == 422 and "not allowed at this station" in refused.text
    assert "/watch/read/" not in refused.text
    assert "Allowed here by Ada Desk" in post.allowed().hand.page(f"{post.station}/")
    assert post.link()


def test_whoever_has_the_link_reads_the_order_and_acknowledges_it_once(server: Server) -> None:
    post = Post(server, "Olu").allowed()
    path, before = post.link(), head_of(server)
    for _ in range(2):  # as programs do that look at mail
        server.reader.head(path)
        page = server.reader.get(path)
    assert head_of(server) == before and not post.has_read()
    assert "Stay <strong>near</strong> it." in page.text and page.text.count("<button") == 1
    for other in ("Saltmere North", "Ada Desk", "@heard.example", "/watch/stations", "Sign out"):
        assert other not in page.text
    done = server.reader.post(path)
    assert "Version 1 was acknowledged by this link" in done.text and "Stay" not in done.text
    assert post.has_read() and "by a link of Ada Desk" in post.hand.page(f"{post.station}/")
    after = head_of(server)
    again = server.reader.post(path)
    assert again.text == done.text and server.reader.get(path).text == done.text
    assert head_of(server) == after
    with opened(server) as house:
        [entry] = [one for one in house.journal.stream(post.order) if isinstance(one.body, OrderAcknowledged)]
        maker = accounts.by_email(house.tables, "admin@heard.example").id
    assert isinstance(entry.body, OrderAcknowledged)
    assert (entry.by, entry.body.number, entry.body.link_by) == (post.holder, 1, maker) and entry.body.link
    with in_session(server, "olu@heard.example") as browser:  # who did not press it sees that somebody did, and whose
        assert "by a link that Ada Desk made" in browser.get(f"/watch/orders/{post.order}/").text


def test_what_it_answers_is_kept_nowhere_and_tells_no_other_page_its_address(server: Server) -> None:
    post = Post(server, "Ines").allowed()
    path = post.link()
    answers = [server.reader.get(path), server.reader.post(path), server.reader.get("/watch/read/none/")]
    assert [one.status_code for one in answers] == [200, 200, 404]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers.get_list("referrer-policy") == ["same-origin"]
        assert answer.headers["x-robots-tag"] == "noindex" and 'name="robots" content="noindex"' in answer.text
    assert server.reader.get("/").headers.get_list("referrer-policy") == ["strict-origin-when-cross-origin"]


def test_the_form_of_an_older_browser_is_taken(server: Server) -> None:
    """One that says where its form comes from and knows no more: it says `null` where a page sends no referrer."""
    post = Post(server, "Abel").allowed()
    assert server.reader.post(post.link(), headers={"Origin": "null"}).status_code == 403
    assert server.reader.post(post.link(), headers={"Origin": server.address}).status_code == 200


def test_the_secret_is_in_no_file_and_in_no_log(server: Server) -> None:
    post = Post(server, "Kit").allowed()
    path = post.link()
    secret = path.split("/")[3]
    server.reader.get(path)
    server.reader.post(path)
    assert secret not in "\n".join(server.said)
    assert all(secret.encode() not in one.read_bytes() for one in server.data.rglob("*") if one.is_file())


ENDS: dict[str, Callable[[Post], object]] = {
    "another version": lambda post: post.publish(),
    "withdrawn": lambda post: post.hand.does(f"{post.station}/withdraw", order=post.order, reason="done with"),
    "not allowed any more": lambda post: post.allowed("no"),
    "allowed again": lambda post: (post.allowed("no"), post.allowed()),
    "released": lambda post: post.hand.does(f"{post.station}/release", holder=post.holder),
    "posted again": lambda post: [
        post.hand.does(f"{post.station}/{verb}", holder=post.holder) for verb in ("release", "post")
    ],
    "another link": lambda post: post.link(),
    "signed out everywhere": lambda post: sign_out(post),
}


def sign_out(post: Post) -> None:
    """By an administrator, as when a phone was lost."""
    with in_session(post.server) as browser:
        assert browser.post(f"/account/people/{post.holder}/sign-out/").status_code == 303


@pytest.mark.parametrize("end", ENDS)
def test_a_link_that_is_over_shows_nothing_and_records_nothing(server: Server, end: str) -> None:
    post = Post(server, f"End{list(ENDS).index(end)}").allowed()
    path = post.link()
    assert server.reader.get(path).status_code == 200
    ENDS[end](post)
    before = head_of(server)
    for answer in (server.reader.get(path), server.reader.post(path)):
        assert answer.status_code == 404
        assert "This link opens nothing" in answer.text and "The gate" not in answer.text
    assert head_of(server) == before


def test_who_is_refused_a_link_is_told_why(server: Server) -> None:
    post, other = Post(server, "Ash").allowed(), Post(server, "Elm")
    wrong = {
        "not posted here": {"order": post.order, "holder": other.holder},
        "no such standing order at this station": {"order": other.order, "holder": post.holder},
        "no such standing order in force": {"order": "none", "holder": post.holder},
    }
    for why, form in wrong.items():
        refused = server.client.post(f"/watch/{post.station}/link", data=form)
        assert refused.status_code == 422 and why in refused.text
    server.reader.post(post.link())
    refused = server.client.post(f"/watch/{post.station}/link", data={"order": post.order, "holder": post.holder})
    assert refused.status_code == 422 and "have read version 1 already" in refused.text


def test_on_a_phone_it_is_one_tap_after_reading(chromium: Browser, server: Server) -> None:
    post = Post(server, "Bo").allowed()
    context = chromium.new_context(base_url=server.address, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(post.link())
    assert violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.click("main button")
    page.wait_for_selector("text=was acknowledged by this link")
    assert violations(page) == [] and post.has_read()
    context.close()


# By the clock ---------------------------------------------------------------------------------------------------------


def made(gate: Gate) -> str:
    order = gate.publish()
    gate.do(linking.rule(gate.id, True), "administrator")
    return gate.do(linking.make(gate.id, order, gate.one), gate.sam).stream


def test_it_is_good_for_seventy_two_hours_and_not_a_moment_more(gate: Gate, hands: Hands) -> None:
    link = made(gate)
    hands.go_on(72 * 3600 - 1)
    assert linking.opened(gate.tables, link)
    hands.go_on(1)
    with pytest.raises(NotFound):
        linking.opened(gate.tables, link)
    with pytest.raises(NotFound):
        gate.do(linking.acknowledge(link), gate.one)


def test_the_digest_of_a_link_whose_time_is_over_does_not_stay(gate: Gate, hands: Hands) -> None:
    vault = gate.house.vault
    link = made(gate)
    secret = linking.new_address(vault, link, gate.one)
    assert linking.link_of(vault, secret) == link and secret not in vault.names(linking.DRAWER)
    hands.go_on(timedelta(hours=73).total_seconds())
    linking.new_address(vault, link, gate.one)
    assert len(vault.names(linking.DRAWER)) == 1
    with pytest.raises(NotFound):
        linking.link_of(vault, secret)


def test_who_read_by_a_link_has_read_for_everything_that_asks(gate: Gate, hands: Hands) -> None:
    link = made(gate)
    with pytest.raises(HeardError):
        gate.begins(gate.one)
    gate.do(linking.acknowledge(link), gate.one)
    gate.begins(gate.one)
    assert [one.holder for one in projection.on_duty(gate.tables, gate.id)] == [gate.one]
    with pytest.raises(NotFound):
        gate.do(linking.acknowledge(link), gate.one)


def test_what_was_recorded_says_that_it_was_by_a_link(gate: Gate, hands: Hands) -> None:
    since = now.utc()
    gate.do(linking.acknowledge(made(gate)), gate.one)
    hands.go_on(2)
    asked = looking_back.recorded(gate.house.journal, gate.tables, gate.id, since, now.utc(), {gate.one: "Olu"})
    with ThreadPoolExecutor(1) as beside:  # the browser's loop runs in this thread
        words = [one.words for one in beside.submit(asyncio.run, asked).result()]
    assert "Somebody allowed orders to be read by a link." in words
    assert "Olu read “The gate”, version 1, by a link." in words


def over_by_release(gate: Gate) -> bool:
    link = made(gate)
    gate.do(commands.release_holder(gate.id, gate.one), gate.sam)
    gate.do(commands.post_holder(gate.id, gate.one), gate.sam)
    try:
        linking.opened(gate.tables, link)
    except NotFound:
        return True
    return False


def test_control_links_that_outlive_the_post_of_their_holder_are_caught(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert over_by_release(gate)
    monkeypatch.setattr(by_link, "released", lambda *_: None)
    assert not over_by_release(gate)


def test_control_a_link_that_is_not_marked_as_used_is_caught(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    link = made(gate)

    def forgets(tables: object, entry: Entry, body: OrderAcknowledged) -> None: ...

    monkeypatch.setattr(folds.by_link, "acknowledged", forgets)
    gate.do(linking.acknowledge(link), gate.one)
    gate.do(linking.acknowledge(link), gate.one)  # which the test above would have refused
