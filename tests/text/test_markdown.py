"""Markdown in, little and safe HTML out; and HTML back to Markdown without losing a word."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nh3
import pytest
from hypothesis import find, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from heard.text import markdown
from heard.text.markdown import escape, from_html, to_html, to_text
from heard.text.paragraphs import text_of

ALLOWED = {"p", "br", "em", "strong", "s", "a", "ul", "ol", "li", "blockquote", "code", "h3", "h4"}


class Inspection(HTMLParser):
    """Reads HTML and notes everything in it that a post may not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.faults.append(f"tag {tag}")
        for name, value in attrs:
            if (tag, name) == ("a", "href"):
                if not re.match(r"(https?|mailto):", value or "", re.IGNORECASE):
                    self.faults.append(f"address {value}")
            elif (tag, name) not in {("a", "rel"), ("ol", "start")}:
                self.faults.append(f"attribute {tag} {name}")

    def handle_comment(self, data: str) -> None:
        self.faults.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.faults.append("declaration")

    def unknown_decl(self, data: str) -> None:
        self.faults.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.faults.append("instruction")


def faults(html: str) -> list[str]:
    inspection = Inspection()
    inspection.feed(html)
    inspection.close()
    # A second parser, the one browsers' rules are written for, must read it the same way.
    reread = nh3.clean(
        html, tags=ALLOWED, attributes={"a": {"href"}, "ol": {"start"}}, link_rel="nofollow noopener ugc"
    )
    return inspection.faults + ([] if reread == html else ["reads differently a second time"])


def test_no_script_survives_of_the_whole_corpus(shared_data: Path) -> None:
    payloads = [json.loads(line)["payload"] for line in (shared_data / "corpora" / "xss.jsonl").open()]
    assert len(payloads) == 8536
    ways = (lambda p: p, lambda p: f"[a]({p})", lambda p: f"[a](<{p}>)", lambda p: f"<{p}>", from_html)
    pages = {to_html(way(payload)) for payload in payloads for way in ways}
    assert [(page, found) for page in pages if (found := faults(page))] == []


def test_the_inspection_catches_markdown_that_lets_html_through() -> None:
    careless = MarkdownIt("commonmark", {"html": True})
    assert faults(careless.render("<img src=x onerror=alert(1)>"))
    assert faults(careless.render("<script>alert(1)</script>"))
    assert faults('<p><a href="javascript:alert(1)">a</a></p>')
    assert faults('<p><a href=" java\tscript:alert(1)">a</a></p>')
    assert faults("<p><!-- a --></p>")


def test_naughty_strings_are_printed_as_typed(shared_data: Path) -> None:
    strings = json.loads((shared_data / "corpora" / "naughty-strings.json").read_text())
    changed = [s for s in strings if one_spaced(to_text(escape(s))) != one_spaced(s)]
    assert len(strings) > 500
    assert changed == []


def one_spaced(text: str) -> str:
    return re.sub(r"[ \t\n\r\f]+", " ", text).strip()


# NUL becomes U+FFFD, as CommonMark says; a lone surrogate is no text.
printable = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("*_`~[]()<>&#+-.1\\!\n\n \t|\"'"))


@given(printable)
def test_escaped_text_is_printed_as_it_stands(text: str) -> None:
    assert one_spaced(to_text(escape(text))) == one_spaced(text)


@given(printable)
def test_any_markdown_gives_safe_html(text: str) -> None:
    assert faults(to_html(text)) == []


#: Words without markup, and now and then a sign that could be some.
nearly_plain = st.text(st.sampled_from("abéßÅ中ⅣǅZ19 ..,;:=?!'\"“‘’()-/%…–\n\n\n\n*_>#&\t"), max_size=40)


def differs(text: str) -> bool:
    """Whether a text is written down otherwise when it is taken for plain than when it is read."""
    markdown.to_html.cache_clear()
    return to_html(text) != markdown.read(text)


@given(nearly_plain)
def test_plain_text_is_written_down_as_it_would_be_read(text: str) -> None:
    assert not differs(text)


def test_taking_markup_for_plain_text_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "_PLAIN", re.compile(r".*", re.DOTALL))
    find(nearly_plain, differs)  # raises when there is none


