"""What approvals and answers are bound to: no study folder says anything else than before."""

from forms.load import load_study
from tests.pins.conftest import STUDY_FOLDERS


def test_the_fingerprints_of_every_study_folder(pinned):
    found = {name: load_study(folder).fingerprints for name, folder in STUDY_FOLDERS.items()}
    pinned(
        "fingerprints",
        (
            f"{name} {part} {digest}"
            for name, fingerprints in found.items()
            for part, digest in (
                ("words", fingerprints.words),
                ("policy", fingerprints.policy),
                ("consent", fingerprints.consent_version),
            )
        ),
    )
