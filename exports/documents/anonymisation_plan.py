"""documentation/anonymisation-plan.md: what was done to each variable, in the order archives ask.

The order is that of the UK Data Service (Anonymisation step-by-step: direct identifiers, indirect
ones, the wider picture, remove, aggregate, redact, assess what remains), after the population and
sampling with which plans at the Finnish Social Science Data Archive begin. Filled from the policy
and the release's report; what only people can say is left to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exports.codebook import AS_ASKED
from exports.documents import markup
from exports.documents.cherries import TO_WRITE
from exports.documents.context import DocumentContext
from exports.documents.metadata import MODE, UNIVERSE, sampling_of
from exports.documents.protection import how, left_out, policy_notes, segments, treatments
from exports.documents.readme import authors, languages
from forms.kinds import columns_of_question
from forms.study import Question

NOT_TOLD = "*Not told.*"
INTRO = """\
Filled in by the platform from the study's release policy and from the report of this release, in \
the order that archives ask. What only people can say is left open."""
NO_IDENTIFIER = """\
None is stored: no name, address, contact, internet address, time or order of arrival. What people \
write in their own words can hold one; see “Free text”."""
GROUPS = {
    "core": "Indirect identifiers that an outsider may know",
    "insider": "Indirect identifiers that somebody who was there may know",
}
FREE_TEXT = {
    "rows": "What this file holds of them says the table.",
    "tables": "No text is in the tables.",
    "texts": "A person read each text before it came into this release.",
}
IN_TABLES = "Open to tables; tables/tables.html shows what was measured"
LEFT_OUT = "Left out of this tier"
ELSEWHERE = "Not in this file"


def _about(context: DocumentContext) -> str:
    deposit, rows = context.deposit, context.report.get("rows")
    said = {
        "Data": f"{context.study.title}, tier {context.tier['name']}, {context.tier['label']}",
        "Size": f"{rows} {context.holds}" if context.holds != "tables" else f"{rows} people",
        "Authors": authors(context),
        "Responsible": context.facts.get("institution", "") or NOT_TOLD,
        "Population": UNIVERSE,
        "Sampling": sampling_of(deposit) or NOT_TOLD,
        "Place": ", ".join(deposit.place) or NOT_TOLD,
        "Fieldwork": " to ".join(deposit.period) or NOT_TOLD,
        "Mode": MODE,
        "Languages": ", ".join(languages(context)),
        "Other files and registers about the same people": TO_WRITE,
    }
    return markup.bullets(f"{key}: {markup.plain(value)}" for key, value in said.items())


def _label(question: Question, variable: str) -> str:
    rows = {row.variable: row.text for row in question.rows}
    return rows.get(variable) or question.text.texts()[0]


def _done(context: DocumentContext, question: Question, variable: str) -> str:
    """What this release does to one variable, by the entries of its columns."""
    if context.holds == "tables":
        return LEFT_OUT if variable in context.study.policy.not_in_tables else IN_TABLES
    if context.holds == "texts":
        return ELSEWHERE
    cells = dict(treatments(context.report)).get(variable, "")
    measured = cells if cells[:1].isdigit() else ""
    columns = {c.variable for c in columns_of_question(question)}
    own = {variable, *(c for c in columns if c.startswith(f"{variable}_"))}
    found = {
        e["variable"]: e.get("treatment") or AS_ASKED
        for e in context.codebook
        if e["variable"] in own
    }
    said = "; ".join(dict.fromkeys(found.values()))
    return f"{said}. Cells: {measured}" if said and measured else said or LEFT_OUT


def _table(context: DocumentContext, names: Iterable[str]) -> str:
    questions = dict(context.study.variables())
    rows = [
        (f"`{name}`", _label(questions[name], name), _done(context, questions[name], name))
        for name in names
        if name in questions
    ]
    return markup.table(["variable", "question", "in this release"], rows) if rows else "None."


def _role(context: DocumentContext, role: str) -> list[str]:
    return [name for name, given in context.study.policy.roles.items() if given == role]


def _wider(context: DocumentContext) -> Iterator[str]:
    """What was measured of combinations, on the written file."""
    yield from (sentence for _, _, sentence in context.findings)
    yield from policy_notes(context.report)


def _measures(context: DocumentContext) -> str:
    done = [*segments(context.report), *left_out(context.report)]
    done += [context.sample] * bool(context.sample)
    return "\n\n".join(filter(None, (how(context), markup.bullets(map(markup.plain, done)))))


def _access(context: DocumentContext) -> str:
    open_ = "Open, under CC BY 4.0." if context.open else "Only under a data use agreement."
    return f"For {context.tier['audience']}. {open_} See LICENSE."


def _log(context: DocumentContext) -> str:
    """Software, what it was given, and who is to look again."""
    report = context.report
    prints = report.get("fingerprints", {})
    said = {
        "Software": str(report.get("program") or ""),
        "Policy (SHA-256)": str(prints.get("policy") or ""),
        "Data file (SHA-256)": context.digest,
        "Seed": str(report.get("seed", "")),
        "Ethics approval": context.approval,
        "Decided by": TO_WRITE,
        "Next review of the remaining risk": TO_WRITE,
    }
    return markup.bullets(f"{k}: {markup.plain(v)}" for k, v in said.items() if v)


def anonymisation_plan(context: DocumentContext) -> bytes:
    """The plan as Markdown."""
    policy = context.study.policy
    groups = {
        heading: [n for n in _role(context, "quasi_identifier") if policy.groups.get(n) == group]
        for group, heading in GROUPS.items()
    }
    texts = _table(context, _role(context, "free_text"))
    limits = markup.bullets(map(markup.plain, context.report.get("limits", ())))
    parts = [
        ("The data and the people in it", _about(context)),
        ("Direct identifiers", NO_IDENTIFIER),
        *((heading, _table(context, names)) for heading, names in groups.items()),
        ("Sensitive variables", _table(context, _role(context, "sensitive"))),
        ("Free text", f"{FREE_TEXT[context.holds]}\n\n{texts}"),
        ("The wider picture: combinations", markup.bullets(map(markup.plain, _wider(context)))),
        ("Measures", _measures(context)),
        ("Remaining risk", limits or "The report names none."),
        ("Access", _access(context)),
        ("Log", _log(context)),
    ]
    numbered = [
        markup.section(f"{number}. {heading}", text)
        for number, (heading, text) in enumerate((p for p in parts if p[1]), start=1)
    ]
    return markup.document(
        ["# Anonymisation plan", f"**{context.mark}.**" * bool(context.mark), INTRO, *numbered]
    )
