"""Checks of the words that clients read: reading grades, promises, facts that they ask for.

Source of the rules: 45 CFR 46.116 (understandable, no waiver of rights) and the advice of ethics
boards never to guarantee anonymity or security online.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from forms.dates import FREEZE, LAST_DAY, cannot_stand
from forms.parse_documents import board_words, client_words, passages_of
from forms.readability import grade, words
from forms.site_facts import PLACEHOLDER, STOP_RULE
from forms.study import Study
from forms.toml_tables import CONSENT, QUESTIONNAIRE, SUPPORT, FaultList, at

# Too few words have no grade worth the name: one long word would decide. A section needs some, a
# single text as many as the samples from which the formula was made. What people are bound by is
# held to account statement by statement, however short.
FEWEST_WORDS = 30
SAMPLE_WORDS = 100
STATEMENT = "consent statements"

_WHOLLY = r"(?:completely|entirely|fully|totally|absolutely|perfectly|guaranteed|100\ ?%)"
FORBIDDEN = re.compile(
    rf"""(?ix)
      (?<!\w){_WHOLLY}\ (?:anonymous(?:ly)?|secure(?:ly)?|safe(?:ly)?|confidential(?:ly)?)\b
    | \bguarantees?\ (?:\w+\ ){{0,3}}(?:anonymity|confidentiality|security|privacy)\b
    | \bwaiv(?:e|es|ed|er|ers|ing)\b
    | \breleas(?:e|es|ed|ing)\b[^.!?]{{0,60}}\bliability\b
    | \bhold\ [^.!?]{{1,40}}\ harmless\b
    """
)
HONEST = "say what is kept and what is not; never promise it for certain, never take a right away"

# What no program can make true of other people, or for ever: the phrases of that kind, and what to
# say instead. A question may hold them. "Never" passes where it tells what the reader did ("if you
# never saw this"); it is a promise of what we do, or of what becomes of the answers.
_OURS = r"(?:we|us|our\ \w+|your\ \w+|they|it|answers?|data|texts?|names?|results?|figures?)"
_PROMISES = {
    r"(?:nobody|no\ ?one)\ (?:\w+\ )?(?:can|could|will|would|gets?)": (
        "who can, and under what condition: the host, a reader, somebody who was there"
    ),
    r"(?:will|would|can)(?:not|\ not|n[’']t|\ never)\ (?:\w+\ )?(?:know|find\ out|guess)": (
        "what you do not tell them, and that they may guess"
    ),
    r"only\ (?:\w+\ )?groups": "which files hold lines of single people, and for whom",
    (
        rf"{_OURS}\ (?:\w+\ )?never|(?:will|can|could|is|are|be)\ never"
        r"|never\ (?:be|for|leaves?|shared?|shown?|given?|passe[sd]|tell|told)"
    ): "what is done, by whom, and until when",
    r"100\ ?(?:%|per\ ?cent)": "what is so, without a figure that is a promise",
    r"completely|absolutely|guaranteed": "what is so, without the word",
}
TOO_SURE = {re.compile(rf"(?ix) (?<!\w)(?:{said})(?!\w)"): so for said, so in _PROMISES.items()}

_SENTENCE_BEFORE = re.compile(r"(?:^|[.!?]|\n|\})\s*$")
_SENTENCE_AFTER = re.compile(r"[.!?]?(?:$|\s*\n|\s+(?:\{|[\W_]?[A-Z0-9]))")


def check_words(study: Study, notes: FaultList) -> None:
    """Note promises, facts, braces and grades that clients should not meet."""
    check_promises(study, notes)
    check_facts(study, notes)
    check_dates(study, notes)
    check_braces(study, notes)
    if study.language.partition("-")[0] == "en":  # the formula is for English only
        check_grades(study, notes)


def questionnaire_words(study: Study) -> Iterator[tuple[str, str, str]]:
    """Yield (table, key, words) for all that a client reads in questionnaire.toml but labels."""
    for page in study.pages:
        yield at(page), "title", page.title
        for text in page.intro.texts():
            yield at(page), "intro", text
        for question in page.questions:
            for text in question.text.texts():
                yield at(page, question), "text", text
            yield at(page, question), "hint", question.hint
            for row in question.rows:
                yield at(page, question), f"rows {row.variable}", row.text


def support_words(study: Study) -> Iterator[tuple[str, str, str]]:
    """Yield (table, key, words) for the words of support.toml."""
    yield "", "intro", study.support.intro
    for passage in study.support.passages:
        yield f"passage {passage.id}", "text", passage.text


def check_promises(study: Study, notes: FaultList) -> None:
    """Note phrases that nothing around the questions may say; a question may ask about anything."""
    beside = [part for part in questionnaire_words(study) if part[1] in ("intro", "hint")]
    sources = ((CONSENT, client_words(study.consent)), (QUESTIONNAIRE, beside))
    for file, source in (*sources, (SUPPORT, support_words(study))):
        for table, key, text in source:
            said = " ".join(text.split())
            if found := FORBIDDEN.search(said):
                notes.add(file, table, key, f"must not say {found[0]!r}", HONEST)
                continue
            for pattern, instead in TOO_SURE.items():
                if sure := pattern.search(said):
                    problem = f"{sure[0]!r} promises what no program can keep"
                    notes.add(file, table, key, problem, f"say {instead}")


def check_facts(study: Study, notes: FaultList) -> None:
    """Note facts that a text could not do without, and facts that are none of a client's."""
    consent = study.consent
    for table, key, text in client_words(consent):
        for found in PLACEHOLDER.finditer(text):
            before, after = text[: found.start()], text[found.end() :]
            alone = _SENTENCE_BEFORE.search(before) and _SENTENCE_AFTER.match(after)
            if found[1] in consent.board_facts | {STOP_RULE}:
                notes.add(CONSENT, table, key, f"{{{found[1]}}} is for the board only")
            elif found[1] in consent.optional_facts and not alone:
                # Where it is empty it goes with the full stop beside it (forms.site_facts.fill).
                problem = f"{{{found[1]}}} may be empty, so it must stand alone between sentences"
                notes.add(CONSENT, table, key, problem, "… end. {fact} Next …")
    named = consent.facts | consent.optional_facts | consent.board_facts
    for item in consent.checklist:
        for found in PLACEHOLDER.finditer(f"{item.must} {item.where}"):
            if found[1] not in named:
                problem = f"{{{found[1]}}} is named nowhere else in this file"
                notes.add(CONSENT, f"checklist {item.id}", "where", problem)


