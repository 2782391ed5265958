"""Codes that people type: the alphabet, how they are read, the shape and check letter of one.

Of a deletion code its shape alone is looked at here, which everybody may know: whether it deletes
anything is nowhere to be seen.
"""

from __future__ import annotations

# Crockford's base 32: of each pair of look-alikes only one is used, the other is read as it.
CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LOOK_ALIKES = str.maketrans("OIL", "011")
CODE_GROUPS, CODE_GROUP = 6, 4  # 23 random letters and a check letter (docs/design.md, The walk)
OLDER_GROUPS = 5  # of codes without a check letter, which still delete
MOST_LETTERS = 64  # of what is typed; the rest is left unread

# x^5 + x^2 + 1: primitive over GF(2) (MacWilliams & Sloane, The Theory of Error-Correcting Codes,
# 1977, chapter 4), so that the first 31 powers of α = x in GF(32) are all different.
POLYNOMIAL = 0b100101


def check_letter(letters: str) -> str:
    """Return the last letter of a deletion code: the sum of α^i · d_i in GF(32).

    In a code of up to 31 letters every letter has a weight of its own. So any one wrong letter,
    and any two different letters changed over, make another sum.
    """
    total = 0
    for letter in letters:
        total = (total ^ CODE_LETTERS.index(letter)) << 1
        if total >= len(CODE_LETTERS):
            total ^= POLYNOMIAL
    return CODE_LETTERS[total]


def in_groups(letters: str) -> str:
    """Return the letters as they are shown: groups with hyphens between."""
    return "-".join(letters[i : i + CODE_GROUP] for i in range(0, len(letters), CODE_GROUP))


def normalise_code(typed: str) -> str:
    """Return a typed code in the shape it was made in: capitals, groups, nothing else."""
    letters = "".join(c for c in typed.upper() if c.isascii() and c.isalnum())[:MOST_LETTERS]
    return in_groups(letters.translate(LOOK_ALIKES))


def read_deletion_code(typed: str) -> str:
    """Return the deletion code that was typed; empty where none was ever shown that looks so."""
    code = normalise_code(typed)
    letters = code.replace("-", "")
    if not set(letters) <= set(CODE_LETTERS):
        return ""
    if len(letters) == OLDER_GROUPS * CODE_GROUP:
        return code
    whole = len(letters) == CODE_GROUPS * CODE_GROUP
    return code if whole and check_letter(letters[:-1]) == letters[-1] else ""
