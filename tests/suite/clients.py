"""What a client of the suite does in the tests: stubs of both services with a credential."""

import itertools
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import grpc
import grpc.aio
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2, status_pb2
from google.type import date_pb2, decimal_pb2, money_pb2
from pospago.billing.v1 import (
    billing_profile_pb2_grpc,
    catalog_pb2,
    catalog_pb2_grpc,
    invoice_pb2,
    invoice_pb2_grpc,
    issuer_pb2,
    issuer_pb2_grpc,
    meter_pb2_grpc,
    payment_pb2,
    payment_pb2_grpc,
    price_pb2,
    subscription_pb2_grpc,
)
from pospago.billing.v1 import (
    event_service_pb2_grpc as billing_events_grpc,
)
from pospago.provisioning.v1 import (
    account_pb2,
    account_pb2_grpc,
    entitlement_pb2_grpc,
    instance_pb2,
    instance_pb2_grpc,
    integrator_pb2,
    integrator_pb2_grpc,
    member_pb2_grpc,
    resource_pb2_grpc,
    sandbox_pb2,
    sandbox_pb2_grpc,
    token_pb2_grpc,
)
from pospago.provisioning.v1 import (
    event_service_pb2_grpc as provisioning_events_grpc,
)

PRICES_MINOR = {1: 39_90, 2: 34_90, 3: 29_90}
PLAN = "integrator"
# The programme's: whole calendar months, on the invoice of the month.
WHOLE_MONTHS = price_pb2.Schedule(
    timing=price_pb2.Schedule.TIMING_ARREARS,
    first_period=price_pb2.Schedule.PART_PERIOD_FULL,
    last_period=price_pb2.Schedule.PART_PERIOD_FULL,
)


def request_id() -> str:
    """A fresh request id."""
    return str(uuid.uuid4())


def bearer(secret: str) -> tuple[tuple[str, str], ...]:
    """The metadata that a secret goes in."""
    return (("authorization", f"Bearer {secret}"),)


def timestamp(moment: datetime) -> Timestamp:
    """A moment as a message."""
    stamp = Timestamp()
    stamp.FromDatetime(moment.astimezone(UTC))
    return stamp


