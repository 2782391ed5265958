"""Identifiers known by their shape, and the lists of names, places and ordinary words.

``PATTERNS`` is in order of precedence: where two overlap, the one further up wins. Each row is
(kind, why, pattern). Patterns are made for English; shapes of numbers are those of many countries.
The lists lie in ``exports/texts/lists`` and were compiled for this project from general knowledge.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from string import ascii_lowercase

EMAIL, PHONE, URL, HANDLE = "email", "phone", "url", "handle"
DATE, TIME, AGE, NUMBER = "date", "time", "age", "number"
POSTCODE, ADDRESS, PLACE, ORGANISATION = "postcode", "address", "place", "organisation"
NAME, EVENT, ROLE, UNKNOWN = "name", "event", "role", "unknown"

# What a mark can be called, and what stands in the text instead of it.
KINDS = (
    NAME, PLACE, ORGANISATION, ADDRESS, POSTCODE, EMAIL, PHONE, URL, HANDLE, DATE, TIME, AGE,
    NUMBER, EVENT, ROLE, UNKNOWN,
)  # fmt: skip

_TLD = (
    r"(?:com|org|net|edu|gov|info|io|me|ee|blog|co\.uk|org\.uk|ac\.uk|nhs\.uk|uk|ie|de|at|ch|fr|nl|"
    r"be|es|it|pt|eu|us|ca|au|nz|in|za|ng|example)"
)
_AT = r"\s*(?:@|[(\[{]\s*at\s*[)\]}]|\s+at\s+)\s*"
_DOT = r"\s*(?:\.|[(\[{]\s*dot\s*[)\]}]|\s+dot\s+)\s*"

_DIGIT = r"(?:zero|oh|nought|one|two|three|four|five|six|seven|eight|nine|double|triple)"
_TENS = r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_TEENS = r"(?:ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen)"
_ONES = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_SPELLED = rf"(?:{_TENS}(?:[\s-]{_ONES})?|{_TEENS}|{_ONES})"
_TENTHS = (
    r"(?:(?:thir|four|fif|six|seven|eigh|nine)teenth|tenth|eleventh|twelfth|twentieth|thirtieth|"
    r"fortieth|fiftieth|sixtieth|seventieth|eightieth|ninetieth|\d{1,3}(?:st|nd|rd|th))"
)

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_LONG_MONTH = r"(?:january|february|april|june|july|august|september|october|november|december)"
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_FEAST = (
    r"(?:christmas(?:\sday|\seve)?|boxing\sday|new\syear(?:['’]?s)?(?:\sday|\seve)?|easter|"
    r"thanksgiving|halloween|diwali|eid)"
)
_DAY = r"(?:[0-3]?\d(?:st|nd|rd|th)?)"
_YEAR = r"(?:(?:19|20)\d\d)"

_STREET = (
    r"(?:street|road|avenue|lane|drive|crescent|terrace|grove|gardens?|square|boulevard|mews|"
    r"highway|parkway|estate|court|close|way|row|hill|rd|ave|blvd)"
)
_HOUSE = (
    r"(?:hospital|infirmary|clinic|surgery|hospice|school|primary|academy|college|uni|university|"
    r"church|chapel|mosque|temple|parish|prison|centre|center|ward|unit|nursing\shome|care\shome|"
    r"children['’]?s\shome|health\scentre|practice|police\sstation|library|pub|factory|works)"
)
_GENERIC = (
    r"(?:a|an|the|my|our|his|her|their|your|this|that|which|what|any|some|every|each|same|other|"
    r"another|local|old|new|nearest|big|small|first|second|last|next|main|private|public|primary|"
    r"secondary|high|middle|law|art|medical|nursing|boarding|night|day|sunday|mental|health|eye|"
    r"general|children|childrens|children['’]s|women|womens|women['’]s|men|family|community|"
    r"counselling|counseling|therapy|training|and|or|of|in|at|from|to|for|with|after|before|"
    r"during|back|is|was|were|by|on|when|psychiatric|maternity|leisure|call|shopping|township|village|town|city|sixth|grad|"
    r"catholic|teaching|on\sthe|side|long|busy|back|wrong|right|half|down|up|no|one|by\sthe)"
)
_CAP = r"[A-ZÀ-ÖØ-Þ][\w'’.-]*"
_DISASTER = (
    r"(?:fires?|floods?|flooding|crash|shootings?|stabbings?|bombings?|bomb|attacks?|explosion|"
    r"earthquakes?|quake|disaster|massacre|derailment|hurricane|tornado|tsunami|volcano|eruption|"
    r"riots?|landslide|avalanche|hijacking|kidnapping|murders?|collapse|sinking|siege)"
)
_RARE_JOB = (
    r"(?:mayor(?:ess)?|coroner|lighthouse[\s-]keepers?|fire\s?(?:fighter|man|woman|chief)|bishop|"
    r"rabbi|imam|judge|magistrate|sheriff|senator|councillor|ambassador|astronaut|surgeon|pilot|"
    r"mp|mep|head\s?(?:teacher|master|mistress)|head\sof\s\w+|town\sclerk|undertaker|"
    r"(?:funeral|museum|school|bank|prison)\s(?:director|manager|governor|principal)|principal|"
    r"ceo|professor\sof\s\w+|chief\s\w+|chefarzt|jockey|harbou?r\s?master|ranger|newsreader|"
    r"footballer|olympian|opera\ssinger|organist|conductor|midwife|paramedic|gravedigger)"
)


def _plain(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _exact(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


# Counted things that point at nobody: ten minutes, six sessions, 18 months.
_UNITS = (
    r"(?:\s*(?:%|per\s?cent|percent|/\s?\d|out\sof|minutes?|mins?|seconds?|secs?|hours?|hrs?|days?|"
    r"weeks?|months?|years?(?!\sold|-old)|yrs?(?!\sold)|sessions?|times?|characters|words|other|"
    r"people|clients?|therapists?|counsellors?|counselors?|tears?|of\sus|of\sthem|k\b|quid|pounds?|"
    r"euros?|dollars?|bucks))"
)

PATTERNS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    (EMAIL, "looks like an e-mail address", _plain(
        rf"(?<![\w.+-])[\w.+-]++{_AT}[\w-]+(?:{_DOT}[\w-]+){{0,4}}{_DOT}{_TLD}\b"
    )),
    (URL, "looks like a web address", _plain(
        r"(?:\bhttps?://\S+|\bwww\.\S+"
        rf"|(?<![\w.-])[a-z0-9-]++(?:\.[a-z0-9-]+){{0,4}}\.{_TLD}(?:/\S*)?)(?<![.,;:!?)])"
    )),
    (HANDLE, "looks like a name on a platform", _plain(r"(?<!\w)(?:@[\w.]*\w|/?[ur]/\w[\w-]+)")),
    (HANDLE, "follows a word for a name on a platform", _plain(
        r"(?<=handle\sis\s)[\w.]+\w|(?<=username\sis\s)[\w.]+\w|(?<=insta:\s)[\w.]+\w"
        r"|(?<=handle:\s)[\w.]+\w|(?<=username:\s)[\w.]+\w"
    )),
    (DATE, "a date in figures", _plain(
        r"\b(?:\d{4}-\d{1,2}-\d{1,2}|[0-3]?\d[./-][0-3]?\d[./-](?:\d{4}|\d\d))\b"
    )),
    (DATE, "a range of years", _plain(rf"\b{_YEAR}\s?[-–/]\s?(?:{_YEAR}|\d\d)\b")),
    (PHONE, "looks like a telephone number", _plain(
        r"(?<![\w.])(?:\+|\()?\d(?:[\s()./-]{0,2}\d){6,14}(?![\w])"
    )),
    (PHONE, "digits in words, one after the other", _plain(
        rf"\b{_DIGIT}(?:[\s,-]+(?:{_DIGIT}|hundred)){{4,}}\b"
    )),
    (TIME, "a time of day", _plain(
        r"\b(?:[01]?\d|2[0-3])(?:[:.][0-5]\d)?\s?(?:am|pm|a\.m\.|p\.m\.|uhr|o['’]?clock)(?!\w)"
        r"|\b(?:[01]?\d|2[0-3]):[0-5]\d\b"
        rf"|\b(?:half|quarter)\s(?:past|to)\s(?:\d{{1,2}}|{_SPELLED})\b"
        rf"|\b{_SPELLED}\so['’]?clock\b|\b(?:{_SPELLED}|\d{{1,2}})\s(?:thirty|fifteen)\b"
    )),
    (TIME, "a weekday and an hour", _plain(
        rf"\b{_WEEKDAY}\sat\s(?:\d{{1,2}}|{_SPELLED}|noon)\b"
    )),
    (DATE, "a date in words", _plain(
        rf"\b(?:the\s)?{_DAY}\s(?:of\s)?{_MONTH}\b(?:,?\s{_YEAR})?"
        rf"|\b{_MONTH}\.?\s{_DAY}\b(?:,?\s{_YEAR})?"
        rf"|\b(?:the\s)?(?:first|second|third|{_TENTHS}|{_TENS}[\s-]\w+)\sof\s{_MONTH}\b"
        rf"|\b(?:{_MONTH}|{_FEAST}|spring|summer|autumn|winter|fall)\s(?:of\s)?{_YEAR}\b"
        rf"|\b(?:first|second|third|fourth|last)\sweek\s(?:of|in)\s\w+"
    )),
    (DATE, "a weekday", _plain(rf"\b(?:(?:last|this|next|on\sa|every)\s)?{_WEEKDAY}\b")),
    (DATE, "a month", _exact(rf"\b{_LONG_MONTH.title()}\b")),
    (DATE, "a month", _plain(
        rf"\b(?:in|last|since|until|till|by|this|mid|early|late|end\sof)[\s-]{_MONTH}\b"
    )),
    (DATE, "a year", _plain(
        rf"\b{_YEAR}(?!s?\s?(?:characters|words))\b|(?<!\w)['’](?:[5-9]\d|[012]\d)\b"
    )),
    (ADDRESS, "a house or flat number", _plain(
        rf"\b(?:flat|apartment|apt|unit|suite|number|house\snumber|no\.)\s?#?\d+[a-z]?\b"
        rf"(?:,?\s{_CAP}(?:\s{_CAP})*)?"
        rf"|\b\d+[a-z]?,?\s(?:[a-z'’]+\s){{1,3}}{_STREET}\b"
    )),
    (POSTCODE, "looks like a postcode", _plain(
        r"\b(?:[a-z]{1,2}\d[a-z\d]?\s?\d[a-z]{2}|[a-z]\d[a-z]\s?\d[a-z]\d)\b"
    )),
    (POSTCODE, "looks like a postcode", _exact(
        r"\b(?:\d{4}\s?[A-Z]{2}|[AC-FHKNPRTV-Y]\d[\dW]\s?[AC-FHKNPRTV-Y\d]{4}|\d{5}(?:-\d{4})?|"
        r"[DFAB]-\d{4,5})\b"
    )),
    (AGE, "an age", _plain(
        r"\b\d{1,3}[\s-]?(?:y/?o|years?[\s-]old|yrs?\sold|yr[\s-]olds?)\b"
        rf"|\b{_SPELLED}[\s-]years?[\s-]olds?\b"
        rf"|(?<=\baged\s)(?:\d{{1,3}}|{_SPELLED})\b|(?<=\bage\s)(?:\d{{1,3}}|{_SPELLED})\b"
        rf"|(?<=\bturned\s)(?:\d{{1,3}}|{_SPELLED})\b|\b{_TENTHS}\sbirthday\b"
        r"|(?<=\bi['’]m\s)\d{1,2}\b|(?<=\bim\s)\d{1,2}\b|(?<=\bi\sam\s)\d{1,2}\b"
        r"|(?<=\bwas\s)\d{1,2}(?=[,.;]|\sand|\swhen|\sat\sthe)|(?<=\bis\s)\d{1,2}\b(?!\s?%)"
        rf"|\b{_TENS}[\s-]{_ONES}\b|(?<=\bage,\s){_SPELLED}\b"
        rf"|(?<=\bi['’]m\s)(?:{_TENS}|{_TEENS})\b"
    )),
    (NUMBER, "a number", _plain(
        rf"(?<![\w£$€.,/])\d{{2,}}(?![\w]|['’]?s\b|/\d)(?!{_UNITS})"
    )),
    (ADDRESS, "a street", _exact(
        rf"\b(?:{_CAP}\s){{1,3}}(?:{_STREET.title()}|St|Rd|Ave)\b(?!['’])"
    )),
    (ADDRESS, "a street", _plain(
        rf"(?<=\son\s)(?!{_GENERIC}\b)[a-z'’]+\s(?:street|road|avenue|lane|st|rd|ave)\b"
        rf"|(?<=\sin\s)(?!{_GENERIC}\b)[a-z'’]+\s(?:street|road|avenue|lane)\b"
        rf"|(?<=\soff\s)(?!{_GENERIC}\b)[a-z'’]+\s(?:street|road|avenue|lane)\b"
    )),
    (ORGANISATION, "a house with a saint's name", _plain(
        rf"\b(?:saint|st)\.?\s(?!of\b|and\b)[a-z'’]+(?:\s{_HOUSE})?\b"
    )),
    (ORGANISATION, "the name of a house", _exact(
        rf"\b(?!(?:My|The|Our|Her|His|A|An|This|That|In|At|To|Your|Their|One|Same|When)\s(?i:{_HOUSE}|"
        rf"house|hall|trust|high)\b)(?:{_CAP}\s(?:of\s)?){{1,3}}(?i:{_HOUSE}|high|elementary|house|hall|hospitals|trust)\b"
        rf"(?:\s(?:of|in)\s{_CAP}(?:\s{_CAP})*)?"
    )),
    (ORGANISATION, "the name of a house", _plain(
        rf"(?<=\s)(?<=at\s|in\s|to\s|of\s|by\s)(?:the\s)?(?!{_GENERIC}\s)[a-z'’]+\s{_HOUSE}\b"
        rf"|(?<=from\s|near\s)(?:the\s)?(?!{_GENERIC}\s)[a-z'’]+\s{_HOUSE}\b"
    )),
    (ORGANISATION, "a university or hospital by its place", _plain(
        rf"\b(?:university|uni|college|hospital|bank|church)\sof\s{_CAP}"
    )),
    (EVENT, "something that happened and was in the news", _plain(
        rf"\b(?:the|our|that|those|last)\s(?:[\w'’-]+\s){{0,3}}{_DISASTER}\b"
        rf"(?:\s(?:at|on|in|near)\s(?:the|our|my)?\s?[\w'’-]+(?:\s(?:trip|school|village|station))?)?"
    )),
    (ROLE, "one of few in this position", _plain(
        r"\b(?:the|her|his|their|my)\s(?:only|(?:first|youngest|oldest)\s(?:female|male|woman|man|"
        r"black|asian|gay|trans|deaf|blind))\s(?!word|thing|time|way|reason|one\b|day)"
        r"(?:(?!i\s|we\s|she\s|he\s|they\s)[\w'’-]+\s){1,4}?(?:in|on|at|for|of)\s"
        r"(?:the\s|our\s|my\s|this\s|that\s)?\w+"
    )),
    (ROLE, "a job that few people have", _plain(rf"\b{_RARE_JOB}\b")),
    (ORGANISATION, "an employer or a chain", _plain(
        r"\b(?:aldi|amazon|asda|barclays|bosch|costco|deloitte|greggs|hsbc|ibm|ikea|infosys|kpmg|"
        r"lidl|lloyds|morrisons|natwest|nissan|ocado|oxfam|primark|ryanair|santander|serco|siemens|"
        r"starbucks|tesco|toyota|unilever|vodafone|volkswagen|waitrose|walmart|wipro|"
        r"john\slewis|sainsbury['’]?s|mcdonald['’]?s|barnardo['’]?s|maggie['’]?s|"
        r"weight\swatchers|slimming\sworld|salvation\sarmy|royal\smail|network\srail)\b"
    )),
)  # fmt: skip


TYPO_FROM = 6  # letters from which one slip of the finger is forgiven: shorter words turn to others

_NO_ACCENTS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "ł": "l", "đ": "d", "ı": "i"})
_ELSE = re.compile(r"[^a-z]")
_POSSESSIVE = re.compile(r"['’]s?$")
_ENDINGS = (
    ("ies", "y"), ("ied", "y"), ("iest", "y"), ("ier", "y"), ("ily", "y"), ("iness", "y"),
    ("s", ""), ("es", ""), ("ed", ""), ("d", ""), ("ing", ""), ("ing", "e"), ("ly", ""),
    ("er", ""), ("r", ""), ("est", ""), ("ness", ""), ("ful", ""), ("fully", ""), ("less", ""),
    ("y", ""), ("y", "e"), ("ish", ""), ("in", ""), ("able", ""), ("ment", ""), ("ally", ""),
)  # fmt: skip
_BEGINNINGS = ("un", "re", "dis", "over", "mis", "out", "non", "self", "pre")


@cache
def _listed(name: str) -> frozenset[str]:
    text = (files("exports.texts") / "lists" / f"{name}.txt").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())


def fold(word: str) -> str:
    """``word`` in plain letters a to z: lower case, no accents, no apostrophes, no possessive."""
    bare = _POSSESSIVE.sub("", word.lower()).translate(_NO_ACCENTS)
    return _ELSE.sub("", unicodedata.normalize("NFKD", bare))


def is_name(word: str) -> bool:
    """Return whether a person may be called so. Takes a folded word, as all functions below."""
    return word in _listed("names")


def is_place(word: str) -> bool:
    """Return whether a place is called so."""
    return word in _listed("places")


def usual_capital(word: str) -> bool:
    """Return whether its capital letter says nothing: God, Mum, English."""
    return word in _listed("capitals")


def _stems(word: str) -> Iterator[str]:
    """``word`` without one ending, as its base form may be spelled."""
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            stem = word[: -len(ending)] + instead
            yield stem
            if len(stem) > 3 and stem[-1] == stem[-2]:  # sobbing, sob
                yield stem[:-1]


def is_plain(word: str) -> bool:
    """Return whether it is itself in the list of ordinary words, so that a name may be none."""
    return word in _listed("ordinary") or word in _listed("capitals")


def _derived(word: str) -> bool:
    return is_plain(word) or any(is_plain(stem) for stem in _stems(word))


def is_ordinary(word: str) -> bool:
    """Return whether it is an English word of everyday use, in whatever form."""
    if _derived(word):
        return True
    if any(word.startswith(b) and _derived(word[len(b) :]) for b in _BEGINNINGS):
        return True
    # Compounds, of halves with three letters or more.
    halves = ((word[:at], word[at:]) for at in range(3, len(word) - 2))
    return any(is_plain(a) and _derived(b) for a, b in halves)


def is_slip(word: str) -> bool:
    """Return whether it looks like an ordinary word mistyped: one letter off, or drawn out."""
    short = re.sub(r"(.)\1{2,}", r"\1", word)
    # Drawn out, as in sooo or hmmm.
    if short != word and (is_ordinary(short) or len(set(word)) < 3):
        return True
    return len(word) >= TYPO_FROM and any(map(is_plain, _one_off(word)))


def near_place(word: str) -> bool:
    """Return whether it looks like the name of a place mistyped."""
    return len(word) >= TYPO_FROM and any(map(is_place, _one_off(word)))


def _one_off(word: str) -> Iterator[str]:
    """Every word one letter away: taken out, swapped, put in place of another, or put in."""
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in ascii_lowercase:
            if tail:
                yield head + letter + tail[1:]
            yield head + letter + tail
