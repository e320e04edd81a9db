"""Counts and times of calls: plain numbers while calls end, metrics when somebody looks.

All calls of a server end on its event loop, so nothing is locked on the way; whoever looks may miss
a call that ends meanwhile.
"""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

LATENCY_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class RpcMeter:
    """The counts of one rpc: calls ended by code, answered ones by how long they took."""

    __slots__ = ("by_code", "by_latency", "rpc", "seconds_sum")

    def __init__(self, rpc: str) -> None:
        self.rpc = rpc
        self.by_code = {"OK": 0}
        self.by_latency = [0] * (len(LATENCY_SECONDS) + 1)
        self.seconds_sum = 0.0

    def answered(self, seconds: float) -> None:
        """Count a call that was answered, and how long it took."""
        self.by_code["OK"] += 1
        self.by_latency[bisect_left(LATENCY_SECONDS, seconds)] += 1
        self.seconds_sum += seconds

    def ended(self, code: str) -> None:
        """Count a call that ended otherwise."""
        self.by_code[code] = self.by_code.get(code, 0) + 1


class RpcMeters(Collector):
    """The counts of a server's rpcs, as metrics."""

    def __init__(self) -> None:
        self._meters: list[RpcMeter] = []

    def meter(self, rpc: str) -> RpcMeter:
        """The counts of one rpc, all still zero."""
        self._meters.append(RpcMeter(rpc))
        return self._meters[-1]

    def collect(self) -> Iterator[Metric]:
        """What was counted up to now."""
        calls = CounterMetricFamily("pospago_rpc_calls", "Calls ended.", labels=("rpc", "code"))
        latency = HistogramMetricFamily(
            "pospago_rpc_seconds", "Duration of answered calls.", labels=("rpc",)
        )
        bounds = (*map(str, LATENCY_SECONDS), "+Inf")
        for meter in self._meters:
            for code, count in dict(meter.by_code).items():
                calls.add_metric((meter.rpc, code), count)
            buckets = zip(bounds, accumulate(meter.by_latency), strict=True)
            latency.add_metric((meter.rpc,), list(buckets), meter.seconds_sum)
        yield calls
        yield latency
