from forms.routing import branch_of, drop_hidden, paths, routes, shown_names, shown_pages


def ways(study):
    return [(answers, [page.id for page in pages]) for answers, pages in paths(study)]


def test_a_study_without_routing_has_one_way(study):
    assert ways(study("minimal")) == [({}, ["p1"])]


def test_every_different_way_comes_once(study):
    assert ways(study("branch")) == [
        ({"been": 1, "again": 1}, ["p1_been", "p2_there", "p3_all"]),
        ({"been": 1, "again": 2}, ["p1_been", "p2_there", "p3_all"]),
        ({"been": 2}, ["p1_been", "p3_all"]),
    ]


def test_what_is_not_shown_is_never_asked_on_the_way(study):
    assert all(
        "again" not in answers for answers in routes(study("branch")) if answers["been"] != 1
    )


def test_routes_can_look_at_some_columns_only(study):
    assert list(routes(study("branch"), frozenset({"been"}))) == [{"been": 1}, {"been": 2}]


def test_nobody_is_on_a_branch_before_the_first_answer(study):
    assert branch_of(study("branch"), {}) is None


def test_declining_to_say_leads_to_the_branch_that_says_so(study):
    assert branch_of(study("branch"), {"been": -99}) == "stayed"


def test_a_follow_up_is_shown_after_its_answer_on_the_same_page(study):
    assert "when_again" not in shown_names(study("branch"), {"been": 1, "again": 2})
    assert "when_again" in shown_names(study("branch"), {"been": 1, "again": 1})


def test_before_any_answer_only_open_pages_are_on_the_way(study):
    assert [p.id for p in shown_pages(study("branch"), {})] == ["p1_been", "p3_all"]


def test_a_changed_answer_takes_with_it_all_that_it_led_to(study):
    answers = {"been": 2, "again": 1, "when_again": 1, "liked": 3}
    assert drop_hidden(study("branch"), answers) == {"been": 2, "liked": 3}


def test_pruning_keeps_every_column_of_what_stays_and_no_other_key(study):
    kept: dict[str, int | str] = {"some__red": 1, "some__blue": 0, "story": "once"}
    assert drop_hidden(study("kinds"), {**kept, "unknown": 1}) == kept
