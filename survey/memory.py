"""A process that answers pass through: its memory is closed to others, and goes with it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from multiprocessing import parent_process

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4  # prctl(2)
M_PERTURB = -6  # mallopt(3)


def close_memory() -> None:
    """Let nobody but root read this process, and no crash write it to the disk (Linux alone).

    It holds for processes forked from this one, until they execute another program. Raises
    OSError.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def end_with_parent() -> None:
    """Have this process end, as if asked to, when the one that started it is gone (Linux alone)."""
    if sys.platform == "linux":
        # Until the server has a handler here, that of the first process would swallow the signal.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        parent = parent_process()
        if parent and parent.pid != os.getppid():  # it was gone before that was asked for
            raise SystemExit


def overwrite_freed_memory() -> None:
    """Have what is freed from now on overwritten at once (glibc alone).

    Python keeps values of up to 512 bytes in pools of its own, which this does not reach: for them
    a process has to end.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(M_PERTURB, 0xFF)


def give_back_memory() -> None:
    """Return to the system what was freed (glibc alone)."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
