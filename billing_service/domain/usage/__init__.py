"""Usage: events, what they add up to on a day and in a period, and what follows from it.

Owns:        what an event is known by, how a value is read, how values become a quantity.
Leaves out:  what a quantity costs (`price_models`), where it is kept (`storage`).
Invariants:  a total depends on the events it counts, never on the order in which they came.
"""
