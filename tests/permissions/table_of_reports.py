"""The same table for reports: read by everybody, told about by everybody, decided on by those who correct."""

from __future__ import annotations

from typing import Any

from tests.permissions.rows import ALL, WORDS, WRITE, Row, every, public

_SHOWN = every("report", "ok", unknown="absent")
_TOLD = every("report", "ok", unknown="absent")
#: A form that names a report which is not there comes back with what was typed.
_DECIDED = every("report", "ok", unknown="no")


def _desk(states: dict[str, str], on: str = "report", **sends: str) -> list[Row]:
    return [Row(WRITE, "write", on, states, sends)]


def _decides(**sends: Any) -> list[Row]:
    return _desk(_DECIDED, report="{slug}", **sends)


PUBLIC_REPORTS: dict[str, list[Row]] = {
    **{
        f"GET {address}": public("server", every("server", "ok"))
        for address in (
            "/reports/",
            "/reports/figures/",
            "/reports/similar/",
            "/reports/problem/",
            "/robots.txt",
            "/reports.csv",
            "/reports.json",
            "/reports.xlsx",
            "/reports/axes.csv",
            "/reports/feed.atom",
            "/reports/calendar.ics",
        )
    },
    **{
        f"GET /reports/{{slug}}/{what}": public("report", _SHOWN)
        for what in (
            "",
            "similar/",
            "problem/",
            "feed.atom",
            "calendar.ics",
            "report.json",
            "axes.csv",
            "timeline.csv",
            "timeline.svg",
            "timeline.png",
        )
    },
    "GET /reports/follow/": public("server", every("server", "absent")),  # nothing is named that could be followed
    "POST /reports/follow/": [
        Row("*", "public", "report", every("report", "no", unknown="absent"), {"what": "report", "key": "{slug}"})
    ],
    "GET /reports/follow/{token}/": public("server", every("server", "ok")),
    "POST /reports/follow/{token}/": public("server", every("server", "absent")),
    "GET /reports/leave/{token}/": public("server", every("server", "ok")),
    "POST /reports/leave/{token}/": public("server", every("server", "ok")),
    "GET /reports/bodies/{key}/": public("body", every("body", "ok", unknown="absent")),
    **{  # one with fewer than twenty requests is not drawn
        f"GET /reports/bodies/{{key}}/over-time.{form}": public("body", every("body", "absent"))
        for form in ("csv", "svg", "png")
    },
    **{
        f"GET /reports/areas/{{key}}/over-time.{form}": public("area", every("area", "absent"))
        for form in ("csv", "svg", "png")
    },
    "GET /reports/areas/{key}/": public("area", every("area", "ok", unknown="absent")),
    "GET /reports/figures/{name}.csv": public("figure", every("figure", "ok", unknown="absent")),
    "GET /reports/figures/{name}.png": public("figure", every("figure", "ok", unknown="absent")),
    "GET /reports/figures/{name}.svg": public("figure", every("figure", "ok", unknown="absent")),
    "POST /reports/{slug}/problem/": [
        Row("*", "public", "report", _TOLD, {"words": WORDS}),
        Row("*", "public", "report", _TOLD, {"hide": "on"}),  # asked about afterwards, by decision
    ],
    "POST /reports/problem/": [Row("*", "public", "report", _DECIDED, {"report": "{slug}", "words": WORDS})],
    "POST /reports/similar/": [
        Row("*", "public", "server", every("server", "ok"), {"text": "Nobody watched the gate."})
    ],
}

DESK_REPORTS: dict[str, list[Row]] = {
    "GET /api/v1/reports": [Row(ALL, "read", "server", every("server", "ok"))],
    "GET /api/v1/reports/{report}": [Row(ALL, "read", "report", _SHOWN)],
    "GET /api/v1/bodies/{body}": [Row(ALL, "read", "body", every("body", "ok", unknown="absent"))],
    "GET /api/v1/areas/{area}": [Row(ALL, "read", "area", every("area", "ok", unknown="absent"))],
    # That it is taken in when it is asked for by name: tests/web/test_reports_api.py.
    "POST /api/v1/reports/readings": [Row("a", "admin", "server", every("server", "no"), {"": b"no table"})],
    "GET /desk/reports/": [Row(ALL, "read", "server", every("server", "ok"))],
    "GET /desk/reports/same-words/": [Row(ALL, "read", "server", every("server", "ok"))],
    "GET /desk/reports/same-words.csv": [Row(ALL, "read", "server", every("server", "ok"))],
    "POST /desk/reports/settle": _desk(
        every("message", "no", open="ok"), "message", problem="{problem}", words="Mended."
    ),
    "POST /desk/reports/dispute": _decides(addressee="Harbour Board", words=WORDS),
    "POST /desk/reports/hide": _decides(names="", words=WORDS),
    "POST /desk/reports/show": _decides(words=WORDS),
    "POST /desk/reports/hide-all": _desk(every("server", "ok"), "server", words=WORDS),
    "POST /desk/reports/show-all": _desk(every("server", "ok"), "server", words=WORDS),
    "POST /desk/reports/let": _decides(field="deceased", words=WORDS),
    "POST /desk/reports/response": _decides(addressee="Harbour Board", answer="action taken", words=WORDS),
    "POST /desk/reports/extension": _decides(addressee="Harbour Board", until="2031-03-03"),
    "POST /desk/reports/sent": _decides(addressee="Harbour Board", until="2031-03-03"),
    "POST /desk/reports/promise": _decides(addressee="Harbour Board", words=WORDS),
    "POST /desk/reports/outcome": _decides(
        concern="1", addressee="Harbour Board", outcome="implemented", judged_by="Ada", words=WORDS
    ),
    "POST /desk/reports/judgement": _decides(
        concern="1", addressee="Harbour Board", judgement="acceptable", judged_by="Ada", words=WORDS
    ),
    # Asked by nobody's name: that an administrator does it with one is in tests/reports/test_indexing.py.
    **{
        f"POST /desk/reports/{verb}": [Row("a", "admin", "server", every("server", "no"), {"judged_by": ""})]
        for verb in ("index", "unindex")
    },
    # That they do it for an obligation that is there: tests/watch/test_origins.py.
    **{
        f"POST /desk/reports/{verb}": [Row("a", "admin", "server", every("server", "no"), {"obligation": "none"})]
        for verb in ("watched", "public", "private")
    },
    # That they do it for a promise that is there: tests/reports/test_promises.py.
    **{
        f"{method} /desk/reports/promises/{{slug}}/{{number}}/": [
            Row("a", "admin", "report", every("report", "absent"))
        ]
        for method in ("GET", "POST")
    },
    "POST /desk/reports/echo": _decides(earlier="{earlier}", judged_by="Ada"),
    "POST /desk/reports/case": _decides(case="{beside}", judged_by="Ada"),
    "POST /desk/reports/uncase": _desk(  # nothing is linked that could be taken back
        every("report", "no"), report="{slug}", case="{beside}"
    ),
}
