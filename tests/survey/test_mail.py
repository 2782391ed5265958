"""Notices by mail: taken by a real mail server, kept while it is away, silent about everybody."""

import email
from datetime import UTC, datetime
from email import policy

import pytest

from survey import mail
from survey.cli.main import main
from survey.config import Config
from survey.mail import MailSender
from survey.storage import mail_queue, studies
from survey.storage.database import write_transaction
from survey.storage.stores import Stores
from tests.certificates import HOST, certificate
from tests.mailing import Mailbox, mail_server
from tests.serving import free_port
from tests.waiting import until

HOUR, DAY = 3600, 86_400
ADA, BEA = "ada@example.org", "bea@example.org"


def settings(port, tls="off", **more):
    return Config(
        smtp_host=HOST, smtp_port=port, smtp_tls=tls, smtp_from="survey@example.org", **more
    )


class Office:
    """A server's mail by a clock of its own."""

    def __init__(self, db, config):
        self.db, self.now = db, datetime.now(UTC).timestamp()
        self.sender = MailSender(config, lambda: self.now)

    def send(self, *to):
        mail.send(self.db, "Something to read", ["Please sign in."], to or (ADA,))
        return self

    def tick(self):
        self.sender.tick(self.db)
        if self.sender._thread:
            self.sender._thread.join()
        self.sender._note_results(self.db)
        return [one.failure for one in mail_queue.waiting(self.db)]


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def pem(tmp_path, monkeypatch):
    """A certificate that this machine trusts."""
    path = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


def test_each_gets_a_message_of_their_own_without_the_others_addresses(stores, mailbox):
    with mail_server(mailbox) as port:
        assert Office(stores.office, settings(port)).send(ADA, BEA, ADA).tick() == []
    assert [to for to, _ in mailbox.taken] == [[ADA], [BEA]]
    assert BEA not in mailbox.taken[0][1]
    taken = email.message_from_string(mailbox.taken[0][1], policy=policy.default)
    assert (taken["Subject"], taken["From"]) == ("Something to read", "survey@example.org")
    said, head = taken.get_content().strip().splitlines()
    assert (said, head.startswith("Head of the record: ")) == ("Please sign in.", True)


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_mail_and_password_travel_encrypted(stores, mailbox, pem, tmp_path, how):
    password = tmp_path / "password"
    password.write_text("right\n")
    with mail_server(mailbox, pem, how=how) as port:
        config = settings(port, how, smtp_user="lacrima", smtp_password_file=str(password))
        assert Office(stores.office, config).send().tick() == []
    assert (mailbox.signed_in, len(mailbox.taken)) == (["lacrima:right"], 1)


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_a_mail_server_that_cannot_show_who_it_is_gets_nothing(stores, mailbox, tmp_path, how):
    with mail_server(mailbox, certificate(tmp_path), how=how) as port:
        office = Office(stores.office, settings(port, how)).send()
        assert office.tick() == ["the mail server’s certificate cannot be verified"]
    assert mailbox.taken == []


def test_a_mail_server_without_encryption_gets_nothing_where_it_is_asked_for(stores, mailbox):
    with mail_server(mailbox) as port:
        assert Office(stores.office, settings(port, "starttls")).send().tick() == [
            "SMTPNotSupportedError"
        ]
    assert mailbox.taken == []


def test_what_a_mail_server_that_is_away_did_not_take_is_sent_an_hour_later(stores, mailbox):
    port = free_port()
    office = Office(stores.office, settings(port)).send()
    assert office.tick() == ["ConnectionRefusedError"]
    with mail_server(mailbox) as other:
        office.sender._config = settings(other)
        office.now += HOUR / 2
        assert office.tick() == ["ConnectionRefusedError"]
        office.now += HOUR / 2
        assert office.tick() == []
    assert len(mailbox.taken) == 1


def test_a_restart_loses_no_message(stores, mailbox):
    Office(stores.office, settings(free_port())).send().tick()
    with mail_server(mailbox) as port:
        later = Office(stores.office, settings(port))
        later.now += HOUR
        assert later.tick() == []
    assert len(mailbox.taken) == 1


