"""The register of refusals: how to bring about each reason that an rpc documents."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message
from google.rpc import error_details_pb2

from tests.suite.calling import Outcome
from tests.suite.contracts import reasons
from tests.suite.requests import sample
from tests.suite.world import World


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request that must be refused, and whose secret it comes with (empty: the operator's)."""

    request: Message
    secret: str = ""
    within_s: float = 120


DETAIL_OF: Final = {
    "INVALID_ARGUMENT": error_details_pb2.BadRequest,
    "FAILED_PRECONDITION": error_details_pb2.PreconditionFailure,
    "NOT_FOUND": error_details_pb2.ResourceInfo,
    "ALREADY_EXISTS": error_details_pb2.ResourceInfo,
    "UNAVAILABLE": error_details_pb2.RetryInfo,
    "RESOURCE_EXHAUSTED": error_details_pb2.QuotaFailure,
}

Build = Callable[[World, str], Awaitable[Attempt]]

CASES: Final[dict[tuple[str, str], Build]] = {}


def case(rpc: str, reason: str) -> Callable[[Build], Build]:
    """Register the way to a refusal; the function gets the world and the rpc's name."""

    def register(build: Build) -> Build:
        assert (rpc, reason) not in CASES, f"{rpc} {reason} is there twice"
        CASES[rpc, reason] = build
        return build

    return register


def plain(rpc: str, reason: str, *, more: str = "", **names: str) -> None:
    """Register a refusal that needs nothing to be there."""

    async def build(_world: World, name: str) -> Attempt:
        return Attempt(sample(name, more=more, **names))

    case(rpc, reason)(build)


def on_account(rpc: str, reason: str, *, more: str = "", **names: str) -> None:
    """Register a refusal of a request about an account that holds one licence and no more."""

    async def build(world: World, name: str) -> Attempt:
        request: Any = sample(name, more=more, **names, account=await world.prepaid_account())
        return Attempt(request)

    case(rpc, reason)(build)


def on_integrator(rpc: str, reason: str, *, more: str = "", **names: str) -> None:
    """Register a refusal of a request about an enrolled account that has created nothing."""

    async def build(world: World, name: str) -> Attempt:
        owner = await world.integrator()
        request: Any = sample(name, more=more, **names, account=owner.account)
        return Attempt(request)

    case(rpc, reason)(build)


def assert_refused(rpc: str, outcome: Outcome, reason: str) -> None:
    """Check that a call was refused for a reason, and in the form that all refusals share."""
    assert outcome.told == reason, f"{rpc}: {outcome.code} {outcome.message}"
    published = reasons()[reason]
    assert outcome.code in published.codes
    assert [each.domain for each in outcome.infos] == [published.domain]
    wanted = DETAIL_OF.get(outcome.code)
    assert [type(each) for each in outcome.details] == ([wanted] if wanted else [])
    # What is wrong comes first, what to do about it after a colon or semicolon.
    assert re.search(r"\S[:;] \S.*\.$", outcome.message), outcome.message
