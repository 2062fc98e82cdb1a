"""To whom a report was sent: a cell of a table or a heading of the form, cut into those who owe an answer each.

Semicolons, bars and lines part them always. A comma or an "and" parts them only between two whole bodies: "Essex Police
and NHS England" is two, "Tees, Esk and Wear Valleys NHS Foundation Trust" is one.
"""

from __future__ import annotations

import re
from collections.abc import Collection

#: The mark of a name that was taken out.
REDACTED = "REDACTED"

# What a body is called by. Words that also stand inside of names of departments (care, health, education) are none.
_HEADS = re.compile(
    r"\b(?:trusts?|councils?|department|dept|ministry|nhs|police|constabulary|force|board|hospitals?|infirmary|services?|"
    r"college|faculty|agency|authority|authorities|commission|commissioner|associations?|ltd|limited|plc|llp|cic|inc|"
    r"company|university|society|federation|confederation|institute|executive|group|nursing home|care home|house|home|"
    r"surgery|practice|centre|clinic|pharmacy|school|academy|prison|hmp|hmyoi|yoi|ccg|icb|icp|partnership|foundation|"
    r"network|railways?|rail|tram|ombudsman|office|inquiry|registry|parliament|(?:welsh|scottish|uk|hm) government|"
    r"assembly|committee|union|"
    r"church|diocese|club|hotels?|homes|farm|stores?|park|museum|theatre|laboratory|consultancy|solutions|systems|"
    r"secretary|minister|sos|highways|solicitors|police chiefs|mayor|chief constable|chief coroner|team|unit|ward|"
    r"commissioning|tribunals?|"
    r"transport for london|highways england|national highways|public health england|health education england|"
    r"turning point|healthcare|metropolis|property|properties|insurance|(?:city|county|borough) of|london borough)\b",
    re.IGNORECASE,
)
_SHORT = re.compile(r"(?:[A-Z][A-Za-z]?[A-Z0-9]{1,6}|[A-Z]{2,7})(?: [A-Z][\w’']+){0,2}")
# Standing phrases with an "and" or a comma in their midst that would pass for two bodies.
_ONE = re.compile(
    r"NHS (?:and|&) Social Care Partnership|NHS England (?:and|&) NHS Improvement|(?:Courts|Prison|Prisons) and "
    r"(?:Tribunals|Probation) Service|Police and Crime Commissioners?|Health and Safety Executive|"
    r"Health and Social (?:Care|Services?)|Highways and Transport|Fire and Rescue (?:Service|Authority)|"
    r"NHS (?!England|Improvement|Digital|Wales|Scotland|Resolution)\w+(?: \w+)?(?:, \w+)?,? and |Canal and River Trust|"
    r"University Hospitals?(?: of)? \w+(?: \w+)? and (?=\w+(?: \w+)? NHS)|Prisons and Probation|"
    r"Housing and Communities|"
    r"Driver and Vehicle|Food and Drink Federation|Hospital and Community|Nursing and Midwifery Council|"
    r"Medicines? and Health|"
    r"(?:Minister of State|Minister|Secretary of State) for [A-Z]\w+(?: \w+)?(?:, [A-Z]\w+(?: \w+)?)? and |"
    r"Norfolk and Norwich|Norfolk and Suffolk|Prison and Probation|Probation and Prison|Police and Prisons|"
    r"Work and Pensions|"
    r"Local Government|Coventry and Warwickshire",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"[\[(]?\s*\bredact(?:ed|ion)\b\s*[\])]?|\[\s*(?:name )?(?:withheld|removed)\s*\]|[█■]{2,}", re.IGNORECASE
)


def is_redacted(words: str) -> bool:
    """Whether the words are a mark that something was taken out, or have one in them."""
    return bool(_MARK.search(words))


def marked(words: str, mark: str) -> str:
    """The words with our own mark in place of a source's."""
    return _MARK.sub(mark, words)


def split(cell: str, known: Collection[str] = ()) -> tuple[str, ...]:
    """Those to whom it was sent, in order, each as written.

    `known` are names (case-folded) that stood alone elsewhere and so are whole. A mark of redaction is one of them.
    """
    found: list[str] = []
    for part in re.split(r"[|;\n\r]|\d[.)] ", cell):
        tidied = tidy(part)
        if tidied:
            found += _apart(tidied, known)
    return tuple(REDACTED if _MARK.fullmatch(one) else one for one in found)


def tidy(words: str) -> str:
    return re.sub(r"^(?:and|&) ", "", re.sub(r"\s+", " ", words).strip(" .,:;-–•")).strip()


def _apart(words: str, known: Collection[str]) -> list[str]:
    """One part, cut at commas and "and"s between whole bodies."""
    pieces = re.split(r"(, (?:and |& )?| and )", _bound(words))
    whole: list[str] = []
    so_far = pieces[0]
    for place in range(1, len(pieces), 2):
        between, rest = pieces[place], pieces[place + 1 :]
        if _parts(so_far, between, rest, known, bool(whole)):
            whole.append(so_far)
            so_far = rest[0]
        else:
            so_far += between + rest[0]
    return [tidy(_loosed(one)) for one in (*whole, so_far) if tidy(one)]


def _parts(left: str, between: str, rest: list[str], known: Collection[str], listed: bool) -> bool:
    right = rest[0]
    if len(rest) == 1 and listed and "and" in between and _named(right):
        return True
    if not _whole(right, known):
        # "…, Norfolk and Norwich University Hospital": what follows is whole with the place that stands before it.
        if not (len(rest) > 2 and rest[1] == " and " and " " not in right and _whole(rest[2], known)):
            return False
        if not _whole(left, known):
            return False
    if _whole(left, known):
        return True
    return between.startswith(",") and " " in left.strip() and len(left) > 8 and " and " not in left


def _named(words: str) -> bool:
    """The last of a list may be anyone whose name has two words: "…, the Home Office and Humble Charity"."""
    said = tidy(_loosed(words))
    return len(re.findall(r"\b[A-Z]\w+", said)) >= 2 and not re.search(
        r"^(?:Social Care|Rural Affairs|Industrial Strategy|Media|Mental Health|Local Government|Resilience|"
        r"Child Health|"
        r"Building Safety|Family Court)|(?:ologists|icians|anaesthetists)$",
        said,
    )


def _whole(words: str, known: Collection[str]) -> bool:
    said = tidy(_loosed(words))
    return bool(
        _HEADS.search(said)
        or _SHORT.fullmatch(said)
        or (" " in said and said.casefold() in known)
        or _MARK.search(said)
    )


def _bound(words: str) -> str:
    return _ONE.sub(lambda found: found[0].replace(" and ", " \0and ").replace(", ", ",\0"), words)


def _loosed(words: str) -> str:
    return words.replace(" \0and ", " and ").replace(",\0", ", ").replace("\0", "")
