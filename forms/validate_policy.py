"""The release policy against the questionnaire: roles, hierarchies, tiers."""

from __future__ import annotations

from collections.abc import Mapping

from forms.kinds import columns_of_question, columns_of_study, kind_of
from forms.study import Condition, HierarchyGroup, Question, Study, lifted_name
from forms.tiers import INSIDER, MEAN, OPEN_ROWS, PAIR, SMALLEST_L, UNASKED
from forms.toml_tables import QUESTIONNAIRE, RELEASE, FaultList, at, listed, nearest
from forms.validate_questionnaire import TAKEN_PREFIX

# A generalised value's code is level x 100 + position, so codes as asked stay below.
FIRST_GENERALISED = 100
# Answers that say something about a person: nobody may be made to give one.
NEVER_REQUIRED = ("quasi_identifier", "sensitive", "free_text")


def check_policy(study: Study, notes: FaultList) -> None:
    """Note every fault of release.toml that only the questionnaire shows."""
    variables = dict(study.variables())
    check_roles(study, variables, notes)
    check_hierarchies(study, variables, notes)
    check_distinct(study, notes)
    check_tiers(study, variables, notes)
    check_tables(study, notes)
    check_hypotheses(study, notes)
    stop = study.policy.stop
    check_answers(study, "stop_rule", stop.signs if stop else (), notes)
    check_answers(study, "repeat", study.policy.repeat, notes)
    check_repeat(study, notes)
    check_answers(study, "not_used", study.policy.not_used, notes)


def check_roles(study: Study, variables: Mapping[str, Question], notes: FaultList) -> None:
    """Note variables without a role, with one that is not theirs, or that must not be required."""
    roles = study.policy.roles
    without = [name for name in variables if name and name not in roles]
    if without:
        problem = f"no role for {', '.join(without)}"
        notes.add(RELEASE, "roles", "", problem, "quasi_identifier, sensitive, free_text, none")
    for name, role in roles.items():
        if name not in variables:
            problem = f"unknown variable {name!r}{nearest(name, variables)}"
            notes.add(RELEASE, "roles", role, problem)
        elif kind_of(variables[name]).is_text != (role == "free_text"):
            problem = f"{name!r} is a question of kind {variables[name].kind}"
            allowed = "free_text for texts, and for nothing else"
            notes.add(RELEASE, "roles", role, problem, allowed)
    for name, question in study.variables():
        role = roles.get(name, "")
        if question.required and role in NEVER_REQUIRED:
            where = at(study.page_of[question.name], question)
            problem = f"{name!r} has the role {role}, so it must not be required"
            notes.add(QUESTIONNAIRE, where, "required", problem, "false")


def check_hierarchies(study: Study, variables: Mapping[str, Question], notes: FaultList) -> None:
    """Note quasi-identifiers without a hierarchy, and hierarchies of other variables."""
    policy = study.policy
    quasi = [name for name in variables if policy.roles.get(name) == "quasi_identifier"]
    without = [name for name in quasi if name not in policy.hierarchies]
    if without:
        notes.add(RELEASE, "hierarchy", "variable", f"no hierarchy for {', '.join(without)}")
    for name in policy.hierarchies:
        if name and name not in quasi:
            problem = f"{name!r} is not a quasi-identifier{nearest(name, quasi)}"
            notes.add(RELEASE, f"hierarchy {name}", "variable", problem, listed(quasi))
        elif name:
            check_levels(study, name, variables[name], notes)


def check_lifted_names(study: Study, notes: FaultList) -> None:
    """Note columns called as a release calls the columns of one level that it adds."""
    lifted = {
        lifted_name(name, level): name
        for name, hierarchy in study.policy.hierarchies.items()
        for level in range(1, hierarchy.top)
    }
    for column in columns_of_study(study):
        if column.name in lifted:
            problem = f"{column.name!r} is how a release calls a level of {lifted[column.name]}"
            where = at(study.page_of[column.question.name], column.question)
            notes.add(QUESTIONNAIRE, where, "", problem, "any other name")


