"""The services as real processes: started, killed and started again on the same stores."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

START_SECONDS_MAX: Final = 300
STOP_SECONDS_MAX: Final = 120
SERVICES: Final = ("provisioning", "billing")


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class ServiceProcesses:
    """Provisioning and billing as processes of their own, on one data folder."""

    data_dir: Path
    database_urls: Mapping[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, service: str, **environment: str) -> None:
        """Start a service and wait until it serves; it may also die at once by a failpoint."""
        port = self.ports.setdefault(service, free_port())
        peer = "billing" if service == "provisioning" else "provisioning"
        prefix = f"POSPAGO_{service.upper()}_"
        settings = {
            "POSPAGO_DATA_DIR": str(self.data_dir),
            "POSPAGO_LOG_LEVEL": "warning",
            f"{prefix}PORT": str(port),
            f"{prefix}METRICS_PORT": "0",
            f"{prefix}PEER_ADDRESS": f"127.0.0.1:{self.ports.setdefault(peer, free_port())}",
            f"{prefix}DATABASE_URL": self.database_urls.get(service, ""),
        }
        log = (self.data_dir / f"{service}.log").open("ab")
        self._running[service] = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
            [sys.executable, "-m", f"{service}_service"],
            env={**os.environ, **settings, **environment},
            stdout=log,
            stderr=log,
        )
        log.close()
        self._wait(service)

    def kill(self, service: str) -> None:
        """End a service as `kill -9` does, and wait until it is gone."""
        process = self._running[service]
        process.send_signal(signal.SIGKILL)
        process.wait(STOP_SECONDS_MAX)

    def is_running(self, service: str) -> bool:
        """Whether the service's process lives."""
        return self._running[service].poll() is None

    def stop_all(self) -> None:
        """Ask all to end, and wait; kill what does not."""
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        for process in self._running.values():
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_SECONDS_MAX)

    def memory_bytes(self, service: str) -> int:
        """How much memory the service's process holds."""
        status = Path(f"/proc/{self._running[service].pid}/status").read_text(encoding="ascii")
        (resident,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
        return int(resident.split()[1]) * 1024

    def address(self, service: str) -> str:
        """Where the service listens."""
        return f"127.0.0.1:{self.ports[service]}"

    def operator_secret(self) -> str:
        """The operator's secret, made at the first start."""
        return (self.data_dir / "operator.token").read_text(encoding="ascii").strip()

    def log_of(self, service: str) -> str:
        """What the service has printed so far."""
        return (self.data_dir / f"{service}.log").read_text(errors="replace")

    def _wait(self, service: str) -> None:
        """Wait until the service listens, or its process has ended."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while self.is_running(service) and not _listens(self.ports[service]):
            if time.monotonic() > deadline:
                raise TimeoutError(self.log_of(service))
            time.sleep(0.05)


def _listens(port: int) -> bool:
    """Whether somebody takes connections on a port of this machine."""
    # A channel would pause longer and longer between attempts, and its thread outlive it.
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def service_processes(
    data_dir: Path,
    database_urls: Mapping[str, str] | None = None,
    services: Sequence[str] = SERVICES,
) -> Iterator[ServiceProcesses]:
    """Both services running, or those that are named; stopped at the end."""
    data_dir.mkdir(parents=True, exist_ok=True)
    suite = ServiceProcesses(data_dir, database_urls or {})
    try:
        for service in services:
            suite.start(service)
        yield suite
    finally:
        suite.stop_all()
