"""Accounts that live on the plans of hybrid billing in one sandbox, through the gateway.

The catalogue is `examples/catalogs/hybrid.yaml`; its meters of calls and e-mails sum up what an
event counts, so that tens of thousands of them are one event.
"""

import itertools
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import grpc
from google.type import date_pb2, decimal_pb2
from pospago.billing.v1 import (
    billing_profile_pb2,
    invoice_pb2,
    one_off_charge_pb2,
    proration_pb2,
    subscription_pb2,
    usage_pb2,
)
from pospago.billing.v1.billing_profile_pb2_grpc import BillingProfileServiceStub
from pospago.billing.v1.invoice_pb2_grpc import InvoiceServiceStub
from pospago.billing.v1.one_off_charge_pb2_grpc import OneOffChargeServiceStub
from pospago.billing.v1.subscription_pb2_grpc import SubscriptionServiceStub
from pospago.billing.v1.usage_pb2_grpc import UsageServiceStub
from pospago.provisioning.v1 import account_pb2, entitlement_pb2, resource_pb2, sandbox_pb2
from pospago.provisioning.v1.account_pb2_grpc import AccountServiceStub
from pospago.provisioning.v1.entitlement_pb2_grpc import EntitlementServiceStub
from pospago.provisioning.v1.resource_pb2_grpc import ResourceServiceStub
from pospago.provisioning.v1.sandbox_pb2_grpc import SandboxServiceStub

from pospago_cli.catalog.applying import apply_catalog, checked
from pospago_cli.client import Connection
from pospago_cli.demo import EXAMPLES, SandboxClock
from pospago_cli.processes import Layout, Suite, bare
from pospago_cli.session import OPERATOR_FILE
from pospago_cli.values import to_timestamp
from tests.suite.clients import reason_of

CATALOG: Final = EXAMPLES / "catalogs" / "hybrid.yaml"
SANDBOX: Final = "hybrid"
# All subscribe from the first of March on, and it is the twentieth.
START: Final = datetime(2026, 3, 20, 12, tzinfo=UTC)
CLOSED: Final = datetime(2026, 4, 1, 12, tzinfo=UTC)
BEGINS: Final = date_pb2.Date(year=2026, month=3, day=1)
SUBSCRIPTION: Final = "main"
# The meters of what is done by the tens of thousands.
_COUNTED: Final = (
    "{ event: api.call, aggregation: count,",
    "{ event: email.sent, aggregation: count,",
)


