"""The encoding of a text file that does not say it: what its bytes leave beyond doubt.

UTF-8 and UTF-16 show themselves. Of the eight-bit code pages only Western European (cp1252) is
recognised, and only where every word is one of its languages; a Polish, Russian or old Mac file
must be named.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from pathlib import Path

from exports.errors import ExportRefused

BLOCK = 1 << 20
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}

# Letters beyond a to z of German and French, of Spanish, Portuguese and Catalan, of Italian, of
# Dutch, and of Danish, Norwegian, Swedish and Finnish.
ALPHABETS = tuple(map(frozenset, (
    "äöüßàâæçéèêëîïôœùû", "áéíóúüñçãõâêôàèòï", "àèéìíîòóùú", "áàéèêëïíóôöüúç", "åäöæøéèêàòôóü",
)))  # fmt: skip
WORD = re.compile(r"[A-Za-z'’\x80-\U0010ffff]*[\x80-\U0010ffff][A-Za-z'’\x80-\U0010ffff]*")
MARK = "€‚„…‰‹›‘’“”•–—™¡¢£§©«®¯°±²³´·¸»¿¼½¾×ªºµ\xa0\xad"
L = "[^\\W\\d_ªºµ]"
# What other code pages look like in this one: a mark inside a word (m„nnlich), a word without one
# plain letter (cp1251), letters where no Western language has them (koñ, nõ, mìsto).
FOREIGN = re.compile(
    rf"{L}[^\w\s'’‘·\xa0\xad-]{L}|[²³°´¸¼½¾±¯»›”…]{L}|õ(?!e)|ñ(?![aeiouáéíóúü])|ã(?![oe]|s?\b)"
    rf"|[ìù](?={L})",
    re.IGNORECASE,
)
NO_PLAIN_LETTER = re.compile(r"[^\W\d_ªºµ\x00-\x7f]{2,}")


def is_western(words: Iterable[str]) -> bool:
    """Return whether all words with letters beyond a to z are of one Western European language."""
    words = set(words)
    beyond = {c for word in words for c in word.lower() if c > "\x7f" and c not in MARK}
    return any(beyond <= alphabet for alphabet in ALPHABETS) and not any(
        FOREIGN.search(word) or NO_PLAIN_LETTER.fullmatch(word) for word in words
    )


def known_encoding(name: str) -> str:
    """Return Python's name of an encoding. Raise ExportRefused where there is none such."""
    try:
        "".encode(name)
        return codecs.lookup(name).name.replace("utf-8-sig", "utf-8")
    except (LookupError, UnicodeError, ValueError):
        raise ExportRefused(
            f"--encoding {name} is not known. Common ones: utf-8, cp1252 (Western Europe), cp1250"
            " (Central Europe), cp1251 (Cyrillic), mac-roman."
        ) from None


def encoding_of_mark(head: bytes) -> str:
    """Return the encoding that a byte order mark says; empty for a file without one."""
    return next((name for mark, name in MARKS.items() if head.startswith(mark)), "")


def encoding_of(path: Path, cure: str) -> str:
    """Return the encoding of a text file. Raise ExportRefused, with ``cure``, where in doubt."""
    with path.open("rb") as file:
        head = file.read(BLOCK)
    if marked := encoding_of_mark(head):
        return marked
    if 0 in head[:2] and head.count(0) > len(head) // 4:
        return "utf-16-be" if head[0] == 0 else "utf-16-le"
    try:
        for _ in _decoded(path, "utf-8"):
            pass
        return "utf-8"
    except UnicodeDecodeError:
        pass
    words: set[str] = set()
    try:
        for text in _decoded(path, "cp1252"):
            words.update(WORD.findall(text))
        if is_western(words):
            return "cp1252"
    except UnicodeDecodeError:
        pass
    raise ExportRefused(
        f"{path} is not UTF-8, and its code page is in doubt{at_first(path)}. {cure}"
    )


def at_first(path: Path) -> str:
    """Return where the first byte stands that is not UTF-8."""
    content = path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        return f": byte {fault.start + 1} (line {line}) is 0x{content[fault.start]:02X}"
    return ""


def _decoded(path: Path, encoding: str) -> Iterable[str]:
    """Yield the text in lines, some at a time, so that no word is cut."""
    decoder = codecs.getincrementaldecoder(encoding)()
    rest = ""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            head, end, rest = (rest + decoder.decode(block)).rpartition("\n")
            yield head + end
    yield rest + decoder.decode(b"", final=True)
