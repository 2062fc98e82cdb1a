"""Roles in one case, given and taken on a page of its desk."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import httpx2
import pytest

from heard.accounts.commands import add_account, give_role
from heard.opening import open_house
from heard.signing_in import link_for
from tests.server import Server, running

NUMBERS = count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("roles") / "data") as server:
        server.open_case("roles", "A case")
        server.open_case("other", "Another case")
        yield server


def somebody(server: Server, role: str, in_case: str = "") -> tuple[str, httpx2.Client]:
    """Their address, and the cookie of their phone."""
    house = open_house(server.data)
    house.node.catch_up()
    email = f"one-{next(NUMBERS)}@heard.example"
    account = house.node.do(add_account(email, role, f"The {role} {email}"), by="operator").stream  # type: ignore[arg-type]
    if in_case:
        [(case,)] = house.tables.execute("SELECT id FROM cases WHERE slug = 'roles'")
        house.node.do(give_role(account, case, in_case), by="operator")  # type: ignore[arg-type]
    path = "/desk/sign-in/" + link_for(house, account).split("/desk/sign-in/")[1]
    house.close()
    client = httpx2.Client(base_url=server.address, timeout=30)
    assert client.post(path).status_code == 303
    return email, client


def gives(who: httpx2.Client, email: str, role: str = "", slug: str = "roles") -> int:
    verb, form = ("give", {"email": email, "role": role}) if role else ("take", {"email": email})
    return who.post(f"/desk/{slug}/roles/{verb}", data=form).status_code


def test_a_role_given_holds_at_once_and_in_that_case_alone_and_taken_it_holds_no_more(server: Server) -> None:
    administrator = httpx2.Client(base_url=server.address, timeout=30)
    assert administrator.post(server.link).status_code == 303
    email, guest = somebody(server, "by_case")
    assert guest.get("/desk/roles/").status_code == 403
    assert gives(administrator, email, "lawyer") == 303
    assert guest.get("/desk/roles/").status_code == 200 and guest.get("/desk/other/").status_code == 403
    page = administrator.get("/desk/roles/roles/?done=give").text
    assert email in page and "Given. It holds from now on" in page
    assert gives(administrator, email) == 303
    assert guest.get("/desk/roles/").status_code == 403
    assert gives(administrator, email) == 422  # there is none to take


def test_an_editor_gives_nothing_that_is_as_much_as_theirs_and_nobody_changes_their_own(server: Server) -> None:
    for role, in_case in (("editor", ""), ("by_case", "editor")):
        own, editor = somebody(server, role, in_case)
        email, guest = somebody(server, "by_case")
        assert [gives(editor, email, one) for one in ("editor", "lawyer", "administrator", "reporter")] == [422] * 3 + [
            303
        ]
        assert guest.post("/desk/roles/publish", data={"text": "Said.", "once": email}).status_code == 303
        above, _ = somebody(server, "by_case", "lawyer")
        assert [gives(editor, above), gives(editor, above, "reporter")] == [422, 422]  # neither taken nor made less
        assert [gives(editor, own, "reporter"), gives(editor, own)] == [422, 422]
        assert 'value="lawyer"' not in editor.get("/desk/roles/roles/").text
        assert gives(editor, email) == 303
    assert gives(editor, email, "reporter", slug="other") == 403  # an editor of one case gives nothing in another


def test_who_is_no_editor_sees_no_roles_and_gives_none(server: Server) -> None:
    for role in ("reporter", "lawyer", "contributor"):
        email, one = somebody(server, role)
        assert one.get("/desk/roles/roles/").status_code == 403
        assert gives(one, email, "reporter") == 403
        assert "/desk/roles/roles/" not in one.get("/desk/roles/").text


def test_no_token_gives_or_takes_a_role_however_far_it_reaches(server: Server) -> None:
    email, _ = somebody(server, "by_case")
    assert server.client.get("/desk/roles/").status_code == 200  # an administrator's token
    assert "/desk/roles/roles/" not in server.client.get("/desk/roles/").text
    assert server.client.get("/desk/roles/roles/").status_code == 403
    assert [gives(server.client, email, "reporter"), gives(server.client, email)] == [403, 403]


def test_who_is_of_the_watch_alone_is_on_no_page_of_a_desk(server: Server) -> None:
    (watched, _), (reporter, _) = somebody(server, "holder"), somebody(server, "reporter")
    _, editor = somebody(server, "by_case", "editor")
    page = editor.get("/desk/roles/roles/").text
    assert f"The reporter {reporter}" in page and watched not in page
