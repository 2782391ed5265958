"""The Flesch-Kincaid grade of a text, which says how hard it is to read; for English.

Source: Kincaid, Fishburne, Rogers & Chissom 1975, Derivation of new readability formulas for Navy
enlisted personnel, Research Branch Report 8-75. Syllables are counted by rule, so a grade can be
off by a few tenths; no dictionary has to be shipped or fetched.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PLACEHOLDER = re.compile(r"\{\w+\}")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# A sentence ends at its mark, and at the end of a paragraph or heading that has none.
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]*]*(?:\s|$)|\n\s*\n")
_ABBREVIATION = re.compile(
    r"\b(e\.g|i\.e|etc|vs|art|dr|mr|mrs|ms|st|no)\.(?=\s+[a-z0-9(])", re.IGNORECASE
)

# Letters that are not heard: an e at the end of a word, or of the first half of one. After a
# consonant and an l it is heard (ta-ble), and so is that of an ending after a hiss (bat-ches).
_SILENT = re.compile(
    r"""
      (?<=[^aeiou])(?<![^aeiou]l)e$
    | (?<=[^aeioudt])(?<![^aeiourl]l)(?<![^aeiour]r)e(?=d$)
    | (?<=[^aeiouszxcg])(?<![cs]h)(?<![^aeiou]l)e(?=s$)
    | (?<=[gq])ue(?=s?$)
    | (?<=[aeiou][^aeiou])e(?=(?:ly|ments?|ful|fully|less|ness|where|by)$)
    | (?<=[nd]g)e(?=ments?$)
    | (?<=ic)a(?=lly$)
    | (?<=^som)e(?=[bhotw]) | (?<=^hom|^lif|^tim|^car|^mor|^saf)e(?=[bglstw])
    | (?<=^her|^els)e(?=[^s]) | (?<=^lik)e(?=w) | (?<=^us)e(?=f) | (?<=^ev)e(?=ry)
    """,
    re.VERBOSE,
)
_VOWELS = re.compile(r"[aeiouyà-öø-ÿ]+")
# Vowels side by side that are spoken apart, and consonants that are spoken by themselves.
_APART = re.compile(
    r"""
      i(?=a$|as$|u[ms]|anc) | (?<![cstgxl])i(?=a[nr](?!c)) | (?<=[rnldvbmp])i(?=ous)
    | (?<![cstgx])i(?=a[blt]|o(?!u)|enc|ent|er$|et[iy]) | (?<=[^t])i(?=est$)
    | (?<=[^aeiou][aeou])(?=ing) | (?<=[^gqe])u(?=al|ou|ity|at|a$) | e(?=um$|ous|og)
    | (?<=r)e(?=ac?ti|act|as?$) | (?<=^cr)e(?=at(?!ur)) | (?<=d)e(?=as?$|o) | ^re(?=[aeiu]n)
    | (?<=lay|loy|joy)(?=er) | (?<=oy)(?=a) | (?<=sc)i(?=en) | (?<=qu)i(?=et)
    | y(?=i) | (?<=y)o(?=n) | (?<=wh)o(?=e) | (?<=s)m(?=s?$) | (?<=[ds])n(?='t$)
    """,
    re.VERBOSE,
)


@lru_cache(maxsize=4096)
def syllables(word: str) -> int:
    """Return the number of syllables heard in one English word, 1 at the least."""
    word = word.lower().replace("’", "'")
    spoken = word if word.endswith("n't") else word.partition("'")[0]
    heard = _SILENT.sub("", spoken.removeprefix("y"))
    return max(1, len(_VOWELS.findall(heard)) + len(_APART.findall(heard)))


def words(text: str) -> list[str]:
    """Return the words of ``text``, in order; a ``{placeholder}`` counts as two."""
    return _WORD.findall(_PLACEHOLDER.sub("two words", text))


def sentences(text: str) -> int:
    """Return the number of sentences; a heading or paragraph without a full stop is one too."""
    plain = _ABBREVIATION.sub(r"\1", _PLACEHOLDER.sub("two words", text))
    return sum(1 for part in _SENTENCE_END.split(plain) if _WORD.search(part))


def grade_of(*, words: int, sentences: int, syllables: float) -> float:
    """Return the Flesch-Kincaid grade for these counts: years of school in the United States."""
    return 0.39 * words / sentences + 11.8 * syllables / words - 15.59


def grade(text: str) -> float:
    """Return the Flesch-Kincaid grade of an English text; 0 when it has no words."""
    found = words(text)
    if not found:
        return 0.0
    heard = sum(syllables(word) for word in found)
    return grade_of(words=len(found), sentences=sentences(text), syllables=heard)
