"""Drafts and what a contributor submits, each in a real browser of phone size; and every field kept as it is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests import axe
from tests.server import Server
from tests.stories.hearing import Hearing
from tests.stories.people import signed_in_as
from tests.stories.phone import PHONE, Phone
from tests.stories.reader import Reader

#: How long before the kill the last key was pressed.
LAST_KEY_MS = 250
Opens = Callable[..., Reader]
Phones = Callable[..., Phone]

#: All that a browser keeps for a page of ours, as one text.
KEPT = """async () => {
    const kept = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)]
    for (const { name } of await indexedDB.databases()) {
        const db = await new Promise(done => { indexedDB.open(name).onsuccess = event => done(event.target.result) })
        for (const store of db.objectStoreNames) {
            const asked = db.transaction(store).objectStore(store).getAll()
            kept.push(JSON.stringify(await new Promise(done => { asked.onsuccess = () => done(asked.result) })))
        }
        db.close()
    }
    for (const name of await caches.keys()) {
        const cache = await caches.open(name)
        for (const request of await cache.keys()) kept.push(request.url, await (await cache.match(request)).text())
    }
    return kept.join('\\n')
}"""


def is_somebody(phone: Phone, who: httpx2.Client) -> None:
    [(name, value)] = list(who.cookies.items())
    phone.context.add_cookies([{"name": name, "value": value, "url": phone.line.address}])


def test_a_contributor_submits_from_a_phone_an_editor_lets_it_out_and_a_reader_sees_it(
    reader: Opens, editor: Opens, phones: Phones, hearing: Hearing, server: Server
) -> None:
    one, phone = reader(f"/{hearing.slug}/", **PHONE), phones()
    is_somebody(phone, cleo := signed_in_as(server, "Cleo", "contributor"))
    phone.opens(hearing.slug)
    assert phone.page.inner_text("#publish-now") == "Submit" and not phone.page.query_selector("#desk-state")
    phone.page.fill("#text", "Told by Cleo: the tide was")
    phone.page.click("#keep-draft")
    phone.reporter.waits_to_see("Kept as a draft")
    assert phone.page.input_value("#text") == "" and phone.reporter.sees("Told by Cleo: the tide was")
    phone.page.wait_for_load_state("networkidle")
    phone.page.wait_for_timeout(
        4 * LAST_KEY_MS
    )  # what the device had kept of it is let go; else it is in the box again
    phone.is_killed()

    phone.starts()
    is_somebody(phone, cleo)
    phone.opens(hearing.slug)
    assert axe.violations(phone.page) == []
    phone.page.keyboard.press("d")  # and by keys
    phone.page.keyboard.press("Tab")
    assert "Open in the box" in phone.page.evaluate("document.activeElement.innerText")
    phone.page.keyboard.press("Enter")
    phone.reporter.waits(lambda: phone.page.input_value("#text") == "Told by Cleo: the tide was", "for the draft")
    phone.writes("Told by Cleo: the tide was high.")
    phone.reporter.waits_to_see("waits for a second pair of eyes")
    phone.reporter.waits(lambda: not phone.page.query_selector(".item.draft"), "for the draft to be gone")
    assert not one.sees("Told by Cleo")

    una = editor(signed_in_as(server, "Una"), **PHONE)
    row = una.page.locator("article.held", has_text="Told by Cleo: the tide was high.")
    row.get_by_role("button", name="Publish as it stands").dblclick(no_wait_after=True)  # two presses, one post
    una.waits_to_see("Published.")
    one.waits_to_see("Told by Cleo: the tide was high.")
    items = server.client.get(f"/api/v1/cases/{hearing.slug}/posts?limit=500").json()["items"]
    assert [item["byline"] for item in items if "Cleo" in item["text"]] == ["Cleo"]


def test_a_draft_published_from_the_box_goes_out_once_and_the_post_begun_beside_it_comes_back(
    reader: Opens, editor: Opens, hearing: Hearing
) -> None:
    one, at_desk = reader(f"/{hearing.slug}/"), editor(**PHONE)
    page = at_desk.page
    page.wait_for_load_state("networkidle")
    page.fill("#text", "Of the lamp, for later.")
    page.focus("#text")
    page.keyboard.press("Control+s")
    at_desk.waits_to_see("Kept as a draft")
    page.fill("#text", "Begun beside it")
    page.click("text=Open in the box")
    at_desk.waits(lambda: page.input_value("#text") == "Of the lamp, for later.", "for the draft")
    assert page.is_visible("#of-draft")
    page.fill("#text", "Of the lamp, now.")
    page.wait_for_timeout(LAST_KEY_MS)
    page.reload()
    at_desk.waits(lambda: page.input_value("#text") == "Of the lamp, now.", "for what was typed in the draft")
    page.dblclick("#publish-now")
    one.waits_to_see("Of the lamp, now.")
    at_desk.waits(lambda: page.input_value("#text") == "Begun beside it", "for what was begun")
    assert "draft=" not in page.url and not page.is_visible("#of-draft")
    page.reload()
    at_desk.waits(lambda: page.input_value("#text") == "Begun beside it", "for what was begun, again")
    assert one.page.locator("#posts article", has_text="Of the lamp").count() == 1
    assert not at_desk.sees("for later")


def test_a_draft_that_somebody_sent_meanwhile_loses_no_word_and_is_sent_once_more_as_a_post_of_its_own(
    editor: Opens, hearing: Hearing, server: Server
) -> None:
    at_desk, page = (one := editor()), one.page
    page.wait_for_load_state("networkidle")
    page.fill("#text", "A draft of two.")
    page.click("#keep-draft")
    at_desk.waits_to_see("Kept as a draft")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(LAST_KEY_MS)  # what the device had kept of it is let go
    page.click("text=Open in the box")
    at_desk.waits(lambda: page.input_value("#text") == "A draft of two.", "for the draft")
    una, draft = signed_in_as(server, "Una"), page.input_value("#publish [name=draft]")
    sent = una.post(f"/desk/{hearing.slug}/publish", data={"text": "As Una sent it.", "draft": draft, "stood": "1"})
    assert sent.status_code == 303
    page.fill("#text", "As I would have it.")
    page.wait_for_timeout(LAST_KEY_MS)
    page.click("#publish-now")
    at_desk.waits_to_see("This draft is there no more")
    assert page.input_value("#text") == "As I would have it."
    page.click("#publish-now")
    at_desk.waits_to_see("Published.")
    texts = [one["text"] for one in server.client.get(f"/api/v1/cases/{hearing.slug}/posts").json()["items"]]
    assert "As Una sent it." in texts and "As I would have it." in texts


def test_every_field_is_there_after_the_browser_was_killed_and_gone_when_it_was_sent(
    phones: Phones, hearing: Hearing, desk: httpx2.Client
) -> None:
    phone = phones()
    phone.opens(hearing.slug)
    phone.is_ready_to_lose_its_line()
    first, second = hearing.posts[6], hearing.posts[7]
    problem = hearing.server.reader.post(f"/{hearing.slug}/problem/", data={"words": "Twelve, not ten."})
    assert problem.status_code == 303
    phone.opens(hearing.slug)
    typed = {
        "#title": "A title half",
        "#alt": "A lamp on a",
        "#credit": "Harbour",
        "#link_title": "The harbour’s own",
        f"#title-{first}": "A better",
        f"#notice-{first}": "The number was",
        f"#reason-{first}": "The clerk told",
        f"#alt-{first}": "A gate",
        f"#told-{second}": "Withdrawn at",
        f"#why-{second}": "The court asked",
        "#several-reason": "For all of",
        "#words": "The court rose until",
        "#digest-text": "What is known so",
        "#court-words": "Reporting may",
        "#hearing-title": "The second",
        "#case-standfirst": "What it is",
        "[name=note]": "Put right at",
    }

    def opens_all() -> None:
        phone.page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true })")

    opens_all()
    for field, words in typed.items():
        phone.page.fill(field, words)
    phone.page.select_option(f"#wrong-{first}", "figure")
    phone.page.wait_for_timeout(LAST_KEY_MS)
    phone.is_killed()

    phone.starts()
    is_somebody(phone, desk)
    phone.opens(hearing.slug)

    def stands() -> dict[str, str]:
        return {field: phone.page.input_value(field) for field in typed}

    phone.reporter.waits(lambda: stands() == typed, "for all of it")
    assert phone.page.input_value(f"#wrong-{first}") == "figure"
    assert phone.page.is_visible(f"#reason-{first}") and phone.page.is_visible("#alt")  # nothing of it is folded away
    phone.page.locator(f"#withdraw-{second}").get_by_role("button", name="Withdraw this post").click()
    phone.reporter.waits_to_see("Withdrawn. Readers see the notice now.")
    assert "The court asked" not in phone.page.evaluate(KEPT)
    phone.page.locator(f"#reword-{first}").get_by_role("button", name="Correct an error").click()
    phone.reporter.waits_to_see("Corrected. Readers see it now.")
    assert phone.page.input_value(f"#reason-{first}") == ""
    kept = phone.page.evaluate(KEPT)
    assert "The clerk told" not in kept and "For all of" in kept
    phone.reporter.waits(lambda: phone.page.input_value("#several-reason") == "For all of", "for what was not sent")


def test_a_reason_that_was_refused_is_there_still_and_one_correction_is_never_put_over_another_unseen(
    editor: Opens, hearing: Hearing
) -> None:
    at_desk, post = editor(), hearing.posts[5]
    page = at_desk.page
    page.wait_for_load_state("networkidle")
    page.locator(f"#reword-{post} > summary").click()
    page.fill(f"#text-{post}", "There were four lamps.")
    page.fill(f"#reason-{post}", "A witness told us")
    hearing.does(f"/posts/{post}/corrections", {"text": "There were three lamps.", "reason": "misheard"})
    page.reload()  # as it stands now, with what was typed on what stood before
    at_desk.waits(lambda: page.input_value(f"#reason-{post}") == "A witness told us", "for the reason")
    page.locator(f"#reword-{post}").get_by_role("button", name="Correct an error").click()
    at_desk.waits_to_see("Both versions")
    assert page.input_value("#reason-both") == "A witness told us" and "four lamps" in page.input_value("#text-both")
    assert "three lamps" in server_page(hearing)


def test_words_that_never_reached_the_server_stay_though_the_page_said_before_that_something_was_done(
    phones: Phones, hearing: Hearing, desk: httpx2.Client
) -> None:
    phone, first, second = phones(), hearing.posts[3], hearing.posts[4]
    is_somebody(phone, desk)
    phone.opens(hearing.slug)
    phone.is_ready_to_lose_its_line()
    phone.opens(hearing.slug)
    page = phone.page
    page.wait_for_load_state("networkidle")
    page.locator(f"#reword-{first} > summary").click()
    page.fill(f"#reason-{first}", "The clerk told us")
    page.locator(f"#reword-{first}").get_by_role("button", name="Correct an error").click()
    phone.reporter.waits_to_see("Corrected. Readers see it now.")
    page.wait_for_load_state("networkidle")
    page.locator(f"#reword-{second} > summary").click()
    page.fill(f"#reason-{second}", "Counsel told us")
    page.wait_for_timeout(LAST_KEY_MS)
    phone.has_line(False)
    page.locator(f"#reword-{second}").get_by_role("button", name="Correct an error").click()
    phone.reporter.waits_to_see("No line to the desk")
    phone.has_line(True)
    page.go_back()
    page.wait_for_load_state("networkidle")
    page.select_option("#permission", "withdrawn")  # what says how it stands goes on saying so
    phone.opens(hearing.slug)  # for the browser itself puts back what was in the page before
    phone.reporter.waits(lambda: page.input_value(f"#reason-{second}") == "Counsel told us", "for what was not sent")
    assert page.input_value("#permission") == "no application needed"


def server_page(hearing: Hearing) -> str:
    return hearing.server.page(f"/{hearing.slug}/")


@pytest.mark.parametrize("guarded", [True, False])
def test_nothing_that_is_typed_under_orders_is_ever_on_a_phone(editor: Opens, hearing: Hearing, guarded: bool) -> None:
    """The control takes the guard away and keeps the forms: then it would be there."""
    hearing.does(f"/cases/{hearing.slug}/restrictions", {"basis": "an order", "names": ["Petronella Vane"]})
    page = (one := editor(**PHONE)).page
    if not guarded:

        def without(route: Any) -> None:
            answer = route.fetch()
            body = answer.text().replace(" data-kept-nowhere", "").replace('class="panel"', 'class="panel" data-keep')
            route.fulfill(response=answer, body=body)

        page.route("**/orders/", without)
    page.goto(f"/desk/{hearing.slug}/orders/", wait_until="networkidle")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    fields = page.locator("main input:not([type=hidden], [type=checkbox]), main textarea")
    assert fields.count() > 8
    for number in range(fields.count()):
        fields.nth(number).press_sequentially(f"qorder{number}q")
    page.wait_for_timeout(LAST_KEY_MS)
    if not guarded:
        one.waits(lambda: "qorder" in page.evaluate(KEPT), "for what is kept")
    kept = page.evaluate(KEPT)
    assert ("qorder" in kept) != guarded
    assert "Petronella" not in kept and "Vane" not in kept
    if guarded:  # and what is typed on the case's own page is
        page.goto(f"/desk/{hearing.slug}/", wait_until="networkidle")
        page.fill("#title", "qtitleq")
        page.wait_for_timeout(LAST_KEY_MS)
        assert "qtitleq" in page.evaluate(KEPT)
