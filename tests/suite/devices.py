"""Accounts that buy devices and seats on their plans, in one sandbox, through the gateway.

The catalogue is `examples/catalogs/devices_and_seats.yaml` as it stands.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import grpc
from google.type.date_pb2 import Date
from pospago.billing.v1 import billing_profile_pb2, invoice_pb2
from pospago.billing.v1 import subscription_pb2 as pb
from pospago.billing.v1.billing_profile_pb2_grpc import BillingProfileServiceStub
from pospago.billing.v1.invoice_pb2_grpc import InvoiceServiceStub
from pospago.billing.v1.subscription_pb2_grpc import SubscriptionServiceStub
from pospago.provisioning.v1 import (
    account_pb2,
    event_service_pb2,
    events_pb2,
    member_pb2,
    resource_pb2,
    sandbox_pb2,
)
from pospago.provisioning.v1.account_pb2_grpc import AccountServiceStub
from pospago.provisioning.v1.event_service_pb2_grpc import EventServiceStub
from pospago.provisioning.v1.member_pb2_grpc import MemberServiceStub
from pospago.provisioning.v1.resource_pb2_grpc import ResourceServiceStub
from pospago.provisioning.v1.sandbox_pb2_grpc import SandboxServiceStub

from pospago_cli.catalog.applying import apply_catalog, checked
from pospago_cli.client import Connection
from pospago_cli.demo import EXAMPLES, SandboxClock
from pospago_cli.processes import Layout, Suite, bare
from pospago_cli.session import OPERATOR_FILE
from pospago_cli.values import to_timestamp
from tests.suite.clients import reason_of
from tests.suite.hybrid import held_quantities

CATALOG: Final = EXAMPLES / "catalogs" / "devices_and_seats.yaml"
SANDBOX: Final = "devices"
OFFICIAL: Final = "whatsapp-official"
# The accounts are opened on the fifth, at noon where they are.
OPENED: Final = datetime(2026, 3, 5, 15, tzinfo=UTC)
ANNIVERSARY: Final = Date(year=2026, month=3, day=5)


@dataclass(slots=True)
class Desk:
    """The suite behind its gateway, and the accounts that live in one sandbox of it."""

    operator: Connection

    def open(self, account: str) -> None:
        """An account that pays in reais."""
        created = account_pb2.CreateAccountRequest(account_id=account, request_id=_fresh())
        created.account.display_name = f"Client {account}"
        created.account.time_zone = "America/Sao_Paulo"
        created.account.sandbox = f"sandboxes/{SANDBOX}"
        self.operator.stub(AccountServiceStub).CreateAccount(created)
        self.set_profile(account, currency="BRL")

    def set_profile(self, account: str, **values: str) -> None:
        """Change how an account is billed."""
        profile = billing_profile_pb2.BillingProfile(name=f"accounts/{account}/billingProfile")
        for field, value in values.items():
            setattr(profile, field, value)
        request = billing_profile_pb2.UpdateBillingProfileRequest(
            billing_profile=profile, request_id=_fresh()
        )
        request.update_mask.paths.extend(values)
        self.operator.stub(BillingProfileServiceStub).UpdateBillingProfile(request)

    def subscribe(self, account: str, held: Mapping[str, int]) -> None:
        """Subscribe an account to Growth from now on, by the anniversaries of its opening."""
        wanted = pb.Subscription(
            plan="plans/growth",
            held=held_quantities(held),
            anchor=pb.Subscription.Anchor(date=ANNIVERSARY),
        )
        request = pb.CreateSubscriptionRequest(
            parent=f"accounts/{account}",
            subscription_id="main",
            subscription=wanted,
            request_id=_fresh(),
        )
        self.operator.stub(SubscriptionServiceStub).CreateSubscription(request)

    def join(self, account: str, member: str) -> Connection:
        """A member that may manage the account; gives its connection."""
        request = member_pb2.CreateMemberRequest(
            parent=f"accounts/{account}", member_id=member, request_id=_fresh()
        )
        request.member.role = member_pb2.Member.ROLE_ADMIN
        secret = self.operator.stub(MemberServiceStub).CreateMember(request).secret
        return self.operator.acting_as(secret)

    def hold(self, account: str, kind: str, name: str) -> str:
        """Hold one more of what a plan limits; the reason of the refusal, or ''."""
        request = resource_pb2.CreateResourceRequest(
            parent=f"accounts/{account}", resource_id=name, request_id=_fresh()
        )
        request.resource.kind = kind
        return outcome(self.operator.stub(ResourceServiceStub).CreateResource, request)

    def resource(self, account: str, name: str) -> resource_pb2.Resource:
        """A device or seat as it stands."""
        request = resource_pb2.GetResourceRequest(name=f"accounts/{account}/resources/{name}")
        return self.operator.stub(ResourceServiceStub).GetResource(request).resource

    def trail(self, account: str) -> list[events_pb2.PrincipalChanged]:
        """Who became the principal of an account, and why, in order."""
        request = event_service_pb2.ListEventsRequest(account=f"accounts/{account}", page_size=1000)
        told = []
        for each in self.operator.stub(EventServiceStub).ListEvents(request).events:
            changed = events_pb2.PrincipalChanged()
            if each.payload.Unpack(changed):
                told.append(changed)
        return told

    def invoices(self, account: str) -> list[invoice_pb2.Invoice]:
        """An account's invoices."""
        request = invoice_pb2.ListInvoicesRequest(parent=f"accounts/{account}")
        return list(self.operator.stub(InvoiceServiceStub).ListInvoices(request).invoices)

    def next_invoice(self, account: str) -> invoice_pb2.Invoice:
        """What the open month of an account would come to."""
        request = invoice_pb2.PreviewInvoiceRequest(parent=f"accounts/{account}")
        (found,) = self.operator.stub(InvoiceServiceStub).PreviewInvoice(request).invoices
        return found

    def move_to(self, moment: datetime) -> None:
        """Let time go by for all accounts."""
        SandboxClock(self.operator, f"sandboxes/{SANDBOX}")(moment)


