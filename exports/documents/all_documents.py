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


def scripts(context: DocumentContext) -> dict[str, bytes]:
    """Import and scoring scripts for R, SPSS, Stata and Python."""
    plan = scoring_plan_of(context)
    return {
        "analysis/import.R": python_r.import_r(context),
        "analysis/import.do": stata_do.import_do(context),
        "analysis/import.py": python_r.import_py(context),
        "analysis/import.sps": spss_syntax.import_sps(context),
        "analysis/score.R": python_r.score_r(context, plan),
        "analysis/score.do": stata_do.score_do(context, plan),
        "analysis/score.py": python_r.score_py(context, plan),
        "analysis/score.sps": spss_syntax.score_sps(context, plan),
    }


def documents(context: DocumentContext) -> dict[str, bytes]:
    """Return the bytes of everything that people read, by its path in the release.

    Without columns (a tier of tables or texts) what describes columns is left out. The data,
    ``documentation/report.json`` and ``SHA256SUMS`` are written by others.
    """
    files = {
        "LICENSE": licence.licence(context),
        "CITATION.cff": licence.citation_cff(context),
        "CHANGES.md": licence.changes(context),
        "documentation/report.html": report_page(context),
        "documentation/cherries.md": cherries(context),
        **wordings(context),
    }
    if context.codebook:
        files |= {
            ".psychds-ignore": ignore_file(),
            "dataset_description.json": dataset_description(context),
            "documentation/ddi.xml": ddi(context),
            **codebook(context),
            **scripts(context),
        }
    return {"README.md": readme(context, files), **files}
