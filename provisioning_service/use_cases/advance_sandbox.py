"""Sends a sandbox on its way, and lets it arrive. What happens between is the coordinator's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from chassis.database import Transaction
from chassis.errors import SandboxAdvancing
from chassis.use_case import Effects, Event, SandboxClockSet, Scope, UseCase
from provisioning_service.domain.events import SandboxAdvanced, SandboxAdvanceStarted
from provisioning_service.domain.sandbox import (
    SandboxView,
    advancing,
    arrived,
    check_advance,
)
from provisioning_service.storage.facts import Facts, add_sandboxes
from provisioning_service.storage.saving import save


@dataclass(frozen=True, slots=True)
class StartAdvance:
    """The command to set out; one that was broken off is taken up again."""

    sandbox: str
    to_at: int


@dataclass(frozen=True, slots=True)
class FinishAdvance:
    """The command to arrive."""

    sandbox: str
    to_at: int


@dataclass(frozen=True, slots=True)
class AdvanceProgress:
    """How far a sandbox is on its way, and how many due things were done so far."""

    view: SandboxView
    fired_count: int
    arrived: bool


def _scope(command: StartAdvance | FinishAdvance) -> Scope:
    return Scope(sandbox=command.sandbox, advancing=True)


def _gather(tx: Transaction, commands: Sequence[StartAdvance | FinishAdvance]) -> Facts:
    facts = Facts()
    add_sandboxes(tx, facts, (each.sandbox for each in commands))
    return facts


def _start(facts: Facts, command: StartAdvance, _clock_at: int) -> Effects[SandboxView]:
    view = facts.sandbox_view(facts.sandbox(command.sandbox))
    if view.target_at == command.to_at:
        return Effects(view)
    if view.target_at is not None:
        raise SandboxAdvancing(command.sandbox)
    check_advance(view.sandbox.name, clock_at=view.clock_at, to_at=command.to_at)
    leaving = SandboxView(advancing(view.sandbox, view.clock_at), view.clock_at, command.to_at)
    return Effects(
        leaving,
        changes=(leaving.sandbox,),
        events=(Event("", SandboxAdvanceStarted(leaving)),),
        openings=(SandboxClockSet(command.sandbox, view.clock_at, command.to_at),),
    )


def _finish(facts: Facts, command: FinishAdvance, _clock_at: int) -> Effects[SandboxView]:
    view = facts.sandbox_view(facts.sandbox(command.sandbox))
    from_at = view.sandbox.advancing_from_at
    if from_at is None:
        # It has arrived, led by another process; whatever target this one set again is reached.
        stands = SandboxClockSet(command.sandbox, view.clock_at, None)
        return Effects(replace(view, target_at=None), openings=(stands,))
    there = SandboxView(arrived(view.sandbox), command.to_at, None)
    return Effects(
        there,
        changes=(there.sandbox,),
        events=(Event("", SandboxAdvanced(there, from_at)),),
        openings=(SandboxClockSet(command.sandbox, command.to_at, None),),
    )


START_ADVANCE: Final[UseCase[StartAdvance, Facts, SandboxView]] = UseCase(
    name="start_advance", scope=_scope, gather=_gather, decide=_start, apply=save
)
FINISH_ADVANCE: Final[UseCase[FinishAdvance, Facts, SandboxView]] = UseCase(
    name="finish_advance", scope=_scope, gather=_gather, decide=_finish, apply=save
)
