"""Asks for what a catalogue file would change, and for making it so.

The rules are imported when they are asked: with them comes what billing is built of, and the other
commands would wait a second for it.
"""

import uuid
from pathlib import Path

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from pospago.billing.v1 import catalog_pb2 as pb
from pospago.billing.v1 import tax_pb2
from pospago.billing.v1.catalog_pb2_grpc import CatalogServiceStub
from pospago.billing.v1.tax_pb2_grpc import TaxProfileServiceStub

from chassis.errors import FieldViolation
from pospago_cli.catalog.changes import is_version
from pospago_cli.catalog.loading import Loaded, load
from pospago_cli.catalog.refusals import is_of_catalog, refused
from pospago_cli.client import Connection
from pospago_cli.failures import Refusal


def checked(path: Path) -> Loaded:
    """What a file says; CatalogRefused tells each fault by file, line and field."""
    from pospago_cli.catalog.checks import check  # noqa: PLC0415 - as said above

    loaded = load(path)
    check(loaded)
    return loaded


def changes_of(
    connection: Connection, loaded: Loaded, effective: Timestamp | None = None
) -> pb.ApplyCatalogResponse:
    """What applying a catalogue would change."""
    request = pb.ApplyCatalogRequest(
        catalog=loaded.messages.catalog, effective_time=effective, validate_only=True
    )
    return _sent(connection, request, loaded)


def apply_catalog(
    connection: Connection, loaded: Loaded, effective: Timestamp | None = None, *, digest: str = ""
) -> pb.ApplyCatalogResponse:
    """What applying a catalogue changed; `digest` stands for the changes that were looked at."""
    request = pb.ApplyCatalogRequest(
        catalog=loaded.messages.catalog, effective_time=effective, digest=digest
    )
    return _sent(connection, request, loaded)


def last_versions(connection: Connection, answer: pb.ApplyCatalogResponse) -> dict[str, Timestamp]:
    """Since when the last version holds of each plan and tax profile that gets a further one.

    Those that have one version only, which holds since ever, are left out.
    """
    found = {}
    for name in (change.name for change in answer.changes if is_version(change)):
        last = _stored(connection, name).versions[-1]
        if last.HasField("effective_time"):
            found[name] = last.effective_time
    return found


def _stored(connection: Connection, name: str) -> pb.Plan | tax_pb2.TaxProfile:
    if name.startswith("plans/"):
        plan: pb.GetPlanResponse = connection.stub(CatalogServiceStub).GetPlan(
            pb.GetPlanRequest(name=name)
        )
        return plan.plan
    request = tax_pb2.GetTaxProfileRequest(name=name)
    profile: tax_pb2.GetTaxProfileResponse = connection.stub(TaxProfileServiceStub).GetTaxProfile(
        request
    )
    return profile.tax_profile


def _sent(
    connection: Connection, request: pb.ApplyCatalogRequest, loaded: Loaded
) -> pb.ApplyCatalogResponse:
    """The answer to a request; what is refused of the catalogue is told of its file."""
    request.request_id = str(uuid.uuid4())
    try:
        return connection.stub(CatalogServiceStub).ApplyCatalog(request)
    except grpc.RpcError as error:
        found = [
            FieldViolation(field, text)
            for field, text in Refusal.of(error).violations
            if is_of_catalog(field)
        ]
        if not found:
            raise
        raise refused(loaded, found) from error
