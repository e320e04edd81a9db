"""The catalogue as this process remembers it: read and decoded once, and asked for all the time.

One row holds a token. Whoever changes a plan or meter, terms, an issuer or a tax profile writes a
new one in the same transaction, and none is ever used twice; so what was read beside a token holds
wherever that token is read: in this process and others, in older snapshots and newer ones. A
transaction that is rolled back takes its token with it, and nobody asks for what was remembered
under that one again.

Source:  docs/decisions/0021-what-a-meter-counts.md
"""

import secrets
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import func, select

from billing_service.domain.meter import Meter
from billing_service.domain.plan import Plan
from billing_service.storage.facts import Facts
from billing_service.storage.gathering import gather_plans
from billing_service.storage.gathering_catalog import gather_meters
from billing_service.storage.tables import table
from chassis.database import Transaction
from chassis.prepared import Query

PLANS_MAX: Final = 1_000

_PLACE: Final = "catalog"
_REVISION: Final = table("catalog_revision")
_TOKEN: Final = Query(select(_REVISION.c.token))
CATALOG_TOKEN: Final = func.coalesce(select(_REVISION.c.token).scalar_subquery(), "")
"""The token, as a column of a statement that reads something else with it."""


class _Meters:
    """All meters, by id and by the type of their events."""

    def __init__(self, meters: Mapping[str, Meter]) -> None:
        by_type: dict[str, list[Meter]] = defaultdict(list)
        for _, meter in sorted(meters.items()):
            by_type[meter.event_name].append(meter)
        self.by_id = MappingProxyType(dict(meters))
        self.by_type = MappingProxyType({name: tuple(each) for name, each in by_type.items()})


class _Catalog:
    """What is remembered of the catalogue under one token. Threads share it."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.meters: _Meters | None = None
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._lock = threading.Lock()

    def plans(self, wanted: Iterable[str]) -> dict[str, Plan]:
        """Those of the wanted plans that are remembered, which are the last to be forgotten."""
        with self._lock:
            known = {plan: self._plans[plan] for plan in wanted if plan in self._plans}
            for plan in known:
                self._plans.move_to_end(plan)
        return known

    def remember(self, plans: Mapping[str, Plan]) -> None:
        """Remember plans, and forget those that were not asked for the longest."""
        with self._lock:
            self._plans.update(plans)
            while len(self._plans) > PLANS_MAX:
                self._plans.popitem(last=False)


def remembered_meters(tx: Transaction) -> Mapping[str, Meter]:
    """All meters, by id."""
    return _meters(tx).by_id


def remembered_catalog(
    tx: Transaction, token: str, plan: str
) -> tuple[Mapping[str, Meter], Plan | None]:
    """All meters and one plan, for a snapshot that was seen to have a token.

    For those who read the token with something else: `CATALOG_TOKEN` is a part of their statement.
    """
    catalog = _catalog_of(tx, token)
    meters, known = catalog.meters, catalog.plans([plan])
    if meters is None or not known:
        return remembered_meters(tx), remembered_plans(tx, [plan]).get(plan)
    return meters.by_id, known[plan]


def meters_of_type(tx: Transaction) -> Mapping[str, tuple[Meter, ...]]:
    """The meters that sum up each type of events, by id."""
    return _meters(tx).by_type


def remembered_plans(tx: Transaction, plans: Iterable[str]) -> Mapping[str, Plan]:
    """Those of the plans that there are, by id."""
    wanted = set(plans)
    if not wanted:
        return {}
    catalog = _catalog(tx)
    known = catalog.plans(wanted)
    missing = wanted - known.keys()
    if not missing:
        return known
    facts = Facts()
    gather_plans(tx, facts, missing)
    _keep(tx, catalog, lambda: catalog.remember(facts.plans))
    return {**known, **facts.plans}


def renew_revision(tx: Transaction) -> None:
    """Tell that this transaction changes something that the token stands for."""
    tx.upsert(_REVISION, [{"revision": 1, "token": secrets.token_hex(16)}])


def _meters(tx: Transaction) -> _Meters:
    catalog = _catalog(tx)
    known = catalog.meters
    if known is not None:
        return known
    facts = Facts()
    gather_meters(tx, facts)
    found = _Meters(facts.meters)

    def remember() -> None:
        catalog.meters = found

    _keep(tx, catalog, remember)
    return found


def _catalog(tx: Transaction) -> _Catalog:
    """What is remembered of the catalogue that this transaction sees."""
    return _catalog_of(tx, _token(tx))


def _catalog_of(tx: Transaction, token: str) -> _Catalog:
    known: _Catalog | None = tx.memory.get(_PLACE)
    if known is None or known.token != token:
        known = tx.memory[_PLACE] = _Catalog(token)
    return known


def _keep(tx: Transaction, catalog: _Catalog, remember: Callable[[], None]) -> None:
    """Remember what was read, unless another process changed the catalogue meanwhile.

    A writer on PostgreSQL sees what others commit between two of its statements.
    """
    if _token(tx) == catalog.token:
        remember()


def _token(tx: Transaction) -> str:
    """The token of the catalogue that this transaction sees; '' while there is none."""
    found = tx.rows(_TOKEN)
    return found[0][0] if found else ""