@dataclass(slots=True)
class Hybrid:
    """The suite behind its gateway, and the accounts that live in one sandbox of it."""

    operator: Connection
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def subscribe(
        self, account: str, plan: str, held: Mapping[str, int], *, tax_profile: str = ""
    ) -> None:
        """An account that pays in dollars, and subscribes to a plan."""
        self._account(account, tax_profile)
        request = subscription_pb2.CreateSubscriptionRequest(
            parent=f"accounts/{account}", subscription_id=SUBSCRIPTION, request_id=_fresh()
        )
        request.subscription.plan = f"plans/{plan}"
        request.subscription.start_date.CopyFrom(BEGINS)
        request.subscription.held.extend(held_quantities(held))
        self.operator.stub(SubscriptionServiceStub).CreateSubscription(request)

    def _account(self, account: str, tax_profile: str) -> None:
        created = account_pb2.CreateAccountRequest(account_id=account, request_id=_fresh())
        created.account.display_name = f"Client {account}"
        created.account.time_zone = "UTC"
        created.account.sandbox = f"sandboxes/{SANDBOX}"
        self.operator.stub(AccountServiceStub).CreateAccount(created)
        profile = billing_profile_pb2.BillingProfile(
            name=f"accounts/{account}/billingProfile", currency="USD", tax_profile=tax_profile
        )
        changed = billing_profile_pb2.UpdateBillingProfileRequest(
            billing_profile=profile, request_id=_fresh()
        )
        changed.update_mask.paths.extend(["currency", *(["tax_profile"] if tax_profile else [])])
        self.operator.stub(BillingProfileServiceStub).UpdateBillingProfile(changed)

    def change_plan(
        self,
        account: str,
        plan: str,
        from_on: date_pb2.Date,
        allowances: proration_pb2.Proration.AllowanceSwitch,
    ) -> None:
        """Have an account change to another plan on a day, by parts of the period."""
        request = subscription_pb2.ChangeSubscriptionRequest(
            name=f"accounts/{account}/subscriptions/{SUBSCRIPTION}",
            holding=subscription_pb2.Holding(plan=f"plans/{plan}"),
            effective=subscription_pb2.Effective(date=from_on),
            proration=proration_pb2.Proration(
                mode=proration_pb2.Proration.MODE_PRORATE_NEXT_INVOICE, allowances=allowances
            ),
            request_id=_fresh(),
        )
        self.operator.stub(SubscriptionServiceStub).ChangeSubscription(request)

    def use(self, account: str, kind: str, data: Mapping[str, str], *, day: int = 10) -> None:
        """One event on a day of March."""
        event = usage_pb2.UsageEvent(
            source="gateway",
            id=str(next(self._numbers)),
            subject=f"accounts/{account}",
            type=kind,
            time=to_timestamp(datetime(2026, 3, day, 12, tzinfo=UTC)),
            data=data,
        )
        request = usage_pb2.IngestEventsRequest(events=[event])
        answer = self.operator.stub(UsageServiceStub).IngestEvents(request)
        assert answer.accepted_count == 1, answer.refusals

    def charge(self, account: str, price: str, quantity: int) -> None:
        """Charge an account once, by the rate card of its plan."""
        charge = one_off_charge_pb2.OneOffCharge(quantity=decimal_pb2.Decimal(value=str(quantity)))
        card = charge.rate_card
        card.subscription = f"accounts/{account}/subscriptions/{SUBSCRIPTION}"
        card.price = price
        request = one_off_charge_pb2.CreateOneOffChargeRequest(
            parent=f"accounts/{account}",
            one_off_charge_id=price,
            one_off_charge=charge,
            request_id=_fresh(),
        )
        self.operator.stub(OneOffChargeServiceStub).CreateOneOffCharge(request)

    def hold(self, account: str, kind: str) -> str:
        """Hold one more of what a plan limits; the reason of the refusal, or ''."""
        request = resource_pb2.CreateResourceRequest(
            parent=f"accounts/{account}",
            resource_id=f"{kind}-{next(self._numbers)}",
            request_id=_fresh(),
        )
        request.resource.kind = kind
        try:
            self.operator.stub(ResourceServiceStub).CreateResource(request)
        except grpc.RpcError as failure:
            return reason_of(failure)
        return ""

    def is_allowed(self, account: str, code: str, quantity: int) -> bool:
        """Whether an account may use so much of something."""
        request = entitlement_pb2.CheckEntitlementRequest(parent=f"accounts/{account}", code=code)
        request.quantity.value = str(quantity)
        return bool(self.operator.stub(EntitlementServiceStub).CheckEntitlement(request).allowed)

    def close_march(self) -> None:
        """Let March end for all."""
        SandboxClock(self.operator, f"sandboxes/{SANDBOX}")(CLOSED)

    def invoice(self, account: str) -> invoice_pb2.Invoice:
        """An account's invoice of March."""
        request = invoice_pb2.ListInvoicesRequest(parent=f"accounts/{account}")
        (found,) = self.operator.stub(InvoiceServiceStub).ListInvoices(request).invoices
        return found


def held_quantities(held: Mapping[str, int]) -> list[subscription_pb2.Subscription.HeldQuantity]:
    """What is held, as a subscription states it."""
    return [
        subscription_pb2.Subscription.HeldQuantity(
            price=code, quantity=decimal_pb2.Decimal(value=str(quantity))
        )
        for code, quantity in held.items()
    ]


def usd(amount: Any) -> str:
    """An amount with two decimals."""
    return f"{amount.units}.{amount.nanos // 10_000_000:02}"


@contextmanager
def lived(folder: Path) -> Iterator[Hybrid]:
    """The three processes, the catalogue and a sandbox; ended with the block."""
    layout = Layout.on_free_ports(folder)
    suite = Suite(bare(layout.environment), lambda _name, _line: None)
    try:
        suite.start()
        suite.wait_serving(layout.address)
        secret = (folder / OPERATOR_FILE).read_text(encoding="ascii").strip()
        with Connection.to(layout.address, secret) as operator:
            apply_catalog(operator, checked(_catalog(folder)))
            request = sandbox_pb2.CreateSandboxRequest(
                sandbox_id=SANDBOX, start_time=to_timestamp(START), request_id=_fresh()
            )
            operator.stub(SandboxServiceStub).CreateSandbox(request)
            yield Hybrid(operator)
    finally:
        suite.stop()


def _catalog(folder: Path) -> Path:
    text = CATALOG.read_text(encoding="utf-8")
    for counted in _COUNTED:
        assert text.count(counted) == 1
        text = text.replace(counted, counted.replace("count,", "sum, property: count,"))
    summed = folder / "hybrid.yaml"
    summed.write_text(text, encoding="utf-8")
    return summed


def _fresh() -> str:
    return str(uuid.uuid4())
