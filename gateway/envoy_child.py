"""Becomes Envoy, after tying its life to the gateway's.

Run as `python -m gateway.envoy_child PARENT_PID ENVOY ARGUMENT...`. A process of its own,
because the gateway runs threads and must not run Python between fork and exec.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Replace this process by Envoy; on Linux the kernel ends it when the gateway ends."""
    parent_pid, envoy, *arguments = sys.argv[1:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    # The gateway may have died before the kernel was asked to watch it.
    if os.getppid() != int(parent_pid):
        sys.exit("the gateway is gone: Envoy is not started")
    os.execv(envoy, [envoy, *arguments])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
