"""What an estimate is asked for: of a stored plan, or of one in a catalogue file."""

from dataclasses import dataclass
from pathlib import Path

from google.type.date_pb2 import Date
from pospago.billing.v1 import estimate_pb2 as pb

from pospago_cli.catalog.applying import checked
from pospago_cli.catalog.faults import Flaw, nearest
from pospago_cli.catalog.loading import Loaded
from pospago_cli.failures import CommandFailed


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says; names are in full, what is None was not stated."""

    plan: str
    file: Path | None
    held: tuple[pb.EstimateRequest.HeldQuantity, ...]
    used: tuple[pb.EstimateRequest.UsedQuantity, ...]
    counted: tuple[pb.EstimateRequest.CountedGroup, ...]
    counted_own: tuple[pb.EstimateRequest.CountedGroup, ...]
    account: str | None
    currency: str | None
    band: int | None
    version: int | None
    start_date: Date | None
    end_date: Date | None
    months: int
    tax_profile: str | None
    tiers: bool
    explain: bool


def to_request(asked: Asked) -> pb.EstimateRequest:
    """The request that asks for it.

    Errors:  CatalogRefused if the file is wrong or has no such plan; CommandFailed if a version is
             asked for of a file, which has one.
    """
    request = pb.EstimateRequest(
        account=asked.account or "",
        plan_version=asked.version or 0,
        currency=asked.currency or "",
        band=asked.band or 0,
        start_date=asked.start_date,
        end_date=asked.end_date,
        months=asked.months,
        held=asked.held,
        used=asked.used,
        counted=(*asked.counted, *asked.counted_own),
        show_tiers=asked.tiers,
        explain=asked.explain,
    )
    if asked.tax_profile:
        request.tax_profile = asked.tax_profile
    if asked.file is None:
        request.plan = asked.plan
    else:
        _take_from_file(request, checked(asked.file), asked)
    return request


def _take_from_file(request: pb.EstimateRequest, loaded: Loaded, asked: Asked) -> None:
    """State the plan of a file, its meters and, if it has it, the tax profile."""
    if asked.version:
        raise CommandFailed(
            "A plan in a file has one version only.", "Leave out --version, or --file."
        )
    catalog = loaded.messages.catalog
    plans = {plan.name: plan for plan in catalog.plans}
    if asked.plan not in plans:
        plan_id = asked.plan.removeprefix("plans/")
        said = f"there is no plan {plan_id!r}"
        raise loaded.refused([Flaw(("plans",), said, nearest(plan_id, loaded.file.plans))])
    request.inline_plan.plan.CopyFrom(plans[asked.plan])
    request.inline_plan.meters.extend(catalog.meters)
    for profile in catalog.tax_profiles:
        if profile.name == asked.tax_profile:
            request.inline_tax.CopyFrom(profile.versions[0])
