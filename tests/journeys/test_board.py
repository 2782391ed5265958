"""An ethics board reads every word and walks every screen; nothing is stored and nothing kept."""

import pytest

from forms.kinds import columns_of_study
from forms.routing import paths
from survey.ethics.walkthrough import SAMPLE_CODE
from tests.conftest import STUDIES
from tests.journeys.client import Journey
from tests.journeys.walking import answers, first_offered

NAMES = ["therapist-tears", "branch", "kinds", "once"]


def board(site):
    """A board member at the first page of the walk."""
    journey = Journey(site.app, "")
    journey.base = f"/ethics/{site.name}/"
    return journey.open("flow")


def to_questions(site):
    journey = board(site)
    journey.press("go", "information").press("go", "eligibility")
    names = {c.name for c in journey.page.controls if c.kind == "radio"}
    return journey.press(**dict.fromkeys(names, 1)).agree()


def walk_on(journey, **given):
    """Answer page after page until the check page, where the button to send is."""
    seen = []
    while journey.asked:
        seen.append(journey.asked)
        journey.answer(**answers(journey, first_offered, given))
        if ("go", "on") in {(c.name, c.value) for c in journey.page.controls}:
            journey.press("go", "on")
    return seen


@pytest.fixture
def branch(site):
    return site("branch")


@pytest.mark.parametrize(("answers", "pages"), [({"saw_tears": 1}, 17), ({"saw_tears": 3}, 9)])
def test_both_branches_of_the_flagship_can_be_walked_to_the_end(site, answers, pages):
    flagship = site("therapist-tears")
    journey = to_questions(flagship)
    walk_on(journey, **answers)
    assert journey.send(code=True).page.title == "Thank you – Survey"
    assert SAMPLE_CODE in journey.text


def test_the_board_sees_the_same_questions_as_a_client(site):
    flagship = site("therapist-tears")
    client, seen = flagship.client().begin(), []
    while client.screen == "questions":
        seen.append(sorted(client.asked))
        client.answer(**({"saw_tears": 3} if client.asked == ["saw_tears"] else {}))
    journey, shown = to_questions(flagship), []
    while journey.asked:
        shown.append(sorted(journey.asked))
        journey.answer(**({"saw_tears": 3} if journey.asked == ["saw_tears"] else {}))
    assert shown == seen


def test_nothing_is_stored_and_no_cookie_is_set(branch):
    journey = to_questions(branch)
    walk_on(journey, been=1)
    journey.send(code=True)
    assert (branch.rows, branch.drafts) == ([], 0)
    assert journey.browser.get_cookie("s") is None
    assert "Set-Cookie" not in journey.headers


@pytest.mark.parametrize("screen", ["landing", "information", "support", "stop", "questions"])
def test_every_screen_of_the_walk_says_that_nothing_is_stored(branch, screen):
    journey = to_questions(branch) if screen == "questions" else board(branch)
    if screen in ("information", "support", "stop"):
        journey.press("go", screen)
    assert "Preview for review: nothing is stored" in journey.text


def test_errors_look_as_they_do_for_a_client(branch):
    journey, client = to_questions(branch).next(), branch.client().begin().next()
    assert journey.text.count("Choose an answer to go on.") == 2
    assert journey.page.title.startswith("Error: ")
    assert client.text.count("Choose an answer to go on.") == 2


def test_a_change_from_the_check_page_returns_there(branch):
    journey = to_questions(branch)
    walk_on(journey, been=2)
    journey.press("change", "p1_been").answer(been=1)
    assert journey.asked == ["again"]
    walk_on(journey)
    journey.press("change", "p3_all")
    assert journey.ticked("liked") == ["1"]
    assert journey.answer(liked=2).asked == []


def test_back_and_the_ways_out_work(branch):
    journey = to_questions(branch).answer(been=1).back()
    assert journey.ticked("been") == ["1"]
    assert journey.press("go", "stop").press("go", "continue").asked == ["been"]
    assert "has left" in journey.press("go", "leave").text


def test_a_high_answer_opens_the_help_page_with_its_four_ways(site):
    journey = to_questions(site("once")).next().answer(upset=9)
    ways = [c.value for c in journey.page.named("go") if c.form == "walk"]
    assert ways == ["break", "delete", "send", "on"]


@pytest.mark.parametrize("value", ["", "forged", "WyJjaGVjayIsIiIsIiJd.forged"])
def test_a_forged_state_starts_over(branch, value):
    journey = to_questions(branch)
    start = board(branch).text
    page = journey._ask("POST", "/ethics/branch/flow", data={"state": value, "go": "continue"})
    assert page.text == start


def test_the_state_of_another_study_starts_over(site):
    two = site("branch", studies=(STUDIES / "branch", STUDIES / "kinds"))
    journey = to_questions(two)
    state = journey.page.named("state")[0].value
    journey._ask("POST", "/ethics/kinds/flow", data={"state": state, "go": "back"})
    assert (journey.status, journey.asked) == (200, [])


# Every word, and every column.


def words(study):
    """Every text that the study shows a client."""
    consent, support = study.consent, study.support
    passages = (
        *consent.key_facts, *consent.details, *consent.notice, *consent.debrief, *support.passages
    )  # fmt: skip
    sensitive = any(page.sensitive for page in study.pages)
    yield from (t for key, t in consent.texts.items() if key != "skip_anything" or sensitive)
    for passage in passages:
        yield from (passage.heading, passage.text)
    for question in consent.eligibility:
        yield from (question.text, question.yes, question.no, question.why)
    yield from (statement.text for statement in consent.statements)
    yield from (support.intro, *(line.contact for line in support.lines))
    yield from (word for pair in support.emergency for word in pair)
    for page in study.pages:
        yield from (page.title, *page.intro.texts())
        if page.support:
            yield page.support.label
        for question in page.questions:
            yield from asked(question)


