"""A stray control character in a post takes nobody's feed away."""

from __future__ import annotations

from xml.dom.minidom import parseString

from tests.server import Server


def test_characters_that_xml_cannot_write_are_left_out_of_the_feed_alone(server: Server) -> None:
    slug = server.open_case("control-characters", "A case with a \u0007bell")
    server.publish(slug, "Rung\u0001 it \u000bwas, \ufffe and\u001f heard.", title="A \u0002title")
    feed = server.reader.get(f"/{slug}/feed.atom")
    assert feed.status_code == 200
    told = " ".join(node.firstChild.data for node in parseString(feed.content).getElementsByTagName("title"))
    assert "A case with a bell" in told and "A title" in told
    for path in ("", "feed.json", "corrections/"):
        assert server.reader.get(f"/{slug}/{path}").status_code == 200


def test_an_empty_feed_says_the_same_whenever_it_is_asked_for(server: Server) -> None:
    server.open_case("silent", "A case without a post")
    asked = []
    for number in range(2):
        server.open_case(f"another-{number}", "So that nothing is answered from memory")
        asked.append(server.page("/silent/feed.atom"))
    assert asked[0] == asked[1]
