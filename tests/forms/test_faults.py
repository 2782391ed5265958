"""What a researcher reads after a slip: one change in a tiny study, and the line it leads to."""

import os
from pathlib import Path

import pytest

Q, C, R, S = "questionnaire.toml", "consent.toml", "release.toml", "support.toml"
CALM_IS_KEY = '[roles]\nquasi_identifier.core = ["calm_1", "calm_2"]\nnone = ['
COMPARE = '[[compare]]\nlabel = "Twice"\n'

H1 = 'id = "h1"\nsign = "positive"\npredictor = "calm_1"\n'

QUESTIONNAIRE = [
    # keys and values
    ("minimal", 'title = "A m', 'titel = "A m', "titel: unknown key – did you mean 'title'?"),
    ("minimal", 'title = "A minimal study"', 'title = " "', "title: is empty"),
    ("minimal", 'version = "1"', "version = 1", "version: must be text in quotes"),
    ("minimal", "[options]", "[optionen]", "optionen: unknown key – did you mean 'options'?"),
    ("minimal", 'address = "mood"', 'address = "Mood 1"', "address: 'Mood 1' is not a name"),
    ("minimal", 'language = "en"', 'language = "English"', "language: 'English' is not a name"),
    ("minimal", '"https://www.ex', '"http://www.ex', "exit: 'http://www.example.org/weather' is"),
    ("minimal", "[3, 6, 20]", "[6, 3, 20]", "duration_bands: must be minutes above 0 that rise"),
    ("minimal", "grade = 8", "grade = nan", "reading_grade: nan is out of range"),
    ("minimal", "grade = 8", "grade = true", "reading_grade: must be a number, not true or false"),
    ("minimal", '"Today"', '"To\\u0000day"', "page p1, title: has a control character"),
    ("minimal", '\nid = "p1"', "", "page no. 1, id: is missing"),
    ("minimal", '"Today"', "2026-01-01", "page p1, title: must be text in quotes, not a date"),
    # missing codes and options
    ("minimal", "code = -99", "code = -100", "missing prefer_not, code: -100 is out of range"),
    ("minimal", "code = -98", "code = -99", "missing: code -99 stands there twice"),
    ("minimal", "not_shown = {", "hidden = {", "missing, not_shown: the platform sets this code"),
    ("minimal", "code = -95", "code = -91", "missing, left_blank: the platform sets this code"),
    ("minimal", '"prefer_not"]', '"prefer_nt"]', "unknown: 'prefer_nt' – did you mean 'prefer_no"),
    ("minimal", '["prefer_not"]', '["not_shown"]', "question mood, missing: unknown: 'not_shown'"),
    ("minimal", "dont_know =", '"dont know" =', "missing, dont know: is not a name that can sta"),
    ("minimal", "[[1, ", "[[-1, ", "options, good3: -1 cannot be the code of an answer"),
    ("minimal", '[2, "Fair"]', '[1, "Fair"]', "options, good3: code 1 stands there twice"),
    ("minimal", '[2, "Fair"]', '[2, "Good"]', "options, good3: label 'Good' stands there twice"),
    (
        "minimal",
        '[2, "Fair"]',
        '[2, "Withheld"]',
        "'Withheld' cannot be told from the label of -93",
    ),
    (
        "minimal",
        '"Not scored"',
        '"Withheld"',
        "withheld: 'Withheld' cannot be told from",
    ),
    (
        "minimal",
        '[1, "Good"], [2, "Fair"]',
        f'[1, "{"ü" * 60}, good"], [2, "{"ü" * 60}, fair"]',
        "fair' cannot be told from the label of 1; allowed: labels that differ in their first 120",
    ),
    ("minimal", '[2, "Fair"]', '"Fair"', "options, good3: 'Fair' is not an option"),
    ("minimal", '= "good3"', '= "god3"', "unknown option set 'god3' – did you mean 'good3'?"),
    ("minimal", '= "good3"', '= [[1, "Good"]]', "options: needs at least 2 options"),
    ("minimal", '= "good3"', "= []", "question mood, options: is empty"),
    # questions
    ("minimal", '"single"', '"singel"', "unknown: 'singel' – did you mean 'single'?; allowed: si"),
    ("minimal", '"single"', '"vas"', "question mood, options: unknown key"),
    ("minimal", '"single"', '"text"', "question mood, max_length: is missing"),
    ("minimal", '"mood"\nk', '"Mood"\nk', "variable: 'Mood' is not a name that can stand here"),
    ("minimal", '"mood"\nk', '"lang"\nk', "'lang' is the name of a column of every release"),
    ("minimal", '"mood"\nk', '"sc_mood"\nk', "'sc_mood' is the name of a column of every release"),
    ("minimal", '"mood"\nk', '"dq_pair"\nk', "'dq_pair' is the name of a column of every release"),
    ("coarse", '"reason"', '"age_l2"', "'age_l2' is how a release calls a level of age"),
    ("minimal", '"mood"\nk', '"data"\nk', "'data' is the name of a part of every form"),
    ("minimal", '"mood"\nk', '"validate_me"\nk', "'validate_me' is the name of a part of every"),
    ("minimal", 'text = "How is your mood?"\n', "", "question mood, text: is missing"),
    (
        "minimal",
        'text = "How',
        'required = true\ntext = "How',
        "only a question that others depend",
    ),
    ("kinds", '"view_2"', '"view_1"', "the name 'view_1' stands there twice"),
    ("kinds", 'grid = "views"', 'grid = "one"', "the name 'one' stands there twice"),
    ("kinds", '"line"', '"some__red"', "the name 'some__red' stands there twice"),
    ("kinds", '"blue"', '"red"', "question some, options: key 'red' stands there twice"),
    ("kinds", '"blue"', '"Bl ue"', "options: 'Bl ue' is not a name that can stand here"),
    ("kinds", '"blue"', '"' + "b" * 31 + '"', "has 37 characters; allowed: at most 32"),
    ("kinds", 'id = "p2_rows"', 'id = "p1_coded"', "id: 'p1_coded' stands there twice"),
    ("kinds", "maximum = 100", "maximum = 0", "maximum: 0 must be above the minimum, 0"),
    ("kinds", "maximum = 10\n", "maximum = 2026\n", "maximum: 2026 is out of range; allowed: 0 to"),
    ("kinds", "minimum = 0", "minimum = 0.5", "must be a whole number, not a decimal number"),
    ("kinds", "max_length = 20", "max_length = 5001", "max_length: 5001 is out of range"),
    ("kinds", "apart = true", 'apart = "yes"', "apart: must be true or false, not text"),
    # pages
    ("minimal", 'title = "Today"', 'title = "Today"\nanswer_once = true', "no text on this page"),
    ("once", 'variable = "upset", at', 'variable = "first", at', "'first' is no question with cod"),
    ("once", "at_least = 7", "at_least = 11", "'upset' never reaches 11; allowed: at most 10"),
    ("minimal", '"Think of today."', '{ a = "x" }', "but the study has no branches"),
    # routing
    ("branch", '"Been there?"', '"Been there?"\nsensitive = true', "anything on it can be skipped"),
    ("branch", "show_if = { been =", "show_if = { bean =", "no question has the column 'bean' – "),
    ("branch", "show_if = { been = [1]", "show_if = { been = [3]", "'been' is never answered with"),
    ("branch", "show_if = { been = [1]", "show_if = { been = [-95]", "is never answered with -95"),
    ("branch", "show_if = { been = [1]", "show_if = { been = []", "needs at least one code"),
    ("branch", "show_if = { been = [1]", 'show_if = { been = ["1"]', "nothing but whole numbers"),
    ("branch", "show_if = { been = [1] }", "show_if = {}", "show_if: names no question"),
    (
        "branch",
        "{ been = [1] }\n\n[[page.",
        "{ liked = [1] }\n\n[[page.",
        "'liked' is not asked bef",
    ),
    (
        "branch",
        "{ been = [1] }\n\n[[page.",
        "{ again = [1] }\n\n[[page.",
        "'again' is not asked bef",
    ),
    ("branch", "{ again = [1] }", "{ when_again = [1] }", "'when_again' is not asked before"),
    ("branch", "{ again = [1] }", "{ been = [2] }", "no answers lead to this question"),
    (
        "branch",
        'title = "All"',
        'title = "All"\nshow_if = { again = [1], been = [2] }',
        "this page",
    ),
    ("branch", "{ been = [2, -99] }", "{ been = [1] }", "branch stayed, when: nobody can be on it"),
    (
        "branch",
        "{ been = [2, -99] }",
        "{ benn = [2] }",
        "branch stayed, when.benn: no question has",
    ),
    ("branch", "when = { been = [1] }", "when = {}", "branch went, when: names no question"),
    ("branch", "code = 2", "code = 1", "branch: the code 1 stands there twice"),
    ("branch", 'name = "stayed"', 'name = "went"', "branch: the name 'went' stands there twice"),
    ("branch", "stayed = 1", "left = 1", "minutes, left: unknown key; allowed: went, stayed"),
    ("branch", 'stayed = "You did not go.", ', "", "page p3_all, intro, stayed: is missing"),
    ("branch", "stayed = ", "sayed = ", "sayed: unknown key – did you mean 'stayed'?"),
    (
        "branch",
        '"Have you been there?"',
        '{ went = "A?", stayed = "B?" }',
        "nobody's branch is kno",
    ),
    ("branch", 'missing = ["prefer_not"]\nreq', "req", "it must offer a way not to answer"),
    # scores
    (
        "scores",
        '"calm_1", "calm_2"]\nrev',
        '"calm_1", "calm_3"]\nrev',
        "unknown: 'calm_3' – did you",
    ),
    ("scores", 'reverse = ["calm_2"]', 'reverse = ["glad_1"]', "scale calm, reverse: unknown: 'gl"),
    (
        "scores",
        '"calm_1", "calm_2"]\nrev',
        '"before", "calm_2"]\nrev',
        "the ranges differ: before 0",
    ),
    ("scores", "min_answered = 2", "min_answered = 3", "3 is out of range; allowed: 1 to 2"),
    ("scores", '["calm", "glad"]', '["calm", "sad"]', "composite well, scores: unknown: 'sad'"),
    (
        "scores",
        '"after"\nsub',
        '"afters"\nsub',
        "difference change: unknown: 'afters' – did you me",
    ),
    ("scores", "[scale.glad]", "[scale.Glad]", "scale, Glad: is not a name that can stand here"),
    ("scores", "[difference.change]", "[difference.glad]", "two scores have this name"),
    *(
        ("scores", "[quality]", f"{COMPARE}{given}\n[quality]", said)
        for given, said in (
            ('before = "before"', "compare before, after: is missing"),
            ('before = "calm_1"\nafter = "calm1"', "compare calm_1, after: unknown: 'calm1' – did"),
            ('before = "before"\nafter = "before"', "compare before, after: is the same question"),
            ('before = "calm_1"\nafter = "after"', "calm_1 and after have other answers to choo"),
        )
    ),
    (
        "scores",
        'straight = ["items"]',
        'straight = ["item"]',
        "no grid is called 'item' – did you m",
    ),
    ("scores", '= ["calm_1", "calm_2"]\npair', '= ["calm_1"]\npair', "pair: must name two items"),
    (
        "scores",
        'pair_reverse = "calm_2"',
        'pair_reverse = "glad_1"',
        "'glad_1' is not one of the p",
    ),
]