def asked(question):
    yield from (*question.text.texts(), question.hint)
    yield from (question.minimum_label, question.maximum_label)
    yield from (row.text for row in question.rows)
    yield from (option.label for option in question.options)
    yield from (missing.label for missing in question.missing)


@pytest.mark.parametrize("name", NAMES)
def test_every_word_a_client_can_read_stands_on_one_page(site, name):
    served = site(name)
    text = Journey(served.app, "").open(f"/ethics/{name}/text").text
    fill = served.version.fill
    plain = [" ".join(fill(w).replace("*", "").split()) for w in words(served.version.study)]
    assert [word for word in plain if word not in text] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_data_page_names_every_column_of_the_row_and_every_text(site, name):
    served = site(name)
    journey = Journey(served.app, "").open(f"/ethics/{name}/data")
    db = served.services.stores.pilot
    (table,) = {t for t in tables(db) if t.startswith("answers_")}
    columns = [row[1] for row in db.conn.execute(f'PRAGMA table_info("{table}")')]
    assert [c for c in columns if c not in journey.text.split()] == []
    apart = [q.name for q in served.version.study.questions.values() if q.apart]
    assert set(apart) <= set(journey.text.split())
    assert len(columns) == len(columns_of_study(served.version.study)) + 8


def test_the_data_page_says_what_each_tier_is(site):
    text = Journey(site("therapist-tears").app, "").open("/ethics/therapist-tears/data").text
    for said in (
        "Counts, shares and means, each changed a little by chance, once; no rows. Anybody may",
        "a random 80 % sample of those who agreed to an open file.",
        "Anybody may have it. No study may ask for fewer than 12.",
    ):
        assert said in text


def tables(db):
    return [name for (name,) in db.conn.execute("SELECT name FROM sqlite_master")]


@pytest.mark.parametrize("page", ["", "flow", "text", "checklist", "data"])
def test_every_board_page_opens_for_a_stranger(site, page):
    journey = Journey(site("therapist-tears").app, "").open(f"/ethics/therapist-tears/{page}")
    assert journey.status == 200


def test_every_passage_the_checklist_points_at_exists(site):
    reader = Journey(site("therapist-tears").app, "")
    links = reader.open("/ethics/therapist-tears/checklist").page.links
    wanted = {tuple(a["href"].split("#")) for a in links if "#" in a["href"]}
    ids = {
        page: reader.open(page or "/ethics/therapist-tears/checklist").page.ids
        for page, _ in wanted
    }
    assert (len(wanted) > 20, [w for w in wanted if w[1] not in ids[w[0]]]) == (True, [])


def test_the_fingerprints_stand_on_the_first_page(branch):
    text = Journey(branch.app, "").open("/ethics/branch/").text
    fingerprints = branch.version.study.fingerprints
    assert all(
        value in text for value in (fingerprints.words, fingerprints.policy, branch.version.site)
    )


def test_the_words_of_the_page_that_takes_an_invitation_stand_among_the_platform_s_own(site):
    served = site("branch")
    text = Journey(served.app, "").open("/ethics/branch/text").text
    shown = Journey(served.app, "").open("/i/").page
    words = [" ".join(w.split()) for w in shown.text.split(". ") if "Invitation – Survey" not in w]
    assert "Whoever gave you the code could find out later that it was used" in text
    assert "This code opens nothing" in text
    assert [w for w in words[1:-1] if w not in text] == []


def test_every_screen_and_page_of_every_way_opens_from_the_list(branch):
    reader = Journey(branch.app, "")
    links = reader.open("/ethics/branch/screens").page.links
    jumps = [a["href"] for a in links if "flow?screen=" in a["href"]]
    pages = [address for address in jumps if "page=" in address]
    assert len(pages) == sum(len(way) for _, way in paths(branch.version.study))
    for address in pages:
        assert reader.open(address).asked, address
    assert all(reader.open(address).status == 200 for address in jumps)


def test_from_a_page_that_was_jumped_to_the_walk_goes_on(branch):
    reader = Journey(branch.app, "")
    links = reader.open("/ethics/branch/screens").page.links
    reader.open([a["href"] for a in links if "page=" in a["href"]][-1])
    walk_on(reader)
    assert 's-check"' in reader.page.html


@pytest.mark.parametrize("address", ["way=77&page=none", "way=-1&page=none", "way=0&page="])
def test_a_page_that_is_not_there_is_said_so(branch, address):
    reader = Journey(branch.app, "")
    assert reader.open(f"/ethics/branch/flow?screen=questions&{address}").status == 404


def test_a_comment_is_written_from_where_one_stands(branch, signed_in):
    reader = Journey(None, "", browser=signed_in(branch.app, "board"))
    reader.open("/ethics/branch/screens")
    reader.open(next(a["href"] for a in reader.page.links if "page=" in a["href"]))
    reader.open(reader.page.link(text="Comment here"))
    chosen = [a for tag, a in reader.page.tags if tag == "option" and "selected" in a]
    assert chosen[0]["value"] == branch.version.study.pages[0].id
