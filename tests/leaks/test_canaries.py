"""Canaries: names, aliases, particulars and terms of orders of every kind, looked for in whatever leaves this machine.

They are planted as orders, and then tried in every way in. What is read: exports and what is within them, a backup with
all its files, every file of the data directory, everything that the server and the commands said, and the public pages.
"""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from typing import get_args

import pytest

from heard.cases.entries import OrderKind
from tests.pictures import files
from tests.pictures.sending import WORDS, reporter, sent
from tests.server import Server, running

KINDS = get_args(OrderKind)
#: A first name and a surname for each kind of order, which stand in nothing else.
NAMES = {kind: f"Qcan{number}ary Zbird{number}feather" for number, kind in enumerate(KINDS)}
TERMS = "qtermsofordersq"
SCHOOL = "Qschoolofbirdsq Primary"
PLAIN = "The harbour at noon."
CANARIES = (*(part for name in NAMES.values() for part in name.split()), TERMS, SCHOOL.split()[0])


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, bytes]]:
    """Everything that was looked into, by where it was."""
    place = tmp_path_factory.mktemp("canaries")
    found: dict[str, bytes] = {}
    with running(place / "data") as server:
        slug = server.open_case("canary", "A case of canaries")
        server.publish(slug, PLAIN, title="Noon")
        for kind, name in NAMES.items():
            order: dict[str, object] = {"basis": "an order", "names": [name, f"@{name.split()[0]}"], "order": kind}
            order |= {"scope": TERMS, "document": TERMS, "particulars": [f"school: {SCHOOL}", "age: 9"]}
            answer = server.post(f"/cases/{slug}/restrictions", order)
            assert answer.status_code == 201, (kind, answer.text)
        found |= {f"answer {number}": answer for number, answer in enumerate(_tried(server, slug))}
        for name, argv in {
            "export": ("export", "case", slug, "--out", str(place / "case.zip")),
            "backup": ("backup", "--out", str(place / "backups")),
        }.items():
            found[f"{name} said"] = _ran(*argv, "--data", str(place / "data"))
        paths = (
            "/",
            f"/{slug}/",
            f"/{slug}/feed.atom",
            f"/{slug}/feed.json",
            f"/{slug}/people/",
            f"/{slug}/corrections/",
        )
        for path in (*paths, f"/live/{slug}/after/0", "/metrics", "/healthz", "/log/checkpoint"):
            found[path] = server.reader.get(path).content
    found["log"] = "\n".join(server.said).encode()
    found |= {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    found |= _within(found["case.zip"])
    yield found


def _tried(server: Server, slug: str) -> Iterator[bytes]:
    """Every way in, by somebody who was told of nothing: what they are answered says none of it back."""
    api, first = f"/api/v1/cases/{slug}/posts", NAMES["anonymity"]
    post = server.publish(slug, "Words to be corrected.")
    with reporter(server) as writer:
        for name in NAMES.values():
            said = writer.post(api, json={"text": f"{name} went to {SCHOOL}.", "title": name})
            assert said.status_code == 202, said.text
            yield said.content
            drafted = writer.post(
                f"/api/v1/cases/{slug}/drafts", json={"text": f"{name} went to {SCHOOL}.", "title": name}
            )
            assert drafted.status_code == 201, drafted.text
            yield drafted.content
        talkative = files.encoded(files.corners(90, 70), "JPEG", exif=files.exif(words=first))
        upload = sent(writer, slug, talkative, name=f"{first}.jpg".replace(" ", "_"))
        pictures = [{"media": upload.json()["media"], **WORDS, "alt": first}]
        yield upload.content + writer.post(api, json={"text": "Seen.", "pictures": pictures}).content
        for verb in ("corrections", "clarifications"):
            yield writer.post(f"/api/v1/posts/{post}/{verb}", json={"text": first, "reason": "a test"}).content
        yield writer.post(f"/api/v1/posts/{post}/retraction", json={"notice": first, "reason": "a test"}).content


def _ran(*argv: str) -> bytes:
    done = subprocess.run([sys.executable, "-m", "heard.cli", *argv], capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def _within(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {f"case.zip: {name}": archive.read(name) for name in archive.namelist()}


def forms(word: str) -> Iterator[bytes]:
    """As it may stand in a file: in any case, as UTF-16, in JSON, in base64 at each of its three beginnings, in hex."""
    for one in {word, word.lower(), word.upper()}:
        raw = one.encode()
        yield from (raw, one.encode("utf-16-le"), json.dumps(one)[1:-1].encode(), raw.hex().encode())
        for shift in range(3):
            yield base64.b64encode(b" " * shift + raw)[4 if shift else 0 : -4]


def where(found: Mapping[str, bytes], *words: str) -> list[tuple[str, str]]:
    return [(name, word) for word in words for form in forms(word) for name, raw in found.items() if form in raw]


def test_no_canary_is_in_an_export_a_backup_a_log_a_file_or_a_page(read: dict[str, bytes]) -> None:
    assert not where(read, *CANARIES)


def test_everything_was_looked_into_and_what_is_no_secret_is_found(read: dict[str, bytes]) -> None:
    """The control: the same look finds the words that were published, and a canary wherever one is put."""
    seen = {name for name, _ in where(read, PLAIN)}
    assert "/canary/" in seen and "case.zip: case.json" in seen and any(name.startswith("/live") for name in seen)
    assert len([name for name in read if name.startswith("backups/")]) >= 6
    assert read["log"] and read["backup said"] and any(name.endswith(".sealed") for name in read)
    canary = CANARIES[0]
    for form in forms(canary):
        assert where({"put there": b"before " + form + b" after"}, canary), form
