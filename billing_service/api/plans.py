"""Plans: the servicer of CatalogService, and plans as the contract tells them."""

from decimal import Decimal
from typing import Final

from pospago.billing.v1 import catalog_pb2 as pb

from billing_service.api.reading import Reads
from billing_service.api.values import (
    PLAN,
    bare_id,
    from_proto_timestamp,
    to_proto_money,
    to_proto_timestamp,
)
from billing_service.domain.errors import InvalidPrices, PlanNotFound
from billing_service.domain.money import minor_digits, minor_units, price_of, round_to_minor
from billing_service.domain.plan import BandPrice, Plan, PlanVersion, VersionPolicy
from billing_service.storage.queries import find_plan, list_plans
from billing_service.use_cases.add_plan_version import ADD_PLAN_VERSION, AddPlanVersion
from billing_service.use_cases.create_plan import CREATE_PLAN, CreatePlan
from chassis.rpc.call import Call
from chassis.rpc.writes import Writes, whole

_POLICIES: Final = {
    pb.Plan.VERSION_POLICY_FOLLOW: VersionPolicy.FOLLOW,
    pb.Plan.VERSION_POLICY_KEEP: VersionPolicy.KEEP,
}
_POLICY_NUMBERS: Final = {policy: number for number, policy in _POLICIES.items()}


class Catalog:
    """The servicer of CatalogService."""

    def __init__(self, writes: Writes, reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def CreatePlan(self, request: pb.CreatePlanRequest, call: Call) -> bytes:
        """Create a plan."""
        plan = Plan(
            plan_id=request.plan_id,
            display_name=request.plan.display_name,
            policy=_POLICIES[request.plan.version_policy],
            versions=tuple(map(from_proto_version, request.plan.versions)),
        )
        return await self._writes.run(call, CREATE_PLAN, CreatePlan(plan), _CREATED)

    async def AddPlanVersion(self, request: pb.AddPlanVersionRequest, call: Call) -> bytes:
        """Add a version."""
        plan = bare_id(PLAN, request.name, "name")
        command = AddPlanVersion(plan, from_proto_version(request.version))
        return await self._writes.run(call, ADD_PLAN_VERSION, command, _ADDED)

    async def GetPlan(self, request: pb.GetPlanRequest, _call: Call) -> pb.GetPlanResponse:
        """Give one plan."""
        plan = bare_id(PLAN, request.name, "name")
        found = await self._reads.run(lambda tx: find_plan(tx, plan))
        if found is None:
            raise PlanNotFound(plan)
        return pb.GetPlanResponse(plan=to_proto_plan(found))

    async def ListPlans(self, request: pb.ListPlansRequest, _call: Call) -> pb.ListPlansResponse:
        """Give a page of plans."""
        page = self._reads.page(request)
        found = await self._reads.run(
            lambda tx: list_plans(tx, after=page.after_id, limit=page.limit)
        )
        entries, token = page.cut(found, lambda each: (each.plan_id,))
        return pb.ListPlansResponse(plans=map(to_proto_plan, entries), next_page_token=token)


def from_proto_version(message: pb.PlanVersion) -> PlanVersion:
    """The version that a message states; its number is given later.

    Errors:  CurrencyUnknown; InvalidPrices for a price that is finer than the minor unit.
    """
    stated = message.HasField("effective_time")
    return PlanVersion(
        version=0,
        effective_at=from_proto_timestamp(message.effective_time) if stated else None,
        prices=tuple(
            BandPrice(each.band, each.monthly_price.currency_code, _price(each))
            for each in message.prices
        ),
    )


def _price(message: pb.BandPrice) -> Decimal:
    price = message.monthly_price
    minor_digits(price.currency_code, "prices.monthly_price.currency_code")
    amount_minor = minor_units(price.units, price.nanos, price.currency_code)
    if amount_minor is None:
        text = f"of band {message.band} is finer than {price.currency_code} allows"
        raise InvalidPrices("prices.monthly_price", text)
    return price_of(amount_minor, price.currency_code)


def to_proto_plan(plan: Plan) -> pb.Plan:
    """A plan as the contract tells it."""
    return pb.Plan(
        name=PLAN.format(plan.plan_id),
        display_name=plan.display_name,
        version_policy=_POLICY_NUMBERS[plan.policy],
        versions=map(_to_proto_version, plan.versions),
    )


def _to_proto_version(version: PlanVersion) -> pb.PlanVersion:
    return pb.PlanVersion(
        version=version.version,
        effective_time=to_proto_timestamp(version.effective_at),
        prices=[
            pb.BandPrice(
                band=each.band,
                monthly_price=to_proto_money(
                    round_to_minor(each.unit_price, each.currency), each.currency
                ),
            )
            for each in version.prices
        ],
    )


def _created(plan: Plan) -> pb.CreatePlanResponse:
    return pb.CreatePlanResponse(plan=to_proto_plan(plan))


def _added(plan: Plan) -> pb.AddPlanVersionResponse:
    return pb.AddPlanVersionResponse(plan=to_proto_plan(plan))


_CREATED: Final = whole(_created)
_ADDED: Final = whole(_added)
