"""Consumption of an API as a shield: clients of the example catalogue, through the gateway.

The catalogue is `examples/catalogs/api_prices.yaml` as it stands; only where a test has to tell of
hundreds of thousands of requests in one event, the meter sums up what events count.
"""

import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pospago.billing.v1 import (
    billing_profile_pb2,
    invoice_pb2,
    review_pb2,
    subscription_pb2,
    usage_pb2,
)
from pospago.billing.v1.billing_profile_pb2_grpc import BillingProfileServiceStub
from pospago.billing.v1.invoice_pb2_grpc import InvoiceServiceStub
from pospago.billing.v1.review_pb2_grpc import ReviewServiceStub
from pospago.billing.v1.subscription_pb2_grpc import SubscriptionServiceStub
from pospago.billing.v1.usage_pb2_grpc import UsageServiceStub
from pospago.provisioning.v1 import account_pb2, sandbox_pb2
from pospago.provisioning.v1.account_pb2_grpc import AccountServiceStub
from pospago.provisioning.v1.sandbox_pb2_grpc import SandboxServiceStub

from pospago_cli.catalog.applying import apply_catalog, checked
from pospago_cli.client import Connection
from pospago_cli.demo import EXAMPLES, SandboxClock
from pospago_cli.processes import Layout, Suite, bare
from pospago_cli.session import OPERATOR_FILE
from pospago_cli.values import to_timestamp

CATALOG: Final = EXAMPLES / "catalogs" / "api_prices.yaml"
SANDBOX: Final = "shield"
START: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)
BATCH: Final = 10_000
CONSUMED: Final = ("requests", "transfer")
REDUCED: Final = review_pb2.Review.DECISION_REDUCE
_COUNTED: Final = "{ event: api.request, aggregation: count, unit: request,"
_SUMMED: Final = "{ event: api.request, aggregation: sum, property: count, unit: request,"


