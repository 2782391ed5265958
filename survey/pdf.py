"""Papers set by typst with its own typefaces: the same content gives the same bytes everywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

import typst

from survey.config import folder
from survey.errors import Refusal

# Tagged, with title, language and alternative texts; a letter without a glyph is a fault.
ACCESSIBLE: tuple[typst.PDFStandard, ...] = ("ua-1",)
# And made to be archived, which takes the one date that the standard asks for.
ARCHIVED: tuple[typst.PDFStandard, ...] = ("a-2a", "ua-1")

_NO_GLYPH = re.compile(r'the text `"(.+?)"` could not be displayed')


def read(template: str, content: Mapping[str, Any]) -> tuple[bytes, dict[str, str]]:
    """A template and what it is handed. Content is data: it can never be taken for a command."""
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
    """A PDF. Raises Refusal for the paper ``called`` so, naming letters that no typeface has."""
    source, data = read(template, content)
    try:
        made = typst.Compiler(ignore_system_fonts=True).compile(
            source, format="pdf", sys_inputs=data, pdf_standards=list(standards)
        )
    except typst.TypstError as error:
        letters = sorted(set(_NO_GLYPH.findall(error.diagnostic)))
        if not letters:
            raise
        raise Refusal(
            f"{called} cannot be set: its typefaces have no {' '.join(letters)}. "
            "They hold Latin, Greek, Cyrillic and Hebrew."
        ) from None
    return cast("bytes", made)  # a list of them for pictures alone
