"""Who may do what of the coverage, to a thing in which state: written by hand, see `rows` for what a row says."""

from __future__ import annotations

from tests.permissions.rows import (
    ALL,
    ERASE,
    EVERYONE,
    OPEN,
    RELEASE,
    WITHDRAW,
    WORDS,
    WRITE,
    WRITES,
    Row,
    every,
    public,
)
from tests.permissions.table_of_accounts import OWN_ACCOUNT, PEOPLE, PUBLIC_ACCOUNTS
from tests.permissions.table_of_reports import DESK_REPORTS, PUBLIC_REPORTS
from tests.pictures import files

SHOWN = every("case", "ok", on_hold="withheld", unknown="absent")
SHOWN_POST = every("post", "absent", published="ok", withheld="ok", retracted="ok", erased="ok")
READ = every("case", "ok", unknown="absent")
READ_POST = every("post", "ok", elsewhere="ok", unknown="absent")
#: A post at the address of a case that it is not of is not there.
PUT_RIGHT = every("post", "no", published="ok", withheld="ok", elsewhere="absent", unknown="absent")
TAKEN_BACK = every(
    "post", "ok", dropped="no", erased="no", elsewhere="absent", unknown="absent"
)  # also what nobody has seen yet: it will not be let go by mistake
DESK, API = "/desk/{slug}/", "/api/v1/cases/{case}/"
ORDER = {"basis": "s. 11", "names": ["Petronella Vane"], "order": "section_11"}
SEEN = every("receipt", "ok", not_told="absent l:ok", elsewhere="absent", unknown="absent")
LIFTABLE = every("order", "ok", not_told="absent l:ok", lifted="absent", elsewhere="absent", unknown="absent")
CLEARING = every(
    "order", "ok", told="forbidden l:ok", not_told="absent l:ok", lifted="absent", elsewhere="absent", unknown="absent"
)

PUBLIC: dict[str, list[Row]] = {
    "GET /": public("server", every("server", "ok")),
    "GET /static/{path:path}": public("server", every("server", "absent")),
    "GET /log/checkpoint": public("server", every("server", "ok")),
    "GET /healthz": public("server", every("server", "ok")),
    "GET /metrics": public("server", every("server", "ok")),  # on this machine: see test_sessions for others
    "GET /api/v1/openapi.json": public("server", every("server", "ok")),
    "GET /{slug}": public("case", every("case", "ok")),  # an address is made of an address, whoever has it
    "GET /{slug}/": public("case", SHOWN),
    "GET /{slug}/people/": public("case", SHOWN),
    "GET /{slug}/reports/": public("case", SHOWN),
    "GET /{slug}/corrections/": public("case", SHOWN),
    "GET /corrections/": public("server", every("server", "ok")),
    "GET /{slug}/feed.atom": public("case", SHOWN),
    "GET /{slug}/feed.json": public("case", SHOWN),
    "GET /{slug}/media/{picture}": public("picture", every("picture", "absent", shown="ok")),
    "GET /{slug}/follow/": public("case", SHOWN),
    "POST /{slug}/follow/": [  # of an address that is none: one client is let ask for few
        Row("*", "public", "case", every("case", "no", on_hold="withheld", unknown="absent"), {"address": "nobody"})
    ],
    "GET /{slug}/follow/{token}/": public("case", every("case", "ok")),  # our own words alone, wherever a letter leads
    "POST /{slug}/follow/{token}/": public("case", every("case", "absent")),
    "GET /{slug}/leave/{token}/": public("case", every("case", "ok")),
    "POST /{slug}/leave/{token}/": public("case", every("case", "ok")),
    "GET /{slug}/problem/": public("case", SHOWN),
    "POST /{slug}/problem/": [Row("*", "public", "case", SHOWN, {"words": WORDS})],
    "GET /{slug}/posts/{post}/": public("post", SHOWN_POST),
    "GET /{slug}/posts/{post}/fragment/": public("post", SHOWN_POST),
    "GET /desk/-/offline/": public("server", every("server", "ok")),
    "GET /desk/-/worker.js": public("server", every("server", "ok")),
    "GET /desk/-/manifest.webmanifest": public("server", every("server", "ok")),
    "GET /watch/-/worker.js": public("server", every("server", "ok")),
    "GET /watch/-/manifest.webmanifest": public("server", every("server", "ok")),
    "GET /desk/sign-in/": public("server", every("server", "ok")),
    "GET /desk/sign-in/{secret}/": public("link", every("link", "ok")),
    "POST /desk/sign-in/{secret}/": public("link", every("link", "forbidden", fresh="ok")),
    # By a link to an order its version is acknowledged, and nothing else: tests/watch/test_reading_by_link.
    **{f"{method} /watch/read/{{secret}}/": public("link", every("link", "absent")) for method in ("GET", "POST")},
    # Whoever has the secret of a source speaks for it. The rest of the watch has a table of its own: tests/watch/table
    **{
        f"{method} /ping/{{secret}}{said}": public("source", every("source", "absent", pings="ok"))
        for method in ("GET", "POST")
        for said in ("", "/{said}")
    },
    # So does whoever has a phone's; what says nothing is not understood.
    **{f"{method} /fixes": public("server", every("server", "absent")) for method in ("GET", "POST")},
    **{
        f"{method} /fixes/{{secret}}": public("feed", every("feed", "absent", sends="400"))
        for method in ("GET", "POST")
    },
}

