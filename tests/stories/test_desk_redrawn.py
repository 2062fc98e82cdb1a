"""The desk that was changed step by step is the desk as it would be if it were opened now; and what one is at stays."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from heard.engine import now
from tests.stories.hearing import Hearing
from tests.stories.people import signed_in_as
from tests.stories.reader import Reader

Opens = Callable[..., Reader]
STEPS = 15

#: All that the desk shows of the case, part by part and row by row. Each form has a key of its own at each drawing, and
#: who is here is kept up elsewhere.
DRAWN = """page => [...page.querySelectorAll('[data-part]')].map(part => {
    const copy = part.cloneNode(true)
    for (const one of copy.querySelectorAll('[name=once]')) one.removeAttribute('value')
    for (const one of copy.querySelectorAll('.editing')) one.remove()
    for (const one of copy.querySelectorAll('details')) one.removeAttribute('open')
    return copy.outerHTML.replace(/\\s+/g, ' ')
})"""
NOW = f"() => ({DRAWN})(document)"
AFRESH = f"""async () => {{
    const answer = await fetch(location.href, {{ cache: 'no-store' }})
    return ({DRAWN})(new DOMParser().parseFromString(await answer.text(), 'text/html'))
}}"""
#: As a page does by itself when it is told that something is new.
FOLLOWS = """async quietly => {
    const loaded = performance.getEntriesByType('resource').map(one => one.name)
    const script = await import(loaded.find(one => one.endsWith('/redraw.js')))
    return script.refresh(quietly)
}"""


class Story:
    def __init__(self, hearing: Hearing, seed: int) -> None:
        self.hearing, self.random = hearing, random.Random(seed)
        slug = hearing.slug
        self.of = hearing.server.post(f"/cases/{slug}/hearings", {"title": "The inquest", "jury": True}).json()["id"]
        self.later = now.text(now.utc() + timedelta(days=1))
        self.posts = list(hearing.posts)
        self.counsel = signed_in_as(hearing.server, "Counsel", "lawyer")

    def step(self) -> None:
        """Whatever is refused in this state changes nothing, which is seen too."""
        post, other = self.random.choice(self.posts), self.random.choice(self.posts)
        case, words = f"/cases/{self.hearing.slug}", f"Words {self.random.random()}"
        deeds: list[tuple[str, dict[str, Any]]] = [
            (f"{case}/posts", {"text": words, "title": words}),
            (f"{case}/posts", {"text": words, "not_before": self.later}),
            (f"/posts/{post}/corrections", {"text": words, "reason": "r", "notice": words}),
            (f"/posts/{post}/retraction", {"reason": "r"}),
            (f"/posts/{post}/key_event", {"on": self.random.random() < 0.7}),
            (f"/posts/{post}/pin", {"on": self.random.random() < 0.7}),
            (f"{case}/second_eyes", {"needed": self.random.random() < 0.3, "reason": words}),
            (f"/hearings/{self.of}/jury", {"jury": self.random.choice(["in", "in", "out"])}),
            (f"{case}/summary", {"text": words}),
            (f"{case}/state", {"state": self.random.choice(["paused", "resumed", "closed", "reopened"])}),
        ]
        path, body = self.random.choice(deeds)
        answer = self.hearing.server.post(path, body).json()
        if path.endswith("/second_eyes") and self.random.random() < 0.7:  # asked for above, and ended by the lawyer
            self.counsel.post(f"/api/v1{path}", json=body)
        if path.endswith("/posts") and answer.get("status") == "published":
            self.posts.append(answer["id"])
        if self.random.random() < 0.4:
            self.hearing.desk.post(f"/desk/{self.hearing.slug}/move", data={"post": post, "before": other})


def follows(at_desk: Reader) -> bool:
    """Whether it is what it would be afresh. What is proven gone between the two makes them differ for once."""
    whole = at_desk.page.evaluate(FOLLOWS, False)
    return bool(whole) and at_desk.page.evaluate(NOW) == at_desk.page.evaluate(AFRESH)


@pytest.mark.parametrize("look", ["", "?show=key"])
def test_desk_changed_step_by_step_is_the_desk_opened_afresh(editor: Opens, hearing: Hearing, look: str) -> None:
    at_desk, story = editor(), Story(hearing, seed=len(look))
    at_desk.goes_to(f"/desk/{hearing.slug}/{look}")
    for step in range(STEPS):
        story.step()
        at_desk.waits(lambda: follows(at_desk), f"to be as it is after step {step}")


@pytest.mark.parametrize("without", ["rows.insertBefore(row, at)", "row.remove()", "put.push(replace(old, one))"])
def test_desk_that_leaves_a_change_out_is_caught(reader: Opens, hearing: Hearing, without: str) -> None:
    # Nothing of the desk was loaded yet: a browser that has the script does not ask for it.
    at_desk = reader("/")
    [(name, value)] = list(hearing.desk.cookies.items())
    at_desk.page.context.add_cookies([{"name": name, "value": value, "url": hearing.server.address}])

    taken: list[str] = []

    def lacking(route: Any) -> None:
        # As it is served: without the spaces that only people need.
        script = route.fetch().text()
        leaner = without.replace(", ", ",")
        assert script.count(leaner) == 1, f"the script has no such line, or has it twice: {without}"
        taken.append(without)
        route.fulfill(body=script.replace(leaner, "0"), content_type="text/javascript")

    at_desk.page.route("**/static/*/redraw.js", lacking)
    at_desk.goes_to(f"/desk/{hearing.slug}/{'?show=published' if 'remove' in without else ''}")
    hearing.publishes("One more.")
    hearing.does(f"/posts/{hearing.posts[5]}/key_event", {})
    hearing.retracts(hearing.posts[3])
    assert not any(follows(at_desk) for _ in range(4)) and taken


def test_every_part_of_the_page_is_answered_to_a_page_that_has_none(editor: Opens, hearing: Hearing) -> None:
    page = editor().page
    said = "html => [...new DOMParser().parseFromString(html, 'text/html').querySelectorAll('[data-part]')].map(one => "
    said += "one.id || one.dataset.post).sort()"
    whole, changed = (hearing.desk.get(f"/desk/{hearing.slug}/{path}").text for path in ("", "changed/"))
    assert page.evaluate(said, whole) == page.evaluate(said, changed)


def test_what_one_is_at_stays_and_all_else_follows(editor: Opens, hearing: Hearing) -> None:
    """Words that are typed, a box that is open, posts that are chosen, the focus, and what one looks at."""
    page, slug = (at_desk := editor(viewport={"width": 1280, "height": 700})).page, hearing.slug
    typed, chosen, looked = hearing.posts[5], hearing.posts[4], hearing.posts[1]
    page.locator(f"#reword-{typed} > summary").click()
    page.fill(f"#text-{typed}", "There were four lamps.")
    page.check(f"input[name='post-{chosen}']")
    page.locator(f"[data-post='{looked}']").evaluate("one => { one.scrollIntoView(); one.focus() }")
    top = page.locator(f"[data-post='{looked}']").evaluate("one => one.getBoundingClientRect().top")
    hearing.does(f"/posts/{typed}/corrections", {"text": "There were three lamps.", "reason": "r"})
    for post in (chosen, looked, hearing.posts[6]):
        hearing.does(f"/posts/{post}/key_event", {})
    new = [hearing.publishes(f"New {n}. " + "The evidence goes on. " * 20) for n in range(3)]
    assert page.evaluate(FOLLOWS, True) is False  # not all: somebody is at one of them
    assert page.input_value(f"#text-{typed}") == "There were four lamps."
    assert page.is_checked(f"input[name='post-{chosen}']")
    assert page.evaluate("document.activeElement.dataset.post") == looked
    assert abs(page.locator(f"[data-post='{looked}']").evaluate("one => one.getBoundingClientRect().top") - top) < 2
    shown = [one.get_attribute("data-post") for one in page.locator("#rows > article").all()]
    assert shown == [*new[::-1], *hearing.posts[::-1]]
    assert "key event" in page.inner_text(f"[data-post='{chosen}'] > .when")
    hearing.retracts(typed)
    assert page.evaluate(FOLLOWS, True) is False
    assert page.input_value(f"#text-{typed}") == "There were four lamps."
    page.fill(f"#text-{typed}", page.evaluate("id => document.getElementById(id).defaultValue", f"text-{typed}"))
    page.locator("#text").focus()
    assert page.evaluate(FOLLOWS, True) is True
    at_desk.waits(lambda: page.evaluate(NOW) == page.evaluate(AFRESH), "for it to be as it is")
    assert f"/desk/{slug}/" in page.url


def test_what_is_selected_stays_selected(editor: Opens, hearing: Hearing) -> None:
    page, post = editor().page, hearing.posts[5]
    words = f"[data-post='{post}'] > p:not(.editing, .when)"
    page.locator(words).first.select_text()
    selected = page.evaluate("String(getSelection())")
    assert "Post number 6." in selected
    hearing.does(f"/posts/{post}/key_event", {})
    assert page.evaluate(FOLLOWS, True) is False
    assert page.evaluate("String(getSelection())") == selected
    page.evaluate("getSelection().removeAllRanges()")
    assert page.evaluate(FOLLOWS, True) is True
    assert "key event" in page.inner_text(f"[data-post='{post}'] > .when")
