"""The flagship study as it loads: what a researcher or a board would notice if it were lost."""

from pathlib import Path

import pytest

from forms.load import load_study
from forms.readability import grade
from forms.routing import branch_of, paths, shown_pages, shown_questions
from forms.study import Answers, Study

ROOT = Path(__file__).parents[2]
SCREENS = (
    "landing", "information", "eligibility", "consent", "questions", "check", "done", "support",
    "stop", "withdraw", "declined", "leave",
)  # fmt: skip

# Routing answers that lead down the four ways described in the instrument (its section 4).
SEEN_CRIED_TALKED = {"saw_tears": 1, "own_cry": 2, "talk_happened": 1}
SEEN_ONLY = {"saw_tears": 2, "own_cry": 1, "talk_happened": 3}
NOT_SEEN_CRIED = {"saw_tears": 3, "own_cry": 4}


@pytest.fixture(scope="module")
def flagship() -> Study:
    return load_study(ROOT / "studies" / "therapist-tears")


@pytest.fixture(scope="module")
def six_pages() -> Study:
    return load_study(ROOT / "benchmarks" / "studies" / "six-pages")


def items_met(study: Study, answers: Answers) -> int:
    """How many variables these answers show; a grid counts each of its rows."""
    shown = (q for p in shown_pages(study, answers) for q in shown_questions(p, answers))
    return sum(len(q.rows) or 1 for q in shown)


def test_it_asks_105_variables_on_18_pages(flagship):
    assert (len(list(flagship.variables())), len(flagship.pages)) == (105, 18)


@pytest.mark.parametrize(
    ("answers", "items", "pages"),
    [
        pytest.param(SEEN_CRIED_TALKED, 103, 17, id="seen, cried, talked"),
        pytest.param(SEEN_CRIED_TALKED | {"ff_open": ""}, 103, 17, id="seen, texts left blank"),
        pytest.param(SEEN_ONLY, 97, 17, id="seen, did not cry, not talked"),
        pytest.param(NOT_SEEN_CRIED, 48, 9, id="not seen, cried"),
    ],
)
def test_each_way_meets_the_items_and_pages_the_instrument_says(flagship, answers, items, pages):
    assert items_met(flagship, answers) == items
    assert len(shown_pages(flagship, answers)) == pages


@pytest.mark.parametrize(
    ("saw_tears", "branch"),
    [(1, "seen"), (2, "seen"), (3, "not_seen"), (-98, "not_seen"), (-99, "not_seen")],
)
def test_whoever_does_not_say_they_saw_tears_is_on_the_other_branch(flagship, saw_tears, branch):
    assert branch_of(flagship, {"saw_tears": saw_tears}) == branch


def test_the_branches_have_the_codes_of_a_release(flagship):
    assert [(b.code, b.name) for b in flagship.branches] == [(1, "seen"), (2, "not_seen")]


def test_there_are_8_ways_through(flagship):
    # seen: cried or not × talked or not; not seen, and rather not said: without the talk
    assert len(list(paths(flagship))) == 4 + 2 + 2


@pytest.mark.parametrize(
    ("saw_tears", "asked"), [(1, False), (3, True), (-98, False), (-99, False)]
)
def test_nobody_who_would_rather_not_say_is_asked_to_imagine_it(flagship, saw_tears, asked):
    pages = [page.id for page in shown_pages(flagship, {"saw_tears": saw_tears})]
    assert ("p12_imagine" in pages) == asked


def test_only_the_routing_question_is_required_and_it_can_be_declined(flagship):
    required = [q for q in flagship.questions.values() if q.required]
    assert [q.name for q in required] == ["saw_tears"]
    assert [m.code for m in required[0].missing] == [-99, -98]


def test_every_question_can_be_refused(flagship):
    assert all(-99 in [m.code for m in q.missing] for q in flagship.questions.values())


def test_not_applicable_is_offered_where_it_can_be_true(flagship):
    offered = [v for v, q in flagship.variables() if -97 in [m.code for m in q.missing]]
    assert offered == [
        "last_close", "last_trust", "last_safe", "last_conf", "last_guilt", "last_caretake",
        "last_held_back", "last_stay", "ethnicity",
    ]  # fmt: skip


