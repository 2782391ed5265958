"""A study as frozen objects: every word that it says and everything that it asks and allows.

A study folder (docs/study-format.md) becomes one ``Study``. Nothing here reads a file, knows the
time or saves: ``forms.load`` builds these objects, everything else only reads them. Every
attribute has a wire name in ``forms.fingerprint.WIRE``, under which it is hashed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from forms.tiers import INSIDER, TIERS, TierKind

# docs/design.md, The walk: every missing code lies in one unbroken negative range, so that SPSS can
# declare it as one user-missing range.
MISSING_RANGE = range(-99, -89)
LABEL_BYTES = 120  # of a value label: SPSS keeps no more
NOT_SHOWN = -96
LEFT_BLANK = -95
NOT_REACHED = -94
WITHHELD = -93
NOT_SCORED = -92
# Set by the platform on any column, whatever the question offers.
SET_BY_PLATFORM = (NOT_SHOWN, LEFT_BLANK, NOT_REACHED)

# Single sentences that consent.toml must give, by key: every study-specific word around the
# questionnaire that is not a passage or a statement (docs/study-format.md says where each shows).
TEXT_KEYS = (
    "landing_title",
    "landing_lead",  # one sentence
    "landing_exit",  # what "Leave now" does and does not do
    "landing_draft",  # where pages wait until they are sent, and how long
    "information_title",
    "eligibility_title",
    "screened_out_title",
    "screened_out",
    "not_now_title",
    "not_now",
    "consent_title",
    "consent_intro",
    "agree",  # the two equal buttons
    "decline",
    "declined_title",
    "declined",
    "skip_anything",  # first line of a sensitive page
    "blank_hint",  # once a page, when everything was left blank
    "nobody_watches",
    "check_title",
    "check_intro",
    "code_offer",  # yes/no before sending
    "code_yes",
    "code_no",
    "code_shown",  # above the code on the last page
    "stop_title",
    "stop_question",
    "stop_delete",
    "stop_send",
    "deleted_title",
    "deleted",
    "done_title",
    "done_arrived",
    "withdraw_title",
    "withdraw_intro",
    "withdraw_reply",  # the same words, hit or miss
    "history_note",  # how to clear the browser's history
)

Answers = Mapping[str, "int | str"]
"""Column name → code (or text). A column that is absent has not been answered yet."""

Condition = tuple[tuple[str, frozenset[int]], ...]
"""Every (column, codes) pair must hold; the empty condition always does."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A text the client reads: one for everybody, or one for each branch."""

    everybody: str = ""
    by_branch: tuple[tuple[str, str], ...] = ()

    def of(self, branch: str | None) -> str:
        """Return the text for ``branch``; before a branch is known, the first one."""
        if not self.by_branch:
            return self.everybody
        return dict(self.by_branch).get(branch or "", self.by_branch[0][1])

    def texts(self) -> tuple[str, ...]:
        """Return every text that it can show."""
        return tuple(text for _, text in self.by_branch) or (self.everybody,)

    def __bool__(self) -> bool:
        return any(self.texts())


@dataclass(frozen=True, slots=True)
class Option:
    """One substantive answer: code (0 or more), label, and for ``multiple`` the column's key."""

    code: int
    label: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """One way in which an answer can be missing; ``set_by`` says who decides it."""

    code: int
    name: str
    label: str
    set_by: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence of a grid, or one statement of a statement list: a variable of its own."""

    variable: str
    text: str
    construct: str = ""


# Compared by identity: each is built once a study, and form classes are cached by question.
@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One question of one kind. ``name`` is the variable, or the grid's own name.

    ``missing`` are the codes offered to the client, in the order shown. Keys that belong to one
    kind only keep their default elsewhere; ``forms.kinds.KINDS`` says which kind takes which.
    """

    name: str
    kind: str
    text: Wording
    hint: str = ""
    options: tuple[Option, ...] = ()
    missing: tuple[Missing, ...] = ()
    required: bool = False
    show_if: Condition = ()
    rows: tuple[Row, ...] = ()
    random_order: bool = False
    minimum: int = 0
    maximum: int = 0
    minimum_label: str = ""
    maximum_label: str = ""
    max_length: int = 0
    apart: bool = False
    construct: str = ""
    note: str = ""

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the variables that it asks for: a grid has one for each row."""
        return tuple([row.variable for row in self.rows]) if self.rows else (self.name,)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the row: what it asks and every value it may hold.

    A coded column allows ``codes`` and ``missing``, a text column (``max_length`` above 0) text
    or a missing code.
    """

    name: str
    variable: str
    question: Question
    label: str
    codes: tuple[int, ...]  # substantive codes; for a range every integer of it
    labels: Mapping[int, str]  # label by substantive code, where it has one
    missing: tuple[int, ...]
    max_length: int = 0

    def allows(self, value: object) -> bool:
        """Return true when ``value`` may be stored here."""
        if isinstance(value, bool):
            return False
        if isinstance(value, int):
            return value in self.codes or value in self.missing
        return isinstance(value, str) and 0 < len(value) <= self.max_length


