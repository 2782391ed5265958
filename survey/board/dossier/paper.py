"""The dossier on paper: the same bytes on every machine."""

from __future__ import annotations

from typing import Any

import typst

from survey import typeset

TEMPLATE = "dossier/dossier.typ"


def pdf(document: dict[str, Any]) -> bytes:
    """The PDF of ``document``. Raises Refusal naming the letters that no typeface here has."""
    return typeset.pdf(
        TEMPLATE,
        {"document": document},
        called=f"The dossier of {document['name']}",
        standards=typeset.ARCHIVED if document["signed"] else typeset.ACCESSIBLE,
    )


def pages(document: dict[str, Any], *, ppi: float = 72) -> list[bytes]:
    """Each page as a PNG, for whoever looks at the layout."""
    source, data = typeset.read(TEMPLATE, {"document": document})
    made = typst.Compiler(ignore_system_fonts=True).compile(
        source, format="png", ppi=ppi, sys_inputs=data
    )
    return made if isinstance(made, list) else [bytes(made or b"")]
