"""Issuers: the servicer of IssuerService, and issuers as the contract tells them."""

from typing import Any, Final

from pospago.billing.v1 import issuer_pb2 as pb

from billing_service.api.reading import Reads
from billing_service.api.values import (
    ISSUER,
    bare_id,
    fields_to_change,
    from_proto_address,
    to_proto_address,
    to_proto_timestamp,
)
from billing_service.domain.errors import IssuerNotFound
from billing_service.domain.party import Issuer
from billing_service.storage.queries import find_issuer, list_issuers
from billing_service.use_cases.create_issuer import CREATE_ISSUER, CreateIssuer
from billing_service.use_cases.update_issuer import CHANGEABLE, UPDATE_ISSUER, UpdateIssuer
from chassis.errors import FieldViolation, InvalidField
from chassis.rpc.call import Call
from chassis.rpc.writes import Writes, whole


class Issuers:
    """The servicer of IssuerService."""

    def __init__(self, writes: Writes, reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def CreateIssuer(self, request: pb.CreateIssuerRequest, call: Call) -> bytes:
        """Create an issuer."""
        issuer = request.issuer
        command = CreateIssuer(
            issuer_id=request.issuer_id,
            legal_name=issuer.legal_name,
            registration_number=issuer.registration_number,
            address=from_proto_address(issuer.address, "issuer.address"),
            bank_details=issuer.bank_details,
            payment_reference=issuer.payment_reference,
            invoice_series=issuer.invoice_series,
        )
        return await self._writes.run(call, CREATE_ISSUER, command, _CREATED)

    async def GetIssuer(self, request: pb.GetIssuerRequest, _call: Call) -> pb.GetIssuerResponse:
        """Give one issuer."""
        issuer = bare_id(ISSUER, request.name, "name")
        found = await self._reads.run(lambda tx: find_issuer(tx, issuer))
        if found is None:
            raise IssuerNotFound(issuer)
        return pb.GetIssuerResponse(issuer=to_proto_issuer(found))

    async def ListIssuers(
        self, request: pb.ListIssuersRequest, _call: Call
    ) -> pb.ListIssuersResponse:
        """Give a page of issuers."""
        page = self._reads.page(request)
        found = await self._reads.run(
            lambda tx: list_issuers(tx, after=page.after_id, limit=page.limit)
        )
        entries, token = page.cut(found, lambda each: (each.issuer_id,))
        return pb.ListIssuersResponse(issuers=map(to_proto_issuer, entries), next_page_token=token)

    async def UpdateIssuer(self, request: pb.UpdateIssuerRequest, call: Call) -> bytes:
        """Change an issuer."""
        issuer = request.issuer
        if not issuer.name:
            raise InvalidField(FieldViolation("issuer.name", "is required"))
        named = fields_to_change(request.update_mask.paths, CHANGEABLE, "issuer")
        values: dict[str, Any] = {name: getattr(issuer, name) for name in named}
        if "legal_name" in values and not values["legal_name"]:
            raise InvalidField(FieldViolation("issuer.legal_name", "is required"))
        if "address" in values:
            values["address"] = from_proto_address(issuer.address, "issuer.address")
        issuer_id = bare_id(ISSUER, issuer.name, "issuer.name")
        command = UpdateIssuer(issuer_id, issuer.etag, values)
        return await self._writes.run(call, UPDATE_ISSUER, command, _UPDATED)


def to_proto_issuer(issuer: Issuer) -> pb.Issuer:
    """An issuer as the contract tells it."""
    return pb.Issuer(
        name=ISSUER.format(issuer.issuer_id),
        legal_name=issuer.legal_name,
        registration_number=issuer.registration_number,
        address=to_proto_address(issuer.address),
        bank_details=issuer.bank_details,
        payment_reference=issuer.payment_reference,
        invoice_series=issuer.invoice_series,
        create_time=to_proto_timestamp(issuer.created_at),
        etag=str(issuer.version),
    )


def _created(issuer: Issuer) -> pb.CreateIssuerResponse:
    return pb.CreateIssuerResponse(issuer=to_proto_issuer(issuer))


def _updated(issuer: Issuer) -> pb.UpdateIssuerResponse:
    return pb.UpdateIssuerResponse(issuer=to_proto_issuer(issuer))


_CREATED: Final = whole(_created)
_UPDATED: Final = whole(_updated)
