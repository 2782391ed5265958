"""Value labels as statistical packages keep them: cut short, and each for one meaning."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain

from forms.kinds import columns_of_study
from forms.study import LABEL_BYTES, Study
from forms.toml_tables import QUESTIONNAIRE, RELEASE, FaultList, at

ALLOWED = f"labels that differ in their first {LABEL_BYTES} bytes, which is what SPSS shows"


def check_labels(study: Study, notes: FaultList) -> None:
    """Note labels of one column that SPSS and Stata show alike though they mean different codes."""
    missing: dict[bytes, frozenset[int]] = {}
    for found in study.missing:
        _note(notes, (QUESTIONNAIRE, "missing", found.name), missing, found.label, {found.code})
    for column in columns_of_study(study):
        known = dict(missing)
        where = at(study.page_of[column.question.name], column.question)
        for code, label in column.labels.items():
            _note(notes, (QUESTIONNAIRE, where, "options"), known, label, {code})
        hierarchy = study.policy.hierarchies.get(column.variable)
        for group in chain.from_iterable(hierarchy.levels if hierarchy else ()):
            table = f"hierarchy {column.variable}"
            _note(notes, (RELEASE, table, "levels"), known, group.label, group.codes)


def _note(
    notes: FaultList,
    place: tuple[str, str, str],
    known: dict[bytes, frozenset[int]],
    label: str,
    codes: Collection[int],
) -> None:
    cut, meaning = label.encode()[:LABEL_BYTES], frozenset(codes)
    if (other := known.setdefault(cut, meaning)) != meaning:
        named = ", ".join(map(str, sorted(other)))
        notes.add(*place, f"{label!r} cannot be told from the label of {named}", ALLOWED)
