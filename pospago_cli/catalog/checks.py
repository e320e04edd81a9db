"""The rules that the services hold a catalogue to, asked without a server."""

import uuid

from pospago.billing.v1 import catalog_pb2 as pb

from billing_service.api.catalog_rules import catalog_violations
from chassis.errors import BadRequest, FieldViolation, InvalidField
from chassis.rpc.validation import check_fields
from pospago_cli.catalog.loading import Loaded
from pospago_cli.catalog.refusals import refused


def check(loaded: Loaded) -> None:
    """Refuse a catalogue that breaks a rule of the contract or of the domain.

    Errors:  CatalogRefused with all of them.
    """
    catalog = loaded.messages.catalog
    # Only what keeps the contract's rules for fields can be read as meters and plans.
    found = _field_violations(catalog) or list(catalog_violations(catalog))
    if found:
        raise refused(loaded, found)


def _field_violations(catalog: pb.Catalog) -> list[FieldViolation]:
    request = pb.ApplyCatalogRequest(catalog=catalog, request_id=str(uuid.uuid4()))
    try:
        check_fields(request)
    except InvalidField as wrong:
        return list(wrong.detail.violations) if isinstance(wrong.detail, BadRequest) else []
    return []