CONSENT = [
    (
        "minimal",
        'agree = "I a',
        'agreed = "I a',
        "texts, agreed: unknown key – did you mean 'agree",
    ),
    ("minimal", 'decline = "I do not want to take part"\n', "", "texts, decline: is missing"),
    ("minimal", "receipt_code = true\n", "", "receipt_code: is missing"),
    (
        "minimal",
        '"screened_out"\n',
        '"screened"\n',
        "unknown: 'screened' – did you mean 'screened_o",
    ),
    ("minimal", '"detail-who"\nh', '"key-what"\nh', "'key-what' stands there twice"),
    ("minimal", '"detail-who"\nh', '"conduct"\nh', "'conduct' stands there twice"),
    (
        "minimal",
        '"detail-who", "c',
        '"detail-whom", "c',
        "there is no passage 'detail-whom' – did ",
    ),
    ("minimal", '"screen:landing"', '"screen:landed"', "there is no passage 'screen:landed' – did"),
    (
        "minimal",
        '"screened_out"\n',
        '"screened_out"\nyouth = true\n',
        "eligibility e_age, youth: there is no help line for young people in support.toml",
    ),
    ("minimal", '"screened_out"\n', '"screened_out"\nold = 1\n', "eligibility e_age, old: unknown"),
    ("minimal", 'id = "c_open"', 'id = "c_mail"', "an optional statement is kept only for; allow"),
    ("minimal", '"c_read"\nt', '"c_open"\nt', "required: c_open is a choice of the client's own"),
    ("minimal", "required = true", "", "statement c_read, required: is missing"),
    ("minimal", 'effect = "rows without it stay out"', "", "statement c_open, effect: is missing"),
    (
        "minimal",
        "We are {institution}.",
        "{clinician_contact}.",
        "{clinician_contact} is for the bo",
    ),
    (
        "minimal",
        "{conflict_text} Write",
        "{conflict_text} and write",
        "it must stand alone between",
    ),
    ("minimal", "We are {institution}.", "Gone once {freeze_not_before}.", "before it cannot be"),
    ("minimal", "We are {institution}.", "Ask until {freeze_not_before}.", "From {freeze_not_bef"),
    ("minimal", "We are {institution}.", "From {last_day_to_delete} on.", "until the end of {las"),
    ("minimal", "We are {institution}.", "Ask until {freeze_rule}.", "was a text and bound nobody"),
    ("minimal", "{institution}", "{Institution}", "'{Institution}' is not a fact"),
    ("minimal", "{institution}", "{institution", "'{institution. Write to us.' is not a"),
    ("minimal", 'where = "who runs it"', 'where = "{whoever}"', "{whoever} is named nowhere else"),
    ("minimal", '["conflict_text"]', '["conflict text"]', "optional_facts: 'conflict text' is not"),
    ("minimal", '"A study."', '"It is Completely\\nanonymous."', "not say 'Completely anonymous'"),
    ("minimal", '"A study."', '"It is fully anonymous."', "must not say 'fully anonymous'"),
    ("minimal", '"A study."', '"It is 100 % secure."', "must not say '100 % secure'"),
    ("minimal", '"A study."', '"It is 100% secure."', "must not say '100% secure'"),
    ("minimal", '"A study."', '"You waive a right."', "must not say 'waive'"),
    (
        "minimal",
        '"A study."',
        '"You release us from all liability."',
        "must not say 'release us fr",
    ),
    (
        "minimal",
        '"A study."',
        '"We guarantee your anonymity."',
        "must not say 'guarantee your anon",
    ),
]

