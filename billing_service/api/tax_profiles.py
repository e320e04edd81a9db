"""Tax profiles: the servicer of TaxProfileService."""

from typing import Final

from pospago.billing.v1 import tax_pb2 as pb

from billing_service.api.reading import Reads
from billing_service.api.tax_messages import from_proto_tax_version, to_proto_tax_profile
from billing_service.api.values import TAX_PROFILE, bare_id
from billing_service.domain.errors import TaxProfileNotFound
from billing_service.domain.tax import TaxProfile
from billing_service.storage.queries import find_tax_profile, list_tax_profiles
from billing_service.use_cases.add_tax_profile_version import (
    ADD_TAX_PROFILE_VERSION,
    AddTaxProfileVersion,
)
from billing_service.use_cases.create_tax_profile import CREATE_TAX_PROFILE, CreateTaxProfile
from chassis.rpc.call import Call
from chassis.rpc.writes import Writes, whole


class TaxProfiles:
    """The servicer of TaxProfileService."""

    def __init__(self, writes: Writes, reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def CreateTaxProfile(self, request: pb.CreateTaxProfileRequest, call: Call) -> bytes:
        """Create a tax profile."""
        stated = request.tax_profile
        version = from_proto_tax_version(stated.versions[0], "tax_profile.versions[0]")
        command = CreateTaxProfile(request.tax_profile_id, stated.display_name, version)
        return await self._writes.run(call, CREATE_TAX_PROFILE, command, _CREATED)

    async def AddTaxProfileVersion(
        self, request: pb.AddTaxProfileVersionRequest, call: Call
    ) -> bytes:
        """Add a version."""
        tax_profile = bare_id(TAX_PROFILE, request.name, "name")
        version = from_proto_tax_version(request.version, "version")
        command = AddTaxProfileVersion(tax_profile, version)
        return await self._writes.run(call, ADD_TAX_PROFILE_VERSION, command, _ADDED)

    async def GetTaxProfile(
        self, request: pb.GetTaxProfileRequest, _call: Call
    ) -> pb.GetTaxProfileResponse:
        """Give one tax profile."""
        tax_profile = bare_id(TAX_PROFILE, request.name, "name")
        found = await self._reads.run(lambda tx: find_tax_profile(tx, tax_profile))
        if found is None:
            raise TaxProfileNotFound(tax_profile)
        return pb.GetTaxProfileResponse(tax_profile=to_proto_tax_profile(found))

    async def ListTaxProfiles(
        self, request: pb.ListTaxProfilesRequest, _call: Call
    ) -> pb.ListTaxProfilesResponse:
        """Give a page of tax profiles."""
        page = self._reads.page(request)
        found = await self._reads.run(
            lambda tx: list_tax_profiles(tx, after=page.after_id, limit=page.limit)
        )
        entries, token = page.cut(found, lambda each: (each.tax_profile_id,))
        return pb.ListTaxProfilesResponse(
            tax_profiles=map(to_proto_tax_profile, entries), next_page_token=token
        )


def _created(profile: TaxProfile) -> pb.CreateTaxProfileResponse:
    return pb.CreateTaxProfileResponse(tax_profile=to_proto_tax_profile(profile))


def _added(profile: TaxProfile) -> pb.AddTaxProfileVersionResponse:
    return pb.AddTaxProfileVersionResponse(tax_profile=to_proto_tax_profile(profile))


_CREATED: Final = whole(_created)
_ADDED: Final = whole(_added)
