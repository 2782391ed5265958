"""The pages on installing, followed by a script on a machine where nothing is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.attacks.outcome import Trial
from tests.serving import ROOT

NEEDED = {"debian": ("mmdebstrap", "chroot"), "container": ("mmdebstrap", "buildah")}


def rows(folder: Path) -> list[Trial]:
    """Build the wheel and follow each page, where this machine has what that needs."""
    ways = [w for w, needed in NEEDED.items() if all(map(shutil.which, needed))]
    if os.geteuid() != 0 or not ways:
        said = "not tried: it needs root, mmdebstrap and buildah"
        return [Trial("the pages on installing, followed to the letter", 0, said, 0, 0, "–")]
    out = str(folder)
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", out, "."]
    subprocess.run(build, check=True, cwd=ROOT, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return [_followed(way, wheel) for way in ways]


def _followed(way: str, wheel: Path) -> Trial:
    command = [sys.executable, "-m", "tests.deploy.bare_machine", str(wheel), way]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    said = (done.stderr if done.returncode else done.stdout).strip() or "it said nothing"
    return Trial(
        f"install-{way}.md followed to the letter on a bare machine",
        1,
        said.splitlines()[-1],
        done.returncode,
        0,
        "the first page is answered",
    )
