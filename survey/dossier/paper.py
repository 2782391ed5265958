"""The dossier as a PDF: set by typst with its own typefaces, the same bytes on every machine."""

from __future__ import annotations

import json
import re
from typing import Any

import typst

from survey.errors import Refusal
from survey.places import folder

TEMPLATE = "dossier/dossier.typ"
# Accessible (tags, title, language, alternative texts); and made to be archived once it has the
# date that the archive standard asks for. No other date is in it.
ACCESSIBLE: list[typst.PDFStandard] = ["ua-1"]
ARCHIVED: list[typst.PDFStandard] = ["a-2a", "ua-1"]

_NO_GLYPH = re.compile(r'the text `"(.+?)"` could not be displayed')


def _set(document: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    source = (folder("templates") / TEMPLATE).read_bytes()
    return source, {"document": json.dumps(document, ensure_ascii=False)}


def pdf(document: dict[str, Any]) -> bytes:
    """The PDF of ``document``. Raises Refusal naming the letters that no typeface here has."""
    source, data = _set(document)
    standards = ARCHIVED if document["signed"] else ACCESSIBLE
    try:
        made = typst.Compiler(ignore_system_fonts=True).compile(
            source, format="pdf", sys_inputs=data, pdf_standards=standards
        )
    except typst.TypstError as error:
        letters = sorted(set(_NO_GLYPH.findall(error.diagnostic)))
        if not letters:
            raise
        raise Refusal(
            f"The dossier of {document['name']} cannot be set: its typefaces have no "
            f"{' '.join(letters)}. They hold Latin, Greek, Cyrillic and Hebrew."
        ) from None
    assert isinstance(made, bytes)
    return made


def pages(document: dict[str, Any], *, ppi: float = 72) -> list[bytes]:
    """Each page as a PNG, for whoever looks at the layout."""
    source, data = _set(document)
    made = typst.Compiler(ignore_system_fonts=True).compile(
        source, format="png", ppi=ppi, sys_inputs=data
    )
    return made if isinstance(made, list) else [bytes(made or b"")]
