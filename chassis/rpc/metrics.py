"""Counts and times of a server's calls, and the gauges that its parts hang beside them."""

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from sqlalchemy import func, select

from chassis.writer import Writer

_LATENCY_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class RpcMeter:
    """The counts of one rpc, bound to their labels once."""

    __slots__ = ("_by_code", "_counter", "_latency", "_ok", "_rpc")

    def __init__(self, rpc: str, counter: Counter, latency: Histogram) -> None:
        self._rpc = rpc
        self._counter = counter
        self._latency = latency.labels(rpc)
        self._ok = counter.labels(rpc, "OK")
        self._by_code: dict[str, Counter] = {}

    def answered(self, seconds: float) -> None:
        """Count a call that was answered, and how long it took."""
        self._ok.inc()
        self._latency.observe(seconds)

    def ended(self, code: str) -> None:
        """Count a call that ended otherwise."""
        counter = self._by_code.get(code)
        if counter is None:
            counter = self._by_code[code] = self._counter.labels(self._rpc, code)
        counter.inc()


class Metrics:
    """The metrics of one server, apart from those of any other in the same process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "pospago_rpc_calls", "Calls ended.", ("rpc", "code"), registry=self.registry
        )
        self._latency = Histogram(
            "pospago_rpc_seconds",
            "Duration of answered calls.",
            ("rpc",),
            buckets=_LATENCY_SECONDS,
            registry=self.registry,
        )
        self._stop: Callable[[], None] | None = None

    def meter(self, rpc: str) -> RpcMeter:
        """The counts of one rpc."""
        return RpcMeter(rpc, self._calls, self._latency)

    def gauge(self, name: str, documentation: str, read: Callable[[], float]) -> None:
        """Show what `read` gives whenever somebody looks; `read` must not block."""
        Gauge(f"pospago_{name}", documentation, registry=self.registry).set_function(read)

    def count(self, name: str, documentation: str) -> Counter:
        """A counter of some part of the service."""
        return Counter(f"pospago_{name}", documentation, registry=self.registry)

    def show_writer(self, writer: Writer) -> None:
        """Show how much waits to be written, how far the feed is, and who is parked."""
        locks = writer.tools.tables.account_locks
        parked = select(func.count()).select_from(locks).where(locks.c.parked_cause != "")

        def parked_count() -> float:
            row = writer.database.read(lambda tx: tx.one(parked))
            return row[0] if row else 0

        self.gauge("writes_queued", "Writes that wait.", lambda: writer.queued_count)
        self.gauge("feed_seq", "The last event of the own feed.", lambda: writer.head.seq)
        self.gauge("accounts_parked", "Accounts that wait for something that failed.", parked_count)

    def serve(self, host: str, port: int) -> int:
        """Show the metrics on `/metrics`, in a thread of their own; gives the port."""
        server, thread = start_http_server(port, host, self.registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        self._stop = stop
        return int(server.server_port)

    def stop(self) -> None:
        """Stop showing them."""
        if self._stop is not None:
            self._stop()
            self._stop = None
