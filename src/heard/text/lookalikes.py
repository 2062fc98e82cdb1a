"""Letters that look like Latin ones, and signs that stand for a letter: "Rоwan" with a Cyrillic о, "ʀowan", "R0wan".

What Unicode says is used first: compatibility forms are taken apart, and a character whose name is "LATIN … LETTER R
WITH …" is an r. Other alphabets have no such names; of theirs the letters that are drawn alike are listed here.
"""

from __future__ import annotations

import re
import unicodedata

# Each pair: letters of another alphabet, and the Latin ones that they are taken for.
_PAIRS = (
    ("αβγεζηικμνορτυχωϲϳ", "abyeznikuvoptuxwcj"),  # Greek
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϺ", "ABEZHIKMNOPTYXCM"),
    ("авгезикмнопрстухьяіїјѕһԁԛԝӏєґқғңүұҳѵҽӊӄԍ", "abreeukmhonpctyxbriijshdqwlerkfhyyxvehkg"),  # Cyrillic
    ("АВГЕЗИКМНОПРСТУХЬЯІЇЈЅҺԀԚԜӀЄҚҒҢҮҰҲѴ", "ABREENKMHONPCTYXBRIIJSHDQWIEKFHYYXV"),
    ("օսոհզցյքՕՍՏԼ", "ounhqgjpOUSL"),  # Armenian
    ("ⲁⲃⲅⲉⲓⲕⲙⲛⲟⲣⲥⲧⲩⲭⲱ", "abgeikmnopctyxw"),  # Coptic
    ("ᎠᎡᎢᎪᎫᎬᎳᎷᎻᎽᏀᏃᏎᏚᏟᏢᏤᏦᏞᏙᏴᏒᏔᎥᎵ", "DRTAJEWMHYGZ4SCPVKLVBRWiP"),  # Cherokee
    ("ꓐꓑꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "BPDTGKJCZFMNLSRVHWXYAEIOU"),  # Lisu
    ("ıȷɑɡɩəɛ∂∨×∩∪ℓ℮", "ijagieedvxnule"),
)
_SEVERAL = {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th", "ĸ": "k", "ŋ": "n", "ð": "d"}
_LISTED = _SEVERAL | {there: here for others, latin in _PAIRS for there, here in zip(others, latin, strict=True)}

_LATIN = re.compile(r"(?:.* )?LATIN (?:(SMALL|CAPITAL) )?LETTER (?:SMALL CAPITAL )?(?:[A-Z]+ )?([A-Z])(?: WITH .*)?")
_SYMBOL = re.compile(r"(?:REGIONAL INDICATOR SYMBOL|TAG LATIN (?:SMALL|CAPITAL)) LETTER ([A-Z])")
#: What is drawn on the line and is no letter: accents, joiners, marks of direction, soft hyphens, variation selectors.
_UNSEEN = ("Mn", "Me", "Cf")

#: Digits and signs that are read as letters; 1 is an i or an l, which whoever compares takes for the same.
_SIGNS = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g"}
_SIGNS |= {"@": "a", "$": "s", "€": "e", "£": "l", "!": "i", "|": "i", "+": "t", "§": "s", "¢": "c", "¥": "y"}
_READ = str.maketrans(_SIGNS)
_SIGN_IN_A_WORD = re.compile(r"[^\W\d_][0-9@$€£!|+§¢¥]|[0-9@$€£!|+§¢¥][^\W\d_]|[@$€!|][0-9]|[0-9][@$€!|]")


class _Latin(dict[int, str]):
    """Code points to what they look like, worked out when first met."""

    def __missing__(self, code: int) -> str:
        self[code] = looks = _looks_like(chr(code))
        return looks


_LATIN_BY_CODE = _Latin()


def latin(text: str) -> str:
    """The text as its letters look, in Latin ones where they look so; capitals stay capitals."""
    # Twice: taken apart first, a lunate sigma that is drawn as a c would have become another sigma.
    return unicodedata.normalize("NFKD", text.translate(_LATIN_BY_CODE)).translate(_LATIN_BY_CODE)


def signs_read(text: str) -> tuple[str, ...]:
    """The text with signs read as the letters that they stand for; nothing where no word has such a sign."""
    return (text.translate(_READ),) if _SIGN_IN_A_WORD.search(text) else ()


def _looks_like(character: str) -> str:
    if character.isascii():
        return character
    if character in _LISTED:
        return _LISTED[character]
    name = unicodedata.name(character, "")
    if found := _SYMBOL.fullmatch(name):
        return found[1].lower()
    if unicodedata.category(character) in _UNSEEN:
        return ""
    if found := _LATIN.fullmatch(name):
        return found[2].lower() if found[1] == "SMALL" else found[2]
    return _LISTED.get(character.upper(), character).lower() if character.islower() else character