def test_every_missing_code_is_there(flagship):
    assert {m.code: m.name for m in flagship.missing} == {
        -99: "prefer_not",
        -98: "dont_know",
        -97: "not_applicable",
        -96: "not_shown",
        -95: "left_blank",
        -94: "not_reached",
        -93: "withheld",
        -92: "not_scored",
    }


def test_the_kinds_of_question_are_those_of_the_instrument(flagship):
    kinds = [q.kind for _, q in flagship.variables()]
    assert {k: kinds.count(k) for k in kinds} == {
        "single": 39, "grid": 60, "vas": 2, "multiple": 1, "text": 2, "number": 1,
    }  # fmt: skip


def test_every_grid_shows_its_rows_in_random_order(flagship):
    grids = {q.name: q.random_order for q in flagship.questions.values() if q.kind == "grid"}
    assert grids == dict.fromkeys(["view", "int_a", "int_b", "imm", "last", "own", "cult"], True)


def test_texts_are_short_and_kept_apart(flagship):
    texts = {q.name: (q.max_length, q.apart) for q in flagship.questions.values() if q.max_length}
    assert texts == {
        "ff_open": (600, True),
        "final_open": (1000, True),
    }


def test_the_first_thought_stands_alone_before_every_reading_and_cannot_be_rewritten(flagship):
    (page,) = (p for p in flagship.pages if p.answer_once)
    names = [v for v, _ in flagship.variables()]
    assert [q.name for q in page.questions] == ["ff_open"]
    assert names.index("ff_open") < min(i for i, v in enumerate(names) if v.startswith("int_"))


def test_both_branches_are_asked_about_their_therapist_in_their_own_words(flagship):
    page = flagship.page_of["view"]
    assert page.intro.of("seen").endswith("think back to the time before that session.")
    assert page.intro.of("not_seen").startswith("Please think of your current therapist")


def test_high_distress_offers_support(flagship):
    offer = flagship.page_of["distress_now"].support
    assert (offer.variable, offer.at_least, offer.label) == ("distress_now", 7, "Show me support")


def test_all_scales_are_there(flagship):
    assert {s.name: (len(s.items), len(s.reverse), s.min_answered) for s in flagship.scales} == {
        "view_emp": (2, 0, 2), "view_warm": (3, 2, 2), "view_comp": (2, 0, 2),
        "view_stead": (3, 1, 2), "view_trust": (2, 1, 2), "int_emp": (3, 0, 2),
        "int_burden": (3, 0, 2), "int_own": (3, 0, 2), "int_hum": (3, 0, 2),
        "int_fault": (3, 0, 2), "int_care": (3, 0, 2), "int_fake": (3, 1, 2),
        "int_unprof": (3, 1, 2), "imm_pos": (3, 0, 2), "imm_strain": (3, 0, 2),
        "last_bond": (4, 0, 3), "last_strain": (3, 0, 2), "own_benefit": (3, 0, 2),
        "cult_norm": (3, 1, 2), "cult_attitude": (2, 1, 2), "view_total": (12, 4, 8),
        "view_negdem": (3, 0, 2),
    }  # fmt: skip


def test_every_grid_row_but_three_is_scored(flagship):
    scored = {item for s in flagship.scales for item in s.items}
    rows = {v for v, q in flagship.variables() if q.kind == "grid"}
    assert rows - scored == {"own_discomfort", "cult_gender", "cult_helper"}


def test_eight_rows_are_reversed(flagship):
    assert len({item for s in flagship.scales for item in s.reverse}) == 8


def test_the_two_outcomes_and_the_shift_are_built_from_scores(flagship):
    assert {c.name: c.scores for c in flagship.composites} == {
        "int_connect": ("int_emp", "int_hum", "int_care"),
        "int_strain": ("int_burden", "int_fault"),
    }
    (shift,) = flagship.differences
    assert (shift.minuend, shift.subtrahend) == ("view_overall_after", "view_overall_before")


def test_quality_flags_look_at_both_interpretation_grids(flagship):
    quality = flagship.quality
    assert quality.straight == ("int_a", "int_b")
    assert (quality.pair, quality.pair_reverse) == (("int_fake_1", "int_fake_2"), "int_fake_2")


