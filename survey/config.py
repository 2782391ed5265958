"""Settings: each with its name, default and sentence, read from the environment in one place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from survey.errors import BadSetting

PACKAGE = Path(__file__).resolve().parent
# Where a wheel keeps the folders that stand at the top of a checkout (pyproject.toml).
BUNDLED = PACKAGE / "bundled"


def folder(name: str) -> Path:
    """Return the folder ``name`` ("templates" or "studies") of this checkout or wheel."""
    top = BUNDLED if BUNDLED.is_dir() else PACKAGE.parent
    return top / name


PREFIX = "LACRIMA_"

Role = Literal["researcher", "board"]

ROOMS = ("respond", "research", "ethics")
ROLES: tuple[Role, ...] = ("researcher", "board")
NONE = "none"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as ``lacrima doctor`` and the docs show it."""

    name: str
    default: str
    sentence: str


SETTINGS = (
    Setting("data", "./instance", "Folder of the databases, the server key and the releases."),
    Setting("studies", "", "Folders of study folders, separated by ':'; empty: the shipped ones."),
    Setting("site", "", "The installation's site.toml; empty: site.toml in the data folder."),
    Setting("pilots", "", "Names of studies served as watermarked pilots, separated by commas."),
    Setting("key", "", "Server key; empty: server.key in the data folder. Back it up apart."),
    Setting("endings", "", "What a restore must not undo; empty: endings.json in the data folder."),
    Setting("https", "on", "Cookies only over TLS (on), or in clear too (off: this machine only)."),
    Setting("proxies", "1", "Reverse proxies in front whose headers are believed; 0 for none."),
    Setting("host", "127.0.0.1", "Address that `lacrima serve` listens on."),
    Setting("port", "8000", "Port that `lacrima serve` listens on."),
    Setting("socket", "", "Unix socket that `lacrima serve` listens on; empty: host and port."),
    Setting("metrics_port", "0", "Port of 127.0.0.1 with metrics for monitoring; 0: none."),
    Setting("workers", "2", "Server processes."),
    Setting("threads", "4", "Threads of each server process."),
    Setting("lifetime", "3600", "Seconds until a process is replaced, with all that it remembers."),
    Setting("starts", "60", "People let in to begin an open study each minute; 0: any number."),
    Setting("rooms", "respond,research,ethics", "Rooms that this server has; other rooms are 404."),
    Setting("second_step", "researcher", "Roles that sign in with a code too; boards always do."),
    Setting("text_readers", "1", "Persons who must agree before a client's text may leave (1, 2)."),
    Setting("smtp_host", "", "Mail server that takes notices to staff; empty: nobody is mailed."),
    Setting("smtp_port", "587", "Port of the mail server."),
    Setting("smtp_tls", "starttls", "starttls, tls (from the first byte) or off (this machine)."),
    Setting("smtp_from", "", "Address that notices come from."),
    Setting("smtp_user", "", "Name to sign in with at the mail server; empty: without."),
    Setting("smtp_password_file", "", "File with the password for it, readable by nobody else."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting, typed. ``demo`` is set by ``lacrima demo`` alone, never by the environment."""

    data: Path = Path("instance")
    studies: tuple[Path, ...] = ()
    site: Path = Path()
    pilots: frozenset[str] = frozenset()
    key: Path = Path()
    endings: Path = Path()
    https: bool = True
    proxies: int = 1
    host: str = "127.0.0.1"
    port: int = 8000
    socket: str = ""
    metrics_port: int = 0
    workers: int = 2
    threads: int = 4
    lifetime: int = 3600
    starts: int = 60
    text_readers: int = 1
    rooms: frozenset[str] = frozenset(ROOMS)
    second_step: frozenset[str] = frozenset({"researcher"})
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_tls: str = "starttls"
    smtp_from: str = ""
    smtp_user: str = ""
    smtp_password_file: str = ""
    demo: bool = False


def _number(name: str, text: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise BadSetting(f"{PREFIX}{name.upper()} is {text!r}: give a number from {low} to {high}.")
    return int(text)


def _address(text: str) -> str:
    """Return an address to listen on; the name of this machine itself is the only name."""
    if text == "localhost":
        return "127.0.0.1"
    try:
        return str(ip_address(text))
    except ValueError:
        raise BadSetting(
            f"{PREFIX}HOST is {text!r}: give an address, as 127.0.0.1, ::1 or 0.0.0.0."
        ) from None


def _switch(name: str, text: str) -> bool:
    if text not in ("on", "off"):
        raise BadSetting(f"{PREFIX}{name.upper()} is {text!r}: give on or off.")
    return text == "on"


def _some(name: str, text: str, known: tuple[str, ...]) -> frozenset[str]:
    names = frozenset(n.strip() for n in text.split(","))
    if not names <= set(known):
        raise BadSetting(
            f"{PREFIX}{name.upper()} is {text!r}: give some of {', '.join(known)}, with commas."
        )
    return names


def read_config(environ: Mapping[str, str] = os.environ) -> Config:
    """Return this environment's settings. Raises BadSetting for the first that cannot be read."""
    known = {PREFIX + s.name.upper() for s in SETTINGS}
    # A misspelt name would leave a setting at its default, unnoticed.
    unknown = sorted(n for n in environ if n.startswith(PREFIX) and n not in known)
    if unknown:
        raise BadSetting(f"{unknown[0]} is no setting of Lacrima. `lacrima doctor` lists them all.")
    text = {s.name: environ.get(PREFIX + s.name.upper(), s.default) for s in SETTINGS}
    data = Path(text["data"])
    folders = tuple(Path(p) for p in text["studies"].split(":") if p) or (folder("studies"),)
    return Config(
        data=data,
        studies=folders,
        site=Path(text["site"]) if text["site"] else data / "site.toml",
        pilots=frozenset(n.strip() for n in text["pilots"].split(",") if n.strip()),
        key=Path(text["key"]) if text["key"] else data / "server.key",
        endings=Path(text["endings"]) if text["endings"] else data / "endings.json",
        https=_switch("https", text["https"]),
        proxies=_number("proxies", text["proxies"], 0, 9),
        host=_address(text["host"]),
        port=_number("port", text["port"], 1, 65535),
        socket=text["socket"],
        metrics_port=_number("metrics_port", text["metrics_port"], 0, 65535),
        workers=_number("workers", text["workers"], 1, 64),
        threads=_number("threads", text["threads"], 1, 64),
        lifetime=_number("lifetime", text["lifetime"], 5, 86_400),
        starts=_number("starts", text["starts"], 0, 100_000),
        text_readers=_number("text_readers", text["text_readers"], 1, 2),
        rooms=_some("rooms", text["rooms"], ROOMS),
        second_step=_some("second_step", text["second_step"], (*ROLES, NONE)),
        **_mail_settings(text),
    )


def _mail_settings(text: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of the mail server; what could send a password in clear is refused."""
    host, tls = text["smtp_host"], text["smtp_tls"]
    if tls not in ("starttls", "tls", "off"):
        raise BadSetting(f"LACRIMA_SMTP_TLS is {tls!r}: give starttls, tls or off.")
    if host and tls == "off" and host not in LOOPBACK:
        raise BadSetting(
            "LACRIMA_SMTP_TLS is off while LACRIMA_SMTP_HOST is another machine: mail would travel "
            "in clear. Give starttls or tls."
        )
    if host and "@" not in text["smtp_from"]:
        raise BadSetting("LACRIMA_SMTP_FROM is empty: give the address that notices come from.")
    if bool(text["smtp_user"]) != bool(text["smtp_password_file"]):
        raise BadSetting("Give LACRIMA_SMTP_USER and LACRIMA_SMTP_PASSWORD_FILE, or neither.")
    given = {name: text[name] for name in text if name.startswith("smtp_")}
    return {**given, "smtp_port": _number("smtp_port", text["smtp_port"], 1, 65535)}


def as_environment(config: Config) -> dict[str, str]:
    """Return the environment from which a worker process reads ``config`` again."""

    def text(value: object) -> str:
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, frozenset):
            return ",".join(sorted(value))
        if isinstance(value, tuple):
            return ":".join(str(v) for v in value)
        return str(value)

    names = [f.name for f in fields(config) if f.name != "demo"]
    return {PREFIX + name.upper(): text(getattr(config, name)) for name in names}


def for_demo(config: Config, **changes: object) -> Config:
    """Return ``config`` for the demo: plain HTTP on this machine, everything a pilot."""
    fixed: dict[str, Any] = {
        "https": False, "proxies": 0, "host": "127.0.0.1", "socket": "", "demo": True,
        "second_step": frozenset({NONE}), "rooms": frozenset(ROOMS),
    }  # fmt: skip
    return replace(config, **fixed, **changes)  # type: ignore[arg-type]
