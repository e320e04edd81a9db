"""Accounts, tokens and instances in whatever state a test needs, made through the rpcs."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import grpc.aio
from google.protobuf.message import Message
from sqlalchemy import update

from billing_service.server import BillingApp
from provisioning_service.server import ProvisioningApp
from tests.suite.calling import Outcome, call_rpc
from tests.suite.clients import Clients
from tests.suite.contracts import RpcContract, rpcs
from tests.suite.in_process import RunningSuite, running_suite
from tests.suite.requests import fresh, sample

# Long after anything that a test lets happen.
NEVER_AT: Final = 2**60
HEARD_OF_TRIES: Final = 2_000
SANDBOX_START: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)
DEFAULT_LADDER: Final = "ladder {creations_max: 25 band: 1} ladder {creations_max: 0 band: 2}"


@dataclass(frozen=True, slots=True)
class Integrator:
    """An enrolled account and the secret of its first token."""

    account: str
    secret: str


@dataclass(slots=True)
class World:
    """The running services, what callers know of them, and the things that tests make there."""

    suite: RunningSuite
    clients: Clients
    known: dict[str, str] = field(default_factory=dict)
    _unpaid: Integrator | None = None

    # --- calls --------------------------------------------------------------------------------

    def channel(self, rpc: RpcContract) -> grpc.aio.Channel:
        """The channel to the service that serves an rpc."""
        return self.clients.billing if rpc.package == "billing" else self.clients.provisioning

    def secret_for(self, rpc: RpcContract) -> str:
        """A secret that may call an rpc: the operator's, or a service's where only those may."""
        operator = "OPERATOR" in rpc.callers
        return self.suite.operator_secret if operator else self.suite.service_secret

    async def call(
        self, name: str, request: Message | bytes, secret: str = "", *, within_s: float = 120
    ) -> Outcome:
        """Call an rpc, telling what is known, and learn from its answer."""
        rpc = rpcs()[name]
        outcome = await call_rpc(
            self.channel(rpc),
            rpc,
            request,
            secret=secret or self.secret_for(rpc),
            metadata=tuple(("pospago-after", each) for each in self.known.values()),
            within_s=within_s,
            # A watch never ends; an advance does, and only its end tells what came of it.
            messages_max=10_000 if rpc.name.endswith("AdvanceSandbox") else 1,
        )
        if outcome.position:
            self.known[outcome.position.partition("/")[0]] = outcome.position
        return outcome

    async def do(self, name: str, request: Message, secret: str = "") -> Any:
        """Call an rpc that must succeed and give its answer."""
        outcome = await self.call(name, request, secret)
        assert outcome.code == "OK", f"{name}: {outcome.told}: {outcome.message}"
        return rpcs()[name].response_class.FromString(outcome.answer)

    # --- things -------------------------------------------------------------------------------

    async def sandbox(self) -> str:
        """A sandbox whose clock stands at `SANDBOX_START`."""
        name = fresh("sandbox")
        more = f"start_time {{seconds: {int(SANDBOX_START.timestamp())}}}"
        rpc = "provisioning.SandboxService.CreateSandbox"
        await self.do(rpc, sample(rpc, new=name, more=more))
        return name

    async def account(self, sandbox: str = "") -> str:
        """An account, in a sandbox if one is named."""
        name = fresh("account")
        more = f'account {{sandbox: "sandboxes/{sandbox}"}}' if sandbox else ""
        rpc = "provisioning.AccountService.CreateAccount"
        await self.do(rpc, sample(rpc, new=name, more=more))
        return name

    async def prepaid_account(self, sandbox: str = "") -> str:
        """An account with one licence, the prepaid instance `licence`."""
        name = await self.account(sandbox)
        await self.give_licence(name)
        return name

    async def give_licence(self, account: str) -> None:
        """The prepaid instance `licence` on an account."""
        rpc = "provisioning.InstanceService.ImportInstance"
        await self.do(rpc, sample(rpc, account=account, new="licence"))

    async def integrator(self, programme: str = DEFAULT_LADDER, *, sandbox: str = "") -> Integrator:
        """An enrolled account."""
        return await self.enrolled(await self.account(sandbox), programme)

    async def enrolled(self, account: str, programme: str = DEFAULT_LADDER) -> Integrator:
        """An account, enrolled."""
        await self.give_licence(account)
        rpc = "provisioning.IntegratorService.EnrolIntegrator"
        more = f"programme {{{programme}}}"
        answer = await self.do(rpc, sample(rpc, account=account, more=more))
        return Integrator(account, answer.secret)

    async def trial(self, owner: Integrator, instance: str = "one") -> None:
        """An instance on trial."""
        rpc = "provisioning.InstanceService.CreateInstance"
        await self.do(rpc, sample(rpc, account=owner.account, new=instance), owner.secret)

    async def subscribed(self, owner: Integrator, instance: str = "one") -> None:
        """A subscribed instance."""
        await self.trial(owner, instance)
        await self.on_instance("SubscribeInstance", owner.account, instance)

    async def on_instance(self, verb: str, account: str, instance: str = "one") -> None:
        """Do something to an instance."""
        rpc = f"provisioning.InstanceService.{verb}"
        await self.do(rpc, sample(rpc, account=account, instance=instance))

    async def on_token(self, verb: str, account: str, token: int) -> Any:
        """Do something to a token."""
        rpc = f"provisioning.TokenService.{verb}"
        return await self.do(rpc, sample(rpc, account=account, token=str(token)))

    async def next_token(self, account: str) -> Any:
        """Request the next token; gives the answer."""
        rpc = "provisioning.TokenService.RequestToken"
        return await self.do(rpc, sample(rpc, account=account))

    async def awaiting_approval(self, sandbox: str = "") -> str:
        """An account whose second token waits for approval."""
        owner = await self.integrator(
            f"{DEFAULT_LADDER} token_approval: TOKEN_APPROVAL_MANUAL", sandbox=sandbox
        )
        await self.next_token(owner.account)
        return owner.account

    async def payment(self, account: str) -> str:
        """A payment on an account."""
        rpc, name = "billing.PaymentService.RecordPayment", fresh("payment")
        await self.do(rpc, sample(rpc, account=account, new=name))
        return name

    async def issuer(self) -> str:
        """An issuer; its series is its name."""
        rpc, name = "billing.IssuerService.CreateIssuer", fresh("issuer")
        await self.do(rpc, sample(rpc, new=name, more=f'issuer {{invoice_series: "{series()}"}}'))
        return name

    async def plan(self) -> str:
        """A plan with a price in band 1."""
        return await self._made("billing.CatalogService.CreatePlan", "plan")

    async def meter(self) -> str:
        """A meter that sums up."""
        return await self._made("billing.MeterService.CreateMeter", "meter")

    async def tax_profile(self, category: str = "") -> str:
        """A tax profile with a rate for a category; empty: for all of them."""
        rpc, name = "billing.TaxProfileService.CreateTaxProfile", fresh("tax")
        request = sample(rpc, new=name)
        request.tax_profile.versions[0].rates[0].tax_category = category
        await self.do(rpc, request)
        return name

    async def price_change(self, account: str) -> str:
        """A price change of an account, in force in 2100."""
        rpc, name = "billing.PriceChangeService.CreatePriceChange", fresh("rise")
        await self.do(rpc, sample(rpc, account=account, new=name, plan=await self.plan()))
        return name

    async def terms(self) -> str:
        """Terms like those of the programme."""
        return await self._made("billing.TermsService.CreateTerms", "terms")

    async def unpaid(self) -> Integrator:
        """An account in a sandbox that is stopped: `one` is subscribed and its invoice unpaid."""
        if self._unpaid is None:
            sandbox = await self.sandbox()
            plan = await self.plan()
            owner = await self.integrator(
                f'{DEFAULT_LADDER} plan: "plans/{plan}" trial_length {{seconds: 8640000}}'
                " trial_length_max {seconds: 8640000}",
                sandbox=sandbox,
            )
            await self.trial(owner, "on-trial")
            await self.subscribed(owner)
            await self.clients.advance(sandbox, datetime(2026, 2, 12, tzinfo=UTC))
            self._unpaid = owner
        return self._unpaid

    async def invoice_of(self, account: str) -> str:
        """The id of an account's first invoice."""
        rpc = "billing.InvoiceService.ListInvoices"
        answer = await self.do(rpc, sample(rpc, account=account))
        return str(answer.invoices[0].name).rpartition("/")[2]

    async def _made(self, rpc: str, prefix: str) -> str:
        """Something that needs nothing to be there, under a fresh name."""
        name = fresh(prefix)
        await self.do(rpc, sample(rpc, new=name))
        return name

    # --- states that no rpc brings about ------------------------------------------------------

    async def park(self, service: str, account: str) -> None:
        """Park an account for good, as something due on it that keeps failing would."""
        writer = self._app(service).writer
        locks = writer.tools.tables.account_locks
        parked = update(locks).where(locks.c.account == account)
        parked = parked.values(parked_cause="timer/test", parked_attempts=1, retry_at=NEVER_AT)
        count = await writer.call(lambda: writer.in_transaction(lambda tx: tx.execute(parked)))
        assert count == 1, f"{service} knows no account {account}"

    async def set_out(self, service: str, sandbox: str) -> None:
        """Leave a sandbox on its way, as an advance that broke off does."""
        writer = self._app(service).writer
        clocks = writer.tools.tables.sandbox_clocks
        leaving = update(clocks).where(clocks.c.sandbox == sandbox)
        leaving = leaving.values(target_at=clocks.c.clock_at + 1)
        # Billing may still have to hear of the sandbox.
        for _ in range(HEARD_OF_TRIES):
            if await writer.call(lambda: writer.in_transaction(lambda tx: tx.execute(leaving))):
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"{service} never heard of sandbox {sandbox}")

    def _app(self, service: str) -> ProvisioningApp | BillingApp:
        return self.suite.billing if service == "billing" else self.suite.provisioning


def series() -> str:
    """An invoice series that nobody has."""
    return f"S{fresh('')[-12:].upper()}-"


@asynccontextmanager
async def running_world(
    data_dir: Path, database_urls: Mapping[str, str] | None = None
) -> AsyncIterator[World]:
    """Both services, with an issuer, until the block ends."""
    async with running_suite(data_dir, database_urls=database_urls) as suite:
        clients = suite.clients()
        world = World(suite, clients)
        await world.issuer()
        yield world
        await clients.close()
