"""Catalogues in YAML: an issuer and plans, as a company writes them down."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pospago.billing.v1 import catalog_pb2, issuer_pb2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pospago_cli.failures import CommandFailed
from pospago_cli.values import to_money

Slug = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]


@dataclass(frozen=True, slots=True)
class Catalog:
    """What a catalogue file asks to be created, by id."""

    issuers: Mapping[str, issuer_pb2.Issuer]
    plans: Mapping[str, catalog_pb2.Plan]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Issuer(_Strict):
    legal_name: str
    registration_number: str = ""
    bank_details: str = ""
    payment_reference: str = ""
    invoice_series: str


class _Price(_Strict):
    band: int
    monthly_price: str


class _Plan(_Strict):
    display_name: str
    version_policy: Literal["follow", "keep"]
    prices: list[_Price]


class _File(_Strict):
    issuers: dict[Slug, _Issuer] = {}
    plans: dict[Slug, _Plan] = {}


def read_catalog(path: Path) -> Catalog:
    """The catalogue in a file; CommandFailed says where it is wrong."""
    try:
        read = _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        plans = {plan_id: _to_plan(plan) for plan_id, plan in read.plans.items()}
    except (ValidationError, yaml.YAMLError, ValueError) as wrong:
        raise CommandFailed(
            f"{path} is no catalogue: {wrong}", "Compare it with examples/catalogs/integrator.yaml."
        ) from wrong
    issuers = {
        issuer_id: issuer_pb2.Issuer(**issuer.model_dump())
        for issuer_id, issuer in read.issuers.items()
    }
    return Catalog(issuers=issuers, plans=plans)


def _to_plan(plan: _Plan) -> catalog_pb2.Plan:
    prices = [
        catalog_pb2.BandPrice(band=price.band, monthly_price=to_money(price.monthly_price))
        for price in plan.prices
    ]
    return catalog_pb2.Plan(
        display_name=plan.display_name,
        version_policy=f"VERSION_POLICY_{plan.version_policy.upper()}",
        versions=[catalog_pb2.PlanVersion(prices=prices)],
    )
