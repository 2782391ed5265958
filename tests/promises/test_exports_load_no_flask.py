import subprocess
import sys

CANNOT_SEE_PEOPLE = ("flask", "wtforms", "sqlite3", "sqlite_utils", "survey")
SCRIPT = """
import sys, exports.release
print(*(name for name in sys.argv[1:] if name in sys.modules))
"""


def test_exports_load_no_web_no_forms_library_and_no_database():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *CANNOT_SEE_PEOPLE],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []
