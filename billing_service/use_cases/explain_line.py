"""How a line of an invoice came about: rated again, from what was charged and its plan version."""

from dataclasses import dataclass, replace

from billing_service.domain.commitment import rate_commitment
from billing_service.domain.errors import InvoiceNotFound, LineNotFound
from billing_service.domain.explanation import (
    Explanation,
    difference_step,
    explain,
    explain_included,
)
from billing_service.domain.invoice_line import InvoiceLine, LinePart
from billing_service.domain.price import Commitment, OnDemand, Price, applying
from billing_service.domain.rating import RatedPrice, rate, shown
from billing_service.storage.charge_queries import LineCharges, charges_of_line
from billing_service.storage.document_queries import find_invoice
from billing_service.storage.queries import find_plan
from chassis.database import Transaction


class ChargeDiffersError(Exception):
    """What was charged does not come out again: the rules or the plan version have changed."""


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """A line, how each of its equal charges came about, and how many there are.

    `told` is None for a line of credit, and for one that takes all back: they charge nothing.
    `review` decided what is left of the amount (None: nobody did), by account and id.
    """

    line: InvoiceLine
    told: Explanation | None
    currency: str
    charges_count: int
    review: tuple[str, str] | None
    decided_minor: int

    @property
    def explanation(self) -> Explanation:
        """How the charges of a line came about that has some."""
        if self.told is None:
            raise ValueError(f"line {self.line.line_number} is of credit: {self.line}")
        return self.told


def explain_line(
    tx: Transaction, payer: str, invoice: str, line_number: int, now: int
) -> ExplainedLine:
    """Explain a line of an issued invoice.

    Errors:  InvoiceNotFound, LineNotFound. ChargeDiffersError is a fault of ours.
    """
    found = find_invoice(tx, payer, invoice, now)
    if found is None:
        raise InvoiceNotFound(f"accounts/{payer}/invoices/{invoice}")
    line = next((each for each in found.lines if each.line_number == line_number), None)
    if line is None:
        raise LineNotFound(found.invoice.name, line_number)
    currency = found.invoice.currency
    charged = None
    if line.part is not LinePart.CREDIT:
        charged = charges_of_line(tx, payer, invoice, line_number)
    if charged is None:
        return ExplainedLine(line, None, currency, 0, None, line.amount_minor)
    rated = _rated_again(tx, charged)
    plan, version = charged.plan, charged.plan_version
    if line.part is LinePart.INCLUDED:
        told = explain_included(rated, plan=plan, plan_version=version)
        return ExplainedLine(line, told, currency, charged.count, None, charged.amount_minor)
    decided_minor = charged.amount_minor if charged.review else None
    told = explain(rated, plan=plan, plan_version=version, decided_minor=decided_minor)
    if charged.before_minor is not None:
        step = difference_step(charged.before_minor, charged.amount_minor, currency)
        told = replace(told, steps=(*told.steps, step))
    review = (charged.account, charged.review) if charged.review else None
    return ExplainedLine(line, told, currency, charged.count, review, charged.amount_minor)


def _rated_again(tx: Transaction, charged: LineCharges) -> RatedPrice:
    """The rated price of a charge; it comes to what was charged then."""
    price, instalments = _priced(tx, charged)
    is_shown = charged.review or charged.before_minor is not None
    if isinstance(price.kind, Commitment):
        rated: RatedPrice | None = rate_commitment(price, charged.coverage)
    else:
        rated = rate(
            shown(price) if is_shown else price,
            charged.usage,
            free=charged.included,
            coverage=charged.coverage,
            instalments=instalments,
            price_index=charged.price_index,
        )
    if rated is None or rated.amount_minor != charged.full_minor:
        raise ChargeDiffersError(f"{charged} is rated as {rated} now")
    return rated


def _priced(tx: Transaction, charged: LineCharges) -> tuple[Price, int]:
    """What priced a charge, and in how many instalments: as agreed, or as its version states."""
    if not charged.plan and charged.agreed_price is not None:
        return charged.agreed_price, 1
    plan = find_plan(tx, charged.plan)
    if plan is None:
        raise ChargeDiffersError(f"plans/{charged.plan} is gone")
    version = plan.versions[charged.plan_version - 1]
    price = charged.agreed_price
    if price is None:
        holding = applying(version.prices, band=charged.band, currency=charged.currency)
        price = next(each for each in holding if each.code == charged.price)
    is_once = isinstance(price.kind, OnDemand)
    return price, 1 if is_once else version.schedule_of(price).instalments
