"""A load of creations, subscriptions, payments and month ends, and what of it was acknowledged."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import grpc
import grpc.aio
from pospago.billing.v1 import invoice_pb2, payment_pb2
from pospago.provisioning.v1 import instance_pb2

from tests.suite.clients import Clients, brl, minor, proto_date, reason_of, request_id
from tests.suite.crash_calls import insist, insist_as, insist_on_advance

ZONE: Final = ZoneInfo("America/Sao_Paulo")
SANDBOX_START: Final = datetime(2027, 1, 4, 12, tzinfo=UTC)
MONTHS_MIN: Final = 3
MONTHS_MAX: Final = 24
# As many creations as the token of the limited account allows.
QUOTA: Final = 25
LADDERS: Final = {"limited": ((QUOTA, 1), (0, 2)), "endless": ((0, 1),)}
CREDIT_MINOR: Final = 1_00
PAUSE_SECONDS: Final = 0.1
# Long past on the machine's clock.
VALUE_ON: Final = date(2026, 1, 2)


@dataclass(slots=True)
class Known:
    """What was acknowledged of an instance."""

    subscribed_at: datetime | None = None
    cancelled_at: datetime | None = None


@dataclass(slots=True)
class Ledger:
    """What was acknowledged of one account: instances and payments by name, months closed."""

    account: str
    secret: str
    sandbox: str = ""
    instances: dict[str, Known] = field(default_factory=dict)
    payments_minor: dict[str, int] = field(default_factory=dict)
    reached: datetime = SANDBOX_START


@dataclass(slots=True)
class Load:
    """Everybody who calls: some real accounts, and some that live in sandboxes."""

    connect: Callable[[], Clients]
    choices: random.Random
    ledgers: list[Ledger] = field(default_factory=list)
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def set_up(self, sandboxes: Sequence[str]) -> None:
        """An issuer, a plan, two real accounts, and a sandbox with an account for each name."""
        clients = self.connect()
        await clients.set_up_billing()
        for account, ladder in LADDERS.items():
            self.ledgers.append(Ledger(account, await clients.enrol(account, ladder=ladder)))
        for sandbox in sandboxes:
            await clients.create_sandbox(sandbox, SANDBOX_START)
            account = f"{sandbox}-tenant"
            secret = await clients.enrol(account, ladder=LADDERS["endless"], sandbox=sandbox)
            self.ledgers.append(Ledger(account, secret, sandbox))
        await clients.close()

    async def run(self) -> None:
        """Let all call until it is enough; those in sandboxes end what they have begun."""
        async with asyncio.TaskGroup() as callers:
            for ledger in self.ledgers:
                if ledger.sandbox:
                    callers.create_task(self._live_in_sandbox(ledger))
                else:
                    callers.create_task(self._create_really(ledger))
                    callers.create_task(self._pay_really(ledger))

    # --- lives --------------------------------------------------------------------------------

    async def _create_really(self, ledger: Ledger) -> None:
        """Create, as long as the quota lasts, and subscribe every other instance."""
        caller = Caller(self.connect(), ledger)
        while not self.enough.is_set():
            name = await caller.create_unless_used_up()
            if name and len(ledger.instances) % 2:
                await caller.subscribe(name)
            await asyncio.sleep(self.choices.uniform(0, PAUSE_SECONDS))
        await caller.clients.close()

    async def _pay_really(self, ledger: Ledger) -> None:
        """Pay something in advance, again and again."""
        caller = Caller(self.connect(), ledger)
        while not self.enough.is_set():
            await caller.pay(CREDIT_MINOR, VALUE_ON)
            await asyncio.sleep(self.choices.uniform(0, PAUSE_SECONDS))
        await caller.clients.close()

    async def _live_in_sandbox(self, ledger: Ledger) -> None:
        """Live month after month: create, subscribe, cancel, reach the end, pay the invoice."""
        caller = Caller(self.connect(), ledger)
        for month in range(MONTHS_MAX):
            if self.enough.is_set() and month >= MONTHS_MIN:
                break
            await self._live_a_month(caller)
        await caller.clients.close()

    async def _live_a_month(self, caller: "Caller") -> None:
        ledger = caller.ledger
        running = [
            name
            for name, known in ledger.instances.items()
            if known.subscribed_at and not known.cancelled_at
        ]
        fresh = [await caller.create() for _ in range(3)]
        await caller.subscribe(fresh[0])
        if running:
            await caller.cancel(self.choices.choice(running))
        local = ledger.reached.astimezone(ZONE)
        following = (local.replace(day=1) + timedelta(days=32)).replace(day=3)
        last_day = following.replace(day=1) - timedelta(days=1)
        await caller.advance(last_day)
        # Its trial has ended and it is deleted by now, so one is made for the last day.
        late = await caller.create()
        await caller.subscribe(late)
        await caller.advance(following)
        await caller.pay_invoices(following.date())


@dataclass(slots=True)
class Caller:
    """One account's calls; each is acknowledged before the next, and noted in its ledger."""

    clients: Clients
    ledger: Ledger

    async def create(self) -> str:
        """The name of a new instance."""
        answer = await insist_as(
            self.clients,
            lambda clients: clients.instances.CreateInstance,
            instance_pb2.CreateInstanceRequest(
                parent=f"accounts/{self.ledger.account}", request_id=request_id()
            ),
            self.ledger.secret,
        )
        name = str(answer.instance.name)
        assert name not in self.ledger.instances
        self.ledger.instances[name] = Known()
        return name

    async def create_unless_used_up(self) -> str:
        """The same; empty once the token's quota is used up."""
        try:
            return await self.create()
        except grpc.aio.AioRpcError as failure:
            if reason_of(failure) != "QUOTA_USED_UP":
                raise
            return ""

    async def subscribe(self, name: str) -> None:
        """Subscribe an instance."""
        request = instance_pb2.SubscribeInstanceRequest(name=name, request_id=request_id())
        answer = await insist(
            self.clients, lambda clients: clients.instances.SubscribeInstance, request
        )
        told_at = answer.instance.subscribe_time.ToDatetime(UTC)
        self.ledger.instances[name].subscribed_at = told_at

    async def cancel(self, name: str) -> None:
        """Cancel an instance."""
        request = instance_pb2.CancelInstanceRequest(name=name, request_id=request_id())
        answer = await insist(
            self.clients, lambda clients: clients.instances.CancelInstance, request
        )
        told_at = answer.instance.cancel_time.ToDatetime(UTC)
        self.ledger.instances[name].cancelled_at = told_at

    async def pay(self, amount_minor: int, value_on: date) -> None:
        """Record a payment."""
        answer = await insist(
            self.clients,
            lambda clients: clients.payments.RecordPayment,
            payment_pb2.RecordPaymentRequest(
                parent=f"accounts/{self.ledger.account}",
                amount=brl(amount_minor),
                value_date=proto_date(value_on),
                request_id=request_id(),
            ),
        )
        name = str(answer.payment.name)
        assert name not in self.ledger.payments_minor
        self.ledger.payments_minor[name] = amount_minor

    async def pay_invoices(self, value_on: date) -> None:
        """Pay what is open, and a little more."""
        answer = await insist(
            self.clients,
            lambda clients: clients.invoices.ListInvoices,
            invoice_pb2.ListInvoicesRequest(
                parent=f"accounts/{self.ledger.account}",
                sandbox=f"sandboxes/{self.ledger.sandbox}",
                page_size=1000,
            ),
        )
        billed = sum(minor(invoice.total) for invoice in answer.invoices)
        owed = billed - sum(self.ledger.payments_minor.values())
        await self.pay(max(owed, 0) + CREDIT_MINOR, value_on)

    async def advance(self, to: datetime) -> None:
        """Move the clock of the sandbox."""
        await insist_on_advance(self.clients, self.ledger.sandbox, to)
        self.ledger.reached = to


def billed_months(known: Known, reached: datetime) -> list[date]:
    """The months before `reached` in which an instance was subscribed and not yet cancelled.

    Counted one by one from what was acknowledged, by nothing that the service uses.
    """
    if known.subscribed_at is None:
        return []
    months, at = [], known.subscribed_at.astimezone(ZONE).date().replace(day=1)
    end = min(known.cancelled_at or reached, reached)
    while datetime(at.year, at.month, 1, tzinfo=ZONE) <= end:
        months.append(at)
        at = (at + timedelta(days=32)).replace(day=1)
    open_month = reached.astimezone(ZONE).date().replace(day=1)
    return [month for month in months if month < open_month]


def told(ledger: Ledger) -> str:
    """How much was acknowledged to an account, in a line."""
    subscribed = sum(1 for known in ledger.instances.values() if known.subscribed_at)
    paid = len(ledger.payments_minor)
    return (
        f"{ledger.account}: {len(ledger.instances)} instances, {subscribed} subscribed, "
        f"{paid} payments, until {ledger.reached.date()}"
    )
