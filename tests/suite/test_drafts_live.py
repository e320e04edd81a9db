"""A draft in a sandbox, through both services: it rests, is held past its days, and is issued."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from tests.suite.draft_world import GET, HOLD, ISSUE
from tests.suite.requests import fresh, sample
from tests.suite.world import DEFAULT_LADDER, World, running_world

TERMS: Final = "billing.TermsService.CreateTerms"
PROFILE: Final = "billing.BillingProfileService.UpdateBillingProfile"
LIST: Final = "billing.InvoiceService.ListInvoices"
INSTANCE: Final = "provisioning.InstanceService.GetInstance"
DRAFT: Final = "draft-2026-01-brl"
# Within its five days, after them, and after the day on which the invoice without them would stop.
RESTS_AT: Final = datetime(2026, 2, 3, 12, tzinfo=UTC)
HELD_AT: Final = datetime(2026, 2, 20, 12, tzinfo=UTC)
STOPPED_AT: Final = datetime(2026, 3, 3, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Played:
    """What was answered on the way: the draft, what is listed while it is held, and the invoice."""

    draft: Any
    held: Any
    running: Any
    invoice: Any
    stopped: Any


@pytest.fixture(scope="module")
async def played(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Played]:
    """An integrator in a sandbox with one instance, whose January rests five days."""
    async with running_world(tmp_path_factory.mktemp("drafts")) as world:
        yield await play(world)


async def play(world: World) -> Played:
    """Subscribe, let the month end, hold its draft for long, issue it, and leave it unpaid."""
    sandbox, plan, terms = await world.sandbox(), await world.plan(), fresh("terms")
    await world.do(TERMS, sample(TERMS, new=terms, more="version {draft_days: 5}"))
    owner = await world.integrator(f'{DEFAULT_LADDER} plan: "plans/{plan}"', sandbox=sandbox)
    more = f'billing_profile {{terms: "terms/{terms}"}} update_mask {{paths: "terms"}}'
    await world.do(PROFILE, sample(PROFILE, account=owner.account, more=more))
    await world.subscribed(owner)

    async def asked(rpc: str, **names: str) -> Any:
        return await world.do(rpc, sample(rpc, account=owner.account, **names))

    await world.clients.advance(sandbox, RESTS_AT)
    draft = (await asked(GET, invoice=DRAFT)).invoice
    await asked(HOLD, invoice=DRAFT)
    await world.clients.advance(sandbox, HELD_AT)
    held, running = (await asked(LIST)).invoices, await asked(INSTANCE, instance="one")
    (invoice,) = (await asked(ISSUE, invoice=DRAFT)).invoices
    await world.clients.advance(sandbox, STOPPED_AT)
    return Played(draft, held, running, invoice, await asked(INSTANCE, instance="one"))


def test_draft_tells_when_it_is_issued(played: Played) -> None:
    """Five days after the month, and due five days later than else."""
    days = (played.draft.issue_date.day, played.draft.due_date.day)
    assert (played.draft.state, days) == (type(played.draft).STATE_DRAFT, (6, 10))


def test_held_draft_outlasts_its_days(played: Played) -> None:
    """It is all there is, and nothing is stopped for it."""
    (held,) = played.held
    assert (held.state, held.draft.HasField("hold_time")) == (type(held).STATE_DRAFT, True)
    assert list(played.running.instance.stop_reasons) == []


def test_issued_draft_charges_what_it_told(played: Played) -> None:
    """The same lines and total, dated from the day on which it is issued."""
    assert list(played.invoice.lines) == list(played.draft.lines)
    assert (played.invoice.issue_date.day, played.invoice.due_date.day) == (20, 24)


def test_unpaid_service_is_stopped_by_its_dates(played: Played) -> None:
    """Provisioning follows them: the last day of service is 1 March, 19 days after the 10th."""
    told = played.invoice.last_service_date
    assert (told.month, told.day) == (3, 1)
    stopped = played.stopped.instance
    assert list(stopped.stop_reasons) == [type(stopped).STOP_REASON_UNPAID]
