"""The Chief Coroner's form (Annex A): its boxes, its standing sentences, and the numbered matters of concern."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import date

from heard.reports.model import Cell
from heard.text.dates import civil_date

# The standing sentences of boxes 2, 5, 6, 7 and 8, in the forms in which they are met. They say nothing of a death, and
# would make every report alike.
_STANDING = re.compile(
    r"\b(?:evidence|inquiries|information) (?:has |have )?revealed matters giving rise to (?:a )?concern|"
    r"\bin ?(?:\d )?my opinion,? there is a (?:continuing )?risk that (?:future|other) deaths|"
    r"\bit is my statutory duty to report|"
    r"\bmatters? of concerns?,? (?:are|is) as follows|"
    r"\bin my opinion,? (?:urgent )?action should be taken|"
    r"\bpower to take such action\W*$|"
    r"\bunder a duty to respond to this report|\bcoroner,? may extend the period|"
    r"\byour response must contain details of action|\byou must explain why no action|"
    r"\bmay publish either or both in a complete or redacted|\bsend a copy of this report to any person who|"
    r"\bmay make representations to me,? the coroner|"
    r"\bsent a copy of (?:my|this) report to the chief coroner|\bduty to send (?:the chief coroner|him) a copy of your|"
    r"\bunder paragraph 7,? schedule 5",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"[\[(]brief summary of matters of concern[\])]", re.IGNORECASE)
# A sentence of the form ends at a full stop, a colon or the end of its line; "2.5" and "Mr. Ash" end none.
_ENDS = re.compile(r"(?<=[.:])(?=\s)")
_NUMBER = re.compile(
    r"(?:^|\n|(?<=[.;:–-] ))\s*(?:\(?(MC\s?\d{1,2}|\d{1,2}|[a-h])[.)]+|\((\d{1,2}|[ivx]+|[a-h])\))\s+(?=\S)"
)
_NAMELY = re.compile(r"(?:namely(?:,? by)?|, by)\W+([\w\s,./-]{4,60}?)(?=[.;]\s|\.?$|,? I,? |\s*\()", re.IGNORECASE)


def without_standing_sentences(text: str) -> str:
    """The text without the form's own words."""
    lines = []
    for line in _ASIDE.sub("", re.sub(r"[ \t\xa0]+", " ", text)).split("\n"):
        kept = [part for part in _ENDS.split(line) if part.strip(" .–-:") and not _STANDING.search(part)]
        lines.append("".join(kept).strip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n –-")


def matters(text: str) -> list[tuple[str, str]]:
    """The matters of concern as (number, words), numbered as the report numbers them; one without a number if it has
    none.

    Numbers count only where they follow each other: a "(2)" in a sentence begins nothing.
    """
    bare = without_standing_sentences(text)
    if not bare:
        return []
    found: list[tuple[str, int, int]] = []
    for at in _NUMBER.finditer(bare):
        number = (at[1] or at[2]).replace(" ", "")
        if _follows(found[-1][0] if found else "", number):
            found.append((number, at.start(), at.end()))
    if not found:
        return [("", bare)]
    before = bare[: found[0][1]].strip(" \n-–:")
    parts = [("", before)] if len(before) > 40 else []
    ends = [start for _, start, _ in found[1:]] + [len(bare)]
    return parts + [(number, bare[after:end].strip()) for (number, _, after), end in zip(found, ends, strict=True)]


def cell(words: str, concerns: Iterable[str], unfound_by: str = "") -> Cell:
    """What stands where the concerns should. `words` are all of it, `concerns` those that could be told in it, and
    `unfound_by` the source that says it found none.

    The same words are told by a digest, whatever their points and spaces; no text is kept for it.
    """
    if told := _plain(" ".join(concerns)):
        return Cell("concerns", _digest(told))
    if unfound_by:
        return Cell("none", unfound_by, unfound_by)
    plain = _plain(words)
    return Cell("form", _digest(plain)) if plain else Cell()


def _plain(words: str) -> str:
    return " ".join(re.findall(r"\w+", words.lower()))


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def _follows(last: str, number: str) -> bool:
    if not last:
        return number.lower() in ("1", "a", "i", "mc1")
    if number[-1].isdigit() and last[-1].isdigit():
        return int(re.sub(r"\D", "", number)) == int(re.sub(r"\D", "", last)) + 1
    order = (
        "i ii iii iv v vi vii viii ix x xi xii".split()
        if last in ("i", "ii", "iii", "iv", "vi", "vii")
        else list("abcdefgh")
    )
    return last in order[:-1] and number == order[order.index(last) + 1]


def stated_deadline(text: str) -> date | None:
    """The last day that box 7 names, if it names one that can be read."""
    found = _NAMELY.search(re.sub(r"\s+", " ", text))
    if not found:
        return None
    words = found[1].strip()
    for end in range(len(words), 5, -1):
        if (end == len(words) or not words[end].isalnum()) and (day := civil_date(words[:end])):
            return day
    return None


# The form as a whole --------------------------------------------------------------------------------------------------

#: The headings of the boxes, in their order. Box 9 has none: it is a date and a name.
_BOXES = (
    (1, r"CORONER"),
    (2, r"CORONER[’'`S ]*\s?LEGAL POWERS?"),
    (3, r"INVESTIGATION(?:\s+and\s+INQUESTS?)?"),
    (4, r"CIRCUMSTANCES OF (?:THE )?DEATHS?"),
    (5, r"CORONER[’'`S ]*\s?CONCERNS?"),
    (6, r"ACTION (?:SHOULD|TO) BE TAKEN"),
    (7, r"YOUR RESPONSE"),
    (8, r"COPIES(?:\s+and\s+PUBLICATION)?"),
)
_SENT_TO = re.compile(r"REPORT\s+IS\s+BEING\s+SENT\s+TO\s*:?", re.IGNORECASE)
_FOOTER = re.compile(r"\s*(?:page )?\d{0,2}(?: of \d+)?\s*|\s*Document Template Updated.*", re.IGNORECASE)
_DATE = re.compile(
    r"\d{1,2}\s?(?:st|nd|rd|th)?(?: day)?(?: of)?\s+[A-Z][a-z]+,?\s+\d{2,4}|\d{1,2}[./]\s?\d{1,2}[./]\s?\d{2,4}"
)


def boxes(text: str) -> dict[int, str]:
    """The boxes of a filled form by their numbers, 0 being those it is sent to.

    A box that is not found is not there.
    """
    plain = re.sub(r"[ \t\xa0]+", " ", text.replace("\r", "")).strip()
    found: list[tuple[int, int, int]] = []
    if heading := _SENT_TO.search(plain):
        found.append((0, heading.start(), heading.end()))
    for number, words in _BOXES:
        after = found[-1][2] if found else 0
        at = re.compile(
            rf"(?:^|\n)\s*(?:{number}\s*[.:]?\s+)?(?:{words})\s*[:.]?\s*(?=\n|$)", re.IGNORECASE if number > 2 else 0
        )
        if heading := at.search(plain, max(0, after - 1)):
            found.append((number, heading.start(), heading.end()))
    ends = [start for _, start, _ in found[1:]] + [len(plain)]
    filled = {number: plain[after:end] for (number, _, after), end in zip(found, ends, strict=True)}
    if 8 in filled and (signed := _signed(filled[8])):
        filled[8], filled[9] = signed
    return {number: _lines(words) for number, words in filled.items()}


def _lines(text: str) -> str:
    """Without page numbers and footers, and a sentence on one line though the page broke it over several."""
    kept: list[str] = []
    for line in (line.strip() for line in text.split("\n") if not _FOOTER.fullmatch(line)):
        broken = kept and len(kept[-1]) > 55 and not re.match(r"[(•–-]|\(?(?:\d{1,2}|[a-h])[.)]\s|MC\s?\d", line)
        after_word = kept and re.match(r"[a-z]", line) and re.search(r"[\w,]$", kept[-1])
        if broken or after_word:
            kept[-1] += f" {line}"
        else:
            kept.append(line)
    return "\n".join(kept).strip()


def _signed(copies: str) -> tuple[str, str] | None:
    """Box 8 and box 9, which begins with the last line that bears a date."""
    lines = [line for line in copies.strip().split("\n") if not _FOOTER.fullmatch(line)]
    for place in range(len(lines) - 1, max(-1, len(lines) - 8), -1):
        if _DATE.search(lines[place]) and "sent" not in lines[place].lower():
            return "\n".join(lines[:place]), re.sub(r"^9\s*", "", "\n".join(lines[place:]).strip())
    return None


def signed_on(box: str) -> date | None:
    """The day in box 9."""
    found = _DATE.search(box)
    return civil_date(re.sub(r"\s*([./])\s*", r"\1", found[0])) if found else None


def listed_addressees(box: str) -> list[str]:
    """Those that a numbered list of the form names; where a name was blacked out, the mark stands for it."""
    items: list[list[str]] = []
    for line in box.split("\n"):
        numbered = re.match(rf"\(?{len(items) + 1}[.)]?\s+(?=\S)", line)
        if numbered or not items:
            items.append([line[numbered.end() :] if numbered else line])
        elif not _STREET.search(line) and not (len(items[-1]) > 1 and _STREET.search(items[-1][-1])):
            items[-1].append(line)
    named = [re.sub(r"\s+", " ", " ".join(lines)).strip(" .") for lines in items]
    return [re.sub(r"^,\s*", "[REDACTED], ", name) for name in named if name]


#: A line of an address, and all that follow it.
_STREET = re.compile(
    r"^\d|PO Box|\b[A-Z]{1,2}\d[\dA-Z]? ?\d[A-Z]{2}\b|\b(?:street|road|lane|avenue|floor)\b", re.IGNORECASE
)
_COVERED = re.compile(
    r"coroner for (?:the )?(?:coroner )?area of\s+([^\n.]+)|coroner area of\s+([^\n.]+)", re.IGNORECASE
)
_NAMED = re.compile(r"I am,? ([^,\n]+(?:,? (?:LL[BM]|[KQ]C|OBE|JP))*),?\s", re.IGNORECASE)
_OF = re.compile(
    r"(?:investigation|inquest)\s+(?:was\s+)?(?:commenced\s+)?into\s+the\s+deaths?\s+of\s+((?:(?:Mr|Mrs|Ms|Miss|Dr)\.?\s+)?[A-Z][\w’'-]+(?:\s+[A-Z][\w’'-]+){1,4})"
)


def facts_of(text: str) -> dict[str, str]:
    """What a filled form says of its report, by `model.FIELDS`."""
    filled = boxes(text)
    opening = filled.get(1, "")
    area, coroner, dead = _COVERED.search(opening), _NAMED.search(opening), _OF.search(filled.get(3, ""))
    day = signed_on(filled.get(9, ""))
    said = {
        "dated": day.isoformat() if day else "",
        "coroner": re.sub(r"\s+(?:senior|area|assistant|acting).*", "", coroner[1], flags=re.IGNORECASE).strip()
        if coroner
        else "",
        "area": " ".join((area[1] or area[2]).split()) if area else "",
        "deceased": " ".join(dead[1].split()) if dead else "",
        "sent_to": "\n".join(listed_addressees(filled.get(0, ""))),
        "investigation": filled.get(3, ""),
        "circumstances": filled.get(4, ""),
        "concerns": filled.get(5, ""),
        "action": filled.get(6, ""),
        "deadline": filled.get(7, ""),
        "copies": filled.get(8, ""),
    }
    return {field: words for field, words in said.items() if words}
