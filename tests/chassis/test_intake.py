"""How much may wait for the writing thread, and how much of it one batch takes."""

import asyncio
from dataclasses import replace

import pytest

from chassis.entry import Answer
from chassis.errors import Overloaded
from chassis.queueing import PATIENCE_S, Bounds, Company, Handed, Intake
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


class Callers:
    """Callers of an intake, and the sizes of the batches that were handed over."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.handed: list[Handed] = []
        self.intake = Intake(self.loop, self.handed.append, Bounds())

    def call(self, count: int, *, weight: int = 1) -> None:
        """So many calls at once."""
        for _ in range(count):
            self.intake.add(replace(adding("a", 1), weight=weight))

    def answer(self) -> None:
        """Answer the batch that was handed over last."""
        batch = self.handed[-1].batch
        answers = [Answer(b"", 1, 1, replayed=False)] * len(batch)
        self.intake.settle(batch, answers)

    async def answered_company(self, count: int) -> None:
        """So many that called at once, and are answered."""
        self.call(count)
        await asyncio.sleep(0)
        self.answer()

    @property
    def sizes(self) -> list[int]:
        """How many calls each batch had."""
        return [len(each.batch) for each in self.handed]


async def test_nobody_is_waited_for_who_stays_away() -> None:
    """When none comes any more those that are there are written."""
    callers = Callers()
    await callers.answered_company(5)
    callers.call(2)
    await asyncio.sleep(PATIENCE_S * 2)
    assert callers.sizes == [5, 2]


@pytest.mark.parametrize(("before", "calls", "weight"), [(5, 5, 1), (3, 1, 1), (5, 1, 256)])
async def test_batch_is_handed_over_at_once(before: int, calls: int, weight: int) -> None:
    """All are back, too few were under way to wait for, or there is a batch's worth of work."""
    callers = Callers()
    await callers.answered_company(before)
    callers.call(calls, weight=weight)
    await asyncio.sleep(0)
    assert callers.sizes == [before, calls]


async def test_last_one_back_is_not_held_up() -> None:
    """With the last of those who were waited for the batch goes, not only at the next look."""
    callers = Callers()
    await callers.answered_company(5)
    callers.call(4)
    await asyncio.sleep(0)
    callers.call(1)
    assert callers.sizes == [5, 5]


async def test_company_of_long_ago_is_not_waited_for() -> None:
    """A lone caller waits for nobody who was answered long before."""
    callers = Callers()
    await callers.answered_company(5)
    await asyncio.sleep(PATIENCE_S * 2)
    callers.call(1)
    await asyncio.sleep(0)
    assert callers.sizes == [5, 1]


@pytest.mark.parametrize(
    ("looks", "waits"),
    [
        (((0, 1), (1, 2), (2, 3), (3, 4)), True),
        (((0, 1), (1, 1), (2, 1)), True),
        (((0, 1), (1, 1), (2, 1), (3.5, 1)), False),
        (((0, 1), (9, 1), (10, 1), (11, 1)), True),
        (((0, 1), (9, 1), (18, 1), (27, 1)), False),
        (((0, 1), (1, 5)), False),
    ],
    ids=["one-a-look", "quiet", "quiet-too-long", "busy-loop", "too-long", "all-back"],
)
def test_those_just_answered_are_waited_for(
    looks: tuple[tuple[float, int], ...], *, waits: bool
) -> None:
    """As long as they come or the loop is busy, not too long, and until all five are back."""
    now_ms = 100.0
    company = Company(lambda: now_ms / 1000)
    company.answered(5)
    company.expect()
    found = []
    for passed_ms, count in looks:
        now_ms = 100.0 + passed_ms
        found.append(company.is_coming(count))
    assert found == [True] * (len(looks) - 1) + [waits]
