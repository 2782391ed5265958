"""What the first pages of both rooms say is waiting: signatures, ends, rulings, comments."""

from tests.journeys.boardroom import day


def first_page(staff, role):
    staff.open("/ethics/" if role == "board" else "/research/")
    return staff.text


def both(board, researcher):
    return first_page(board, "board"), first_page(researcher, "researcher")


def test_a_version_that_nobody_signed_waits_for_the_board(board, researcher):
    asked, told = both(board, researcher)
    assert "not signed. Read and sign it" in asked
    assert "not signed. What changed" in told


def test_a_signed_study_waits_to_be_opened_by_the_researcher_alone(board, researcher):
    asked, told = both(board.sign(expires_on=day(200)), researcher)
    assert "it can be opened" in told
    assert "it can be opened" not in asked


def test_nothing_waits_at_an_open_study_whose_approval_lasts(mood, board, researcher):
    board.sign(expires_on=day(200))
    mood.become("open")
    assert not any(said in page for page in both(board, researcher) for said in ("signed.", "ends"))


def test_an_approval_that_ends_soon_is_told_in_time(mood, board, researcher):
    board.sign(expires_on=day(30))
    mood.become("open")
    assert all(f"ends on {day(30)}" in page for page in both(board, researcher))


def test_a_changed_folder_waits_for_a_new_signature(mood, board):
    board.sign(expires_on=day(200))
    mood.become("open")
    mood.change('version = "', 'version = "2')
    assert "Version 2" in first_page(board, "board")


def test_a_suspension_is_told_in_both_rooms(mood, board, researcher):
    board.sign(expires_on=day(200))
    mood.become("open")
    board.rule("suspended", "A complaint.")
    assert all("A complaint." in page for page in both(board, researcher))


def test_a_comment_waits_until_somebody_has_answered_it(board, researcher):
    board.open("comments").submit("comments", text="Which house?", passage="")
    assert "A comment of the board waits for an answer." in first_page(researcher, "researcher")
    researcher.open("comments")
    box = researcher.page.named("answers")[0]
    researcher.submit("comments", form=box.form, text="The one on the hill.", answers=box.value)
    assert "waits for an answer" not in first_page(researcher, "researcher")


def test_the_researcher_reads_the_conditions_of_the_approval(board, researcher):
    board.sign(expires_on=day(200), before_release="Report after 50 answers.")
    assert "Report after 50 answers." in first_page(researcher, "researcher")


def test_a_version_that_holds_is_not_asked_to_be_signed_again(board):
    board.sign(expires_on=day(200))
    assert "Nothing has to be signed." in board.open("approve").text
