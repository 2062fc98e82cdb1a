"""Coroner areas of England and Wales: one name for each, whatever a source calls it, and what became of it since.

Areas are made and merged by orders under the Coroners and Justice Act 2009, Sch. 2. A report keeps the area that it was
made in; where that is part of another now, `today` says which.
"""

from __future__ import annotations

import difflib
import functools
import re

#: Each area by the name that its reports carry most, with other names: of its parts, of areas before it, of its court.
AREAS: dict[str, tuple[str, ...]] = {
    "Avon": (),
    "Bedfordshire and Luton": (),
    "Berkshire": (),
    "Birmingham and Solihull": ("Birmingham",),
    "Blackpool and Fylde": (),
    "Buckinghamshire": (),
    "Cambridgeshire and Peterborough": (
        "Peterborough",
        "Cambridgeshire",
        "Cambridgeshire North East",
        "Cambridgeshire South West",
    ),
    "Carmarthenshire and Pembrokeshire": (),
    "Ceredigion": (),
    "Cheshire": (),
    "Cornwall and the Isles of Scilly": ("Cornwall", "Isles of Scilly", "Cornwall and the Isle of Scilly"),
    "County Durham and Darlington": ("County Durham", "Durham and Darlington"),
    "County of Devon, Plymouth & Torbay": ("Devon, Plymouth and Torbay", "Devon"),
    "Coventry": (),
    "Cumbria": ("Cumbria North West", "Cumbria South East"),
    "Derby and Derbyshire": ("Derbyshire",),
    "Dorset": (),
    "East Riding of Yorkshire and Kingston-upon-Hull": (
        "East Riding and Hull",
        "East Riding of Yorkshire and Hull",
        "East Riding and Kingston upon Hull",
    ),
    "East Sussex": (),
    "Essex": (),
    "Exeter and Greater Devon": ("Exeter and Devon", "Exeter and Great Devon"),
    "Gateshead and South Tyneside": (),
    "Gloucestershire": (),
    "Greater Lincolnshire": (),
    "Greater Manchester North": ("Manchester North",),
    "Greater Manchester South": ("Manchester South", "Manchester, Greater Manchester South"),
    "Greater Manchester West": ("Manchester West",),
    "Gwent": (),
    "Hampshire, Portsmouth and Southampton": (
        "Hampshire",
        "Hampshire Central",
        "Hampshire North East",
        "Portsmouth and South East Hampshire",
        "Southampton and New Forest",
    ),
    "Hartlepool": (),
    "Herefordshire": ("Hereford",),
    "Hertfordshire": (),
    "Isle of Wight": (),
    "Kent Central and South East": (),
    "Kent Mid and Medway": (),
    "Kent North East": (),
    "Kent North West": (),
    "Lancashire and Blackburn with Darwen": (
        "Lancashire",
        "Lancashire East",
        "Lancaster and Blackburn with Darwen",
        "Lancaster, Blackburn and Darwen",
        "Preston and Lancashire",
        "Preston and West Lancashire",
        "Preston and East Lancashire",
        "Blackburn, Hyndburn and Ribble Valley",
        "Blackburn, Hyndham and Ribble Valley",
    ),
    "Leicester City and South Leicestershire": (
        "Leicester",
        "Leicestershire",
        "South Leicestershire",
        "Leicester City and Leicestershire",
        "Leicestershire City and South Leicestershire",
        "Leicester City and Leicestershire South",
        "Leicester City and South",
    ),
    "Lincolnshire": ("Lincolnshire Central", "Lincolnshire South"),
    "Liverpool and the Wirral": ("Liverpool", "Wirral"),
    "London City": ("London",),
    "London East": ("London Greater East", "Eastern District of London"),
    "London Inner North": (),
    "London Inner South": ("London Greater Inner South",),
    "London Inner West": (),
    "London North": ("London Greater North", "Northern District of Greater London"),
    "London South": (),
    "London West": (),
    "Manchester City": (),
    "Milton Keynes": (),
    "Newcastle and North Tyneside": (
        "Newcastle",
        "Newcastle Tyne",
        "Newcastle upon Tyne",
        "Newcastle upon Tyne and North Tyneside",
    ),
    "Norfolk": (),
    "North Lincolnshire and Grimsby": (),
    "North Wales (East & Central)": (
        "North Wales Eastern and Central",
        "North East and North Central Wales",
        "North Central and North East Wales",
    ),
    "North West Wales": (),
    "North Yorkshire and York": (
        "York",
        "North Yorkshire",
        "North Yorkshire East",
        "North Yorkshire West",
        "North Yorkshire Western District",
        "North Yorkshire and York including North Yorkshire Western District",
    ),
    "Northamptonshire": ("Northampton",),
    "Northumberland": (),
    "Northumberland North": ("North and South Northumberland", "North Northumberland and South Northumberland"),
    "Northumberland South": (),
    "Nottinghamshire": ("Nottingham", "Nottingham and Nottinghamshire"),
    "Oxfordshire": ("Oxford",),
    "Plymouth, Torbay and South Devon": ("Plymouth and South Devon",),
    "Rutland and North Leicestershire": (),
    "Sefton, Knowsley and St Helens": (),
    "Shropshire, Telford and Wrekin": (),
    "Somerset": ("Somerset West",),
    "South Wales Central": (
        "Powys",
        "Cardiff and the Vale of Glamorgan",
        "Cardiff and Glamorgan",
        "Powys, Bridgend and Glamorgan",
        "Powys, Bridgend and Glamorgan Valleys",
    ),
    "Staffordshire and Stoke-on-Trent": (
        "Staffordshire",
        "Staffordshire South",
        "Stoke on Trent and North Staffordshire",
    ),
    "Suffolk": (),
    "Sunderland": (),
    "Surrey": (),
    "Swansea and Neath Port Talbot": ("Swansea",),
    "Teesside": (),
    "Teesside and Hartlepool": (),
    "The Black Country Jurisdiction": ("Black Country",),
    "Warwickshire": ("Coventry and Warwickshire",),
    "West Sussex, Brighton and Hove": ("West Sussex", "Brighton and Hove"),
    "Wiltshire and Swindon": (),
    "Worcestershire": (),
    "Yorkshire South East": ("Rotherham",),
    "Yorkshire South West": ("South Yorkshire Western",),
    "Yorkshire West Eastern": ("Yorkshire West East", "West Yorkshire E"),
    "Yorkshire West Western": ("West Yorkshire", "Yorkshire West West"),
}

