"""Billing terms: the servicer of TermsService, and terms as the contract tells them."""

from typing import Final

from pospago.billing.v1 import terms_pb2 as pb

from billing_service.api.reading import Reads
from billing_service.api.values import TERMS, bare_id, from_proto_timestamp, to_proto_timestamp
from billing_service.domain.errors import TermsNotFound
from billing_service.domain.terms import (
    DELETION_WARNING_DAYS,
    DUE_REMINDER_DAYS,
    STOP_WARNING_DAYS,
    Terms,
    TermsVersion,
)
from billing_service.storage.queries import find_terms, list_terms
from billing_service.use_cases.add_terms_version import ADD_TERMS_VERSION, AddTermsVersion
from billing_service.use_cases.create_terms import CREATE_TERMS, CreateTerms
from chassis.rpc.call import Call
from chassis.rpc.writes import Writes, whole


class TermsOfBilling:
    """The servicer of TermsService."""

    def __init__(self, writes: Writes, reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def CreateTerms(self, request: pb.CreateTermsRequest, call: Call) -> bytes:
        """Create terms."""
        command = CreateTerms(request.terms_id, from_proto_version(request.version))
        return await self._writes.run(call, CREATE_TERMS, command, _CREATED)

    async def AddTermsVersion(self, request: pb.AddTermsVersionRequest, call: Call) -> bytes:
        """Add a version."""
        terms = bare_id(TERMS, request.name, "name")
        command = AddTermsVersion(terms, from_proto_version(request.version))
        return await self._writes.run(call, ADD_TERMS_VERSION, command, _ADDED)

    async def GetTerms(self, request: pb.GetTermsRequest, _call: Call) -> pb.GetTermsResponse:
        """Give one set of terms."""
        terms = bare_id(TERMS, request.name, "name")
        found = await self._reads.run(lambda tx: find_terms(tx, terms))
        if found is None:
            raise TermsNotFound(terms)
        return pb.GetTermsResponse(terms=to_proto_terms(found))

    async def ListTerms(self, request: pb.ListTermsRequest, _call: Call) -> pb.ListTermsResponse:
        """Give a page of terms."""
        page = self._reads.page(request)
        found = await self._reads.run(
            lambda tx: list_terms(tx, after=page.after_id, limit=page.limit)
        )
        entries, token = page.cut(found, lambda each: (each.terms_id,))
        return pb.ListTermsResponse(terms=map(to_proto_terms, entries), next_page_token=token)


def from_proto_version(message: pb.TermsVersion) -> TermsVersion:
    """The version that a message states; its number is given later."""
    stated = message.HasField("effective_time")
    return TermsVersion(
        version=0,
        effective_at=from_proto_timestamp(message.effective_time) if stated else None,
        due_day=message.due_day,
        last_service_day=message.last_service_day,
        deletion_day=message.deletion_day,
        deletion_hour=message.deletion_hour,
        time_zone=message.time_zone,
        currency=message.currency,
        due_reminder_days=_days(message, "due_reminder_days", DUE_REMINDER_DAYS),
        stop_warning_days=_days(message, "stop_warning_days", STOP_WARNING_DAYS),
        deletion_warning_days=_days(message, "deletion_warning_days", DELETION_WARNING_DAYS),
        usage_grace_hours=message.usage_grace_hours,
        draft_days=message.draft_days,
    )


def _days(message: pb.TermsVersion, field: str, default: int) -> int:
    """The days that a field states; the default where it is unset."""
    stated: int = getattr(message, field) if message.HasField(field) else default
    return stated


def to_proto_terms(terms: Terms) -> pb.Terms:
    """Terms as the contract tells them."""
    return pb.Terms(
        name=TERMS.format(terms.terms_id), versions=map(_to_proto_version, terms.versions)
    )


def _to_proto_version(version: TermsVersion) -> pb.TermsVersion:
    return pb.TermsVersion(
        version=version.version,
        effective_time=to_proto_timestamp(version.effective_at),
        due_day=version.due_day,
        last_service_day=version.last_service_day,
        deletion_day=version.deletion_day,
        deletion_hour=version.deletion_hour,
        time_zone=version.time_zone,
        currency=version.currency,
        due_reminder_days=version.due_reminder_days,
        stop_warning_days=version.stop_warning_days,
        deletion_warning_days=version.deletion_warning_days,
        usage_grace_hours=version.usage_grace_hours,
        draft_days=version.draft_days,
    )


def _created(terms: Terms) -> pb.CreateTermsResponse:
    return pb.CreateTermsResponse(terms=to_proto_terms(terms))


def _added(terms: Terms) -> pb.AddTermsVersionResponse:
    return pb.AddTermsVersionResponse(terms=to_proto_terms(terms))


_CREATED: Final = whole(_created)
_ADDED: Final = whole(_added)
