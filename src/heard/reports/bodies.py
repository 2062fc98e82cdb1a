"""Bodies that reports are sent to: one key for each, whatever it is called, and none for a private person.

People are never merged, and get no key: a general practitioner or a sole trader has no page, no rate and no rank.
Names are brought together only where one is a known other name of the other, never because they are spelt alike.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from heard.reports.addressees import REDACTED, body_of, is_redacted

#: The name of a body, and what else it is called: who speaks for it, what it was before, how it is shortened.
OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "Department of Health and Social Care": (
        "Department for Health and Social Care",
        "Department of Health",
        "Department for Health",
        "DHSC",
        "Secretary of State for Health and Social Care",
        "Secretary of State for Health",
        "SoS for Health and Social Care",
        "Health Secretary",
    ),
    "NHS England": (
        "NHSE",
        "NHS England and NHS Improvement",
        "NHS England & NHS Improvement",
        "NHS Improvement",
        "Chief Executive of NHS England",
    ),
    "Ministry of Justice": (
        "MOJ",
        "Secretary of State for Justice",
        "Lord Chancellor and Secretary of State for Justice",
        "Lord Chancellor",
        "Justice Secretary",
    ),
    "HM Prison and Probation Service": (
        "HMPPS",
        "HM Prison Service",
        "Prison Service",
        "NOMS",
        "HM Prison & Probation Service",
    ),
    "Home Office": ("Home Secretary", "Secretary of State for the Home Department", "Home Department"),
    "Department for Transport": (
        "DfT",
        "Department of Transport",
        "Secretary of State for Transport",
        "Transport Secretary",
    ),
    "National Highways": ("Highways England", "Highways Agency", "Highways England Co. Ltd"),
    "Department for Education": ("Secretary of State for Education", "DfE"),
    "Department for Work and Pensions": (
        "DWP",
        "Department of Work and Pensions",
        "Secretary of State for Work and Pensions",
    ),
    "Ministry of Defence": ("MOD", "Secretary of State for Defence"),
    "Metropolitan Police Service": (
        "Metropolitan Police",
        "MPS",
        "Commissioner of Police of the Metropolis",
        "Commissioner of the Metropolis",
        "Commissioner of the Metropolitan Police",
    ),
    "Parliamentary Authorities": (
        "Office of the Speaker’s Counsel",
        "Speaker’s Counsel",
        "Speaker’s Counsel, for the Parliamentary Authorities",
        "Parliament",
    ),
    "London Ambulance Service NHS Trust": ("London Ambulance Service", "LAS"),
    "Transport for London": ("TfL",),
    "Maritime and Coastguard Agency": ("MCA",),
    "British Vehicle Rental and Leasing Association": ("BVRLA",),
    "Care Quality Commission": ("CQC",),
    "National Institute for Health and Care Excellence": ("NICE", "National Institute for Clinical Excellence"),
    "Medicines and Healthcare products Regulatory Agency": ("MHRA",),
    "Health and Safety Executive": ("HSE", "Health & Safety Executive"),
    "National Police Chiefs’ Council": ("NPCC", "National Police Chiefs Council", "National Police Chief’s Council"),
    "College of Policing": (),
    "General Medical Council": ("GMC",),
    "Nursing and Midwifery Council": ("NMC",),
    "Independent Office for Police Conduct": ("IOPC",),
    "Network Rail": (),
    "Welsh Government": ("Llywodraeth Cymru",),
    "Driver and Vehicle Licensing Agency": ("DVLA",),
    "Driver and Vehicle Standards Agency": ("DVSA",),
    "UK Health Security Agency": ("UKHSA",),
}

#: A body is something whose name says so. Nothing else is one: better a body without a page than a person with one.
_BODY = re.compile(
    r"\b(?:trust|council|department|ministry|nhs|police|constabulary|board|hospitals?|services?|college|agency|"
    r"authority|commission|association|limited|ltd|plc|university|society|federation|institute|executive|office|"
    r"prison|hmp|hm|parliament|parliamentary|government|network rail|transport for london|national highways|"
    r"public health|icb|ccg|group|partnership|foundation|committee|inspectorate|ombudsman)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"^(?:dr|mr|mrs|ms|miss|prof|professor|sir|dame|lord|lady|rev|gp)\b\.?|\b(?:gp|general practitioner)s?\b",
    re.IGNORECASE,
)
#: Those that are run by one person or a few are treated as people are.
_SMALL = re.compile(
    r"\b(?:surgery|practice|medical centre|clinic|pharmacy|nursing home|care home|farm|dental)\b", re.IGNORECASE
)


@functools.lru_cache(maxsize=20_000)
def name(words: str) -> str:
    """The body's one name, without an office or a division of it; or the words themselves."""
    said = _NAMES.get(_plain(words))
    if said is None and ", " in words:
        words = body_of(" ".join(words.split()))
        said = _NAMES.get(_plain(words))
    return said or re.sub(r"^[Tt]he ", "", " ".join(words.split()))


@functools.lru_cache(maxsize=20_000)
def key(words: str) -> str:
    """What names the body in addresses, or nothing for one who may be a private person."""
    if is_redacted(words) or words == REDACTED:
        return ""
    one = name(words)
    if one not in OTHER_NAMES and (not _BODY.search(one) or _PERSON.search(one) or _SMALL.search(one)):
        return ""
    return re.sub(r"[^a-z0-9]+", "-", _plain(one)).strip("-")[:80]


def other_names(words: str) -> tuple[str, ...]:
    """These words, and all else that the body is called which they name; nothing where they name none that is known."""
    one = _NAMES.get(_plain(words))
    return tuple(dict.fromkeys(map(_plain, (words, one, *OTHER_NAMES[one])))) if one else ()


def alike(one: str, other: str) -> bool:
    """Whether two names are the same body's as far as can be told: equal, known, or one cut short of the other."""
    first, second = _plain(name(one)), _plain(name(other))
    if first == second:
        return True
    mine, theirs = set(first.split()), set(second.split())
    return bool(_BODY.search(one) and _BODY.search(other)) and (mine <= theirs or theirs <= mine)


@functools.lru_cache(maxsize=20_000)
def _plain(words: str) -> str:
    folded = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", " ", re.sub(r"^the ", "", folded.lower().replace("&", " and "))).strip()


#: So many words the longest of these names has.
WORDS_MAX = 8

_NAMES = {_plain(other): one for one, others in OTHER_NAMES.items() for other in (one, *others)}
