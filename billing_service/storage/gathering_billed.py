"""What use cases gather about charges that were billed and are looked at again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, or_, select, tuple_

from billing_service.domain.allowance import Coverage, PartUnit
from billing_service.domain.billed import Billed, BilledLine, may_end_on, standing_lines
from billing_service.domain.charge import ChargeKey
from billing_service.storage import gathering, gathering_guards
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.line_taxes import line_tax_from_text
from billing_service.storage.tables import table
from chassis.database import Transaction
from chassis.prepared import InQuery

_CHARGES: Final = table("charges")
_LINES: Final = table("invoice_lines")
_SUBSCRIPTIONS: Final = table("subscriptions")
_STANDINGS: Final = table("standings")
_KEY: Final = ("account", "subscription", "item", "period_start_on", "part")

# What is asked for all the time is built once.
_CHANGED: Final = InQuery(
    select(
        _SUBSCRIPTIONS.c.account, _SUBSCRIPTIONS.c.subscription, _SUBSCRIPTIONS.c.changed_from_on
    ).where(_SUBSCRIPTIONS.c.changed_from_on.is_not(None)),
    _SUBSCRIPTIONS.c.account,
)
_OPEN: Final = InQuery(
    select(*(_CHARGES.c[name] for name in _KEY))
    .outerjoin(_STANDINGS, _STANDINGS.c.account == _CHARGES.c.account)
    .where(gathering.after_closed(_CHARGES.c.invoice_month)),
    _CHARGES.c.account,
)

# A line of a document: payer, invoice and number.
_Place = tuple[str, str, int]


def gather_looked_at_again(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """The accounts' subscriptions with charges to look at again, and what was billed of these.

    That is what was found outdated, what ends after a change of the timeline, and what is billed
    already in months that are open.
    """
    wanted = sorted(set(accounts))
    gathering_guards.gather_outdated(tx, facts, wanted)
    outdated = _outdated_keys(facts)
    changed = _changed_since(tx, wanted)
    whose = {(key.account, key.subscription) for key in outdated} | changed.keys()
    gathering.gather_subscriptions(tx, facts, whose - facts.subscriptions.keys())
    keys = outdated | _open_keys(tx, wanted) | _keys_since(tx, changed)
    facts.charged.update(_billed(tx, keys - facts.charged.keys()))
    reviews = {(key.account, facts.charged[key].review) for key in keys if key in facts.charged}
    gathering_guards.gather_reviews(tx, facts, {each for each in reviews if each[1]})


def gather_billed_since(
    tx: Transaction, facts: Facts, since: Mapping[tuple[str, str], date]
) -> None:
    """What was billed of subscriptions for periods that end on a day or later.

    Shapes:  `since` says the day, by account and subscription.
    """
    facts.charged.update(_billed(tx, _keys_since(tx, since)))


def gather_billed_for(tx: Transaction, facts: Facts, keys: Iterable[ChargeKey]) -> None:
    """What was billed for keys."""
    facts.charged.update(_billed(tx, keys))


def corrected_invoices(tx: Transaction, accounts: Iterable[str]) -> set[DocumentKey]:
    """The invoices with charges of the accounts that are looked at again."""
    wanted, facts = sorted(set(accounts)), Facts()
    gathering_guards.gather_outdated(tx, facts, wanted)
    changed = _changed_since(tx, wanted)
    keys = _outdated_keys(facts) | _open_keys(tx, wanted) | _keys_since(tx, changed)
    return {
        (line.payer, line.invoice) for each in _billed(tx, keys).values() for line in each.lines
    }


def _outdated_keys(facts: Facts) -> set[ChargeKey]:
    marks = facts.outdated.values()
    return {ChargeKey(*each.key[:4]) for each in marks if each.outdated_at is not None}


def _changed_since(tx: Transaction, accounts: list[str]) -> dict[tuple[str, str], date]:
    """The subscriptions whose timelines have changed, and since which day."""
    found = tx.all_in(_CHANGED, accounts)
    return {(row.account, row.subscription): row.changed_from_on for row in found}


def _open_keys(tx: Transaction, accounts: list[str]) -> set[ChargeKey]:
    """What is billed of the accounts' months that are not closed."""
    return {ChargeKey(*row) for row in tx.all_in(_OPEN, accounts)}


