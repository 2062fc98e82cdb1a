"""Drafts over the API have what the box has, both ways; and whoever keeps one that was sent keeps a new one."""

from __future__ import annotations

import re

from tests.coverage.test_drafts import somebody
from tests.pictures import files
from tests.server import Server


def test_what_a_program_keeps_is_in_the_box_and_what_the_box_keeps_is_read_by_programs(server: Server) -> None:
    slug = server.open_case("by-program", "A case")
    speaker = server.post(f"/cases/{slug}/people", {"name": "Miriam Stanbeck", "role": "witness"}).json()["id"]
    author = somebody(server, "contributor")
    content = files.encoded(files.corners(), "JPEG")
    picture = author.post(f"/api/v1/cases/{slug}/pictures", content=content, headers={"content-type": "image/jpeg"})
    sent = {
        "text": "I saw the gate.",
        "title": "Gate",
        "key_event": True,
        "not_before": "2027-01-04T10:00",
        "speaker": "Miriam Stanbeck",
        "as_said": "verbatim",
        "setting": "evidence",
        "pictures": [{"media": picture.json()["media"], "alt": "The gate", "credit": "Una", "caption": "Open"}],
        "links": [{"url": "https://example.org/", "title": "A page", "text": "Of it"}],
    }
    id = author.post(f"/api/v1/cases/{slug}/drafts", json=sent).json()["id"]
    [read] = author.get(f"/api/v1/cases/{slug}/drafts").json()["items"]
    assert {name: read[name] for name in sent} == sent and read["pinned"] is False
    box = author.get(f"/desk/{slug}/?draft={id}").text
    form = dict(
        re.findall(r'name="(\w+)"[^>]* value="([^"]+)"', box.partition('id="publish"')[2].partition("</form>")[0])
    )
    assert (form["link"], form["alt"], form["picture"]) == ("https://example.org/", "The gate", picture.json()["media"])
    assert f'<option value="{speaker}"' in box and " selected>Miriam Stanbeck" in box
    typed = {"text": "I saw it.", "speaker": speaker, "setting": "evidence", "as_said": "verbatim"}
    author.post(f"/desk/{slug}/keep", data={**typed, "draft": id, "stood": "1"})
    [read] = author.get(f"/api/v1/cases/{slug}/drafts").json()["items"]
    assert (read["text"], read["speaker"], read["pictures"], read["links"]) == ("I saw it.", "Miriam Stanbeck", [], [])
    published = author.post(f"/desk/{slug}/publish", data={**typed, "draft": id, "stood": "2"})
    assert published.headers["location"].endswith("done=submitted")
    late = author.post(f"/desk/{slug}/keep", data={**typed, "text": "Too late.", "draft": id, "stood": "2"})
    assert late.headers["location"].endswith("done=kept-anew")


def test_a_speaker_whom_the_case_does_not_know_is_refused_and_says_what_to_do(server: Server) -> None:
    slug = server.open_case("by-program-2", "A case")
    refused = somebody(server, "reporter").post(
        f"/api/v1/cases/{slug}/drafts", json={"text": "W.", "speaker": "Nobody"}
    )
    assert refused.status_code == 422 and "one of the people of the case" in refused.json()["detail"]