def check_levels(study: Study, name: str, question: Question, notes: FaultList) -> None:
    """Note levels that do not cover every code once or do not nest in the next."""
    column = next((c for c in columns_of_question(question) if c.name == name), None)
    table = f"hierarchy {name}"
    if column is None or not column.codes:
        problem = f"a question of kind {question.kind} has no codes to generalise"
        notes.add(RELEASE, table, "variable", problem)
        return
    if max(column.codes) >= FIRST_GENERALISED:
        problem = f"{name!r} has codes from {FIRST_GENERALISED} up, which generalised values take"
        notes.add(RELEASE, table, "variable", problem, f"codes below {FIRST_GENERALISED}")
    finer: tuple[HierarchyGroup, ...] = ()
    for place, groups in enumerate(study.policy.hierarchies[name].levels, 1):
        for problem in (*cover(groups, column.codes), *nest(finer, groups)):
            notes.add(RELEASE, table, f"levels, level {place}", problem)
        finer = groups


def cover(groups: tuple[HierarchyGroup, ...], codes: tuple[int, ...]) -> list[str]:
    """Return the faults in how one level covers the codes as asked."""
    times = {code: sum(code in group.codes for group in groups) for code in codes}
    unknown = sorted({code for group in groups for code in group.codes} - set(codes))
    problems = [f"code {code} is in no group" for code, count in times.items() if count == 0]
    problems += [f"code {code} is in {count} groups" for code, count in times.items() if count > 1]
    return problems + [f"code {code} is not a code of the question" for code in unknown]


def nest(finer: tuple[HierarchyGroup, ...], coarser: tuple[HierarchyGroup, ...]) -> list[str]:
    """Return the groups of the level before that the next tears apart."""
    return [
        f"{group.label!r} of the level before does not fit into one group"
        for group in finer
        if not any(group.codes <= wider.codes for wider in coarser)
    ]


def check_distinct(study: Study, notes: FaultList) -> None:
    """Note variables in ``distinct`` that outsiders may know, or that protect nothing."""
    policy = study.policy
    told = [
        name
        for name, role in policy.roles.items()
        if role == "sensitive" or policy.groups.get(name) == INSIDER
    ]
    for name in policy.distinct:
        if name not in told:
            problem = f"{name!r} is no sensitive or insider variable{nearest(name, told)}"
            notes.add(RELEASE, "", "distinct", problem, listed(told))


def check_tiers(study: Study, variables: Mapping[str, Question], notes: FaultList) -> None:
    """Note tiers without their kind's consent or levels, and unknown variables left out."""
    asked = {statement.id for statement in study.consent.choices}
    tiers = study.policy.tiers
    # A tier without a name is a fault already, and has no kind.
    for table, tier in ((f"tier {name}", tier) for name, tier in tiers.items() if name):
        for group in sorted({*study.policy.groups.values()} & {*tier.kind.groups}):
            if tier.min_level.get(group, 0) < tier.kind.least_level:
                problem = "anybody may have these rows, so none of it stays as asked"
                allowed = f"{tier.kind.least_level} or more"
                notes.add(RELEASE, f"{table}, min_level", group, problem, allowed)
        if tier.distinct_l > SMALLEST_L and not study.policy.diverse:
            problem = "no variable is sensitive, so l has nothing to count"
            notes.add(RELEASE, table, "l", problem, "no l")
        for name in tier.leave_out:
            if name not in variables:
                problem = f"unknown variable {name!r}{nearest(name, variables)}"
                notes.add(RELEASE, table, "leave_out", problem)
        if tier.kind.consent and not tier.needs_open_consent:
            problem = f"anybody may have these rows, so they need the consent {tier.kind.consent}"
            notes.add(RELEASE, table, "needs_open_consent", problem, "true")
        if tier.needs_open_consent and OPEN_ROWS.consent not in asked:
            problem = "consent.toml has no statement c_open, so no answer could ever be in this"
            allowed = "no such tier" if tier.kind.consent else "false"
            notes.add(RELEASE, table, "needs_open_consent", problem, allowed)


def check_tables(study: Study, notes: FaultList) -> None:
    """Note scores and statistics of ``tables`` that the study does not have, or keeps to itself."""
    said, left_out = study.policy.tables, study.policy.not_in_tables
    named_scores = [*(s.name for s in study.scales), *(c.name for c in study.composites)]
    scores = _worked_out(study)
    wanted = [("primary", name) for name in said.primary]
    for key, name in wanted + [("predictor", said.predictor)] * bool(said.predictor):
        if name not in scores:
            problem = f"{name!r} is no scale and no composite{nearest(name, scores)}"
            if name in named_scores:
                problem = f"too few items of {name!r} are left beside its quasi-identifiers"
            notes.add(RELEASE, "tables", key, problem, listed(scores))
    if said.predictor and not said.primary:
        problem = "predictor names a score, and nothing is held against it"
        notes.add(RELEASE, "tables", "primary", problem)
    columns = {
        column.name: question
        for question in study.questions.values()
        for column in columns_of_question(question)
        if column.codes and not {column.name, column.variable} & left_out
    }
    named = [TAKEN_PREFIX + name for name in scores]
    for statistic in said.menu:
        for problem in _faults_of_statistic(study, statistic, columns, named):
            notes.add(RELEASE, "tables", "menu", f"{statistic!r}: {problem}")