def _keys_since(tx: Transaction, changed: Mapping[tuple[str, str], date]) -> set[ChargeKey]:
    """What was billed of subscriptions for periods that end on a day of theirs, or later."""
    if not changed:
        return set()
    columns = _CHARGES.c
    key: Any = tuple_(columns.account, columns.subscription)
    of_row = (columns.period_end_on, columns.part_charged, columns.part_full, columns.part_unit)
    is_late = columns.period_end_on >= min(changed.values())
    # May have been cut short without costing less: see `may_end_on`.
    is_short = or_(columns.part_charged == columns.part_full, columns.amount_minor == 0)
    query = select(*_key_columns(), *of_row, columns.amount_minor).where(or_(is_late, is_short))
    return {
        ChargeKey(*row[:5])
        for row in tx.where_in(query, key, sorted(changed))
        if _last_on(row) >= changed[row.account, row.subscription]
    }


def _last_on(row: Row[Any]) -> date:
    coverage = Coverage(row.part_charged, row.part_full, PartUnit(row.part_unit))
    return may_end_on(row.period_start_on, row.period_end_on, coverage, row.amount_minor)


def _billed(tx: Transaction, keys: Iterable[ChargeKey]) -> dict[ChargeKey, Billed]:
    """What was billed for keys."""
    wanted = sorted(tuple(getattr(key, name) for name in _KEY) for key in keys)
    if not wanted:
        return {}
    key: Any = tuple_(*_key_columns())
    query = select(_CHARGES).order_by(*_key_columns(), _CHARGES.c.revision)
    histories: dict[ChargeKey, list[Row[Any]]] = defaultdict(list)
    for row in tx.where_in(query, key, wanted):
        histories[ChargeKey(*(getattr(row, name) for name in _KEY))].append(row)
    places = {_place(row) for history in histories.values() for row in history}
    taxes = _taxes_of(tx, places)
    return {key: _billed_of(history, taxes) for key, history in histories.items()}


def _billed_of(history: list[Row[Any]], taxes: Mapping[_Place, str]) -> Billed:
    """What was billed by the revisions of one key, in order."""
    last = history[-1]
    rated = next(row for row in reversed(history) if row.reverses_revision is None)
    stands = None if last.reverses_revision is not None else last.revision
    taxed = next((taxes[_place(row)] for row in reversed(history) if _place(row) in taxes), "")
    return Billed(
        revision=last.revision,
        stands=stands,
        amount_minor=0 if stands is None else last.amount_minor,
        currency=rated.currency,
        plan=rated.plan,
        plan_version=rated.plan_version,
        band=rated.band,
        quantity=Decimal(rated.quantity),
        coverage=Coverage(rated.part_charged, rated.part_full, PartUnit(rated.part_unit)),
        period_end_on=rated.period_end_on,
        invoice_month=rated.invoice_month,
        review=rated.review,
        lines=standing_lines(BilledLine(*_place(row), row.amount_minor) for row in history),
        taxed=line_tax_from_text(taxed),
    )


def _taxes_of(tx: Transaction, places: Iterable[_Place]) -> dict[_Place, str]:
    """How the lines were taxed, as it is stored."""
    columns = _LINES.c
    key: Any = tuple_(columns.payer, columns.invoice, columns.line_number)
    query = select(columns.payer, columns.invoice, columns.line_number, columns.taxed)
    return {_place(row): row.taxed for row in tx.where_in(query, key, sorted(places))}


def _place(row: Row[Any]) -> _Place:
    return (row.payer, row.invoice, row.line_number)


def _key_columns() -> list[ColumnElement[Any]]:
    return [_CHARGES.c[name] for name in _KEY]
