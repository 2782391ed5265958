"""Which button a visitor presses and what goes with it: one rule for a dossier and for a check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from survey.synthetic.pageform import PageForm

Fields = list[tuple[str, str]]

ONWARD = "on"  # after a high answer the help page offers this among its ways
BY_THEMSELVES = ("support",)  # ticks that lead aside, never set


def press(form: PageForm, fill: Mapping[str, Sequence[str]], *, code: str = "yes") -> Fields:
    """The fields of the page's main button, answered as ``fill`` says and blank elsewhere.

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
    return fields + _button(form)


def _button(form: PageForm) -> Fields:
    """The first button, as the Enter key has it; on pages of questions it has no name."""
    return [] if "shown" in form.hidden else list(form.buttons[:1])
