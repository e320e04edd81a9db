"""Becomes one process of the suite, after tying its life to its supervisor's.

Run as `python -m pospago_cli.child PARENT_PID MODULE`. A process of its own, because nothing of
ours may run between fork and exec once gRPC was used.
"""

import ctypes
import os
import runpy
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    """Run MODULE as `python -m` would; on Linux it drains when its supervisor is gone."""
    parent_pid, module = sys.argv[1:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    # The supervisor may have died before the kernel was asked to watch it.
    if os.getppid() != int(parent_pid):
        sys.exit(f"the supervisor is gone: {module} is not started")
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
