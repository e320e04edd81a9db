"""Requests for meters, price changes and catalogues, in order but for what a test says."""

from typing import Any, Final

from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import catalog_pb2 as pb
from pospago.billing.v1 import meter_pb2, price_change_pb2, price_pb2, tax_pb2

from tests.billing.asking import monthly
from tests.billing.builders import at
from tests.billing.serving import (
    proto_day,
    request_id,
    stamp,
)

LATER: Final = stamp(at("2026-09-01"))
COUNT: Final = meter_pb2.Meter.AGGREGATION_COUNT
SUM: Final = meter_pb2.Meter.AGGREGATION_SUM
FOLLOW: Final = pb.Plan.VERSION_POLICY_FOLLOW
KEEP: Final = pb.Plan.VERSION_POLICY_KEEP


def decimal(value: str) -> Decimal:
    return Decimal(value=value)


def meter(name: str = "", **more: Any) -> meter_pb2.Meter:
    values: dict[str, Any] = {"event_name": "api.call", "aggregation": COUNT} | more
    return meter_pb2.Meter(name=f"meters/{name}" if name else "", **values)


def meter_request(meter_id: str = "new", **more: Any) -> meter_pb2.CreateMeterRequest:
    asked = more.pop("request_id", "") or request_id()
    return meter_pb2.CreateMeterRequest(meter_id=meter_id, meter=meter(**more), request_id=asked)


def change_request(
    price_change_id: str,
    *,
    account: str = "acme",
    plan: str = "integrator",
    effective_on: str = "2026-05-01",
    **more: Any,
) -> price_change_pb2.CreatePriceChangeRequest:
    asked = more.pop("request_id", "") or request_id()
    if "indexation" not in more:
        more = {"plan_version": 1} | more
    change = price_change_pb2.PriceChange(
        plan=f"plans/{plan}", effective_date=proto_day(effective_on), **more
    )
    return price_change_pb2.CreatePriceChangeRequest(
        parent=f"accounts/{account}",
        price_change_id=price_change_id,
        price_change=change,
        request_id=asked,
    )


def percent(value: str, **more: Any) -> price_change_pb2.PriceChange.Indexation:
    return price_change_pb2.PriceChange.Indexation(percent=decimal(value), **more)


def change_name(price_change_id: str, account: str = "acme") -> str:
    return f"accounts/{account}/priceChanges/{price_change_id}"


def cancel_request(
    price_change_id: str, account: str = "acme", **more: Any
) -> price_change_pb2.CancelPriceChangeRequest:
    values: dict[str, Any] = {"request_id": request_id()} | more
    return price_change_pb2.CancelPriceChangeRequest(
        name=change_name(price_change_id, account), **values
    )


def calls(meter: str = "calls") -> price_pb2.Price:
    return price_pb2.Price(
        code="calls",
        currency="BRL",
        metered=price_pb2.Metered(meter=f"meters/{meter}"),
        per_unit=price_pb2.PerUnit(unit_price=decimal("0.01")),
    )


def plan(*prices: price_pb2.Price, name: str = "plans/shop", **more: Any) -> pb.Plan:
    values: dict[str, Any] = {"version_policy": FOLLOW} | more
    version = pb.PlanVersion(prices=prices or [monthly(0, "10")])
    return pb.Plan(**({"name": name, "versions": [version]} | values))


def taxes(*categories: str) -> tax_pb2.TaxProfile:
    rates = [tax_pb2.TaxRate(tax_category=each, percent=decimal("5")) for each in categories]
    version = tax_pb2.TaxProfileVersion(rates=rates)
    return tax_pb2.TaxProfile(name="taxProfiles/home", versions=[version])


def apply_request(
    *plans: pb.Plan,
    meters: tuple[meter_pb2.Meter, ...] = (),
    tax_profiles: tuple[tax_pb2.TaxProfile, ...] = (),
    **more: Any,
) -> pb.ApplyCatalogRequest:
    catalog = pb.Catalog(meters=meters, tax_profiles=tax_profiles, plans=plans)
    values: dict[str, Any] = {"request_id": request_id(), "effective_time": LATER} | more
    return pb.ApplyCatalogRequest(catalog=catalog, **values)
