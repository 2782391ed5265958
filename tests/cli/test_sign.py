"""A member's own machine: a key, a signature, and whose key signed what a dossier holds."""

import json

import pytest

from survey.clock import iso_utc
from survey.signing import acts
from survey.signing.key_files import check_signature, fingerprint, read_public_line
from survey.signing.statements import make_statement
from survey.storage import proposals, studies
from survey.studies.version import fingerprints_of
from tests.journeys.boardroom import day, signed_and_open
from tests.signing import SIGNER, key_of, signature_of

STATEMENT = make_statement("lift", "minimal", reason="All is well.", quorum=1, switches=["use"])


@pytest.fixture
def run(runner):
    from survey.cli.main import main

    def run(*words, typed=None):
        done = runner.invoke(main, [*map(str, words)], input=typed)
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.fixture
def key(run, tmp_path):
    assert run("sign", "--new-key", tmp_path / "key")[0] == 0
    return tmp_path / "key"


@pytest.fixture
def statement(tmp_path):
    path = tmp_path / "statement.json"
    path.write_text(STATEMENT + "\n")
    return path


def test_a_new_key_is_for_its_owner_alone_and_its_public_part_is_printed(run, tmp_path):
    status, said, _ = run("sign", "--new-key", tmp_path / "key")
    line, print_ = said.splitlines()[:2]
    assert (status, (tmp_path / "key").stat().st_mode & 0o777) == (0, 0o600)
    assert print_ == f"fingerprint {fingerprint(read_public_line(line))}"


def test_no_key_is_written_over_another(run, key):
    before = key.read_bytes()
    status, _, told = run("sign", "--new-key", key)
    assert (status, "is there already" in told, key.read_bytes()) == (1, True, before)


def test_what_is_signed_is_printed_first_and_asked_for(run, key, statement):
    status, said, _ = run("sign", statement, "--key", key, typed="n\n")
    assert (status, "Reason: All is well." in said) == (1, True)
    assert not statement.with_name("statement.json.sig").exists()


def test_a_signature_fits_statement_and_key(run, key, statement):
    public = json.loads(signed(run, key, statement))["public"]
    check_signature(STATEMENT, signed(run, key, statement), "file", public)


def signed(run, key, statement):
    assert run("sign", statement, "--key", key, "--yes")[0] == 0
    return statement.with_name("statement.json.sig").read_text()


def test_a_key_that_others_can_read_signs_nothing(run, key, statement):
    key.chmod(0o644)
    status, _, told = run("sign", statement, "--key", key, "--yes")
    assert (status, "chmod 600" in told) == (1, True)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "lacrima-statement-9"}', "\x00"])
def test_what_is_no_statement_is_not_signed(run, key, statement, content):
    statement.write_text(content)
    status, _, told = run("sign", statement, "--key", key, "--yes")
    assert (status, "This is no statement" in told) == (1, True)


# The dossier.


@pytest.fixture
def mood(open_app, tmp_path):
    return signed_and_open(open_app, tmp_path / "shelf")


@pytest.fixture
def dossier(mood, tmp_path):
    path = tmp_path / "dossier.zip"
    path.write_bytes(mood.app.test_client().get("/ethics/minimal/dossier.zip").get_data())
    return path


def keys_file(tmp_path, name, account):
    from survey.signing.key_files import public_of

    path = tmp_path / "keys.txt"
    path.write_text(f"# by telephone\n{name} {fingerprint(public_of(key_of(account)))}\n")
    return path


def test_a_dossier_is_signed_by_the_keys_that_members_handed_over(run, dossier, tmp_path):
    status, said, _ = run("verify", dossier, "--keys", keys_file(tmp_path, SIGNER, SIGNER))
    assert (status, "1 of the 1 needed signed, by the file of keys." in said) == (0, True)


def test_keys_from_the_hosts_own_dossier_are_said_to_prove_nothing(run, dossier):
    status, said, _ = run("verify", dossier)
    assert (status, "prove nothing" in said) == (0, True)


