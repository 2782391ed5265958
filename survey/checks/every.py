"""The list of all checks: ``lacrima serve`` runs the first part, ``lacrima doctor`` all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from survey.checks import files, machine, settings, site, studies
from survey.checks.finding import Asked, Check, Finding

# Quick, and nothing is opened for them. The server refuses to start where one is unsafe.
BEFORE_SERVING: tuple[Check, ...] = (
    settings.program,
    files.there,
    settings.https,
    settings.mail_password,
    settings.key,
    settings.sqlite,
    files.modes,
    files.owners,
    files.identity,
    files.room,
    machine.file_system,
    machine.locks,
    machine.descriptors,
    machine.clock,
)
# What takes longer, or opens the files.
LOOKED_AT_BESIDES: tuple[Check, ...] = (
    files.whole,
    files.opened,
    files.duties,
    studies.studies,
    site.site,
)


def run(checks: Iterable[Check], asked: Asked) -> Iterator[Finding]:
    """Yield what each check found, in order."""
    for check in checks:
        yield from check(asked)
