"""Carries out a servicer's write and tells the call where it stands in the feed."""

from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.message import Message

from chassis.entry import Encoded, Submission
from chassis.idempotency import Idempotency
from chassis.rpc.call import Call
from chassis.use_case import UseCase
from chassis.writer import Writer

C = TypeVar("C")
R = TypeVar("R")


class Writes:
    """The way from a servicer to the writer of its service."""

    def __init__(self, writer: Writer, source: str) -> None:
        self._writer = writer
        self._source = source

    async def run(
        self,
        call: Call,
        use_case: UseCase[C, Any, R],
        command: C,
        encode: Callable[[R], Encoded],
        *,
        weight: int = 1,
    ) -> bytes:
        """Carry out a command for the caller and give the answer's bytes.

        With a request id it is done once: a repetition gets what `encode` said to keep. `weight` is
        how many commonplace commands it is as much work as.
        """
        request = None
        if call.request_id:
            request = Idempotency(call.caller.key, call.rpc, call.request_id, call.content)
        answer = await self._writer.submit(
            Submission(use_case, command, call.caller.actor, encode, request, weight)
        )
        call.add_position(self._source, answer.epoch, answer.seq)
        body: bytes = answer.body
        return body

    async def result(
        self, call: Call, use_case: UseCase[C, Any, R], command: C, *, weight: int = 1
    ) -> R:
        """Carry out a command that carries its own identity, and give what came of it."""
        answer = await self._writer.submit(
            Submission(use_case, command, call.caller.actor, weight=weight)
        )
        call.add_position(self._source, answer.epoch, answer.seq)
        result: R = answer.body
        return result

    def has_room_for(self, weight: int) -> bool:
        """Whether a command of a weight would be taken now rather than refused."""
        return self._writer.has_room_for(weight)

    async def until_quiet(self) -> None:
        """Wait until the event loop may compute for long without slowing writes down."""
        await self._writer.until_quiet()


def whole(to_proto: Callable[[R], Message]) -> Callable[[R], Encoded]:
    """An `encode` whose answer is repeated as it is: it holds no secret."""

    def encode(result: R) -> Encoded:
        body = to_proto(result).SerializeToString()
        return Encoded(live=body, kept=body)

    return encode


def once(
    to_proto: Callable[[R], Message], without_secret: Callable[[R], Message]
) -> Callable[[R], Encoded]:
    """An `encode` whose secret is told once: a repetition gets the answer without it."""

    def encode(result: R) -> Encoded:
        return Encoded(
            live=to_proto(result).SerializeToString(),
            kept=without_secret(result).SerializeToString(),
        )

    return encode
