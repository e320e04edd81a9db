"""Credits in a sandbox, through both services: previewed, used at a month's end, then expired."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from tests.suite.credit_world import GRANT
from tests.suite.requests import sample
from tests.suite.world import DEFAULT_LADDER, World, running_world

PREVIEW: Final = "billing.InvoiceService.PreviewInvoice"
INVOICES: Final = "billing.InvoiceService.ListInvoices"
ENTRIES: Final = "billing.CreditService.ListCreditEntries"
CREDITS: Final = "billing.CreditService.ListCredits"
# Some days after the first invoice, before and after what is left expires.
USED_AT: Final = datetime(2026, 2, 2, tzinfo=UTC)
EXPIRES_AT: Final = datetime(2026, 2, 10, tzinfo=UTC)
EXPIRED_AT: Final = datetime(2026, 2, 11, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Played:
    """What was answered on the way: the preview, the invoice, the ledger, the credits."""

    preview: Any
    invoice: Any
    used: Any
    expired: Any
    credits: Any


@pytest.fixture(scope="module")
async def played(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Played]:
    """An integrator in a sandbox with credit of 1,000 reais, and one instance for a month."""
    async with running_world(tmp_path_factory.mktemp("credits")) as world:
        yield await play(world)


async def play(world: World) -> Played:
    """Grant, subscribe, preview, and let a month and the credit's time pass."""
    sandbox, plan = await world.sandbox(), await world.plan()
    owner = await world.integrator(f'{DEFAULT_LADDER} plan: "plans/{plan}"', sandbox=sandbox)
    more = f"amount {{units: 999}} expire_time {{seconds: {int(EXPIRES_AT.timestamp())}}}"
    await world.do(GRANT, sample(GRANT, account=owner.account, new="gift", more=more))
    await world.subscribed(owner)

    async def asked(rpc: str) -> Any:
        more = "page_size: 100" if rpc != PREVIEW else ""
        return await world.do(rpc, sample(rpc, account=owner.account, more=more))

    preview = await asked(PREVIEW)
    await world.clients.advance(sandbox, USED_AT)
    invoices, used = await asked(INVOICES), await asked(ENTRIES)
    await world.clients.advance(sandbox, EXPIRED_AT)
    return Played(
        preview.invoices[0],
        invoices.invoices[0],
        used.entries,
        (await asked(ENTRIES)).entries,
        (await asked(CREDITS)).credits,
    )


def test_invoice_uses_what_its_preview_showed(played: Played) -> None:
    """The same credit, the same amount, and it is paid with it."""
    assert list(played.invoice.credits) == list(played.preview.credits)
    assert played.invoice.amount_paid == played.invoice.total
    assert played.invoice.state == type(played.invoice).STATE_SETTLED


def test_ledger_tells_of_the_invoice(played: Played) -> None:
    """Granted, then used by the invoice of the month."""
    _, applied = played.used
    assert (applied.invoice, applied.amount.units) == (
        played.invoice.name,
        -played.invoice.total.units,
    )


def test_what_the_invoice_left_expires_in_the_sandboxs_time(played: Played) -> None:
    """The ledger ends at nothing, at the instant that was stated."""
    *_, last = played.expired
    assert (last.balance.units, last.balance.nanos, last.record_time.seconds) == (
        0,
        0,
        int(EXPIRES_AT.timestamp()),
    )


def test_credit_tells_that_it_has_expired(played: Played) -> None:
    """Nothing is left of it."""
    (credit,) = played.credits
    assert (credit.state, credit.amount_left.units) == (type(credit).STATE_EXPIRED, 0)
