"""Kills a service again and again at moments that a seed decides, and starts it each time."""

import asyncio
import itertools
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.failpoints import VARIABLE
from tests.suite.processes import SERVICES, ServiceProcesses

SEED_VARIABLE: Final = "POSPAGO_CRASH_SEED"
SEED: Final = 20_261_122
# Where to die: at any moment, or just before or after a commit.
ANYWHERE: Final = ""
MANNERS: Final = ("before_commit", "after_commit", ANYWHERE)
COMMITS_MAX: Final = 15
SECONDS_MAX: Final = 2.0
FAILPOINT_SECONDS_MAX: Final = 120.0


@dataclass(frozen=True, slots=True)
class Kill:
    """One death of a service: after some seconds, or at a commit since its start."""

    service: str
    manner: str
    after_seconds: float
    at_commit: int

    @property
    def environment(self) -> dict[str, str]:
        """What the service must be started with to die so."""
        return {VARIABLE: f"{self.manner}:{self.at_commit}"} if self.manner else {}


def seeded(store: str) -> random.Random:
    """The source of a run's choices; its seed is printed, and may be given by the environment."""
    seed = os.environ.get(SEED_VARIABLE, str(SEED))
    tell(f"{SEED_VARIABLE}={seed} on {store}")
    return random.Random(f"{seed}/{store}")  # noqa: S311 - must repeat itself


def tell(text: str) -> None:
    """Print what somebody needs who has to repeat or understand a run."""
    print(text)  # noqa: T201 - shown by pytest if the test fails


def planned_kills(
    choices: random.Random, count: int, services: Sequence[str] = SERVICES
) -> list[Kill]:
    """Deaths of the services in turn; every manner is among them if there are enough."""
    in_turn = itertools.cycle(services)
    # The first of each service are anywhere: it runs already, and has not been told of a commit.
    manners = [ANYWHERE] * len(services)
    while len(manners) < count:
        manners += choices.sample(MANNERS, k=len(MANNERS))
    return [
        Kill(
            service=next(in_turn),
            manner=manner,
            after_seconds=choices.uniform(0.05, SECONDS_MAX),
            at_commit=choices.randint(1, COMMITS_MAX),
        )
        for manner in manners[:count]
    ]


async def carry_out(kills: list[Kill], processes: ServiceProcesses) -> None:
    """Kill each service as planned, both at their own pace; in the end both run."""
    async with asyncio.TaskGroup() as services:
        for service in SERVICES:
            mine = [kill for kill in kills if kill.service == service]
            services.create_task(_kill_in_turn(mine, processes))


async def _kill_in_turn(kills: list[Kill], processes: ServiceProcesses) -> None:
    for kill, following in itertools.zip_longest(kills, kills[1:]):
        if kill.manner:
            await _await_death(kill, processes)
        else:
            await asyncio.sleep(kill.after_seconds)
            await asyncio.to_thread(processes.kill, kill.service)
        environment = following.environment if following else {}
        await asyncio.to_thread(processes.start, kill.service, **environment)


async def _await_death(kill: Kill, processes: ServiceProcesses) -> None:
    give_up_at = time.monotonic() + FAILPOINT_SECONDS_MAX
    while processes.is_running(kill.service):
        assert time.monotonic() < give_up_at, f"{kill} was never reached"
        await asyncio.sleep(0.02)
