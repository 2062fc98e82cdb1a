"""Cursor-on-Target: one event, a stream of them cut anywhere, and XML that means harm."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.engine.errors import Refused, TooLarge
from heard.ingest import cursor_on_target
from heard.ingest.cursor_on_target import EVENT_MAX
from heard.ingest.cursor_stream import Completed, Stream
from heard.ingest.fixes import Fix, Sign
from tests.ingest.told import AT, R, evidence

POINT = '<point lat="52.00004" lon="0.00002" hae="60.0" ce="5.0" le="9999999.0"/>'
FIX: dict[str, Any] = {
    "kind": "position",
    "who": "A1",
    "t": AT,
    "lat": 52.00004,
    "lon": 2e-05,
    "acc": 5.0,
    "good_until": AT.replace(minute=1, second=15),
}


def event(point: str = POINT, detail: str = "", **of: str) -> str:
    said = {
        "version": "2.0",
        "uid": "A1",
        "type": "a-f-G-U-C",
        "how": "m-g",
        "time": "2031-03-03T08:00:00Z",
        "start": "2031-03-03T08:00:00Z",
        "stale": "2031-03-03T08:01:15Z",
        **of,
    }
    attributes = " ".join(f'{name}="{value}"' for name, value in said.items() if value)
    return f"<event {attributes}>{point}<detail>{detail}</detail></event>"


def fix(written: str | bytes) -> Fix:
    said = cursor_on_target.read(written, R)
    assert isinstance(said, Fix)
    return said


def test_an_event_is_a_fix_that_says_until_when_it_is_good() -> None:
    assert evidence(fix(event())) == FIX
    assert evidence(fix(f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{event()}\n'.encode())) == FIX


@pytest.mark.parametrize("how", ["h-e", "h-g-i-g-o", "h-t"])
def test_what_was_typed_in_is_flagged_and_proves_nothing(how: str) -> None:
    assert evidence(fix(event(how=how))) == {**FIX, "acc": None, "entered_by_hand": True}


def test_a_simulation_is_a_mock() -> None:
    assert evidence(fix(event(how="m-s"))) == {**FIX, "acc": None, "mock": True}


@pytest.mark.parametrize("ce", ["9999999.0", "9999999", "1e7", "0", "-1", None])
def test_an_unknown_circle_proves_nothing(ce: str | None) -> None:
    point = POINT.replace(' ce="5.0"', f' ce="{ce}"' if ce is not None else "")
    assert evidence(fix(event(point))) == {**FIX, "acc": None}


@pytest.mark.parametrize("kind", ["t-x-c-t", "t-x-d-d", "b-t-f", "u-d-f"])
def test_a_ping_a_chat_or_a_drawing_shows_only_that_the_sender_is_alive(kind: str) -> None:
    assert cursor_on_target.read(event(type=kind), R) == Sign(source="A1", received_at=R, claimed_at=AT)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (event(uid=""), "who sends"),
        (event(time=""), "“time” is no time"),
        (event(time="2031-03-03T08:00:00"), "how far from UTC"),
        (event(stale=""), "“stale” is no time"),
        (event(type=""), "“type”"),
        (event(how=""), "“how”"),
        (event(point=""), "one “point”"),
        (event(point=POINT * 2), "one “point”"),
        (event(point="", detail=POINT), "one “point”"),
        (event(POINT.replace("52.0", "152.0")), "-90 to 90"),
        (event(POINT.replace("52.00004", "NaN")), "“lat” is not a number"),
        ("<auth><cot username='x'/></auth>", "no Cursor-on-Target event"),
        ("", "not XML"),
        ("<event", "not XML"),
        (event() + event(), "not XML"),
        (event(detail="&unheard;"), "not XML"),
        (event(detail="<a>" * 70 + "</a>" * 70), "nested too deeply"),
        (event(detail="x" * EVENT_MAX), "64 KiB"),
        (f"<!DOCTYPE event>{event()}", "no document type"),
        (f'<!DOCTYPE event [<!ENTITY a "x">]>{event(detail="&a;")}', "no document type"),
        (f'<!DOCTYPE event SYSTEM "file:///etc/passwd">{event()}', "no document type"),
        (event().encode("utf-16"), "not XML in UTF-8"),
        (event().encode("utf-16-le"), "not XML in UTF-8"),
        ('<?xml version="1.0" encoding="latin-1"?><event uid="\xff"/>'.encode("latin-1"), "not XML"),
        (b"<event uid='\xff'/>", "not XML"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(written: str | bytes, why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        cursor_on_target.read(written, R)
    assert "Nothing was kept" in refused.value.message


def heard(*pieces: bytes) -> Completed:
    """All that the pieces complete."""
    stream = Stream()
    completed = [stream.hear(piece, R) for piece in pieces]
    said = tuple(one for each in completed for one in each.said)
    return Completed(said, tuple(why for each in completed for why in each.refused), completed[-1].ended)


#: Everything in which a naive cutter would see an end, and the ways in which senders begin an event.
AWKWARD = (
    event(uid="A1"),
    "\n\n  ",
    '<?xml version="1.0" encoding="UTF-8"?>\n' + event(uid="A2", detail="<remarks>&lt;/event> &amp; ]] ></remarks>"),
    event(uid="A3", detail="<![CDATA[</event><!DOCTYPE x>]]><a b='&lt;/event>' c=\"/>\"/>"),
    event(uid="A4", detail="<!-- </event> ' \" --><event><event/></event>"),
    "<!-- between -->",
    "<event uid='A5' type='t-x-c-t' how='m-g' time='2031-03-03T08:00:00Z' stale='2031-03-03T08:00:09Z' x='a>b'/>",
    event(uid="Ä6"),
)


@given(st.lists(st.integers(0, len("".join(AWKWARD).encode())), max_size=12))
def test_a_stream_cut_anywhere_holds_the_same_events(cuts: list[int]) -> None:
    written = "".join(AWKWARD).encode()
    ends = sorted({*(min(cut, len(written)) for cut in cuts), 0, len(written)})
    completed = heard(*(written[a:b] for a, b in itertools.pairwise(ends)))
    assert [one.source for one in completed.said] == ["A1", "A2", "A3", "A4", "A5", "Ä6"]
    assert (completed.refused, completed.ended) == ((), None)


def test_byte_by_byte_too() -> None:
    """So that every tag, comment and section is cut at each of its bytes."""
    completed = heard(*(bytes([one]) for one in "".join(AWKWARD).encode()))
    assert ([one.source[1:] for one in completed.said], completed.ended) == (list("123456"), None)


def test_an_event_that_says_nonsense_is_refused_alone() -> None:
    completed = heard((event() + event(uid="") + event() + "<auth/>" + event()).encode())
    assert len(completed.said) == 3
    assert [why.message.split(".")[0] for why in completed.refused] == [
        "This does not say who sends it",
        "This is XML, and no Cursor-on-Target event",
    ]
    assert completed.ended is None


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "no stream of"),
        (b"\xbf\x01\xbf\x12\x34", "TAK's binary"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]>", "no document type"),
        (b"<event><!ENTITY a 'b'>", "no document type"),
        (b"</event>", "ends more"),
        (b"<a>" * 65, "too deeply"),
        (b"<event a='" + b"x" * EVENT_MAX, "no end"),
        (b"<!--" + b"x" * EVENT_MAX, "no end"),
        (b"<event>" + b" " * EVENT_MAX, "no end"),
    ],
)
def test_what_cannot_go_on_ends_the_stream_and_keeps_what_came_before(written: bytes, why: str) -> None:
    stream = Stream()
    completed = stream.hear(event().encode() + written, R)
    assert (len(completed.said), completed.ended is not None) == (1, True)
    assert why in str(completed.ended)
    again = stream.hear(event().encode(), R)
    assert (again.said, again.ended) == ((), completed.ended)


def test_blanks_keep_a_connection_open_and_are_not_gathered() -> None:
    stream = Stream()
    for _ in range(3 * EVENT_MAX // 1000):
        assert stream.hear(b"\n" * 1000, R) == Completed()
    assert len(stream.hear(event().encode(), R).said) == 1


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    entities = [f'<!ENTITY {b} "' + f"&{a};" * 10 + '">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    bomb = f'<!DOCTYPE e [<!ENTITY a "aaaaaaaaaa">{"".join(entities)}'
    began = time.process_time()
    with pytest.raises(Refused, match="no document type"):
        cursor_on_target.read(f"{bomb}]>{event(detail='&i;')}", R)
    assert heard(f"{bomb}]>{event(detail='&i;')}".encode()).ended is not None
    assert time.process_time() - began < 0.5


def test_many_ends_in_one_long_token_cost_no_more_than_its_length() -> None:
    """A reader that starts over at each `>` takes seconds for this."""
    began = time.process_time()
    written = b"<event a='" + b">" * (EVENT_MAX - 100) + b"'/>"
    with pytest.raises(Refused):
        cursor_on_target.read(written, R)
    assert len(heard(written * 20).refused) == 20
    assert time.process_time() - began < 1


def test_too_large_is_its_own_kind_of_refusal() -> None:
    with pytest.raises(TooLarge):
        cursor_on_target.read(event(detail="x" * EVENT_MAX), R)
