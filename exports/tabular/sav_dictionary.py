"""The dictionary of an SPSS file, as far as readers go wrong by it: code page, password, names.

IBM does not publish the format; the records are those of the PSPP developers' guide, "System File
Format".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

HEADER = 176  # bytes before the first record
BEGINNING = 1 << 22  # bytes read at first
SEGMENT = 252  # bytes of a text over 255 that each of its variables holds
LONG_NAMES, LONG_TEXTS, ENCODING, INTEGERS = 13, 14, 20, 3  # subtypes of record 7
SETS = (5, 7, 19)  # of variables, by the names that are exchanged here
VARIABLE, LABELS, DOCUMENT, EXTENSION, END = 2, 3, 6, 7, 999
UNSAID = (0, 2, 3)  # code pages that are none: "ASCII"
UTF8 = 65001


@dataclass(slots=True)
class SavDictionary:
    """Records of a dictionary: short names and extensions, with their places in the file."""

    content: bytes
    order: str = "<"
    names: list[tuple[int, bytes]] = field(default_factory=list)
    extensions: dict[int, tuple[int, int, bytes]] = field(default_factory=dict)

    def number(self, at: int) -> int:
        """Return the whole number at a position."""
        return int(struct.unpack_from(f"{self.order}i", self.content, at)[0])

    @property
    def encoding(self) -> str:
        """The encoding in which the file says that its texts are; empty where it says none."""
        if ENCODING in self.extensions:
            return self.extensions[ENCODING][2].decode("ascii", "replace")
        _, _, numbers = self.extensions.get(INTEGERS, (0, 0, b""))
        if len(numbers) < 32:
            return ""
        page = struct.unpack_from(f"{self.order}i", numbers, 28)[0]
        return "" if page in UNSAID else "UTF-8" if page == UTF8 else f"code page {page}"

    @property
    def clashes(self) -> bool:
        """Whether two variables have one short name, so that a reader takes one for the other."""
        names = [name for _, name in self.names]
        return len(set(names)) < len(names)


def is_encrypted(path: Path) -> bool:
    """Return whether SPSS protected the file by a password."""
    with path.open("rb") as file:
        return b"ENCRYPTED" in file.read(64)


def read_dictionary(path: Path) -> SavDictionary | None:
    """Return the dictionary of an SPSS file; None for a file that has none we can follow."""
    for size in (BEGINNING, -1):  # a dictionary is short, its data may be long
        with path.open("rb") as file:
            content = file.read(size)
        if content[:4] not in (b"$FL2", b"$FL3"):
            return None
        found = SavDictionary(content, order=">" if content[64:65] == b"\0" else "<")
        try:
            at = HEADER
            while found.number(at) != END:
                at = _record(found, at)
        except (struct.error, IndexError, ValueError):
            continue
        return found
    return None


def _record(found: SavDictionary, at: int) -> int:
    """Take in the record at a position; return where the next one begins."""
    kind, at = found.number(at), at + 4
    if kind == VARIABLE:
        width, labelled, missing = (found.number(at + 4 * part) for part in range(3))
        if width >= 0:  # -1 continues the text before
            found.names.append((at + 20, found.content[at + 20 : at + 28]))
        at += 28
        if labelled:
            at += 4 + -(-found.number(at) // 4) * 4
        return at + 8 * abs(missing)
    if kind == LABELS:
        many, at = found.number(at), at + 4
        for _ in range(many):
            at += 8 + -(-(found.content[at + 8] + 1) // 8) * 8
        # With record 4, which lists the variables that have these labels.
        return at + 8 + 4 * found.number(at + 4)
    if kind == DOCUMENT:
        return at + 4 + 80 * found.number(at)
    if kind == EXTENSION:
        subtype, size, many = (found.number(at + 4 * part) for part in range(3))
        end = at + 12 + size * many
        found.extensions[subtype] = (at - 4, end, found.content[at + 12 : end])
        return end
    raise ValueError(kind)


def with_distinct_names(path: Path, found: SavDictionary) -> BytesIO:
    """Return the file with a short name of its own for each variable; the long names stay.

    Texts over 255 bytes take several variables in a row. SPSS derives their names from the first
    eight letters, and other programs write some that another variable has already.
    """
    long = dict(_pairs(found, LONG_NAMES, b"\t"))
    widths = {n: int(w) for n, w in _pairs(found, LONG_TEXTS, b"\0\t")}
    content = bytearray(path.read_bytes())
    long_names, long_texts = [], []
    names = enumerate(found.names)
    for at, (place, name) in names:
        short, old = b"V%07d" % at, name.rstrip()
        content[place : place + 8] = short
        long_names.append(short + b"=" + long.get(old, old))
        if old in widths:
            long_texts.append(short + b"=%05d" % widths[old])
            for _ in range(-(-widths[old] // SEGMENT) - 1):
                at, (place, _) = next(names)
                content[place : place + 8] = b"V%07d" % at
    replaced = {
        LONG_NAMES: b"\t".join(long_names),
        LONG_TEXTS: b"".join(text + b"\0\t" for text in long_texts),
        **dict.fromkeys(SETS, b""),
    }
    for subtype, (start, end, _) in sorted(
        found.extensions.items(), key=lambda item: item[1], reverse=True
    ):
        if (new := replaced.get(subtype)) is not None:
            head = struct.pack(f"{found.order}4i", EXTENSION, subtype, 1, len(new))
            content[start:end] = head + new if new else b""
    return BytesIO(bytes(content))


def _pairs(found: SavDictionary, subtype: int, between: bytes) -> list[tuple[bytes, bytes]]:
    _, _, text = found.extensions.get(subtype, (0, 0, b""))
    pairs = (part.partition(b"=") for part in text.split(between) if b"=" in part)
    return [(name.strip(b"\0\t "), value.strip(b"\0")) for name, _, value in pairs]
