"""To whom a report was sent: a cell of a table or a heading of the form, cut into those who owe an answer each.

Semicolons, bars and lines part them always. A comma or an "and" parts them only between two whole bodies: "Essex Police
and NHS England" is two, "Tees, Esk and Wear Valleys NHS Foundation Trust" is one. Nor is an office, a division or an
address anybody of its own: "The Chief Executive, Harbour Trust", "Harbour Council, Highways Division".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

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
    r"inspectorate|panel|brigade|trading standards|institution|integrated care|charity|ofgem|ofcom|ofsted|ofwat|"
    r"alliance|church|diocese|club|hotels?|homes|farm|stores?|park|museum|theatre|laboratory|consultancy|solutions|systems|"
    r"water|palace|consortium|natural resources wales|sons|"
    r"secretary|minister|sos|highways|solicitors|police chiefs|mayor|chief constable|chief coroner|team|unit|ward|"
    r"commissioning|tribunals?|"
    r"transport for london|highways england|national highways|public health england|health education england|"
    r"turning point|healthcare|metropolis|property|properties|insurance|(?:city|county|borough) of|london borough)\b",
    re.IGNORECASE,
)
_SHORT = re.compile(r"(?:[A-Z][A-Za-z]?[A-Z0-9]{1,6}|[A-Z]{2,7})(?:-[A-Z]{2,})?(?: [A-Z][\w’']+){0,2}")
# What is no part of any other name, so that it begins a body of its own wherever it stands.
_ALONE = re.compile(
    r"(?:the )?(?:NHS (?:England|Improvement)|Care Quality Commission|CQC|MHRA|NICE|HSE|DVLA|"
    r"Health and Safety Executive|"
    r"(?:Department|Dept)\b\.? (?:of|for)|(?:Secretary|Minister) of State|SoS|Minist(?:er|ry) (?:of|for)|"
    r"Home (?:Office|Secretary)|General Medical Council|National (?:Police Chief|Institute for|Highways)|"
    r"Network Rail|"
    r"(?:Royal )?College of|Welsh (?:Government|Ambulance)|London Ambulance|HM Prison|Public Health England)\b.*",
    re.IGNORECASE,
)
# A body that is over where its name ends so: what an "and" puts after it is another.
_ENDED = re.compile(r"\b(?:trust|council|ltd|limited|plc|llp|police|constabulary|commission|board)$", re.IGNORECASE)
# What a name that began with one place ends with: "Barking, Havering and Redbridge … Trust".
_OF_PLACES = re.compile(
    r"\b(?:trust|council|board|police|hospitals?|university|ccg|icb|group|authority)\b", re.IGNORECASE
)
# The kind of a body without a name is the end of the name before it.
_KIND = re.compile(
    r"(?:NHS |Foundation |University |Social )*(?:Trust|Services?|Council|Hospitals?|Response)", re.IGNORECASE
)
# Whoever was taken out before an office held it; the office is asked.
_HELD = re.compile(
    r"^\[?redacted\]? ?,? (?=(?:the )?(?:(?:Chief|Director|Secretary|Medical|Managing|Minister|Head|Commissioner) |"
    r"CEO))",
    re.IGNORECASE,
)
# Whoever was taken out beside the place where they work: the place is asked.
_BESIDE = re.compile(r"^\[redacted\] ?, (?=\S)|(?<=\w): \[redacted\]$", re.IGNORECASE)
# An office that says nothing of whose it is; `of` has to go on with a work (see `_WORK`).
_OFFICE = re.compile(
    r"(?:the )?(?:(?:acting|interim|deputy|national|regional|lead|executive|managing|medical|clinical|nursing|"
    r"governing|chief|senior|registered|care|hospital|transport|safety|operations) )*"
    r"(?:chief executive(?: officer)?|ceo|director|officer|manager|president|governor|chair(?:man|woman)?|"
    r"secretary of state|minister of state|consultant(?: [a-z]+)?|(?:head|director|inspector|leader) of (?P<work>.+))",
    re.IGNORECASE,
)
#: What is made of such words alone says what is done and not who does it: a division of the body beside it.
_WORK = frozenset(
    "a acute adult adults and area care children childrens clinical commissioning community continuing crime "
    "department dept directorate directorates division divisions estates for health healthcare highway highways "
    "hospitals housing improvement infrastructure land lands learning legal local mental nursing of operations "
    "planning property public response road roads safeguarding safety section service services social street "
    "streets surface sustainable team the traffic train transport transportation unit wards young".split()
)
# Where somebody is, from the number or the name of the house to the end, or to its postcode; no further than an address
# goes, since what stands behind it is somebody, and a cell of numbers would be read to its end from each of them.
_POSTCODE = r"\b[A-Z]{1,2}\d[\dA-Z]? ?\d[A-Z]{2}\b"
_ADDRESS = re.compile(
    rf",? (?:\d{{1,4}}[A-Za-z]?(?:-\d+)? [A-Z]|(?<=, )(?:[A-Z][\w’']+ ){{1,3}}House,)"
    rf"(?:(?!{_POSTCODE}).){{0,200}}{_POSTCODE}"
    r"|, \d{1,4}[A-Za-z]? [A-Z][^|;]*$"
)
#: Places that a body has several of in its one name: what is between them parts nobody, whatever stands before.
_PLACES = """
Avon and Somerset. Avon and Wiltshire. Barking, Havering and Redbridge. Havering and Redbridge. Barnet, Enfield and
Haringey. Bath and North East Somerset. Bedfordshire, Luton, and Milton Keynes. Luton and Milton Keynes. Birmingham
and Solihull. Bournemouth, Christchurch and Poole. Brighton and Hove. Brighton and Sussex. Bristol, North Somerset
and South Gloucestershire. Buckinghamshire, Oxfordshire and Berkshire. Calderdale and Huddersfield. Cambridgeshire
and Peterborough. Camden and Islington. Central and North West London. Chelsea and Westminster. Cheshire and
Merseyside. Cheshire and Wirral. Cumbria, Northumberland, Tyne and Wear. Northumberland, Tyne and Wear. Tyne and
Wear. Dartford and Gravesham. Derby and Burton. Derby and Derbyshire. Devon and Cornwall. Devon and Somerset.
Doncaster and Bassetlaw. Dorset and Wiltshire. Dudley and Walsall. East and North Hertfordshire. Epsom and St
Helier. Guy’s and St Thomas. Hammersmith and Fulham. Hampshire and Isle of Wight. Hampshire and the Isle of Wight.
Hereford and Worcester. Herefordshire and Worcestershire. Hertfordshire and West Essex. Hull and East Riding. Hull
and East Yorkshire. Humber and North Yorkshire. Kensington and Chelsea. Kent and Medway. Lancashire and South
Cumbria. Leicester, Leicestershire and Rutland. Lewisham and Greenwich. Liverpool and Broadgreen. Maidstone and
Tunbridge Wells. Mid and South Essex. Norfolk and Norwich. Norfolk and Suffolk. Norfolk and Waveney. Nottingham and
Nottinghamshire. Portsmouth and South East Hampshire. Redcar and Cleveland. Richmond and Kingston. Sandwell and West
Birmingham. Shrewsbury and Telford. Shropshire, Telford and Wrekin. Telford and Wrekin. South London and Maudsley.
South Tyneside and Sunderland. South West London and St George’s. Southend and Thurrock. Staffordshire and Stoke.
Surrey and Borders. Surrey and Sussex. Tameside and Glossop. Tavistock and Portman. Tees, Esk and Wear. Esk and
Wear. Warrington and Halton. Windsor and Maidenhead. Yorkshire and the Humber. Yorkshire and Humber. Coventry and
Warwickshire
"""
_OF_SEVERAL = "|".join(
    place.replace(",", ",?").replace(" and ", " (?:and|&) ").replace("’", "[’']?").replace("St ", r"St\.? ")
    for place in " ".join(_PLACES.split()).split(". ")
)
# Standing phrases with an "and" or a comma in their midst that would pass for two bodies.
_ONE = re.compile(
    r"NHS (?:and|&) Social Care|NHS England (?:and|&) NHS Improvement|(?:Courts|Prison|Prisons) and "
    r"(?:Tribunals|Probation) Service|Police and Crime Commissioners?|Health and Safety Executive|"
    r"Health and Social (?:Care|Services?)|Safety and Standards|Highways and Transport|"
    r"Fire and Rescue (?:Service|Authority)|"
    r"NHS (?!England|Improvement|Digital|Wales|Scotland|Resolution|Foundation|Trust|CCG|ICB)"
    r"\w+(?: (?!Trust|CCG|ICB|Foundation)\w+)?(?:, \w+)?,? and |Canal and River Trust|"
    r"University Hospitals?(?: of)? \w+(?: \w+)? and (?=\w+(?: \w+)? NHS)|Prisons and Probation|"
    r"Housing and Communities|"
    r"Driver and Vehicle|Food and Drink Federation|Hospital and Community|Nursing and Midwifery Council|"
    r"Medicines? and Health|"
    r"(?:Minister of State|Minister|Secretary of State) for (?!Health\b)[A-Z]\w+(?: \w+)?(?:, [A-Z]\w+(?: \w+)?)? and "
    r"(?!NHS|Secretary|SoS|Department|Minister|the )|"
    r"Prison and Probation|Probation and Prison|Police and Prisons|"
    r"Work and Pensions|"
    r"Local Government|HMP and (?:HM ?)?YOI|"
    r"Institute (?:for|of) Health and (?:Care|Clinical)|"
    r"(?:College|Society|Association|Faculty) (?:of |for )?(?:\w+ )?\w+ and [A-Z]\w+(?:ists|ology|ians|apy)\b|"
    r"Paediatrics and Child Health|Culture,? Media and Sport|Disclosure and Barring|College and Society|"
    r"Health and Adult Social Care|Suicide and Safety|Counselling and|Allergy and|Drugs? and Alcohol|"
    r"Alcohol and Drugs?|\w+ and Sons?\b|"
    r"Rt\.? Hon\.? [\w’'-]+ [\w’'-]+, |"
    r"Lord Chancellor and Secretary of State|Education, Children[’']?s? Services and Skills|"
    rf"(?:{_OF_SEVERAL})",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"[\[(]?\s*\bredact(?:ed|ion)\b\s*[\])]?|\[\s*(?:name )?(?:withheld|removed)\s*\]|[█■]{2,}", re.IGNORECASE
)

# A line with nothing but the kind of a body ends the name on the line before it.
_WRAPPED = re.compile(
    r"[ \xa0]*[\n\r]+[ \xa0]*((?:NHS |Foundation )*(?:Trust|Clinic|Limited|Ltd|Council|Hospital|Board|Service|"
    r"Partnership|Association)\b\W*)"
    r"(?=[|;,\n\r]|$)"
)


def is_redacted(words: str) -> bool:
    """Whether the words are a mark that something was taken out, or have one in them."""
    plain = words.lower()  # most words hold none, and looking for a mark's letters is ten times as fast as the pattern
    return any(letters in plain for letters in _MARKS) and bool(_MARK.search(words))


def is_mark(field: str, words: str) -> bool:
    """Whether a source says by these words that it took out who it was: by a mark, or by initials of a person, who may
    be one of several.
    """
    if field == "sent_to":
        return is_redacted(words) or bool(_BY_INITIALS.search(words))
    return is_redacted(words) or (field in ("deceased", "coroner") and any(map(_are_initials, _SEVERAL.split(words))))


def is_initials(words: str) -> bool:
    """Whether somebody is called by letters alone: "A.B.", "Mr YZ", "Child A"."""
    return bool(_INITIALS.fullmatch(words.strip()))


def _are_initials(words: str) -> bool:
    """Of "A.B., C.D." each; what follows a comma in "Bench, A" is the same person's."""
    return all(map(is_initials, words.split(", ")))


