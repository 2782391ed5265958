"""A study's submission: documents by slot, amendments with a reason, decisions, and the news."""

import hashlib
import io
import json
import re
import stat
import zipfile

import pytest

from survey.cli.main import main
from survey.errors import Refusal
from survey.ethics.dossier.dossier_files import document
from survey.ethics.submission_bundle import LEFT_OUT, OF_ALL_STUDIES
from survey.ethics.submission_states import states_of
from survey.routes.ethics.records import signed
from survey.signing.key_files import fingerprint, public_of
from survey.storage import board as written
from survey.storage import record, studies
from survey.studies import submission_documents
from tests.conftest import STUDIES
from tests.journeys.boardroom import day
from tests.signing import key_of, seat


def slots(mood):
    return submission_documents.slots_of(mood.services.stores.office, mood.version.study)


def put(staff, slot, content=b"Aims.", name="plan.pdf"):
    staff.open("submission/")
    token = staff.page.named("csrf_token")[0].value
    data = {"csrf_token": token, "slot": slot, "reason": ""}
    data["file"] = (io.BytesIO(content), name) if name else ""
    staff._ask("POST", "/ethics/minimal/submission/put", data=data)
    return staff


def submitted(staff, kind="new", **said):
    staff.open("submission/")
    staff.submit("submit", kind=kind, **said)
    return staff


# Documents.


def test_a_document_is_kept_for_its_owner_and_read_back_by_the_board(mood, researcher, board):
    put(researcher, "protocol", b"Aims. \x00\xff")
    (kept,) = slots(mood)[0].documents
    path = submission_documents.path_of(mood.services.stores.folder, "minimal", kept.sha256)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    link = board.open("submission/").page.link(text="plan.pdf")
    answer = board.browser.get(link)
    assert answer.get_data() == b"Aims. \x00\xff"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_file_of_the_same_name_replaces_another_and_both_stay(mood, researcher):
    put(researcher, "protocol", b"One.")
    put(researcher, "protocol", b"Two.")
    assert len(slots(mood)[0].documents) == 1
    assert len(list((mood.services.stores.folder / "submissions" / "minimal").iterdir())) == 2


def test_the_fingerprint_is_of_slots_names_hashes_and_reasons(mood, researcher):
    found = [submission_documents.fingerprint(slots(mood))]
    for act in (
        lambda: put(researcher, "protocol"),
        lambda: put(researcher, "protocol", b"Other."),
        lambda: put(researcher, "team"),
        lambda: researcher.open("submission/").submit("put", slot="dpia", reason="Not needed."),
    ):
        act()
        found.append(submission_documents.fingerprint(slots(mood)))
    assert len(set(found)) == 5


def test_where_nothing_was_put_in_there_is_no_fingerprint(mood):
    empty = [submission_documents.Filled(slot, (), "") for slot in submission_documents.SLOTS]
    assert submission_documents.fingerprint(empty) == ""


def test_a_document_is_taken_out_and_its_slot_is_empty_again(mood, researcher):
    before = submission_documents.fingerprint(slots(mood))
    put(researcher, "protocol").submit("out")
    assert submission_documents.fingerprint(slots(mood)) == before
    assert "None: Held elsewhere." in researcher.text


def test_a_needed_slot_without_a_document_or_a_reason_stands_in_the_way(mood, board):
    office = mood.services.stores.office
    office.conn.execute("DROP TRIGGER documents_never_deleted")
    office.conn.execute("DELETE FROM documents WHERE slot = 'protocol'")
    assert "without a document or a reason: Protocol" in board.open("approve").text
    board.sign()
    assert studies.approvals(office, "minimal") == []


def test_an_approval_names_the_documents_that_were_shown(mood, researcher, board):
    board.fill_in()
    put(researcher, "protocol")
    board.sign()
    assert "Nothing was signed" in board.text
    board.fill_in().sign()
    (signed,) = studies.approvals(mood.services.stores.office, "minimal")
    assert signed.submission == submission_documents.fingerprint(slots(mood))


