"""The three processes of the suite under one supervisor: started, watched, drained."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, TextIO

import grpc

from pospago_cli.client import Connection
from pospago_cli.failures import CommandFailed
from pospago_cli.health import serves

# In the order in which they start; they are stopped the other way round.
MODULES: Final = MappingProxyType(
    {
        "provisioning": "provisioning_service",
        "billing": "billing_service",
        "gateway": "gateway",
    }
)
START_SECONDS: Final = 120
STOP_SECONDS: Final = 25
POLL_SECONDS: Final = 0.2
LAST_LINES_MAX: Final = 30

OnLine = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the three processes listen and keep their data."""

    data_dir: Path
    gateway_port: int = 8080
    provisioning_port: int = 8081
    billing_port: int = 8082
    health_port: int = 8083
    admin_port: int = 9080
    provisioning_metrics_port: int = 9081
    billing_metrics_port: int = 9082

    @classmethod
    def on_free_ports(cls, data_dir: Path) -> "Layout":
        """A layout on ports that nobody listens on now."""
        return cls(data_dir, *free_ports(7))

    @property
    def address(self) -> str:
        """Where clients call."""
        return f"127.0.0.1:{self.gateway_port}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings of all three processes, as environment variables."""
        provisioning = f"127.0.0.1:{self.provisioning_port}"
        billing = f"127.0.0.1:{self.billing_port}"
        return {
            "POSPAGO_DATA_DIR": str(self.data_dir),
            "POSPAGO_PROVISIONING_PORT": str(self.provisioning_port),
            "POSPAGO_PROVISIONING_METRICS_PORT": str(self.provisioning_metrics_port),
            "POSPAGO_PROVISIONING_PEER_ADDRESS": billing,
            "POSPAGO_BILLING_PORT": str(self.billing_port),
            "POSPAGO_BILLING_METRICS_PORT": str(self.billing_metrics_port),
            "POSPAGO_BILLING_PEER_ADDRESS": provisioning,
            "POSPAGO_GATEWAY_PORT": str(self.gateway_port),
            "POSPAGO_GATEWAY_HEALTH_PORT": str(self.health_port),
            "POSPAGO_GATEWAY_ADMIN_PORT": str(self.admin_port),
            "POSPAGO_GATEWAY_PROVISIONING_ADDRESSES": provisioning,
            "POSPAGO_GATEWAY_BILLING_ADDRESSES": billing,
        }


def inherited(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process, with some settings on top."""
    return {**os.environ, **settings}


def bare(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process with these settings of the suite and no others."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("POSPAGO_")}
    return {**kept, **settings}


def free_ports(count: int) -> list[int]:
    """As many TCP ports that nobody listens on now."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@dataclass(slots=True)
class Child:
    """One running process and the last lines it wrote."""

    name: str
    process: subprocess.Popen[str]
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES_MAX))


class Suite:
    """The suite as processes. Start it in the main thread: they end with the thread that did."""

    def __init__(self, environment: Mapping[str, str], on_line: OnLine) -> None:
        """`environment` is all that the processes read; see `inherited` and `bare`."""
        self._environment = {"PYTHONUNBUFFERED": "1", **environment}
        self._on_line = on_line
        self._children: list[Child] = []

    def start(self) -> None:
        """Start the three processes; they find each other as they come up."""
        for name, module in MODULES.items():
            self._children.append(self._spawn(name, module))

    def wait_serving(self, address: str, longest_seconds: int = START_SECONDS) -> None:
        """Return when the gateway at `address` says that all three serve."""
        give_up_at = time.monotonic() + longest_seconds
        with Connection.to(address) as connection:
            while True:
                self.require_running()
                if _serves(connection):
                    return
                if time.monotonic() > give_up_at:
                    raise CommandFailed(
                        f"The suite does not serve after {longest_seconds} s. "
                        + _waited_for(address, self._environment),
                        "See what the processes print, and let the ports that these settings name "
                        "be those where the services listen.",
                    )
                time.sleep(POLL_SECONDS)

    def require_running(self) -> None:
        """Raise CommandFailed with the last words of a process that ended by itself."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                words = "\n".join(f"  {line}" for line in child.last_lines)
                raise CommandFailed(f"{child.name} ended with exit code {code}.\n{words}")

    def stop(self) -> bool:
        """Drain and end all three, the gateway first; False if one had to be killed."""
        gently = True
        for child in reversed(self._children):
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
            gently = _ended(child.process) and gently
        self._children.clear()
        return gently

    def _spawn(self, name: str, module: str) -> Child:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
            [sys.executable, "-m", "pospago_cli.child", str(os.getpid()), module],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Ctrl-C reaches the supervisor only, which then stops the others in order.
            start_new_session=True,
        )
        child = Child(name, process)
        if process.stdout is not None:
            threading.Thread(target=self._read, args=(child, process.stdout), daemon=True).start()
        return child

    def _read(self, child: Child, output: TextIO) -> None:
        with output:
            for line in output:
                child.last_lines.append(line.rstrip("\n"))
                self._on_line(child.name, line.rstrip("\n"))


def _waited_for(address: str, environment: Mapping[str, str]) -> str:
    """Which addresses had to serve, and by which settings."""
    backends = (
        f"{setting} ({environment.get(setting) or f'127.0.0.1:{port}'})"
        for setting, port in (
            ("POSPAGO_GATEWAY_PROVISIONING_ADDRESSES", 8081),
            ("POSPAGO_GATEWAY_BILLING_ADDRESSES", 8082),
        )
    )
    return f"The gateway at {address} waits for {' and '.join(backends)}."


def _serves(connection: Connection) -> bool:
    try:
        return connection.stub(serves)
    except grpc.RpcError:  # the gateway does not answer yet
        return False


def _ended(process: subprocess.Popen[str]) -> bool:
    """Wait for the end of a process that was asked to; False if it had to be killed."""
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True
