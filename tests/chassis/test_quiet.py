"""When the event loop may compute for long: not while the writing thread decides a heavy batch."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chassis.database import Transaction
from chassis.entry import Answer
from chassis.queueing import LONG_FROM, Bounds, Handed, Intake, Quiet
from chassis.use_case import Effects
from tests.chassis.counting import ADD, Counting, adding, apply, gather


async def busy_intake(weight: int) -> tuple[Intake, Handed]:
    """An intake that has handed a batch of a weight over, and that batch."""
    handed: list[Handed] = []
    intake = Intake(asyncio.get_running_loop(), handed.append, Bounds())
    intake.add(replace(adding("a", 1), weight=weight))
    await asyncio.sleep(0)
    return intake, handed[0]


async def is_quiet(until_quiet: Callable[[], Coroutine[Any, Any, None]]) -> bool:
    """Whether nobody has to wait."""
    waiting = asyncio.create_task(until_quiet())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return waiting.done() or not waiting.cancel()


@pytest.mark.parametrize(
    ("weight", "quiet"), [(1, True), (LONG_FROM - 1, True), (LONG_FROM, False)]
)
async def test_heavy_batch_ends_the_quiet(weight: int, *, quiet: bool) -> None:
    """What is decided in no time is in nobody's way."""
    intake, _ = await busy_intake(weight)
    assert await is_quiet(intake.quiet.wait) is quiet


async def test_answer_brings_quiet() -> None:
    """Whatever became of a batch, nobody waits longer than for its answer."""
    intake, handed = await busy_intake(LONG_FROM)
    intake.settle(handed.batch, [Answer(b"", 1, 1, replayed=False)])
    assert await is_quiet(intake.quiet.wait)


async def test_those_who_waited_go_on_in_turn() -> None:
    """Between those that compute for long the loop lets other calls in."""
    quiet = Quiet(asyncio.get_running_loop())
    quiet.end()
    told: list[str] = []

    async def compute(name: str) -> None:
        await quiet.wait()
        told.append(name)
        asyncio.get_running_loop().call_soon(told.append, "call")

    computing = [asyncio.create_task(compute(name)) for name in ("first", "second", "third")]
    await asyncio.sleep(0)
    quiet.begin()
    await asyncio.gather(*computing)
    assert told.index("call") < told.index("third")


async def test_rows_are_written_in_quiet(counting: Counting) -> None:
    """The loop waits while a heavy batch is decided, and not while its rows are written."""
    counting.open("a")
    gathering, deciding, computed = threading.Event(), threading.Event(), threading.Event()
    writes_in_quiet: list[bool] = []

    def gather_slowly(tx: Transaction, commands: Sequence[Any]) -> Any:
        gathering.set()
        deciding.wait(60)
        return gather(tx, commands)

    def write_slowly(tx: Transaction, effects: Sequence[Effects[Any]]) -> None:
        writes_in_quiet.append(computed.wait(60))
        apply(tx, effects)

    slow = replace(ADD, gather=gather_slowly, apply=write_slowly)
    heavy = replace(adding("a", 1), use_case=slow, weight=LONG_FROM)
    writing = asyncio.create_task(counting.writer.submit(heavy))
    await asyncio.to_thread(gathering.wait, 60)
    was_quiet = await is_quiet(counting.writer.until_quiet)
    deciding.set()
    await counting.writer.until_quiet()
    computed.set()
    await writing
    assert (was_quiet, writes_in_quiet) == (False, [True])