@dataclass(frozen=True, slots=True)
class SupportOffer:
    """The way to the support page after a high answer, or a tick beside ``label``."""

    variable: str
    at_least: int
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One theme: questions that are asked together."""

    id: str
    title: str
    intro: Wording
    questions: tuple[Question, ...]
    show_if: Condition = ()
    sensitive: bool = False
    # Next locks what was written here: later it can be deleted, not rewritten.
    answer_once: bool = False
    support: SupportOffer | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """A named way through the study; ``code`` is its value in a release."""

    code: int
    name: str
    label: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean of items (some reversed); missing when fewer than ``min_answered`` were answered."""

    name: str
    label: str
    items: tuple[str, ...]
    reverse: frozenset[str]
    min_answered: int


@dataclass(frozen=True, slots=True)
class Composite:
    """Mean of scale scores."""

    name: str
    label: str
    scores: tuple[str, ...]
    min_answered: int


@dataclass(frozen=True, slots=True)
class DifferenceScore:
    """One column minus another; its missing value is empty, since its range is negative too."""

    name: str
    label: str
    minuend: str
    subtrahend: str


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Two questions that ask the same of two moments: what charts draw as before and after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class QualityFlags:
    """The answers from which data-quality flags are worked out (never used to delete rows)."""

    straight: tuple[str, ...] = ()  # grids: all rows of all of them alike
    pair: tuple[str, str] | None = None  # two items that ought to mirror each other
    pair_reverse: str = ""  # the one of them that is reversed first


@dataclass(frozen=True, slots=True)
class Passage:
    """A heading (may be empty) and its text; ``id`` is what the checklist and links point at.

    With ``only_if`` (fact, value) it is for sites alone whose fact has that value.
    """

    id: str
    heading: str
    text: str
    only_if: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class EligibilityQuestion:
    """A yes/no question before consent. Its answer is never stored."""

    id: str
    text: str
    yes: str
    no: str
    # What "no" leads to: "screened_out" or "not_now".
    ending: str
    youth: bool = False  # on "no", help lines for young people come first
    why: str = ""  # said to whoever answered "no", beside the ending's text


@dataclass(frozen=True, slots=True)
class ComprehensionQuestion:
    """A question about the information, before consent: its answer gates nothing and goes nowhere.

    ``right`` is one of ``options``; ``passage`` the id of the passage that tells.
    """

    id: str
    text: str
    options: tuple[str, ...]
    right: str
    passage: str

    @property
    def numbered(self) -> tuple[tuple[int, str], ...]:
        """Return its answers with the numbers that a form sends."""
        return tuple(enumerate(self.options, start=1))