@pytest.mark.parametrize(("name", "account"), [(SIGNER, "Mallory"), ("Mallory", SIGNER)])
def test_a_key_that_is_not_the_members_own_is_named(run, dossier, tmp_path, name, account):
    status, said, _ = run("verify", dossier, "--keys", keys_file(tmp_path, name, account))
    assert (status, "0 of the 1 needed signed" in said) == (1, True)


def test_a_signature_that_the_host_made_up_is_told(run, mood, tmp_path):
    office = mood.services.stores.office
    office.conn.execute("DROP TRIGGER signatures_never_changed")
    other = json.loads(signature_of(mood.services.stores, 1))
    other["signature"] = "00" * 64
    office.conn.execute("UPDATE signatures SET signature = ?", (json.dumps(other),))
    path = tmp_path / "dossier.zip"
    path.write_bytes(mood.app.test_client().get("/ethics/minimal/dossier.zip").get_data())
    status, said, _ = run("verify", path)
    assert (status, "The signature does not fit" in said) == (1, True)


def test_a_statement_on_another_study_than_the_dossier_is_not_signed(run, key, dossier, statement):
    status, _, told = run("sign", statement, "--key", key, "--dossier", dossier, "--yes")
    assert (status, "is not about what" in told) == (1, True)


def test_a_statement_on_what_the_dossier_holds_is_signed(run, key, mood, dossier, statement):
    prints = fingerprints_of(mood.version)._asdict()
    statement.write_text(make_statement("lift", "minimal", reason="x", quorum=1, **prints))
    status, said, _ = run("sign", statement, "--key", key, "--dossier", dossier, "--yes")
    assert (status, "names the fingerprints that the files in" in said) == (0, True)


# The certificate, and a statement that was signed for something else.


@pytest.fixture
def certificate(mood, tmp_path):
    """Writes the certificate as it is now, changed as asked."""

    def write(**changed):
        told = mood.app.test_client().get("/ethics/minimal/certificate.json").json
        told["approval"] |= changed
        path = tmp_path / "certificate.json"
        path.write_text(json.dumps(told))
        return path

    return write


def test_a_live_certificate_is_signed_by_the_keys_that_members_handed_over(
    run, certificate, tmp_path
):
    status, said, _ = run("verify", certificate(), "--keys", keys_file(tmp_path, SIGNER, SIGNER))
    assert (status, "1 of the 1 needed signed, by the file of keys." in said) == (0, True)


def test_a_certificate_that_shows_another_day_than_was_signed_is_told(run, certificate):
    status, said, _ = run("verify", certificate(expires_on="2099-12-31"))
    assert (status, "was signed, 2099-12-31 is shown" in said) == (1, True)


def test_a_signed_revocation_is_not_taken_for_an_approval(run, mood, certificate):
    stores = mood.services.stores
    (approval,) = studies.approvals(stores.office, "minimal")
    number = acts.propose_ruling(
        stores, "minimal", "revoke", reason="x", account=SIGNER, at=iso_utc(), today=day(0),
        approval=approval, switches=["use"],
    )  # fmt: skip
    revoked = proposals.proposals(stores.office, "minimal")[-1]
    signature = json.loads(signature_of(stores, number))
    found = mood.app.test_client().get("/ethics/minimal/certificate.json").json
    (one,) = found["approval"]["evidence"]["signatures"]
    forged = {"statement": revoked.statement, "signatures": [{**one, "signature": signature}]}
    status, said, _ = run("verify", certificate(evidence=forged))
    assert (status, "What was signed is no approval" in said) == (1, True)


def test_the_certificate_names_signers_keys_and_program(mood):
    reader = mood.app.test_client()
    told = reader.get("/ethics/minimal/certificate.json").json
    (one,) = told["approval"]["evidence"]["signatures"]
    check_signature(
        told["approval"]["evidence"]["statement"], json.dumps(one["signature"]), "file",
        one["public"],
    )  # fmt: skip
    page = reader.get("/ethics/minimal/certificate").get_data(as_text=True)
    assert all(said in page for said in (f"{SIGNER}, member", one["fingerprint"], told["program"]))