_LISTED = every("case", "ok", unknown="absent")
_LEAVE = {"account": "c@heard.example", "permission": "withdrawn"}
_SAID = every("case", "ok", stopped="no", jury_out="no", unknown="absent")
#: What a contributor writes waits for somebody who lets it out.
_POSTED = every("case", "ok c:kept", closed="no", on_hold="kept", stopped="kept", jury_out="kept", unknown="absent")
_JURY = every("hearing", "ok", without_a_jury="no", elsewhere="ok", unknown="absent")
_API_POST = {**PUT_RIGHT, "elsewhere": "ok"}
#: Sent of what readers have, and called off where one was sent.
_ALERT = every("post", "no", published="ok", elsewhere="ok", unknown="absent")
_OFF = every("alert", "ok", none="no", unknown="absent")
#: What is held is still held after one of two has said that it may go.
_LET_GO = every("post", "no", held_but_free="kept", submitted="ok", elsewhere="absent", unknown="absent")
_DROPPED = {**_LET_GO, "held": "ok", "held but free": "ok", "sealed": "ok", "waiting": "ok"}
_EACH_OUT = every("post", "no", held_but_free="ok", submitted="ok")
_EACH_HELD = every("post", "no", submitted="ok", waiting="ok")
_EACH_DROPPED = {**_DROPPED, "elsewhere": "no", "unknown": "no"}
_EACH_BACK = {**TAKEN_BACK, "elsewhere": "no", "unknown": "no"}
_API_ORDER = {"names": ["Petronella Vane"], "basis": "s. 11"}

