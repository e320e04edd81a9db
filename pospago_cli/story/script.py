"""The story as dated steps, and the way to play them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import grpc

from pospago_cli.failures import Refusal
from pospago_cli.story.expectations import Surprise
from pospago_cli.story.player import SAO_PAULO, Player

YEAR: Final = 2027


@dataclass(frozen=True, slots=True)
class Step:
    """What happens at one instant."""

    at: datetime
    title: str
    play: Callable[[Player], None]


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of the story, in the accounts' zone."""
    return datetime(YEAR, month, day, hour, minute, tzinfo=SAO_PAULO)


def on(month: int, day: int) -> date:
    """A civil date of the story."""
    return date(YEAR, month, day)


def play(player: Player, steps: Iterable[Step]) -> None:
    """Play the steps in order; a Surprise says where the suite went another way."""
    for step in steps:
        player.stage.move_to(step.at)
        player.narrator.scene(step.at, step.title)
        try:
            step.play(player)
        except grpc.RpcError as error:
            refusal = Refusal.of(error)
            came = f"{refusal.code} {refusal.reason}: {refusal.message}"
            raise Surprise(step.title, expected="an answer", came=came) from error
