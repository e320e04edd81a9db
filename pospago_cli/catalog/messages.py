"""A catalogue file as the messages of the contract, and which of its places became which."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import catalog_pb2, meter_pb2, price_pb2, tax_pb2

from pospago_cli.catalog import file as written
from pospago_cli.catalog.faults import Path
from pospago_cli.catalog.price_messages import (
    to_allowance,
    to_limit,
    to_minimum,
    to_price,
    to_proration,
    to_schedule,
)


@dataclass(frozen=True, slots=True)
class Messages:
    """The catalogue, and the path in the file of what each message of it was made from."""

    catalog: catalog_pb2.Catalog
    sources: Mapping[str, Path] = field(default_factory=dict)


def to_messages(file: written.CatalogFile) -> Messages:
    """The catalogue of a file. What a plan attaches must be there."""
    sources: dict[str, Path] = {}
    catalog = catalog_pb2.Catalog()
    for place, (meter_id, meter) in enumerate(file.meters.items()):
        catalog.meters.append(_meter(meter_id, meter))
        sources[f"meters[{place}]"] = ("meters", meter_id)
        sources |= _filter_sources(
            f"meters[{place}].filters", ("meters", meter_id, "filters"), meter.filters
        )
    for place, (profile_id, profile) in enumerate(file.tax_profiles.items()):
        catalog.tax_profiles.append(_tax_profile(profile_id, profile))
        sources[f"tax_profiles[{place}]"] = ("tax_profiles", profile_id)
        sources[f"tax_profiles[{place}].versions[0]"] = ("tax_profiles", profile_id)
    for place, (plan_id, plan) in enumerate(file.plans.items()):
        catalog.plans.append(_plan(plan_id, plan, file))
        version = f"plans[{place}].versions[0]"
        sources[f"plans[{place}]"] = ("plans", plan_id)
        sources |= _version_sources(version, plan_id, plan)
    return Messages(catalog, sources)


def _version_sources(version: str, plan_id: str, plan: written.Plan) -> dict[str, Path]:
    """Where the parts of a plan version come from that stand elsewhere, or under a key."""
    sources: dict[str, Path] = {version: ("plans", plan_id)}
    for place, price in enumerate(plan.prices):
        path: Path = ("plans", plan_id, "prices", place)
        message = f"{version}.prices[{place}]"
        sources[message] = path
        if price.metered is not None:
            sources |= _filter_sources(
                f"{message}.metered.filters", (*path, "metered", "filters"), price.metered.filters
            )
    for place, key in enumerate(plan.add_ons, start=len(plan.prices)):
        sources[f"{version}.prices[{place}]"] = ("add_ons", key)
    for place, code in enumerate(plan.shared_allowances):
        sources[f"{version}.shared_allowances[{place}]"] = (
            *("plans", plan_id, "shared_allowances", code),
        )
    for place, code in enumerate(plan.limits):
        sources[f"{version}.limits[{place}]"] = ("plans", plan_id, "limits", code)
    sources[f"{version}.minimum_spends[0]"] = ("plans", plan_id, "minimum_spend")
    return sources


def _filter_sources(message: str, path: Path, filters: Iterable[str]) -> dict[str, Path]:
    """Where filters come from, which the file has by what they look at."""
    return {f"{message}[{place}]": (*path, name) for place, name in enumerate(filters)}


def _plan(plan_id: str, plan: written.Plan, file: written.CatalogFile) -> catalog_pb2.Plan:
    version = catalog_pb2.PlanVersion(
        prices=_prices(plan, file),
        schedule=to_schedule(plan),
        shared_allowances=[
            price_pb2.SharedAllowance(
                code=code, allowance=to_allowance(shared.included), prices=shared.prices
            )
            for code, shared in plan.shared_allowances.items()
        ],
        limits=[to_limit(code, limit) for code, limit in plan.limits.items()],
    )
    if plan.minimum_spend is not None:
        currency = plan.currency or file.currency or ""
        version.minimum_spends.append(to_minimum(plan.minimum_spend, currency))
    return catalog_pb2.Plan(
        name=f"plans/{plan_id}",
        display_name=plan.display_name,
        version_policy=f"VERSION_POLICY_{plan.version_policy.upper()}",
        versions=[version],
        tax_category=plan.tax_category or "",
        price_change_notice_days=plan.price_change_notice_days,
        default_proration=to_proration(plan.default_proration),
    )


def _prices(plan: written.Plan, file: written.CatalogFile) -> Iterator[price_pb2.Price]:
    """The prices of a plan as an invoice lists them: its own, then its add-ons."""
    currency = plan.currency or file.currency or ""
    for price in plan.prices:
        yield to_price(price, price.code, currency, band=price.band)
    for key in plan.add_ons:
        add_on = file.add_ons[key]
        message = to_price(add_on, add_on.code or key, currency)
        message.add_on.quantity_max = add_on.quantity_max
        message.add_on.exclusive_group = add_on.exclusive_group or ""
        yield message


def _meter(meter_id: str, meter: written.Meter) -> meter_pb2.Meter:
    return meter_pb2.Meter(
        name=f"meters/{meter_id}",
        display_name=meter.display_name,
        event_name=meter.event,
        aggregation=f"AGGREGATION_{meter.aggregation.upper()}",
        value_property=meter.property,
        unit=meter.unit,
        filters=[
            meter_pb2.Meter.PropertyFilter(property=name, values=values)
            for name, values in meter.filters.items()
        ],
        dimensions=meter.dimensions,
        value_per_unit=Decimal(value=meter.value_per_unit) if meter.value_per_unit else None,
        rounding=_rounding(meter.rounding) if meter.rounding else None,
    )


def _rounding(rounding: written.Rounding) -> meter_pb2.Meter.Rounding:
    return meter_pb2.Meter.Rounding(
        mode=f"MODE_{rounding.mode.upper()}", decimals=rounding.decimals
    )


def _tax_profile(profile_id: str, profile: written.TaxProfile) -> tax_pb2.TaxProfile:
    version = tax_pb2.TaxProfileVersion(
        rates=[
            tax_pb2.TaxRate(
                tax_category=rate.tax_category or "",
                display_name=rate.display_name,
                percent=Decimal(value=rate.percent),
                exempt=rate.exempt,
            )
            for rate in profile.rates
        ],
        prices_include_tax=profile.prices_include_tax,
        rounding=f"ROUNDING_{profile.rounding.upper()}" if profile.rounding else None,
        tax_point=f"TAX_POINT_{profile.tax_point.upper()}" if profile.tax_point else None,
    )
    return tax_pb2.TaxProfile(
        name=f"taxProfiles/{profile_id}", display_name=profile.display_name, versions=[version]
    )