API_ROWS: dict[str, list[Row]] = {
    "GET /api/v1/cases": [Row(ALL, "read", "server", every("server", "ok"))],
    "POST /api/v1/cases": [Row(OPEN, "write", "server", every("server", "ok"), {"slug": "{new}", "title": WORDS})],
    "GET /api/v1/cases/{case}": [Row(ALL, "read", "case", READ)],
    "GET /api/v1/cases/{case}/posts": [Row(ALL, "read", "case", READ)],
    "POST /api/v1/cases/{case}/posts": [Row(WRITES, "write", "case", _POSTED, {"text": WORDS})],
    "POST /api/v1/cases/{case}/pictures": [
        Row(
            WRITES,
            "write",
            "folder",
            every("folder", "ok", unknown="absent"),
            {"": files.encoded(files.corners(), "PNG")},
        )
    ],
    # Who sees whose, and destroys it: tests/coverage/test_drafts.py.
    "GET /api/v1/cases/{case}/drafts": [Row(ALL, "read", "case", READ)],
    "POST /api/v1/cases/{case}/drafts": [Row(WRITES, "write", "case", _LISTED, {"text": WORDS})],
    "POST /api/v1/cases/{case}/drafts/{draft}/drop": [Row(WRITES, "write", "case", _LISTED)],
    "POST /api/v1/posts/{post}/take_back": [Row(WRITES, "write", "post", {**every("post", "no"), "unknown": "absent"})],
    "POST /api/v1/cases/{case}/drafts/{draft}/stay": [Row(WRITES, "write", "case", every("case", "absent"))],
    "GET /api/v1/cases/{case}/summary": [Row(ALL, "read", "case", {**READ, "on hold": "withheld"})],
    "POST /api/v1/cases/{case}/summary": [Row(WRITE, "write", "case", _SAID, {"text": WORDS})],
    "GET /api/v1/cases/{case}/state": [Row(ALL, "read", "case", READ)],
    "POST /api/v1/cases/{case}/state": [
        Row(WRITE, "write", "case", every("case", "ok", closed="no", unknown="absent"), {"state": "closed"})
    ],
    "GET /api/v1/cases/{case}/people": [Row(ALL, "read", "case", READ)],
    "POST /api/v1/cases/{case}/people": [Row(WRITE, "write", "case", _LISTED, {"name": "Miriam Stanbeck"})],
    "GET /api/v1/cases/{case}/hearings": [Row(ALL, "read", "case", READ)],
    "POST /api/v1/cases/{case}/hearings": [Row(WRITE, "write", "case", _LISTED, {"title": WORDS})],
    "GET /api/v1/cases/{case}/permission": [Row(ALL, "read", "case", READ)],
    "POST /api/v1/cases/{case}/permission": [Row(WRITE, "write", "case", _LISTED, {"permission": "withdrawn"})],
    "GET /api/v1/cases/{case}/permissions": [Row(RELEASE, "write", "case", READ)],
    "POST /api/v1/cases/{case}/permissions": [Row(RELEASE, "write", "case", _LISTED, _LEAVE)],
    "POST /api/v1/cases/{case}/stop": [Row(WITHDRAW, "write", "case", _LISTED)],
    "POST /api/v1/cases/{case}/legal_hold": [Row(ERASE, "write", "case", _LISTED, {"ground": WORDS})],
    "POST /api/v1/cases/{case}/description": [Row(WRITE, "write", "case", _LISTED, {"title": WORDS})],
    "GET /api/v1/cases/{case}/restrictions": [Row(ALL, "read", "case", READ)],
    "POST /api/v1/cases/{case}/restrictions": [Row(RELEASE, "write", "case", _LISTED, _API_ORDER)],
    "POST /api/v1/cases/{case}/restrictions/{restriction}/told": [
        Row(RELEASE, "write", "order", LIFTABLE, {"told": ["c@heard.example"]}),
        Row(RELEASE, "write", "order", CLEARING, {"cleared": ["c@heard.example"]}),
    ],
    "POST /api/v1/cases/{case}/restrictions/{restriction}/end": [
        Row(RELEASE, "write", "order", LIFTABLE, {"ground": WORDS})
    ],
    "POST /api/v1/hearings/{hearing}/sittings": [
        Row(WRITE, "write", "hearing", every("hearing", "ok", unknown="absent"), {"title": WORDS})
    ],
    "POST /api/v1/hearings/{hearing}/jury": [
        Row(WRITE, "write", "hearing", _JURY, {"jury": "out"}),
        Row(WRITE, "write", "hearing", every("hearing", "ok", unknown="absent"), {"jury": "sworn"}),
    ],
    "POST /api/v1/hearings/{hearing}/delay": [
        Row(WRITE, "write", "hearing", every("hearing", "ok", unknown="absent"), {"minutes": 10})
    ],
    "POST /api/v1/hearings/{hearing}/privacy": [
        Row(WRITE, "write", "hearing", every("hearing", "ok", unknown="absent"), {"private": True})
    ],
    "GET /api/v1/cases/{case}/care": [Row(ALL, "read", "case", READ)],
    "POST /api/v1/cases/{case}/care": [Row(WRITE, "write", "case", _LISTED, {"care": ["suicide"]})],
    "POST /api/v1/hearings/{hearing}/seal": [Row(RELEASE, "write", "hearing", _JURY, {"cause": "jury discharged"})],
    "POST /api/v1/hearings/{hearing}/sealed": [
        Row(
            RELEASE,
            "write",
            "hearing",
            every("hearing", "no", seal_lifted="ok", unknown="absent"),
            {"posts": ["{sealed}"]},
        )
    ],
    "POST /api/v1/sittings/{sitting}/rise": [Row(WRITE, "write", "sitting", every("sitting", "ok", unknown="absent"))],
    "GET /api/v1/cases/{case}/second_eyes": [Row(ALL, "read", "case", READ)],
    "POST /api/v1/cases/{case}/second_eyes": [Row(RELEASE, "write", "case", _LISTED, {"needed": True})],
    "POST /api/v1/posts/{post}/release": [
        Row(RELEASE, "write", "post", {**_LET_GO, "elsewhere": "no"}, {"reason": WORDS})
    ],
    # Nothing waits in this world: whoever may is told that there is no such change; tests/coverage/test_changes.py.
    "GET /api/v1/cases/{case}/changes": [Row(RELEASE, "write", "case", READ)],
    "POST /api/v1/changes/{change}/release": [Row(RELEASE, "write", "server", every("server", "absent"))],
    "POST /api/v1/changes/{change}/drop": [Row(RELEASE, "write", "server", every("server", "absent"))],
    "POST /api/v1/posts/{post}/drop": [Row(RELEASE, "write", "post", {**_DROPPED, "elsewhere": "no"})],
    "GET /api/v1/posts/{post}": [Row(ALL, "read", "post", READ_POST)],
    "GET /api/v1/posts/{post}/corrections": [Row(ALL, "read", "post", READ_POST)],
    "GET /api/v1/posts/{post}/clarifications": [Row(ALL, "read", "post", READ_POST)],
    "GET /api/v1/posts/{post}/retraction": [Row(ALL, "read", "post", every("post", "absent", retracted="ok"))],
    "GET /api/v1/posts/{post}/receipt": [
        Row(ALL, "read", "post", every("post", "absent", retracted="ok", erased="ok")),
        # The id of an order is no way to its receipt, whoever was told of it.
        Row(ALL, "read", "receipt", every("receipt", "absent", of_a_post="ok", elsewhere="ok")),
    ],
    "GET /api/v1/cases/{case}/receipts": [Row(ALL, "read", "case", READ)],
    "GET /api/v1/posts/{post}/key_event": [Row(ALL, "read", "post", READ_POST)],
    "GET /api/v1/posts/{post}/pin": [Row(ALL, "read", "post", READ_POST)],
    "GET /api/v1/posts/{post}/alert": [Row(ALL, "read", "post", READ_POST)],
    "POST /api/v1/posts/{post}/alert": [
        Row(OPEN, "write", "post", _ALERT),
        Row(OPEN, "write", "alert", _OFF, {"on": False}),
    ],
    "POST /api/v1/posts/{post}/corrections": [
        Row(WRITE, "write", "post", _API_POST, {"text": WORDS, "reason": "misheard"})
    ],
    "POST /api/v1/posts/{post}/clarifications": [Row(WRITE, "write", "post", _API_POST, {"text": WORDS})],
    "POST /api/v1/posts/{post}/retraction": [Row(WITHDRAW, "write", "post", {**TAKEN_BACK, "elsewhere": "ok"})],
    "POST /api/v1/posts/{post}/key_event": [Row(WRITE, "write", "post", _API_POST)],
    "POST /api/v1/posts/{post}/pin": [Row(WRITE, "write", "post", _API_POST)],
}


