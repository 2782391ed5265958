"""A site that lets everything in: what a scanner finds nothing at is shown to find it here.

Run as a program: ``python -m tests.attacks.open_door PORT``, on this machine alone.
"""

from __future__ import annotations

import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

ROWS = "CREATE TABLE people (name TEXT, answer TEXT)"


class OpenDoor(BaseHTTPRequestHandler):
    """One page that runs what is typed as SQL, and shows it as markup."""

    def do_GET(self) -> None:
        """Look somebody up."""
        asked = urlsplit(self.path)
        name = parse_qs(asked.query).get("name", ["a"])[0]
        with sqlite3.connect(":memory:") as db:
            db.execute(ROWS)
            db.executemany("INSERT INTO people VALUES (?, 'yes')", [("a",), ("b",)])
            try:
                found = db.execute(f"SELECT * FROM people WHERE name = '{name}'").fetchall()
            except sqlite3.Error as error:
                found = [("sqlite3.OperationalError", str(error))]
        said = (
            f'<html><form><input name="name"></form><a href="/?name=a">a</a>{name}: {found}</html>'
        )
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), OpenDoor).serve_forever()