def test_a_signature_answers_the_submission_of_that_version(mood, researcher, board):
    submitted(researcher, "amendment", why="Shorter.", risk="None.", consent="It holds.")
    assert "Rob submitted it on" in board.open("approve").text
    board.sign()
    assert states_of(mood.services.stores.office, "minimal")[0].state == "approved"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("", b"", "Give the reason why there is none"),
        ("plan.pdf", b"", "plan.pdf is empty"),
        ("..", b"x", "cannot be the name of a document"),
        ("a/b<c>.pdf", b"x", "cannot be the name of a document"),
    ],
)
def test_what_cannot_be_kept_is_said_so(mood, researcher, name, content, said):
    put(researcher, "protocol", content, name)
    assert said in researcher.text
    assert not slots(mood)[0].documents


def test_a_document_that_was_changed_on_the_disk_is_not_handed_out(mood, researcher, board):
    put(researcher, "protocol")
    (kept,) = slots(mood)[0].documents
    path = submission_documents.path_of(mood.services.stores.folder, "minimal", kept.sha256)
    path.write_bytes(b"Something else.")
    answer = board.browser.get(board.open("submission/").page.link(text="plan.pdf"))
    assert (answer.status_code, b"was changed" in answer.get_data()) == (410, True)


def test_nobody_outside_sends_a_large_body(mood):
    answer = mood.app.test_client().post(
        "/ethics/minimal/submission/put",
        input_stream=io.BytesIO(b"x" * 10**6),
        content_length=10**6,
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 413


def test_a_document_that_is_too_large_is_refused(mood):
    folder, study = mood.services.stores.folder, mood.version.study
    with pytest.raises(Refusal, match="larger than 20 MB"):
        submission_documents.put(
            folder, study, "protocol", "big.pdf", b"x" * (20 * 2**20 + 1), who="Rob"
        )
    assert not (folder / "submissions").exists()


def test_the_command_line_puts_documents_in(runner, tmp_path):
    (tmp_path / "plan.pdf").write_bytes(b"Aims.")
    assert runner.invoke(main, ["key", "new"]).exit_code == 0
    words = ["study", "submit", "minimal", "--protocol", str(tmp_path / "plan.pdf")]
    done = runner.invoke(main, [*words, "--none", "dpia", "No personal data."])
    assert done.exit_code == 0, done.output
    assert "protocol: plan.pdf" in done.stdout
    assert "dpia: No personal data." in done.stdout
    assert "team: empty, needed" in done.stdout
    assert (STUDIES / "minimal").is_dir()


# Submitting and deciding.


def test_an_amendment_needs_its_reason_and_what_it_means(mood, researcher):
    submitted(researcher, "amendment", why="A typing error.", risk="None.")
    assert "Say what it means for the consent." in researcher.text
    submitted(researcher, "amendment", why="A typing error.", risk="None.", consent="It holds.")
    (made,) = states_of(mood.services.stores.office, "minimal")
    assert (made.submission.kind, made.submission.consent) == ("amendment", "It holds.")


def test_a_submission_goes_from_state_to_state_and_nothing_is_overwritten(mood, researcher, board):
    submitted(researcher)
    for what, text in (("received", ""), ("returned", "No protocol."), ("deferred", "Next month.")):
        board.open("submission/")
        board.submit("decide", what=what, text=text)
    (made,) = states_of(mood.services.stores.office, "minimal")
    assert [event.what for event in made.events] == ["received", "returned", "deferred"]
    assert "Next month." in researcher.open("submission/").text


def test_a_decision_needs_its_reason(mood, researcher, board):
    submitted(researcher)
    board.open("submission/").submit("decide", what="refused", text=" ")
    assert "Give the reason" in board.text
    assert states_of(mood.services.stores.office, "minimal")[0].state == ""


def test_a_closure_is_reported_and_closed(mood, researcher, board):
    submitted(researcher, "closure", why="600 answers. All went well.")
    board.open("submission/").submit("decide", what="closed", text="Thank you.")
    assert states_of(mood.services.stores.office, "minimal")[0].state == "closed"


# Incidents.


def test_an_incident_has_a_kind_a_day_and_an_end(mood, researcher, board):
    researcher.open("incidents")
    researcher.submit("incidents", kind="data", happened_on=day(0), text="A lost stick.")
    assert f"due by {day(3)}" in board.open("incidents").text
    board.press("ended", "1", text="Nothing was on it.")
    assert "Ended." in researcher.open("incidents").text
    (answer,) = written.incident_answers(mood.services.stores.office, "minimal")
    assert (answer.who, answer.outcome) == ("Ada", "ended")


def test_a_researcher_answers_an_incident_and_does_not_end_it(mood, researcher):
    researcher.open("incidents")
    researcher.submit("incidents", kind="data", happened_on=day(0), text="A lost stick.")
    researcher.submit("answer", text="It was found.")
    (answer,) = written.incident_answers(mood.services.stores.office, "minimal")
    assert answer.outcome == ""


# Since you were here.


def test_a_member_reads_what_others_did_since_and_marks_it_as_seen(mood, researcher, board):
    researcher.open("incidents")
    researcher.submit("incidents", kind="data", happened_on=day(0), text="A lost stick.")
    assert "An incident was noted." in board.open("/ethics/").text
    board.submit("seen")
    assert "Since you were here" not in board.open("/ethics/").text
    studies.set_status(mood.services.stores.office, "minimal", "closed", day(0))
    assert "It was closed." in board.open("/ethics/").text


def test_members_are_told_of_keys_and_resets_of_each_other_and_of_nobody_elses(mood, board, runner):
    office, env = mood.services.stores.office, {"LACRIMA_DATA": str(mood.services.stores.folder)}
    seat(office, "minimal", "Bo", quorum=None)
    seat(office, "elsewhere", "Cy")
    for name in ("Bo", "Cy"):
        done = runner.invoke(main, ["account", "reset", name], env=env)
        assert done.exit_code == 0, done.output
    told = board.open("/ethics/").text
    assert "bo has another key to sign with." in told
    assert "The account Bo was reset" in told
    assert "Cy" not in told


def test_own_acts_are_no_news(mood, board):
    board.open("comments")
    board.submit("comments", text="Which house?", passage="")
    assert "A comment was made" not in board.open("/ethics/").text


# Everything in one file, and a decision brought back.


def bundle_of(board):
    answer = board.browser.get("/ethics/minimal/bundle.zip")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(), zipfile.ZipFile(io.BytesIO(answer.get_data()))


def inside(packed, name):
    return packed.read(f"minimal-submission/{name}").decode()


def test_one_file_holds_documents_versions_and_rows_and_its_hash_is_in_the_record(
    mood, researcher, board
):
    put(researcher, "protocol", b"Aims.")
    board.sign()
    body, packed = bundle_of(board)
    assert inside(packed, "documents/protocol/plan.pdf") == "Aims."
    assert any("/approved/" in name and name.endswith("consent.toml") for name in packed.namelist())
    assert json.loads(inside(packed, "record/approvals.json"))[0]["reference"] == "2026-7"
    assert "2026-7" in inside(packed, "record/approvals.csv")
    told = json.loads(inside(packed, "submission.json"))
    assert told["documents"][0]["sha256"] == hashlib.sha256(b"Aims.").hexdigest()
    last = studies.audit(mood.services.stores.office)[-1]["what"]
    assert hashlib.sha256(body).hexdigest() in last


@pytest.fixture
def packed(mood, researcher, board, runner, tmp_path):
    """Checks everything in one file, changed as asked; and a head from before."""
    put(researcher, "protocol", b"Aims.")
    board.sign()
    noted = record.head(mood.services.stores.office)
    seat(mood.services.stores.office, "minimal", "Bo", key=False)
    body, _ = bundle_of(board)

    def run(*words, change=lambda files: None):
        files = {}
        with zipfile.ZipFile(io.BytesIO(body)) as whole:
            files = {name: whole.read(name) for name in whole.namelist()}
        change(files)
        path = tmp_path / "submission.zip"
        with zipfile.ZipFile(path, "w") as whole:
            for name, content in files.items():
                whole.writestr(name, content)
        done = runner.invoke(main, ["verify", str(path), *map(str, words)])
        return done.exit_code, done.stdout + done.stderr

    return run, noted


def keys_of(tmp_path, account="Ada"):
    path = tmp_path / "keys.txt"
    path.write_text(f"{account} {fingerprint(public_of(key_of('Ada')))}\n")
    return path


def test_one_file_is_checked_with_its_record_and_the_keys_of_members(packed, tmp_path):
    packed, noted = packed
    status, said = packed("--keys", keys_of(tmp_path), "--since", noted)
    assert (status, "2026-7: 1 of the 1 needed signed, by the file of keys." in said) == (0, True)
    assert "not by whom it was made" in said
    assert packed("--since", "3:0123456789abcdef")[0] == 1
    assert packed("--keys", keys_of(tmp_path, "Mallory"))[0] == 1


def rewritten(name, old, new):
    """Changes a file of the bundle, and the list of sums after it."""

    def change(files):
        path, sums = f"minimal-submission/{name}", "minimal-submission/SHA256SUMS"
        before = files[path]
        files[path] = before.replace(old, new)
        assert files[path] != before
        digests = [hashlib.sha256(one).hexdigest().encode() for one in (before, files[path])]
        files[sums] = files[sums].replace(*digests)

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda files: files.update({"minimal-submission/documents/protocol/plan.pdf": b"!"}),
         "documents/protocol/plan.pdf is not what the list of sums says"),
        (rewritten("record/approvals.json", b"2026-7", b"2026-9"), "A row of approvals is not as"),
        (rewritten("record/members.json", b'"chair": 0', b'"chair": 1'), "A row of members is not"),
        (rewritten("chain.csv", b"2026-7", b"2026-9"), "has another hash"),
        (rewritten("submission.json", b'"position": ', b'"position": 1'), "gives? another head"),
    ],
)  # fmt: skip
def test_what_was_changed_in_it_is_told(packed, change, told):
    status, said = packed[0](change=change)
    assert (status, bool(re.search(told, said))) == (1, True), said


