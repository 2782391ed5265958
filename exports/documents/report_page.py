"""documentation/report.html: how the data were protected, for a reader without statistics."""

from __future__ import annotations

from markupsafe import Markup

from exports.documents import html
from exports.documents.protection import (
    cells_withheld,
    figures,
    how,
    left_out,
    limits,
    policy_notes,
    segments,
)
from exports.documents.told import Report, Told

# At most so many figures stand on top; the rest follow as a table.
AT_A_GLANCE = 6


def _glance(told: Told) -> Markup:
    found = figures(told)
    top = html.figures((value, label, sentence) for label, value, sentence in found[:AT_A_GLANCE])
    if len(found) <= AT_A_GLANCE:
        return top
    rest = html.table(
        ["Figure", "Value", "What it means"],
        found[AT_A_GLANCE:],
        caption="Further figures",
        numbers=[1],
    )
    return top + "\n" + rest


def _columns(report: Report) -> Markup:
    """One line a key column: how many rows at which level."""
    columns = report.get("columns", {})
    steps = _steps(report)
    rows = [
        [html.code(name), *(str(done.get(step, 0) or "–") for step in steps)]
        for name, done in columns.items()
    ]
    if not rows:
        return Markup()
    return html.table(
        ["Column", *(s.capitalize() for s in steps)],
        rows,
        caption="Rows by treatment of each key column",
        numbers=range(1, len(steps) + 1),
    )


def _steps(report: Report) -> list[str]:
    """Treatments that occur, the mildest first."""
    seen = {k for done in report.get("columns", {}).values() for k in done if k != "top"}
    order = ["as asked", *sorted(s for s in seen if s.startswith("level")), "withheld", "missing"]
    return [step for step in order if step in seen]


def _prints(report: Report) -> Markup:
    pairs: list[tuple[str, html.Part]] = [
        (name.capitalize(), html.code(value))
        for name, value in report.get("fingerprints", {}).items()
        if isinstance(value, str)
    ]
    pairs += [(f"Words {v}", html.code(d)) for v, d in report.get("words", {}).items()]
    pairs += [(f"Consent {v}", html.code(d)) for v, d in report.get("consents", {}).items()]
    pairs += [(path, html.code(d)) for path, d in report.get("files", {}).items()]
    if "seed" in report:
        pairs.append(("Seed of the search", str(report["seed"])))
    return html.definitions(pairs)


def _loss(report: Report) -> str:
    if not isinstance(report.get("ncp"), int | float):
        return ""
    return (
        f"Information lost in the key columns: {report['ncp']:.4f} on a scale from 0 (nothing "
        "coarsened) to 1 (everything withheld); normalised certainty penalty."
    )


def _recipient(report: Report) -> str:
    given = report.get("recipient") or {}
    said = ", ".join(f"{k}: {v}" for k, v in given.items() if v)
    return f"Given to {said}." if said else ""


def report_page(told: Told) -> bytes:
    """The report as a page; sections that have nothing to say are left out."""
    report, tier = told.report, told.tier
    done = [*segments(report), cells_withheld(report), *left_out(report), *policy_notes(report)]
    done += [_loss(report), _recipient(report)]
    corrections = [str(c) for c in report.get("corrections", ())]
    sections = {
        "At a glance": (_glance(told),),
        "How it was made": (html.paragraph(how(told)),),
        "What was done": (html.bullets(s for s in done if s), _columns(report)),
        "What this does not protect against": (html.bullets(limits(told)),),
        "Corrections": (html.bullets(corrections),),
        "Fingerprints": (_prints(report),),
    }
    parts = [html.section(name, *said) for name, said in sections.items() if any(said)]
    rows = report.get("rows")
    size = f" {rows} rows." if rows is not None else ""
    lead = f"Tier {tier['name']}, {tier['label'].lower()}, for {tier['audience']}.{size}"
    return html.page(
        f"Anonymisation report: {told.study.title}",
        *parts,
        mark=told.mark,
        lead=lead,
        caution=told.caution,
    )
