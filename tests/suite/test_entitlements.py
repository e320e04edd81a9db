"""Members, limits and devices across both services: billing tells, provisioning refuses."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import grpc.aio
import pytest
import pytest_asyncio
from google.protobuf import text_format
from pospago.billing.v1 import catalog_pb2, subscription_pb2
from pospago.provisioning.v1 import entitlement_pb2, member_pb2, resource_pb2

from tests.suite.clients import Clients, proto_date, reason_of, request_id
from tests.suite.in_process import RunningSuite, empty_databases, running_suite

CLIENTS = 8
DEVICES = """
versions {prices {code: "seat" currency: "BRL" licensed {} per_unit {unit_price {value: "20"}}}
  prices {code: "whatsapp" currency: "BRL" licensed {} per_unit {unit_price {value: "30"}}}
  limits {code: "seat" quantity {value: "0"} raised_by: "seat"}
  limits {code: "whatsapp" quantity {value: "1"} raised_by: "whatsapp"}}
"""
OFFICIAL = """
versions {prices {code: "whatsapp-official" currency: "BRL" licensed {} add_on {}
    per_unit {unit_price {value: "50"}}}
  prices {code: "reports" currency: "BRL" recurring {} add_on {} flat {amount {value: "9"}}}
  limits {code: "whatsapp-official" quantity {value: "0"} raised_by: "whatsapp-official"}}
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """The running services with the plans `basic` and `growth`; only growth has all devices."""

    suite: RunningSuite
    operator: Clients

    async def subscribed(
        self,
        account: str,
        plan: str,
        *,
        sandbox: str = "",
        days: tuple[date, date] | None = None,
        **held: int,
    ) -> None:
        """An account, subscribed from today on, or on the days between two.

        Provisioning has heard of it in the next call.
        """
        await self.operator.create_account(account, sandbox=sandbox)
        request = subscription_pb2.CreateSubscriptionRequest(
            parent=f"accounts/{account}", subscription_id="desk", request_id=request_id()
        )
        request.subscription.plan = f"plans/{plan}"
        for code, count in held.items():
            added = request.subscription.held.add(price=code.replace("_", "-"))
            added.quantity.value = str(count)
        if days:
            request.subscription.start_date.CopyFrom(proto_date(days[0]))
            request.subscription.end_date.CopyFrom(proto_date(days[1]))
        await self.operator.call(self.operator.subscriptions.CreateSubscription, request)

    async def check(self, account: str, code: str) -> Any:
        request = entitlement_pb2.CheckEntitlementRequest(parent=f"accounts/{account}", code=code)
        return await self.operator.call(self.operator.entitlements.CheckEntitlement, request)

    async def joined(self, account: str, member: str, *, is_principal: bool = False) -> str:
        """A member of an account; gives its secret."""
        calls = self.operator.members
        created = member_pb2.CreateMemberRequest(
            parent=f"accounts/{account}", member_id=member, request_id=request_id()
        )
        secret: str = (await self.operator.call(calls.CreateMember, created)).secret
        if is_principal:
            await self.operator.call(calls.SetPrincipal, principal(account, member))
        return secret


def moment(month: int, day: int) -> datetime:
    """Noon of a day of 2027 where the accounts are."""
    return datetime(2027, month, day, 12, tzinfo=ZoneInfo("America/Sao_Paulo"))


def principal(account: str, member: str) -> member_pb2.SetPrincipalRequest:
    """A request to make a member the principal."""
    name = f"accounts/{account}/members/{member}"
    return member_pb2.SetPrincipalRequest(name=name, reason="test", request_id=request_id())


async def held(by: Clients, account: str, resource: str, kind: str) -> str:
    """Hold a resource; gives its state, or code and reason of the refusal."""
    request = resource_pb2.CreateResourceRequest(
        parent=f"accounts/{account}", resource_id=resource, request_id=request_id()
    )
    request.resource.kind = kind
    try:
        answer = await by.call(by.resources.CreateResource, request)
    except grpc.aio.AioRpcError as failure:
        return f"{failure.code().name} {reason_of(failure)}"
    return str(resource_pb2.Resource.State.Name(answer.resource.state))


