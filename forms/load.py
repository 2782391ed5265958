"""A study folder becomes one ``Study``, or a list of everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from forms import fingerprint
from forms.parse_documents import read_consent, read_release, read_support
from forms.parse_questionnaire import read_questionnaire
from forms.study import Study
from forms.toml_tables import (
    CONSENT,
    ID,
    ID_RULE,
    QUESTIONNAIRE,
    RELEASE,
    SUPPORT,
    FaultList,
    StudyFaults,
    TomlTable,
    read_toml,
)
from forms.validate_labels import check_labels
from forms.validate_policy import check_lifted_names, check_policy
from forms.validate_questionnaire import (
    check_comparisons,
    check_names,
    check_passages,
    check_questions,
    check_routing,
    check_scores,
    check_texts_are_read,
    check_youth_lines,
)
from forms.validate_wording import check_words
from forms.variants import check_variants

ALL = (QUESTIONNAIRE, CONSENT, RELEASE, SUPPORT)

# What is checked across tables, and the files without which a check would find ghosts.
CHECKS: tuple[tuple[Callable[[Study, FaultList], None], tuple[str, ...]], ...] = (
    (check_names, (QUESTIONNAIRE,)),
    (check_routing, (QUESTIONNAIRE,)),
    (check_questions, (QUESTIONNAIRE,)),
    (check_scores, (QUESTIONNAIRE,)),
    (check_comparisons, (QUESTIONNAIRE,)),
    (check_policy, (QUESTIONNAIRE, CONSENT, RELEASE)),
    (check_lifted_names, (QUESTIONNAIRE, RELEASE)),
    (check_labels, (QUESTIONNAIRE, RELEASE)),
    (check_passages, (CONSENT, SUPPORT)),
    (check_youth_lines, (CONSENT, SUPPORT)),
    (check_variants, (CONSENT,)),
    (check_texts_are_read, (QUESTIONNAIRE,)),
    (check_words, ALL),
)
# Rules that the program has learned since: what was signed before goes on as it was signed.
LEARNED = (check_lifted_names, check_texts_are_read, check_words, check_youth_lines)


def load_study(folder: Path, *, signed: bool = False) -> Study:
    """Return the study in ``folder``, whole and checked; its name is the folder's.

    What was ``signed`` stands as it was signed: a rule for words or texts that a later version of
    the program has learned closes no study that runs under them.

    Raises StudyFaults listing every fault of its files at once.
    """
    notes = FaultList()
    if not folder.is_dir():
        notes.add(str(folder), "", "", "there is no such folder")
        raise StudyFaults(notes.all())
    name = folder.resolve().name
    if not ID.fullmatch(name):
        problem = f"a study is called as its folder, and {name!r} is no name"
        notes.add(QUESTIONNAIRE, "", "", problem, ID_RULE)
    tables = {file: read_toml(folder / file, notes) for file in ALL}
    # A file that cannot be read counts as empty, so that the others are read for their faults.
    tops = [tables[file] or TomlTable({}, FaultList(), file) for file in ALL]
    study = read_questionnaire(
        tops[0],
        name=name,
        consent=read_consent(tops[1]),
        policy=read_release(tops[2]),
        support=read_support(tops[3]),
    )
    for check, needs in CHECKS:
        if all(tables[file] for file in needs) and not (signed and check in LEARNED):
            check(study, notes)
    if faults := sorted(notes.all(), key=lambda fault: ALL.index(fault.file)):
        raise StudyFaults(tuple(faults))
    return replace(
        study,
        fingerprints=fingerprint.fingerprints_of_study(study),
        content=fingerprint.content(study),
    )
