"""What waits for the writing thread, and how its outcome gets back to whoever waits for it."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from chassis.entry import Answer, Submission

Outcome = Answer | BaseException


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued submission and where its answer goes."""

    submission: Submission
    future: "asyncio.Future[Answer]"
    loop: asyncio.AbstractEventLoop


@dataclass(frozen=True, slots=True)
class Call:
    """A queued piece of work for the writing thread."""

    work: Callable[[], Any]
    future: "Future[Any]"


def resolve(answers: Sequence[tuple[Waiting, Outcome]]) -> None:
    """Resolve futures; a caller that went away has cancelled its own."""
    for waiting, outcome in answers:
        if waiting.future.done():
            continue
        if isinstance(outcome, Answer):
            waiting.future.set_result(outcome)
        else:
            waiting.future.set_exception(outcome)


def do(call: Call) -> None:
    """Do a piece of work and settle its future."""
    if not call.future.set_running_or_notify_cancel():
        return
    try:
        call.future.set_result(call.work())
    except BaseException as failure:  # noqa: BLE001 - it is the caller's to see
        call.future.set_exception(failure)
