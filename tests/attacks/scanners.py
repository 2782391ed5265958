"""Scanners that others wrote, wapiti and sqlmap, at a demo with real files and at an open door.

They live in an environment of their own, which ``make audit`` sets up; nothing that asks a host
beyond this machine is switched on: no module that downloads lists, none that needs a listener.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.attacks.outcome import Trial
from tests.conftest import folder_of
from tests.serving import ROOT, demo, free_port, running

BIN = ROOT / ".venv" / "scanners" / "bin"
MODULES = (
    "backup", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers",
    "ldap", "methods", "permanentxss", "redirect", "shellshock", "sql", "timesql", "upload", "xss",
)  # fmt: skip
CRAWL_SECONDS = 60
# What wapiti takes for a fault at a demo, and why it is none.
KNOWN = {
    "Cross Site Request Forgery": "a form without its token is answered by a redirect, as one with",
    "Secure Flag cookie": "a demo speaks plain HTTP, where a cookie for TLS alone would not arrive",
}
# Address, what is posted there, and the fields that are tried.
TRIED = (
    ("/s/kinds/support?country=x", "", "country"),
    ("/s/kinds/withdraw?typed=x&shape=x", "", "typed,shape"),
    ("/ethics/kinds/versions?old=x&new=y", "", "old,new"),
    ("/i/", "invitation=x", "invitation"),
    ("/s/kinds/withdraw", "code=x", "code"),
    ("/research/sign-in", "name=x&password=y", "name,password"),
    ("/ethics/sign-in", "name=x&password=y", "name,password"),
)
INJECTABLE, SAFE = "sqlmap identified the following injection point", "do not appear to be inject"


def rows(folder: Path, *, minutes: float) -> list[Trial]:
    """What both find at a demo, and at a site that lets everything in."""
    if not (BIN / "wapiti").exists():
        said = "not tried: make audit sets the scanners up"
        return [Trial("wapiti and sqlmap", 0, said, 0, 0, "–")]
    port = free_port()
    door = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.attacks.open_door", str(port)]
    with running(command, {}, f"{door}/"):
        seen = wapiti(door, folder / "door", minutes)
        open_door = {"SQL Injection", "Reflected Cross Site Scripting"} & {*seen}
        injected = sqlmap(folder, f"{door}/?name=a", "", "name")
    with demo(folder / "scanned", folder_of("kinds"), folder_of("once")) as (server, site):
        found = wapiti(site, folder / "demo", minutes)
        tries = [sqlmap(folder, f"{site}{at}", data, names) for at, data, names in TRIED]
        traced = "Traceback" in server.said
    new = {kind: count for kind, count in found.items() if kind not in KNOWN}
    known = ", ".join(f"{kind} ({why})" for kind, why in KNOWN.items() if kind in found)
    blind = len(open_door) < 2 or traced
    return [
        Trial(
            f"wapiti, {len(MODULES)} modules, at the public pages of a demo",
            len(MODULES),
            f"{new or 'nothing'}; set aside: {known or 'nothing'}. At a page that lets everything "
            f"in: {', '.join(sorted(open_door)) or 'nothing'}",
            sum(new.values()) + blind,
            0,
            "nothing, no page that fails",
        ),
        Trial(
            "sqlmap, at every field and parameter that a stranger can send",
            sum(names.count(",") + 1 for _, _, names in TRIED),
            f"{sum(tries)} injectable; at a page that lets everything in {int(injected)} of 1",
            sum(tries) + (not injected),
            0,
            "none",
        ),
    ]


def wapiti(site: str, folder: Path, minutes: float) -> dict[str, int]:
    """Kinds of faults that it names, and how often; pages that failed among them."""
    folder.mkdir()
    command = [
        BIN / "wapiti", "-u", f"{site}/", "--scope", "folder", "-m", ",".join(MODULES), "-d", "6",
        "-f", "json", "-o", folder / "found.json", "--no-bugreport", "-v", "0",
        "--max-scan-time", str(min(CRAWL_SECONDS, 60 * minutes)),
        "--max-attack-time", str(60 * minutes / len(MODULES)),
        "--store-session", folder / "session", "--store-config", folder / "config",
    ]  # fmt: skip
    subprocess.run([*map(str, command)], capture_output=True, check=True)
    said = json.loads((folder / "found.json").read_text("utf-8"))
    kinds = {**said["vulnerabilities"], **said["anomalies"]}
    return {kind: len(found) for kind, found in kinds.items() if found}


def sqlmap(folder: Path, address: str, data: str, names: str) -> bool:
    """Whether it takes any of these parameters for injectable."""
    command = [
        BIN / "sqlmap", "-u", address, "-p", names, "--batch", "--disable-coloring", "--technique",
        "BEUS", "--flush-session", "--output-dir", folder / "sqlmap",
    ]  # fmt: skip
    if data:  # a form needs its token, drawn anew for each try
        command += ["--data", f"csrf_token=x&{data}", "--csrf-token", "csrf_token"]
        command += ["--csrf-url", address]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True)
    if INJECTABLE not in done.stdout and SAFE not in done.stdout:
        raise RuntimeError(f"sqlmap tried nothing at {address}: {done.stdout.strip()[-300:]}")
    return INJECTABLE in done.stdout
