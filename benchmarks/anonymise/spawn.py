"""Run a command and print, as its last line, its seconds and peak memory (MB) as JSON.

    python -I -S spawn.py LIMIT COMMAND …

ends the command after LIMIT seconds. A process of its own, and a small one: to the kernel a child's
peak begins with its parent's size.
"""

import json
import os
import signal
import sys
import time

limit, *command = sys.argv[1:]
begun = time.perf_counter()
pid = os.posix_spawnp(command[0], command, dict(os.environ))
signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
signal.setitimer(signal.ITIMER_REAL, float(limit))
_, status, used = os.wait4(pid, 0)
told = {
    "seconds": time.perf_counter() - begun,
    "cpu": used.ru_utime + used.ru_stime,
    "memory": used.ru_maxrss / 1024,
    "status": os.waitstatus_to_exitcode(status),
}
print(json.dumps(told))