RELEASE = [
    ("minimal", 'none = ["mood"]', "", "roles: no role for mood"),
    (
        "minimal",
        "[roles]",
        "[not_used]\nany = { mod = [1] }\n[roles]",
        "not_used, any: no que",
    ),
    ("minimal", "[roles]", "[not_used]\nany = { mood = [9] }\n[roles]", "not_used, any, mood: 'mo"),
    ("minimal", '["mood"]', '["mood", "mod"]', "unknown variable 'mod' – did you mean 'mood'?"),
    ("minimal", '["mood"]', '["mood", "mood"]', "none: 'mood' stands there twice"),
    ("minimal", "none =", 'sensitive = ["mood"]\nnone =', "roles: 'mood' is listed more than once"),
    ("minimal", "none =", "free_text =", "free_text: 'mood' is a question of kind single"),
    ("minimal", "none =", "secret =", "roles, secret: unknown key"),
    (
        "minimal",
        "none =",
        "quasi_identifier.outsider =",
        "outsider: unknown key – did you mean 'ins",
    ),
    *(
        ("minimal", "[roles]", f"[stop_rule]\n{rule}\n[roles]", line)
        for rule, line in (
            ("any = { mood = [1] }", "stop_rule, share: is missing"),
            ("share = 2\nany = { mood = [1] }", "stop_rule, share: 2 is out of range"),
            ("share = 0.1", "stop_rule, any: is missing"),
            ("share = 0.1\nany = { mod = [1] }", "no question is stored as 'mod' with codes"),
            ("share = 0.1\nany = { mood = [9] }", "stop_rule, any, mood: 'mood' has no code 9"),
            ("share = 0.1\nany = { mood = [-99] }", "'mood' has no code -99"),
        )
    ),
    *(
        ("scores", "[roles]", f"[tables]\n{said}\n[roles]", line)
        for said, line in (
            ("budget = 1.5", "tables, budget: 1.5 is out of range; allowed: 0.01 to 1"),
            ("lifetime = 2", "tables, lifetime: 2 is out of range"),
            ("lifetime = 0.3\nbudget = 0.4", "tables, budget: 0.4 is out of range"),
            ("cap = 0.6", "tables, cap: 0.6 is out of range; allowed: 0.001 to 0.5"),
            ('primary = ["wel"]', "tables, primary: 'wel' is no scale and no composite – did you"),
            ('predictor = "calm"', "tables, primary: predictor names a score, and nothing"),
            ('menu = ["mean calm"]', "tables, menu: 'mean calm': no score is stored as 'calm'"),
            ('menu = ["calm_3"]', "'calm_3': no column with codes is in the tables as 'calm_3'"),
            ('menu = ["sc_calm"]', "no column with codes is in the tables as 'sc_calm'"),
            ('menu = ["calm_1 x calm_1"]', "a table is of one column, or of two different ones"),
            ('menu = ["before", "before"]', "tables, menu: 'before' stands there twice"),
        )
    ),
    *(
        ("scores", '[roles]\nnone = ["calm_1", "calm_2", ', f"{said}{CALM_IS_KEY}", line)
        for said, line in (
            (
                '[tables]\nprimary = ["calm"]\n',
                "tables, primary: too few items of 'calm' are left beside its quasi-identifiers",
            ),
            ('[tables]\nmenu = ["mean sc_calm"]\n', "no score is stored as 'sc_calm'"),
        )
    ),
    *(
        ("scores", "[roles]", f"[[hypothesis]]\n{said}\n[roles]", line)
        for said, line in (
            (
                H1 + 'outcome = "sc_glat"',
                "outcome: no column with numbers is called 'sc_glat' – did",
            ),
            (H1 + 'outcome = "calm_1"', "hypothesis h1, outcome: a column cannot predict itself"),
            (H1.replace("positive", "plus"), "hypothesis h1, sign: unknown: 'plus'"),
            (H1, "hypothesis h1, outcome: is missing"),
        )
    ),
    ("branch", "[roles]", '[tables]\nmenu = ["been x bean"]\n[roles]', "as 'bean' – did you mea"),
    ("coarse", "[roles]", '[tables]\nmenu = ["words"]\n[roles]', "in the tables as 'words'"),
    ("minimal", "k = 5", "k = 4", "tier C, k: 4 is out of range; allowed: 5 to"),
    ("minimal", "k = 5", "k = 5\n[[hierarchy]]\nvariable = 'mood'\nlevels = []", "not a quasi-id"),
    (
        "coarse",
        'free_text = ["words"]',
        'none = ["words"]',
        "none: 'words' is a question of kind t",
    ),
    ("coarse", '[[hierarchy]]\nvariable = "moved"\nlevels = []\n', "", "no hierarchy for moved"),
    ("coarse", 'variable = "moved"', 'variable = "reason"', "'reason' is not a quasi-identifier"),
    ("coarse", 'variable = "moved"', 'variable = "age"', "hierarchy: 'age' has two"),
    ("coarse", "[3, 4]]],\n  [[", "[3]]],\n  [[", "levels, level 1: code 4 is in no group"),
    ("coarse", '["30-44", [2]]', '["30-44", [2, 3]]', "levels, level 1: code 3 is in 2 groups"),
    ("coarse", '["30-44", [2]]', '["30-44", [2, 5]]', "code 5 is not a code of the question"),
    (
        "coarse",
        '[["18-44", [1, 2]], ["45 or over", [3, 4]]]',
        '[["x", [1, 3]], ["y", [2, 4]]]',
        "fit",
    ),
    ("coarse", '["30-44", [2]]', '["18-29", [2]]', "level 1 has the label '18-29' twice"),
    ("coarse", '["More", [2, 3, 4]]', '["Withheld", [2, 3, 4]]', "told from the label of -93"),
    ("coarse", '["45 or over", [3, 4]]],\n  [[', '["60 or over", [3, 4]]],\n  [[', "label of 4"),
    ("coarse", '["18-44", [1, 2]]', '["30-44", [1, 2]]', "told from the label of 2"),
    ("coarse", '["30-44", [2]]', '["30-44", 2]', "levels: level 1 is not a list of groups"),
    ("coarse", "levels = []", "levels = 1", "levels: must be an array in square brackets"),
    ("coarse", 'distinct = ["reason"]', 'distinct = ["age"]', "'age' is no sensitive or insider"),
    (
        "coarse",
        'leave_out = ["words"]',
        'leave_out = ["word"]',
        "unknown variable 'word' – did you",
    ),
    ("coarse", "max_violating = 0.1", "max_violating = 2", "max_violating: 2 is out of range"),
    ("coarse", "core = 1, ins", "outer = 1, ins", "min_level, outer: unknown key"),
    ("coarse", 'name = "B"', 'name = "C"', "tier: the name 'C' stands there twice"),
    ("coarse", 'name = "B"', 'name = "E"', "tier E, name: unknown: 'E'; allowed: A, B, C, D"),
    ("coarse", "k = 12", "k = 11", "tier B, k: 11 is out of range; allowed: 12 to"),
    ("coarse", "needs_open_consent = true\n", "", "tier B, needs_open_consent: anybody may have"),
    ("coarse", "{ core = 1, ", "{ core = 0, ", "tier B, min_level, core: anybody may have these"),
    ("coarse", "k = 12", "k = 12\nl = 1", "tier B, l: 1 is out of range; allowed: 2 to"),
    ("coarse", "k = 5", "k = 5\nl = 1", "tier C, l: 1 is out of range; allowed: 2 to"),
    ("minimal", "k = ", "l = 3\nk = ", "so l has nothing to count"),
    ("branch", 'none = ["been", ', 'sensitive = ["been"]\nnone = [', "it must not be required"),
]

