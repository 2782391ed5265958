"""Papers and pictures set by typst with its own typefaces: equal bytes on every machine."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import typst

from survey.config import folder
from survey.errors import Refusal

# Tagged, with title, language and alternative texts; a letter without a glyph is a fault.
ACCESSIBLE: tuple[typst.PDFStandard, ...] = ("ua-1",)
# And made to be archived, which takes the one date that the standard asks for.
ARCHIVED: tuple[typst.PDFStandard, ...] = ("a-2a", "ua-1")

_NO_GLYPH = re.compile(r'the text `"(.+?)"` could not be displayed')


def typeset(source: bytes, **options: Any) -> bytes:
    """Return the one file that typst makes of ``source``, with its compiler's ``options``."""
    # A typeface of the machine would give other bytes (docs/decisions/0015-dossier.md).
    made = typst.Compiler(ignore_system_fonts=True).compile(source, **options)
    if not isinstance(made, bytes):
        raise TypeError("typst made several files of one paper")
    return made


def read(template: str, content: Mapping[str, Any]) -> tuple[bytes, dict[str, str]]:
    """Return a template and its data. Content is data: it can never be taken for a command."""
    source = (folder("templates") / template).read_bytes()
    data = {name: json.dumps(part, ensure_ascii=False) for name, part in content.items()}
    return source, data


def pdf(
    template: str,
    content: Mapping[str, Any],
    *,
    called: str,
    standards: tuple[typst.PDFStandard, ...] = ACCESSIBLE,
) -> bytes:
    """Return a PDF. Raises Refusal for the paper ``called`` so, naming letters without a glyph."""
    source, data = read(template, content)
    try:
        return typeset(source, format="pdf", sys_inputs=data, pdf_standards=list(standards))
    except typst.TypstError as error:
        letters = sorted(set(_NO_GLYPH.findall(error.diagnostic)))
        if not letters:
            raise
        raise Refusal(
            f"{called} cannot be set: its typefaces have no {' '.join(letters)}. "
            "They hold Latin, Greek, Cyrillic and Hebrew."
        ) from None
