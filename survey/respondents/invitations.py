"""Invitations: single-use codes that open one study, handed out once and kept as keyed hashes.

A researcher who hands them out may know who holds which. So a spent code is deleted in the
transaction that takes the answer, in which nothing else names it, and the number of unspent ones
is shown in steps.
"""

from __future__ import annotations

import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from forms.typed_codes import CODE_LETTERS, in_groups, normalise_code
from survey.clock import iso_utc, today_here
from survey.collection.figures import UNSPENT
from survey.crypto import KeyRing
from survey.errors import Refusal, Unsealable
from survey.storage import admission, counters, studies
from survey.storage.counters import ReportedFigures
from survey.storage.database import write_transaction
from survey.storage.stores import Stores

INVITATION_LETTERS = 11  # 55 random bits: of a million codes a guess meets one in 3.6 * 10**10
MOST_WATCHED = 100
MOST_INVITATIONS = 10_000  # made at once
UNNOTICED = ("0Z", "Z0")  # neighbours that Luhn's sum takes for each other: in no code
SERVER = "the server"  # in the audit, where nobody of the staff did anything
LEAKED = "a watch code was typed: somebody has the list of invitations who should not"
HASH = "#"  # a link ends in it and the code; what follows it never leaves the browser
LINKS_STAY = (
    "A browser that opened such a link keeps it in its history, code and all, until somebody "
    "deletes it there: whoever looks can learn the code, and by trying it whether it was used."
)

# Scheme, host and port, and nothing that could hide another host (https://ours@theirs) or end up
# as markup, as a formula or as a code too large to be drawn.
SITE = re.compile(r"https?://(?=.{1,253}$)([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Invitation:
    """An unspent code: the study it opens, whether as a pilot, and its keyed hash."""

    study: str
    pilot: bool
    value: bytes


def luhn_letter(letters: str) -> str:
    """Return the last letter of a code: Luhn's sum to the base 32.

    It detects every single slip, and all neighbours changed over but 0 and Z.
    """
    total = 0
    for place, letter in enumerate(reversed(letters)):
        value = CODE_LETTERS.index(letter) * (2 - place % 2)
        total += value // len(CODE_LETTERS) + value % len(CODE_LETTERS)
    return CODE_LETTERS[-total % len(CODE_LETTERS)]


def new_code(choose: Callable[[str], str] = secrets.choice) -> str:
    """Return a code: three groups of four letters and digits without look-alikes."""
    while True:
        letters = "".join(choose(CODE_LETTERS) for _ in range(INVITATION_LETTERS))
        letters += luhn_letter(letters)
        if not any(pair in letters for pair in UNNOTICED):
            return in_groups(letters)


def read_code(typed: str) -> str:
    """Return the code that a client typed, or pasted as a link; empty where it has a slip."""
    code = normalise_code(typed.rpartition(HASH)[2])
    letters = code.replace("-", "")
    whole = len(letters) == INVITATION_LETTERS + 1 and all(c in CODE_LETTERS for c in letters)
    return code if whole and luhn_letter(letters[:-1]) == letters[-1] else ""


def find(stores: Stores, seal: KeyRing, code: str) -> Invitation | None:
    """Return the invitation of a code; None for one that was spent, taken back or never made."""
    for pilot in (False, True):
        db = stores.answers(pilot=pilot)
        for value in seal.invitation_values(code):
            study = admission.study_of(db, value)
            if study is not None:
                return Invitation(study, pilot, value)
    return None


# On the way from the page that takes the code to the draft: sealed in the browser's cookie.


def sealed_invitation(seal: KeyRing, invited: Invitation) -> str:
    """Return the invitation for the cookie, of use for its own study on this server alone."""
    return b64encode(seal.encrypt_for(invited.value, _owner(invited.study))).decode()


def opened_invitation(seal: KeyRing, sealed: str, study: str) -> str:
    """Return the keyed hash (hex) carried for ``study``; empty for a forged or foreign one."""
    try:
        return seal.decrypt_for(b64decode(sealed, validate=True), _owner(study)).hex()
    except (Unsealable, ValueError):
        return ""


def _owner(study: str) -> str:
    return f"invitation:{study}"


# Making and taking back.


def draw(count: int) -> list[str]:
    """Return so many new codes. They open nothing before they are kept."""
    return [new_code() for _ in range(count)]


def keep(stores: Stores, seal: KeyRing, study: str, codes: Sequence[str], *, pilot: bool) -> None:
    """Let each of these codes open the study once. Only keyed hashes are stored."""
    values = [seal.invitation_value(code) for code in codes]
    admission.add(stores.answers(pilot=pilot), study, values)
    _change_shown(stores, study, lambda unspent: unspent + len(codes), pilot=pilot)


def watch(stores: Stores, seal: KeyRing, study: str, codes: Sequence[str], *, pilot: bool) -> None:
    """Keep codes that open nothing: one that is typed tells that the list was leaked."""
    values = [seal.invitation_value(code) for code in codes]
    admission.add_watch(stores.office, study, values, pilot=pilot)


def note_leak(stores: Stores, seal: KeyRing, code: str) -> None:
    """Note, once, where a code that opened nothing was one that nobody was given."""
    office, day = stores.office, today_here().isoformat()
    for value in seal.invitation_values(code):
        if study := admission.watched_study(office, value):  # no turn to write is taken before
            with write_transaction(office):
                if admission.type_watch(office, value, day):
                    studies.note(office, at=iso_utc(), who=SERVER, what=f"{study}: {LEAKED}")


def take_back(stores: Stores, study: str, *, pilot: bool) -> None:
    """Take every code of the study back, even those that a client has begun with."""
    admission.drop(stores.answers(pilot=pilot), study)
    admission.drop_watch(stores.office, study, pilot=pilot)
    _change_shown(stores, study, lambda _: 0, pilot=pilot)


def unspent_shown(stores: Stores, study: str, *, pilot: bool) -> int:
    """Return the unspent ones as of the last step: it moves with the figures, and by making.

    The exact number would show whether a client who got one has answered.
    """
    return counters.reported_figures(stores.office, study, pilot=pilot).shown.get(UNSPENT, 0)


def _change_shown(stores: Stores, study: str, change: Callable[[int], int], *, pilot: bool) -> None:
    def after(step: ReportedFigures) -> ReportedFigures:
        return replace(step, shown={**step.shown, UNSPENT: change(step.shown.get(UNSPENT, 0))})

    counters.replace_figures(stores.office, study, after, pilot=pilot)


# Files to hand out.


def site_of(address: str) -> str:
    """Return scheme, host and port of an address of the site. Raises Refusal for what is none."""
    try:
        parts = urlsplit(address)
        site = f"{parts.scheme}://{parts.netloc}"
    except ValueError:  # half an IPv6 address, letters that are no letters
        site = ""
    if not SITE.fullmatch(site):
        raise Refusal("This is no address of a site: give https://… or http://… and its name.")
    return site


def link(site: str, code: str) -> str:
    """Return the address for a client: the code stands where no server ever reads it."""
    return f"{site}/i/{HASH}{code}"


def as_text(codes: Sequence[str]) -> str:
    """Return the codes, one a line."""
    return "".join(f"{code}\n" for code in codes)


def as_csv(codes: Sequence[str], site: str = "") -> str:
    """Return a table of codes, with links to ``site`` where they are asked for."""
    rows = [(code, link(site, code)) if site else (code,) for code in codes]
    head = ("code", "link") if site else ("code",)
    return "".join(",".join(row) + "\r\n" for row in (head, *rows))
