"""Words as they may lie in bytes, and which files hold them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, quote_plus


def spelt(words: str | bytes) -> set[bytes]:
    """The words as they are, in hex, base64 (at each place), percent signs and UTF-16."""
    raw = words.encode() if isinstance(words, str) else words
    found = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    percent = (quote(raw), quote(raw, safe=""), quote_plus(raw), "%" + raw.hex("%").upper())
    found |= {text.encode() for text in percent}
    for before in range(3):  # what comes before moves the letters of base64
        text = b64encode(bytes(before) + raw)
        whole = text[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        found |= {whole, whole.replace(b"+", b"-").replace(b"/", b"_")}
    if isinstance(words, str):
        found |= {words.encode("utf-16-le"), words.encode("utf-16-be")}
    return found


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file below the folder by its path, as far as it can be read now."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def holding(words: str | bytes, files: dict[str, bytes], without: Iterable[str] = ()) -> set[str]:
    """Names of the files, but for some, that hold the words in any spelling."""
    ways = spelt(words)
    left = ((name, content) for name, content in files.items() if name not in set(without))
    return {name for name, content in left if any(way in content for way in ways)}