def test_core_variables_are_generalised_in_the_order_laid_down(flagship):
    core = [v for v in flagship.policy.order if flagship.policy.groups[v] == "core"]
    assert core == ["ethnicity", "region_same", "age_band", "region_raised", "gender"]
    assert list(flagship.policy.order[:5]) == core


def test_what_only_the_therapist_could_see_stays_out_of_the_open_file(flagship):
    policy, tier = flagship.policy, flagship.policy.tiers["B"]
    seen = ("concern", "own_cry", "ep_intensity", "ep_fit", "ep_flow", "ep_topic", "ep_own_tears")
    shown = [n for n in policy.roles if tier.shows(n, policy.roles[n], policy.groups.get(n, ""))]
    assert not {*seen, "own_relief", "talk_happened"} & {*shown}
    assert {"concern", "int_main", "ep_topic"} <= {*policy.diverse}
    assert (tier.k, tier.needs_open_consent, tier.min_rows_per_language) == (12, True, 30)


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_no_tier_with_answers_holds_a_text(flagship, name):
    texts = {v for v, role in flagship.policy.roles.items() if role == "free_text"}
    assert texts <= set(flagship.policy.tiers[name].leave_out)


def test_every_release_warns_that_the_share_is_no_prevalence(flagship):
    assert "is not a prevalence" in flagship.policy.caution


def test_consent_asks_six_agreements_and_two_choices(flagship):
    consent = flagship.consent
    assert len(consent.required_statements) == 6
    assert [s.id for s in consent.choices] == ["c_quote", "c_open"]


def test_the_last_eligibility_question_never_screens_out(flagship):
    endings = [q.ending for q in flagship.consent.eligibility]
    assert endings == ["screened_out", "screened_out", "screened_out", "not_now"]


def test_nine_key_facts_come_first_and_those_that_decide_at_the_top(flagship):
    assert [p.heading for p in flagship.consent.key_facts] == [
        "What is this?",
        "What will I do?",
        "Do I have to?",
        "Will my therapist find out?",
        "Will you know who I am?",
        "Who will see my answers?",
        "Could it upset me?",
        "Will it help me?",
        "Can I change my mind?",
    ]


def test_each_of_the_checklist_elements_points_at_something_that_exists(flagship):
    consent = flagship.consent
    passages = (consent.key_facts, consent.details, consent.notice, consent.debrief)
    there = {p.id for g in (*passages, consent.leaflet, consent.board_note) for p in g}
    there |= {name for name, _ in consent.asked_at_consent} | {f"screen:{name}" for name in SCREENS}
    assert len(consent.checklist) == 81
    assert [c.id for c in consent.checklist if not c.passages or set(c.passages) - there] == []


def test_no_help_line_pretends_to_have_been_checked(flagship):
    assert len(flagship.support.lines) == 68
    assert flagship.support.never_checked == flagship.support.lines


def test_somebody_in_an_unlisted_country_finds_the_directories(flagship):
    anywhere = [line.url for line in flagship.support.lines if not line.countries]
    assert anywhere == ["https://findahelpline.com", "https://befrienders.org"]


def test_the_information_reads_at_grade_five_or_lower(flagship):
    passages = flagship.consent.key_facts + flagship.consent.details
    assert grade("\n\n".join(f"{p.heading}\n\n{p.text}" for p in passages)) <= 5


def test_nothing_around_the_questionnaire_promises_too_much(flagship):
    words = " ".join(flagship.consent.texts.values()).lower()
    assert [w for w in ("anonymous", "secure", "guarantee") if w in words] == []


def test_the_measured_survey_has_the_items_of_the_one_measured_elsewhere(six_pages):
    kinds = [q.kind for p in six_pages.pages for q in p.questions]
    rows = [len(q.rows) for q in six_pages.questions.values() if q.kind == "grid"]
    assert (len(six_pages.pages), kinds.count("single"), rows) == (6, 12, [10, 10])
    assert [q.max_length for q in six_pages.questions.values() if q.kind == "text"] == [500]


def test_the_measured_survey_asks_for_nothing_but_five_consents(six_pages):
    assert (six_pages.consent.eligibility, six_pages.consent.choices) == ((), ())
    assert len(six_pages.consent.required_statements) == 5
    assert not any(q.required for q in six_pages.questions.values())
