"""Answering page by page: going back, changing one's mind, leaving things out, mending errors."""

import pytest

from tests.journeys.walking import walk

HINT = "You left some blank. That is fine."


@pytest.fixture
def branch(site):
    return site("branch")


def at_check(site):
    return site.client().begin().answer(been=1).answer(again=1).answer(when_again=2).answer(liked=3)


def stored(site, *names):
    (row,) = site.rows
    return [row[name] for name in names]


# Going back.


def test_back_shows_what_was_answered(branch):
    client = branch.client().begin().answer(been=1).back()
    assert client.ticked("been") == ["1"]


def test_back_keeps_what_this_page_holds_so_far(branch):
    client = branch.client().begin().answer(been=1).back(again=2).next()
    assert client.ticked("again") == ["2"]


def test_the_browsers_own_back_and_another_answer_lead_along_the_new_way(branch):
    client = branch.client().begin()
    first = client.here
    client.answer(been=1).open(first).answer(been=2)
    assert client.asked == ["liked"]


def test_help_and_information_lead_back_to_the_same_page_with_what_was_ticked(branch):
    client = branch.client().begin().answer(been=1)
    for way in ("support", "information", "stop"):
        client.press("go", way, again=2).press("go", "continue")
        assert (client.asked, client.ticked("again")) == (["again"], ["2"])


# The way follows the answers.


def test_a_follow_up_question_opens_on_the_same_page(branch):
    client = branch.client().begin().answer(been=1).answer(again=1)
    assert client.asked == ["again", "when_again"]


def test_a_follow_up_that_stays_blank_is_passed_at_the_second_next(branch):
    client = branch.client().begin().answer(been=1).answer(again=1).next()
    assert client.asked == ["liked"]


def test_changing_a_routing_answer_deletes_what_is_no_longer_shown(branch):
    client = at_check(branch).change("Have you been there?").answer(been=2)
    assert client.screen == "check"
    client.send()
    assert stored(branch, "been", "again", "when_again", "liked") == [2, -96, -96, 3]


def test_a_changed_routing_answer_asks_what_is_new_and_then_returns_to_the_check_page(branch):
    client = branch.client().begin().answer(been=2).answer(liked=1)
    client.change("Have you been there?").answer(been=1)
    assert client.asked == ["again"]
    assert walk(client).screen == "check"


def test_deleted_answers_do_not_come_back(branch):
    client = at_check(branch).change("Have you been there?").answer(been=2)
    client.change("Have you been there?").answer(been=1)
    assert (client.asked, client.ticked("again")) == (["again"], [])


def test_a_change_from_the_check_page_returns_there(branch):
    client = at_check(branch).change("Did you like it?")
    assert client.ticked("liked") == ["3"]
    assert client.answer(liked=1).screen == "check"


def test_a_change_that_opens_a_follow_up_still_returns_to_the_check_page(branch):
    client = branch.client().begin().answer(been=1).answer(again=2).answer(liked=1)
    client.change("Would you go again?").answer(again=1)
    assert client.asked == ["again", "when_again"]
    assert client.answer(when_again=1).screen == "check"


def test_a_faulty_change_still_returns_to_the_check_page(site):
    kinds = site("kinds")
    client = walk(kinds.client().begin()).change("How much?")
    typed = {"line-missing": ""}
    assert client.answer(line=101, **typed).page.title.startswith("Error: ")
    assert client.answer(line=100).screen == "check"


def test_a_page_that_is_no_longer_on_the_way_is_refused_kindly(branch):
    client = branch.client().begin().answer(been=1)
    there = client.here
    client.back().answer(been=2).open(there)
    assert client.status == 404
    assert client.press("go", "continue").asked == ["liked"]


def test_the_words_follow_the_branch(branch):
    assert "Did you like it?" in branch.client().begin().answer(been=1).next().text
    assert "Would you like it?" in branch.client().begin().answer(been=2).text


# Leaving out and refusing.


def test_the_required_question_says_so_twice_in_the_same_words(branch):
    client = branch.client().begin().next()
    assert client.text.count("Choose an answer to go on.") == 2
    assert client.page.title.startswith("Error: ")


