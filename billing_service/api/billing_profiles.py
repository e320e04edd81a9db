"""Billing profiles: the servicer of BillingProfileService, and profiles as messages."""

from collections.abc import Callable
from typing import Any, Final

from pospago.billing.v1 import billing_profile_pb2 as pb

from billing_service.api.reading import Reads
from billing_service.api.tax_messages import TREATMENTS, to_proto_treatment
from billing_service.api.values import (
    ISSUER,
    PROFILE,
    TAX_PROFILE,
    TERMS,
    bare_id,
    fields_to_change,
    from_proto_address,
    to_proto_address,
    to_proto_date,
    to_proto_money,
    to_proto_timestamp,
)
from billing_service.domain.account import BillingProfile, Standing
from billing_service.storage.queries import ProfileInFull, list_profiles, profiles_in_full
from billing_service.use_cases.update_billing_profile import (
    CHANGEABLE,
    UPDATE_BILLING_PROFILE,
    UpdateBillingProfile,
)
from chassis.database import Transaction
from chassis.errors import AccountNotFound
from chassis.rpc.call import Call
from chassis.rpc.names import account_id, sandbox_id
from chassis.rpc.writes import Writes, whole


class BillingProfiles:
    """The servicer of BillingProfileService."""

    def __init__(self, writes: Writes, reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def GetBillingProfile(
        self, request: pb.GetBillingProfileRequest, _call: Call
    ) -> pb.GetBillingProfileResponse:
        """Give one billing profile."""
        account = bare_id(PROFILE, request.name, "name")
        found = await self._reads.of_account(
            account, lambda tx, now: profiles_in_full(tx, [account], now)
        )
        if not found:
            raise AccountNotFound(account)
        return pb.GetBillingProfileResponse(billing_profile=_in_full(found[0]))

    async def ListBillingProfiles(
        self, request: pb.ListBillingProfilesRequest, _call: Call
    ) -> pb.ListBillingProfilesResponse:
        """Give a page of billing profiles."""
        page = self._reads.page(request)
        sandbox = sandbox_id(request.sandbox)
        payer = account_id(request.payer, "payer")

        def query(tx: Transaction) -> list[ProfileInFull]:
            return list_profiles(
                tx,
                sandbox=sandbox,
                payer=payer,
                after=page.after_id,
                limit=page.limit,
                now=self._reads.now_in(tx, sandbox),
            )

        entries, token = page.cut(
            await self._reads.run(query), lambda each: (each.profile.account,)
        )
        return pb.ListBillingProfilesResponse(
            billing_profiles=map(_in_full, entries), next_page_token=token
        )

    async def UpdateBillingProfile(
        self, request: pb.UpdateBillingProfileRequest, call: Call
    ) -> bytes:
        """Change a billing profile."""
        profile = request.billing_profile
        named = fields_to_change(request.update_mask.paths, CHANGEABLE, "billing_profile")
        values: dict[str, Any] = {name: getattr(profile, name) for name in named}
        read: dict[str, Callable[[], Any]] = {
            "address": lambda: from_proto_address(profile.address, "billing_profile.address"),
            "terms": lambda: bare_id(TERMS, profile.terms, "billing_profile.terms"),
            "issuer": lambda: bare_id(ISSUER, profile.issuer, "billing_profile.issuer"),
            "payer": lambda: account_id(profile.payer, "billing_profile.payer"),
            "tax_profile": lambda: bare_id(
                TAX_PROFILE, profile.tax_profile, "billing_profile.tax_profile"
            ),
            "tax_treatment": lambda: TREATMENTS[profile.tax_treatment],
        }
        values |= {name: read[name]() for name in named if name in read}
        account = bare_id(PROFILE, profile.name, "billing_profile.name")
        command = UpdateBillingProfile(account, profile.etag, values)
        return await self._writes.run(call, UPDATE_BILLING_PROFILE, command, _UPDATED)


def to_proto_profile(
    profile: BillingProfile, standing: Standing, credit: tuple[int, str]
) -> pb.BillingProfile:
    """A billing profile as the contract tells it, with what is shown beside it."""
    return pb.BillingProfile(
        name=PROFILE.format(profile.account),
        legal_name=profile.legal_name,
        registration_number=profile.registration_number,
        address=to_proto_address(profile.address),
        billing_email=profile.billing_email,
        reference_text=profile.reference_text,
        currency=profile.currency,
        terms=TERMS.format(profile.terms) if profile.terms else "",
        issuer=ISSUER.format(profile.issuer) if profile.issuer else "",
        payer=f"accounts/{profile.payer}" if profile.payer else "",
        tax_profile=TAX_PROFILE.format(profile.tax_profile) if profile.tax_profile else "",
        tax_treatment=to_proto_treatment(profile.tax_treatment),
        tax_note=profile.tax_note,
        payment_provider=profile.payment_provider,
        payment_method=profile.payment_method,
        hold_invoices=profile.hold_invoices,
        credit_balance=to_proto_money(*credit),
        expire_date=to_proto_date(standing.expires_on),
        stop_time=to_proto_timestamp(standing.stopped_at),
        etag=str(profile.version),
    )


def _in_full(found: ProfileInFull) -> pb.BillingProfile:
    return to_proto_profile(found.profile, found.standing, found.credit)


def _updated(found: ProfileInFull) -> pb.UpdateBillingProfileResponse:
    return pb.UpdateBillingProfileResponse(billing_profile=_in_full(found))


_UPDATED: Final = whole(_updated)
