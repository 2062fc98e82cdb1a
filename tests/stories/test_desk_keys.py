"""The desk by the keyboard alone, and what is done to several posts at once."""

from __future__ import annotations

from collections.abc import Callable

from tests.server import Server
from tests.stories.hearing import Hearing
from tests.stories.people import signed_in_as
from tests.stories.reader import Reader

Opens = Callable[..., Reader]


def test_desk_is_worked_by_keys_alone(reader: Opens, editor: Opens, hearing: Hearing) -> None:
    one, at_desk = reader(f"/{hearing.slug}/"), editor()
    page, keys = at_desk.page, at_desk.page.keyboard
    page.wait_for_load_state("networkidle")

    def focused() -> str:
        return str(page.evaluate("document.activeElement.dataset.post ?? document.activeElement.id"))

    keys.press("?")
    assert page.is_visible("#keys") and "bring it forward" in page.inner_text("#keys")
    keys.press("Escape")
    assert not page.is_visible("#keys")
    keys.press("n")
    keys.type("No shortcuts jk? in the box.")
    assert page.input_value("#text") == "No shortcuts jk? in the box."
    page.fill("#text", "")
    keys.press("Escape")
    for key, post in (("j", 7), ("j", 6), ("k", 7), ("j", 6)):
        keys.press(key)
        assert focused() == hearing.posts[post]
    keys.press("e")
    one.waits(lambda: "Post number 7." in one.page.inner_text("#key"), "for the key event")
    at_desk.waits(lambda: focused() == hearing.posts[6], "to be where one was")
    keys.press("p")
    one.waits(lambda: "Post number 7." in one.page.inner_text("#pinned"), "for the pin")
    at_desk.waits(lambda: focused() == hearing.posts[6], "to be where one was")

    def newest() -> list[str]:
        return [post.get_attribute("data-post") or "" for post in page.locator("article.published").all()[:3]]

    was = newest()
    keys.press("[")
    at_desk.waits(lambda: newest() == [was[0], was[2], was[1]] and focused() == was[1], "to be one earlier")
    keys.press("]")
    at_desk.waits(lambda: newest() == was and focused() == was[1], "to be one later")
    keys.press("f")
    at_desk.waits(lambda: newest() == [was[1], was[0], was[2]] and focused() == was[1], "to come forward")
    one.goes_to(f"/{hearing.slug}/")
    assert one.page.locator("#posts article").first.get_attribute("id") == f"post-{was[1]}"
    keys.press("c")
    assert focused() == f"text-{was[1]}"
    keys.type("Clearer. ")
    keys.press("Control+Enter")
    at_desk.waits_to_see("Corrected. Readers see it now.")


def test_one_is_where_one_was_after_a_button_and_after_a_form_and_is_told_there(
    editor: Opens, hearing: Hearing
) -> None:
    at_desk = editor()
    page = at_desk.page

    def opens(show: str) -> None:
        at_desk.goes_to(f"/desk/{hearing.slug}/{show}")
        page.wait_for_load_state("networkidle")

    def focused() -> str:
        return str(page.evaluate("document.activeElement.closest('[data-post]')?.dataset.post"))

    opens(f"?before={hearing.posts[4]}")
    page.locator(f"[data-post='{hearing.posts[1]}']").get_by_role("button", name="Pin", exact=True).click()
    at_desk.waits(lambda: focused() == hearing.posts[1], "to be at the post")
    assert f"before={hearing.posts[4]}" in page.url, "thrown out of the older posts"
    hearing.does(f"/cases/{hearing.slug}/second_eyes", {"needed": True})
    one, other = (hearing.publishes(words) for words in ("Submitted.", "Submitted too."))
    opens("")
    page.locator(f"[data-post='{one}']").get_by_role("button", name="Do not publish").click()
    at_desk.waits(lambda: focused() == other, "to be at the next one")
    page.fill("#text", "Submitted by me.")
    page.click("#publish-now")
    mine = page.locator("article.held[data-post]", has_text="Submitted by me.")
    mine.get_by_role("button", name="Take it back").click()
    at_desk.waits(lambda: "draft=" in page.url and page.input_value("#text") == "Submitted by me.", "to have it back")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.activeElement.id") == "text" and page.is_visible("main > .done")
    opens("")
    post = hearing.posts[7]
    page.locator(f"#reword-{post} > summary").click()
    for words, told in (("", ".error"), ("Made clearer.", ".done")):
        page.fill(f"#text-{post}", words)
        with page.expect_navigation():
            page.locator(f"#reword-{post} button", has_text="Clarify").click()
        page.locator(f"[data-post='{post}'] {told}").wait_for()
        assert focused() == post and page.locator(f"main > {told}:visible").count() == 0


def test_single_keys_can_be_put_off_and_stay_off(editor: Opens, hearing: Hearing) -> None:
    at_desk = editor()
    at_desk.page.wait_for_load_state("networkidle")
    at_desk.page.keyboard.press("?")
    at_desk.page.uncheck("#single-keys")
    at_desk.page.keyboard.press("Escape")
    at_desk.page.reload()
    at_desk.waits(lambda: not at_desk.page.is_checked("#single-keys"), "for it to be remembered")
    at_desk.page.keyboard.press("j")
    assert at_desk.page.evaluate("document.activeElement === document.body")


def test_several_are_withdrawn_let_out_or_held_with_one_reason_without_script_too(
    reader: Opens, editor: Opens, hearing: Hearing, server: Server
) -> None:
    hearing.does(f"/cases/{hearing.slug}/second_eyes", {"needed": True})
    submitted = [hearing.publishes(f"Submitted {n}.") for n in range(3)]
    one = reader(f"/{hearing.slug}/")
    una = editor(signed_in_as(server, "Una"), java_script_enabled=False)

    def does(what: str, *posts: str) -> None:
        for post in posts:
            una.page.check(f"input[name='post-{post}']")
        una.page.locator("#chosen summary").click()
        una.page.fill("#several-reason", "As agreed with the court")
        una.page.locator(f"#several button[value={what}]").click()

    does("approve", *submitted[:2], hearing.posts[0])
    told = una.page.inner_text("#error")
    assert "Done with 2 of 3." in told and "Post number 1." in told
    one.waits_to_see("Submitted 1.")
    una.goes_to(f"/desk/{hearing.slug}/")
    does("hold", submitted[2])
    una.waits_to_see("Done.")
    assert "Submitted 2." in una.page.inner_text("section[aria-labelledby=held]")
    does("withdraw", *hearing.posts[2:5])
    una.waits_to_see("Done.")
    una.goes_to(f"/desk/{hearing.slug}/?show=withdrawn")
    assert una.page.locator("article.retracted").count() == una.page.locator("article.item[tabindex]").count() - 1 == 3
    one.waits(lambda: not any(one.sees(f"Post number {n}.") for n in (3, 4, 5)), "for the words to go")
    assert "As agreed" not in server.page(f"/{hearing.slug}/")


def test_readers_page_is_beside_and_follows(editor: Opens, hearing: Hearing) -> None:
    at_desk = editor()
    at_desk.page.locator("#beside summary").click()
    frame = at_desk.page.frame_locator("#beside iframe")
    frame.locator("text=Post number 8.").first.wait_for()
    hearing.publishes("Seen beside.")
    at_desk.waits(lambda: frame.locator("text=Seen beside.").count() == 1, "for the frame to follow")
