"""The release process: the only place where stored rows and exports meet. No web in it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from exports.columns import STORED, misfits
from exports.release import Occasion, Release, make_release
from exports.write import sha256
from forms.columns import of_study
from forms.fingerprint import CONSENT_TEXTS, digest
from forms.study import Study
from survey.errors import Refusal
from survey.simulate import is_synthetic
from survey.store import releases, responses
from survey.store.connect import Stores
from survey.store.database import Database

SUMS = "SHA256SUMS"
OTHER_QUESTIONS = "they answered other questions than this study folder asks"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """A finished release: where it lies, its number in the ledger, and its report."""

    folder: Path
    number: int
    report: Mapping[str, Any]

    def __str__(self) -> str:
        k, tier = self.report["k"], self.report["tier"]["name"]
        mark = " PILOT" * self.report["pilot"] + " SYNTHETIC" * self.report["synthetic"]
        return (
            f"Release {self.number}{mark}, tier {tier}: {self.report['rows']} rows, k = "
            f"{k['reached']} ({k['asked']} asked), in {self.folder}. Read README.md first."
        )


@dataclass(frozen=True, slots=True)
class Wording:
    """One archived wording: what its answers are called in a release, and its full digests."""

    version: str
    consent: str
    words_sha256: str
    consent_sha256: str


def _wording(fingerprint: bytes, content: str) -> Wording:
    said = json.loads(content)
    consent = said["consent"]
    parts = ("key_facts", "details", "notice", "eligibility", "statements")
    full = digest(
        {
            "language": said["language"],
            "texts": {key: consent["texts"][key] for key in CONSENT_TEXTS},
            **{part: consent[part] for part in parts},
        }
    )
    named = f"{consent['version']}+{full[:8]}"
    return Wording(said["version"], named, fingerprint.hex(), full)


def _wordings(db: Database, study: Study) -> dict[bytes, Wording]:
    """Fingerprint → wording. A version shared by several wordings gets part of the digest added."""
    archived = responses.wordings(db, study.name)
    found = {bytes(w["fingerprint"]): str(w["content"]) for w in archived}  # type: ignore[arg-type]
    wordings = {print_: _wording(print_, content) for print_, content in found.items()}
    versions = [w.version for w in wordings.values()]
    return {
        print_: w
        if versions.count(w.version) == 1
        else Wording(
            f"{w.version}+{w.words_sha256[:8]}", w.consent, w.words_sha256, w.consent_sha256
        )
        for print_, w in wordings.items()
    }


def _plain(row: Row, wording: Wording, columns: Iterable[str]) -> Row:
    """A stored row as exports know it: no key, no deletion value, versions in words."""
    named = {"study_version": wording.version, "consent_version": wording.consent}
    full = {**row, **named}
    return {name: full[name] for name in columns}


def _fitting(study: Study, stored: Iterable[Row], wordings: Mapping[bytes, Wording]) -> list[Row]:
    """Plain rows of the wordings whose answers this study folder explains, column by column."""
    columns = {*STORED, *(c.name for c in of_study(study))}
    own = {"key", "fingerprint", "deletion", "batch"}
    by_words: dict[bytes, list[Row]] = defaultdict(list)
    for row in stored:
        by_words[bytes(row["fingerprint"])].append(row)
    fitting: list[Row] = []
    for fingerprint, rows in by_words.items():
        asked = rows[0].keys() - own | {"study_version", "consent_version"}
        if asked != columns:
            continue
        plain = [_plain(row, wordings[fingerprint], columns) for row in rows]
        if not misfits(study, plain):
            fitting += plain
    return fitting


def _check_folder(out: Path) -> None:
    if out.is_dir() and any(out.iterdir()):
        raise Refusal(f"{out} is not empty: a release is written into a folder of its own.")
    if out.exists() and not out.is_dir():
        raise Refusal(f"{out} is a file: name a folder for the release.")


def _check_rows(study: Study, stored: list[Row], *, pilot: bool) -> None:
    if stored:
        return
    if pilot:
        raise Refusal(f"The pilot of {study.name} has no answers yet.")
    raise Refusal(
        f"{study.name} has no frozen answers: `lacrima study freeze {study.name}` makes a batch."
    )


def _check_earlier(stores: Stores, study: Study, batches: tuple[int, ...]) -> None:
    """Two releases of other rows or rules could be compared to undo what each withholds.

    Until batches are appended to what went out before, the same frozen rows under the same policy
    may go out again, and nothing else.
    """
    for earlier in releases.all_releases(stores.office, study.name):
        same = earlier.batches == batches and earlier.policy == study.fingerprints.policy
        if not earlier.pilot and not same:
            raise Refusal(
                f"Release {earlier.number} of {study.name} holds other batches or followed another "
                "policy; comparing the two could undo what is withheld. Releases that append "
                "batches are not built in this version."
            )


def _write(files: Mapping[str, bytes], out: Path) -> Path:
    """The files in a folder beside ``out``, complete but under another name."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise Refusal(f"Cannot write to {out}: {error.strerror}.") from None
    return folder


def _enter(
    stores: Stores, study: Study, made: Release, *, batches: tuple[int, ...], made_at: str
) -> int:
    report = made.report
    return releases.record(
        stores.office,
        releases.Release(
            study=study.name,
            tier=report["tier"]["name"],
            sha256=sha256(made.files[SUMS]),
            made_at=made_at,
            rows=report["rows"],
            policy=study.fingerprints.policy,
            words=tuple(report["words"].values()),
            batches=batches,
            pilot=report["pilot"],
        ),
    )


def _occasion(
    db: Database, study: Study, rows: list[Row], wordings: Iterable[Wording], left_out: int
) -> Occasion:
    used = {row["study_version"] for row in rows}
    among = [w for w in wordings if w.version in used]
    return Occasion(
        synthetic=is_synthetic(db, study),
        words={w.version: w.words_sha256 for w in among},
        consents={w.consent: w.consent_sha256 for w in among},
        left_out={OTHER_QUESTIONS: left_out} if left_out else {},
    )


def run(
    stores: Stores,
    study: Study,
    *,
    tier: str,
    out: Path,
    pilot: bool,
    seed: int = 0,
    made_at: str | None = None,
) -> Done:
    """Make one release into the new folder ``out`` and enter it in the ledger.

    Takes frozen rows, or with ``pilot`` every row of the pilot as one batch. ``made_at`` is an ISO
    time for the ledger (absent: now); no file holds it. Raises Refusal or Refused; then nothing is
    written.
    """
    _check_folder(out)
    db = stores.answers(pilot=pilot)
    stored = list(responses.rows(db, study.name, frozen_only=not pilot))
    _check_rows(study, stored, pilot=pilot)
    batches = () if pilot else tuple(sorted({int(row["batch"]) for row in stored}))
    if not pilot:
        _check_earlier(stores, study, batches)
    wordings = _wordings(db, study)
    rows = _fitting(study, stored, wordings)
    if not rows:
        raise Refusal(
            f"None of the {len(stored)} answers to {study.name} fits this study folder: "
            f"{OTHER_QUESTIONS}."
        )
    occasion = _occasion(db, study, rows, wordings.values(), len(stored) - len(rows))
    made = make_release(study, rows, tier=tier, seed=seed, occasion=replace(occasion, pilot=pilot))
    part = _write(made.files, out)
    try:
        number = _enter(stores, study, made, batches=batches, made_at=made_at or _now())
        part.rename(out)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return Done(out, number, made.report)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