def proto_date(day: date) -> date_pb2.Date:
    """A day as a message."""
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def brl(minor: int) -> money_pb2.Money:
    """An amount in reais as a message."""
    return money_pb2.Money(currency_code="BRL", units=minor // 100, nanos=minor % 100 * 10_000_000)


def minor(money: money_pb2.Money) -> int:
    """An amount of two decimals in minor units."""
    return money.units * 100 + money.nanos // 10_000_000


def monthly_prices(prices_minor: Mapping[int, int]) -> catalog_pb2.PlanVersion:
    """A plan version that asks so many centavos for an instance-month, by tariff band."""
    prices = [
        price_pb2.Price(
            code="instance",
            band=band,
            currency="BRL",
            recurring=price_pb2.Recurring(),
            flat=price_pb2.Flat(amount=decimal_pb2.Decimal(value=f"{each // 100}.{each % 100:02}")),
        )
        for band, each in prices_minor.items()
    ]
    return catalog_pb2.PlanVersion(prices=prices, schedule=WHOLE_MONTHS)


def reason_of(failure: grpc.RpcError) -> str:
    """The reason in a failure's ErrorInfo; empty if it carries none."""
    metadata: Any = failure.trailing_metadata()
    for key, value in metadata or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    return str(info.reason)
    return ""


@dataclass(slots=True)
class Clients:
    """Stubs of both services, called with one credential."""

    provisioning: grpc.aio.Channel
    billing: grpc.aio.Channel
    secret: str
    _after: dict[str, str] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def connect(cls, provisioning: str, billing: str, secret: str) -> "Clients":
        """Channels to both services, or twice to the gateway."""
        options = [("grpc.max_reconnect_backoff_ms", 500), ("grpc.use_local_subchannel_pool", 1)]
        return cls(
            grpc.aio.insecure_channel(provisioning, options=options),
            grpc.aio.insecure_channel(billing, options=options),
            secret,
        )

    async def close(self) -> None:
        """Close the channels."""
        await self.provisioning.close()
        await self.billing.close()

    async def call(
        self, method: Any, request: Any, *, secret: str = "", within_s: float = 120
    ) -> Any:
        """Call a method, telling what this client knows, and learn from the trailers."""
        after = tuple(("pospago-after", each) for each in self._after.values())
        metadata = (*bearer(secret or self.secret), *after)
        answering = method(request, metadata=metadata, timeout=within_s)
        answer = await answering
        for key, value in await answering.trailing_metadata() or ():
            if key == "pospago-position":
                self._after[str(value).partition("/")[0]] = str(value)
        return answer

    # --- stubs --------------------------------------------------------------------------------

    @property
    def accounts(self) -> Any:
        return account_pb2_grpc.AccountServiceStub(self.provisioning)

    @property
    def integrators(self) -> Any:
        return integrator_pb2_grpc.IntegratorServiceStub(self.provisioning)

    @property
    def members(self) -> Any:
        return member_pb2_grpc.MemberServiceStub(self.provisioning)

    @property
    def resources(self) -> Any:
        return resource_pb2_grpc.ResourceServiceStub(self.provisioning)

    @property
    def entitlements(self) -> Any:
        return entitlement_pb2_grpc.EntitlementServiceStub(self.provisioning)

    @property
    def tokens(self) -> Any:
        return token_pb2_grpc.TokenServiceStub(self.provisioning)

    @property
    def instances(self) -> Any:
        return instance_pb2_grpc.InstanceServiceStub(self.provisioning)

    @property
    def sandboxes(self) -> Any:
        return sandbox_pb2_grpc.SandboxServiceStub(self.provisioning)

    @property
    def provisioning_events(self) -> Any:
        return provisioning_events_grpc.EventServiceStub(self.provisioning)

    @property
    def billing_events(self) -> Any:
        return billing_events_grpc.EventServiceStub(self.billing)

    @property
    def invoices(self) -> Any:
        return invoice_pb2_grpc.InvoiceServiceStub(self.billing)

    @property
    def payments(self) -> Any:
        return payment_pb2_grpc.PaymentServiceStub(self.billing)

    @property
    def subscriptions(self) -> Any:
        return subscription_pb2_grpc.SubscriptionServiceStub(self.billing)

    @property
    def profiles(self) -> Any:
        return billing_profile_pb2_grpc.BillingProfileServiceStub(self.billing)

    @property
    def plans(self) -> Any:
        return catalog_pb2_grpc.CatalogServiceStub(self.billing)

    @property
    def meters(self) -> Any:
        return meter_pb2_grpc.MeterServiceStub(self.billing)

    @property
    def issuers(self) -> Any:
        return issuer_pb2_grpc.IssuerServiceStub(self.billing)

    # --- things that tests do all the time ----------------------------------------------------

    async def set_up_billing(self) -> None:
        """An issuer and the plan with its prices."""
        await self.call(
            self.issuers.CreateIssuer,
            issuer_pb2.CreateIssuerRequest(
                issuer_id="main",
                issuer=issuer_pb2.Issuer(legal_name="Example Ltda", invoice_series="INV-"),
                request_id=request_id(),
            ),
        )
        await self.call(
            self.plans.CreatePlan,
            catalog_pb2.CreatePlanRequest(
                plan_id=PLAN,
                plan=catalog_pb2.Plan(
                    display_name="Instance",
                    version_policy=catalog_pb2.Plan.VERSION_POLICY_FOLLOW,
                    versions=[monthly_prices(PRICES_MINOR)],
                ),
                request_id=request_id(),
            ),
        )

    async def create_account(self, account: str, *, sandbox: str = "") -> None:
        """An account."""
        await self.call(
            self.accounts.CreateAccount,
            account_pb2.CreateAccountRequest(
                account_id=account,
                account=account_pb2.Account(
                    display_name=account, sandbox=f"sandboxes/{sandbox}" if sandbox else ""
                ),
                request_id=request_id(),
            ),
        )

    async def enrol(
        self, account: str, *, ladder: Sequence[tuple[int, int]] = (), sandbox: str = ""
    ) -> str:
        """A new account enrolled without the rule of 25 licences; gives its token's secret.

        `ladder` holds (creations, band) of each rung; empty: the programme's default.
        """
        await self.create_account(account, sandbox=sandbox)
        rungs = [{"creations_max": count, "band": band} for count, band in ladder]
        # The default of `licences_min` is 25, so the programme asks for one licence and gets it.
        await self.call(
            self.instances.ImportInstance,
            instance_pb2.ImportInstanceRequest(
                parent=f"accounts/{account}",
                instance_id="licence",
                paid_through_date=proto_date(date(2099, 12, 31)),
                request_id=request_id(),
            ),
        )
        answer = await self.call(
            self.integrators.EnrolIntegrator,
            integrator_pb2.EnrolIntegratorRequest(
                account=f"accounts/{account}",
                programme=integrator_pb2.Programme(licences_min=1, ladder=rungs),
                request_id=request_id(),
            ),
        )
        return str(answer.secret)

    async def create_instance(self, account: str, secret: str, instance: str = "") -> str:
        """An instance on trial; gives its name."""
        answer = await self.call(
            self.instances.CreateInstance,
            instance_pb2.CreateInstanceRequest(
                parent=f"accounts/{account}", instance_id=instance, request_id=request_id()
            ),
            secret=secret,
        )
        return str(answer.instance.name)

    async def subscribe(self, name: str) -> None:
        """Subscribe an instance."""
        await self.call(
            self.instances.SubscribeInstance,
            instance_pb2.SubscribeInstanceRequest(name=name, request_id=request_id()),
        )

    async def invoices_of(self, payer: str, *, sandbox: str = "") -> list[Any]:
        """All invoices of a payer; `-` for all payers of a world."""
        answer = await self.call(
            self.invoices.ListInvoices,
            invoice_pb2.ListInvoicesRequest(
                parent=f"accounts/{payer}",
                page_size=1000,
                sandbox=f"sandboxes/{sandbox}" if sandbox else "",
            ),
        )
        return list(answer.invoices)

    async def pay(self, payer: str, amount_minor: int, value_on: date) -> Any:
        """Record a payment."""
        answer = await self.call(
            self.payments.RecordPayment,
            payment_pb2.RecordPaymentRequest(
                parent=f"accounts/{payer}",
                amount=brl(amount_minor),
                value_date=proto_date(value_on),
                request_id=request_id(),
            ),
        )
        return answer.payment

    async def create_sandbox(self, sandbox: str, start: datetime) -> None:
        """A sandbox of the operator's."""
        await self.call(
            self.sandboxes.CreateSandbox,
            sandbox_pb2.CreateSandboxRequest(
                sandbox_id=sandbox, start_time=timestamp(start), request_id=request_id()
            ),
        )

    async def advance(self, sandbox: str, to: datetime, *, within_s: float = 300) -> Any:
        """Move a sandbox's clock; gives the last message."""
        request = sandbox_pb2.AdvanceSandboxRequest(
            name=f"sandboxes/{sandbox}", to_time=timestamp(to)
        )
        last = None
        async for told in self.sandboxes.AdvanceSandbox(
            request, metadata=bearer(self.secret), timeout=within_s
        ):
            last = told
        return last
