"""Words for everything that is stored, and for what each tier does to a column of answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from forms.kinds import columns_of_study
from forms.routing import asked_of_few
from forms.study import MISSING_RANGE, Column, Study, Tier


@dataclass(frozen=True, slots=True)
class DataLine:
    """One stored column as a board reads it.

    ``responses`` names the set of answers where several columns share one, else it is empty.
    """

    name: str
    about: str
    values: str
    missing: tuple[int, ...]
    responses: str
    role: str
    tiers: tuple[tuple[str, str], ...]


# What a tier does with a column: in one word, and what the word stands for.
COUNTED, WHOLE, COARSE, OUT, READ_FIRST = "counts", "yes", "coarse", "out", "if approved"
WHAT_TIERS_DO: Mapping[str, str] = {
    COUNTED: (
        "no answer of one person: about how many gave each answer, as far as the budget of the "
        "release policy goes. Every figure was changed a little by chance, once, which makes it "
        "hard to work out from the tables what one person answered, even for somebody who knows "
        "all other answers. Numbers with many values are counted in bands."
    ),
    WHOLE: (
        "in each row as it was answered. Of a batch of few rows, quasi-identifiers are withheld "
        "all the same; the release policy says of how few."
    ),
    COARSE: (
        "in each row in broader groups, as broad as the file needs to keep its k; in some rows "
        "withheld. Why such an answer is missing is not told."
    ),
    OUT: "not in the files of this tier.",
    READ_FIRST: (
        "a text by itself, once a person has read it, taken out what may point at somebody and "
        "approved it. No answer stands beside it, and nothing leads from it to a row."
    ),
}
SHARED = 3  # columns from which on a set of answers is named once


LOT = "Random once frozen: by it is drawn whether the row is in the sample for an open file."


def administrative(study: Study) -> tuple[tuple[str, str], ...]:
    """Return (column, what it is) for the columns that hold no answer."""
    bands = ", ".join(str(bound) for bound in study.duration_bands)
    return (
        ("key", "16 random bytes. Made for this row; nothing else holds it."),
        ("fingerprint", "Which words the client was shown (SHA-256), the same for everybody."),
        ("lang", "Language of the words."),
        ("c_open", "Whether the answers may be part of an open file (1) or not (0)."),
        ("completion", "1 reached the end, 2 stopped early and sent."),
        ("dur_band", f"About how long it took, as a band with bounds at {bands} minutes. No time."),
        ("deletion", "Keyed hash of the client's code, or random bytes. " + LOT),
        ("batch", "0, or the number of the frozen batch the row belongs to."),
    )  # fmt: skip


def _values_of(column: Column) -> str:
    """Return the codes with their labels, as a span where most of them have none."""
    if column.max_length:
        return f"text of up to {column.max_length} characters"
    labelled = [f"{c} {column.labels[c]}" for c in column.codes if c in column.labels]
    span = f"{column.codes[0]} to {column.codes[-1]}: " if len(labelled) < len(column.codes) else ""
    return span + "; ".join(labelled)


def response_sets(study: Study) -> Mapping[str, str]:
    """Return name → all answers, for each set of answers that several columns share."""
    held = Counter(_values_of(c) for c in columns_of_study(study) if len(c.labels) > 1)
    columns = {_values_of(c): c for c in columns_of_study(study)}
    return {_set_name(columns[values]): values for values, many in held.items() if many >= SHARED}


def _set_name(column: Column) -> str:
    first, last = column.codes[0], column.codes[-1]
    ends = f"{column.labels.get(first, first)} to {column.labels.get(last, last)}"
    return f"{ends} ({first} to {last})"


def _in_tier(study: Study, variable: str, tier: Tier) -> str:
    """Return what this tier does to the variable, in a word of ``WHAT_TIERS_DO``."""
    policy = study.policy
    role, group = policy.roles.get(variable, "none"), policy.groups.get(variable, "")
    if not tier.shows(variable, role, group):
        return OUT
    if tier.kind.holds == "texts":
        # Of a text that few are asked for, its being there would tell of its writer.
        few = variable in study.questions and asked_of_few(study, variable)
        return OUT if few else READ_FIRST
    if role == "free_text":
        return OUT
    if tier.kind.holds == "tables":
        return OUT if variable in policy.not_in_tables else COUNTED
    if role != "quasi_identifier":
        return WHOLE
    return COARSE if group == "core" or tier.min_level.get(group, 0) else WHOLE


def _role(study: Study, variable: str) -> str:
    group = study.policy.groups.get(variable)
    role = study.policy.roles.get(variable, "none").replace("_", " ")
    return f"{role} ({group})" if group else role


def data_lines(study: Study) -> Iterator[DataLine]:
    """Yield every answer column of the row, then every kept-apart text, in the order asked."""
    tiers, sets = tuple(study.policy.tiers.values()), response_sets(study)
    named = {values: name for name, values in sets.items()}
    for column in columns_of_study(study):
        yield DataLine(
            name=column.name,
            about=column.label,
            values=_values_of(column),
            missing=tuple(c for c in column.missing if c in MISSING_RANGE),
            responses=named.get(_values_of(column), ""),
            role=_role(study, column.variable),
            tiers=tuple((tier.name, _in_tier(study, column.variable, tier)) for tier in tiers),
        )
    for question in study.questions.values():
        if question.apart:
            yield DataLine(
                name=question.name,
                about=question.text.texts()[0],
                values=f"text of up to {question.max_length} characters, in a table of its own; "
                "no key joins it to the row",
                missing=(),
                responses="",
                role=_role(study, question.name),
                tiers=tuple((tier.name, _in_tier(study, question.name, tier)) for tier in tiers),
            )


@dataclass(frozen=True, slots=True)
class DataGroup:
    """The columns of one role with which every tier does the same.

    ``sets`` are the answers that columns share, each with its columns in the order asked.
    """

    role: str
    tiers: tuple[tuple[str, str], ...]
    sets: tuple[tuple[str, tuple[DataLine, ...]], ...]


def data_groups(study: Study) -> tuple[DataGroup, ...]:
    """Return every line of ``data_lines``, by what leaves: a board reads that first."""
    held: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, list[DataLine]]] = {}
    for line in data_lines(study):
        group = held.setdefault((line.role, line.tiers), {})
        group.setdefault(line.responses or line.values, []).append(line)
    return tuple(
        DataGroup(role, tiers, tuple((answers, tuple(lines)) for answers, lines in sets.items()))
        for (role, tiers), sets in held.items()
    )


# Table of a client’s data, but for answers → what for, and column → what it holds.
TABLES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "texts": (
        "Texts in a client’s own words, each by itself. No column leads to a row of answers.",
        {
            "key": "16 random bytes, made for this text",
            "study": "the study",
            "variable": "which question it answers",
            "lang": "language; nothing where only a few people are asked",
            "c_quote": "whether it may be quoted",
            "deletion": "keyed hash of the client’s code, or random bytes",
            "batch": "0, or the frozen batch it belongs to",
            "text": "the text",
            "state": "whether it has been reviewed",
            "redacted": "what was left after review",
        },
    ),
    "accepted": (
        "So that pressing send twice stores one row. Gone with the draft.",
        {"value": "keyed hash of a draft’s token"},
    ),
    "withdrawals": (
        "Deletions asked for and not carried out yet.",
        {"value": "keyed hash of a code"},
    ),
    "invitations": (
        "Invitations that nobody has used. A used one is gone.",
        {"code": "keyed hash of the code", "study": "the study"},
    ),
    "tallies": (
        "Totals such as page loads.",
        {"study": "the study", "event": "what is counted", "count": "how often"},
    ),
    "wordings": (
        "Every version of the words that this site has offered.",
        {
            "study": "the study",
            "fingerprint": "SHA-256 of the words",
            "answers": "the table that answers to them are in",
            "content": "the words",
            "current": "whether new answers go to that table",
        },
    ),
    "promised": (
        "Dates that the words told to whoever sent answers.",
        {"study": "the study", "fact": "of what", "day": "the day"},
    ),
    "row_totals": (
        "How many answers there are, so that nobody has to read them to count them.",
        {
            "answers": "a table of answers",
            "batch": "0, or a frozen batch",
            "count": "how many answers",
        },
    ),
    "text_totals": (
        "How many texts there are, so that nobody has to read them to count them.",
        {
            "study": "the study",
            "variable": "which question they answer",
            "lang": "language; blank where only a few people are asked",
            "batch": "0, or the frozen batch they belong to",
            "state": "whether they have been reviewed",
            "count": "how many texts",
        },
    ),
    "levelling": (
        "One line of totals, for laying answers down in random order.",
        {
            "settled": "answers laid down since the last levelling",
            "stored": "answers there were then",
            "resting": "arrivals that lie in random order already",
            "due": "deletions and freezes since the file was last rewritten",
            "search": "drawn at random while rows to be deleted are looked for, else 0",
        },
    ),
    "rewriting": ("Tables of this file that are still to be rewritten.", {"name": "the table"}),
    "freezing": (
        "A freeze that is under way; empty otherwise.",
        {"study": "the study", "batch": "the number of the batch"},
    ),
    "destroying": (
        "A destruction after a last day that is under way; empty otherwise.",
        {
            "study": "the study",
            "kind": "answers, or texts",
            "gone": "how many they were",
            "under_way": "whether rows are left",
        },
    ),
    "filler": (
        "Always empty at rest; used to overwrite free space.",
        {"key": "random", "space": "zeros"},
    ),
    "ended": (
        "What was deleted by code, so that no backup brings it back.",
        {"value": "hash of a deleted deletion value", "study": "the study"},
    ),
    "pairing": (
        "One line, by which a copy of another moment is recognised.",
        {
            "generation": "counts on while the site runs",
            "position": "how many acts of staff there were",
            "head": "hash of the record of staff's acts",
        },
    ),
    "program": ("Which version of the program wrote last.", {"version": "version"}),
    "installation": (
        "Which installation the file belongs to.",
        {"id": "random, the same in all its files"},
    ),
    "server_keys": (
        "By which a wrong server key is noticed.",
        {"value": "keyed hash of a constant, one for each server key that was used"},
    ),
    "_sqlite_migrations": (
        "Which changes to this file’s tables have been made. Its times are blank.",
        {"migration_set": "name", "name": "name", "applied_at": "blank", "id": "number"},
    ),
    "drafts": (
        "Unfinished answers, sealed: half of the key is in the client’s browser.",
        {
            "id": "keyed hash of the browser’s half of the key",
            "sealed": "sealed bytes",
            "expires": "when it is deleted, rounded up to half an hour; once sent a mark, no time",
        },
    ),
}
# Table of what staff do → what for.
OFFICE_TABLES: Mapping[str, str] = {
    "_sqlite_migrations": "Which changes to this file’s tables have been made, and when.",
    "accounts": "Accounts of staff. Passwords as slow hashes.",
    "approvals": "Approvals that boards have signed.",
    "assigned": "Which studies a researcher's account may open.",
    "audit": "What staff did.",
    "backups": "Backups that were made.",
    "chain": "The hash chain over the record: the hash of each line, with that of the line before.",
    "measured": "What was measured for tables of which segment, and what it cost of the budget.",
    "collected": "The totals of the collection that a release told.",
    "comments": "What board and researchers wrote to each other.",
    "comparisons": "On which days the stop rule was compared.",
    "confirmations": "Members' confirmations of approvals that the operator noted from a letter.",
    "contents": "Which files of which tier went into a release.",
    "corrections": "Help lines whose contact was corrected before a board signed it.",
    "day_starts": "Of a study with a limit for each day: answers when the day began, in steps.",
    "decisions": "Decisions of a board beside signatures.",
    "destructions": "What was destroyed once its last day was over.",
    "documents": "Files that were put into a submission, by their hashes.",
    "doors": "Who may come in, as site.toml said when last read.",
    "element_verdicts": "A board's verdicts on elements of the checklist, by version.",
    "errata": "Corrections to releases.",
    "figures": "The rounded totals that staff were shown last.",
    "freezes": "When a batch was frozen.",
    "handovers": "To whom restricted files were given.",
    "incident_answers": "What was answered to incidents.",
    "incidents": "Incidents that were noted.",
    "installation": "Which installation the file belongs to.",
    "jobs": "Previews, releases and freezes that researchers asked for.",
    "key_ends": "Keys of board members that ended.",
    "lives": "Whether a study is open.",
    "mail_addresses": "Where notices to staff go.",
    "mail_queue": "Notices to staff that the mail server has not taken yet.",
    "member_keys": "Public keys with which board members sign.",
    "members": "Who sits on which board, in what capacity, how long.",
    "outcomes": "What came of each proposal to a board.",
    "pairing": "By which a copy of another moment is recognised.",
    "parts": "The files of each tier, by checksum.",
    "platforms": "The platform's own sentences as they were signed.",
    "program": "Which version of the program wrote last.",
    "proposals": "What was proposed to boards, as the statement that is signed.",
    "quorums": "How many members of a board must sign.",
    "readings": "Decisions on texts, by their random keys, without their words.",
    "recovery": "Keyed hashes of recovery codes of staff.",
    "releases": "Releases made.",
    "restorations": "What was put back from a backup.",
    "rulings": "Suspensions and revocations by a board.",
    "seen": "How far in the record a member of a board has read.",
    "segments": "Which batches are released together.",
    "server_keys": "By which a wrong server key is noticed, and which key was lost when.",
    "sessions": "Browsers in which staff are signed in.",
    "settled_conditions": "What became of conditions of approvals.",
    "setups": "Links with which staff set up their accounts.",
    "signatures": "Signatures of board members under proposals.",
    "submissions": "What was submitted to a board.",
    "told_pilots": "Of how many answers of a pilot something was told.",
    "turns": "When a study was opened and closed.",
    "verdicts": "Whether the stop rule was met, at so many people counted.",
    "waivers": "Elements of the checklist that a board did without, before it gave verdicts.",
    "watch_codes": "Invitation codes that nobody was given, as keyed hashes; when one was typed.",
}
