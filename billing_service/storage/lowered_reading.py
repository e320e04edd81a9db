"""What the lines of invoices that credits before tax lowered were for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Row, select, tuple_

from billing_service.domain.credit_grant import CreditablePart, CreditApplication, CreditGrant
from billing_service.domain.invoice_line import InvoiceLine, LinePart
from billing_service.domain.lowered_lines import LoweredLines
from billing_service.domain.plan import Plan
from billing_service.domain.price import Metered
from billing_service.storage.catalog_memory import remembered_plans
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.tables import table
from chassis.database import Transaction

_CHARGES: Final = table("charges")

# Whose a charge is, and by which plan, price and meter.
_Subject = tuple[str, str, str, str]


def lowered_lines(
    tx: Transaction, facts: Facts, lines: Mapping[DocumentKey, Sequence[InvoiceLine]]
) -> dict[DocumentKey, LoweredLines]:
    """The lines of invoices that credits lowered; none of one that is taxed by several rates alike.

    Shapes:  what the invoices use of credits was gathered.
    """
    wanted = sorted(key for key, each in lines.items() if _is_lowered(each))
    if not wanted:
        return {}
    charges = _charges(tx, wanted)
    plans = remembered_plans(tx, {row.plan for rows in charges.values() for row in rows})
    return {
        key: LoweredLines(
            grants=tuple(_used(facts, key[0], lines[key])),
            parts=tuple(_parts(lines[key], charges[key], plans)),
        )
        for key in wanted
    }


def _is_lowered(lines: Sequence[InvoiceLine]) -> bool:
    """Whether credit lowers lines, all of a category at one rate: so it is known what is taxed."""
    rates = defaultdict(set)
    for each in lines:
        if each.part is not LinePart.CREDIT:
            rates[each.tax_category].add(each.taxed)
    lowering = {each.tax_category for each in lines if each.part is LinePart.CREDIT}
    return bool(lowering) and all(len(rates[category]) == 1 for category in lowering)


def _charges(
    tx: Transaction, invoices: Sequence[DocumentKey]
) -> defaultdict[DocumentKey, list[Row[Any]]]:
    columns = _CHARGES.c
    key: Any = tuple_(columns.payer, columns.invoice)
    query = select(_CHARGES).where(columns.credit_note == "")
    found: defaultdict[DocumentKey, list[Row[Any]]] = defaultdict(list)
    for row in tx.where_in(query, key, invoices):
        found[row.payer, row.invoice].append(row)
    return found


def _used(facts: Facts, payer: str, lines: Sequence[InvoiceLine]) -> Iterable[CreditGrant]:
    """The credits that lowered the lines, with what was used of each as what is left."""
    used: dict[str, int] = defaultdict(int)
    for each in lines:
        if each.part is LinePart.CREDIT:
            used[each.credit] -= each.amount_minor
    for credit_id, amount_minor in used.items():
        grant = facts.grants[payer, credit_id]
        assert grant.application is CreditApplication.BEFORE_TAX  # noqa: S101 - it has a line
        yield replace(grant, left_minor=amount_minor)


def _parts(
    lines: Sequence[InvoiceLine], charges: Iterable[Row[Any]], plans: Mapping[str, Plan]
) -> Iterable[CreditablePart]:
    """What the lines are for, as it was when the credits were used."""
    amounts: dict[int, dict[_Subject, int]] = defaultdict(lambda: defaultdict(int))
    for row in charges:
        subject = (row.account, row.plan, row.item, _meter(row, plans))
        amounts[row.line_number][subject] += row.amount_minor
    for line in lines:
        if line.part is LinePart.CREDIT:
            continue
        of_line = amounts[line.line_number]
        rest = line.amount_minor - sum(of_line.values())
        if rest or not of_line:
            of_line["", line.plan, line.price, ""] += rest
        for subject, amount_minor in sorted(of_line.items()):
            yield CreditablePart(line.line_number, *subject, line.tax_category, amount_minor)


def _meter(row: Row[Any], plans: Mapping[str, Plan]) -> str:
    """The meter whose usage a charge is for; '' for one that is for none."""
    if row.plan not in plans:
        return ""
    prices = plans[row.plan].versions[row.plan_version - 1].prices
    kinds = (each.kind for each in prices if each.code == row.item)
    return next((kind.meter for kind in kinds if isinstance(kind, Metered)), "")
