"""Whatever is done to accounts, a process that remembers previews what one that does not would."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

import pytest

from billing_service.domain.calendar import civil_day
from billing_service.domain.draft import draft_id
from billing_service.domain.price import Price, Recurring
from billing_service.domain.price_models import Flat
from billing_service.domain.proration import ProrationMode
from billing_service.domain.tax import TaxProfile
from billing_service.storage.draft_rows import DraftFilter, list_drafts
from billing_service.use_cases.add_plan_version import ADD_PLAN_VERSION, AddPlanVersion
from billing_service.use_cases.add_tax_profile_version import (
    ADD_TAX_PROFILE_VERSION,
    AddTaxProfileVersion,
)
from billing_service.use_cases.change_subscription import CHANGE_SUBSCRIPTION, ChangeSubscription
from billing_service.use_cases.create_credit_note import (
    CREATE_CREDIT_NOTE,
    CreateCreditNote,
    LineToCredit,
)
from billing_service.use_cases.issue_invoice import ISSUE_INVOICE, IssueInvoice
from billing_service.use_cases.preview_change import ChangePreview, preview_change
from billing_service.use_cases.undo_subscription_change import (
    UNDO_SUBSCRIPTION_CHANGE,
    UndoSubscriptionChange,
)
from billing_service.use_cases.update_issuer import UPDATE_ISSUER, UpdateIssuer
from chassis.database import Transaction
from chassis.errors import DomainError
from tests.billing.builders import SAO_PAULO, Billing
from tests.billing.credits.giving import grant
from tests.billing.one_off.charging import charge
from tests.billing.one_off.coupons import create_coupon
from tests.billing.subscribing.changing import change_of, move
from tests.billing.subscribing.live import Live, plan_of
from tests.billing.subscribing.test_preview_memory import CALLS, PRO
from tests.billing.taxing import create_tax_profile, tax_version

_USD: Final = "USD"
SMALL: Final = plan_of(Price("base", _USD, Recurring(), Flat(Decimal(31))), plan="small")
ACCOUNTS: Final = ("acme", "bravo", "boss")
HOUR_US: Final = 3_600_000_000
MODES: Final = [None, *ProrationMode]
COUPONS: Final = ("few", "many")
# What a preview gives, or what it was refused for.
Told = ChangePreview | tuple[type, str]


@dataclass(slots=True)
class Walk:
    """Three accounts, and somebody who does anything to them."""

    live: Live
    random: Random
    keys: list[tuple[str, str]] = field(default_factory=list)
    count: int = 0

    @classmethod
    def on(cls, billing: Billing, seed: int) -> "Walk":
        """Two of them are subscribed; it is 10 April, and March is billed."""
        live = Live.on(billing, PRO, SMALL, meters=(CALLS,))
        for account in ACCOUNTS[1:]:
            live.account(account)
        create_tax_profile(billing)
        create_coupon(billing, "few", redemptions_max=2)
        create_coupon(billing, "many", periods_count=2)
        live.subscribe("pro", {"seats": 3})
        live.subscribe("small", account="bravo")
        billing.set_terms("boss", currency=_USD, draft_days=3)
        billing.go_to("2026-04-10 12:00")
        chosen = Random(seed)  # noqa: S311 - chance, not secrecy
        return cls(live, chosen, [("acme", "main"), ("bravo", "main")])

    @property
    def billing(self) -> Billing:
        """The service."""
        return self.live.billing

    def new(self, prefix: str) -> str:
        """An id that nothing has."""
        self.count += 1
        return f"{prefix}{self.count}"

    def any_account(self) -> str:
        """One of the accounts."""
        return self.random.choice(ACCOUNTS)

    def day(self, *bounds: int) -> str:
        """A day so many days from today, by chance within these bounds."""
        today = civil_day(self.billing.clock.now(), SAO_PAULO)
        return str(today + timedelta(self.random.randint(*bounds)))

    def asked(self) -> ChangeSubscription:
        """Any change of any subscription."""
        account, subscription = self.random.choice(self.keys[:4])
        when = self.random.choice(["", "renewal", self.day(-40, 0)])
        plan, held = self.random.choice([("pro", {"seats": self.random.randint(0, 6)}), _SMALL])
        mode = self.random.choice(MODES)
        coupons = self.random.choice([(), (), COUPONS[:1], COUPONS[1:]])
        of: dict[str, Any] = {"account": account, "subscription": subscription}
        return change_of(plan, held, when=when, mode=mode, coupons=coupons, **of)

    def step(self) -> str:
        """Do something; gives what."""
        name = self.random.choice(sorted(COMMANDS))
        try:
            COMMANDS[name](self)
        except DomainError as refusal:
            return f"{name}: {refusal}"
        return name

    def told(self, asks: Sequence[ChangeSubscription]) -> tuple[list[Told], list[Told]]:
        """The previews of who remembers, and of who does not."""

        def query(tx: Transaction) -> tuple[list[Told], list[Told]]:
            known, shared = [self._previewed(tx, each) for each in asks], tx.memory
            tx.memory = {}
            anew = [self._previewed(tx, each) for each in asks]
            tx.memory = shared
            return known, anew

        return self.billing.database.read(query)

    def _previewed(self, tx: Transaction, command: ChangeSubscription) -> Told:
        try:
            return preview_change(tx, command, self.billing.clock.now())
        except DomainError as refusal:
            return type(refusal), str(refusal)


_SMALL: Final[tuple[str, dict[str, int]]] = ("small", {})


def _subscribe(walk: Walk) -> None:
    account, subscription = walk.any_account(), walk.new("s")
    begins = walk.random.choice(["", walk.day(-60, -1)])
    more: dict[str, Any] = {"coupons": COUPONS[:1]} if walk.random.random() < 0.4 else {}
    walk.live.subscribe("small", account=account, subscription=subscription, begins=begins, **more)
    walk.keys.append((account, subscription))


def _undo(walk: Walk) -> None:
    account, subscription = walk.random.choice(walk.keys)
    last = len(walk.live.subscription(account, subscription).facts)
    command = UndoSubscriptionChange(account, subscription, last, "")
    walk.billing.do(UNDO_SUBSCRIPTION_CHANGE, command)


def _grant(walk: Walk) -> None:
    expires = f"{walk.day(1, 20)} 12:00"
    payer = walk.any_account()
    grant(walk.billing, walk.new("c"), "20", currency=_USD, payer=payer, expires_at=expires)


def _pay(walk: Walk) -> None:
    amount = f"{walk.random.randint(1, 200)}.00"
    walk.billing.pay(amount, value_on=walk.day(0, 0), payer=walk.any_account(), currency=_USD)


def _give_back(walk: Walk) -> None:
    for account in ACCOUNTS:
        for each in walk.billing.invoices(account)[-1:]:
            lines = (LineToCredit(1, None),)
            command = CreateCreditNote(account, each.invoice.invoice_id, lines, "so agreed")
            walk.billing.do(CREATE_CREDIT_NOTE, command)


def _issue_draft(walk: Walk) -> None:
    wanted, now = DraftFilter("", "", None, None), walk.billing.clock.now()
    for each in walk.billing.database.read(
        lambda tx: list_drafts(tx, wanted, from_payer="", is_after=False, limit=9)
    ):
        command = IssueInvoice(each.payer, draft_id(each.month, _USD), now)
        walk.billing.do(ISSUE_INVOICE, command)


def _add_version(walk: Walk) -> None:
    (version,) = SMALL.versions
    base = replace(version.prices[0], model=Flat(Decimal(walk.random.randint(20, 90))))
    effective_at = walk.billing.clock.now() + HOUR_US
    later = replace(version, prices=(base,), effective_at=effective_at)
    walk.billing.do(ADD_PLAN_VERSION, AddPlanVersion("small", later))


def _tax_otherwise(walk: Walk) -> TaxProfile:
    later = tax_version("9", effective_at=walk.billing.clock.now() + HOUR_US)
    return walk.billing.do(ADD_TAX_PROFILE_VERSION, AddTaxProfileVersion("home", later))


COMMANDS: Final[dict[str, Callable[[Walk], Any]]] = {
    "time": lambda walk: walk.billing.run_to(
        walk.billing.clock.now() + walk.random.randint(1, 300) * HOUR_US
    ),
    "use": lambda walk: walk.live.use(
        "calls", "70", account=walk.any_account(), on=f"{walk.day(-40, -1)} 12:00"
    ),
    "change": lambda walk: walk.billing.do(CHANGE_SUBSCRIPTION, walk.asked()),
    "move": lambda walk: move(walk.live, walk.random.choice(["pause", "resume"])),
    "undo": _undo,
    "subscribe": _subscribe,
    "grant": _grant,
    "pay": _pay,
    "give back": _give_back,
    "charge": lambda walk: charge(
        walk.live, walk.new("o"), account=walk.any_account(), unit_price="7"
    ),
    "payer": lambda walk: walk.billing.set_profile(
        walk.random.choice(ACCOUNTS[:2]), payer=walk.random.choice(["boss", ""])
    ),
    "tax": lambda walk: walk.billing.set_profile(walk.any_account(), tax_profile="home"),
    "tax otherwise": _tax_otherwise,
    "hold": lambda walk: walk.billing.set_profile(
        walk.any_account(), hold_invoices=walk.random.random() < 0.5
    ),
    "issue": _issue_draft,
    "version": _add_version,
    "issuer": lambda walk: walk.billing.do(
        UPDATE_ISSUER, UpdateIssuer("pospago", "", {"legal_name": walk.new("Pospago ")})
    ),
}


def differs_after(billing: Billing, seed: int, steps_count: int) -> list[str]:
    """What was done until somebody who remembers told otherwise; empty if nobody did."""
    walk, done = Walk.on(billing, seed), []
    for _ in range(steps_count):
        done.append(walk.step())
        known, anew = walk.told([walk.asked(), walk.asked()])
        if known != anew:
            return done
    return []


def test_no_command_is_overlooked(sqlite_billing: Billing) -> None:
    """One command after the other, and previews of any change between them."""
    assert differs_after(sqlite_billing, seed=1, steps_count=12) == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_no_long_walk_is_overlooked(billing: Billing, seed: int) -> None:
    """The same for longer, on both stores."""
    assert differs_after(billing, seed=seed, steps_count=100) == []