def test_one_refused_address_holds_up_nobody_and_is_given_up_after_a_week(stores, mailbox):
    mailbox.refused.add(ADA)
    with mail_server(mailbox) as port:
        office = Office(stores.office, settings(port)).send(ADA, BEA)
        assert office.tick() == ["refused with 550"]
        office.now += 8 * DAY
        assert office.tick() == []
    assert [to for to, _ in mailbox.taken] == [[BEA]]
    (line,) = studies.audit(stores.office)
    assert (line["who"], "could not be sent (refused with 550)" in line["what"]) == (
        "the program", True,
    )  # fmt: skip


def test_what_fails_is_told_without_address_or_words(stores, mailbox, caplog):
    mailbox.refused.add(ADA)
    with mail_server(mailbox) as port:
        Office(stores.office, settings(port)).send(ADA).tick()
    assert caplog.messages == ["Mail could not be sent (refused with 550); trying again each hour."]


def test_a_message_goes_with_the_act_that_it_tells_of_or_not_at_all(stores, mailbox):
    def act():
        with write_transaction(stores.office):
            mail.send(stores.office, "Something to read", [], (ADA,))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    assert mail_queue.waiting(stores.office) == []


def test_without_a_mail_server_nothing_is_kept_and_staff_are_told(stores):
    office = Office(stores.office, Config()).send()
    assert office.tick() == []
    assert mail.in_words(Config(), stores.office).startswith("Nobody is mailed")


def test_staff_are_told_that_the_mail_server_fails(stores):
    config = settings(free_port())
    Office(stores.office, config).send(ADA, BEA).tick()
    assert mail.in_words(config, stores.office) == (
        "Notices go out by mail, but the mail server fails: 2 notices wait "
        "(ConnectionRefusedError)."
    )


@pytest.mark.parametrize("address", ["", "ada", "a@b c", "a@b\nBcc: c@d", "a@b, c@d", "<a@b>"])
def test_what_is_no_address_is_refused(stores, address):
    with pytest.raises(ValueError, match="Not a mail address"):
        mail.send(stores.office, "S", [], (address,))


def test_the_server_sends_what_is_queued_by_itself(open_app, tmp_path, mailbox):
    with mail_server(mailbox) as port:
        waiting = Stores(tmp_path / "data")
        mail.send(waiting.office, "Something to read", [], (ADA,))
        open_app("minimal", **{
            name: getattr(settings(port), name)
            for name in ("smtp_host", "smtp_port", "smtp_tls", "smtp_from")
        })  # fmt: skip
        assert until(lambda: mailbox.taken)
        waiting.close()


# The command.


def test_mail_test_sends_at_once_or_says_why_not(runner, mailbox):
    with mail_server(mailbox) as port:
        given = {
            "LACRIMA_SMTP_HOST": HOST, "LACRIMA_SMTP_PORT": str(port), "LACRIMA_SMTP_TLS": "off",
            "LACRIMA_SMTP_FROM": "survey@example.org",
        }  # fmt: skip
        done = runner.invoke(main, ["mail-test", ADA], env=given)
        assert (done.exit_code, len(mailbox.taken)) == (0, 1)
        mailbox.refused.add(ADA)
        done = runner.invoke(main, ["mail-test", ADA], env=given)
    assert (done.exit_code, done.output) == (
        1, "The mail server did not take it: refused with 550.\n",
    )  # fmt: skip
    done = runner.invoke(main, ["mail-test", ADA])
    assert (done.exit_code, "nobody is mailed" in done.output) == (1, True)


def test_doctor_says_whether_anybody_is_mailed(runner):
    runner.invoke(main, ["key", "new"])
    assert "mail: Nobody is mailed" in runner.invoke(main, ["doctor"]).output


def test_an_account_has_an_address_until_it_is_taken_away_or_switched_off(runner, tmp_path):
    runner.invoke(main, ["key", "new"])
    runner.invoke(main, ["account", "add", "Ada", "--role", "board"])
    office = Stores(tmp_path / "data").office

    def after(*words):
        assert runner.invoke(main, ["account", *words]).exit_code == 0
        return mail_queue.addresses(office, ["ADA", "Bea"])

    assert after("mail", "ada", ADA) == [ADA]
    assert after("disable", "Ada") == []
    assert after("reset", "Ada") == [ADA]
    assert after("mail", "Ada") == []
    assert not any(ADA in line["what"] for line in studies.audit(office))
    done = runner.invoke(main, ["account", "mail", "Ada", "nowhere"])
    assert (done.exit_code, "no mail address" in done.output) == (1, True)