def check_dates(study: Study, notes: FaultList) -> None:
    """Note sentences in which a date cannot stand, and a text in the place of a date."""
    for table, key, text in (*client_words(study.consent), *board_words(study.consent)):
        for found in PLACEHOLDER.finditer(text):
            if found[1] == "freeze_rule":
                problem = "{freeze_rule} was a text and bound nobody"
                notes.add(CONSENT, table, key, problem, f"{{{FREEZE}}} or {{{LAST_DAY}}}, a date")
            elif study.language.partition("-")[0] == "en" and (
                example := cannot_stand(found[1], text[: found.start()])
            ):
                problem = f"{{{found[1]}}} is a date, so the words before it cannot be these"
                notes.add(CONSENT, table, key, problem, example)


def check_braces(study: Study, notes: FaultList) -> None:
    """Note braces that would be shown as they stand, since no fact can be filled in there."""
    for table, key, text in (*client_words(study.consent), *board_words(study.consent)):
        for rest in re.findall(r"\{[^{}]*\}?|\}", PLACEHOLDER.sub("", text)):
            allowed = "{name_of_fact} in lower case"
            notes.add(CONSENT, table, key, f"{rest!r} is not a fact", allowed)
    sources = {QUESTIONNAIRE: questionnaire_words(study), SUPPORT: support_words(study)}
    for file, source in sources.items():
        for table, key, text in source:
            for found in PLACEHOLDER.findall(text):
                problem = f"{{{found}}}: facts can be named in consent.toml only"
                notes.add(file, table, key, problem)


def check_grades(study: Study, notes: FaultList) -> None:
    """Note each section, and each long text, that is harder to read than the study allows."""
    allowed = f"reading_grade = {study.reading_grade:g}"
    for file, section, parts in sections(study):
        whole = "\n\n".join(text for _, _, text in parts)
        if too_hard(whole, study.reading_grade, FEWEST_WORDS):
            table, key, _ = max(parts, key=lambda part: grade(part[2]) * len(words(part[2])))
            problem = f"reads at grade {grade(whole):.1f}, most of all {table}, {key}"
            notes.add(file, section, "", problem, allowed)
            continue
        least = 1 if section == STATEMENT else SAMPLE_WORDS
        for table, key, text in parts:
            if too_hard(text, study.reading_grade, least):
                notes.add(file, table, key, f"reads at grade {grade(text):.1f}", allowed)


def too_hard(text: str, ceiling: float, least: int) -> bool:
    """Return true for a text of ``least`` words or more with a grade above ``ceiling``."""
    return len(words(text)) >= least and grade(text) > ceiling


def sections(study: Study) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    """Yield (file, section, its texts with table and key): texts that are graded together."""
    # Headings and labels are left out, since they would flatter.
    consent = study.consent
    passages = [(table, "text", p.text) for table, p in passages_of(consent)]
    screens = [("texts", k, text) for k, text in consent.texts.items() if not k.endswith("_title")]
    screens += [part for part in passages if part[0].startswith("debrief ")]
    eligibility = [(f"eligibility {q.id}", "text", q.text) for q in consent.eligibility]
    eligibility += [(f"comprehension {q.id}", "text", q.text) for q in consent.comprehension]
    asked = [part for part in questionnaire_words(study) if part[1] != "title"]
    statements = [(f"statement {s.id}", "text", s.text) for s in consent.statements]
    yield CONSENT, "information", [p for p in passages if p[0].startswith(("key_fact ", "detail "))]
    yield CONSENT, "data protection notice", [p for p in passages if p[0].startswith("notice ")]
    yield CONSENT, STATEMENT, statements
    yield CONSENT, "leaflet", [p for p in passages if p[0].startswith("leaflet ")]
    yield CONSENT, "screens and endings", screens
    yield CONSENT, "eligibility", eligibility
    yield QUESTIONNAIRE, "intros", [part for part in asked if part[1] == "intro"]
    yield QUESTIONNAIRE, "questions", [part for part in asked if part[1] != "intro"]
    yield SUPPORT, "help page", list(support_words(study))