#: Areas whose work another one does now.
SUCCEEDED_BY = {
    "Exeter and Greater Devon": "County of Devon, Plymouth & Torbay",
    "Hartlepool": "Teesside and Hartlepool",
    "Lincolnshire": "Greater Lincolnshire",
    "North Lincolnshire and Grimsby": "Greater Lincolnshire",
    "Northumberland North": "Northumberland",
    "Northumberland South": "Northumberland",
    "Plymouth, Torbay and South Devon": "County of Devon, Plymouth & Torbay",
    "Teesside": "Teesside and Hartlepool",
}

#: What a name says besides the place.
_BESIDES = frozenset(
    "and the of county city coroner coroners service court category an area district districts division".split()
)


@functools.lru_cache(maxsize=2000)
def area(words: str) -> str:
    """The area's one name, or the words themselves, put tidily, where it is none that is known.

    A slip of a letter or two is read past; there are few areas and none is a person.
    """
    words = first_line(words)
    said = _words(words)
    if found := _KNOWN.get(frozenset(said)):
        return found
    # A slip is mended word by word, and only to a word that some area has.
    mended = [word if word in _VOCABULARY else next(iter(_near(word)), word) for word in said]
    return _KNOWN.get(frozenset(mended)) or " ".join(words.split())


def named(words: str) -> str:
    """The area that exactly these words name, by any of its names; nothing where they say anything else besides."""
    return _KNOWN.get(frozenset(_words(words)), "") if not re.search(r"\d", words) else ""


def first_line(words: str) -> str:
    """The cell as far as it names an area: where a page's lines ran together, its category follows on the next."""
    return re.split(r"\n|\bcategory:", words.strip(), maxsplit=1, flags=re.IGNORECASE)[0].strip()


def today(name: str) -> str:
    """The area that does this one's work now."""
    return SUCCEEDED_BY.get(name, name)


def _words(name: str) -> list[str]:
    plain = re.sub(r"[’']s?\b", "", name.lower()).replace("southwales", "south wales").replace("st.", "st")
    # "Manchester City" is an area and "City of Sunderland" is Sunderland: a city is named only where it tells them
    # apart.
    found = [word for word in re.findall(r"[a-z]+", plain) if word not in _BESIDES]
    return (
        [*found, "city"]
        if re.search(r"(london|manchester|leicester(shire)?),? ?\(?city|city of london", plain)
        else found
    )


def _near(word: str) -> list[str]:
    return difflib.get_close_matches(word, _VOCABULARY, n=1, cutoff=0.75)


_KNOWN = {frozenset(_words(name)): canonical for canonical, names in AREAS.items() for name in (canonical, *names)}
_VOCABULARY = sorted({word for words in _KNOWN for word in words})


def area_key(name: str) -> str:
    """What names an area in addresses."""
    return "-".join("".join(letter if letter.isalnum() else " " for letter in name.lower()).split())
