"""The largest catalogues and estimates that the contract lets pass: judged, and never our fault.

Each call here is as large, or as long to work through, as a request can be. The heaviest of those
that are served are soak tests.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import pytest
import pytest_asyncio
from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import catalog_pb2, estimate_pb2, meter_pb2, price_pb2

from tests.suite.calling import Outcome
from tests.suite.contracts import EVERYWHERE, rpcs
from tests.suite.requests import fresh, sample
from tests.suite.world import World, running_world

# A busy machine makes seconds long: this only ends what hangs.
WITHIN_SECONDS: Final = 100
HEAVY: Final = {"many explained", "many lines", "many transactions", "many groups", "many plans"}
ESTIMATE: Final = "billing.EstimateService.Estimate"
CREATE_PLAN: Final = "billing.CatalogService.CreatePlan"
APPLY: Final = "billing.CatalogService.ApplyCatalog"
QUANTITY_MAX: Final = str(10**15)
QUANTITY_MIN: Final = "0.000000001"
# In reais: as many centavos as a price may have.
AMOUNT_MAX: Final = str(10**10)
METER: Final = meter_pb2.Meter(
    name="meters/calls", event_name="api.call", aggregation=meter_pb2.Meter.AGGREGATION_COUNT
)


@pytest_asyncio.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Both services on SQLite."""
    async with running_world(tmp_path_factory.mktemp("hostile")) as running:
        yield running


def figure(value: str) -> Decimal:
    return Decimal(value=value)


# --- prices ---------------------------------------------------------------------------------------


def price(code: str, **model: Any) -> price_pb2.Price:
    """A metered price in BRL."""
    metered = price_pb2.Metered(meter="meters/calls")
    return price_pb2.Price(code=code, currency="BRL", metered=metered, **model)


def per_unit(code: str) -> price_pb2.Price:
    return price(code, per_unit=price_pb2.PerUnit(unit_price=figure(AMOUNT_MAX)))


def tiered(code: str, tiers_count: int = 100) -> price_pb2.Price:
    """Tiers of one unit each."""
    tiers = [
        price_pb2.Tier(up_to=figure(str(bound)), unit_price=figure("1"))
        for bound in range(1, tiers_count)
    ]
    last = price_pb2.Tier(unit_price=figure("1"))
    return price(code, graduated=price_pb2.Graduated(tiers=[*tiers, last]))


def flat(code: str) -> price_pb2.Price:
    return price(code, flat=price_pb2.Flat(amount=figure("1")))


def packaged(code: str) -> price_pb2.Price:
    package = price_pb2.Package(size=figure(QUANTITY_MIN), package_price=figure(AMOUNT_MAX))
    return price(code, package=package)


def by_transaction(code: str) -> price_pb2.Price:
    """A part of each transaction, and at least something."""
    model = price_pb2.Percentage(percent=figure("3"), event_minimum=figure("0.01"))
    return price(code, percentage=model)


def counting(code: str) -> price_pb2.Price:
    """Whatever carries one of a hundred labels."""
    kind = price_pb2.Counting(counted="client", trigger_labels=labels(), labelled_only=True)
    amount = price_pb2.PerUnit(unit_price=figure("1"))
    return price_pb2.Price(code=code, currency="BRL", counting=kind, per_unit=amount)


def labels(first: int = 0) -> list[str]:
    return [f"label-{each}" for each in range(first, first + 100)]


def wrong(code: str) -> price_pb2.Price:
    """A hundred tiers of which each is at fault."""
    tiers = [price_pb2.Tier(up_to=figure("-1"), unit_price=figure("-1")) for _ in range(100)]
    return price(code, graduated=price_pb2.Graduated(tiers=tiers))


def version(build: Callable[[str], price_pb2.Price], count: int) -> catalog_pb2.PlanVersion:
    """A plan version of equal prices."""
    return catalog_pb2.PlanVersion(prices=[build(f"p{each}") for each in range(count)])


# --- requests -------------------------------------------------------------------------------------


def estimate(build: Callable[[str], price_pb2.Price], count: int, **asked: Any) -> Any:
    """What a plan of equal prices would cost, for nobody in particular."""
    plan = catalog_pb2.Plan(
        version_policy=catalog_pb2.Plan.VERSION_POLICY_FOLLOW, versions=[version(build, count)]
    )
    inline = estimate_pb2.EstimateRequest.InlinePlan(plan=plan, meters=[METER])
    return estimate_pb2.EstimateRequest(inline_plan=inline, **asked)


def used(count: int, quantity: str) -> list[Any]:
    """As much of each price."""
    kind = estimate_pb2.EstimateRequest.UsedQuantity
    return [kind(price=f"p{each}", quantity=figure(quantity)) for each in range(count)]


def transactions(prices_count: int, each_count: int) -> list[Any]:
    """Different transactions of each price."""
    kind = estimate_pb2.EstimateRequest.UsedQuantity
    told = [kind.Transaction(amount=figure(str(each))) for each in range(each_count)]
    return [kind(price=f"p{each}", transactions=told) for each in range(prices_count)]