def test_an_error_links_to_its_input(branch):
    client = branch.client().begin().next()
    link = client.page.link(text="Choose an answer to go on.")
    assert link.removeprefix("#") in client.page.ids


def test_after_an_error_what_was_typed_is_still_there(site):
    client = site("kinds").client().begin().answer(line="101", count=7, some=[1])
    typed = [client.ticked(name) for name in ("line", "count", "some")]
    assert typed == [["101"], ["7"], ["1"]]


def test_preferring_not_to_say_is_an_answer_to_the_required_question(branch):
    assert branch.client().begin().answer(been=-99).asked == ["liked"]


def test_the_soft_hint_comes_once_a_page(site):
    client = site("kinds").client().begin()
    first = client.here
    assert HINT in client.next().text
    assert HINT not in client.open(first).next().text


def test_the_soft_hint_does_not_follow_back(site):
    client = site("kinds").client().begin().next()
    assert HINT not in client.back().text


def test_a_refused_grid_is_stored_as_refused_on_every_row(site):
    kinds = site("kinds")
    client = kinds.client().begin().next().press("refuse", "views", rule_1=1)
    walk(client).send()
    assert stored(kinds, "view_1", "view_2", "rule_1") == [-99, -99, 1]


def test_a_refused_grid_leaves_its_neighbours_to_be_answered(site):
    client = site("kinds").client().begin().next().press("refuse", "views")
    assert client.asked == ["views", "rules"]
    assert client.answer(rule_1=1).asked == ["word", "story"]


def test_a_row_can_still_be_answered_after_refusing_its_grid(site):
    kinds = site("kinds")
    client = kinds.client().begin().next().press("refuse", "views", rule_1=1).back()
    walk(client.answer(view_2=1)).send()
    assert stored(kinds, "view_1", "view_2") == [-99, 1]


# Rows in random order.


def rows_shown(client):
    return [c.name for c in client.page.controls if c.name.startswith("view_")]


def test_rows_stand_in_an_order_of_their_own_for_each_client_and_stay_there(site):
    kinds = site("kinds")
    clients = [kinds.client().begin().next() for _ in range(12)]
    orders = [rows_shown(client) for client in clients]
    assert len({tuple(order) for order in orders}) == 2
    assert [rows_shown(client.open(client.here)) for client in clients] == orders


# The first words.


def test_the_first_words_cannot_be_rewritten_after_next(site):
    once = site("once")
    client = once.client().begin().answer(first="A surprise.").back()
    assert "A surprise." in client.text
    assert client.page.named("first") == []


def test_a_repeated_post_with_other_words_changes_nothing(site):
    once = site("once")
    client = once.client().begin()
    tab = client.another_tab()
    client.answer(first="A surprise.")
    tab.answer(first="Something better.")
    walk(client).send()
    assert [text["text"] for text in once.texts] == ["A surprise."]


def test_first_words_left_blank_stay_blank(site):
    once = site("once")
    client = once.client().begin()
    tab = client.another_tab()
    client.next().back()
    assert client.page.named("first") == []
    tab.answer(first="Too late.")
    walk(client).send()
    assert once.texts == []


def test_the_first_words_can_be_deleted_for_good(site):
    once = site("once")
    client = once.client().begin().answer(first="A surprise.").back()
    client.press("delete", "first")
    assert "A surprise." not in client.text
    walk(client.next()).send()
    assert once.texts == []


def test_the_way_back_to_other_pages_does_not_lock_what_was_not_sent_on(site):
    client = site("once").client().begin().stop(first="A thought.").press("go", "continue")
    assert client.ticked("first") == ["A thought."]
    assert client.answer(first="A better one.").back().page.named("first") == []


def test_first_words_stay_locked_when_the_way_hides_and_shows_them_again(site):
    first = site("first-hidden")
    client = first.client().begin().answer(been=1).answer(first="A surprise.").answer(liked=1)
    client.change("Have you been there?").answer(been=2)
    client.change("Have you been there?").answer(been=1)
    assert (client.asked, client.page.named("first")) == (["first"], [])
    walk(client.next()).send()
    assert first.texts == []
