"""Credits and parts of invoices with defaults, and how they are drawn."""

from typing import Any, Final

from hypothesis import strategies as st

from billing_service.domain.credit_grant import (
    CreditablePart,
    CreditApplication,
    CreditGrant,
    CreditKind,
    CreditScope,
)

NAMES: Final = ("a", "b")
_WORDS: Final = st.sampled_from(NAMES)
_SOME: Final = st.frozensets(_WORDS, max_size=2)


def grant_of(credit_id: str = "c", amount_minor: int = 1000, **more: Any) -> CreditGrant:
    """A credit with so much left, or what `more` says instead."""
    values: dict[str, Any] = {
        "payer": "acme",
        "kind": CreditKind.GRANTED,
        "currency": "BRL",
        "left_minor": amount_minor,
        "application": CreditApplication.AFTER_TAX,
        "priority": 0,
        "scope": CreditScope(),
        "effective_at": 0,
        "expires_at": None,
        "description": "",
        "author": "somebody",
        "granted_at": 0,
    } | more
    return CreditGrant(credit_id=credit_id, amount_minor=amount_minor, **values)


def part_of(amount_minor: int, **more: Any) -> CreditablePart:
    """A part of an invoice of so much."""
    values: dict[str, Any] = {
        "line_number": 1,
        "account": "acme",
        "plan": "pro",
        "price": "base",
        "meter": "",
        "pool": "",
    } | more
    return CreditablePart(amount_minor=amount_minor, **values)


def scopes() -> st.SearchStrategy[CreditScope]:
    """Any scope over few names."""
    return st.builds(CreditScope, plans=_SOME, prices=_SOME, meters=_SOME, accounts=_SOME)


def parts() -> st.SearchStrategy[list[CreditablePart]]:
    """Parts of an invoice, some of them taken back."""
    part = st.builds(
        CreditablePart,
        line_number=st.just(1),
        account=_WORDS,
        plan=_WORDS,
        price=_WORDS,
        meter=_WORDS,
        pool=_WORDS,
        amount_minor=st.integers(-100, 300),
    )
    return st.lists(part, max_size=6)


@st.composite
def grants(draw: st.DrawFn) -> list[CreditGrant]:
    """Credits of one payer, of which no two have the same id."""
    ids = draw(st.lists(st.sampled_from("uvwxyz"), unique=True, max_size=5))
    small = st.integers(0, 2)
    return [
        grant_of(
            credit_id,
            draw(st.integers(1, 400)),
            scope=draw(scopes()),
            priority=draw(small),
            granted_at=draw(small),
            expires_at=draw(st.none() | small),
        )
        for credit_id in ids
    ]
