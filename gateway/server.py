"""Runs the gateway: Envoy in front, health and reflection beside it."""

import asyncio
import http.client
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from gateway.contract import read_contract
from gateway.envoy import render_bootstrap
from gateway.failures import EnvoyEnded
from gateway.health_and_reflection import HealthAndReflection, start_health_and_reflection
from gateway.routes import routes_of
from gateway.settings import Address, GatewaySettings
from gateway.supervisor import EnvoyProcess, require_free_ports, start_envoy

_log = structlog.get_logger("gateway")


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that takes calls."""

    envoy: EnvoyProcess
    _health: HealthAndReflection
    _drain_seconds: float

    @property
    def address(self) -> Address:
        """Give the address that clients call."""
        return self.envoy.address

    async def drain(self) -> None:
        """Stop being healthy, let the calls under way end, for at most the drain time."""
        self._health.start_draining()
        _log.info("draining", longest_seconds=self._drain_seconds)
        try:
            left = await self.envoy.drain(self._drain_seconds)
        except (OSError, http.client.HTTPException) as failed:
            _log.warning("drain cut short: Envoy no longer answers", error=str(failed))
        else:
            _log.info("drained", calls_cut_off=left)


@asynccontextmanager
async def running_gateway(settings: GatewaySettings) -> AsyncIterator[Gateway]:
    """Give a gateway that takes calls; leaving the block ends it at once."""
    require_free_ports(settings)
    contract = read_contract(settings.protoset_path)
    routes = routes_of(contract)
    health = await start_health_and_reflection(settings, contract, routes)
    try:
        envoy = await start_envoy(settings, render_bootstrap(settings, routes, health.address))
        try:
            yield Gateway(envoy, health, settings.drain_seconds)
        finally:
            await envoy.stop()
    finally:
        await health.stop()


async def serve(settings: GatewaySettings) -> None:
    """Serve until SIGTERM or SIGINT, then drain; a GatewayFailure says why it could not."""
    asked_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, asked_to_end.set)
    async with running_gateway(settings) as gateway:
        _log.info(
            "gateway ready",
            address=str(gateway.address),
            admin_address=str(gateway.envoy.admin.address),
            provisioning=[str(address) for address in settings.provisioning_addresses],
            billing=[str(address) for address in settings.billing_addresses],
        )
        await _until_asked_to_end(asked_to_end, gateway.envoy)
        await gateway.drain()
    _log.info("gateway stopped")


async def _until_asked_to_end(asked_to_end: asyncio.Event, envoy: EnvoyProcess) -> None:
    """Wait for the signal; Envoy ending before it is a failure."""
    asked = asyncio.create_task(asked_to_end.wait())
    ended = asyncio.create_task(envoy.wait())
    done, waiting = await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    if ended in done:
        raise EnvoyEnded(ended.result(), "while serving")
