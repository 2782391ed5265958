"""The stop rule of a study: who is counted, who shows a sign, and the rule in words.

Counted is who answered a question that the rule names, and who stopped on the page of such a
question or after it, whether they sent, deleted or left: how they felt there is not known, so to
stop is taken for a sign. Who left such a question blank and went on is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from forms.kinds import columns_of_study
from forms.routing import joined
from forms.study import MISSING_RANGE, NOT_REACHED, NOT_SHOWN, Answers, Page, StopRule, Study

# Events: one more who is counted, and one more of these who shows a sign.
COUNTED, SIGN = "stop_rule_counted", "stop_rule_sign"

COMPARED_EVERY = (
    50  # so many counted after which the rule is compared again (docs/design.md, Collection)
)


def check_ins(study: Study) -> tuple[Page, ...]:
    """Return the pages that ask what the stop rule looks at, in the order of the questionnaire."""
    rule = study.policy.stop
    named = {column for column, _ in rule.signs} if rule else set()
    variables = {name: question for name, question in study.variables() if name in named}
    asked = {question.name for question in variables.values()}
    return tuple(page for page in study.pages if any(q.name in asked for q in page.questions))


def events_of_sending(
    study: Study, answers: Answers, *, stopped: bool, at: str = ""
) -> tuple[str, ...]:
    """Return what is counted of answers that are sent; ``at`` is the page where they ``stopped``.

    The sign comes first: a verdict on those counted so far must miss none of their signs.
    """
    rule = study.policy.stop
    if rule is None:
        return ()
    if rule.shown_by(answers) or (stopped and _reached(study, rule, answers, at)):
        return SIGN, COUNTED
    return (COUNTED,) if _answered(rule, answers) else ()


def events_of_stopping(study: Study, answers: Answers, at: str) -> tuple[str, ...]:
    """Return what is counted of answers that are deleted by who stops ``at`` this page."""
    rule = study.policy.stop
    return (SIGN, COUNTED) if rule and _reached(study, rule, answers, at) else ()


def _answered(rule: StopRule, answers: Answers) -> bool:
    given = (answers.get(column) for column, _ in rule.signs)
    return any(isinstance(code, int) and code not in MISSING_RANGE for code in given)


def _reached(study: Study, rule: StopRule, answers: Answers, at: str) -> bool:
    """Return whether a question that the rule names was asked, if only on the page just open."""
    asked = {name for name, value in answers.items() if value not in (NOT_REACHED, NOT_SHOWN)}
    on_page = any(page.id == at for page in check_ins(study))
    return on_page or any(column in asked for column, _ in rule.signs)


def rule_in_words(study: Study) -> str:
    """Return the stop rule as this program carries it out, made from the policy itself."""
    rule = study.policy.stop
    if rule is None:
        return "This study names no stop rule."
    signs = joined(list(_signs(study, rule)), "or")
    besides = ", but not who says that their answers should not be used"
    return (
        f"Collection pauses by itself when more than {rule.share * 100:g} % of those counted show "
        f"a sign. A sign is {signs}; or to stop on the page of such a question or later, whether "
        "the answers are then sent or deleted, or to leave there. Counted is who answered such a "
        f"question or stopped so{besides * bool(study.policy.not_used)}. "
        "The server compares once a day, at "
        f"{rule.hour:02}:00 by its own clock: first once {rule.first} are counted, then at each "
        f"multiple of {COMPARED_EVERY}. The pause holds until the board, or the clinician whom the "
        "site’s facts name, lifts it with a reason. Both are mailed at that hour that there is a "
        "pause, without any number, where the installation has a mail server."
    )


def _signs(study: Study, rule: StopRule) -> Iterator[str]:
    columns = {column.name: column for column in columns_of_study(study)}
    for name, codes in rule.signs:
        column = columns[name]
        given = [f"“{column.labels.get(code, code)}”" for code in sorted(codes)]
        yield f"{joined(given, 'or')} as the answer to “{column.label}”"
