"""Sends pictures as programs do, and looks for them as readers do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from heard.accounts import commands as account_commands
from heard.opening import House, open_house
from heard.signing_in import token_for
from tests.pictures import files
from tests.server import Server

WORDS = {"alt": "A gate at noon, seen from the hill", "credit": "Ida Rook", "caption": "Nobody kept it"}


def reporter(server: Server) -> httpx2.Client:
    """A reporter of whom nothing was held yet: after a few such posts all of an account goes for approval."""
    house = open_house(server.data)
    house.node.catch_up()
    email = f"{uuid4().hex}@heard.example"
    house.node.do(account_commands.add_account(email, "reporter", "R"), by="operator")
    token = token_for(house, email, "write")
    house.close()
    return httpx2.Client(base_url=server.address, headers={"Authorization": f"Bearer {token}"}, timeout=60)


def sent(client: httpx2.Client, slug: str, content: bytes = b"", name: str = "IMG_1.jpg") -> httpx2.Response:
    content = content or files.talkative_jpeg()
    headers = {"Content-Type": "image/jpeg", "Heard-File-Name": name}
    return client.post(f"/api/v1/cases/{slug}/pictures", content=content, headers=headers)


def posted(
    client: httpx2.Client, slug: str, text: str = "The gate.", content: bytes = b"", **more: Any
) -> tuple[str, Any]:
    """The id of a post with a picture, and what its picture answered."""
    kept = sent(client, slug, content).json()
    told = {"media": kept["media"], **WORDS, **more}
    answer = client.post(f"/api/v1/cases/{slug}/posts", json={"text": text, "pictures": [told]})
    assert answer.status_code in (201, 202), answer.text
    return answer.json()["id"], kept


def address(slug: str, kept: Any) -> str:
    return f"/{slug}/media/{kept['media']}-{kept['width']}.jpg"


def shown_on(page: str, slug: str) -> set[str]:
    return set(re.findall(rf"/{slug}/media/[0-9a-f]{{64}}-\d+\.(?:jpg|webp)", page))


def fresh(number: int) -> bytes:
    """A picture that no other test sends, in any size."""
    picture = files.corners(1000, 700)
    picture.paste((17 * number % 256, 91 * number % 256, 53 * number % 256), (250, 200, 750, 500))
    return files.encoded(picture, "PNG")


def sealed_at(house: House, name: str) -> Path:
    """The file on the disk in which a picture lies sealed."""
    return house.media.folder / f"{house.media.begin(name).file}.sealed"
