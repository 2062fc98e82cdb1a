"""Notices of the court's comings and goings: a line that says the hearing rose, is back, or is over.

A notice is told from evidence ("She says she was back at 2pm") by who does it: the court, the coroner, or we who
report. What stands in quotation marks is somebody's words, and no notice. Where it is unclear a line is an ordinary
post: then a pause is missing, but no words are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from heard.ingest.blog import State
from heard.ingest.hours import DAY, LENGTH, length_of, until_of
from heard.ingest.reporting import unquoted

#: A notice is short; a longer line is a post that happens to mention a break.
NOTICE_MAX = 200

# The words that the phrases below are made of.
_WORDS = {
    "court": r"(?:(?:the|this|our) )?(?:(?:senior|assistant|area|deputy|chief) )*(?:coroner|judge(?: \w+)?"
    r"|(?:mr|mrs|ms|lord|lady) justice \w+|court|inquests?|hearing|inquiry|tribunal|jury|jurors|proceedings|session"
    r"|sitting|chair(?:man|woman)?)",
    "we": r"(?:and )?(?:we|our (?:live )?coverage|the (?:live )?(?:coverage|blog))",
    "person": r"(?:mr|mrs|ms|miss|dr|sir|dame|professor) [\w'-]+",
    "does": r"(?:'(?:s|re|ve|ll))?"
    r"(?: (?:is|are|has|have|been|be|will|shall|now|just|all|about to|due to|going to|briefly|once more))*",
    "rises": r"(?:rise[sn]?|rising|rose|adjourn(?:s|ed|ing)?|paus(?:es?|ed|ing)|break(?:s|ing)?|broken|stopp(?:ed|ing)"
    r"|suspended)",
    "resumes": r"(?:resum(?:es?|ed|ing)|reconven(?:es?|ed|ing)|restart(?:s|ed|ing)?)",
    "break": r"(?:(?:a|the|our|short|brief|quick|lunch|tea|comfort|morning|afternoon|mid-morning|mid-afternoon) )*"
    r"(?:break|lunch|recess|adjournment)",
    "until": r"(?:for|until|till|overnight|to a date)\b",
    "end": r"(?=$|[.,;:!–—])",
    "day": DAY,
    "length": LENGTH,
    "clock": r"(?:(?:about |around )?(?:\d|noon\b|midday\b|(?:one|two|three|four|ten|eleven|twelve)\b))",
    "concludes": r"(?:concludes?|brings|ends?|closes?|wraps up|end of|all (?:from|for|on)|it (?:from|for))\b",
    "live": r"(?:coverage|blog|reporting|updates)\b",
}

_PAUSES = (
    r"(?:{court}|{we}){does} {rises}(?:{end}| (?:{until}|here\b|there\b|now\b|early\b|at {clock}|to {day}))",
    r"{court}{does} adjourn(?:s|ed|ing) (?:the|its?|her|his|this) \w+ (?:{until}|to\b)",
    r"{court} was adjourned (?:for the day|overnight|until|till)\b",
    r"{person} (?:is|has)(?: now| just)? (?:rising|risen|adjourned) {until}",
    r"{court}{does} retir(?:es|ed|ing) (?:{until}|to consider\b)",
    r"(?:{court}|{we}){does} (?:taking|takes?|on|off for) {break}\b",
    r"(?:(?:and )?(?:that's|that is|time for|now) )?{break}(?:{end}| (?:until|till|now)\b| for {length})",
    r"(?:a )?{length} (?:break|recess|adjournment)\b",
    r"(?:now )?(?:adjourned|rising)(?:{end}| (?:{until}|to {day}))",
    r"(?:{we}{does} )?(?:back|resum(?:e|ing)|return(?:ing)?)(?: here| again| after lunch)*"
    r" (?:(?:at|from) {clock}|in {length}|on {day}|{day})",
)
# That it goes on: now, or with a time to come, not yet.
_RESUMES = (
    r"(?:{court}|{we}){does} back(?:{end}| (?:in|on|after|from|sitting|under ?way|and|now|at|for more|{day})\b)",
    r"(?:{court}|{we}){does} {resumes}(?:{end}| (?:after|following|at|with|now)\b)",
    # "The inquest resumed on 22 May" is history; it resumes on Monday.
    r"(?:{court}|{we}){does} (?:resum(?:es?|ing)|reconven(?:es?|ing)|restart(?:s|ing)?)(?: on)? {day}\b",
    # "The jury returned a conclusion" is news, and no return to court.
    r"(?:{court}|{we}){does} return(?:s|ed|ing)?"
    r"(?:{end}| (?:to (?:court|the bench|the room)|after|from|at|on|{day})\b)",
    r"{court}{does} (?:sits?|sitting|in session|under ?way) again\b",
    r"(?:and )?(?:back (?:in court|in session|after|from|under ?way)|welcome back)\b",
)
# "The inquest continues." ends many a report and says nothing; with a day it is an adjournment.
_CONTINUES = (r"(?:{court}|{we}){does} (?:continu(?:es?|ing)|sits?|sitting)(?: again)? (?:on |at )?(?:{day}|{clock})",)
_CLOSES = (
    r"(?:and )?(?:that|this|which)(?:'s| is| was)? .{{0,20}}?\b{concludes}.{{0,40}}\b(?:{live}|us\b)",
    r"(?:(?:and )?we|i)(?:'m| am)?{does} (?:closing|ending|wrapping up|finishing)\b.{{0,30}}\b{live}",
    r"(?:our|the|today's) (?:live )?{live}.{{0,40}}?\b(?:end(?:s|ed)|close[sd]|conclude[sd]|finished|over)\b",
)
_TO_COME = (
    r"(?:will|shall|until|till|due to|is to|are to|expected to)\b",
    r"{day}",
    r"(?:at|from|around|by) {clock}",
    r"in {length}",
)


def _any(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{phrase.format(**_WORDS)})" for phrase in phrases), re.IGNORECASE)


_PAUSE, _RESUME, _CONTINUE, _CLOSE = map(_any, (_PAUSES, _RESUMES, _CONTINUES, _CLOSES))
_FUTURE = re.compile(rf"(?:\b(?:{_any(_TO_COME).pattern}))|'ll\b", re.IGNORECASE)


def notice(words: str, id: str, number: int | None = None) -> State | None:
    """The state that a line tells of, or None for a line that is no notice."""
    if len(words) > NOTICE_MAX or unquoted(words) != words:
        return None
    said = words.replace("’", "'")
    if _CLOSE.match(said):
        return State(id, words, "closed", number)
    resumes = _RESUME.match(said)
    if resumes and not _FUTURE.search(said):
        return State(id, words, "resumed", number)
    if resumes or _CONTINUE.match(said) or _PAUSE.match(said):
        return State(id, words, "paused", number, length_of(said), until_of(said))
    return None