_SEVERAL = re.compile(r"[;|\n]|,? and | & ")
_INITIALS = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Miss|Master|Dr|Child|Baby|Infant|Patient|Person|Adult|Resident|Male|Female)\.? +)*"
    r"(?:[A-Z]{1,4}|(?:[A-Z][. ]+)+[A-Z]?\.?)"
)
#: Of a list of addressees only with a title, or with points: "CQC" and "BMA" are bodies.
_BY_INITIALS = re.compile(
    r"(?:^|[|;,\n]|\band\b) *(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Nurse)\.? +(?:[A-Z]{1,3}|(?:[A-Z][. ]+)+[A-Z]?\.?)"
    r"|[A-Z]\. ?[A-Z]\.?) *(?=$|[|;,\n]| and )"
)
_MARKS = ("redact", "withheld", "removed", "██", "■■", "█■", "■█")


def marked(words: str, mark: str) -> str:
    """The words with our own mark in place of a source's."""
    return _MARK.sub(mark, words)


def split(cell: str, known: Collection[str] = ()) -> tuple[str, ...]:
    """Those to whom it was sent, in order, each as written.

    `known` are names (case-folded) that stood alone elsewhere and so are whole. A mark of redaction is one of them.
    """
    found: list[str] = []
    for part in re.split(r"[|;\n\r]|(?<![\w])\(?\d{1,2}[.)] ", _WRAPPED.sub(r" \1", cell)):
        tidied = _BESIDE.sub("", _HELD.sub("", _ADDRESS.sub("", tidy(part))))
        if tidied:
            found += _apart(tidied, known)
    return tuple(REDACTED if _MARK.fullmatch(one) else one for one in found)


