"""Usage sent at a rate that does not ask whether it can be taken, and what became of it."""

import asyncio
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
import grpc.aio
from google.rpc import error_details_pb2, status_pb2
from pospago.billing.v1 import usage_pb2

from tests.suite.clients import bearer
from tests.suite.usage_load import ACCOUNTS, TYPE

METHOD: Final = "/pospago.billing.v1.UsageService/IngestEvents"
EVENTS_PER_CALL: Final = 500
CALLERS: Final = 8
CHANNELS: Final = 4
# What is accepted may wait for all that waits before it.
CALL_SECONDS: Final = 600.0
LOOK_SECONDS: Final = 0.05
_PLACE: Final = b"@" * 12


@dataclass(slots=True)
class Flood:
    """What was sent to an address, by outcome: `OK` or the reason of a refusal."""

    address: str
    secret: str
    outcomes: Counter[str] = field(default_factory=Counter)
    accepted_count: int = 0
    without_delay_count: int = 0
    _channels: list[grpc.aio.Channel] = field(default_factory=list)
    _sent_count: int = 0
    _template: bytes = b""

    async def open(self) -> None:
        """Connect, and prepare what is sent."""
        self._template = _template()
        options = [("grpc.use_local_subchannel_pool", 1)]
        self._channels = [
            grpc.aio.insecure_channel(self.address, options=options) for _ in range(CHANNELS)
        ]

    async def close(self) -> None:
        """Hang up."""
        for each in self._channels:
            await each.close()

    async def sustained(self, seconds: float) -> float:
        """Send as fast as it is taken, for some seconds; gives the calls a second."""
        before, started = self.outcomes["OK"], time.monotonic()

        async def call_again_and_again() -> None:
            while time.monotonic() - started < seconds:
                await self._send()

        await asyncio.gather(*(call_again_and_again() for _ in range(CALLERS)))
        return (self.outcomes["OK"] - before) / (time.monotonic() - started)

    async def offered(self, calls_per_second: float, seconds: float) -> None:
        """Begin so many calls a second, whatever becomes of them; then wait for all answers."""
        started, calls = time.monotonic(), set()
        for number in range(int(calls_per_second * seconds)):
            ahead = started + number / calls_per_second - time.monotonic()
            if ahead > 0:
                await asyncio.sleep(ahead)
            call = asyncio.create_task(self._send())
            calls.add(call)
            call.add_done_callback(calls.discard)
        await asyncio.gather(*calls)

    async def _send(self) -> None:
        """Send events that nobody has sent before, and note what becomes of them."""
        self._sent_count += 1
        channel = self._channels[self._sent_count % CHANNELS]
        payload = self._template.replace(_PLACE, b"%012d" % self._sent_count)
        call: Any = channel.unary_unary(METHOD)
        try:
            answer = await call(payload, metadata=bearer(self.secret), timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError as failure:
            self._note(failure)
            return
        self.outcomes["OK"] += 1
        self.accepted_count += usage_pb2.IngestEventsResponse.FromString(answer).accepted_count

    def _note(self, failure: grpc.aio.AioRpcError) -> None:
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        for detail in _details(failure):
            detail.Unpack(info)
            detail.Unpack(retry)
        self.outcomes[f"{failure.code().name} {info.reason}"] += 1
        self.without_delay_count += not retry.retry_delay.ToMilliseconds()


@dataclass(slots=True)
class Watch:
    """What the metrics of a server say again and again: the most that each gauge showed."""

    port: int
    highest: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            page = await asyncio.to_thread(self._page)
            for name, value in _gauges(page):
                self.highest[name] = max(value, self.highest.get(name, 0))
            await asyncio.sleep(LOOK_SECONDS)

    def _page(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as page:
            text: bytes = page.read()
        return text.decode()


def _template() -> bytes:
    """A request whose ids hold a place that is filled for each call."""
    events = [
        usage_pb2.UsageEvent(
            source="flood",
            id=f"{_PLACE.decode()}-{number}",
            subject=f"accounts/{ACCOUNTS[number % len(ACCOUNTS)]}",
            type=TYPE,
            data={"value": str(number % 10), "region": "sa"},
        )
        for number in range(EVENTS_PER_CALL)
    ]
    return usage_pb2.IngestEventsRequest(events=events).SerializeToString()


def _details(failure: grpc.aio.AioRpcError) -> Iterator[Any]:
    metadata: Any = failure.trailing_metadata()
    for key, value in metadata or ():
        if key == "grpc-status-details-bin":
            yield from status_pb2.Status.FromString(value).details


def _gauges(page: str) -> Iterator[tuple[str, float]]:
    for line in page.splitlines():
        name, _, value = line.rpartition(" ")
        if name.startswith("pospago_") and "{" not in name:
            yield name, float(value)
