"""Who sits on a board is what the operator says, and it stands where everybody reads it."""

import pytest

from survey.cli.main import main
from survey.crypto import make_key
from survey.storage import members, studies
from survey.storage.stores import Stores

TERM = ("--name", "Dr Ada Berg", "--capacity", "lawyer", "--until", "2099-12-31")


@pytest.fixture
def lacrima(runner, tmp_path):
    (tmp_path / "data").mkdir(mode=0o700)
    make_key(tmp_path / "data" / "server.key")

    def run(*words):
        done = runner.invoke(main, [*map(str, words)], catch_exceptions=False)
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.fixture
def office(tmp_path, lacrima):
    stores = Stores(tmp_path / "data")
    yield stores.office
    stores.close()


@pytest.fixture
def ada(lacrima):
    assert lacrima("account", "add", "ada", "--role", "board")[0] == 0


def test_a_member_is_appointed_in_a_capacity_for_a_term(lacrima, ada, office):
    status, said, _ = lacrima("board", "appoint", "minimal", "ada", *TERM, "--chair")
    assert (status, "Dr Ada Berg, lawyer sits on the board of minimal" in said) == (0, True)
    (one,) = members.members(office, "minimal")
    assert (one.title, one.chair, one.ends) == ("Dr Ada Berg, lawyer", True, "2099-12-31")
    assert "board: Dr Ada Berg, lawyer, chair (ada) appointed" in studies.audit(office)[-1]["what"]


def test_only_accounts_of_a_board_are_appointed(lacrima, office):
    lacrima("account", "add", "rob", "--role", "researcher")
    status, _, told = lacrima("board", "appoint", "minimal", "rob", *TERM)
    assert (status, "no account of a board" in told) == (1, True)
    assert members.members(office, "minimal") == []


def test_a_researcher_of_the_study_is_not_appointed(lacrima, ada, office, tmp_path):
    lacrima("account", "add", "Dr Ada Berg", "--role", "researcher", "--study", "minimal")
    status, _, told = lacrima("board", "appoint", "minimal", "ada", *TERM)
    assert (status, "is a researcher of minimal" in told) == (1, True)


@pytest.mark.parametrize("site", [
    'researcher_names = "Rob Smith and Dr. Ada Berg, A house"',
    '[[site.author]]\nfamily = "Berg"\ngiven = "Ada"',
])  # fmt: skip
def test_nor_is_one_whom_the_site_names_though_no_word_does(
    lacrima, ada, office, tmp_path, monkeypatch, site
):
    (tmp_path / "site.toml").write_text(f"[site]\n{site}\n")
    monkeypatch.setenv("LACRIMA_SITE", str(tmp_path / "site.toml"))
    for name in ("Dr Ada Berg", "Prof. ada BERG, PhD"):
        status, _, told = lacrima("board", "appoint", "minimal", "ada", *TERM, "--name", name)
        assert (status, "is a researcher of minimal" in told) == (1, True)
    assert members.members(office, "minimal") == []


def test_one_person_has_one_seat(lacrima, ada, office):
    lacrima("account", "add", "ada2", "--role", "board")
    assert lacrima("board", "appoint", "minimal", "ada", *TERM)[0] == 0
    assert lacrima("board", "appoint", "minimal", "ada", *TERM, "--chair")[0] == 0
    status, _, told = lacrima("board", "appoint", "minimal", "ada2", *TERM, "--name", "Ada Berg")
    assert (status, "sits on the board of minimal already, with the account ada" in told) == (
        1,
        True,
    )


def test_a_term_that_ends_before_it_begins_is_refused(lacrima, ada, office):
    status, _, told = lacrima("board", "appoint", "minimal", "ada", *TERM, "--from", "2100-01-01")
    assert (status, "would end before it begins" in told) == (1, True)


def test_a_seat_ends_and_the_record_keeps_both(lacrima, ada, office):
    lacrima("board", "appoint", "minimal", "ada", *TERM)
    assert lacrima("board", "end", "minimal", "ada", "--why", "Retired.")[0] == 0
    assert members.members(office, "minimal") == []
    assert [row["what"] for row in office.table("members").rows] == ["appointed", "ended"]
    assert lacrima("board", "end", "minimal", "ada", "--why", "Again.")[0] == 1


def test_the_list_tells_members_conflicts_keys_and_how_many_must_sign(lacrima, ada, office):
    lacrima("board", "appoint", "minimal", "ada", *TERM, "--conflict", "Her own clinic.")
    status, said, _ = lacrima("board", "quorum", "minimal", 1)
    assert (status, "one member alone" in said, "only 0 may sign" in said) == (0, True, True)
    told = lacrima("board", "list", "minimal")[1]
    assert all(s in told for s in ("conflict: Her own clinic.", "0 keys", "1 members must sign"))


def test_ending_all_keys_is_told_on_every_board_of_the_member(lacrima, ada, office):
    lacrima("board", "appoint", "minimal", "ada", *TERM)
    assert lacrima("board", "new-key", "ada", "--why", "Lost.")[0] == 0
    lines = [line["what"] for line in studies.audit(office)]
    assert "minimal: board: all keys of ada ended: Lost." in lines


def test_accounts_are_given_studies_one_by_one(lacrima, office):
    lacrima("account", "add", "rob", "--role", "researcher", "--study", "minimal")
    assert members.assigned(office, "rob") == {"minimal"}
    assert lacrima("account", "studies", "rob", "--study", "kinds")[0] == 0
    assert members.assigned(office, "rob") == {"kinds"}
    assert "kinds" in lacrima("account", "list")[1]
    status, _, told = lacrima("account", "studies", "rob", "--study", "nothing")
    assert (status, "There is no study 'nothing'" in told) == (1, True)


def test_a_board_account_is_given_no_study(lacrima, ada):
    status, _, told = lacrima("account", "studies", "ada")
    assert (status, "lacrima board appoint" in told) == (1, True)
