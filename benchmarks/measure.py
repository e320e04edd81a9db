"""Alternated rounds, medians, and the one line of JSON that says what came of them."""

import json
import os
import statistics
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

ROUNDS: Final = 7
CLOCK_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Round:
    """What one round gave: a rate or another figure where higher is better, and its cost."""

    value: float
    server_cpu_us: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """The last line that a benchmark prints."""

    name: str
    value: float
    unit: str
    ceiling: float
    ratio: float
    bar: float


async def alternate(
    ours: Callable[[], Awaitable[Round]],
    ceiling: Callable[[], Awaitable[Round]],
    *,
    rounds: int = ROUNDS,
) -> tuple[list[Round], list[Round]]:
    """Rounds of both in turn, after one of each that does not count."""
    await ceiling()
    await ours()
    mine: list[Round] = []
    bare: list[Round] = []
    for number in range(rounds):
        bare.append(await ceiling())
        mine.append(await ours())
        print(
            f"round {number + 1}/{rounds}: ours {mine[-1].value:,.0f}, "
            f"ceiling {bare[-1].value:,.0f}, ratio {mine[-1].value / bare[-1].value:.2f}",
            file=sys.stderr,
        )
    return mine, bare


def median(rounds: list[Round]) -> float:
    """The median of the rounds' values."""
    return statistics.median(each.value for each in rounds)


def median_cpu_us(rounds: list[Round]) -> float:
    """The median of what a call cost the server, in microseconds of processor time."""
    return statistics.median(each.server_cpu_us for each in rounds)


def report(name: str, ours: list[Round], ceiling: list[Round], *, unit: str, bar: float) -> Result:
    """Print the result's line; the ratio is the median of the rounds' ratios."""
    ratio = statistics.median(
        mine.value / bare.value for mine, bare in zip(ours, ceiling, strict=True)
    )
    result = Result(
        name=name,
        value=round(median(ours), 1),
        unit=unit,
        ceiling=round(median(ceiling), 1),
        ratio=round(ratio, 3),
        bar=bar,
    )
    print(json.dumps(asdict(result)))
    return result


def processor_us(pid: int) -> float:
    """How much processor time a process has used, in microseconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return ticks / CLOCK_TICKS_PER_SECOND * 1_000_000
