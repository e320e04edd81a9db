"""Asks the provisioning service who holds an integrator's or a member's secret."""

from typing import Any, Final

import grpc
import grpc.aio
from pospago.access.v1 import access_pb2, access_pb2_grpc

from chassis.caller import Caller, CallerKind
from chassis.errors import TemporarilyUnavailable
from chassis.rpc.authentication import RememberedCallers
from chassis.rpc.names import account_id

INTROSPECT_SECONDS: Final = 5.0
# A secret that has ended may be taken for active this long, unless the feed tells earlier.
REMEMBERED_SECONDS: Final = 1.0


class Introspection:
    """Knows callers by asking; nothing is remembered here."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        # The generated stub says nothing of its asynchronous form.
        self._stub: Any = access_pb2_grpc.AccessServiceStub(channel)

    async def find(self, secret: str, secret_hash: bytes) -> Caller | None:
        """The caller that holds the secret now, None if it is not active.

        Errors:  TemporarilyUnavailable if the provisioning service does not answer.
        """
        request = access_pb2.IntrospectRequest(secret=secret)
        try:
            told = await self._stub.Introspect(request, timeout=INTROSPECT_SECONDS)
        except grpc.aio.AioRpcError as failure:
            if failure.code() is grpc.StatusCode.INVALID_ARGUMENT:
                return None
            raise TemporarilyUnavailable("The provisioning service") from failure
        if not told.active:
            return None
        account = account_id(told.account)
        return Caller(
            kind=CallerKind(told.kind),
            name=account,
            account=account,
            token=told.token.rpartition("/")[2],
            member=told.member.rpartition("/")[2],
            secret_hash=secret_hash,
            is_principal=told.is_principal,
        )


def remembered_callers(channel: grpc.aio.Channel) -> RememberedCallers:
    """Callers as the provisioning service knows them, at most a second ago."""
    return RememberedCallers(Introspection(channel), REMEMBERED_SECONDS)
