"""What people type, read as they meant it: spaces, line ends, digits of every script. Pure."""

from __future__ import annotations

import re
import unicodedata

# All that is a line end to somebody: as two characters, old ones, and those of word processors.
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Turn letters round for the reader; byte order marks stand in no word. Every other mark of
# direction, joiner, soft hyphen and variation selector belongs to somebody's script.
_MISLEADING = frozenset("\u202d\u202e\ufeff")
# What turns all that follows it, up to its end.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MINUS = frozenset("-\u2212\ufe63\uff0d")


def _written(character: str) -> str:
    """The character as it is kept; nothing for one that means nothing."""
    match unicodedata.category(character):
        case "Zs":
            return " "
        case "Cc" if character not in "\n\t":
            return ""
        case "Cs":
            return ""
        case "Cn" if ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF:
            return ""  # never a character; others are of a later Unicode
    return "" if character in _MISLEADING else character


def tidy_words(text: str) -> str:
    """Return the text with one kind of space and of line end, without control characters."""
    lines = _LINE_ENDS.sub("\n", text)
    return "".join(map(_written, lines)).strip()


def visible_words(text: str) -> str:
    """Return the text as a reader is shown it, as long as it is.

    Nobody is misled by it: what controls a screen, and what turns words round, shows as one mark.
    """
    unseen = {"Cc", "Cs", "Zl", "Zp"}
    return "".join(
        "\ufffd" if c in _TURNING or (unicodedata.category(c) in unseen and c not in "\n\t") else c
        for c in text
    )


def typed_number(text: str) -> str:
    """Return a typed number in ASCII digits, whatever script's it was typed in.

    What is no whole number comes back as it is, without the spaces around it.
    """
    bare = "".join(c for c in tidy_words(text) if unicodedata.category(c) != "Cf")
    sign = "-" if bare[:1] in _MINUS else ""
    digits = bare[len(sign) :]
    if not digits or not all(map(str.isdecimal, digits)):
        return bare
    return sign + "".join(str(unicodedata.decimal(c)) for c in digits)
