"""Counts and times of a server's calls, and the gauges that its parts hang beside them."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server
from sqlalchemy import func, select

from chassis.rpc.meters import RpcMeter, RpcMeters
from chassis.writer import Writer


class Metrics:
    """The metrics of one server, apart from those of any other in the same process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._meters = RpcMeters()
        self.registry.register(self._meters)
        self._stop: Callable[[], None] | None = None

    def meter(self, rpc: str) -> RpcMeter:
        """The counts of one rpc."""
        return self._meters.meter(rpc)

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
        self.gauge("writes_queued_weight", "What they weigh.", lambda: writer.queued_weight)
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
