"""Sending a draft as exactly one row, confirmed only when it is durable, and deleting it by code.

A deletion is asked for here and carried out within a minute.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from functools import lru_cache

from forms.answers import duration_band, stored_texts, stored_values, text_language
from forms.dates import DATES
from forms.draft import Draft
from survey.crypto import KeyRing, new_code
from survey.respondents.drafts import DraftRepository
from survey.services import Services
from survey.storage import answer_tables, answers, batches
from survey.storage.answers import Response, Text
from survey.storage.database import Database
from survey.studies.version import StudyVersion

DELETION_BYTES = 32  # as long as a keyed hash, so that having no code marks nobody


def _deletion(seal: KeyRing, code: str, label: str) -> bytes:
    return seal.deletion_value(code, label) if code else secrets.token_bytes(DELETION_BYTES)


def build_response(
    version: StudyVersion, draft: Draft, *, table: str, seal: KeyRing, submit: bytes
) -> Response:
    """The row and the texts that this draft becomes. No clock time goes in, only the band."""
    study, seconds = version.study, draft.touched - draft.started
    texts = tuple(
        Text(
            study=study.name,
            variable=variable,
            lang=text_language(study, variable, draft.language),
            c_quote=int(draft.choices.get("c_quote", False)),
            deletion=_deletion(seal, draft.code, f"text:{variable}"),
            text=text,
        )
        for variable, text in stored_texts(study, draft.answers).items()
    )
    return Response(
        study=study.name,
        table=table,
        fingerprint=bytes.fromhex(study.fingerprints.words),
        lang=draft.language,
        c_open=int(draft.choices.get("c_open", False)),
        completion=draft.completion,
        dur_band=duration_band(study, seconds),
        deletion=_deletion(seal, draft.code, "answers"),
        values=stored_values(study, draft.answers),
        texts=texts,
        submit=submit,
        invitation=bytes.fromhex(draft.invitation) or None,
        promised={fact: version.facts[fact] for fact in DATES if version.facts.get(fact)},
    )


def submit(
    drafts: DraftRepository,
    secret: bytes,
    version: StudyVersion,
    *,
    completion: int,
    wants_code: bool,
) -> bool:
    """Send the draft of ``secret``; return False when there is none any more.

    Nothing of it is stored where it says that its answers are not to be used.

    Raises InvitationSpent, with nothing stored, where another draft was sent with the same one.

    Safe to repeat after a double click, a lost connection or a crash: the code is drawn and sealed
    before the row is written, the row's submit token is taken in the row's own transaction, and
    only then does the draft give up its answers.
    """

    def prepare(draft: Draft) -> Draft:
        if draft.ready:
            return draft
        unused = version.study.policy.unused(draft.answers)
        code = (draft.code or new_code()) if wants_code and not unused else ""
        return replace(draft, ready=True, completion=completion, code=code, unused=unused)

    draft = drafts.change(secret, prepare)
    if draft is None:
        return False
    if draft.sent:
        return True
    db = drafts.stores.answers(pilot=version.pilot)
    submit = drafts.seal.accepted(drafts.seal.name(secret))
    if draft.unused:
        answers.discard(db, submit, bytes.fromhex(draft.invitation) or None)
    else:
        words = bytes.fromhex(version.study.fingerprints.words)
        table = answer_tables.table_of(db, words, study=version.study.name)
        response = build_response(version, draft, table=table, seal=drafts.seal, submit=submit)
        answers.accept(db, response)
    drafts.change(secret, lambda draft: _emptied(draft, int(drafts.clock())))
    return True


def _emptied(draft: Draft, now: int) -> Draft:
    """What is left of a sent draft: enough to show the thank-you page again, no answer."""
    return replace(
        draft, answers={}, choices={}, locked=(), hinted=(), invitation="", sent=draft.sent or now
    )


def recover_interrupted(
    drafts: DraftRepository, secret: bytes, version: StudyVersion, draft: Draft
) -> Draft:
    """The draft after a send whose end was lost: sent if the row is there, else open again."""
    if draft.sent or not draft.ready:
        return draft
    db = drafts.stores.answers(pilot=version.pilot)
    there = answers.was_accepted(db, drafts.seal.accepted(drafts.seal.name(secret)))

    def mend(draft: Draft) -> Draft:
        if there or draft.sent:
            return _emptied(draft, int(drafts.clock()))
        # The code stays: the first send may still be under way, and its row hangs on this code.
        return replace(draft, ready=False, completion=1, unused=False)

    return drafts.change(secret, mend) or draft


def ask_deletion(services: Services, version: StudyVersion, code: str) -> None:
    """Queue everything that this code may belong to; the same work whether it hits or misses."""
    db = services.stores.answers(pilot=version.pilot)
    labels = ["answers", *(f"text:{name}" for name in _kept_apart(db, version.study.name))]
    values = [v for label in labels for v in services.keys.deletion_values(code, label)]
    batches.ask_deletion(db, values)


def _kept_apart(db: Database, study: str) -> list[str]:
    """Every text that any version ever kept apart: a code may be older than today's words."""
    contents = (str(wording["content"]) for wording in answer_tables.wordings(db, study))
    return sorted({name for content in contents for name in _apart_in(content)})


@lru_cache(maxsize=64)
def _apart_in(content: str) -> tuple[str, ...]:
    questions = (q for page in json.loads(content)["pages"] for q in page["questions"])
    return tuple(q["name"] for q in questions if q.get("apart"))
