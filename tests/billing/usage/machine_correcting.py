"""The machine of usage that also amends and voids events."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from billing_service.domain.usage.correction import Why
from billing_service.storage.usage_events import EventFilter
from billing_service.use_cases.amend_event import AMEND_EVENT, AmendEvent
from billing_service.use_cases.void_events import VOID_EVENTS, VoidEvents
from chassis.errors import DomainError
from tests.billing.usage.machine import ACCOUNT, UsageMachine
from tests.billing.usage.machine_world import DATA, NAMES, TYPES
from tests.billing.usage.reference import Name

WHY = Why("mistaken", "operator/test")
PICKS = st.integers(0)


class CorrectingMachine(UsageMachine):
    """What was taken in may turn out to be wrong."""

    def known_or(self, name: Name, pick: int) -> Name:
        """An event that is known, mostly; else one of some name."""
        known = list(self.reference.known)
        return known[pick % len(known)] if known and pick % 10 else name

    @rule(name=NAMES, pick=PICKS, data=DATA)
    def amend(self, name: Name, pick: int, data: dict[str, str]) -> None:
        """Another body, if the event is there, counts, and the body fits."""
        name = self.known_or(name, pick)
        expected = self.reference.amend(name, data)
        command = AmendEvent(ACCOUNT, *name, data, WHY)
        assert self.refusal_of(AMEND_EVENT, command) == expected

    @rule(names=st.lists(st.tuples(NAMES, PICKS), min_size=1, max_size=2))
    def void(self, names: list[tuple[Name, int]]) -> None:
        """Some events count no more, some twice named, some void already: all or none."""
        wanted = tuple(self.known_or(*each) for each in names)
        expected = self.reference.void(wanted)
        command = VoidEvents(ACCOUNT, WHY, names=wanted)
        assert self._voided(command) == expected

    @precondition(lambda self: self.reference.known)
    @rule(first=PICKS, last=PICKS, kind=st.just("") | TYPES, beside_us=st.integers(0, 1))
    def void_range(self, first: int, last: int, kind: str, beside_us: int) -> None:
        """What a source sent in a stretch of time counts no more, its end left out or not."""
        known = list(self.reference.known.values())
        ends = [known[pick % len(known)] for pick in (first, last)]
        source = ends[0].draft.source
        start_at = min(each.time_at for each in ends)
        end_at = max(start_at + 1, *(each.time_at + beside_us for each in ends))
        names = self.reference.in_range(source, start_at, end_at, kind)
        expected = self.reference.void(names)
        wanted = EventFilter(ACCOUNT, start_at, end_at, type=kind, source=source)
        assert self._voided(VoidEvents(ACCOUNT, WHY, range=wanted)) == expected

    def _voided(self, command: VoidEvents) -> tuple[int, int] | str:
        try:
            found = self.billing.do(VOID_EVENTS, command)
        except DomainError as refused:
            return refused.reason
        return found.voided_count, found.already_voided_count
