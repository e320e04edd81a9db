"""Asks for what a catalogue file would change, and for making it so.

The rules are imported when they are asked: with them comes what billing is built of, and the other
commands would wait a second for it.
"""

import uuid
from pathlib import Path

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from pospago.billing.v1 import catalog_pb2 as pb
from pospago.billing.v1.catalog_pb2_grpc import CatalogServiceStub

from chassis.errors import FieldViolation
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