def tidy(words: str) -> str:
    return re.sub(r"^(?:and|&) ", "", re.sub(r"\s+", " ", words).strip(" .,:;-–•")).strip()


def _apart(words: str, known: Collection[str]) -> list[str]:
    """One part, cut at commas and "and"s between whole bodies."""
    pieces = _with_whose_they_are(re.split(r"(, (?:and |& )?| and |: )", _bound(words)))
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


def _with_whose_they_are(pieces: list[str]) -> list[str]:
    """The pieces with each office and division beside the body that it is of: the one after it, or else before it."""
    pieces = _joined(pieces, lambda before, between, after: between == " and " and _is_work(after))
    pieces = _joined(
        pieces,
        lambda before, between, after: (
            (between == ", " and (_is_work(before) or _is_office(before)))
            or (between == " and " and _is_office(before) and bool(re.search(r"\blead\b", after)))
        ),
        from_behind=True,
    )
    if len(pieces) > 1 and pieces[1] == " and " and _is_work(pieces[0]):
        pieces[:3] = [_kept_together("".join(pieces[:3]))]
    return _joined(pieces, lambda before, between, after: between == ", " and (_is_work(after) or _is_office(after)))


def body_of(words: str) -> str:
    """The body without the office or division that is named beside it; the words themselves where none is."""
    left = [one for one in words.split(", ") if " " not in one or not (_is_work(one) or _is_office(one))]
    return left[0] if len(left) == 1 else words