@dataclass(slots=True)
class Shield:
    """The suite behind its gateway, and the clients of an API that live in one sandbox of it."""

    operator: Connection
    sums: bool
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def client(self, name: str, payer: str = "") -> None:
        """An account that pays in NOK, itself or by another one, and subscribes to the API."""
        self.account(name, payer)
        request = subscription_pb2.CreateSubscriptionRequest(
            parent=f"accounts/{name}",
            subscription_id="api",
            subscription=subscription_pb2.Subscription(plan="plans/api-client"),
            request_id=str(uuid.uuid4()),
        )
        request.subscription.start_date.year = 2026
        request.subscription.start_date.month = 1
        request.subscription.start_date.day = 1
        self.operator.stub(SubscriptionServiceStub).CreateSubscription(request)

    def account(self, name: str, payer: str = "") -> None:
        """An account that pays in NOK, itself or by another one."""
        created = account_pb2.CreateAccountRequest(
            account_id=name,
            account=account_pb2.Account(
                display_name=f"Client {name}",
                time_zone="Europe/Oslo",
                sandbox=f"sandboxes/{SANDBOX}",
            ),
            request_id=str(uuid.uuid4()),
        )
        self.operator.stub(AccountServiceStub).CreateAccount(created)
        profile = billing_profile_pb2.BillingProfile(
            name=f"accounts/{name}/billingProfile",
            currency="NOK",
            payer=f"accounts/{payer}" if payer else "",
        )
        changed = billing_profile_pb2.UpdateBillingProfileRequest(
            billing_profile=profile, request_id=str(uuid.uuid4())
        )
        changed.update_mask.paths.extend(["currency", *(["payer"] if payer else [])])
        self.operator.stub(BillingProfileServiceStub).UpdateBillingProfile(changed)

    def move_to(self, moment: datetime) -> None:
        """Let the clients' months go by."""
        SandboxClock(self.operator, f"sandboxes/{SANDBOX}")(moment)

    # --- usage --------------------------------------------------------------------------------

    def requests(self, name: str, count: int) -> None:
        """So many requests: told in one event where the meter sums up, else each by itself."""
        if self.sums:
            self._send([self._event(name, "api.request", count=str(count))])
            return
        for start in range(0, count, BATCH):
            size = min(BATCH, count - start)
            self._send([self._event(name, "api.request") for _ in range(size)])

    def megabytes(self, name: str, megabytes: str) -> None:
        """Data transferred."""
        self._send([self._event(name, "api.transfer", megabytes=megabytes)])

    def _event(self, name: str, kind: str, **data: str) -> usage_pb2.UsageEvent:
        event_id = str(next(self._numbers))
        return usage_pb2.UsageEvent(
            source="gateway", id=event_id, subject=f"accounts/{name}", type=kind, data=data
        )

    def _send(self, events: list[usage_pb2.UsageEvent]) -> None:
        request = usage_pb2.IngestEventsRequest(events=events)
        answer = self.operator.stub(UsageServiceStub).IngestEvents(request)
        assert answer.accepted_count == len(events), answer.refusals[:3]

    # --- reviews and invoices -----------------------------------------------------------------

    def reviews(self, name: str) -> dict[str, review_pb2.Review]:
        """The reviews of a client, by the code of their price."""
        request = review_pb2.ListReviewsRequest(parent=f"accounts/{name}")
        found = self.operator.stub(ReviewServiceStub).ListReviews(request).reviews
        return {each.price: each for each in found}

    def decide(
        self, name: str, price: str, decision: review_pb2.Review.Decision, units: int = 0
    ) -> review_pb2.Review:
        """Decide about the charge of a price; `units` of NOK instead of all with REDUCE."""
        request = review_pb2.DecideReviewRequest(
            name=self.reviews(name)[price].name,
            decision=decision,
            note="talked to the client",
            request_id=str(uuid.uuid4()),
        )
        if decision == REDUCED:
            request.amount.currency_code, request.amount.units = "NOK", units
        return self.operator.stub(ReviewServiceStub).DecideReview(request).review

    def lines(self, payer: str, month: int, *, used_in: int) -> list[invoice_pb2.InvoiceLine]:
        """The lines on a payer's invoice of a month, for what was consumed in a month."""
        return [
            each
            for each in self.invoice(payer, month).lines
            if each.price in CONSUMED and each.period_start_date.month == used_in
        ]

    def invoice(self, payer: str, month: int) -> invoice_pb2.Invoice:
        """A payer's invoice of a month of 2026."""
        request = invoice_pb2.ListInvoicesRequest(parent=f"accounts/{payer}")
        found = self.operator.stub(InvoiceServiceStub).ListInvoices(request).invoices
        return next(each for each in found if each.month.month == month)

    def charges(self, payer: str, month: int) -> list[invoice_pb2.InvoiceCharge]:
        """The charges behind a payer's invoice of a month."""
        request = invoice_pb2.ListInvoiceChargesRequest(parent=self.invoice(payer, month).name)
        return list(self.operator.stub(InvoiceServiceStub).ListInvoiceCharges(request).charges)


def nok(amount: Any) -> str:
    """An amount with two decimals."""
    return f"{amount.units}.{amount.nanos // 10_000_000:02}"


def parts(lines: list[invoice_pb2.InvoiceLine]) -> list[str]:
    """What lines say of their items, in short, such as `requests excess 1700.00`."""
    part = invoice_pb2.InvoiceLine.Part.Name
    return [f"{each.price} {part(each.part)[5:].lower()} {nok(each.amount)}" for each in lines]


@contextmanager
def shielded(folder: Path, *, sums: bool) -> Iterator[Shield]:
    """The three processes, the catalogue and a sandbox; ended with the block.

    `sums`: requests are told by the hundred thousand, and the meter sums them up.
    """
    layout = Layout.on_free_ports(folder)
    suite = Suite(bare(layout.environment), lambda _name, _line: None)
    try:
        suite.start()
        suite.wait_serving(layout.address)
        secret = (folder / OPERATOR_FILE).read_text(encoding="ascii").strip()
        with Connection.to(layout.address, secret) as operator:
            apply_catalog(operator, checked(_catalog(folder, sums=sums)))
            request = sandbox_pb2.CreateSandboxRequest(
                sandbox_id=SANDBOX, start_time=to_timestamp(START), request_id=str(uuid.uuid4())
            )
            operator.stub(SandboxServiceStub).CreateSandbox(request)
            yield Shield(operator, sums)
    finally:
        suite.stop()


def _catalog(folder: Path, *, sums: bool) -> Path:
    if not sums:
        return CATALOG
    text = CATALOG.read_text(encoding="utf-8")
    assert text.count(_COUNTED) == 1
    summed = folder / "api_prices.yaml"
    summed.write_text(text.replace(_COUNTED, _SUMMED), encoding="utf-8")
    return summed