LINE = '[[line]]\ncountries = []\nname = "A line"\ncontact = "1"\nurl = ""\nlast_checked = ""\n'
SUPPORT = [
    ("minimal", "[]", '["UK", "UK"]', "line A line, countries: 'UK' stands there twice"),
    ("minimal", '"https://ex', '"http://ex', "url: 'http://example.org' is not a secure web addre"),
    (
        "minimal",
        'checked = ""',
        'checked = "2026-02-29"',
        "'2026-02-29' is not a date; allowed: em",
    ),
    ("minimal", 'checked = ""', "checked = 2026-02-28", "must be text in quotes, not a date"),
    ("minimal", 'org"\nlast_checked = ""\n', 'org"\n', "last_checked: is missing"),
    (
        "minimal",
        "[[emergency]]\n",
        f"{LINE}[[emergency]]\n",
        "A line (anywhere) stands twice",
    ),
    ("minimal", "[[emergency]]", "[emergency]", "emergency: must be an array"),
    ("minimal", "These lines", "{institution} can. These", "facts can be named in consent.toml on"),
]

CASES = [
    (file, *case)
    for file, cases in ((Q, QUESTIONNAIRE), (C, CONSENT), (R, RELEASE), (S, SUPPORT))
    for case in cases
]


@pytest.mark.parametrize(("file", "study", "old", "new", "line"), CASES)
def test_a_slip_is_named_with_its_place(changed, faults, file, study, old, new, line):
    found = faults(changed(study, file, old, new))
    assert any(line in fault for fault in found), found


