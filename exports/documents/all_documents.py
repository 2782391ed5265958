"""Every document of a release by its path: one table of contents."""

from __future__ import annotations

from exports.documents import licence
from exports.documents.cherries import cherries
from exports.documents.codebook_page import codebook
from exports.documents.context import DocumentContext
from exports.documents.instruments import wordings
from exports.documents.metadata import dataset_description, ddi, ignore_file
from exports.documents.protection import report_page
from exports.documents.readme import readme
from exports.documents.scripts import python_r, spss_syntax, stata_do
from exports.documents.scripts.scoring import scoring_plan_of


def scripts(told: DocumentContext) -> dict[str, bytes]:
    """Import and scoring scripts for R, SPSS, Stata and Python."""
    plan = scoring_plan_of(told)
    return {
        "analysis/import.R": python_r.import_r(told),
        "analysis/import.do": stata_do.import_do(told),
        "analysis/import.py": python_r.import_py(told),
        "analysis/import.sps": spss_syntax.import_sps(told),
        "analysis/score.R": python_r.score_r(told, plan),
        "analysis/score.do": stata_do.score_do(told, plan),
        "analysis/score.py": python_r.score_py(told, plan),
        "analysis/score.sps": spss_syntax.score_sps(told, plan),
    }


def documents(told: DocumentContext) -> dict[str, bytes]:
    """Path in the release → bytes of everything that people read.

    Without columns (``told.codebook`` empty: a tier of tables or texts) what describes columns is
    left out. The data, ``documentation/report.json`` and ``SHA256SUMS`` are written by others.
    """
    files = {
        "LICENSE": licence.licence(told),
        "CITATION.cff": licence.citation_cff(told),
        "CHANGES.md": licence.changes(told),
        "documentation/report.html": report_page(told),
        "documentation/cherries.md": cherries(told),
        **wordings(told),
    }
    if told.codebook:
        files |= {
            ".psychds-ignore": ignore_file(),
            "dataset_description.json": dataset_description(told),
            "documentation/ddi.xml": ddi(told),
            **codebook(told),
            **scripts(told),
        }
    return {"README.md": readme(told, files), **files}
