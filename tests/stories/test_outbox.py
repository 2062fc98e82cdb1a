"""Nothing typed is ever lost: a reporter's phone without a line, killed, signed out, and what readers get of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from tests.stories.colleague import Colleague
from tests.stories.hearing import Hearing
from tests.stories.people import another_link
from tests.stories.phone import PHONE, Phone
from tests.stories.reader import Reader

#: How long before the kill the last key was pressed.
LAST_KEY_MS = 250
#: From holding a post to two people letting it out, each with a phone.
RELEASED_WITHIN_S = 60
Opens = Callable[..., Reader]
Phones = Callable[..., Phone]


def published(hearing: Hearing) -> list[dict[str, Any]]:
    """What the reporter wrote that readers have, the oldest first."""
    items = hearing.server.client.get(f"/api/v1/cases/{hearing.slug}/posts?limit=500").json()["items"]
    found = [one for one in items if "Told" in one.get("text", "")]
    return sorted(found, key=lambda one: int(one["position"]))


def words(posts: list[dict[str, Any]]) -> list[str]:
    return [one["text"] for one in posts]


def test_an_hour_in_court_without_a_line_twice_and_killed_once(reader: Opens, phones: Phones, hearing: Hearing) -> None:
    """Posts lost 0, doubled 0, published though restricted meanwhile 0; then an editor corrects, a lawyer stops what is
    written, the two let it out from their phones, and the lawyer withdraws it. Readers are looked at at every step.
    """
    listed = hearing.server.post(f"/cases/{hearing.slug}/hearings", {"title": "The inquest", "jury": True}).json()
    one, phone = reader(f"/{hearing.slug}/"), phones()
    phone.opens(hearing.slug)
    phone.is_ready_to_lose_its_line()
    phone.writes("Told 1: the court sits.")
    one.waits_to_see("Told 1: the court sits.")

    phone.has_line(False)
    phone.writes("Told 2: the first witness is sworn.")
    phone.writes("Told 3: the lamp was lit by Petronella Vane.")
    hearing.does(f"/hearings/{listed['id']}/jury", {"jury": "out"})
    phone.writes("Told 4: argument without the jury.")
    hearing.does(f"/hearings/{listed['id']}/jury", {"jury": "in"})
    phone.reporter.waits_to_see("There is no line.")
    phone.opens(hearing.slug)  # and the desk opens still
    phone.writes("Told 5: the jury is back.")
    phone.shows_waiting("Told 2", "Told 3", "Told 4", "Told 5")
    phone.page.locator("#text").press_sequentially("Told 6: half a sen")
    phone.page.wait_for_timeout(LAST_KEY_MS)

    phone.is_killed()
    phone.starts(line=False)
    phone.opens(hearing.slug)
    phone.reporter.waits(lambda: phone.page.input_value("#text") == "Told 6: half a sen", "for the draft")
    phone.shows_waiting("Told 2", "Told 3", "Told 4", "Told 5")
    phone.writes("Told 6: half a sentence, made whole.")
    hearing.does(f"/cases/{hearing.slug}/restrictions", {"basis": "an order", "names": ["Petronella Vane"]})

    phone.loses_its_session()
    phone.has_line(True)
    phone.reporter.waits_to_see("You are signed out.")
    phone.shows_waiting("Told 2", "Told 3", "Told 4", "Told 5", "Told 6")
    phone.signs_in(another_link(hearing.server))
    one.waits_to_see("Told 6: half a sentence, made whole.")
    phone.opens(hearing.slug)
    phone.shows_waiting()

    phone.has_line(False)
    phone.writes("Told 7: the court rises.")
    phone.has_line(True)
    one.waits_to_see("Told 7: the court rises.")

    posts = published(hearing)
    assert [text[:6] for text in words(posts)] == ["Told 1", "Told 2", "Told 5", "Told 6", "Told 7"]
    assert all(post["written_at"] < post["published_at"] for post in posts)
    written = [post["written_at"] for post in posts]
    assert written == sorted(written)
    assert not one.sees("Petronella") and not one.sees("argument without")
    desk = hearing.desk.get(f"/desk/{hearing.slug}/").text
    kept = {text: desk.count(f"<p>{text}") for text in ("Told 3", "Told 4")}
    assert kept == {"Told 3": 1, "Told 4": 1}

    editor = Colleague(reader, hearing.server, "Edda", "editor", hearing.slug, **PHONE)
    lawyer = Colleague(reader, hearing.server, "Lew", "lawyer", hearing.slug, **PHONE)
    [made_whole] = [post["id"] for post in published(hearing) if post["text"].startswith("Told 6")]
    editor.corrects(made_whole, "Told 6: a sentence, put right.", "misheard")
    one.waits_to_see("Told 6: a sentence, put right.")
    assert not one.sees("made whole") and not one.sees("misheard")
    lawyer.wants_a_second_pair_of_eyes()
    phone.writes("Told 8: a note for the lawyer.")
    phone.shows_waiting()
    lawyer.looks_again()
    began = time.monotonic()
    lawyer.holds("Told 8: a note for the lawyer.", "To be looked at.")
    assert not one.sees("Told 8")
    lawyer.says_that_it_may_go("Told 8: a note for the lawyer.", "It may go.")
    assert not one.sees("Told 8"), "one alone lets nothing out"
    editor.looks_again()
    assert editor.one.sees("Lew would let it out: It may go.")
    editor.lets_out("Told 8: a note for the lawyer.")
    assert time.monotonic() - began < RELEASED_WITHIN_S
    one.waits_to_see("Told 8: a note for the lawyer.")
    posts = published(hearing)
    assert len(posts) == len(set(words(posts))) == 6, "nothing lost and nothing doubled"

    lawyer.looks_again()
    lawyer.withdraws(posts[-1]["id"], "for legal reasons")
    one.waits(lambda: not one.sees("Told 8"), "for the withdrawn words to go")
    assert one.sees("This post was withdrawn for legal reasons.")
    assert len(published(hearing)) == 5 and one.shown() == one.fresh()


def answer_is_lost(route: Any) -> None:
    route.fetch(max_redirects=0)
    route.fulfill(status=502, body="Bad gateway")


def over_a_bad_line(phone: Phone, hearing: Hearing) -> list[str]:
    phone.opens(hearing.slug)
    phone.page.route("**/api/v1/cases/*/posts", answer_is_lost, times=1)
    for number in range(1, 4):
        phone.writes(f"Told {number} over a bad line.")
    last = "Told 3 over a bad line."
    phone.reporter.waits(lambda: last in words(published(hearing)), "for the last to be published")
    phone.shows_waiting()
    return words(published(hearing))


def test_answers_that_are_lost_double_nothing(phones: Phones, hearing: Hearing) -> None:
    phone = phones()
    assert over_a_bad_line(phone, hearing) == [f"Told {number} over a bad line." for number in range(1, 4)]


def test_control_an_outbox_without_keys_publishes_twice(phones: Phones, hearing: Hearing) -> None:
    phone = phones(service_workers="block")

    def without_keys(route: Any) -> None:
        script = route.fetch().text()
        assert "post.key" in script
        route.fulfill(body=script.replace("post.key", "crypto.randomUUID()"), content_type="text/javascript")

    phone.context.route("**/static/*/outbox.js", without_keys)
    assert len(over_a_bad_line(phone, hearing)) == 4


def test_what_is_refused_lets_the_others_past_and_comes_back_with_its_words(phones: Phones, hearing: Hearing) -> None:
    phone = phones()
    phone.opens(hearing.slug)
    phone.is_ready_to_lose_its_line()
    phone.has_line(False)
    phone.writes("Told 1: before it closed.")
    phone.page.fill("#text", "Told 2: being typed.")
    hearing.state("closed")
    phone.has_line(True)
    phone.reporter.waits_to_see("The coverage is closed.")
    phone.shows_waiting("Told 1: before it closed.")
    assert phone.page.input_value("#text") == "Told 2: being typed."
    hearing.state("reopened")
    phone.page.click("text=Send it again")
    phone.shows_waiting()
    assert words(published(hearing)) == ["Told 1: before it closed."]


def test_whoever_is_quicker_than_the_desk_loses_neither_old_words_nor_new(phones: Phones, hearing: Hearing) -> None:
    """They type and send while the page still looks for what was kept the last time."""
    phone = phones()
    phone.page.add_init_script(
        "const open = indexedDB.open.bind(indexedDB), slow = new Promise(done => setTimeout(done, 1000));"
        "indexedDB.open = (...of) => { const asked = open(...of), later = { get result() { return asked.result } };"
        "asked.onsuccess = () => slow.then(() => later.onsuccess());"
        "asked.onupgradeneeded = () => later.onupgradeneeded(); return later }"
    )
    phone.opens(hearing.slug)
    phone.page.fill("#text", "Told before, and not sent.")
    phone.page.wait_for_timeout(2000)
    phone.opens(hearing.slug)
    phone.page.fill("#text", "Told in haste.")
    phone.page.press("#text", "Control+Enter")
    phone.reporter.waits_to_see("What you wrote before is in the box too.")
    assert phone.page.input_value("#text") == "Told before, and not sent.\n\nTold in haste."
    assert published(hearing) == []


def test_what_waits_never_goes_out_under_the_name_of_somebody_else(hearing: Hearing) -> None:
    """Who has signed in on the device meanwhile."""
    page = hearing.desk.get(f"/desk/{hearing.slug}/").text
    [account] = re.findall(r'data-account="([^"]+)"', page)
    for meant, status in (("somebody-else", 401), (account, 201)):
        answer = hearing.desk.post(
            f"/api/v1/cases/{hearing.slug}/posts", json={"text": "Told by one."}, headers={"Heard-Account": meant}
        )
        assert answer.status_code == status
    assert words(published(hearing)) == ["Told by one."]


def test_nothing_stays_on_the_phone_after_its_owner_signed_out(phones: Phones, hearing: Hearing) -> None:
    phone = phones()
    phone.opens(hearing.slug)
    phone.is_ready_to_lose_its_line()
    cached = phone.page.evaluate(
        "caches.keys().then(names => Promise.all(names.map(name => caches.open(name).then(one => one.keys())))).then("
        "all => all.flat().map(one => new URL(one.url).pathname))"
    )
    assert "/desk/-/offline/" in cached
    assert [path for path in cached if not path.startswith(("/static/", "/desk/-/"))] == []
    phone.has_line(False)
    phone.writes("Told to nobody yet.")
    phone.shows_waiting("Told to nobody yet.")
    phone.page.click("text=Sign out")
    phone.reporter.waits_to_see("Not sent yet: 1 text.")
    phone.page.click("text=Sign out and destroy")
    phone.reporter.waits_to_see("You are still signed in, and nothing was destroyed.")
    phone.shows_waiting("Told to nobody yet.")
    phone.has_line(True)
    phone.shows_waiting()
    phone.page.fill("#text", "Told to myself.")
    phone.page.click("text=Sign out")
    phone.page.click("text=Sign out and destroy")
    phone.page.wait_for_url(phone.line.address + "/")
    left = "Promise.all([indexedDB.databases(), caches.keys(), navigator.serviceWorker.getRegistrations()])"
    assert phone.page.evaluate(f"{left}.then(all => all.map(one => one.length))") == [0, 0, 0]