def _desk(may: str, on: str, states: dict[str, str], /, **sends: object) -> list[Row]:
    return [Row(may, "write", on, states, sends)]


_HERE = every("hearing", "ok", elsewhere="absent", unknown="absent")
_HEARD = {**_JURY, "elsewhere": "no", "unknown": "no"}

DESK_ROWS: dict[str, list[Row]] = {
    "GET /desk/": [Row(ALL, "read", "server", every("server", "ok"))],
    "POST /desk/": [Row(OPEN, "write", "server", every("server", "ok"), {"slug": "{new}", "title": WORDS})],
    "POST /desk/sign-out/": [Row(EVERYONE, "session", "session", every("session", "ok"))],
    "GET /desk/{slug}/": [Row(ALL, "read", "case", READ)],
    "GET /desk/{slug}/changed/": [Row(ALL, "read", "case", READ)],
    # Asked without an instant: the first shows the form, the others say that they need one.
    "GET /desk/{slug}/as-published/": [Row(RELEASE, "write", "case", READ)],
    "GET /desk/{slug}/as-published/page/": [Row(RELEASE, "write", "case", every("case", "no", unknown="absent"))],
    "GET /desk/{slug}/as-published/export/": [Row(ERASE, "write", "case", every("case", "no", unknown="absent"))],
    # In a session, for lawyers alone. Nothing says why, so nothing is done; tests/web/test_taking_hold.py has the rest.
    "GET /desk/{slug}/legal-hold/": [Row("l", "session", "case", READ)],
    **{
        f"POST /desk/{{slug}}/legal-hold/{verb}": [
            Row("l", "session", "case", every("case", "no", unknown="absent"), {"ground": ""})
        ]
        for verb in ("place", "end", "record")
    },
    "GET /desk/{slug}/roles/": [Row(OPEN, "session", "case", READ)],
    # In a session. Of an address without an account; tests/coverage/test_roles.py has the others.
    **{
        f"POST /desk/{{slug}}/roles/{verb}": [
            Row(OPEN, "session", "case", every("case", "no", unknown="absent"), {"email": "nobody@heard.example"})
        ]
        for verb in ("give", "take")
    },
    "POST /desk/{slug}/here": [Row(ALL, "read", "case", READ, {"page": "0", "at": "new"})],
    "POST /desk/{slug}/publish": _desk(WRITES, "case", _POSTED, text=WORDS),
    "POST /desk/{slug}/keep": _desk(WRITES, "case", _LISTED, text=WORDS),
    "POST /desk/{slug}/throw-away": _desk(WRITES, "case", _LISTED, draft="none"),
    # By whoever wrote it, who is none of these: tests/coverage/test_taking_back.py.
    "POST /desk/{slug}/take-back": _desk(
        WRITES, "post", every("post", "no", elsewhere="absent", unknown="absent"), post="{post}"
    ),
    "POST /desk/{slug}/bring-back": _desk(WRITES, "case", every("case", "absent"), draft="none"),
    "POST /desk/{slug}/correct": _desk(WRITE, "post", PUT_RIGHT, post="{post}", text=WORDS, reason="misheard"),
    "POST /desk/{slug}/clarify": _desk(WRITE, "post", PUT_RIGHT, post="{post}", text=WORDS),
    "POST /desk/{slug}/retract": _desk(WITHDRAW, "post", TAKEN_BACK, post="{post}", code="error"),
    "POST /desk/{slug}/key": _desk(WRITE, "post", PUT_RIGHT, post="{post}", key_event="yes"),
    "POST /desk/{slug}/alert": [
        *_desk(OPEN, "post", {**_ALERT, "elsewhere": "absent"}, post="{post}"),
        *_desk(OPEN, "alert", {**_OFF, "elsewhere": "absent"}, post="{post}", on="no"),
    ],
    "POST /desk/{slug}/pin": _desk(WRITE, "post", PUT_RIGHT, post="{post}", pinned="yes"),
    "POST /desk/{slug}/move": _desk(WRITE, "post", {**PUT_RIGHT, "retracted": "ok"}, post="{post}", before="{before}"),
    "POST /desk/{slug}/state": _desk(WRITE, "case", every("case", "ok", closed="no", unknown="absent"), state="closed"),
    "POST /desk/{slug}/summary": _desk(WRITE, "case", _SAID, text=WORDS),
    "POST /desk/{slug}/release": _desk(RELEASE, "post", _LET_GO, post="{post}", reason=WORDS),
    # What is not done to one of those chosen is told (422), whatever the reason; one agreement is a deed that was done.
    "POST /desk/{slug}/openings": _desk(WRITE, "hearing", _HERE, hearing="{hearing}", openings="sworn: {{name}} is."),
    "POST /desk/{slug}/several": [
        *_desk(WITHDRAW, "post", _EACH_BACK, what="withdraw", code="error", **{"post-{post}": "on"}),
        *_desk(RELEASE, "post", _EACH_OUT, what="approve", reason=WORDS, **{"post-{post}": "on"}),
        *_desk(RELEASE, "post", _EACH_HELD, what="hold", **{"post-{post}": "on"}),
        *_desk(RELEASE, "post", _EACH_DROPPED, what="drop", **{"post-{post}": "on"}),
    ],
    "POST /desk/{slug}/second-eyes": _desk(RELEASE, "case", _LISTED, needed="yes"),
    "POST /desk/{slug}/change": _desk(RELEASE, "case", every("case", "absent"), change="none"),
    "POST /desk/{slug}/change-drop": _desk(RELEASE, "case", every("case", "absent"), change="none"),
    "POST /desk/{slug}/drop": _desk(RELEASE, "post", _DROPPED, post="{post}"),
    "POST /desk/{slug}/settle": _desk(
        WRITE, "problem", every("problem", "absent", open="ok"), problem="{problem}", note="Mended."
    ),
    "POST /desk/{slug}/describe": _desk(WRITE, "case", _LISTED, title=WORDS),
    "POST /desk/{slug}/permission": _desk(WRITE, "case", _LISTED, permission="withdrawn"),
    "POST /desk/{slug}/leave": _desk(RELEASE, "case", _LISTED, **_LEAVE),
    "POST /desk/{slug}/stop": _desk(WITHDRAW, "case", _LISTED),
    "POST /desk/{slug}/hearing": _desk(WRITE, "case", _LISTED, title=WORDS),
    "POST /desk/{slug}/sit": _desk(WRITE, "hearing", _HERE, hearing="{hearing}", title=WORDS),
    "POST /desk/{slug}/rise": _desk(
        WRITE, "sitting", every("sitting", "ok", elsewhere="absent", unknown="absent"), sitting="{sitting}"
    ),
    "POST /desk/{slug}/delay": _desk(WRITE, "hearing", _HERE, hearing="{hearing}", minutes="10"),
    "POST /desk/{slug}/private": _desk(WRITE, "hearing", _HERE, hearing="{hearing}"),
    "POST /desk/{slug}/public": _desk(WRITE, "hearing", _HERE, hearing="{hearing}"),
    "POST /desk/{slug}/care": _desk(WRITE, "case", _LISTED, **{"care-suicide": "on"}),
    "POST /desk/{slug}/jury-sworn": _desk(WRITE, "hearing", _HERE, hearing="{hearing}"),
    "POST /desk/{slug}/jury-out": _desk(WRITE, "hearing", _HEARD, hearing="{hearing}"),
    "POST /desk/{slug}/jury-back": _desk(WRITE, "hearing", _HEARD, hearing="{hearing}"),
    "POST /desk/{slug}/jury-lift": _desk(RELEASE, "hearing", _HEARD, hearing="{hearing}", cause="jury discharged"),
    "POST /desk/{slug}/release-sealed": _desk(
        RELEASE, "hearing", every("hearing", "no", seal_lifted="ok"), hearing="{hearing}", **{"post-{sealed}": "on"}
    ),
    "POST /desk/{slug}/let-go": _desk(RELEASE, "case", _LISTED, ground=WORDS),
    "POST /desk/{slug}/look-up": _desk(
        WRITES, "folder", every("folder", "no", unknown="absent"), link="http://127.0.0.1/"
    ),
    "GET /desk/{slug}/media/{post}/{picture}": [
        Row(ALL, "read", "picture", every("picture", "absent", shown="ok", held="absent e:ok l:ok a:ok"))
    ],
    "GET /desk/{slug}/receipts/": [Row(ALL, "read", "case", READ)],
    "GET /desk/{slug}/receipts/{withdrawal:int}/": [Row(ALL, "read", "receipt", SEEN)],
    "GET /desk/{slug}/receipts/{withdrawal:int}/signed": [Row(ALL, "read", "receipt", SEEN)],
    "POST /desk/{slug}/receipts/{withdrawal:int}/seen-to": _desk(WITHDRAW, "receipt", SEEN, what="search", note=WORDS),
    "GET /desk/{slug}/orders/": [Row(ALL, "read", "case", READ)],
    "POST /desk/{slug}/orders/record": _desk(RELEASE, "case", _LISTED, names="Petronella Vane", basis="s. 11"),
    "POST /desk/{slug}/orders/tell": [
        *_desk(RELEASE, "order", LIFTABLE, restriction="{restriction}", told="c@heard.example"),
        *_desk(RELEASE, "order", CLEARING, restriction="{restriction}", told="c@heard.example", cleared="on"),
    ],
    "POST /desk/{slug}/orders/end": _desk(RELEASE, "order", LIFTABLE, restriction="{restriction}", ground=WORDS),
    "POST /desk/{slug}/orders/approve": _desk(
        RELEASE, "approval", every("approval", "absent", theirs="ok"), account="{account}", ground=WORDS
    ),
}

PUBLIC |= PUBLIC_REPORTS | PUBLIC_ACCOUNTS
DESK_ROWS |= DESK_REPORTS | OWN_ACCOUNT | PEOPLE
ROWS = {**PUBLIC, **API_ROWS, **DESK_ROWS}
