"""Run as a program: a command under the restrictions of a unit that a test can lay on as well.

``as_systemd.py UNIT SOCKET COMMAND …`` listens at SOCKET, hands it over as systemd does, lays on
the unit's system call filter, memory and privilege restrictions before it becomes the command.
"""

import ctypes
import errno
import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

PR_SET_NO_NEW_PRIVS, PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN = 38, 65, 1  # prctl(2)
PR_CAPBSET_DROP, LAST_CAPABILITY = 24, 40
ALLOW, ERRNO = 0x7FFF0000, 0x00050000  # seccomp.h
HANDED_OVER = 3


def values(unit: Path, key: str) -> list[str]:
    """What the unit says for ``key``, a value a line."""
    lines = unit.read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]


def calls_of(group: str) -> set[str]:
    """System calls of a group such as @system-service, and of the groups in it."""
    said = subprocess.run(
        ["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True
    ).stdout
    words = [line.strip() for line in said.splitlines()[1:]]
    inside = {w for w in words if w.startswith("@")}
    return {w for w in words if w and w[0] not in "#@"} | {c for g in inside for c in calls_of(g)}


def allowed(unit: Path) -> set[str]:
    """System calls that the unit allows."""
    found: set[str] = set()
    for value in values(unit, "SystemCallFilter"):
        group = value.removeprefix("~")
        found = found - calls_of(group) if value.startswith("~") else found | calls_of(group)
    return found


def lay_on(unit: Path) -> None:
    """Restrict this process and what it becomes."""
    libc = ctypes.CDLL(None, use_errno=True)
    if values(unit, "CapabilityBoundingSet") == [""]:
        for capability in range(LAST_CAPABILITY + 1):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    if values(unit, "MemoryDenyWriteExecute") == ["yes"]:
        libc.prctl(PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)  # Linux 6.3 and newer know it
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(int(values(unit, "UMask")[0], 8))
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    begun = ctypes.c_void_p(seccomp.seccomp_init(ERRNO | errno.EPERM))
    for name in allowed(unit):
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            seccomp.seccomp_rule_add(begun, ALLOW, number, 0)
    assert seccomp.seccomp_load(begun) == 0


def main(unit: str, place: str, *command: str) -> None:
    """Become the command."""
    if place:
        made = socket.socket(socket.AF_UNIX)
        made.bind(place)
        made.listen()
        os.dup2(made.detach(), HANDED_OVER)
        os.set_inheritable(HANDED_OVER, True)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    for line in values(Path(unit), "Environment"):
        name, _, value = line.partition("=")
        os.environ[name] = value
    lay_on(Path(unit))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
