"""How much may wait for the writing thread, and how much of it one batch takes."""

import asyncio
from dataclasses import replace

import pytest

from chassis.entry import Answer
from chassis.errors import Overloaded
from chassis.queueing import Bounds, Handed, Intake
from tests.chassis.counting import Counting, adding

BOUNDS = Bounds(queue_max=6, batch_max=4, queue_weight_max=100, batch_weight_max=50)


async def handed(*weights: int) -> list[list[int]]:
    """The weights of the batches that submissions of these weights make."""
    batches: list[Handed] = []
    loop = asyncio.get_running_loop()

    def write(handed: Handed) -> None:
        batches.append(handed)
        answers = [Answer(b"", 1, 1, replayed=False)] * len(handed.batch)
        loop.call_soon(handed.intake.settle, handed.batch, answers)

    intake = Intake(loop, write, BOUNDS)
    await asyncio.gather(*(intake.add(replace(adding("a", 1), weight=each)) for each in weights))
    return [[each.submission.weight for each in batch.batch] for batch in batches]


@pytest.mark.parametrize(
    ("weights", "batches"),
    [
        ((50,), [[50]]),
        ((20, 30), [[20, 30]]),
        ((20, 31), [[20], [31]]),
        ((51,), [[51]]),
        ((51, 1), [[51], [1]]),
        ((1, 51, 1), [[1], [51], [1]]),
        ((1, 1, 1, 1, 1), [[1, 1, 1, 1], [1]]),
    ],
)
async def test_batch_takes_up_to_its_bounds(weights: list[int], batches: list[list[int]]) -> None:
    """A batch ends before what would make it too heavy, and holds at least one."""
    assert await handed(*weights) == batches


@pytest.mark.parametrize(
    ("waiting", "weight", "has_room"),
    [
        ((99,), 1, True),
        ((99,), 2, False),
        ((), 100, True),
        ((1,) * 5, 1, True),
        ((1,) * 6, 1, False),
    ],
)
async def test_queue_has_room_up_to_its_bounds(
    waiting: tuple[int, ...], weight: int, *, has_room: bool
) -> None:
    """As many may wait as the bounds say, by count and by weight."""
    intake = Intake(asyncio.get_running_loop(), lambda _handed: None, BOUNDS)
    for each in waiting:
        intake.add(replace(adding("a", 1), weight=each))
    assert intake.has_room_for(weight) is has_room


async def test_heavy_write_is_refused_while_too_much_waits(counting: Counting) -> None:
    """What would make too much wait is refused, and has room again later."""
    counting.open("a")
    counting.writer.bounds = BOUNDS
    first = asyncio.create_task(counting.writer.submit(replace(adding("a", 1), weight=60)))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await counting.writer.submit(replace(adding("a", 1), weight=60))
    await first
    await counting.writer.submit(replace(adding("a", 1), weight=60))
    assert (counting.values(), counting.writer.queued_weight) == ({"a": 2}, 0)
