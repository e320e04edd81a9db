"""The hands that play a story: they call the suite as an operator and as four integrators."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from google.protobuf.duration_pb2 import Duration
from pospago.billing.v1 import billing_profile_pb2, invoice_pb2, payment_pb2
from pospago.billing.v1.billing_profile_pb2_grpc import BillingProfileServiceStub
from pospago.billing.v1.invoice_pb2_grpc import InvoiceServiceStub
from pospago.billing.v1.payment_pb2_grpc import PaymentServiceStub
from pospago.provisioning.v1 import account_pb2, instance_pb2, integrator_pb2, token_pb2
from pospago.provisioning.v1.account_pb2_grpc import AccountServiceStub
from pospago.provisioning.v1.instance_pb2_grpc import InstanceServiceStub
from pospago.provisioning.v1.integrator_pb2_grpc import IntegratorServiceStub
from pospago.provisioning.v1.token_pb2_grpc import TokenServiceStub

from pospago_cli.client import Connection
from pospago_cli.story.expectations import expect, expect_fields
from pospago_cli.story.narration import Narrator
from pospago_cli.values import to_date, to_money

SAO_PAULO: Final = ZoneInfo("America/Sao_Paulo")
PAGE_SIZE: Final = 1000


class ClockMover(Protocol):
    """Moves the clock that the story's accounts live by."""

    def __call__(self, to: datetime) -> None:
        """Return when the clock shows `to` and both services have done all that was due before."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a story is played.

    `sandbox` is `sandboxes/{sandbox}`, or empty for the real world. `prefix` begins the id of each
    account, so that one suite can hold the story twice.
    """

    sandbox: str
    prefix: str
    move_to: ClockMover


