"""What a world holds, written down so that two worlds in which the same happened read the same.

Left out: record times, request ids, etags, the sandbox's name, and in provisioning's events the
expiry, which is as much as it had heard of billing by then. Ids that a service made up are numbered
in order of appearance; the prefix of the accounts' ids is taken off.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from pospago.billing.v1 import billing_profile_pb2, invoice_pb2, payment_pb2, subscription_pb2
from pospago.billing.v1 import event_service_pb2 as billing_feed
from pospago.event.v1 import event_pb2
from pospago.provisioning.v1 import account_pb2, instance_pb2
from pospago.provisioning.v1 import event_service_pb2 as provisioning_feed

from tests.suite.clients import Clients

PAGE_SIZE: Final = 1000
# All but the unspecified one: also what is deleted is compared.
INSTANCE_STATES: Final = instance_pb2.Instance.State.keys()[1:]
LEFT_OUT: Final = frozenset({"etag", "issue_time", "record_time", "sandbox", "secret_hint"})

# By account: what was told of it and how it stands, a line of text each.
WorldFacts = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Naming:
    """How a world's names read like another's.

    `prefix` begins each account's id. `made_up` matches what is numbered by appearance.
    """

    prefix: str
    made_up: re.Pattern[str] = field(default=re.compile(r"(payment|subscription)-[0-9a-z]{20,}"))

    def plain(self, lines: Sequence[str]) -> list[str]:
        """The lines with plain names."""
        seen: dict[str, str] = {}

        def number(found: re.Match[str]) -> str:
            return seen.setdefault(found[0].lower(), f"made-up-{len(seen) + 1}")

        return [self.made_up.sub(number, each).replace(self.prefix, "") for each in lines]


async def facts_of(clients: Clients, naming: Naming, *, sandbox: str = "") -> WorldFacts:
    """All that both services know of each account of a world."""
    request = account_pb2.ListAccountsRequest(
        page_size=PAGE_SIZE, sandbox=f"sandboxes/{sandbox}" if sandbox else ""
    )
    listed = await clients.call(clients.accounts.ListAccounts, request)
    return {
        each.name.replace(naming.prefix, ""): naming.plain(await _account_facts(clients, each.name))
        for each in listed.accounts
    }


async def _account_facts(clients: Clients, account: str) -> list[str]:
    lines = [*await _events(clients, account), *await _standing(clients, account)]
    found = invoice_pb2.ListInvoicesRequest(parent=account, page_size=PAGE_SIZE)
    for invoice in (await clients.call(clients.invoices.ListInvoices, found)).invoices:
        behind = invoice_pb2.ListInvoiceChargesRequest(parent=invoice.name, page_size=PAGE_SIZE)
        charges = (await clients.call(clients.invoices.ListInvoiceCharges, behind)).charges
        lines += [_line(invoice), *(_line(each) for each in charges)]
    return lines


async def _standing(clients: Clients, account: str) -> list[str]:
    """How an account's things stand now."""
    profile = billing_profile_pb2.GetBillingProfileRequest(name=f"{account}/billingProfile")
    instances = instance_pb2.ListInstancesRequest(
        parent=account, page_size=PAGE_SIZE, states=INSTANCE_STATES
    )
    payments = payment_pb2.ListPaymentsRequest(parent=account, page_size=PAGE_SIZE)
    billed = subscription_pb2.ListSubscriptionsRequest(parent=account, page_size=PAGE_SIZE)
    found: list[Message] = [
        (await clients.call(clients.profiles.GetBillingProfile, profile)).billing_profile,
        *(await clients.call(clients.instances.ListInstances, instances)).instances,
        *(await clients.call(clients.payments.ListPayments, payments)).payments,
        *(await clients.call(clients.subscriptions.ListSubscriptions, billed)).subscriptions,
    ]
    return [_line(each) for each in found]


async def _events(clients: Clients, account: str) -> list[str]:
    """What both feeds tell of an account, in their order."""
    lines: list[str] = []
    feeds: tuple[tuple[Any, Any], ...] = (
        (clients.provisioning_events.ListEvents, provisioning_feed.ListEventsRequest),
        (clients.billing_events.ListEvents, billing_feed.ListEventsRequest),
    )
    for method, request_class in feeds:
        after = None
        while True:
            request = request_class(after=after, account=account, page_size=PAGE_SIZE)
            page = await clients.call(method, request)
            lines += [_event_line(each) for each in page.events]
            after = page.next
            if page.next.seq >= page.head.seq:
                break
    return lines


def _event_line(event: event_pb2.Event) -> str:
    """An event: its type, when it took effect, by whom, and what it says."""
    told = _plain(MessageToDict(event.payload, preserving_proto_field_name=True))
    effective = event.effective_time.ToJsonString()
    kind = event.payload.type_url.rpartition(".")[2]
    told.pop("@type")
    told.get("instance", {}).pop("expire_date", None)
    return f"{kind} {effective} {event.actor} {json.dumps(told, sort_keys=True)}"


def _line(message: Message) -> str:
    told = _plain(MessageToDict(message, preserving_proto_field_name=True))
    return f"{message.DESCRIPTOR.name} {json.dumps(told, sort_keys=True)}"


def _plain(value: Any) -> Any:
    """A message's dictionary without what two worlds may differ in."""
    match value:
        case dict():
            return {key: _plain(each) for key, each in value.items() if key not in LEFT_OUT}
        case list():
            return [_plain(each) for each in value]
        case _:
            return value