@pytest_asyncio.fixture(scope="module", params=["sqlite", "postgresql"])
async def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    """Both services on each store."""
    with ExitStack() as stack:
        urls = {}
        if request.param == "postgresql":
            urls = stack.enter_context(empty_databases(request.getfixturevalue("postgres")))
        folder = tmp_path_factory.mktemp("entitlements")
        async with running_suite(folder, database_urls=urls) as suite:
            operator = suite.clients()
            for plan, texts in (("basic", [DEVICES]), ("growth", [DEVICES, OFFICIAL])):
                created = catalog_pb2.CreatePlanRequest(plan_id=plan, request_id=request_id())
                created.plan.version_policy = catalog_pb2.Plan.VERSION_POLICY_FOLLOW
                version = created.plan.versions.add()
                for text in texts:
                    version.MergeFrom(text_format.Parse(text, catalog_pb2.Plan()).versions[0])
                await operator.call(operator.plans.CreatePlan, created)
            yield Desk(suite, operator)
            await operator.close()


async def test_gated_device_is_only_on_the_plan_that_has_it(desk: Desk) -> None:
    """On basic the official device is not included; on growth it is, as many as are subscribed."""
    await desk.subscribed("small", "basic")
    await desk.subscribed("large", "growth", whatsapp_official=1)
    outcomes = [
        await held(desk.operator, "small", "one", "whatsapp"),
        await held(desk.operator, "small", "two", "whatsapp-official"),
        await held(desk.operator, "large", "one", "whatsapp-official"),
        await held(desk.operator, "large", "two", "whatsapp-official"),
    ]
    assert outcomes == [
        "STATE_ACTIVE",
        "FAILED_PRECONDITION FEATURE_NOT_INCLUDED",
        "STATE_ACTIVE",
        "RESOURCE_EXHAUSTED LIMIT_REACHED",
    ]


async def test_check_tells_why(desk: Desk) -> None:
    """What decides, how much is left, and which subscription gives it."""
    await desk.subscribed("asker", "growth", seat=3, reports=1)
    await held(desk.operator, "asker", "one", "seat")
    seat, reports, other = [await desk.check("asker", each) for each in ("seat", "reports", "mail")]
    assert [(each.allowed, each.why) for each in (seat, reports, other)] == [
        (True, entitlement_pb2.CheckEntitlementResponse.WHY_WITHIN_LIMIT),
        (True, entitlement_pb2.CheckEntitlementResponse.WHY_FEATURE_HELD),
        (False, entitlement_pb2.CheckEntitlementResponse.WHY_NOT_INCLUDED),
    ]
    told = seat.entitlement
    assert (told.limit.value, told.used, told.remaining.value) == ("3", 1, "2")
    assert [each.subscription for each in told.sources] == ["accounts/asker/subscriptions/desk"]


async def test_quantity_is_judged_as_it_is_asked(desk: Desk) -> None:
    """What is held and what is asked for may come to the limit; a text is no quantity."""
    await desk.subscribed("counter", "basic", seat=3)
    checks = desk.operator.entitlements
    request = entitlement_pb2.CheckEntitlementRequest(parent="accounts/counter", code="seat")
    allowed = []
    for quantity in ("3", "3.5"):
        request.quantity.value = quantity
        answer = await desk.operator.call(checks.CheckEntitlement, request)
        allowed.append(answer.allowed)
    request.quantity.value = "many"
    with pytest.raises(grpc.aio.AioRpcError, match="quantity"):
        await desk.operator.call(checks.CheckEntitlement, request)
    assert allowed == [True, False]


