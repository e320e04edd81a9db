"""What the rpcs for issuers, terms and catalogue refuse, by code and reason."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from pospago.billing.v1 import catalog_pb2 as catalog_pb
from pospago.billing.v1 import issuer_pb2 as issuer_pb
from pospago.billing.v1 import terms_pb2 as terms_pb

from tests.billing.asking import (
    ALL_BANDS,
    issuer_request,
    monthly,
    page,
    plan_request,
    plan_version_request,
    terms_request,
    terms_version_request,
    update_issuer,
)
from tests.billing.builders import START_AT, Billing
from tests.billing.serving import Served, read_rule, refused, serving, violations_of


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A service with an issuer, the programme's terms and a plan."""
    async with serving(tmp_path_factory.mktemp("billing")) as running:
        await running.inside(_prepare)
        yield running


def _prepare(billing: Billing) -> None:
    billing.issuer()
    billing.plan()


REFUSALS: list[tuple[str, Any]] = [
    # --- issuers
    (
        "issuers.CreateIssuer ALREADY_EXISTS ISSUER_ALREADY_EXISTS",
        issuer_request(issuer_id="pospago"),
    ),
    (
        "issuers.CreateIssuer ALREADY_EXISTS SERIES_TAKEN",
        issuer_request(issuer={"invoice_series": "INV-"}),
    ),
    (
        "issuers.CreateIssuer ALREADY_EXISTS SERIES_TAKEN",
        issuer_request(issuer={"invoice_series": "INV-1"}),
    ),
    (
        "issuers.CreateIssuer ALREADY_EXISTS SERIES_TAKEN",
        issuer_request(issuer={"invoice_series": "TEST-A-"}),
    ),
    (
        "issuers.CreateIssuer INVALID_ARGUMENT INVALID_FIELD",
        issuer_request(issuer={"legal_name": ""}),
    ),
    (
        "issuers.GetIssuer NOT_FOUND ISSUER_NOT_FOUND",
        issuer_pb.GetIssuerRequest(name="issuers/nobody"),
    ),
    (
        "issuers.ListIssuers INVALID_ARGUMENT INVALID_PAGE_TOKEN",
        page(issuer_pb.ListIssuersRequest()),
    ),
    (
        "issuers.UpdateIssuer NOT_FOUND ISSUER_NOT_FOUND",
        update_issuer(name="issuers/nobody"),
    ),
    ("issuers.UpdateIssuer ABORTED ETAG_MISMATCH", update_issuer(etag="99")),
    (
        "issuers.UpdateIssuer INVALID_ARGUMENT FIELD_IMMUTABLE",
        update_issuer("invoice_series"),
    ),
    # --- terms
    (
        "terms.CreateTerms ALREADY_EXISTS TERMS_ALREADY_EXISTS",
        terms_request("integrator"),
    ),
    (
        "terms.CreateTerms INVALID_ARGUMENT INVALID_TERMS",
        terms_request(deletion_day=10),
    ),
    (
        "terms.CreateTerms INVALID_ARGUMENT INVALID_TERMS",
        terms_request(due_day=11),
    ),
    (
        "terms.CreateTerms INVALID_ARGUMENT TIME_ZONE_UNKNOWN",
        terms_request(time_zone="Brazil/Nowhere"),
    ),
    (
        "terms.CreateTerms INVALID_ARGUMENT CURRENCY_UNKNOWN",
        terms_request(currency="XYZ"),
    ),
    (
        "terms.AddTermsVersion NOT_FOUND TERMS_NOT_FOUND",
        terms_version_request("terms/nothing"),
    ),
    (
        "terms.AddTermsVersion INVALID_ARGUMENT EFFECTIVE_TIME_NOT_AHEAD",
        terms_version_request("terms/integrator"),
    ),
    (
        "terms.AddTermsVersion INVALID_ARGUMENT INVALID_TERMS",
        terms_version_request("terms/integrator", deletion_day=1),
    ),
    (
        "terms.AddTermsVersion INVALID_ARGUMENT TIME_ZONE_UNKNOWN",
        terms_version_request("terms/integrator", time_zone="Nowhere"),
    ),
    (
        "terms.AddTermsVersion INVALID_ARGUMENT CURRENCY_UNKNOWN",
        terms_version_request("terms/integrator", currency="XYZ"),
    ),
    (
        "terms.GetTerms NOT_FOUND TERMS_NOT_FOUND",
        terms_pb.GetTermsRequest(name="terms/nothing"),
    ),
    (
        "terms.ListTerms INVALID_ARGUMENT INVALID_PAGE_TOKEN",
        page(terms_pb.ListTermsRequest()),
    ),
    # --- catalogue
    (
        "catalog.CreatePlan ALREADY_EXISTS PLAN_ALREADY_EXISTS",
        plan_request("integrator", monthly(1, "1")),
    ),
    (
        "catalog.CreatePlan INVALID_ARGUMENT INVALID_PRICES",
        plan_request("new", monthly(1, "1"), monthly(1, "2")),
    ),
    (
        "catalog.CreatePlan INVALID_ARGUMENT INVALID_PRICES",
        plan_request("new", monthly(1, "-1")),
    ),
    (
        "catalog.CreatePlan INVALID_ARGUMENT INVALID_PRICES",
        plan_request("new", monthly(1, "0.0000000000001")),
    ),
    (
        "catalog.CreatePlan INVALID_ARGUMENT INVALID_PRICES",
        plan_request("new", monthly(1, str(2**62))),
    ),
    (
        "catalog.CreatePlan INVALID_ARGUMENT INVALID_PRICES",
        plan_request("new", monthly(1, "1e3")),
    ),
    (
        "catalog.AddPlanVersion INVALID_ARGUMENT INVALID_PRICES",
        plan_version_request("plans/integrator", *ALL_BANDS, monthly(4, "NaN")),
    ),
    (
        "catalog.CreatePlan INVALID_ARGUMENT CURRENCY_UNKNOWN",
        plan_request("new", monthly(1, "1", "ABC")),
    ),
    (
        "catalog.AddPlanVersion NOT_FOUND PLAN_NOT_FOUND",
        plan_version_request("plans/nothing", *ALL_BANDS),
    ),
    (
        "catalog.AddPlanVersion INVALID_ARGUMENT INVALID_PRICES",
        plan_version_request("plans/integrator", monthly(1, "1")),
    ),
    (
        "catalog.AddPlanVersion INVALID_ARGUMENT CURRENCY_UNKNOWN",
        plan_version_request("plans/integrator", *ALL_BANDS, monthly(1, "1", "ABC")),
    ),
    (
        "catalog.AddPlanVersion INVALID_ARGUMENT EFFECTIVE_TIME_NOT_AHEAD",
        plan_version_request("plans/integrator", *ALL_BANDS, at_instant=START_AT),
    ),
    (
        "catalog.GetPlan NOT_FOUND PLAN_NOT_FOUND",
        catalog_pb.GetPlanRequest(name="plans/nothing"),
    ),
    (
        "catalog.ListPlans INVALID_ARGUMENT INVALID_PAGE_TOKEN",
        page(catalog_pb.ListPlansRequest()),
    ),
]


@pytest.mark.parametrize(("rule", "request_message"), REFUSALS)
async def test_refuses_by_code_and_reason(served: Served, rule: str, request_message: Any) -> None:
    """Each documented reason is given with its code."""
    method, expected = read_rule(served, rule)
    refusal = await refused(served, method, request_message)
    assert refusal == expected


async def test_each_figure_at_fault_is_named_by_its_path(served: Served) -> None:
    """The detail leads from the request to every field that is no decimal."""
    request = plan_request("new", monthly(1, "1"), monthly(2, "two"), monthly(3, "1,5"))
    found = await violations_of(served, served.stubs.catalog.CreatePlan, request)
    assert [field for field, _ in found] == [
        "plan.versions[0].prices[1].flat.amount",
        "plan.versions[0].prices[2].flat.amount",
    ]


async def test_request_id_is_not_reused_for_another_request(served: Served) -> None:
    """The same id with another body is refused."""
    first, second = issuer_request(issuer_id="one"), issuer_request(issuer_id="two")
    second.request_id = first.request_id
    await served.call(served.stubs.issuers.CreateIssuer, first)
    refusal = await refused(served, served.stubs.issuers.CreateIssuer, second)
    assert refusal == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
