"""A year and more of several accounts in a sandbox, played in strides of any length.

Alfa pays for beta as well and has credit for some months; gama pays now and then, by a script;
delta never does, in Oslo; epsilon took prepaid instances along and has credit for years; zeta is
prepaid and no integrator. The price changes twice on the way.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from pospago.billing.v1 import billing_profile_pb2, catalog_pb2, payment_pb2
from pospago.provisioning.v1 import account_pb2, instance_pb2, integrator_pb2

from tests.suite.clients import (
    PLAN,
    Clients,
    brl,
    monthly_prices,
    proto_date,
    request_id,
    timestamp,
)

SAO_PAULO: Final = ZoneInfo("America/Sao_Paulo")
# A leap year that no test is going to see: what takes effect in it lies ahead of every real clock.
START: Final = datetime(2060, 1, 5, 9, tzinfo=SAO_PAULO)
END: Final = START + timedelta(days=400)
PRICE_RISES: Final = (
    (datetime(2060, 5, 1, tzinfo=SAO_PAULO), 44_90),
    (datetime(2060, 9, 15, tzinfo=SAO_PAULO), 49_90),
)

# Brings the sandbox to an instant, however often it must be asked to.
Advance = Callable[[str, datetime], Awaitable[None]]


def on(month: int, day: int, hour: int = 10) -> datetime:
    """An instant of the year."""
    return datetime(2060, month, day, hour, tzinfo=SAO_PAULO)


async def sell(clients: Clients) -> None:
    """The issuer and the plan, with the prices to come."""
    await clients.set_up_billing()
    for effective, price in PRICE_RISES:
        version = monthly_prices(dict.fromkeys((1, 2, 3), price))
        version.effective_time.CopyFrom(timestamp(effective))
        await clients.call(
            clients.plans.AddPlanVersion,
            catalog_pb2.AddPlanVersionRequest(
                name=f"plans/{PLAN}", version=version, request_id=request_id()
            ),
        )


@dataclass(slots=True)
class Year:
    """The cast of one sandbox: each account's id begins with the sandbox's own."""

    clients: Clients
    sandbox: str
    _secrets: dict[str, str] = field(default_factory=dict)

    def account(self, who: str) -> str:
        """An account's id."""
        return f"{self.sandbox}-{who}"

    def name(self, who: str, instance: str) -> str:
        """An instance's name."""
        return f"accounts/{self.account(who)}/instances/{instance}"

    # --- what happens -------------------------------------------------------------------------

    async def open(self, who: str, zone: str = "") -> None:
        """An account."""
        living = account_pb2.Account(
            display_name=who, sandbox=f"sandboxes/{self.sandbox}", time_zone=zone
        )
        request = account_pb2.CreateAccountRequest(
            account_id=self.account(who), account=living, request_id=request_id()
        )
        await self.clients.call(self.clients.accounts.CreateAccount, request)

    async def prepaid(self, who: str, instance: str, paid_through: date) -> None:
        """A prepaid instance."""
        request = instance_pb2.ImportInstanceRequest(
            parent=f"accounts/{self.account(who)}",
            instance_id=instance,
            paid_through_date=proto_date(paid_through),
            request_id=request_id(),
        )
        await self.clients.call(self.clients.instances.ImportInstance, request)

    async def enrol(self, who: str, **programme: Any) -> None:
        """An integrator; who has prepaid instances takes them along."""
        request = integrator_pb2.EnrolIntegratorRequest(
            account=f"accounts/{self.account(who)}",
            programme=integrator_pb2.Programme(licences_min=1, **programme),
            migrate_prepaid=True,
            request_id=request_id(),
        )
        answer = await self.clients.call(self.clients.integrators.EnrolIntegrator, request)
        self._secrets[who] = answer.secret

    async def trial(self, who: str, instance: str, days: int = 2) -> None:
        """An instance on trial."""
        length = Duration()
        length.FromTimedelta(timedelta(days=days))
        request = instance_pb2.CreateInstanceRequest(
            parent=f"accounts/{self.account(who)}",
            instance_id=instance,
            trial_length=length,
            request_id=request_id(),
        )
        method = self.clients.instances.CreateInstance
        await self.clients.call(method, request, secret=self._secrets[who])

    async def subscribe(self, who: str, *instances: str) -> None:
        """Instances that are subscribed as soon as they are there."""
        for each in instances:
            await self.trial(who, each)
            await self.clients.subscribe(self.name(who, each))

    async def cancel(self, who: str, instance: str) -> None:
        """Cancel an instance."""
        request = instance_pb2.CancelInstanceRequest(
            name=self.name(who, instance), request_id=request_id()
        )
        await self.clients.call(self.clients.instances.CancelInstance, request)

    async def suspend(self, who: str, instance: str) -> None:
        """Suspend an instance."""
        request = instance_pb2.SuspendInstanceRequest(
            name=self.name(who, instance), request_id=request_id()
        )
        await self.clients.call(self.clients.instances.SuspendInstance, request)

    async def pay(self, who: str, minor: int, value_on: date, payment: str) -> None:
        """Record a payment."""
        request = payment_pb2.RecordPaymentRequest(
            parent=f"accounts/{self.account(who)}",
            payment_id=f"{self.account(who)}-{payment}",
            amount=brl(minor),
            value_date=proto_date(value_on),
            request_id=request_id(),
        )
        await self.clients.call(self.clients.payments.RecordPayment, request)

    async def reverse(self, who: str, payment: str) -> None:
        """Reverse a payment."""
        account = self.account(who)
        request = payment_pb2.ReversePaymentRequest(
            name=f"accounts/{account}/payments/{account}-{payment}", request_id=request_id()
        )
        await self.clients.call(self.clients.payments.ReversePayment, request)

    async def paid_for_by(self, who: str, payer: str) -> None:
        """Let an account be paid for by another."""
        profile = billing_profile_pb2.BillingProfile(
            name=f"accounts/{self.account(who)}/billingProfile",
            payer=f"accounts/{self.account(payer)}",
        )
        request = billing_profile_pb2.UpdateBillingProfileRequest(
            billing_profile=profile,
            update_mask=FieldMask(paths=["payer"]),
            request_id=request_id(),
        )
        await self.clients.call(self.clients.profiles.UpdateBillingProfile, request)

    # --- the scenes ---------------------------------------------------------------------------

    async def begin(self) -> None:
        """5 January: everybody comes in."""
        await self.clients.create_sandbox(self.sandbox, START)
        for who, zone in (("alfa", ""), ("beta", "America/Manaus"), ("gama", "")):
            await self.open(who, zone)
            await self.prepaid(who, "prepaid", date(2060, 1, 31))
            await self.enrol(who)
        await self.paid_for_by("beta", "alfa")
        await self.pay("alfa", 700_00, START.date(), "advance")
        await self.subscribe("alfa", "one", "two")
        await self.trial("alfa", "lapses")
        await self.trial("alfa", "lapses-later", days=29)
        await self.subscribe("beta", "one")
        await self.subscribe("gama", "one", "two", "three")
        await self.cancel("gama", "three")
        await self._others()

    async def _others(self) -> None:
        await self.open("delta", "Europe/Oslo")
        await self.prepaid("delta", "prepaid", date(2060, 2, 29))
        await self.enrol("delta")
        await self.subscribe("delta", "one")
        await self.trial("delta", "lapses")
        await self.open("epsilon")
        for number, paid_through in enumerate(
            (date(2060, 1, 20), date(2060, 2, 29), date(2060, 6, 30), date(2060, 12, 31))
        ):
            await self.prepaid("epsilon", f"prepaid-{number}", paid_through)
        await self.enrol("epsilon")
        await self.cancel("epsilon", "prepaid-1")
        await self.pay("epsilon", 99_999_00, START.date(), "advance")
        await self.open("zeta")
        await self.prepaid("zeta", "prepaid", date(2060, 5, 31))

    async def february(self) -> None:
        """4 February: gama pays, cancels, and goes on growing."""
        await self.pay("gama", 3 * 39_90, date(2060, 2, 4), "january")
        await self.cancel("gama", "two")
        await self.subscribe("gama", "four")
        await self.subscribe("epsilon", "own")

    async def march(self) -> None:
        """12 March: gama pays too late, with a value date that is not."""
        await self.pay("gama", 300_00, date(2060, 3, 9), "february")
        await self.trial("gama", "lapses")

    async def april(self) -> None:
        """20 April: alfa's credit turns out to be worth nothing."""
        await self.reverse("alfa", "advance")
        await self.cancel("epsilon", "own")
        await self.suspend("epsilon", "prepaid-2")

    async def may(self) -> None:
        """3 May: alfa pays all it owes, and more."""
        await self.pay("alfa", 2_000_00, date(2060, 5, 2), "all")

    async def november(self) -> None:
        """30 November: delta pays what it never did, and begins again."""
        await self.pay("delta", 500_00, date(2060, 11, 30), "all")
        await self.subscribe("delta", "again")


def script(year: Year) -> Sequence[tuple[datetime, Callable[[], Awaitable[None]]]]:
    """What is done in the course of the year, and when."""
    return (
        (on(2, 4), year.february),
        (on(3, 12), year.march),
        (on(4, 20), year.april),
        (on(5, 3), year.may),
        (on(11, 30), year.november),
    )


async def play_year(
    year: Year, advance: Advance, *, scripted: bool, stride: timedelta | None = None
) -> None:
    """Play from 5 January to the end, 400 days later.

    Without `stride` the sandbox goes from one deed of the script to the next in one call; without
    a script, to the end in one call.
    """
    await year.begin()
    now = START
    for moment, deed in (*(script(year) if scripted else ()), (END, None)):
        while stride is not None and now + stride < moment:
            now += stride
            await advance(year.sandbox, now)
        await advance(year.sandbox, moment)
        now = moment
        if deed is not None:
            await deed()
