"""``lacrima invite``: one file of codes, once."""

import pytest

from survey.cli.main import main
from survey.respondents.invitations import read_code
from survey.storage.stores import Stores


@pytest.fixture
def invite(runner, tmp_path):
    from survey.crypto import make_key

    make_key(tmp_path / "data" / "server.key")

    def run(*words):
        return runner.invoke(main, ["invite", *map(str, words)], catch_exceptions=False)

    return run


def kept(tmp_path):
    stores = Stores(tmp_path / "data")
    sql = "SELECT count(*) FROM invitations WHERE study = 'minimal'"
    found = stores.responses.conn.execute(sql).fetchone()[0]
    stores.close()
    return found


def test_codes_are_written_once_for_the_owner_alone(invite, tmp_path):
    out = tmp_path / "codes.txt"
    done = invite("minimal", "--count", 30, "--out", out)
    codes = out.read_text().split()
    assert (done.exit_code, len({*codes}), out.stat().st_mode & 0o777) == (0, 30, 0o600)
    assert [read_code(c) for c in codes] == codes
    assert kept(tmp_path) == 30


def test_a_table_has_a_head(invite, tmp_path):
    invite("minimal", "--count", 1, "--out", tmp_path / "codes.csv")
    assert (tmp_path / "codes.csv").read_bytes().startswith(b"code\r\n")


def test_links_stand_in_a_table_where_they_are_asked_for(invite, tmp_path):
    out = tmp_path / "codes.csv"
    done = invite("minimal", "--count", 2, "--out", out, "--links", "https://s.example/s/mood/")
    head, *rows = out.read_text().split()
    assert (done.exit_code, head) == (0, "code,link")
    assert all(row == f"{row[:14]},https://s.example/i/#{row[:14]}" for row in rows)


@pytest.mark.parametrize(("out", "links"), [
    ("codes.csv", "ftp://s.example"), ("codes.csv", "https://[x"), ("codes.txt", "https://s.example"),
])  # fmt: skip
def test_links_that_cannot_be_made_make_nothing(invite, tmp_path, out, links):
    done = invite("minimal", "--count", 2, "--out", tmp_path / out, "--links", links)
    assert (done.exit_code, done.stderr.count("\n"), kept(tmp_path)) == (1, 1, 0)
    assert not (tmp_path / out).exists()


def test_the_help_says_what_a_link_leaves_behind(invite):
    assert "keeps it in its history, code and all" in " ".join(invite("--help").output.split())


def test_a_file_that_is_there_is_left_alone_and_no_code_is_made(invite, tmp_path):
    out = tmp_path / "codes.txt"
    out.write_text("mine")
    done = invite("minimal", "--count", 3, "--out", out)
    assert (done.exit_code, out.read_text(), kept(tmp_path)) == (1, "mine", 0)


@pytest.mark.parametrize("out", ["missing/codes.txt", "/dev/full/x"])
def test_where_nothing_can_be_written_nothing_is_made(invite, tmp_path, out):
    done = invite("minimal", "--count", 3, "--out", tmp_path / out)
    assert (done.exit_code, done.stderr.count("\n"), kept(tmp_path)) == (1, 1, 0)


def test_the_audit_says_how_many_and_no_code(invite, tmp_path):
    invite("minimal", "--count", 3, "--out", tmp_path / "codes.txt")
    stores = Stores(tmp_path / "data")
    said = [what for (what,) in stores.office.conn.execute("SELECT what FROM audit")]
    stores.close()
    assert said == ["minimal: 3 invitations made"]


def test_watch_codes_stand_among_the_others_and_in_a_file_of_their_own(invite, tmp_path):
    done = invite("minimal", "--count", 5, "--watch", 3, "--out", tmp_path / "codes.csv")
    _, *rows = (tmp_path / "codes.csv").read_text().split()
    apart = (tmp_path / "codes-watch.txt").read_text().split()
    assert (done.exit_code, len(rows), len(apart), kept(tmp_path)) == (0, 8, 3, 5)
    assert {*apart} < {*rows}
    assert (tmp_path / "codes-watch.txt").stat().st_mode & 0o777 == 0o600
