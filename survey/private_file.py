"""New files that nobody but their owner reads: private keys, invitations."""

from __future__ import annotations

import os
from pathlib import Path

from survey.errors import Refusal


def new_private_file(path: Path, because: str) -> int:
    """Open a new file for its owner alone; return its handle. Raises Refusal, never overwrites.

    ``because`` says in a clause why an earlier file is not written over.
    """
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refusal(f"{path} is there already: {because}.") from None
    except OSError as error:
        raise Refusal(f"Cannot write {path}: {error.strerror}.") from None
