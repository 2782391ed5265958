"""Parts in, files out: one release of one study in one tier, verified before it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from exports import attacks
from exports.codebook import Entry, asked_codebook, codebook_of, with_counts
from exports.columns import Field, data_name, kept_in, table_of
from exports.disclosure import claim_of, truth_of
from exports.documents.all_documents import finish, note_files
from exports.documents.context import DocumentContext, marks_of
from exports.errors import ExportRefused
from exports.files.formats import write_formats
from exports.fragility import fragility_of
from exports.generalise import least_levels
from exports.lifted import LiftedColumn, join_lifted, lifted_columns, with_lifted, written_keys
from exports.missingness import missingness, with_missingness
from exports.reliability import with_reliability
from exports.report import (
    BESIDE_TRUTH,
    ORDINARY,
    Counts,
    ReleaseContext,
    Report,
    SegmentEntry,
    levels_shown,
    ncp_of,
    not_answered_in,
    report_of,
)
from exports.segment_attacks import attacks_told
from exports.segment_file import SegmentSource, SegmentTable, fields_for
from exports.twin import NO_TWIN, TWIN_FILES, TwinSource, write_twin
from exports.verify.findings import Findings
from exports.verify.reading import Claim, MalformedFile, read_table
from exports.verify.verdict import cautions, faults, figures_in_words
from exports.verify.verify import verify
from forms.study import Study, Tier


def _refuse(found: Sequence[str]) -> None:
    if found:
        raise ExportRefused(
            "The finished file failed its own verification: " + "; ".join(found) + "."
        )


def check_segment(
    part: SegmentTable, path: Path, source: SegmentSource, *, tier: Tier, study: Study
) -> dict[str, Any]:
    """Hold a written part against the rows it came from; the figures that only this can give.

    Raise ExportRefused with every fault.
    """
    claim = claim_of(part.fields, study.policy, tier, segments=())
    left_out = len(source.table) - len(part.source)
    if left_out != sum(part.left_out.values()):
        raise ExportRefused("The rows left out are not those that were counted as left out.")
    # Rows left out were counted above: of them the file has nothing to say.
    taken = source.table[part.source.sort()] if left_out else source.table
    shown = {f.name for f in part.fields}
    hidden = [f for f in source.fields if f.column and f.name not in shown]
    # What the tier leaves out stands beside the truth: no column of the file may tell it.
    truth = truth_of(table_of(study, taken, part.fields), part.fields)
    findings = verify(
        path,
        claim,
        truth=truth.with_columns(taken[f.name] for f in hidden),
        truth_rows=(part.source.rank("ordinal") - 1).to_numpy(),
        strata=part.strata.rank("dense").fill_null(0).cast(pl.Int64).to_numpy() - 1,
    )
    _refuse(faults(findings, claim))
    figures = findings.figures()
    return {name: figures[name] for name in sorted(BESIDE_TRUTH)}


def _checked(
    study: Study, data: Path, fields: Sequence[Field], tier: Tier, *,
    segments: Sequence[int], occasion: ReleaseContext, lifted: Sequence[LiftedColumn],
) -> tuple[Claim, Findings, tuple[Entry, ...], Counts, list[dict[str, Any]]]:  # fmt: skip
    """Read the finished file back and verify it. Raise ExportRefused with every fault."""
    try:
        # From the disk: what was in memory proves nothing of what was written.
        table = read_table(data)
    except MalformedFile as broken:
        raise ExportRefused(f"The finished file cannot be read back: {broken}.") from None
    counts = {
        name: dict(zip(column.cells, column.counts().tolist(), strict=True))
        for name, column in table.items()
    }
    blank = codebook_of(
        study,
        fields,
        least=least_levels(fields, study.policy, tier),
        rows=sum(counts["row"].values()),
        versions={"study_version": occasion.words, "consent_version": occasion.consents},
    )
    asked = asked_codebook(study, fields)
    counted = with_counts(with_lifted(blank, asked, lifted, study.policy, counts), counts)
    codebook = with_reliability(with_missingness(counted, table), table)
    claim = claim_of(fields, study.policy, tier, segments=segments, lifted=lifted)
    findings = verify(table, claim, codebook=codebook)
    _refuse(faults(findings, claim))
    rests_on = fragility_of(study.policy.hypotheses, codebook, table)
    return claim, findings, codebook, counts, rests_on


def attacked(data: Path, claim: Claim) -> dict[str, Any]:
    """Return what attacks on the written file reach, as shares of its rows."""
    core, known = list(claim.core), [*claim.core, *claim.insider]
    table = pl.read_csv(data, columns=known, infer_schema=False)
    answered = attacks.complete(table, core)
    reached = {
        "outsider_in_groups_under_k": attacks.under(table, core, claim.k),
        "outsider_in_groups_under_k_of_complete_rows": attacks.under(answered, core, claim.k),
        "outsider_singles_out": attacks.singled_out(table, core),
        "insider_singles_out": attacks.singled_out(table, known),
    }
    return {"insider_knows": known, **{name: round(share, 6) for name, share in reached.items()}}


def assemble(
    study: Study,
    parts: Sequence[SegmentEntry],
    tier: Tier,
    out: Path,
    *,
    seed: int = 0,
    occasion: ReleaseContext = ORDINARY,
    twin: TwinSource = NO_TWIN,
) -> Report:
    """Write the release made of ``parts`` (microdata, in order) into the new folder ``out``.

    Raise ExportRefused where the finished data file does not hold what it must; what was written
    by then is for the caller to throw away.
    """
    fields = kept_in(fields_for(study, occasion), tier)
    data = out / "data" / data_name(study.name)
    data.parent.mkdir(parents=True)
    paths = [part.path for part in parts]
    keys = [written_keys(fields, study.policy, path) for path in paths]
    lifted = lifted_columns(fields, study.policy, keys)
    join_lifted(paths, data, lifted, study.policy, keys)
    claim, findings, codebook, counts, rests_on = _checked(
        study, data, fields, tier,
        segments=[part.rows for part in parts], occasion=occasion, lifted=lifted,
    )  # fmt: skip
    report = report_of(
        study, tier, parts,
        figures=findings.figures(), seed=seed,
        limits=[said.sentence for said in cautions(findings, claim)], occasion=occasion,
        levels=levels_shown(fields, counts, study.policy),
        ncp=ncp_of(fields, counts, study.policy, not_answered_in(parts)),
        attacks={**attacked(data, claim), **attacks_told(tier, [part.attacks for part in parts])},
        missing=missingness(codebook), rests_on=rests_on,
    )  # fmt: skip
    # After the verdict, as the other formats are made from the CSV and cannot be better than it.
    write_formats(data, codebook, title=study.title, notes=marks_of(report))
    # Before the report is written, since it names the sums of the data files.
    note_files(out, report)

    def lift(bare: Path, whole: Path) -> None:
        cells = written_keys(fields, study.policy, bare)
        join_lifted([bare], whole, lifted, study.policy, [cells])

    report["twin"] = write_twin(study, twin, tier, out, occasion, lift, marks_of(report))
    context = DocumentContext(
        study=study, codebook=codebook, report=report, data_file=data.name, counts=counts,
        wordings=occasion.archived, facts=occasion.facts, tallies=occasion.tallies,
        deposit=occasion.deposit,
        files={name: what for name, what in TWIN_FILES.items() if (out / name).exists()},
        findings=[(w.label, w.value, w.sentence) for w in figures_in_words(findings, claim)],
    )  # fmt: skip
    finish(out, context, report)
    return report