def test_the_file_tells_nothing_of_another_study_and_no_total(mood, board):
    studies.note(mood.services.stores.office, at=day(0), who="Eve", what="other: opened")
    _, packed = bundle_of(board)
    everything = b"".join(packed.read(name) for name in packed.namelist())
    assert b"other: opened" not in everything
    assert not any("collected" in name or "readings" in name for name in packed.namelist())


@pytest.fixture
def decided(mood, board, runner, tmp_path):
    """Runs the command on a decision that was filled in elsewhere."""
    _, packed = bundle_of(board)
    blank = json.loads(inside(packed, "decision.json"))

    def run(**filled):
        file = tmp_path / "decision.json"
        typed = {
            "reference": "IRB-9",
            "by": "A board",
            "approved_on": day(0),
            "expires_on": day(30),
        }
        file.write_text(json.dumps({**blank, **typed, **filled}))
        environ = {
            "LACRIMA_DATA": str(mood.services.stores.folder),
            "LACRIMA_STUDIES": str(mood.folder.parent),
            "LACRIMA_SITE": str(mood.site_facts),
        }
        return runner.invoke(main, ["study", "decision", "minimal", str(file)], env=environ)

    return run


def test_a_decision_taken_elsewhere_is_noted_as_a_letter_and_waits_for_a_member(mood, decided):
    done = decided(before_release=["Report first."])
    assert done.exit_code == 0, done.output
    (noted,) = studies.approvals(mood.services.stores.office, "minimal")
    assert (noted.reference, noted.basis, noted.waits) == ("IRB-9", "noted", True)
    assert [c.text for c in noted.conditions] == ["Report first."]


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ({"outcome": "deferred"}, "Only an approval is noted from a file"),
        ({"fingerprints": {"words": "ab" * 32}}, "on another version"),
        ({"reference": ""}, "reference number"),
        ({"by": " "}, "does not say who decided"),
        ({"format": "else"}, "no decision of format"),
        ({"approved_on": "soon"}, "year-month-day"),
    ],
)
def test_a_decision_that_is_none_on_this_version_notes_nothing(mood, decided, filled, told):
    done = decided(**filled)
    assert (done.exit_code, told in done.stderr) == (1, True)
    assert studies.approvals(mood.services.stores.office, "minimal") == []


def test_the_dossier_lists_slot_and_hash_of_what_was_signed_and_no_name(mood, researcher, board):
    put(researcher, "protocol", b"Aims.", "clinic in Leeds.pdf")
    board.sign()
    mood.become("open")
    put(researcher, "protocol", b"Later.", "later.pdf")
    version = mood.services.availability.published("minimal").version
    with mood.app.test_request_context():
        said = json.dumps(document(version, signed(version)))
    assert f"Protocol: {hashlib.sha256(b'Aims.').hexdigest()}" in said
    assert "Leeds" not in said
    assert hashlib.sha256(b"Later.").hexdigest() not in said


def test_of_every_linked_table_it_is_known_which_rows_are_a_studys(stores):
    office, known = stores.office, {"study", "proposal", "account"}
    for table in record.linked_tables(office):
        columns = {column.name for column in office.table(table).columns}
        named = {"audit"} | LEFT_OUT | OF_ALL_STUDIES
        assert table in named or columns & known, table
