"""A name that an order protects, in a picture's words or in its file: held, and told to nobody."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.pictures import files
from tests.pictures.sending import WORDS, address, fresh, posted, reporter, sent
from tests.server import Server

NAME = "Petronella Vane"


@pytest.fixture(scope="module")
def guarded(server: Server) -> str:
    slug = server.open_case("guarded", "A guarded case")
    assert server.post(f"/cases/{slug}/restrictions", {"basis": "s.11", "names": [NAME]}).status_code == 201
    return slug


@pytest.mark.parametrize("field", ["alt", "credit", "caption"])
def test_a_name_in_its_words_is_held_and_its_picture_with_it(server: Server, guarded: str, field: str) -> None:
    shade = {"alt": 11, "credit": 12, "caption": 13}[field]
    post, kept = posted(reporter(server), guarded, content=fresh(shade), **{field: f"By {NAME.replace(' ', '  ')}"})
    assert server.client.get(f"/api/v1/posts/{post}").json()["status"] == "held"
    assert server.reader.get(address(guarded, kept)).status_code == 404


@pytest.mark.parametrize("where", ["file name", "Exif", "XMP"])
def test_a_name_in_the_file_is_held_and_told_to_nobody(server: Server, guarded: str, where: str) -> None:
    how: dict[str, Any] = {"Exif": {"exif": files.exif(words=NAME)}, "XMP": {"xmp": f"<x>{NAME}</x>".encode()}}
    content = files.encoded(files.corners(90, 70 + len(where)), "JPEG", **how.get(where, {}))
    name = "petronella_vane%20(1).jpg" if where == "file name" else "IMG_1.jpg"
    client = reporter(server)
    answer = sent(client, guarded, content, name)
    assert answer.status_code == 201 and set(answer.json()) == {"media", "width", "height"}
    told = {"media": answer.json()["media"], **WORDS}
    held = client.post(f"/api/v1/cases/{guarded}/posts", json={"text": "The gate.", "pictures": [told]})
    assert held.status_code == 202 and "Vane" not in held.text
    server.client.get(f"/api/v1/posts/{held.json()['id']}")
    kept = b"".join(
        path.read_bytes() for path in server.data.rglob("*") if path.is_file() and "journal" not in path.name
    )
    assert b"petronella_vane" not in kept


def test_control_the_same_file_without_the_name_is_published(server: Server, guarded: str) -> None:
    client = reporter(server)
    answer = sent(client, guarded, files.encoded(files.corners(90, 71), "JPEG", exif=files.exif()), "gate.jpg")
    told = {"media": answer.json()["media"], **WORDS}
    assert (
        client.post(f"/api/v1/cases/{guarded}/posts", json={"text": "The gate.", "pictures": [told]}).status_code == 201
    )


def test_an_order_that_comes_later_takes_the_picture_too(server: Server) -> None:
    slug = server.open_case("later", "A case with a late order")
    post, kept = posted(reporter(server), slug, f"{NAME} stands at the gate.", fresh(14))
    assert server.reader.get(address(slug, kept)).status_code == 200
    server.post(f"/cases/{slug}/restrictions", {"basis": "s.11", "names": [NAME]})
    assert server.reader.get(address(slug, kept)).status_code == 404
    assert post


def test_the_desk_sees_a_held_picture_and_readers_do_not(
    server: Server, guarded: str, signed_in: httpx2.Client
) -> None:
    post, kept = posted(server.client, guarded, f"{NAME} spoke.", fresh(16))
    page = signed_in.get(f"/desk/{guarded}/").text
    private = f"/desk/{guarded}/media/{post}/{kept['media']}-{kept['width']}.jpg"
    assert private in page, page
    seen = signed_in.get(private)
    assert seen.status_code == 200 and seen.headers["cache-control"] == "no-store"
    assert server.reader.get(private, headers={"Accept": "text/html"}).status_code in (303, 401)
    assert server.reader.get(address(guarded, kept)).status_code == 404
