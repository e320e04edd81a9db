"""What accounts' clocks show where a command's own `now` is not told yet: while gathering."""

from collections.abc import Sequence

from billing_service.storage.facts import Facts
from billing_service.storage.queries import clock_of
from chassis.database import Transaction


def clocks_shown(tx: Transaction, facts: Facts, asked: Sequence[tuple[str, int]]) -> dict[str, int]:
    """What the clock of each gathered account shows: its sandbox's, else when it was asked last.

    `asked`: accounts, each with what the real clock showed when it was asked about.
    """
    worlds = {facts.accounts[account].sandbox for account, _ in asked} - {""}
    shown = {sandbox: clock_of(tx, sandbox) for sandbox in sorted(worlds)}
    now_of: dict[str, int] = {}
    for account, asked_at in asked:
        shown_at = shown.get(facts.accounts[account].sandbox)
        now = asked_at if shown_at is None else shown_at
        now_of[account] = max(now_of.get(account, 0), now)
    return now_of
