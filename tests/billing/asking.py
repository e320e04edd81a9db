"""Requests to billing that are in order but for what a test says otherwise."""

from typing import Any

from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import billing_profile_pb2 as profile_pb
from pospago.billing.v1 import catalog_pb2 as catalog_pb
from pospago.billing.v1 import issuer_pb2 as issuer_pb
from pospago.billing.v1 import payment_pb2 as payment_pb
from pospago.billing.v1 import price_pb2 as price_pb
from pospago.billing.v1 import terms_pb2 as terms_pb

from tests.billing.builders import at
from tests.billing.serving import money, proto_day, request_id, stamp


def issuer_request(**more: Any) -> issuer_pb.CreateIssuerRequest:
    issuer = {"legal_name": "Other", "invoice_series": "OTHER-"} | more.pop("issuer", {})
    return issuer_pb.CreateIssuerRequest(
        **({"issuer_id": "other", "request_id": request_id()} | more),
        issuer=issuer_pb.Issuer(**issuer),
    )


def version(**more: Any) -> terms_pb.TermsVersion:
    values: dict[str, Any] = {
        "due_day": 5,
        "last_service_day": 10,
        "deletion_day": 15,
        "deletion_hour": 12,
        "time_zone": "America/Sao_Paulo",
        "currency": "BRL",
    }
    return terms_pb.TermsVersion(**(values | more))


def terms_request(terms_id: str = "new", **more: Any) -> terms_pb.CreateTermsRequest:
    return terms_pb.CreateTermsRequest(
        terms_id=terms_id, version=version(**more), request_id=request_id()
    )


def terms_version_request(name: str, **more: Any) -> terms_pb.AddTermsVersionRequest:
    return terms_pb.AddTermsVersionRequest(
        name=name, version=version(**more), request_id=request_id()
    )


def decimal(value: str) -> Decimal:
    return Decimal(value=value)


def monthly(band: int, amount: str, currency: str = "BRL", **more: Any) -> price_pb.Price:
    """A price for each month, called as those of the other bands."""
    values: dict[str, Any] = {
        "code": "base",
        "band": band,
        "currency": currency,
        "recurring": price_pb.Recurring(),
    }
    if not price_pb.Price(**more).WhichOneof("model"):
        values["flat"] = price_pb.Flat(amount=decimal(amount))
    return price_pb.Price(**(values | more))


def plan_request(
    plan_id: str, *prices: price_pb.Price, **more: Any
) -> catalog_pb.CreatePlanRequest:
    plan = catalog_pb.Plan(
        version_policy=catalog_pb.Plan.VERSION_POLICY_FOLLOW,
        versions=[catalog_pb.PlanVersion(prices=prices, **more)],
    )
    return catalog_pb.CreatePlanRequest(plan_id=plan_id, plan=plan, request_id=request_id())


def plan_version_request(
    name: str, *prices: price_pb.Price, at_instant: int = at("2027-01-01")
) -> catalog_pb.AddPlanVersionRequest:
    added = catalog_pb.PlanVersion(prices=prices, effective_time=stamp(at_instant))
    return catalog_pb.AddPlanVersionRequest(name=name, version=added, request_id=request_id())


ALL_BANDS = (monthly(1, "1"), monthly(2, "1"), monthly(3, "1"))


def profile_request(
    account: str, *paths: str, etag: str = "", **values: Any
) -> profile_pb.UpdateBillingProfileRequest:
    request = profile_pb.UpdateBillingProfileRequest(
        billing_profile=profile_pb.BillingProfile(
            name=f"accounts/{account}/billingProfile", etag=etag, **values
        ),
        request_id=request_id(),
    )
    request.update_mask.paths.extend(paths or values)
    return request


def payment_request(payer: str = "acme", **more: Any) -> payment_pb.RecordPaymentRequest:
    values: dict[str, Any] = {
        "amount": money(1),
        "value_date": proto_day("2026-03-01"),
        "request_id": request_id(),
    }
    return payment_pb.RecordPaymentRequest(parent=f"accounts/{payer}", **(values | more))


def update_issuer(*paths: str, **values: Any) -> issuer_pb.UpdateIssuerRequest:
    request = issuer_pb.UpdateIssuerRequest(
        issuer=issuer_pb.Issuer(**({"name": "issuers/pospago"} | values)), request_id=request_id()
    )
    request.update_mask.paths.extend(paths or ("bank_details",))
    return request


def page(request: Any) -> Any:
    request.page_token = "not-one-of-ours"
    return request
