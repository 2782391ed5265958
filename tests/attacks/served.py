"""The program as a server of the attacks: as it is, or with its protections taken out.

Run as a program: ``python -m tests.attacks.served sound|weakened``, settings as of `lacrima serve`.
In both every page fails when it is asked to (``FAIL``), with the request in the exception's words.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask, request

from survey import crypto, security, server
from survey.config import read_config
from survey.listening import listen
from survey.respondents import submission
from survey.storage import answer_tables, answers, batches, maintenance, stores
from survey.storage.database import Database, quoted, write_transaction
from survey.storage.reordering import merged_tables
from survey.studies import availability

FAIL = "X-Fail"
LOG = "access.log"
DELAY_SECONDS = 0.1  # a hit of the weakened deletion takes so much longer


def sound() -> Flask:
    """The application as it is, but for pages that fail when asked to."""
    app = server.build()

    def fail() -> None:
        if FAIL in request.headers:
            told = [*request.headers.values(), *request.form.values(), request.url]
            raise RuntimeError(" ".join(told))

    app.before_request_funcs.setdefault(None, []).insert(0, fail)  # before whatever refuses
    return app


def weakened() -> Flask:
    """The same without what protects people."""
    _keys_count_up()
    _nothing_is_overwritten()
    _drafts_lie_open()
    _spent_invitations_stay()
    _a_right_code_takes_longer()
    _a_deletion_makes_room()
    vars(security)["quiet_logs"] = lambda: None
    app = sound()
    app.wsgi_app = _Logged(app.wsgi_app)  # type: ignore[method-assign]
    app.config["PROPAGATE_EXCEPTIONS"] = False
    logging.basicConfig(level=logging.DEBUG)
    app.errorhandler(RuntimeError)(_quoting)
    return app


def _quoting(error: RuntimeError) -> tuple[str, int]:
    traceback.print_exception(error)
    sys.stderr.flush()
    return "failed", 500


def _keys_count_up() -> None:
    """Rows and texts get the time of their arrival as their key."""
    accept = answers.accept

    def in_order(db: Database, response: answers.Response) -> bool:
        return accept(db, response, draw=lambda size: time.time_ns().to_bytes(size, "big"))

    vars(answers)["accept"] = in_order


def _nothing_is_overwritten() -> None:
    """What is deleted stays in free places of the file, which nobody rewrites."""
    pragmas = vars(stores)["_pragmas"]

    def without(name: str) -> Iterator[str]:
        yield from (p for p in pragmas(name) if not p.startswith("secure_delete"))
        yield "secure_delete=OFF"

    vars(stores)["_pragmas"] = without
    for module in (batches, maintenance):
        vars(module)["rewrite_file"] = lambda db: True
    vars(maintenance)["tidy"] = lambda db: True


def _drafts_lie_open() -> None:
    cipher: Any = crypto.DraftCipher
    cipher.seal = lambda _, plain: plain
    cipher.open = lambda _, plain: plain


def _spent_invitations_stay() -> None:
    """A used code is marked as used, and is not asked for when answers are taken."""
    claimed = vars(answers)["_claimed"]

    def marked(db: Database, submit: bytes, invitation: bytes | None) -> bool:
        taken: bool = claimed(db, submit, None)
        sql = "UPDATE invitations SET study = 'used' WHERE code = ?"
        db.conn.execute(sql, (invitation,))
        return taken

    vars(answers)["_claimed"] = marked


def _a_right_code_takes_longer() -> None:
    """Deleting is done while the client waits, and only where the code is right."""

    def at_once(here: Any, version: Any, code: str) -> None:
        db = here.stores.answers(pilot=version.pilot)
        labels = ("answers", "text:first")
        values = [v for label in labels for v in here.keys.deletion_values(code, label)]
        marks = ", ".join("?" * len(values))
        gone = 0
        with write_transaction(db):
            for table in merged_tables(db):
                for part in () if table == "accepted" else ("", "arriving_"):
                    sql = f"DELETE FROM {quoted(part + table)} WHERE deletion IN ({marks})"
                    gone += db.conn.execute(sql, values).rowcount
        if gone:
            time.sleep(DELAY_SECONDS)

    vars(submission)["ask_deletion"] = at_once


def _a_deletion_makes_room() -> None:
    """Full is what holds as many answers as there are now."""

    def there(here: Any, version: Any) -> int:
        db = here._stores.answers(pilot=version.pilot)
        return len([*answer_tables.rows(db, version.study.name)])

    changed: Any = availability.Availability
    changed._sent = there


class _Logged:
    """Middleware that logs who asks for what and lets browsers keep every page."""

    def __init__(self, app: Any) -> None:
        self.app, self.log = app, Path(os.environ["LACRIMA_DATA"]) / LOG

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        known = {k: v for k, v in environ.items() if isinstance(v, str)}
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        with self.log.open("a", encoding="utf-8") as file:
            file.write(f"{known} {urlsafe_b64encode(body).decode()} {body!r}\n")

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            away = ("cache-control", "clear-site-data", "vary")
            kept = [pair for pair in headers if pair[0].lower() not in away]
            return start_response(status, [*kept, ("Cache-Control", "max-age=3600")], *rest)

        return self.app(environ, start)


def main() -> None:
    """Serve as ``lacrima serve`` does."""
    config = read_config()
    server.run(config, listen(config), load=globals()[sys.argv[1]])


if __name__ == "__main__":
    main()