@pytest.mark.parametrize("file", [Q, C, R, S])
def test_a_missing_file_is_one_fault_and_raises_no_ghosts(changed, faults, file):
    folder = changed("minimal", file, "", "")
    (folder / file).unlink()
    assert faults(folder) == [f"{file}: is missing"]


def test_a_folder_that_is_not_there_is_said_so(faults, tmp_path):
    assert faults(tmp_path / "nowhere") == [f"{tmp_path / 'nowhere'}: there is no such folder"]


def test_a_slip_in_the_syntax_is_told_with_its_line(changed, faults):
    found = faults(changed("minimal", S, '"A line"', '"A line'))
    assert len(found) == 1
    assert "is not valid TOML" in found[0]
    assert "line 7" in found[0]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'intro = "caf\xe9"', "is not UTF-8 text (line 1)"),
        (b"a = " + b"[" * 5000, "nested too deeply"),
        (b"a = " + b"9" * 5000, "is not valid TOML"),
        (b"a = 1\na = 2", "is not valid TOML"),
    ],
)
def test_a_file_that_is_no_toml_is_a_fault_and_no_traceback(changed, faults, content, problem):
    folder = changed("minimal", S, "", "")
    (folder / S).write_bytes(content)
    assert [problem in fault for fault in faults(folder)] == [True]


