"""Reader of a dossier.zip; nothing in it is believed before its sums and fingerprints agree."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from exports.output_files import SUMS, read_sums
from forms.fingerprint import fingerprint_of_facts
from forms.load import load_study
from forms.study import Study
from forms.toml_tables import StudyFaults
from survey.errors import Refusal
from survey.studies.fingerprints import VersionFingerprints

TEXTS, FORMAT = "texts.json", 1  # one that is of another format is refused
KEPT_IN = "dossiers"  # folder in the data folder; emptied when the server starts
_NAME = re.compile(r"[A-Za-z0-9][\w-]*")
# A dossier comes from anywhere: a zip that unpacks to far more than it weighs is not unpacked.
MOST_BYTES = 64 * 2**20
MOST_FILES = 200

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dossier:
    """A study as its dossier has it: its address, fingerprints, screens and ways."""

    name: str
    address: str
    fingerprints: VersionFingerprints
    screens: dict[str, Json]  # by id, in the order met
    ways: tuple[Json, ...]
    may_also_say: frozenset[str]
    approval: Json | None = None  # with its evidence: statement, signatures, public keys
    platform: str = ""  # of the platform's own sentences; empty in a dossier from before


def open_dossier(path: Path) -> Dossier:
    """Return the dossier in ``path``. Raises Refusal where it is damaged or contradicts itself."""
    files = unpacked(path)
    if SUMS not in files or TEXTS not in files:
        raise Refusal(f"{path} is no dossier.zip: it has no {TEXTS if SUMS in files else SUMS}.")
    listed = read_sums(files[SUMS])
    present = {n: sha256(body).hexdigest() for n, body in files.items() if n != SUMS}
    changed = sorted(n for n in listed.keys() | present if listed.get(n) != present.get(n))
    if changed:
        raise Refusal(f"{path} was changed after it was made: {', '.join(changed)}.")
    try:
        texts: Json = json.loads(files[TEXTS])
        if texts["format"] != FORMAT:
            raise Refusal(f"{path}: this version cannot read format {texts['format']} of {TEXTS}.")
        study = _checked_study(path, files, texts)
        return Dossier(
            name=study.name,
            address=study.address,
            fingerprints=_named(texts),
            screens={screen["id"]: screen for screen in texts["screens"]},
            ways=tuple(texts["ways"]),
            may_also_say=frozenset(texts["may_also_say"]),
            approval=texts.get("approval"),
            platform=str(texts.get("platform", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Refusal(f"{path}: {TEXTS} cannot be read ({type(error).__name__}).") from None


def unpacked(
    path: Path, *, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES
) -> dict[str, bytes]:
    """Return the contents by name below the one folder of a zip. Raises Refusal."""
    try:
        with zipfile.ZipFile(BytesIO(path.read_bytes())) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir()]
            if len(entries) > most_files or sum(e.file_size for e in entries) > most_bytes:
                raise Refusal(f"{path} is too large to be a dossier.")
            found = {}
            for entry in entries:
                parts = PurePosixPath(entry.filename).parts[1:]
                if not parts or ".." in parts or entry.filename.startswith("/"):
                    raise ValueError(entry.filename)
                found["/".join(parts)] = archive.read(entry)
            return found
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror or error}.") from None
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise Refusal(f"{path} is no dossier.zip, or it is damaged.") from None


def _checked_study(path: Path, files: dict[str, bytes], texts: Json) -> Study:
    """Return the study of the dossier's own files, which must have the fingerprints it names."""
    name = str(texts["study"]["name"])
    if not _NAME.fullmatch(name):
        raise Refusal(f"{path}: {name!r} is no name of a study.")
    with TemporaryDirectory() as work:
        for inside, body in files.items():
            if inside.startswith(f"{name}/"):
                file = Path(work) / inside
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(body)
        try:
            study = load_study(Path(work) / name, signed=True)
        except StudyFaults as faults:
            raise Refusal(f"{path}: its study files have faults: {faults.faults[0]}") from None
    fingerprints = study.fingerprints
    ours = VersionFingerprints(
        fingerprints.words, fingerprints.policy, fingerprint_of_facts(study, texts["facts"])
    )
    for part, found, named in zip(ours._fields, ours, _named(texts), strict=True):
        if found != named:
            raise Refusal(
                f"{path} contradicts itself: its own files give another {part} fingerprint."
            )
    return study


def _named(texts: Json) -> VersionFingerprints:
    return VersionFingerprints(*(texts["fingerprints"][n] for n in VersionFingerprints._fields))