def _joined(pieces: list[str], are_one: Callable[[str, str, str], bool], *, from_behind: bool = False) -> list[str]:
    """The pieces, and what stands between them, with those together that are one."""
    made = list(pieces)
    place = len(made) - 3 if from_behind else 0
    while 0 <= place < len(made) - 2:
        if are_one(*made[place : place + 3]):
            made[place : place + 3] = [_kept_together("".join(made[place : place + 3]))]
            place -= 2 if from_behind else 0
        else:
            place += -2 if from_behind else 2
    return made


def _is_office(words: str) -> bool:
    found = _OFFICE.fullmatch(_loosed(words).strip())
    return bool(found and (found["work"] is None or _is_work(found["work"])))


def _is_work(words: str) -> bool:
    said = re.findall(r"[^\W\d_]+", re.sub("[’']", "", _loosed(words).lower()))
    return bool(said) and _WORK.issuperset(said) and not _ALONE.fullmatch(tidy(_loosed(words)))


def _kept_together(words: str) -> str:
    return words.replace(" and ", " \0and ").replace(", ", ",\0").replace(": ", ":\0")


def _parts(left: str, between: str, rest: list[str], known: Collection[str], listed: bool) -> bool:
    right = rest[0]
    if re.match(r"(?:for|of|on|at|in) ", right):
        return False
    if between == ", " and _is_office(right.split(",\0", 1)[0]):  # whoever holds it stands before it, with a name
        return True
    last = len(rest) == 1 and "and" in between and _named(right) and not _KIND.fullmatch(right)
    if last and listed and (_whole(left, known) or _named(left) or not _OF_PLACES.search(right)):
        return True
    if last and _ENDED.search(left):
        return True
    if _ALONE.fullmatch(tidy(_loosed(right))) and between != ": " and (_named(left) or between.startswith(",")):
        return True
    # "Betfair, Gambling Commission and …": a list whose first name is a single word.
    if between == ", " and not listed and len(rest) > 1 and re.fullmatch(r"[A-Z]\w{3,}", left) and _whole(right, known):
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
    if _KIND.fullmatch(said):
        return False
    return bool(
        _HEADS.search(said)
        or _SHORT.fullmatch(said)
        or (" " in said and said.casefold() in known)
        or _MARK.search(said)
    )


def _bound(words: str) -> str:
    return _ONE.sub(lambda found: _kept_together(found[0]), words)


def _loosed(words: str) -> str:
    return words.replace(" \0and ", " and ").replace(",\0", ", ").replace(":\0", ": ").replace("\0", "")
