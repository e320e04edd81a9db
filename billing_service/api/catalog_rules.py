"""The rules that a catalogue keeps by itself, asked without a store: all that it breaks of them."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from pospago.billing.v1 import catalog_pb2 as pb
from pospago.billing.v1 import meter_pb2, tax_pb2

from billing_service.api.figures import Figures
from billing_service.api.meters import from_proto_meter, read_meter
from billing_service.api.plans import from_proto_version
from billing_service.api.tax_messages import from_proto_tax_version
from billing_service.domain.price_models import Fault
from billing_service.domain.price_rules import faults
from billing_service.domain.tax import check_rates
from chassis.errors import BadRequest, DomainError, FieldViolation

_PREFIX: Final = "catalog."


def catalog_violations(catalog: pb.Catalog) -> Iterator[FieldViolation]:
    """Each field at fault by its path in the request, such as `catalog.plans[0].versions[0]…`.

    The catalogue keeps the contract's rules for fields, and holds the meters that it uses.
    """
    yield from _meter_violations(catalog)
    yield from _tax_violations(catalog)
    yield from _plan_violations(catalog)


def _meter_violations(catalog: pb.Catalog) -> Iterator[FieldViolation]:
    for place, message in enumerate(catalog.meters):
        yield from _refused(partial(_check_meter, message, f"{_PREFIX}meters[{place}]."))


def _check_meter(message: meter_pb2.Meter, path: str) -> None:
    from_proto_meter(_last(message.name), message, path).check(path)


def _tax_violations(catalog: pb.Catalog) -> Iterator[FieldViolation]:
    for place, profile in enumerate(catalog.tax_profiles):
        path = f"{_PREFIX}tax_profiles[{place}].versions[0]"
        yield from _refused(partial(_check_tax, profile.versions[0], path))


def _check_tax(message: tax_pb2.TaxProfileVersion, path: str) -> None:
    check_rates(from_proto_tax_version(message, path), f"{path}.")


def _plan_violations(catalog: pb.Catalog) -> Iterator[FieldViolation]:
    names = {_last(each.name): each for each in catalog.meters}
    meters = {name: read_meter(name, each, Figures(), "") for name, each in names.items()}
    for place, plan in enumerate(catalog.plans):
        path = f"{_PREFIX}plans[{place}].versions[0]."
        no_decimals: list[Fault] = []
        version = from_proto_version(plan.versions[0], path=path, found=no_decimals)
        yield from (FieldViolation(each.path, each.text) for each in no_decimals)
        if not no_decimals:
            for each in faults(version, meters):
                yield FieldViolation(f"{path}{each.path}", each.text)


def _refused(rule: Callable[[], None]) -> Iterator[FieldViolation]:
    """The fields that a rule refuses."""
    try:
        rule()
    except DomainError as wrong:
        if not isinstance(wrong.detail, BadRequest):
            raise
        yield from wrong.detail.violations


def _last(name: str) -> str:
    return name.rpartition("/")[2]
