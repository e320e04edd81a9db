"""How to bring about each refusal about credit notes."""

from typing import Any, Final

from tests.suite.credit_note_world import CREATE, crediting
from tests.suite.refusal_cases import Attempt, case, on_account
from tests.suite.requests import sample
from tests.suite.world import World

GET: Final = "billing.CreditNoteService.GetCreditNote"
REVERSE: Final = "billing.PaymentService.ReversePayment"

on_account(CREATE, "INVOICE_NOT_FOUND")
on_account(GET, "CREDIT_NOTE_NOT_FOUND")


async def _asking(world: World, line: str) -> Any:
    """A request to credit a line of an invoice, as it is said."""
    request = await crediting(world)
    account = request.parent.rpartition("/")[2]
    more: Any = sample(CREATE, account=account, more=f"lines {{{line}}}")
    request.lines[0].CopyFrom(more.lines[1])
    return request


@case(CREATE, "LINE_NOT_FOUND")
async def _credit_of_no_line(world: World, _rpc: str) -> Attempt:
    return Attempt(await _asking(world, "line_number: 99"))


@case(CREATE, "INVALID_AMOUNT")
async def _credit_of_a_part_of_a_cent(world: World, _rpc: str) -> Attempt:
    amount = 'line_number: 1 amount {currency_code: "BRL" nanos: 1}'
    return Attempt(await _asking(world, amount))


@case(CREATE, "CURRENCY_MISMATCH")
async def _credit_in_another_currency(world: World, _rpc: str) -> Attempt:
    amount = 'line_number: 1 amount {currency_code: "USD" units: 1}'
    return Attempt(await _asking(world, amount))


@case(CREATE, "CREDIT_EXCEEDS_LINE")
async def _credit_of_more_than_the_line(world: World, _rpc: str) -> Attempt:
    amount = 'line_number: 1 amount {currency_code: "BRL" units: 9999999}'
    return Attempt(await _asking(world, amount))


@case(REVERSE, "PAYMENT_NOT_REVERSIBLE")
async def _reversal_of_a_credit_note(world: World, rpc: str) -> Attempt:
    request = await crediting(world)
    account = request.parent.rpartition("/")[2]
    answer: Any = await world.do(CREATE, request)
    payment = answer.credit_note.payment.rpartition("/")[2]
    return Attempt(sample(rpc, account=account, payment=payment))
