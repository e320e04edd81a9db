"""The billing service on a store, without a server, and its commands with defaults."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, event, select, update

from billing_service.api.events import encode_event
from billing_service.domain.item_rate import MONTHLY
from billing_service.domain.party import NO_ADDRESS, Issuer
from billing_service.domain.plan import Plan, PlanVersion, VersionPolicy
from billing_service.domain.price import Price, Recurring
from billing_service.domain.price_models import Flat
from billing_service.domain.subscription import FactKind
from billing_service.domain.terms import DEFAULT_TERMS, TermsVersion, integrator_terms
from billing_service.storage.queries import (
    ProfileInFull,
)
from billing_service.storage.schema import CHASSIS, upgrade
from billing_service.use_cases.create_issuer import CREATE_ISSUER, CreateIssuer
from billing_service.use_cases.create_plan import CREATE_PLAN, CreatePlan
from billing_service.use_cases.create_terms import CREATE_TERMS, CreateTerms
from billing_service.use_cases.follow_account import (
    FOLLOW_ACCOUNT,
    OPEN_SANDBOX,
    FollowAccount,
    OpenSandbox,
)
from billing_service.use_cases.follow_instance import FOLLOW_INSTANCE, FollowInstance
from billing_service.use_cases.receiving import PaymentWithAllocations
from billing_service.use_cases.record_payment import RECORD_PAYMENT, RecordPayment
from billing_service.use_cases.reverse_payment import REVERSE_PAYMENT, ReversePayment
from billing_service.use_cases.timer_use_cases import TIMER_USE_CASES
from billing_service.use_cases.update_billing_profile import (
    UPDATE_BILLING_PROFILE,
    UpdateBillingProfile,
)
from chassis.batch import BatchTools
from chassis.clock import ManualClock, from_datetime
from chassis.database import Database
from chassis.entry import PeerEvent, Submission
from chassis.feed import Cursor
from chassis.parking import NotePeerParking, note_peer_parking
from chassis.sandboxes import step_to
from chassis.timers import due_accounts, next_due
from chassis.use_case import UseCase
from chassis.writer import Writer, fire_timers
from tests.billing.seen import Seen

R = TypeVar("R")

SAO_PAULO: Final = "America/Sao_Paulo"
PLAN: Final = "integrator"
PRICES: Final = {1: "39.90", 2: "34.90", 3: "29.90"}


def at(text: str, zone: str = SAO_PAULO) -> int:
    """The instant at which clocks in a zone show `2026-03-01 12:00`, or midnight of a date."""
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def day(text: str) -> date:
    """The civil day of `2026-03-01`."""
    return date.fromisoformat(text)


START_AT: Final = at("2026-03-02 09:00")


def create_store(url: str) -> None:
    """Make the tables at `url`, with the programme's terms."""
    database = Database(url)
    upgrade(database)
    writer = Writer(database, BatchTools(CHASSIS, TIMER_USE_CASES, encode_event), ManualClock(1))
    (terms,) = integrator_terms().versions
    writer.execute([Submission(CREATE_TERMS, CreateTerms(DEFAULT_TERMS, terms), "test")])
    writer.close()
    database.close()


def plan_of(
    plan: str = PLAN,
    *,
    policy: VersionPolicy = VersionPolicy.FOLLOW,
    prices: dict[int, str] | None = None,
    currency: str = "BRL",
) -> Plan:
    """A plan with its first version."""
    return Plan(plan, "Integrator", policy, (version_of(prices or PRICES, currency=currency),))


def version_of(
    prices: dict[int, str], *, effective_at: int | None = None, currency: str = "BRL"
) -> PlanVersion:
    """A version of a plan by bands, still without its number."""
    listed = [price_of(amount, band=band, currency=currency) for band, amount in prices.items()]
    return PlanVersion(0, effective_at, tuple(listed), MONTHLY)


def price_of(
    amount: str, *, code: str = "base", band: int = 0, currency: str = "BRL", **more: Any
) -> Price:
    """A recurring price of one amount, or what `more` says instead."""
    values: dict[str, Any] = {"kind": Recurring(), "model": Flat(Decimal(amount))} | more
    return Price(code=code, band=band, currency=currency, **values)


def terms_of(**more: Any) -> TermsVersion:
    """A version of billing terms like those of the programme."""
    (standard,) = integrator_terms().versions
    values = {name: getattr(standard, name) for name in TermsVersion.__slots__}
    return TermsVersion(**(values | more))