@dataclass(slots=True)
class Player:
    """Calls the suite for the story: as the operator, and as each integrator with its token."""

    operator: Connection
    stage: Stage
    narrator: Narrator
    _secrets: dict[tuple[str, int], str] = field(default_factory=dict)

    def account(self, who: str) -> str:
        """The resource name of a member of the cast."""
        return f"accounts/{self.stage.prefix}{who}"

    def instance_name(self, who: str, which: str) -> str:
        """The resource name of an instance."""
        return f"{self.account(who)}/instances/{which}"

    def tell(self, words: str) -> None:
        """Tell what happened."""
        self.narrator.tell(words)

    # --- as the operator ----------------------------------------------------------------------

    def open_account(self, who: str, display_name: str) -> None:
        """Create an account of the stage's world."""
        request = account_pb2.CreateAccountRequest(
            account_id=f"{self.stage.prefix}{who}",
            account=account_pb2.Account(display_name=display_name, sandbox=self.stage.sandbox),
            request_id=_request_id(),
        )
        self.operator.stub(AccountServiceStub).CreateAccount(request)

    def import_prepaid(self, who: str, which: Sequence[str], paid_through: date) -> None:
        """Take over prepaid instances."""
        stub = self.operator.stub(InstanceServiceStub)
        for each in which:
            request = instance_pb2.ImportInstanceRequest(
                parent=self.account(who),
                instance_id=each,
                paid_through_date=to_date(paid_through),
                request_id=_request_id(),
            )
            stub.ImportInstance(request)

    def enrol(
        self, who: str, *, migrate: bool = False, licences_min: int = 0
    ) -> integrator_pb2.EnrolIntegratorResponse:
        """Enrol an account; its first secret is kept."""
        request = integrator_pb2.EnrolIntegratorRequest(
            account=self.account(who),
            migrate_prepaid=migrate,
            programme=integrator_pb2.Programme(licences_min=licences_min),
            request_id=_request_id(),
        )
        answer = self.operator.stub(IntegratorServiceStub).EnrolIntegrator(request)
        self._secrets[who, answer.token.rung] = answer.secret
        return answer

    def create_in_panel(self, who: str, which: str) -> instance_pb2.Instance:
        """Create an instance as the admin panel does: as an operator."""
        request = instance_pb2.CreateInstanceRequest(
            parent=self.account(who), instance_id=which, request_id=_request_id()
        )
        return self.operator.stub(InstanceServiceStub).CreateInstance(request).instance

    def pay(
        self, who: str, amount: str, value_on: date, *, invoice: str = ""
    ) -> payment_pb2.Payment:
        """Record a payment."""
        request = payment_pb2.RecordPaymentRequest(
            parent=self.account(who),
            amount=to_money(f"{amount}BRL"),
            value_date=to_date(value_on),
            invoice=invoice,
            request_id=_request_id(),
        )
        return self.operator.stub(PaymentServiceStub).RecordPayment(request).payment

    def reverse(self, payment: str, note: str) -> payment_pb2.Payment:
        """Reverse a payment."""
        request = payment_pb2.ReversePaymentRequest(
            name=payment, note=note, request_id=_request_id()
        )
        return self.operator.stub(PaymentServiceStub).ReversePayment(request).payment

    # --- as an integrator ---------------------------------------------------------------------

    def request_token(self, who: str) -> token_pb2.Token:
        """Request the next token; its secret is kept."""
        request = token_pb2.RequestTokenRequest(parent=self.account(who), request_id=_request_id())
        answer = self._as_integrator(who, 1).stub(TokenServiceStub).RequestToken(request)
        self._secrets[who, answer.token.rung] = answer.secret
        return answer.token

    def create(
        self, who: str, which: str, *, rung: int = 1, trial: timedelta | None = None
    ) -> instance_pb2.Instance:
        """Create an instance on a token."""
        length = None
        if trial is not None:
            length = Duration()
            length.FromTimedelta(trial)
        request = instance_pb2.CreateInstanceRequest(
            parent=self.account(who),
            instance_id=which,
            trial_length=length,
            request_id=_request_id(),
        )
        stub = self._as_integrator(who, rung).stub(InstanceServiceStub)
        return stub.CreateInstance(request).instance

    def subscribe(self, who: str, which: str) -> instance_pb2.Instance:
        """Subscribe an instance."""
        request = instance_pb2.SubscribeInstanceRequest(
            name=self.instance_name(who, which), request_id=_request_id()
        )
        stub = self._as_integrator(who, 1).stub(InstanceServiceStub)
        return stub.SubscribeInstance(request).instance

    def cancel(self, who: str, which: str) -> instance_pb2.Instance:
        """Cancel an instance."""
        request = instance_pb2.CancelInstanceRequest(
            name=self.instance_name(who, which), request_id=_request_id()
        )
        stub = self._as_integrator(who, 1).stub(InstanceServiceStub)
        return stub.CancelInstance(request).instance

    def token(self, who: str, rung: int) -> token_pb2.Token:
        """A token as it stands."""
        request = token_pb2.GetTokenRequest(name=f"{self.account(who)}/tokens/{rung}")
        return self._as_integrator(who, 1).stub(TokenServiceStub).GetToken(request).token

    def instance(self, who: str, which: str) -> instance_pb2.Instance:
        """An instance as it stands."""
        request = instance_pb2.GetInstanceRequest(name=self.instance_name(who, which))
        return self._as_integrator(who, 1).stub(InstanceServiceStub).GetInstance(request).instance

    def instances(self, who: str) -> list[instance_pb2.Instance]:
        """An account's instances that are not deleted."""
        request = instance_pb2.ListInstancesRequest(parent=self.account(who), page_size=PAGE_SIZE)
        stub = self._as_integrator(who, 1).stub(InstanceServiceStub)
        return list(stub.ListInstances(request).instances)

    def invoices(self, who: str, month: date | None = None) -> list[invoice_pb2.Invoice]:
        """An account's invoices, of one month or all."""
        day = to_date(month) if month else None
        request = invoice_pb2.ListInvoicesRequest(
            parent=self.account(who), month_from=day, month_to=day, page_size=PAGE_SIZE
        )
        stub = self._as_integrator(who, 1).stub(InvoiceServiceStub)
        return list(stub.ListInvoices(request).invoices)

    def payments(self, who: str) -> list[payment_pb2.Payment]:
        """An account's payments."""
        request = payment_pb2.ListPaymentsRequest(parent=self.account(who), page_size=PAGE_SIZE)
        stub = self._as_integrator(who, 1).stub(PaymentServiceStub)
        return list(stub.ListPayments(request).payments)

    def billed_instances(self, invoice: str) -> set[str]:
        """The instances behind an invoice, by the last part of their names."""
        request = invoice_pb2.ListInvoiceChargesRequest(parent=invoice, page_size=PAGE_SIZE)
        charges = self.operator.stub(InvoiceServiceStub).ListInvoiceCharges(request).charges
        return {charge.instance.rpartition("/")[2] for charge in charges}

    def preview(self, who: str) -> list[invoice_pb2.Invoice]:
        """What the month would cost if it ended now."""
        request = invoice_pb2.PreviewInvoiceRequest(parent=self.account(who))
        stub = self._as_integrator(who, 1).stub(InvoiceServiceStub)
        return list(stub.PreviewInvoice(request).invoices)

    def profile(self, who: str) -> billing_profile_pb2.BillingProfile:
        """How an account stands with billing."""
        name = f"{self.account(who)}/billingProfile"
        request = billing_profile_pb2.GetBillingProfileRequest(name=name)
        stub = self._as_integrator(who, 1).stub(BillingProfileServiceStub)
        return stub.GetBillingProfile(request).billing_profile

    # --- expectations -------------------------------------------------------------------------

    def expect_instance(self, who: str, which: str, /, **fields: str) -> None:
        """The instance reads as expected."""
        expect_fields(self.instance(who, which), SAO_PAULO, **fields)

    def expect_profile(self, who: str, /, **fields: str) -> None:
        """The account's billing profile reads as expected."""
        expect_fields(self.profile(who), SAO_PAULO, **fields)

    def expect_token(self, who: str, rung: int, /, **fields: str) -> None:
        """The token reads as expected."""
        expect_fields(self.token(who, rung), SAO_PAULO, **fields)

    def expect_invoice(self, who: str, month: date, /, **fields: str) -> invoice_pb2.Invoice:
        """The account's only invoice of a month, which reads as expected."""
        found = self.invoices(who, month)
        expect(f"invoices of {self.account(who)} for {month:%B}", len(found), 1)
        expect_fields(found[0], SAO_PAULO, **fields)
        return found[0]

    def _as_integrator(self, who: str, rung: int) -> Connection:
        return self.operator.acting_as(self._secrets[who, rung])


def _request_id() -> str:
    return str(uuid.uuid4())