@dataclass(frozen=True, slots=True)
class Statement:
    """One consent statement; an optional one is a yes/no with effect. ``only_if`` as a passage."""

    id: str
    text: str
    required: bool
    effect: str = ""
    only_if: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """An element that a board looks for and the passages that satisfy it.

    ``source`` and ``must`` are empty for one of the platform's own list (elements.toml).
    """

    id: str
    source: str
    must: str
    where: str
    passages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Consent:
    """Every word around the questionnaire: information, eligibility, consent, endings, debrief.

    ``texts`` holds single sentences by key (docs/study-format.md lists them). Text may contain
    ``{fact}`` placeholders, filled from the installation's site.toml.
    """

    version: str
    receipt_code: bool
    texts: Mapping[str, str]
    key_facts: tuple[Passage, ...]
    details: tuple[Passage, ...]
    notice: tuple[Passage, ...]
    eligibility: tuple[EligibilityQuestion, ...]
    statements: tuple[Statement, ...]
    debrief: tuple[Passage, ...]
    checklist: tuple[ChecklistItem, ...]
    board_note: tuple[Passage, ...]
    optional_facts: frozenset[str]
    board_facts: frozenset[str]
    facts: frozenset[str]  # every placeholder used anywhere in the consent texts, and in only_if
    leaflet: tuple[Passage, ...] = ()  # printed inside it; without any, the landing's own words
    comprehension: tuple[ComprehensionQuestion, ...] = ()

    @property
    def required_statements(self) -> tuple[Statement, ...]:
        """Return the statements to which every client must agree."""
        return tuple(s for s in self.statements if s.required)

    @property
    def asked_at_consent(self) -> tuple[tuple[str, str], ...]:
        """Return (id, text) of everything that the consent page asks: statements come first."""
        statements = [(s.id, s.text) for s in (*self.required_statements, *self.choices)]
        return (*statements, *((q.id, q.text) for q in self.comprehension))

    @property
    def informing(self) -> Mapping[str, Passage]:
        """Return the passages of the information by their ids."""
        return {p.id: p for p in (*self.key_facts, *self.details, *self.notice)}

    @property
    def choices(self) -> tuple[Statement, ...]:
        """Return the optional statements: yes or no, a blank counts as no."""
        return tuple(s for s in self.statements if not s.required)

    @property
    def variants(self) -> Mapping[str, tuple[str, ...]]:
        """Return fact → the values by which a site chooses what is shown, in the order written."""
        passages = (*self.key_facts, *self.details, *self.notice, *self.debrief, *self.leaflet)
        chosen = [part.only_if for part in (*passages, *self.board_note)]
        chosen += [statement.only_if for statement in self.statements]
        found: dict[str, dict[str, None]] = {}
        for fact, value in filter(None, chosen):
            found.setdefault(fact, {})[value] = None
        return {fact: tuple(values) for fact, values in found.items()}


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One place to get help; ``last_checked`` is an ISO date set by a person, or empty.

    Everything but that date lies in the fingerprint of the words. ``hours``, ``cost`` and
    ``languages`` are in words, empty where nobody has found out.
    """

    countries: tuple[str, ...]
    name: str
    contact: str
    url: str
    last_checked: str
    youth: bool = False
    hours: str = ""
    cost: str = ""
    languages: str = ""

    @property
    def label(self) -> str:
        """Return the name and the countries, which no other line of a study has both alike."""
        return f"{self.name} ({', '.join(self.countries) or 'anywhere'})"

    @property
    def known(self) -> str:
        """Return hours, cost and languages, as far as they are known."""
        return ", ".join(said for said in (self.hours, self.cost, self.languages) if said)


@dataclass(frozen=True, slots=True)
class Support:
    """The help page: words, lines by country, emergency numbers (place, number).

    ``emergency_for`` names the countries of a place that is more than one (place → countries).
    Only the dates of checks lie outside the fingerprint of the words: those of the lines, and the
    one on which all emergency numbers were last compared with an official list.
    """

    intro: str
    lines: tuple[HelpLine, ...]
    emergency: tuple[tuple[str, str], ...]
    passages: tuple[Passage, ...]
    emergency_last_checked: str = ""
    emergency_for: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def emergency_in(self, country: str | None) -> tuple[tuple[str, str], ...]:
        """Return the emergency numbers of this country; none where the page does not say."""
        return tuple(
            (place, number)
            for place, number in self.emergency
            if country in self.emergency_for.get(place, (place,))
        )

    @property
    def undated(self) -> Support:
        """Return the page without the dates of checks: what is signed."""
        lines = tuple(replace(line, last_checked="") for line in self.lines)
        return replace(self, lines=lines, emergency_last_checked="")

    @property
    def countries(self) -> tuple[str, ...]:
        """Return every country with a line of its own, sorted by name."""
        return tuple(sorted({c for line in self.lines for c in line.countries}))

    @property
    def never_checked(self) -> tuple[HelpLine, ...]:
        """Return the lines that no person has dialled yet."""
        return tuple(line for line in self.lines if not line.last_checked)


@dataclass(frozen=True, slots=True)
class HierarchyGroup:
    """One generalised value: label and the codes as asked that it covers."""

    label: str
    codes: frozenset[int]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The levels by which a quasi-identifier coarsens. ``levels[0]`` is level 1.

    Level 0 is the answer as asked. Each level's groups cover every code exactly once and nest in
    the next level's; withholding (-93) is the level after the last one listed.
    """

    variable: str
    levels: tuple[tuple[HierarchyGroup, ...], ...]

    @property
    def top(self) -> int:
        """Return the level at which the value is withheld."""
        return len(self.levels) + 1