def _worked_out(study: Study) -> list[str]:
    """Return the scores that a release can have: no key takes part (exports/columns.py)."""
    roles = study.policy.roles
    shown = {
        column.name
        for question in study.questions.values()
        for column in columns_of_question(question)
        if roles.get(column.variable) not in ("quasi_identifier", "free_text")
    }
    scales = [s.name for s in study.scales if len(shown & {*s.items}) >= max(s.min_answered, 1)]
    composites = [
        c.name for c in study.composites if len({*scales} & {*c.scores}) >= max(c.min_answered, 1)
    ]
    return [*scales, *composites]


def check_hypotheses(study: Study, notes: FaultList) -> None:
    """Note hypotheses of columns that no release has, or that hold no numbers."""
    made = [s.name for s in study.scales] + [c.name for c in study.composites]
    made += [difference.name for difference in study.differences]
    known = [TAKEN_PREFIX + name for name in made]
    known += [
        column.name
        for question in study.questions.values()
        for column in columns_of_question(question)
        if column.codes
    ]
    for one in study.policy.hypotheses:
        for key, name in (("predictor", one.predictor), ("outcome", one.outcome)):
            if name and name not in known:
                problem = f"no column with numbers is called {name!r}{nearest(name, known)}"
                notes.add(RELEASE, f"hypothesis {one.id}", key, problem)
        if one.predictor and one.predictor == one.outcome:
            problem = "a column cannot predict itself"
            notes.add(RELEASE, f"hypothesis {one.id}", "outcome", problem)


def _faults_of_statistic(
    study: Study, statistic: str, columns: Mapping[str, Question], scores: list[str]
) -> list[str]:
    """Return why tier A cannot measure what a menu names."""
    if statistic.startswith(MEAN):
        name = statistic.removeprefix(MEAN)
        return [] if name in scores else [f"no score is stored as {name!r}{nearest(name, scores)}"]
    parts = statistic.split(PAIR)
    known = (*columns, *UNASKED, *(scores if len(parts) > 1 else ()))
    faults = [
        f"no column with codes is in the tables as {name!r}{nearest(name, known)}"
        for name in parts
        if name not in known
    ]
    if len(parts) > 2 or len({*parts}) < len(parts):
        faults.append("a table is of one column, or of two different ones")
    asked = [c for name in parts if name in columns for c in _asked_if(study, columns[name])]
    if any(a == b and not one & other for a, one in asked for b, other in asked):
        faults.append("nobody is asked both")
    return faults


def _asked_if(study: Study, question: Question) -> Condition:
    return (*study.page_of[question.name].show_if, *question.show_if)


def check_repeat(study: Study, notes: FaultList) -> None:
    """Note tiers of rows whose reader could not see which rows count for nobody."""
    policy = study.policy
    variables = {
        c.name: c.variable for q in study.questions.values() for c in columns_of_question(q)
    }
    for column, _ in policy.repeat:
        name = variables.get(column, "")
        role, group = policy.roles.get(name, ""), policy.groups.get(name, "")
        for tier in (t for t in policy.tiers.values() if t.name and t.kind.holds == "rows"):
            if name and not tier.shows(name, role, group):
                problem = f"tier {tier.name} does not hold {column!r}, by which people are counted"
                notes.add(RELEASE, "repeat, any", column, problem)


def check_answers(study: Study, table: str, wanted: Condition, notes: FaultList) -> None:
    """Note answers named in a table that no client can give."""
    asked = {c.name: c for q in study.questions.values() for c in columns_of_question(q)}
    for column, codes in wanted:
        known = asked[column].codes if column in asked else ()
        if not known:
            problem = f"no question is stored as {column!r} with codes{nearest(column, asked)}"
            notes.add(RELEASE, table, "any", problem)
        elif odd := sorted(codes.difference(known)):
            problem = f"{column!r} has no code {odd[0]}"
            notes.add(RELEASE, f"{table}, any", column, problem, listed(known))
