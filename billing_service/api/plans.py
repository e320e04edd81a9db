"""Plans: the servicer of CatalogService, and plans as the contract tells them."""

from typing import Final

from pospago.billing.v1 import catalog_pb2 as pb

from billing_service.api.allowances import (
    from_proto_limit,
    from_proto_minimum,
    from_proto_shared,
    to_proto_limit,
    to_proto_minimum,
    to_proto_shared,
)
from billing_service.api.figures import Figures
from billing_service.api.prices import from_proto_price, to_proto_price
from billing_service.api.prorations import from_proto_default, to_proto_proration
from billing_service.api.reading import Reads
from billing_service.api.schedules import from_proto_schedule, to_proto_schedule
from billing_service.api.sizes import check_version_size
from billing_service.api.values import (
    PLAN,
    bare_id,
    from_proto_timestamp,
    to_proto_timestamp,
)
from billing_service.domain.errors import InvalidPrices, PlanNotFound
from billing_service.domain.plan import Plan, PlanVersion, VersionPolicy
from billing_service.domain.price import Schedule
from billing_service.domain.price_models import Fault
from billing_service.storage.queries import find_plan, list_plans
from billing_service.use_cases.add_plan_version import ADD_PLAN_VERSION, AddPlanVersion
from billing_service.use_cases.create_plan import CREATE_PLAN, CreatePlan
from chassis.rpc.call import Call
from chassis.rpc.writes import Writes, whole

_POLICIES: Final = {
    pb.Plan.VERSION_POLICY_FOLLOW: VersionPolicy.FOLLOW,
    pb.Plan.VERSION_POLICY_KEEP: VersionPolicy.KEEP,
}
_STANDARD: Final = Schedule()
_POLICY_NUMBERS: Final = {policy: number for number, policy in _POLICIES.items()}


class Catalog:
    """The servicer of CatalogService."""

    def __init__(self, writes: Writes, reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def CreatePlan(self, request: pb.CreatePlanRequest, call: Call) -> bytes:
        """Create a plan."""
        found: list[Fault] = []
        plan = from_proto_plan(request.plan, request.plan_id, path="plan.", found=found)
        if found:
            raise InvalidPrices(found)
        return await self._writes.run(call, CREATE_PLAN, CreatePlan(plan), _CREATED)

    async def AddPlanVersion(self, request: pb.AddPlanVersionRequest, call: Call) -> bytes:
        """Add a version."""
        plan = bare_id(PLAN, request.name, "name")
        found: list[Fault] = []
        version = from_proto_version(request.version, path="version.", found=found)
        if found:
            raise InvalidPrices(found)
        command = AddPlanVersion(plan, version)
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


def from_proto_plan(message: pb.Plan, plan_id: str, *, path: str, found: list[Fault]) -> Plan:
    """The plan that a message states; `found` takes the fields that are no decimals.

    `path` leads to the plan, such as `plan.`; its versions get their numbers later.
    """
    return Plan(
        plan_id=plan_id,
        display_name=message.display_name,
        policy=_POLICIES[message.version_policy],
        versions=tuple(
            from_proto_version(each, path=f"{path}versions[{place}].", found=found)
            for place, each in enumerate(message.versions)
        ),
        tax_category=message.tax_category,
        price_change_notice_days=message.price_change_notice_days,
        proration=from_proto_default(message.default_proration),
    )


def from_proto_version(message: pb.PlanVersion, *, path: str, found: list[Fault]) -> PlanVersion:
    """The version that a message states; its number is given later.

    `path` leads to the version, such as `version.`; `found` takes the fields that are no decimals.

    Errors:  InvalidPrices if it has too many tiers.
    """
    check_version_size(message, path)
    figures = Figures(found)
    stated = message.HasField("effective_time")
    schedule = from_proto_schedule(message.schedule, _STANDARD)
    return PlanVersion(
        version=0,
        effective_at=from_proto_timestamp(message.effective_time) if stated else None,
        prices=tuple(
            from_proto_price(each, schedule, figures, f"{path}prices[{place}].")
            for place, each in enumerate(message.prices)
        ),
        schedule=schedule,
        shared_allowances=tuple(
            from_proto_shared(each, figures, f"{path}shared_allowances[{place}].")
            for place, each in enumerate(message.shared_allowances)
        ),
        limits=tuple(
            from_proto_limit(each, figures, f"{path}limits[{place}].")
            for place, each in enumerate(message.limits)
        ),
        minimum_spends=tuple(
            from_proto_minimum(each, figures, f"{path}minimum_spends[{place}].")
            for place, each in enumerate(message.minimum_spends)
        ),
    )


def to_proto_plan(plan: Plan) -> pb.Plan:
    """A plan as the contract tells it."""
    return pb.Plan(
        name=PLAN.format(plan.plan_id),
        display_name=plan.display_name,
        version_policy=_POLICY_NUMBERS[plan.policy],
        versions=map(to_proto_version, plan.versions),
        tax_category=plan.tax_category,
        price_change_notice_days=plan.price_change_notice_days,
        default_proration=to_proto_proration(plan.proration),
    )


def to_proto_version(version: PlanVersion) -> pb.PlanVersion:
    """A version as the contract tells it."""
    return pb.PlanVersion(
        version=version.version,
        effective_time=to_proto_timestamp(version.effective_at),
        prices=map(to_proto_price, version.prices),
        schedule=to_proto_schedule(version.schedule),
        shared_allowances=map(to_proto_shared, version.shared_allowances),
        limits=map(to_proto_limit, version.limits),
        minimum_spends=map(to_proto_minimum, version.minimum_spends),
    )


def _created(plan: Plan) -> pb.CreatePlanResponse:
    return pb.CreatePlanResponse(plan=to_proto_plan(plan))


def _added(plan: Plan) -> pb.AddPlanVersionResponse:
    return pb.AddPlanVersionResponse(plan=to_proto_plan(plan))


_CREATED: Final = whole(_created)
_ADDED: Final = whole(_added)