def lifted_name(column: str, level: int) -> str:
    """Return the name of the column that a release makes of ``column`` at one level."""
    return f"{column}_l{level}"


@dataclass(frozen=True, slots=True)
class Tier:
    """One way to release, as a study's policy has it; ``kind`` is what all of its letter are."""

    name: str  # a letter of forms.tiers.TIERS
    label: str
    audience: str
    k: int
    distinct_l: int = 2  # values of each ``diverse`` variable in a class, at least
    max_violating: float = 0.05  # share of rows whose whole core key may be withheld
    min_level: Mapping[str, int] = field(default_factory=dict)  # group → lowest level allowed
    leave_out: tuple[str, ...] = ()
    needs_open_consent: bool = False
    min_rows_per_language: int = 0
    # Share of rows that somebody who was there could single out, measured on simulated answers.
    singled_out: float | None = None

    @property
    def kind(self) -> TierKind:
        """Return the tier's row in the table of all tiers."""
        return TIERS[self.name]

    @property
    def promise(self) -> str:
        """Return in one sentence what is in the file and how it is protected."""
        said = self.kind.promise.format(k=self.k)
        if self.kind.holds == "rows" and self.distinct_l > 1:
            said += f", with at least {self.distinct_l} different answers to what is sensitive"
        agreed = self.kind.holds == "rows" and self.needs_open_consent
        return f"{said}; {self.taken}." if agreed else f"{said}."

    @property
    def taken(self) -> str:
        """Return which rows of those who agreed to an open file it takes."""
        drawn = self.kind.sample < 1
        some = f"a random {100 * self.kind.sample:g} % sample of" if drawn else "only"
        return f"{some} those who agreed to an open file"

    @property
    def insiders(self) -> str:
        """Return what somebody who was there can do with it, as a sentence; empty without rows."""
        if self.kind.holds != "rows":
            return ""
        told = INSIDER in self.kind.groups
        found, these = ("the", "these, ") if told else ("none of the", "")
        many = "as many rows as the report of each release says"
        if self.singled_out is not None:
            share = f"{100 * self.singled_out:g} %" if self.singled_out else "none"
            many = f"{share} of the rows of simulated clients"
        return (
            f"Somebody who was there finds {found} insider variables in it; by {these}the core"
            f" variables and the branch they single out {many}."
        )

    def shows(self, variable: str, role: str, group: str) -> bool:
        """Return whether a variable of this role, and group if any, may be in it."""
        known = not group or group in self.kind.groups
        return known and role in self.kind.roles and variable not in self.leave_out


@dataclass(frozen=True, slots=True)
class SmallSamples:
    """Limits of what a batch of few rows may tell; only an approved policy changes them.

    Under ``min_rows`` there is no release. Under ``no_key_under`` every quasi-identifier is
    withheld and the core ones come as tables. Up to ``few_key_up_to`` only ``few_key`` core
    quasi-identifiers stay, the last ones of the policy's order, and none finer than level 1.
    """

    min_rows: int = 20
    no_key_under: int = 50
    few_key_up_to: int = 300
    few_key: int = 3


@dataclass(frozen=True, slots=True)
class TablePolicy:
    """What tier A may tell of one answer, in rho of zero-concentrated differential privacy.

    ``budget`` in a release, ``lifetime`` in all, ``cap`` by one statistic. ``primary`` are scores
    to be told first, ``predictor`` the score that they are held against, ``menu`` the names of
    statistics in order, where it is not the usual one (docs/study-format.md).
    """

    budget: float = 0.5
    lifetime: float = 1.0
    cap: float = 0.1
    predictor: str = ""
    primary: tuple[str, ...] = ()
    menu: tuple[str, ...] = ()


