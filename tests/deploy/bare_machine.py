"""Follow the pages on installing to the letter on a bare Debian; as root, for minutes.

``python -m tests.deploy.bare_machine WHEEL [debian|container]``: mmdebstrap makes the root, each
block of commands of the page is run as it stands, then the first page is asked for through what was
installed. systemd does not run there: what it would start is started here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.certificates import certificate
from tests.serving import ROOT
from tests.waiting import until

SUITE, PATIENCE_SECONDS = "bookworm", 60
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOUNTED = ("/proc", "/dev")
# How this machine reaches its package archives.
KNOWN_HERE = ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt")


def blocks(page: str) -> str:
    """Every block of commands of a page of the docs, one script."""
    return "set -eu\n" + "".join(BLOCK.findall((ROOT / "docs" / page).read_text()))


@contextmanager
def bare_root(folder: Path, packages: str) -> Iterator[Path]:
    """A Debian with these packages alone, into which one can chroot."""
    root = folder / "root"
    command = [
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        f"--include={packages}",
        SUITE,
        str(root),
    ]
    subprocess.run(command, check=True)
    for file in KNOWN_HERE:
        shutil.copy(file, root / file.lstrip("/"))
    for place in MOUNTED:
        subprocess.run(["mount", "--rbind", place, f"{root}{place}"], check=True)
        subprocess.run(["mount", "--make-rslave", f"{root}{place}"], check=True)
    try:
        yield root
    finally:
        for place in MOUNTED:
            subprocess.run(["umount", "--recursive", "--lazy", f"{root}{place}"], check=True)


def in_root(root: Path, script: str) -> None:
    """Run a script in the root, in the checkout; it must end well."""
    begun = "export SYSTEMD_OFFLINE=1\ncd /checkout\n"  # units are enabled, none is started
    subprocess.run(["chroot", root, "sh", "-c", begun + script], check=True)


def checkout_into(place: Path, wheel: Path) -> None:
    """What the pages take from a checkout."""
    for name in ("deploy", "requirements", "studies"):
        shutil.copytree(ROOT / name, place / name)
    (place / "dist").mkdir()
    shutil.copy(wheel, place / "dist")


def debian(folder: Path, wheel: Path) -> None:
    """Follow install-debian.md; ask nginx for the first page."""
    with bare_root(folder, "ca-certificates,systemd") as root:
        checkout_into(root / "checkout", wheel)
        pem = certificate(folder).read_bytes()
        for name in ("survey.pem", "survey.key"):
            (root / "etc/ssl" / name).write_bytes(pem)
        in_root(root, blocks("install-debian.md"))
        settings = "LACRIMA_SOCKET=/run/lacrima/lacrima.sock LACRIMA_PILOTS=therapist-tears"
        script = (
            "install -d -o lacrima -g www-data -m 2750 /run/lacrima\n"
            f"echo {settings} | tr ' ' '\\n' >> /etc/lacrima/lacrima.env\n"
            "lacrima serve & echo $! > /run/server.pid\nnginx"
        )
        in_root(root, script)
        try:
            assert until(lambda: asked("-k", "https://127.0.0.1/") == "200", PATIENCE_SECONDS)
        finally:
            in_root(root, "nginx -s quit; kill $(cat /run/server.pid)")


def container(folder: Path, wheel: Path) -> None:
    """Follow install-container.md here; ask the server in the image for the first page."""
    script = blocks("install-container.md").replace("/srv/lacrima", f"{folder}/srv")
    checkout_into(folder / "checkout", wheel)
    environ = {**os.environ, "ISOLATION": "chroot"}  # needs no runtime for containers
    subprocess.run(["sh", "-c", script], check=True, cwd=folder / "checkout", env=environ)
    name = subprocess.run(
        ["buildah", "from", "localhost/lacrima"], check=True, capture_output=True, text=True
    ).stdout.strip()
    places = {"data": "/var/lib/lacrima", "key": "/etc/lacrima/key", "run": "/run/lacrima",
              "studies": "/etc/lacrima/studies"}  # fmt: skip
    mounts = [v for at, to in places.items() for v in ("-v", f"{folder}/srv/{at}:{to}")]
    run = ["buildah", "run", "--isolation", "chroot", "--env", "LACRIMA_PILOTS=therapist-tears",
           *mounts, name, "--", "/opt/lacrima/bin/lacrima"]  # fmt: skip
    subprocess.run([*run, "key", "new"], check=True)
    with subprocess.Popen([*run, "serve"]) as server:
        try:
            socket = f"{folder}/srv/run/lacrima.sock"
            told = ("--unix-socket", socket, "http://localhost/")
            assert until(lambda: asked(*told) == "200", PATIENCE_SECONDS)
        finally:
            server.terminate()
            subprocess.run(["buildah", "rm", name], check=True, capture_output=True)


def asked(*where: str) -> str:
    """The status with which a page is answered."""
    command = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", *where]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def main(wheel: str, *ways: str) -> None:
    """Follow the pages named, or both."""
    for way in ways or ("debian", "container"):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            {"debian": debian, "container": container}[way](Path(folder), Path(wheel).resolve())
        sys.stdout.write(f"{way}: followed to the letter, the first page answered\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
