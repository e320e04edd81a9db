"""Estimates: the servicer of EstimateService."""

from collections.abc import Iterator, Sequence
from typing import Final

from google.type.money_pb2 import Money
from pospago.billing.v1 import estimate_pb2 as pb
from pospago.billing.v1 import explanation_pb2, invoice_pb2

from billing_service.api.estimate_requests import from_proto_estimate
from billing_service.api.explanations import to_proto_explanation
from billing_service.api.invoice_messages import to_proto_line
from billing_service.api.reading import Reads
from billing_service.api.tax_messages import to_proto_subtotal
from billing_service.api.values import to_proto_date, to_proto_decimal, to_proto_money
from billing_service.domain.estimate import Estimate, EstimatedInvoice, EstimatedLine
from billing_service.domain.estimate_errors import InvalidQuantities
from billing_service.domain.explanation import explain, explain_included
from billing_service.domain.invoice_line import LinePart
from billing_service.domain.price_models import Fault
from billing_service.domain.rating import RatedPrice, tier_amounts
from billing_service.use_cases.estimate import estimate_cost
from chassis.database import Transaction
from chassis.rpc.call import Call
from chassis.rpc.names import account_id

# What a message may have, less some room for what holds the lines together.
BYTES_MAX: Final = 4 * 1024 * 1024 - 64 * 1024


class Estimates:
    """The servicer of EstimateService."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def Estimate(self, request: pb.EstimateRequest, _call: Call) -> pb.EstimateResponse:
        """Give what something would cost."""
        account = account_id(request.account, "account")

        def answer(tx: Transaction, now: int) -> pb.EstimateResponse:
            # All of it in the pool of readers: thousands of lines would hold up other calls.
            query = from_proto_estimate(request)
            return _Answer(request, estimate_cost(tx, query, now)).message()

        return await self._reads.of_account(account, answer)


class _Answer:
    """An estimate as the contract tells it, with what the request wants to see of its lines."""

    def __init__(self, request: pb.EstimateRequest, found: Estimate) -> None:
        self._request = request
        self._found = found
        self._bytes_left = BYTES_MAX
        # By rated price: what is equal from month to month is told in the same words.
        self._explained: dict[tuple[int, bool], explanation_pb2.Explanation] = {}
        self._tiers: dict[int, tuple[invoice_pb2.InvoiceLine.TierShare, ...]] = {}

    def message(self) -> pb.EstimateResponse:
        """The whole of it.

        Errors:  InvalidQuantities if it is more than a message takes.
        """
        return pb.EstimateResponse(
            invoices=map(self._invoice, self._found.invoices),
            total=self._money(self._found.total_minor),
        )

    def _invoice(self, invoice: EstimatedInvoice) -> pb.EstimatedInvoice:
        taxes, currency = invoice.taxes, self._found.currency
        return pb.EstimatedInvoice(
            month=to_proto_date(invoice.month),
            lines=map(self._line, invoice.lines),
            held_lines=map(self._line, invoice.held_lines),
            subtotal=self._money(taxes.subtotal_minor),
            taxes=[to_proto_subtotal(each, currency) for each in taxes.subtotals],
            tax_total=self._money(taxes.tax_minor),
            total=self._money(taxes.total_minor),
            prices_include_tax=taxes.prices_include_tax,
        )

    def _line(self, estimated: EstimatedLine) -> invoice_pb2.InvoiceLine:
        line, currency = estimated.line, self._found.currency
        message = to_proto_line(line, currency)
        if self._request.show_tiers and line.part is not LinePart.INCLUDED:
            message.tiers.extend(self._shares(estimated.rated))
        if self._request.explain:
            message.explanation.CopyFrom(self._explanation(estimated))
        self._bytes_left -= message.ByteSize()
        if self._bytes_left < 0:
            text = "make more than one message holds: ask for fewer months, or explain fewer lines"
            raise InvalidQuantities([Fault("months", text)])
        return message

    def _shares(self, rated: RatedPrice) -> Sequence[invoice_pb2.InvoiceLine.TierShare]:
        """The shares of the tiers; those of the same rated price are computed once."""
        known = self._tiers.get(id(rated))
        if known is None:
            known = self._tiers[id(rated)] = tuple(to_proto_tiers(rated, self._found.currency))
        return known

    def _explanation(self, estimated: EstimatedLine) -> explanation_pb2.Explanation:
        """How the line came about; the same rated price is explained once."""
        rated, line = estimated.rated, estimated.line
        is_included = line.part is LinePart.INCLUDED
        known = self._explained.get((id(rated), is_included))
        if known is None:
            explained = explain_included if is_included else explain
            told = explained(rated, plan=line.plan, plan_version=line.plan_version)
            known = self._explained[id(rated), is_included] = to_proto_explanation(told)
        return known

    def _money(self, amount_minor: int) -> Money:
        return to_proto_money(amount_minor, self._found.currency)


def to_proto_tiers(rated: RatedPrice, currency: str) -> Iterator[invoice_pb2.InvoiceLine.TierShare]:
    """The shares of the tiers in an amount; they add up to it."""
    for each in tier_amounts(rated):
        share = each.share
        yield invoice_pb2.InvoiceLine.TierShare(
            up_to=None if share.up_to is None else to_proto_decimal(share.up_to),
            quantity=to_proto_decimal(share.quantity),
            unit_price=None if share.unit_price is None else to_proto_decimal(share.unit_price),
            flat_fee=to_proto_decimal(share.flat_fee),
            amount=to_proto_money(each.amount_minor, currency),
        )