@given(printable)
def test_html_comes_back_through_markdown_with_every_word(text: str) -> None:
    html = to_html(text)
    assert one_spaced(text_of(to_html(from_html(html)))) == one_spaced(text_of(html))


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("He *did* say **no**, ~~yes~~.", "<p>He <em>did</em> say <strong>no</strong>, <s>yes</s>.</p>"),
        ("one\ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>"),
        ("# Heading\n#### Smaller", "<h3>Heading</h3>\n<h4>Smaller</h4>"),
        ("7. seven\n8. eight", '<ol start="7">\n<li>seven</li>\n<li>eight</li>\n</ol>'),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>"),
        (
            "[site](https://a.example/?x=1&y=2)",
            '<p><a href="https://a.example/?x=1&amp;y=2" rel="nofollow noopener ugc">site</a></p>',
        ),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>"),
    ],
)
def test_what_a_reporter_types(source: str, html: str) -> None:
    assert to_html(source) == html


@pytest.mark.parametrize("source", ["---", "```\ncode\n```", "    four spaces", "[note]: https://a.example", "a\n==="])
def test_no_typed_word_vanishes_into_markup(source: str) -> None:
    assert to_text(source).replace("`", "").split() == source.replace("`", "").split()


@pytest.mark.parametrize("target", ["/desk/", "//evil.example", "data:text/html,x", "javascript:x", "file:///x", "?q"])
def test_only_links_to_other_sites_and_mail_are_links(target: str) -> None:
    assert "href" not in to_html(f"[a]({target})")


def test_an_image_is_never_fetched() -> None:
    assert "<img" not in to_html("![alt](https://a.example/i.png)")


def test_html_is_the_same_in_every_process() -> None:
    source = "[a](https://a.example) *b*\n\n3. c\n\n> d"
    run = "import sys; from heard.text.markdown import to_html; sys.stdout.write(to_html(sys.argv[1]))"
    others = {subprocess.check_output([sys.executable, "-c", run, source], text=True) for _ in range(2)}
    assert others == {to_html(source)}


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>One <strong>two </strong>three</p>", "One **two** three"),
        ("<p>See<a href='https://a.example/'> here</a>.</p>", "See [here](https://a.example/)."),
        ("<ul><li>a</li><li><p>b</p></li></ul><p>c</p>", "- a\n- b\n\nc"),
        ("<ol start=3><li>a<br>b</li></ol>", "3. a\n   b"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ("<blockquote>a</blockquote><blockquote>b</blockquote>", "> a\n\n> b"),
        ("<h2>Title</h2><p>1. not a list</p>", "### Title\n\n1\\. not a list"),
        ("<script>x</script><p>a<!-- b --></p><style>y</style>", "a"),
        ("<p>a &amp;lt; b</p>", "a \\&lt; b"),
        ("<p><a href='file:///x'>a</a> <a href='javascript:x'>b</a></p>", "a b"),
        ("<p>“<strong>a!</strong>b</p>", "“a!b"),
        ("", ""),
    ],
)
def test_html_becomes_markdown(html: str, markdown: str) -> None:
    assert from_html(html) == markdown


def test_real_text_blocks_come_back_with_words_links_and_emphasis(shared_data: Path) -> None:
    seen = 0
    for file in sorted((shared_data / "liveblogs").glob("*.json")):
        for block in json.loads(file.read_text())["blocks"]:
            for html in (element["html"] for element in block["elements"] if "html" in element):
                back = to_html(from_html(html))
                assert text_of(back) == text_of(html)
                assert re.findall(r'href="(.*?)"', back) == re.findall(r'href="(https?:.*?)"', html)
                assert words_in("strong", back) == words_in("strong", html)
                assert words_in("em", back) == words_in("em", html)
                seen += 1
    assert seen == 172


def words_in(tag: str, html: str) -> str:
    return " ".join(text_of(inner) for inner in re.findall(f"<{tag}>(.*?)</{tag}>", html)).replace(" ", "")


def test_a_hostile_length_costs_no_more_than_its_length() -> None:
    # Nesting is bounded: these would take minutes, or the stack, if it were not.
    for mark in ("[", "*", "> ", "- ", "<", "`", "![](", "**a"):
        assert to_html(mark * 5000) is not None
    assert text_of("<ul><li>" * 5000 + "deep") == "deep"
    assert from_html("<blockquote>" * 5000 + "deep").endswith("deep")
