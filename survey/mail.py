"""Mail to staff, board members and the named clinician, by one SMTP server.

A message says that there is something to read, and where: never an answer, a count or a text. It is
queued in the transaction of the act that it tells of; the maintenance thread hands it over within
half a minute, so no page waits for a mail server. What a server does not take is tried again each
hour, and given up after a week with a line in the audit.
"""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path

from survey.clock import Clock, iso_utc
from survey.config import Config
from survey.errors import Refusal
from survey.storage import mail_queue, record, studies
from survey.storage.board import PROGRAM
from survey.storage.database import Database, write_transaction
from survey.storage.mail_queue import QueuedMail

LOG = logging.getLogger("lacrima.mail")

SMTP_SECONDS = 10.0  # for each step of a conversation with the mail server
RETRY_SECONDS = 3600
GIVEN_UP = timedelta(days=7)
STOP_SECONDS = 2.0  # how long the end of a process waits for a conversation under way

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def is_address(text: str) -> bool:
    """Return whether ``text`` is one mail address and nothing else."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


def set_address(office: Database, account: str, address: str) -> str:
    """Send notices to this account to ``address``, where it is empty to nowhere.

    Return the audit's words. Raises Refusal for what is no address.
    """
    if address and not is_address(address):
        raise Refusal("This is no mail address: give one like name@example.org.")
    mail_queue.set_address(office, account, address)
    # The address itself is nobody's business but its person's.
    return f"account {account}: mail address {'set' if address else 'taken away'}"


def send(office: Database, subject: str, lines: Iterable[str], to: Iterable[str]) -> None:
    """Queue a message to each address, inside the caller's transaction where there is one.

    The head of the record stands below it. Raises ValueError for what is no address. Without a mail
    server nobody is mailed: what is queued is dropped.
    """
    with write_transaction(office):
        # The head in somebody else's hands shows later whether the record was rewritten.
        head = f"Head of the record: {record.head(office)}. Keep it with the day."
        body = "\n".join([*lines, head]) + "\n"
        for address in dict.fromkeys(to):
            if not is_address(address):
                raise ValueError("Not a mail address.")
            mail_queue.put(office, address, subject, body)


class MailSender:
    """The one that hands over what is queued, in a thread that holds up nothing else."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config, self._clock = config, clock
        self._thread: threading.Thread | None = None
        self._results: list[tuple[int, str]] = []  # (message, failure or nothing) of this round
        self._stopping = False

    def tick(self, office: Database) -> None:
        """Note what became of the last round, and begin another where something is due."""
        if self._stopping or (self._thread is not None and self._thread.is_alive()):
            return
        self._note_results(office)
        now, due = self._clock(), []
        for mail in mail_queue.waiting(office):
            if not self._config.smtp_host:
                mail_queue.remove(office, mail.number)
            elif mail.failure and _age(mail, now) > GIVEN_UP:
                _give_up(office, mail)
            elif not mail.tried <= now < mail.tried + RETRY_SECONDS:
                due.append(mail)
        if due:
            # Connections belong to threads: this one is given plain messages and no database.
            self._thread = threading.Thread(target=self._send_all, args=(due,), daemon=True)
            self._thread.start()

    def stop(self, office: Database) -> None:
        """Wait a moment for a round under way; what it did not finish waits in the queue."""
        self._stopping = True
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
            self._note_results(office)

    def _send_all(self, mails: list[QueuedMail]) -> None:
        failures = post(self._config, mails)
        self._results += [(mail.number, failures.get(mail.number, "")) for mail in mails]

    def _note_results(self, office: Database) -> None:
        results, self._results = self._results, []
        for number, failure in results:
            if failure:
                mail_queue.note_failure(office, number, at=self._clock(), failure=failure)
            else:
                mail_queue.remove(office, number)


def _age(mail: QueuedMail, now: float) -> timedelta:
    queued = datetime.fromisoformat(mail.queued_at)
    return datetime.fromtimestamp(now, queued.tzinfo) - queued


def _give_up(office: Database, mail: QueuedMail) -> None:
    with write_transaction(office):
        what = f"mail: a notice of {mail.queued_at[:10]} could not be sent ({mail.failure})"
        studies.note(office, at=iso_utc(), who=PROGRAM, what=what)
        mail_queue.remove(office, mail.number)


def post(config: Config, mails: Iterable[QueuedMail]) -> dict[int, str]:
    """Hand messages to the mail server; return number → failure of those that it did not take."""
    mails = list(mails)
    failures: dict[int, str] = {}
    told: set[int] = set()
    try:
        with _conversation(config) as server:
            for mail in mails:
                try:
                    server.send_message(_message(config, mail))
                except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
                    failures[mail.number] = _in_a_word(error)
                told.add(mail.number)
    except Exception as error:  # whatever it is, the messages wait
        failures |= {mail.number: _in_a_word(error) for mail in mails if mail.number not in told}
    for failure in sorted({*failures.values()}):
        LOG.warning("Mail could not be sent (%s); trying again each hour.", failure)
    return failures


@contextmanager
def _conversation(config: Config) -> Iterator[smtplib.SMTP]:
    """Open a conversation with the mail server, encrypted and verified unless on this machine."""
    host, port, context = config.smtp_host, config.smtp_port, ssl.create_default_context()
    if config.smtp_tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SMTP_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=SMTP_SECONDS)
    with server:
        if config.smtp_tls == "starttls":
            server.starttls(context=context)
        if config.smtp_user:
            server.login(config.smtp_user, _password(config))
        yield server


def _password(config: Config) -> str:
    return Path(config.smtp_password_file).read_text("utf-8").strip()


def _message(config: Config, mail: QueuedMail) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        config.smtp_from, mail.recipient, mail.subject,
    )  # fmt: skip
    message["Date"] = format_datetime(datetime.fromisoformat(mail.queued_at))
    message["Message-ID"] = make_msgid(domain=config.smtp_from.partition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday reply comes back
    message.set_content(mail.body)
    return message


def _in_a_word(error: Exception) -> str:
    """Return what went wrong without the words of the mail server, which may hold an address."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"refused with {min(code for code, _ in error.recipients.values())}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"refused with {error.smtp_code}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the mail server’s certificate cannot be verified"
    return type(error).__name__


def try_out(config: Config, address: str) -> None:
    """Send a message to ``address`` at once. Raises Refusal where it cannot be."""
    if not config.smtp_host:
        raise Refusal("LACRIMA_SMTP_HOST is empty: nobody is mailed.")
    if not is_address(address):
        raise Refusal("This is no mail address: give one like name@example.org.")
    body = "This is a test. Notices of the survey platform will come from this address.\n"
    test = QueuedMail(0, iso_utc(), address, "A test of the survey platform", body, 0, "")
    if failure := post(config, [test]).get(0):
        raise Refusal(f"The mail server did not take it: {failure}.")


def in_words(config: Config, office: Database) -> str:
    """Return in a sentence whether anybody is mailed, for staff."""
    if not config.smtp_host:
        return "Nobody is mailed: this installation names no mail server (LACRIMA_SMTP_HOST)."
    failed = [mail.failure for mail in mail_queue.waiting(office) if mail.failure]
    if not failed:
        return "Notices go out by mail."
    waits = "One notice waits" if len(failed) == 1 else f"{len(failed)} notices wait"
    return f"Notices go out by mail, but the mail server fails: {waits} ({failed[-1]})."
