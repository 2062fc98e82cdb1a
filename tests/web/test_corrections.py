"""The corrections page of a case and of the whole site."""

from __future__ import annotations

import re

import pytest

from tests.server import Server


@pytest.fixture(scope="module")
def told(server: Server) -> dict[str, str]:
    posts = {}
    for slug in ("one-case", "two-case"):
        server.open_case(slug, f"The title of {slug}")
        posts[slug] = server.publish(slug, f"A wrongwordq in {slug}.")
        notice = {"notice": "The hour was wrong.", "reason": "a silentreasonq"}
        server.post(f"/posts/{posts[slug]}/corrections", {"text": f"The right hour in {slug}.", **notice})
    gone = server.publish("two-case", "A withdrawnwordq.")
    server.post(f"/posts/{gone}/retraction", {"reason": "a silentreasonq", "code": "care"})
    return posts


def test_each_says_what_was_wrong_when_and_the_right_words(server: Server, told: dict[str, str]) -> None:
    for path, slugs in (("/one-case/corrections/", ["one-case"]), ("/corrections/", ["one-case", "two-case"])):
        page = server.page(path)
        for slug in slugs:
            [item] = [one for one in re.findall("<li>.*?</li>", page, re.S) if told[slug] in one]
            assert "<b>Corrected</b>" in item and "The hour was wrong." in item and "<time" in item
            assert f"The right hour in {slug}." in item.split("The right words:")[1]
    assert "out of care" in server.page("/corrections/")


def test_what_kind_of_thing_was_wrong_stands_on_both_and_where_the_post_stands(server: Server) -> None:
    slug = server.open_case("kinds", "Kinds of wrong")
    post = server.publish(slug, "Said by Mr Vane.")
    wrong = {
        "text": "Said by Mr Rook.",
        "wrong": "attribution",
        "notice": "It was Mr Rook.",
        "reason": "a silentreasonq",
    }
    assert server.post(f"/posts/{post}/corrections", wrong | {"wrong": "whatever"}).status_code == 422
    assert server.post(f"/posts/{post}/corrections", wrong).status_code == 201
    for path in (f"/{slug}/corrections/", "/corrections/", f"/{slug}/"):
        page = server.page(path)
        assert (
            "Words were given to somebody who did not say them. It was Mr Rook." in page and "silentreasonq" not in page
        )
    desk = server.client.get(f"/desk/{slug}/").text
    assert "<option>attribution</option>" in desk


def test_old_words_and_reasons_are_on_neither(server: Server, told: dict[str, str]) -> None:
    for path in ("/one-case/corrections/", "/two-case/corrections/", "/corrections/"):
        for words in ("wrongwordq", "silentreasonq", "withdrawnwordq"):
            assert words not in server.page(path)


def test_what_is_protected_since_is_told_of_without_its_words(server: Server, told: dict[str, str]) -> None:
    slug = server.open_case("named", "A case of names")
    post = server.publish(slug, "Somebody spoke.")
    server.post(f"/posts/{post}/corrections", {"text": "Petronella Vane spoke.", "notice": "Named.", "reason": ""})
    assert "Petronella Vane" in server.page("/corrections/")
    server.post(f"/cases/{slug}/restrictions", {"basis": "s.11", "names": ["Petronella Vane"]})
    page = server.page("/corrections/")
    assert "Vane" not in page and "The right hour in one-case." in page
    assert "Vane" not in server.page(f"/{slug}/corrections/")


def test_a_case_on_hold_is_not_mentioned(server: Server, told: dict[str, str]) -> None:
    from heard.cases import commands as case_commands
    from heard.cases import projection as cases
    from heard.opening import open_house

    slug = server.open_case("held-case", "A heldtitleq")
    post = server.publish(slug, "Words.")
    server.post(f"/posts/{post}/corrections", {"text": "Better words.", "notice": "A heldnoticeq.", "reason": ""})
    assert "heldnoticeq" in server.page("/corrections/")
    house = open_house(server.data)
    house.node.catch_up()
    house.node.do(case_commands.hold_case(cases.by_slug(house.tables, slug).id, "asked to"), by="editor")
    house.close()
    server.open_case("after-it", "So that the server has caught up")
    page = server.page("/corrections/")
    assert "heldnoticeq" not in page and "heldtitleq" not in page