def make_principal(by: Connection, account: str, member: str, reason: str) -> str:
    """Make a member the principal; the reason of the refusal, or ''."""
    name = f"accounts/{account}/members/{member}"
    request = member_pb2.SetPrincipalRequest(name=name, reason=reason, request_id=_fresh())
    return outcome(by.stub(MemberServiceStub).SetPrincipal, request)


def preview(
    by: Connection, account: str, plan: str, held: Mapping[str, int]
) -> pb.PreviewChangeResponse:
    """What another holding would come to."""
    request = pb.PreviewChangeRequest(
        name=f"accounts/{account}/subscriptions/main", holding=_holding(plan, held)
    )
    return by.stub(SubscriptionServiceStub).PreviewChange(request)


def change(
    by: Connection, account: str, plan: str, held: Mapping[str, int], token: str = ""
) -> pb.ChangeSubscriptionResponse:
    """Change what an account holds, as it was previewed if a token says so."""
    request = pb.ChangeSubscriptionRequest(
        name=f"accounts/{account}/subscriptions/main",
        holding=_holding(plan, held),
        preview_token=token,
        request_id=_fresh(),
    )
    return by.stub(SubscriptionServiceStub).ChangeSubscription(request)


def refusal(by: Connection, account: str, plan: str, held: Mapping[str, int]) -> str:
    """Why a change is refused; '' if it is not."""
    try:
        change(by, account, plan, held)
    except grpc.RpcError as failure:
        return reason_of(failure)
    return ""


def outcome(method: Any, request: Any) -> str:
    """Why a call is refused; '' if it is not."""
    try:
        method(request)
    except grpc.RpcError as failure:
        return reason_of(failure)
    return ""


@contextmanager
def lived(folder: Path) -> Iterator[Desk]:
    """The three processes, the catalogue and a sandbox; ended with the block."""
    layout = Layout.on_free_ports(folder)
    suite = Suite(bare(layout.environment), lambda _name, _line: None)
    try:
        suite.start()
        suite.wait_serving(layout.address)
        secret = (folder / OPERATOR_FILE).read_text(encoding="ascii").strip()
        with Connection.to(layout.address, secret) as operator:
            apply_catalog(operator, checked(CATALOG))
            request = sandbox_pb2.CreateSandboxRequest(
                sandbox_id=SANDBOX, start_time=to_timestamp(OPENED), request_id=_fresh()
            )
            operator.stub(SandboxServiceStub).CreateSandbox(request)
            yield Desk(operator)
    finally:
        suite.stop()


def _holding(plan: str, held: Mapping[str, int]) -> pb.Holding:
    return pb.Holding(plan=f"plans/{plan}", held=held_quantities(held))


def _fresh() -> str:
    return str(uuid.uuid4())
