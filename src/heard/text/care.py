"""Words to look at twice before they are published: of suicide, of sexual offences, of children who are told apart.

They are lists, made after the Samaritans' guidance for the media and the Editors' Code (clauses 5, 6, 7 and 11), from
what is known of both; neither was read here word for word. They miss, and they find what is no harm: they are for a
question to whoever writes, and for what leaves unasked out, never for saying that something is safe.
"""

from __future__ import annotations

import re

#: Words that tell how. A sentence with one of them is left out where it would be met unasked.
METHODS = re.compile(
    r"\b(?:hang(?:ed|ing|s)?\b|ligatur\w+|noose|strang(?:l|ul)\w+|asphyxi\w+|suffocat\w+|self[- ]suspen\w+|"
    r"suspended (?:from|by|himself|herself)|by suspension|"
    r"overdos\w+|poison\w*|ingest\w+|swallow\w+|jump(?:ed|ing)|leap(?:t|ed|ing)?|fell from|step(?:ped|ping) in front|"
    r"in front of (?:a|the|an) (?:\w+ )?(?:train|lorry|car|bus|tube)|struck by (?:a|the|an) (?:\w+ )?train|"
    r"railway line|"
    r"drown\w*|shot (?:himself|herself|themsel\w+)|gunshot|shotgun|firearm|"
    r"cut(?:ting)? (?:his|her|their) (?:throat|neck)|wrists|(?:cut|slash|lacerat|incis)\w*(?: [\w’']+){0,4} wrist|"
    r"slit\w*|stabb\w+ (?:himself|herself)|self[- ]inflicted|carbon monoxide|helium|nitrogen|exhaust fumes|immolat\w+|"
    r"set (?:himself|herself|themsel\w+) (?:on fire|alight)|electrocut\w+|nitrit\w+|barbiturate|pentobarbital|"
    r"plastic bag|belt|shoe ?laces?|bed ?sheets?|rope|cable tie|dressing gown cord|razor)\b",
    re.IGNORECASE,
)
#: Words by which a text is about a suicide, or about harm to oneself.
SUICIDE = re.compile(
    r"\bsuicid\w*|\btook (?:his|her|their) own li(?:fe|ves)\b|\btaking (?:his|her|their) own li(?:fe|ves)\b|"
    r"\bself[- ]harm\w*",
    re.IGNORECASE,
)

#: Words that make a crime, a success or a fashion of it.
LOADED = re.compile(
    r"\bcommit(?:ted|ting|s)? (?:\w+ )?suicide|\b(?:un)?successful(?:ly)? (?:attempt\w* )?(?:suicide|(?:at|in) taking)|"
    r"\bfailed (?:suicide|attempt to (?:kill|take))|\bsuicide (?:epidemic|wave|craze|pact|hot ?spot|note)\b|"
    r"\bcompleted suicide\b|\bcry for help\b",
    re.IGNORECASE,
)
#: Words that tell where so exactly that somebody could go there.
SPOT = re.compile(
    r"\b(?:from|off|at) the (?:\w+ ){0,3}?"
    r"(?:bridge|viaduct|cliffs?|multi-?storey|car park|level crossing|platform|pier)\b|"
    r"\bplatform \d+\b|\b(?:from|off) (?:[A-Z][\w’'-]+ ){1,3}(?:Bridge|Viaduct|Head|Cliffs?|Pier|Tower)\b|"
    r"\b(?:from|off) the (?:\w+(?:th|st|nd|rd)|top) floor\b",
)
#: Who complained of a sexual offence, by whatever word.
_COMPLAINANT = (
    r"\b(?:complainant|victim|survivor|accuser|the (?:girl|boy|woman|child|teenager|young person))(?:’s|'s)?\b"
)
_PARTICULAR = (
    r"\b(?:step)?(?:daughter|son|niece|nephew|sister|brother|cousin|wife|husband|partner|girlfriend|boyfriend|pupil|"
    r"student|colleague|employee|neighbour|patient|lodger|babysitter|friend of the family|family friend)\b|"
    r"\b(?:school|college|university|academy|nursery|workplace|employer|office|church|club)\b|"
    r"\b(?:street|road|avenue|estate|village)\b|\b\d{1,2}[- ]year[- ]old\b|\baged? \d|\b(?:lives?|lived|works?|worked) "
    r"(?:at|in|for|near)\b"
)
COMPLAINANT = re.compile(
    rf"{_COMPLAINANT}[^.?!]{{0,120}}(?:{_PARTICULAR})|(?:{_PARTICULAR})[^.?!]{{0,120}}{_COMPLAINANT}|"
    r"\b(?:his|her|their) (?:own )?(?:step|half-|foster )?(?:daughter|son|sister|brother|niece|nephew|wife|husband|"
    r"partner|pupil|patient)\b[^.?!]{0,80}\b(?:rap(?:e|ed|ing)|abus\w+|assault\w*|groom\w+|molest\w+)",
    re.IGNORECASE,
)

_NUMBER = (
    r"(?:1[0-7]|[1-9]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    r"seventeen)"
)
_YOUNG = (
    r"(?:(?:step|grand|god|foster |half-)?(?:daughter|son|child|sister|brother)|niece|nephew|cousin|girl|boy|baby|"
    r"toddler|pupil|schoolgirl|schoolboy|teenager|youngster|twin)"
)
_WHOSE = r"\b(?:his|her|their|the|a|whose|[\w-]+(?:’s|'s|s’))"
_SCHOOL = r"(?:primary|secondary|school|academy|college|nursery|infants?|juniors?|grammar|sixth form|pre-?school)"
#: What follows a number that is no age.
_NO_AGE = r"(?![-\w]|[.:]\d| (?:o[’']clock|minutes?|hours?|days?|weeks?|months?|years? (?!old)|times|of|per ?cent|and))"
#: A child told apart by whose it is and how old, or by its school.
CHILD_TOLD_APART = re.compile(
    rf"{_WHOSE} (?:[a-z]+ ){{0,2}}?{_YOUNG}(?=,| who| aged?)(?:,? who (?:is|was)|,)?(?: then| now)?(?: aged?)? "
    rf"(?:just |only )?{_NUMBER}\b{_NO_AGE}|"
    rf"\b{_YOUNG} \({_NUMBER}\)|"
    rf"\b{_NUMBER}[- ]year[- ]old (?:[a-z]+ ){{0,2}}?{_YOUNG}\b|"
    rf"\b{_YOUNG},? (?:who )?(?:a pupil )?(?:at|from|attends|attended|attending|goes to|went to) "
    rf"(?:the |her |his |their )?(?:[\w’'.-]+ ){{0,4}}?{_SCHOOL}\b",
    re.IGNORECASE,
)


def unasked(text: str) -> str:
    """What of a text may be met unasked: its sentences without those that tell a method."""
    return " ".join(part for part in sentences(text) if not METHODS.search(part)).strip()


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.;:?!])\s+|\n+", text) if part]
