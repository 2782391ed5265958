"""The folder of a release: every document by its path, report and sums around the data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from exports.documents.anonymisation_plan import anonymisation_plan
from exports.documents.archives import datacite, dataverse, ro_crate
from exports.documents.cherries import cherries
from exports.documents.codebook_page import codebook
from exports.documents.context import DocumentContext, joined, pretty_json
from exports.documents.instruments import wordings
from exports.documents.metadata import IGNORED, dataset_description, ddi
from exports.documents.motivated_intruder import motivated_intruder
from exports.documents.protection import report_page
from exports.documents.readme import NOT_OURS, changes, citation_cff, licence, readme
from exports.documents.scripts import python_r, spss_syntax, stata_do
from exports.documents.scripts.python_r import lift_rules_of, scoring_plan_of
from exports.output_files import files_in, sha256_of, write_sums
from exports.report import Report

CRATE = "ro-crate-metadata.json"


def scripts(context: DocumentContext) -> dict[str, bytes]:
    """Scripts for R, SPSS, Stata and Python: import, and what works columns out anew."""
    plan = scoring_plan_of(context)
    files = {
        "analysis/import.R": python_r.import_r(context),
        "analysis/import.do": stata_do.import_do(context),
        "analysis/import.py": python_r.import_py(context),
        "analysis/import.sps": spss_syntax.import_sps(context),
    }
    if plan.released:
        files |= {
            "analysis/score.R": python_r.score_r(context, plan),
            "analysis/score.do": stata_do.score_do(context, plan),
            "analysis/score.py": python_r.score_py(context, plan),
            "analysis/score.sps": spss_syntax.score_sps(context, plan),
        }
    if rules := lift_rules_of(context):
        files |= {
            "analysis/lift.R": python_r.lift_r(context, rules),
            "analysis/lift.do": stata_do.lift_do(context, rules),
            "analysis/lift.py": python_r.lift_py(context, rules),
            "analysis/lift.sps": spss_syntax.lift_sps(context, rules),
        }
    return files


def documents(context: DocumentContext) -> dict[str, bytes]:
    """Return the bytes of everything that people read, by its path in the release.

    Without columns (a tier of tables or texts) what describes columns is left out. The data,
    ``documentation/report.json`` and ``SHA256SUMS`` are written by others.
    """
    files = {
        "LICENSE": licence(context),
        "CITATION.cff": citation_cff(context),
        "CHANGES.md": changes(context),
        "datacite.json": datacite(context),
        "dataverse.json": dataverse(context),
        "documentation/anonymisation-plan.md": anonymisation_plan(context),
        "documentation/report.html": report_page(context),
        "documentation/cherries.md": cherries(context),
        **wordings(context),
    }
    if context.codebook:
        files |= {
            ".psychds-ignore": joined(IGNORED, "\n"),
            "dataset_description.json": dataset_description(context),
            "documentation/ddi.xml": ddi(context),
            **codebook(context),
            **scripts(context),
        }
    if context.holds == "rows":
        files["documentation/motivated-intruder.md"] = motivated_intruder(context)
    # The README lists the others, so that it comes after them.
    files = {"README.md": readme(context, {*files, CRATE}), **files}
    data = context.report.get("files", {}) or ([context.data_path] if context.data_file else [])
    held = {*files, *data, *context.files, *NOT_OURS}
    return files | {CRATE: ro_crate(context, held)}


REPORT = "documentation/report.json"


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write each file, making the folders on its way."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def note_files(folder: Path, report: Report) -> None:
    """Put the sums of the data files, all there are so far, into the report."""
    report["files"] = {name: sha256_of(folder / name) for name in files_in(folder)}


def finish(folder: Path, context: DocumentContext, report: Report) -> None:
    """Write everything beside the data; SHA256SUMS over all of it comes last."""
    put(folder, {**documents(context), REPORT: pretty_json(report)})
    write_sums(folder, mark=context.mark)
