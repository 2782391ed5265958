"""Pages that show a board the words open no database, by what they import and when they run.

The checklist opens the board's records, where the members' verdicts stand, and no file of answers.
"""

import subprocess
import sys

from tests.conftest import FLAGSHIP
from tests.serving import ROOT

FORBIDDEN = "('sqlite3', 'sqlite_utils', 'survey.storage', 'survey.crypto', 'exports')"
WHAT_IS_LOADED = f"""
import sys, survey.routes.ethics.public
print([name for name in sys.modules if name.startswith({FORBIDDEN})])
"""

# Every database is closed before the first page; the next one opened would be heard.
WALK = """
import sys
from pathlib import Path
from survey.app import close_app, create_app
from survey.config import Config
from survey.crypto import make_key
from tests.journeys.client import Journey
from tests.journeys.walking import answers, first_offered

data = Path(sys.argv[1])
make_key(data / "server.key")
app = create_app(Config(data=data, studies=(Path(sys.argv[2]),), site=data / "site.toml",
                        key=data / "server.key", https=False, proxies=0, demo=True))
close_app(app)
opened = []
sys.addaudithook(lambda event, args: opened.append(args) if event == "sqlite3.connect" else None)
board = Journey(app, "")
for page in ("", "text", "data", "routes", "screens", "flow"):
    board.open("/ethics/therapist-tears/" + page)
board.press("go", "information").press("go", "eligibility")
board.press(**{c.name: 1 for c in board.page.controls if c.kind == "radio"}).agree()
pages = 0
while board.asked:
    pages += 1
    board.answer(**answers(board, first_offered))
board.press("go", "on") if "on" in [c.value for c in board.page.named("go")] else None
print(pages > 8, opened)
board.open("/ethics/therapist-tears/checklist")
print(board.status, sorted({Path(file).name.partition("?")[0] for file, *_ in opened}))
opened.clear()
app.test_client().get("/ethics/therapist-tears/stored")
print(len(opened) > 0)
"""


def python(code, *arguments):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_importing_the_board_pages_loads_no_store():
    assert python(WHAT_IS_LOADED).stdout == "[]\n"


def test_the_walk_opens_no_database_and_the_checklist_none_of_answers(tmp_path):
    done = python(WALK, tmp_path / "data", FLAGSHIP)
    told = ["True []", "200 ['office.db']", "True"]
    assert done.stdout.splitlines() == told, done.stderr
