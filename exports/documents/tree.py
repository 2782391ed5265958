"""Every document of a release by its path: one table of contents."""

from __future__ import annotations

from exports.documents import licence
from exports.documents.cherries import cherries
from exports.documents.codebook import codebook
from exports.documents.ddi import ddi
from exports.documents.psychds import dataset_description, ignore_file
from exports.documents.readme import readme
from exports.documents.report_page import report_page
from exports.documents.scripts import python, r, spss, stata
from exports.documents.scripts.plan import plan_of
from exports.documents.told import Told
from exports.documents.wordings import wordings


def scripts(told: Told) -> dict[str, bytes]:
    """Import and scoring scripts for R, SPSS, Stata and Python."""
    plan = plan_of(told)
    return {
        "analysis/import.R": r.import_r(told),
        "analysis/import.do": stata.import_do(told),
        "analysis/import.py": python.import_py(told),
        "analysis/import.sps": spss.import_sps(told),
        "analysis/score.R": r.score_r(told, plan),
        "analysis/score.do": stata.score_do(told, plan),
        "analysis/score.py": python.score_py(told, plan),
        "analysis/score.sps": spss.score_sps(told, plan),
    }


def documents(told: Told) -> dict[str, bytes]:
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