def test_a_folder_in_place_of_a_file_is_a_fault(changed, faults):
    folder = changed("minimal", S, "", "")
    (folder / S).unlink()
    (folder / S).mkdir()
    assert "support.toml: cannot be read" in faults(folder)[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_a_fault(changed, faults):
    folder = changed("minimal", S, "", "")
    (folder / S).chmod(0)
    assert "support.toml: cannot be read" in faults(folder)[0]


def test_an_empty_file_lists_what_it_lacks(changed, faults):
    folder = changed("minimal", R, "", "")
    (folder / R).write_text("")
    assert "release.toml, tier: is missing" in faults(folder)


HARD = (
    "Notwithstanding considerable methodological heterogeneity, participants' phenomenological "
    "interpretations of practitioners' emotional expressivity demonstrate multidimensional "
    "associations with pre-existing relational representations, necessitating comprehensive "
    "consideration of contextual, developmental and sociocultural characteristics throughout "
    "interpretation."
)


@pytest.mark.parametrize(
    ("file", "old", "place"),
    [
        (C, "A study.", "consent.toml, information: reads at grade"),
        (C, "Are you 18 or older?", "consent.toml, eligibility: reads at grade"),
        (Q, "Think of today.", "questionnaire.toml, intros: reads at grade"),
        (Q, "How is your mood?", "questionnaire.toml, questions: reads at grade"),
    ],
)
def test_a_section_above_the_reading_grade_is_named(changed, faults, file, old, place):
    (found,) = faults(changed("minimal", file, old, HARD))
    assert found.startswith(place)
    assert found.endswith("allowed: reading_grade = 8")


def test_the_text_that_makes_a_section_hard_is_pointed_at(changed, faults):
    (found,) = faults(changed("minimal", C, "A study.", HARD))
    assert "most of all key_fact key-what, text" in found


def test_a_long_hard_text_is_named_even_in_an_easy_section(changed, faults):
    changed("minimal", C, "You can come back.", "You can. " * 900)
    (found,) = faults(changed("minimal", C, "That is fine.", HARD * 4))
    assert found.startswith("consent.toml, texts, declined: reads at grade")


def test_a_statement_that_people_are_bound_by_is_graded_by_itself_however_short(changed, faults):
    said = "Participation necessitates comprehensive understanding."
    assert faults(changed("minimal", C, "I have read this.", said)) == [
        "consent.toml, statement c_read, text: reads at grade 36.1; allowed: reading_grade = 8"
    ]


@pytest.mark.parametrize(
    ("said", "phrase", "instead"),
    [
        ("Nobody can find your answers.", "Nobody can", "who can, and under what condition"),
        ("No one will know what you said.", "No one will", "who can, and under what condition"),
        ("Your therapist will not know.", "will not know", "and that they may guess"),
        ("Your therapist cannot find out.", "cannot find out", "and that they may guess"),
        ("We publish only groups of people.", "only groups", "which files hold lines of single"),
        ("Your answers never leave this server.", "Your answers never", "by whom, and until when"),
        ("It is told for groups, never for one.", "never for", "by whom, and until when"),
        ("It is deleted to 100 %.", "100 %", "without a figure that is a promise"),
        ("They are completely deleted.", "completely", "what is so, without the word"),
    ],
)
def test_a_promise_that_no_program_can_keep_is_named_with_what_to_say(
    changed, faults, said, phrase, instead
):
    (found,) = faults(changed("minimal", C, "That is fine.", said))
    assert found.startswith(f"consent.toml, texts, declined: {phrase!r} promises what no program")
    assert instead in found


@pytest.mark.parametrize(
    "said",
    [
        "You can take part if you never saw this.",
        "Nobody reads the answers as they come in.",
        "We do not know who you are.",
        "It tells of many people together.",
    ],
)
def test_what_is_so_may_be_said(changed, faults, said):
    assert faults(changed("minimal", C, "That is fine.", said)) == []


def test_a_language_other_than_english_is_not_graded_by_an_english_formula(changed, faults):
    changed("minimal", Q, 'language = "en"', 'language = "de"')
    assert faults(changed("minimal", C, "A study.", HARD)) == []


def test_the_board_may_read_what_clients_must_never_be_promised(changed, faults):
    words = "Never print fully anonymous or 100 % secure."
    folder = changed("minimal", C, "The clinician, {clinician_contact}, is told.", words)
    assert faults(folder) == []


def test_a_question_may_ask_whether_somebody_felt_completely_safe(changed, faults):
    assert faults(changed("minimal", Q, "How is your mood?", "Did you feel completely safe?")) == []


def test_a_branch_that_an_earlier_one_takes_whole_is_named(changed, faults):
    found = faults(changed("branch", Q, "when = { been = [1] }", "when = { been = [1, 2, -99] }"))
    assert found == ["questionnaire.toml, branch stayed, when: nobody can be on it"]


def test_twenty_independent_follow_ups_are_checked_without_walking_every_path(
    tmp_path, changed, faults
):
    asked = "".join(
        f'\n[[page.question]]\nvariable = "q{n}"\nkind = "single"\ntext = "Q?"\noptions = "good3"\n'
        f'\n[[page.question]]\nvariable = "f{n}"\nkind = "single"\ntext = "F?"\noptions = "good3"\n'
        f"show_if = {{ q{n} = [1] }}\n"
        for n in range(20)
    )
    names = ", ".join(f'"q{n}", "f{n}"' for n in range(20))
    folder = changed("minimal", R, '["mood"]', f'["mood", {names}]')
    questionnaire = folder / Q
    questionnaire.write_text(questionnaire.read_text("utf-8") + asked, "utf-8")
    assert faults(folder) == []


@pytest.mark.parametrize(
    ("condition", "reached"),
    [
        ("{ some__red = [1], some__blue = [0] }", True),
        ("{ some__red = [0], some__blue = [0] }", False),
        ("{ some__red = [-99], some__blue = [-99] }", True),
        ("{ some__red = [-99], some__blue = [1] }", False),
    ],
)
def test_ticks_that_nobody_can_set_together_lead_nowhere(changed, faults, condition, reached):
    found = faults(changed("kinds", Q, 'title = "Rows"', f'title = "Rows"\nshow_if = {condition}'))
    assert found == [] if reached else "no answers lead to this page" in found[0]


def test_a_condition_on_a_text_is_refused(changed, faults):
    old = "max_length = 600"
    found = faults(changed("kinds", Q, old, f"{old}\nshow_if = {{ word = [1] }}"))
    assert any("no question has the column 'word'" in line for line in found)


def test_a_text_beside_the_other_answers_is_refused_since_nobody_would_read_it(changed, faults):
    found = faults(changed("kinds", Q, "max_length = 20\napart = true", "max_length = 20"))
    problem = "question word, apart: nobody would read a text beside the other answers"
    assert found == [f"questionnaire.toml, page p3_words, {problem}; allowed: apart = true"]


def test_a_text_that_a_few_are_asked_for_is_refused_since_nobody_would_read_it(changed, faults):
    found = faults(
        changed("kinds", Q, "max_length = 20", "max_length = 20\nshow_if = { one = [1] }")
    )
    assert "question word, apart: nobody would read a text of which even the existence" in found[0]


def test_faults_come_in_the_order_of_the_files(changed, faults):
    changed("minimal", S, 'url = "https', 'url = "http')
    changed("minimal", R, "k = 5", "k = 1")
    found = faults(changed("minimal", Q, "grade = 8", "grade = 80"))
    assert [*dict.fromkeys(fault.partition(",")[0] for fault in found)] == [Q, C, R, S]


def test_every_fault_is_one_short_line(changed, faults):
    folder = changed("minimal", Q, "", "")
    for file in (Q, C, R, S):
        (Path(folder) / file).write_text("nonsense = 1\n")
    assert all(len(line) < 400 and "\n" not in line for line in faults(folder))
