"""Refusals about credit notes, each with its published reason."""

from billing_service.domain.refusals import InTheWay, Missing


class CreditNoteNotFound(Missing):
    """There is no such credit note."""

    reason = "CREDIT_NOTE_NOT_FOUND"


class CreditExceedsLine(InTheWay):
    """More is to be credited than is left of the line."""

    reason = "CREDIT_EXCEEDS_LINE"

    def __init__(self, invoice: str, line_number: int, left: str) -> None:
        super().__init__(
            f"{invoice}, line {line_number}",
            f"has {left} left to credit: credit that at most, or another line",
        )


class PaymentNotReversible(InTheWay):
    """The payment stands for a credit note, which is never taken back."""

    reason = "PAYMENT_NOT_REVERSIBLE"

    def __init__(self, name: str) -> None:
        super().__init__(name, "stands for a credit note: charge again what is owed after all")