def groups(count: int) -> list[Any]:
    """Groups of clients of which no label triggers a price, but for the last."""
    kind = estimate_pb2.EstimateRequest.CountedGroup
    others = [kind(counted="client", count=1, labels=labels(100)[:20]) for _ in range(count - 1)]
    return [*others, kind(counted="client", count=1, labels=labels())]


def new_plan(build: Callable[[str], price_pb2.Price], count: int) -> Any:
    """A plan of equal prices."""
    request: Any = sample(CREATE_PLAN)
    request.plan.versions[0].CopyFrom(version(build, count))
    return request


def catalog(*, meters: int = 0, profiles: int = 0, plans: int = 0, prices: int = 1) -> Any:
    """As many new things of each kind."""
    request, plain = sample(APPLY), sample(APPLY).catalog
    request.ClearField("catalog")
    for kind, count in (("meters", meters), ("tax_profiles", profiles), ("plans", plans)):
        for _ in range(count):
            each = getattr(request.catalog, kind).add()
            each.CopyFrom(getattr(plain, kind)[0])
            each.name = f"{each.name.partition('/')[0]}/{fresh('many')}"
    for plan in request.catalog.plans:
        plan.versions[0].CopyFrom(version(flat, prices))
    if plans:
        request.catalog.meters.append(METER)
    return request


def cases(known: dict[str, Callable[[], Any]]) -> list[Any]:
    """The names of the cases, the heavy ones marked."""
    return [
        pytest.param(name, marks=[pytest.mark.soak] if name in HEAVY else [])
        for name in sorted(known)
    ]


def assert_judged(rpc: str, outcome: Outcome) -> None:
    """Check that a call was served, or refused for a documented reason."""
    allowed = {"OK", *rpcs()[rpc].reasons, *EVERYWHERE} - {"DEADLINE_EXCEEDED", "CANCELLED"}
    assert outcome.told in allowed, f"{rpc}: {outcome.code} {outcome.message}"


ESTIMATES: Final[dict[str, Callable[[], Any]]] = {
    "many explained": lambda: estimate(
        tiered, 100, used=used(100, "100"), months=120, explain=True, show_tiers=True
    ),
    "many lines": lambda: estimate(flat, 1000, used=used(1000, "100"), months=20),
    "too many tiers": lambda: estimate(tiered, 101, used=used(101, "100")),
    "large amounts": lambda: estimate(per_unit, 2, used=used(2, QUANTITY_MAX)),
    "many packages": lambda: estimate(packaged, 1, used=used(1, QUANTITY_MAX), explain=True),
    "many transactions": lambda: estimate(
        by_transaction, 5, used=transactions(5, 10_000), months=120
    ),
    "too many transactions": lambda: estimate(by_transaction, 6, used=transactions(6, 10_000)),
    "many groups": lambda: estimate(counting, 50, counted=groups(10_000), months=120),
    "too many groups": lambda: estimate(counting, 51, counted=groups(10_000)),
    "many faults": lambda: estimate(wrong, 100),
}
PLANS: Final[dict[str, Callable[[], Any]]] = {
    "many tiers": lambda: new_plan(tiered, 100),
    "too many tiers": lambda: new_plan(tiered, 101),
    "many faults": lambda: new_plan(wrong, 100),
}
CATALOGS: Final[dict[str, Callable[[], Any]]] = {
    "many meters": lambda: catalog(meters=1000),
    "many tax profiles": lambda: catalog(profiles=1000),
    "many plans": lambda: catalog(plans=1000),
    "many prices": lambda: catalog(plans=20, prices=1000),
    "too many prices": lambda: catalog(plans=21, prices=1000),
}


@pytest.mark.parametrize("asked", cases(ESTIMATES))
async def test_largest_estimate_is_judged(world: World, asked: str) -> None:
    """However much there is to price, an estimate is answered or refused."""
    outcome = await world.call(ESTIMATE, ESTIMATES[asked](), within_s=WITHIN_SECONDS)
    assert_judged(ESTIMATE, outcome)


@pytest.mark.parametrize("asked", cases(PLANS))
async def test_largest_plan_is_judged(world: World, asked: str) -> None:
    """However many tiers a plan has, or faults, it is stored or refused."""
    create = "billing.MeterService.CreateMeter"
    await world.call(create, sample(create, new="calls"))
    outcome = await world.call(CREATE_PLAN, PLANS[asked](), within_s=WITHIN_SECONDS)
    assert_judged(CREATE_PLAN, outcome)


@pytest.mark.parametrize("asked", cases(CATALOGS))
async def test_largest_catalogue_is_judged(world: World, asked: str) -> None:
    """However much a catalogue describes, it is applied or refused."""
    outcome = await world.call(APPLY, CATALOGS[asked](), within_s=WITHIN_SECONDS)
    assert_judged(APPLY, outcome)
