"""Refusals that need a service to be away, or restored from a backup, or to have no issuer."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import grpc.aio
import pytest
import pytest_asyncio
from google.protobuf.message import Message
from sqlalchemy import insert

from chassis.clock import SystemClock
from tests.suite.calling import Outcome, call_rpc
from tests.suite.change_world import INVOICING, due_at_once
from tests.suite.contracts import rpcs
from tests.suite.draft_world import ISSUE, of_draft
from tests.suite.in_process import (
    Place,
    running_billing,
    running_provisioning,
    running_suite,
)
from tests.suite.prepaid_refusals import prepaid_due_at_once
from tests.suite.processes import free_port
from tests.suite.refusal_cases import assert_refused
from tests.suite.requests import sample
from tests.suite.usage_world import SUBSCRIBE
from tests.suite.world import DEFAULT_LADDER, World

WITHIN_SECONDS: Final = 120
ADVANCE: Final = "provisioning.SandboxService.AdvanceSandbox"
CREATE_SANDBOX: Final = "provisioning.SandboxService.CreateSandbox"
CREATE_ACCOUNT: Final = "provisioning.AccountService.CreateAccount"
APPLY: Final = "billing.SandboxStepService.ApplyTo"


async def test_advance_without_the_other_service_is_told_to_retry(tmp_path: Path) -> None:
    """With billing away a sandbox stays on its way, and the caller is told to try again."""
    place = new_place(tmp_path)
    advance = sample(ADVANCE, sandbox="lab", more="to_time {seconds: 1900000000}")
    async with running_provisioning(place) as app:
        await call(place, app.address, CREATE_SANDBOX, sample(CREATE_SANDBOX, new="lab"))
        outcome = await call(place, app.address, ADVANCE, advance)
    assert_refused(ADVANCE, outcome, "TEMPORARILY_UNAVAILABLE")


async def test_step_on_a_branch_that_a_restore_cut_off_is_refused(tmp_path: Path) -> None:
    """Billing tells provisioning that it knows events which a restore took away."""
    place = new_place(tmp_path)
    async with running_provisioning(place) as app:
        async with running_billing(place) as billing:
            await call(place, app.address, CREATE_ACCOUNT, sample(CREATE_ACCOUNT))
            head = app.writer.head
            await billing.consumer.wait(head.epoch, head.seq, time.monotonic() + WITHIN_SECONDS)
        epochs = app.writer.tools.tables.epochs
        restored = insert(epochs).values(epoch=2, starts_after_seq=0)
        await app.writer.call(lambda: app.writer.in_transaction(lambda tx: tx.execute(restored)))
        async with running_billing(place) as billing:
            outcome = await apply_until_refused(place, billing.address)
    assert_refused(APPLY, outcome, "POSITION_OUT_OF_RANGE")


@pytest_asyncio.fixture(scope="module")
async def without_issuer(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Both services, before anyone created an issuer."""
    async with running_suite(tmp_path_factory.mktemp("no-issuer")) as suite:
        clients = suite.clients()
        yield World(suite, clients)
        await clients.close()


@pytest.mark.parametrize("rpc", INVOICING)
async def test_nothing_is_invoiced_at_once_without_an_issuer(
    without_issuer: World, rpc: str
) -> None:
    """A change that makes something due at once is refused while nobody could invoice it."""
    outcome = await without_issuer.call(rpc, await due_at_once(without_issuer, rpc))
    assert_refused(rpc, outcome, "ISSUER_NOT_FOUND")
    assert outcome.code == "FAILED_PRECONDITION"


async def test_nothing_is_prepaid_without_an_issuer(without_issuer: World) -> None:
    """A prepaid subscription whose first period is due is refused while nobody could invoice it."""
    request = await prepaid_due_at_once(without_issuer)
    outcome = await without_issuer.call(SUBSCRIBE, request)
    assert_refused(SUBSCRIBE, outcome, "ISSUER_NOT_FOUND")
    assert outcome.code == "FAILED_PRECONDITION"


async def test_no_draft_is_issued_without_an_issuer(without_issuer: World) -> None:
    """A draft with something to charge is refused while nobody could invoice it."""
    plan = await without_issuer.plan()
    owner = await without_issuer.integrator(f'{DEFAULT_LADDER} plan: "plans/{plan}"')
    await without_issuer.subscribed(owner)
    outcome = await without_issuer.call(ISSUE, await of_draft(without_issuer, ISSUE, owner.account))
    assert_refused(ISSUE, outcome, "ISSUER_NOT_FOUND")
    assert outcome.code == "FAILED_PRECONDITION"


async def apply_until_refused(place: Place, address: str) -> Outcome:
    """Ask billing to apply what it has applied, until it has heard of the restore."""
    give_up_at = time.monotonic() + WITHIN_SECONDS
    while True:
        outcome = await call(place, address, APPLY, sample(APPLY))
        if outcome.code != "OK" or time.monotonic() > give_up_at:
            return outcome
        await asyncio.sleep(0.05)


async def call(place: Place, address: str, name: str, request: Message) -> Outcome:
    """Call an rpc as an operator, or as provisioning where only services may."""
    rpc = rpcs()[name]
    file = "operator.token" if "OPERATOR" in rpc.callers else "service-provisioning.token"
    secret = (place.data_dir / file).read_text(encoding="ascii").strip()
    async with grpc.aio.insecure_channel(address) as channel:
        return await call_rpc(
            channel, rpc, request, secret=secret, within_s=WITHIN_SECONDS, messages_max=9
        )


def new_place(data_dir: Path) -> Place:
    """A data folder with ports of its own and the machine's clock."""
    return Place(data_dir, SystemClock(), free_port(), free_port())
