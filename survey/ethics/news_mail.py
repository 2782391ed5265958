"""Mail to members of boards that there is something to read; never what, how much or by whom."""

from __future__ import annotations

from survey import mail
from survey.ethics.news import news_since
from survey.storage import accounts, mail_queue, members, record, unread
from survey.storage.accounts import Account
from survey.storage.database import Database, write_transaction

SUBJECT = "A notice of the survey platform"
LINES = (
    "Something was noted since you last read the first page of the survey’s board pages.",
    "Please sign in there to read it.",
)


def mail_news(office: Database) -> None:
    """Queue one message to each member with an address for whom something is new since the last.

    To be called once an hour, so that no message tells the moment of an act.
    """
    for account in accounts.listed(office):
        if account.role == "board" and not account.disabled:
            _mail_account(office, account)


def _mail_account(office: Database, account: Account) -> None:
    name, end = account.name, record.head(office).position
    known, to = unread.told(office, name), mail_queue.addresses(office, [name])
    if not to or known >= end:
        return
    mine = members.studies_of(office, account)
    fresh = any(one.is_for(mine) for one in news_since(office, name, known))
    with write_transaction(office):
        if unread.told(office, name) > known:
            return  # another process was quicker, or they have just read it
        if fresh:
            mail.send(office, SUBJECT, LINES, to)
        unread.mark_mailed(office, name, end)