async def test_all_entitlements_are_listed(desk: Desk) -> None:
    """All that the plan limits and all add-ons held, by code."""
    await desk.subscribed("lister", "growth", seat=2, reports=1)
    request = entitlement_pb2.GetEntitlementsRequest(name="accounts/lister/entitlements")
    answer = await desk.operator.call(desk.operator.entitlements.GetEntitlements, request)
    told = {
        each.code: "any" if each.unlimited else each.limit.value for each in answer.entitlements
    }
    assert told == {"reports": "any", "seat": "2", "whatsapp": "1", "whatsapp-official": "0"}


async def test_device_is_held_from_the_first_day_and_suspended_after_the_last(desk: Desk) -> None:
    """A sandbox is led past a subscription's first day and its last, by both services."""
    operator = desk.operator
    await operator.create_sandbox("spring", moment(1, 5))
    days = (date(2027, 2, 10), date(2027, 3, 1))
    await desk.subscribed("guest", "growth", sandbox="spring", days=days, seat=1)
    early = await held(operator, "guest", "one", "seat")
    await operator.advance("spring", moment(2, 10))
    first_day = await held(operator, "guest", "two", "seat")
    await operator.advance("spring", moment(3, 2))
    request = resource_pb2.GetResourceRequest(name="accounts/guest/resources/two")
    after = (await operator.call(operator.resources.GetResource, request)).resource
    assert (early, first_day) == ("FAILED_PRECONDITION FEATURE_NOT_INCLUDED", "STATE_ACTIVE")
    assert after.state == resource_pb2.Resource.STATE_SUSPENDED


async def test_fifty_at_once_on_a_limit_of_ten_give_exactly_ten(desk: Desk) -> None:
    """However many clients add seats at once, the limit holds."""
    await desk.subscribed("crowd", "basic", seat=10)
    await desk.check("crowd", "seat")
    clients = [desk.suite.clients() for _ in range(CLIENTS)]
    outcomes = await asyncio.gather(
        *(held(clients[n % CLIENTS], "crowd", f"s{n}", "seat") for n in range(50))
    )
    for each in clients:
        await each.close()
    left = (await desk.check("crowd", "seat")).entitlement
    assert Counter(outcomes) == {"STATE_ACTIVE": 10, "RESOURCE_EXHAUSTED LIMIT_REACHED": 40}
    assert (left.used, left.remaining.value) == (10, "0")


async def test_member_is_known_to_billing_until_it_is_removed(desk: Desk) -> None:
    """A member reads its account's subscription in billing, and nothing once it is removed."""
    await desk.subscribed("club", "basic")
    secret = await desk.joined("club", "ana")
    request = subscription_pb2.GetSubscriptionRequest(name="accounts/club/subscriptions/desk")
    read = desk.operator.subscriptions.GetSubscription
    before = await desk.operator.call(read, request, secret=secret)
    removal = member_pb2.RemoveMemberRequest(name="accounts/club/members/ana")
    await desk.operator.call(desk.operator.members.RemoveMember, removal)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        # Billing has applied the removal, which this client knows of.
        await desk.operator.call(read, request, secret=secret)
    assert before.subscription.plan == "plans/basic"
    assert reason_of(refused.value) == "UNAUTHENTICATED"


async def test_principal_is_changed_by_the_principal_alone(desk: Desk) -> None:
    """Another member is refused until the principal has made it the principal."""
    await desk.operator.create_account("house")
    ana = await desk.joined("house", "ana", is_principal=True)
    bia = await desk.joined("house", "bia")
    make = desk.operator.members.SetPrincipal
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await desk.operator.call(make, principal("house", "bia"), secret=bia)
    await desk.operator.call(make, principal("house", "bia"), secret=ana)
    answer = await desk.operator.call(make, principal("house", "ana"), secret=bia)
    assert reason_of(refused.value) == "PRINCIPAL_NEEDED"
    assert answer.member.is_principal
