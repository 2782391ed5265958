"""Folders that appear whole or not at all: written beside their place, renamed when finished."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def hidden_beside(
    out: Path, refusal: Callable[[OSError, bool], Exception], *, mode: int = 0o777
) -> Iterator[Path]:
    """Yield a hidden folder next to ``out``, on one disk with it, and remove it with all it holds.

    What is finished is renamed to ``out`` by the caller. An OSError becomes ``refusal(error,
    begun)``, where ``begun`` says that there was a folder to write into.
    """
    folder = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True, mode=mode)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        yield folder
    except OSError as error:
        raise refusal(error, folder is not None) from None
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
