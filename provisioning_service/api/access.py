"""AccessService: tells the other service who holds a secret."""

from pospago.access.v1 import access_pb2 as pb

from chassis.clock import Clock
from chassis.credentials import KeyedHash
from chassis.rpc.call import Call
from provisioning_service.api.callers import is_member_secret
from provisioning_service.api.reading import Reads
from provisioning_service.storage.holding_queries import find_member_by_secret
from provisioning_service.storage.queries import find_token_by_secret


class Access:
    """The servicer of AccessService."""

    def __init__(self, reads: Reads, clock: Clock, keyed_hash: KeyedHash) -> None:
        self._reads = reads
        self._clock = clock
        self._hash = keyed_hash

    async def Introspect(self, request: pb.IntrospectRequest, call: Call) -> pb.IntrospectResponse:
        """Give the caller behind a secret, as the store knows it now."""
        secret_hash = self._hash.of(request.secret)
        if is_member_secret(request.secret):
            return await self._member(secret_hash, call)
        now = self._clock.now()
        token = await self._reads.run(
            call, lambda tx: find_token_by_secret(tx, secret_hash, now=now)
        )
        if token is None:
            return pb.IntrospectResponse(active=False)
        return pb.IntrospectResponse(
            active=True,
            kind=pb.CALLER_KIND_INTEGRATOR,
            account=f"accounts/{token.account}",
            token=token.name,
        )

    async def _member(self, secret_hash: bytes, call: Call) -> pb.IntrospectResponse:
        view = await self._reads.run(call, lambda tx: find_member_by_secret(tx, secret_hash))
        if view is None:
            return pb.IntrospectResponse(active=False)
        return pb.IntrospectResponse(
            active=True,
            kind=pb.CALLER_KIND_MEMBER,
            account=f"accounts/{view.member.account}",
            member=view.member.name,
            is_principal=view.is_principal,
        )
