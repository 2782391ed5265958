"""A page as a dossier and a check of a site compare it, and which of its buttons is pressed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from survey.page_text import PageForm, VisibleText, read_text

# Said of a page and not by the study: how it is being served, and how far along one is.
MARKS = frozenset(
    [
        "Preview for review: nothing is stored",
        "Pilot: a trial run, not the real study",
        "Pilot: not approved, not the real study",
    ]
)
_PROGRESS = re.compile(r"Page \d+(?: of \d+)?")
_TITLE_NUMBER = re.compile(r"^Page \d+ ")
_HOST = re.compile(r"https?://[^/\s]+(?=/s/)")


def see(html: str) -> VisibleText:
    """Return the page without page numbers, the host's name and the marks of a pilot."""
    page = read_text(html)
    page.lines = [
        _HOST.sub("", line)
        for line in page.lines
        if line not in MARKS and not _PROGRESS.fullmatch(line)
    ]
    page.title = _TITLE_NUMBER.sub("Page ", page.title.strip())
    return page


Fields = list[tuple[str, str]]


def press(form: PageForm, fill: Mapping[str, Sequence[str]], *, code: str = "yes") -> Fields:
    """Return the fields of the page's main button, answered by ``fill`` and blank elsewhere.

    Before the questions every statement is agreed to and every question answered with yes: pages
    of questions say in ``shown`` what they ask, the others do not.
    """
    fields: Fields = list(form.hidden.items())
    for name, offered in form.choices.items():
        if name in fill:
            fields += [(name, value) for value in fill[name] if value in offered]
        elif "shown" not in form.hidden:
            fields.append((name, code if name == "code" else offered[0]))
    fields += [(name, fill[name][-1]) for name in form.typed if name in fill]
    # The first button, as the Enter key has it; on pages of questions it has no name.
    return fields + ([] if "shown" in form.hidden else form.buttons[:1])
