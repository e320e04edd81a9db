"""Envoy's control port: readiness, bound addresses, calls under way, drain."""

import asyncio
import http.client
import json
from dataclasses import dataclass

from gateway.listener import LISTENER_NAME
from gateway.settings import Address

_TIMEOUT_SECONDS = 5
_ANSWER_BYTES_MAX = 1_048_576
_CALLS_UNDER_WAY = f"http.{LISTENER_NAME}.downstream_rq_active"


@dataclass(frozen=True, slots=True)
class EnvoyAdmin:
    """Asks one Envoy; a lost connection is an OSError or an HTTPException."""

    address: Address

    async def is_ready(self) -> bool:
        """Tell whether Envoy takes calls."""
        status, _ = await self._ask("GET", "/ready")
        return status == http.client.OK

    async def listener_address(self) -> Address:
        """Give the address that the listener is bound to."""
        _, body = await self._ask("GET", "/listeners?format=json")
        for listener in json.loads(body)["listener_statuses"]:
            if listener["name"] == LISTENER_NAME:
                bound = listener["local_address"]["socket_address"]
                return Address(bound["address"], bound["port_value"])
        raise LookupError(f"Envoy has no listener {LISTENER_NAME!r}")

    async def calls_under_way(self) -> int:
        """Give the number of calls that have begun and not ended."""
        _, body = await self._ask("GET", f"/stats?filter=^{_CALLS_UNDER_WAY}$")
        return int(body.decode().rpartition(":")[2])

    async def drain(self) -> None:
        """Ask the clients to leave, while calls go on."""
        await self._ask("POST", "/drain_listeners?graceful")

    async def _ask(self, verb: str, path: str) -> tuple[int, bytes]:
        return await asyncio.to_thread(_ask, self.address, verb, path)


def _ask(address: Address, verb: str, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(address.host, address.port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request(verb, path)
        answer = connection.getresponse()
        return answer.status, answer.read(_ANSWER_BYTES_MAX)
    finally:
        connection.close()
