"""The preregistration package: questions, scoring and analysis plan, before the answers.

Files of the study folder, a codebook and scoring scripts made without a row, the analysis plan and
the fingerprints. Nothing in it knows the time; a registry notes when it was handed in.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from exports.codebook import asked_codebook
from exports.columns import data_name, kept_in
from exports.documents.all_documents import put, scripts
from exports.documents.codebook_page import codebook
from exports.documents.context import DocumentContext
from exports.output_files import bundle, write_sums
from exports.segment_file import fields_for
from forms.study import Study
from forms.tiers import OPEN_ROWS, RESTRICTED_ROWS
from survey.ethics.dossier.dossier_files import copy_study
from survey.studies.version import StudyVersion, fingerprints_of

Answers = Literal["none", "possible", "some"]
"""Whether there are answers: never opened; opened; so many that the figures show them."""

STATUS: Mapping[Answers, str] = {
    "none": "Made before the first answer: the study has never been open.",
    "possible": "Made after the study had been opened: there may be answers already.",
    "some": "Made when there were answers already: this is no registration before the data.",
}
ANALYSIS = "analysis"


def package(version: StudyVersion, answers: Answers) -> bytes:
    """Return the zip. Raises Refusal where the folder is no longer what is published.

    Its bytes follow from study, facts and ``answers`` alone.
    """
    name = f"{version.study.name}-preregistration"
    with TemporaryDirectory() as work:
        root = Path(work) / name
        copy_study(version, root / "study" / version.study.name)
        put(root, _documents(version.study))
        plan = root / ANALYSIS
        if (version.folder / ANALYSIS).is_dir():  # as it lies there, but for hidden files
            hidden = shutil.ignore_patterns(".*", "__pycache__", "*.pyc")
            shutil.copytree(version.folder / ANALYSIS, plan, ignore=hidden)
        plans = sorted(p.relative_to(plan).as_posix() for p in plan.rglob("*") if p.is_file())
        put(root, {"README.md": _readme(version, answers, plans).encode()})
        write_sums(root)
        return bundle(root, root.with_suffix(".zip")).read_bytes()


def _documents(study: Study) -> Mapping[str, bytes]:
    """Return codebook and scripts of the release to come, as if nothing were coarsened."""
    # The tier whose release holds most columns: restricted rows, where the study has them.
    tiers = study.policy.tiers
    found = (tiers.get(kind.name) for kind in (RESTRICTED_ROWS, OPEN_ROWS))
    tier = next(filter(None, found), None) or next(iter(tiers.values()))
    context = DocumentContext(
        study=study,
        codebook=asked_codebook(study, kept_in(fields_for(study), tier)),
        report={"tier": {"name": tier.name, "label": tier.label, "audience": tier.audience}},
        data_file=data_name(study.name),
    )
    book = {f"codebook/{Path(p).name}": said for p, said in codebook(context).items()}
    ways = {f"scoring/{Path(p).name}": said for p, said in scripts(context).items()}
    return {path: said for path, said in (book | ways).items() if not path.endswith(".html")}


def _readme(version: StudyVersion, answers: Answers, plans: list[str]) -> str:
    study, (words, policy, site) = version.study, fingerprints_of(version)
    plan = ", ".join(f"`{ANALYSIS}/{p}`" for p in plans) or "none lies in the study folder yet"
    pilot = "\n\nA pilot may have been run; its answers are kept apart and never analysed."
    return f"""\
# Preregistration: {study.title}

**{STATUS[answers]}**{pilot * version.pilot}

Study `{study.name}`, version {study.version}, language {study.language}.

| fingerprint (SHA-256) | |
|---|---|
| words and routing | `{words}` |
| release policy | `{policy}` |
| site facts | `{site}` |

Every answer carries the fingerprint of the words it was given to, and every release names all
three: whoever has this package can see whether what was asked is what was registered.

| where | what |
|---|---|
| `study/` | all that clients meet, routing, release policy; check with `lacrima study check` |
| `codebook/` | every column of the data to come, with all codes it can hold |
| `scoring/` | scripts that read the data and compute the scores: R, SPSS, Stata, Python |
| `{ANALYSIS}/` | the analysis plan: {plan} |
| `SHA256SUMS` | check with `sha256sum --check SHA256SUMS` |

To be written by the researchers, since no file of the study knows it: hypotheses in words, sample
size and when collection ends, exclusions, what is confirmatory and what is exploratory.
"""