POSITIVE, NEGATIVE = "positive", "negative"


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A relation that the analysis plan expects: columns of a release and the sign of the slope."""

    id: str
    predictor: str
    outcome: str
    sign: str

    @property
    def positive(self) -> bool:
        """Return whether more of the predictor is expected to go with more of the outcome."""
        return self.sign == POSITIVE


@dataclass(frozen=True, slots=True)
class StopRule:
    """The rule that pauses collection: more than ``share`` (0-1) of those counted show a sign.

    ``signs`` are columns with codes; one of them is enough, unlike in a condition. It is compared
    from ``first`` counted on, once a day at ``hour`` of the server's clock (forms/stop_signs.py).
    """

    share: float
    signs: Condition
    first: int = 30
    hour: int = 8

    def shown_by(self, answers: Answers) -> bool:
        """Return true when these answers show a sign."""
        return any(answers.get(column) in codes for column, codes in self.signs)


@dataclass(frozen=True, slots=True)
class ReleasePolicy:
    """The release policy: roles, hierarchies and tiers of all that may leave the house."""

    roles: Mapping[str, str]  # variable → quasi_identifier, sensitive, free_text or none
    groups: Mapping[str, str]  # quasi-identifier → core or insider
    hierarchies: Mapping[str, Hierarchy]
    order: tuple[str, ...]  # quasi-identifiers, first to generalise first
    distinct: tuple[str, ...]  # what is warned of, insider variables among them
    distinct_warning: int
    tiers: Mapping[str, Tier]
    min_new_rows: int
    small: SmallSamples = SmallSamples()
    tables: TablePolicy = TablePolicy()
    hypotheses: tuple[Hypothesis, ...] = ()
    caution: str = ""  # printed on every release: how its figures must not be read
    stop: StopRule | None = None  # told to staff as yes or no, never as a number
    population: str = ""  # whom the study asks, where another study asks the same people
    repeat: Condition = ()  # any of these answers: somebody who has answered before
    compare: tuple[BeforeAfter, ...] = ()  # said in questionnaire.toml; changes no client's page
    daily_limit: int = 0  # answers sent in a day after which nobody new can start; 0: any number
    not_used: Condition = ()  # any of these answers: somebody who says that theirs be not used
    originals_days: int = 30  # so long after a reader's last word a text is kept as it was written

    def unused(self, answers: Answers) -> bool:
        """Return true when these answers say that they are not to be used."""
        return any(answers.get(column) in codes for column, codes in self.not_used)

    @property
    def diverse(self) -> tuple[str, ...]:
        """Return the variables of which l asks several values in a class."""
        sensitive = (name for name, role in self.roles.items() if role == "sensitive")
        return tuple(dict.fromkeys((*self.distinct, *sensitive)))

    @property
    def not_in_tables(self) -> frozenset[str]:
        """Return the variables that tier A leaves out, or C, of which all others are made."""
        tiers = [tier for tier in self.tiers.values() if tier.name in ("A", "C")]
        return frozenset(name for tier in tiers for name in tier.leave_out)

    @property
    def named(self) -> tuple[str, ...]:
        """Return those of which the report warns: all, where none is named."""
        return self.distinct or self.diverse


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """SHA-256 (hex) of canonical content, shown and compared in parts; ``format`` says how made.

    That of the installation's facts is worked out by ``forms.fingerprint.fingerprint_of_facts``.
    """

    words: str
    policy: str
    consent_version: str
    format: int = 1


# Without slots, since cached properties are kept in the object.
@dataclass(frozen=True)
class Study:
    """A whole study folder, checked: it never half-loads."""

    name: str
    title: str
    address: str
    version: str
    language: str
    exit_url: str
    reading_grade: float
    duration_bands: tuple[int, ...]  # upper bounds in minutes, exclusive, rising
    missing: tuple[Missing, ...]
    branches: tuple[Branch, ...]
    pages: tuple[Page, ...]
    scales: tuple[Scale, ...]
    composites: tuple[Composite, ...]
    differences: tuple[DifferenceScore, ...]
    quality: QualityFlags
    minutes: Mapping[str, float]  # branch → minutes told to the board
    consent: Consent
    policy: ReleasePolicy
    support: Support
    fingerprints: Fingerprints
    content: str  # canonical JSON of words and routing, archived once beside the rows

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        """Return name → question, in the order asked."""
        return MappingProxyType({q.name: q for p in self.pages for q in p.questions})

    @cached_property
    def routed(self) -> bool:
        """Return true when any page or question hangs on an answer."""
        return any(p.show_if or any(q.show_if for q in p.questions) for p in self.pages)

    @cached_property
    def page_of(self) -> Mapping[str, Page]:
        """Return question name → its page."""
        return MappingProxyType({q.name: p for p in self.pages for q in p.questions})

    @cached_property
    def missing_by_code(self) -> Mapping[int, Missing]:
        """Return code → the missing code with its name and label."""
        return MappingProxyType({m.code: m for m in self.missing})

    def variables(self) -> Iterator[tuple[str, Question]]:
        """Yield (variable, its question) in the order asked."""
        for question in self.questions.values():
            for variable in question.variables:
                yield variable, question
