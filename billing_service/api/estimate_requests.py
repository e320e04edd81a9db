"""What an estimate is asked for, read from the contract's messages."""

from typing import Final

from pospago.billing.v1 import estimate_pb2 as pb

from billing_service.api.figures import Figures
from billing_service.api.meters import from_proto_meter
from billing_service.api.plans import from_proto_plan
from billing_service.api.sizes import check_estimate_size
from billing_service.api.tax_messages import TREATMENTS, from_proto_tax_version
from billing_service.api.values import METER, PLAN, TAX_PROFILE, bare_id, from_proto_date
from billing_service.domain.catalog_errors import InvalidMeter
from billing_service.domain.counting import CountedGroup
from billing_service.domain.errors import InvalidPrices
from billing_service.domain.price_models import Fault, Transaction
from billing_service.domain.quantities import Held, Quantities, Used
from billing_service.domain.tax import TaxProfileVersion
from billing_service.use_cases.estimate import EstimateCost, InlinePlan
from chassis.rpc.names import account_id

_INLINE: Final = "inline_plan."


def from_proto_estimate(request: pb.EstimateRequest) -> EstimateCost:
    """What a request asks for.

    Errors:  InvalidPrices, InvalidMeter, InvalidTaxRates.
    """
    check_estimate_size(request)
    account = account_id(request.account, "account")
    begins, ends = request.HasField("start_date"), request.HasField("end_date")
    stated_treatment = request.tax_treatment
    return EstimateCost(
        source=_source(request),
        quantities=_quantities(request),
        account=account,
        pinned=request.plan_version,
        currency=request.currency,
        band=request.band,
        begins_on=from_proto_date(request.start_date, "start_date") if begins else None,
        ends_on=from_proto_date(request.end_date, "end_date") if ends else None,
        months=request.months or 1,
        taxed_by=_taxed_by(request),
        treatment=TREATMENTS[stated_treatment] if stated_treatment else None,
    )


def _source(request: pb.EstimateRequest) -> str | InlinePlan:
    if request.WhichOneof("source") == "plan":
        return bare_id(PLAN, request.plan, "plan")
    found: list[Fault] = []
    stated = request.inline_plan
    plan = from_proto_plan(stated.plan, "", path=f"{_INLINE}plan.", found=found)
    if found:
        raise InvalidPrices(found)
    return InlinePlan(
        plan,
        tuple(
            from_proto_meter(_meter_id(stated, place), meter, f"{_INLINE}meters[{place}].")
            for place, meter in enumerate(stated.meters)
        ),
    )


def _meter_id(stated: pb.EstimateRequest.InlinePlan, place: int) -> str:
    """What prices call a meter of the request: each has a name of its own."""
    path, name = f"{_INLINE}meters[{place}].name", stated.meters[place].name
    if not name:
        raise InvalidMeter(path, "is needed: prices name their meters")
    if any(meter.name == name for meter in stated.meters[:place]):
        raise InvalidMeter(path, f"{name} is stated before: state it once")
    return bare_id(METER, name, path)


def _taxed_by(request: pb.EstimateRequest) -> str | TaxProfileVersion | None:
    match request.WhichOneof("tax"):
        case "tax_profile":
            return bare_id(TAX_PROFILE, request.tax_profile, "tax_profile")
        case "inline_tax":
            return from_proto_tax_version(request.inline_tax, "inline_tax")
    return None


def _quantities(request: pb.EstimateRequest) -> Quantities:
    """What is held, used and counted; what is no figure is told with what else is wrong."""
    figures = Figures()
    return Quantities(
        held=tuple(
            Held(each.price, figures.of(each, "quantity", f"held[{place}]."))
            for place, each in enumerate(request.held)
        ),
        used=tuple(
            _used(each, figures, f"used[{place}].") for place, each in enumerate(request.used)
        ),
        counted=tuple(
            CountedGroup(each.counted, each.count, frozenset(each.labels), is_own=each.own)
            for each in request.counted
        ),
        misread=tuple(figures.faults),
    )


def _used(message: pb.EstimateRequest.UsedQuantity, figures: Figures, path: str) -> Used:
    return Used(
        price=message.price,
        quantity=figures.optional(message, "quantity", path),
        meter=bare_id(METER, message.meter, f"{path}meter"),
        events_count=message.events_count,
        transactions=tuple(
            Transaction(
                figures.of(each, "amount", f"{path}transactions[{place}]."), each.count or 1
            )
            for place, each in enumerate(message.transactions)
        ),
        by_unit=tuple(
            figures.stated(each, f"{path}by_unit[{place}]")
            for place, each in enumerate(message.by_unit)
        ),
    )
