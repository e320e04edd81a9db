"""Catalogues as code: the servicer of CatalogService with what applies a whole catalogue."""

from collections.abc import Iterator
from typing import Any, Final

from pospago.billing.v1 import catalog_pb2 as pb

from billing_service.api.meters import from_proto_meter
from billing_service.api.plans import Catalog, from_proto_plan
from billing_service.api.sizes import check_catalog_size
from billing_service.api.tax_messages import from_proto_tax_version
from billing_service.api.values import METER, PLAN, TAX_PROFILE, bare_id, from_proto_timestamp
from billing_service.domain import catalog
from billing_service.domain.catalog import Action, CatalogChange
from billing_service.domain.errors import InvalidPrices
from billing_service.domain.price_models import Fault
from billing_service.domain.tax import TaxProfile
from billing_service.use_cases.apply_catalog import (
    APPLY_CATALOG,
    AppliedCatalog,
    ApplyCatalog,
    would_change,
)
from chassis.errors import FieldViolation, InvalidField
from chassis.rpc.call import Call
from chassis.rpc.writes import whole

_ACTION_NUMBERS: Final = {
    Action.NONE: pb.CatalogChange.ACTION_NONE,
    Action.CREATE: pb.CatalogChange.ACTION_CREATE,
    Action.UPDATE: pb.CatalogChange.ACTION_UPDATE,
    Action.ADD_VERSION: pb.CatalogChange.ACTION_ADD_VERSION,
}


class Catalogs(Catalog):
    """The servicer of CatalogService."""

    async def ApplyCatalog(self, request: pb.ApplyCatalogRequest, call: Call) -> bytes:
        """Apply a catalogue, or tell what that would change: then nothing is written."""
        stated = request.HasField("effective_time")
        command = ApplyCatalog(
            catalog=from_proto_catalog(request.catalog),
            effective_at=from_proto_timestamp(request.effective_time) if stated else None,
            digest=request.digest,
        )
        if not request.validate_only:
            return await self._writes.run(call, APPLY_CATALOG, command, _APPLIED)
        applied = await self._reads.run(
            lambda tx: would_change(tx, command, self._reads.now_in(tx, ""))
        )
        return _to_proto_applied(applied).SerializeToString()


def from_proto_catalog(message: pb.Catalog) -> catalog.Catalog:
    """The catalogue that a message states.

    Errors:  InvalidField for what has no name or not one version; InvalidPrices, InvalidMeter and
             InvalidTaxRates for what is no decimal; InvalidPrices for too many tiers.
    """
    check_catalog_size(message)
    violations = tuple(_violations(message))
    if violations:
        raise InvalidField(*violations)
    found: list[Fault] = []
    plans = tuple(
        from_proto_plan(each, _id(PLAN, each), path=f"catalog.plans[{place}].", found=found)
        for place, each in enumerate(message.plans)
    )
    if found:
        raise InvalidPrices(found)
    return catalog.Catalog(
        meters=tuple(
            from_proto_meter(_id(METER, each), each, f"catalog.meters[{place}].")
            for place, each in enumerate(message.meters)
        ),
        tax_profiles=tuple(
            TaxProfile(
                _id(TAX_PROFILE, each),
                each.display_name,
                (
                    from_proto_tax_version(
                        each.versions[0], f"catalog.tax_profiles[{place}].versions[0]"
                    ),
                ),
            )
            for place, each in enumerate(message.tax_profiles)
        ),
        plans=plans,
    )


def _id(pattern: Any, message: Any) -> str:
    return bare_id(pattern, message.name, "name")


def _violations(message: pb.Catalog) -> Iterator[FieldViolation]:
    """What is not named, or named twice, or does not have the one version that shall hold."""
    for field in ("meters", "tax_profiles", "plans"):
        named: set[str] = set()
        for place, each in enumerate(getattr(message, field)):
            path = f"catalog.{field}[{place}]"
            if not each.name:
                yield FieldViolation(f"{path}.name", "is required")
            elif each.name in named:
                yield FieldViolation(f"{path}.name", f"{each.name} is there twice: state it once")
            named.add(each.name)
            if field != "meters":
                yield from _version_violations(path, each.versions)


def _version_violations(path: str, versions: Any) -> Iterator[FieldViolation]:
    if len(versions) != 1:
        yield FieldViolation(f"{path}.versions", "exactly one version is required")
    elif versions[0].HasField("effective_time"):
        text = "must be left out: the effective_time of the request says when it takes force"
        yield FieldViolation(f"{path}.versions[0].effective_time", text)


def _to_proto_applied(applied: AppliedCatalog) -> pb.ApplyCatalogResponse:
    return pb.ApplyCatalogResponse(
        changes=map(_to_proto_change, applied.changes), digest=applied.digest
    )


def _to_proto_change(change: CatalogChange) -> pb.CatalogChange:
    return pb.CatalogChange(
        name=change.name,
        action=_ACTION_NUMBERS[change.action],
        fields=[
            pb.CatalogChange.FieldChange(path=each.path, before=each.before, after=each.after)
            for each in change.fields
        ],
        version=change.version,
    )


_APPLIED: Final = whole(_to_proto_applied)