@dataclass(slots=True)
class Billing(Seen):
    """The service on its store: commands in, results or refusals out, at the clock's time."""

    writer: Writer
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def at(cls, url: str) -> "Billing":
        """The service on the store at `url`, whose tables exist."""
        database = Database(url)
        clock = ManualClock(START_AT)
        tools = BatchTools(CHASSIS, TIMER_USE_CASES, encode_event)
        return cls(database, clock, Writer(database, tools, clock))

    def close(self) -> None:
        self.writer.close()
        self.database.close()

    def do(self, use_case: UseCase[Any, Any, R], command: Any) -> R:
        """What a command gives; its refusal is raised."""
        (outcome,) = self.do_all(use_case, [command])
        if isinstance(outcome, BaseException):
            raise outcome
        result: R = outcome
        return result

    def do_all(self, use_case: UseCase[Any, Any, Any], commands: Sequence[Any]) -> list[Any]:
        """What each of a list of commands gives, or its refusal."""
        outcomes = self.writer.execute([Submission(use_case, each, "test") for each in commands])
        return [each if isinstance(each, BaseException) else each.body for each in outcomes]

    # --- time ---------------------------------------------------------------------------------

    def go_to(self, text: str, *, told: bool = True) -> None:
        """Let time pass and do on the way what falls due; the peer has `told` all up to then."""
        self.run_to(at(text), told=told)

    def run_to(self, goal_at: int, *, told: bool = True) -> None:
        """The same, up to an instant."""
        while (due_at := self._next_due()) is not None and due_at <= goal_at:
            self.clock.advance_to(due_at)
            self._do_due(told=told)
            if self._next_due() == due_at:
                break
        self.clock.advance_to(goal_at)
        self._do_due(told=told)

    def jump_to(self, text: str, *, told: bool = True) -> None:
        """Move the clock at once, as if the service had been away, and do what is due."""
        self.clock.advance_to(at(text))
        self._do_due(told=told)

    def _next_due(self) -> int | None:
        return self.database.read(lambda tx: next_due(tx, CHASSIS, ""))

    def _do_due(self, *, told: bool) -> None:
        if told:
            self.peer_tells_up_to(self.clock.now())
        now_at = self.clock.now()
        for _ in range(100):
            before = self._next_due()
            accounts = self.database.read(
                lambda tx: due_accounts(tx, CHASSIS, sandbox="", until_at=now_at)
            )
            for account in accounts:
                self.writer.execute([fire_timers(account)])
            if self._next_due() == before:
                return

    def peer_tells_up_to(self, watermark_at: int) -> None:
        """Note that the provisioning service can tell nothing new up to an instant."""
        self.writer.apply_feed("provisioning", [], Cursor(1, next(self._numbers), watermark_at))

    # --- what the provisioning service tells --------------------------------------------------

    def apply(self, use_case: Any, commands: Sequence[Any], effective_at: int = 0) -> None:
        """Apply events of the provisioning service's feed, as their consumer does."""
        events = [
            PeerEvent(
                source="provisioning",
                seq=next(self._numbers),
                account=getattr(each, "account", ""),
                effective_at=effective_at,
                type="",
                payload=b"",
                submission=Submission(use_case, each, "feed/provisioning"),
            )
            for each in commands
        ]
        cursor = Cursor(1, events[-1].seq, self.watermark_at())
        self.writer.apply_feed("provisioning", events, cursor)

    def watermark_at(self) -> int:
        cursors = CHASSIS.cursors
        row = self.database.read(lambda tx: tx.one(select(cursors.c.watermark_at)))
        return int(row[0]) if row else 0

    def account(self, account: str = "acme", *, zone: str = SAO_PAULO, sandbox: str = "") -> None:
        command = FollowAccount(account, sandbox, zone, f"{account} Ltda.")
        self.apply(FOLLOW_ACCOUNT, [command])

    def sandbox(self, sandbox: str, clock_at: int = START_AT) -> None:
        self.apply(OPEN_SANDBOX, [OpenSandbox(sandbox, clock_at)])

    def subscribe(
        self,
        *instances: str,
        account: str = "acme",
        on: str = "2026-03-10 12:00",
        band: int = 1,
        plan: str = PLAN,
        zone: str = SAO_PAULO,
    ) -> None:
        """Instances were subscribed."""
        self._tell(FactKind.SUBSCRIBED, instances, account, at(on, zone), plan=plan, band=band)

    def migrate(
        self, *instances: str, on: str, first_billed_month: str, account: str = "acme"
    ) -> None:
        """Prepaid instances were taken over."""
        first = day(first_billed_month)
        self._tell(
            FactKind.MIGRATED,
            instances,
            account,
            at(on),
            plan=PLAN,
            band=1,
            first_billed_month=first,
        )

    def cancel(self, *instances: str, on: str, account: str = "acme") -> None:
        self._tell(FactKind.CANCELLED, instances, account, at(on))

    def resume(self, *instances: str, on: str, account: str = "acme") -> None:
        self._tell(FactKind.RESUMED, instances, account, at(on))

    def delete(self, *instances: str, on: str, account: str = "acme") -> None:
        self._tell(FactKind.ENDED, instances, account, at(on))

    def _tell(
        self,
        kind: FactKind,
        instances: Sequence[str],
        account: str,
        effective_at: int,
        **more: Any,
    ) -> None:
        self.clock.advance_to(effective_at)
        commands = [FollowInstance(account, each, kind, effective_at, **more) for each in instances]
        self.apply(FOLLOW_INSTANCE, commands, effective_at)

    def statements_to_close(self, payer: str, text: str) -> int:
        """How many statements it takes to do what is due on a payer at an instant."""
        self.clock.advance_to(at(text))
        self.peer_tells_up_to(self.clock.now())
        seen: list[str] = []

        def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        event.listen(Engine, "before_cursor_execute", count)
        self.writer.execute([fire_timers(payer)])
        event.remove(Engine, "before_cursor_execute", count)
        return len(seen)

    def note_peer_parking(self, account: str, *, parked: bool) -> None:
        """The provisioning service parked an account, or goes on with it."""
        self.apply(note_peer_parking(CHASSIS), [NotePeerParking(account, parked=parked)])

    def step(self, sandbox: str, text: str, *, target: str = "") -> int:
        """Move a sandbox's clock, as the provisioning service does."""
        target_at = at(target) if target else None
        return step_to(self.writer, sandbox, to_at=at(text), target_at=target_at)

    # --- commands -----------------------------------------------------------------------------

    def issuer(self, issuer: str = "pospago", series: str = "INV-") -> Issuer:
        command = CreateIssuer(
            issuer_id=issuer,
            legal_name="Pospago S.A.",
            registration_number="11.222.333/0001-81",
            address=NO_ADDRESS,
            bank_details="Bank 1",
            payment_reference="Invoice {number}",
            invoice_series=series,
        )
        return self.do(CREATE_ISSUER, command)

    def plan(self, plan: Plan | None = None) -> Plan:
        return self.do(CREATE_PLAN, CreatePlan(plan or plan_of()))

    def set_profile(self, account: str = "acme", **values: Any) -> ProfileInFull:
        return self.do(UPDATE_BILLING_PROFILE, UpdateBillingProfile(account, "", values))

    def set_terms(self, account: str = "acme", **values: Any) -> None:
        """Bill an account under terms of its own, that differ in some values."""
        self.do(CREATE_TERMS, CreateTerms(f"of-{account}", terms_of(**values)))
        self.set_profile(account, terms=f"of-{account}")

    def pay(
        self,
        amount: str,
        *,
        value_on: str,
        payer: str = "acme",
        payment: str = "",
        invoice: str = "",
        currency: str = "BRL",
    ) -> PaymentWithAllocations:
        units, _, cents = amount.partition(".")
        command = RecordPayment(
            payer=payer,
            payment_id=payment or f"p{next(self._numbers)}",
            units=int(units),
            nanos=int(cents.ljust(9, "0") or 0),
            currency=currency,
            value_on=day(value_on),
            invoice=invoice,
            reference="",
        )
        return self.do(RECORD_PAYMENT, command)

    def reverse(self, payment: str, payer: str = "acme") -> PaymentWithAllocations:
        return self.do(REVERSE_PAYMENT, ReversePayment(payer, payment, "returned"))

    def park(self, account: str) -> None:
        """Park an account, as if something due on it had failed."""
        locks = CHASSIS.account_locks
        parked = update(locks).where(locks.c.account == account)
        self.writer.in_transaction(
            lambda tx: tx.execute(parked.values(parked_cause="timer/stop", retry_at=2**62))
        )
