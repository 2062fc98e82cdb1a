"""Who may do what in the watch: written by hand, and nowhere made from the code that it is held against.

Each route as the server has it, and the roles that may; everybody else is turned away, and whoever is not known is sent
to sign in. Pings are not here: they know no roles, see tests/permissions/table.
"""

from __future__ import annotations

SEE = {"supervisor", "auditor", "administrator"}
KEEP = {"holder", "supervisor", "administrator"}
LEAD = {"supervisor", "administrator"}
ANY = SEE | KEEP

WATCH: dict[str, set[str]] = {
    "GET /watch/": ANY,
    "POST /watch/": LEAD,
    "GET /watch/live": ANY,
    "GET /watch/mine/": KEEP,
    **{f"POST /watch/mine/{{station}}/{verb}": KEEP for verb in ("begin", "end", "here", "away")},
    "POST /watch/mine/phones": KEEP,
    "POST /watch/mine/phones/{feed}/end": KEEP,
    **{f"POST /watch/mine/push{end}": KEEP for end in ("", "/asked", "/end", "/try")},
    "POST /watch/mine/{station}/positions": KEEP,
    "POST /watch/stations/{station}/positions": SEE,
    "GET /watch/stations/{station}/": SEE,
    "POST /watch/stations/{station}/name": LEAD,
    "POST /watch/stations/{station}/post": LEAD,
    "POST /watch/stations/{station}/release": LEAD,
    "POST /watch/stations/{station}/publish": LEAD,
    "POST /watch/stations/{station}/withdraw": LEAD,
    "POST /watch/stations/{station}/state": LEAD,
    "POST /watch/stations/{station}/check": LEAD,
    "POST /watch/stations/{station}/end": LEAD,
    "POST /watch/stations/{station}/source": LEAD,
    **{f"POST /watch/stations/{{station}}/{verb}": LEAD for verb in ("area", "feed", "device", "end-feed")},
    **{
        f"POST /watch/stations/{{station}}/{verb}": LEAD
        for verb in ("hold", "agree-to-hold", "end-hold", "tag", "end-tag")
    },
    # The page behind a link knows nobody: it stands in tests/permissions/table.
    "POST /watch/stations/{station}/links": {"administrator"},
    "POST /watch/stations/{station}/link": LEAD,
    "GET /watch/tags/{secret}/": KEEP,
    "POST /watch/tags/{secret}/": KEEP,
    "POST /watch/stations/{station}/arm": LEAD,
    "POST /watch/stations/{station}/stand-down": LEAD,
    "GET /watch/stations/{station}/arming/": LEAD,
    **{
        f"POST /watch/stations/{{station}}/{verb}": LEAD
        for verb in ("suspend", "agree-to-suspend", "end-suspension", "deed", "review")
    },
    "GET /watch/stations/{station}/timeline/": SEE,
    **{f"GET /watch/report{end}": SEE for end in ("/", ".csv", ".pdf")},
    "GET /watch/plans/": SEE,
    "POST /watch/plans/": LEAD,
    "GET /watch/plans/{plan}/": SEE,
    "GET /watch/plans/{plan}/picture": SEE,
    **{f"POST /watch/plans/{{plan}}/{verb}": LEAD for verb in ("place", "off", "draw", "withdraw")},
    "GET /watch/calendar/": SEE,
    "POST /watch/calendar/": {"administrator"},
    "GET /watch/keeping/": ANY,
    "POST /watch/keeping/": {"administrator"},
    "GET /watch/replay/": {"auditor", "administrator"},
    "GET /watch/orders/{order}/": ANY,
    "POST /watch/orders/{order}/acknowledge": KEEP,
    "GET /watch/alarms/{alarm}/": SEE,
    "POST /watch/alarms/{alarm}/acknowledge": LEAD,
    "POST /watch/alarms/{alarm}/close": LEAD,
}

#: What takes two people who have signed in: no token does any of it, whatever the account may.
IN_SESSION = {
    *(f"POST /watch/stations/{{station}}/{verb}" for verb in ("hold", "agree-to-hold", "suspend", "agree-to-suspend")),
    "POST /api/v1/watch/obligations/{obligation}/suspensions",
    "POST /api/v1/watch/suspensions/{suspension}/agreement",
}
_AT, _OF, _SUSPENSION = "/api/v1/watch/stations/{station}", "/api/v1/watch/obligations", "/api/v1/watch/suspensions"
#: The same over the API, where whoever is not known is told so (401).
WATCH |= {
    "GET /api/v1/watch/stations": SEE,
    "POST /api/v1/watch/stations": LEAD,
    **{f"POST {_AT}/{what}": LEAD for what in ("holders", "orders", "state", "deeds", "obligations")},
    **{f"POST {_AT}/{what}": KEEP for what in ("duty", "presence")},
    "POST /api/v1/watch/orders/{order}/withdrawal": LEAD,
    "POST /api/v1/watch/orders/{order}/acknowledgement": KEEP,
    f"GET {_OF}": SEE,
    f"GET {_OF}/{{obligation}}": SEE,
    f"GET {_OF}/{{obligation}}/instances": SEE,
    f"POST {_OF}/{{obligation}}/stand_down": LEAD,
    f"POST {_OF}/{{obligation}}/review": LEAD,
    f"POST {_OF}/{{obligation}}/suspensions": LEAD,
    f"GET {_SUSPENSION}": SEE,
    f"POST {_SUSPENSION}/{{suspension}}/agreement": LEAD,
    f"POST {_SUSPENSION}/{{suspension}}/ending": LEAD,
    "GET /api/v1/watch/alarms": SEE,
    "GET /api/v1/watch/plans": SEE,
    "GET /api/v1/watch/plans/{plan}": SEE,
    **{f"POST /api/v1/watch/plans/{{plan}}/{verb}": LEAD for verb in ("place", "off")},
    f"GET {_AT}/replay": {"auditor", "administrator"},
    f"POST {_AT}/links": {"administrator"},
    "POST /api/v1/watch/orders/{order}/links": LEAD,
    "GET /api/v1/watch/alarms/{alarm}": SEE,
    "POST /api/v1/watch/alarms/{alarm}/acknowledgement": LEAD,
    "POST /api/v1/watch/alarms/{alarm}/closing": LEAD,
}
