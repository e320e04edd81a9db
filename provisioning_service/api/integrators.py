"""IntegratorService, and enrolments as the contract tells them."""

from typing import Final

from pospago.provisioning.v1 import integrator_pb2 as pb

from chassis.rpc.call import Call
from chassis.rpc.names import NamePattern, account_id, sandbox_id
from chassis.rpc.writes import Writes, once, whole
from provisioning_service.api.callers import SecretMint
from provisioning_service.api.programmes import (
    from_proto_changes,
    from_proto_programme,
    to_proto_programme,
)
from provisioning_service.api.reading import Reads
from provisioning_service.api.times import to_proto_timestamp
from provisioning_service.api.tokens import to_proto_token
from provisioning_service.domain.errors import IntegratorNotFound
from provisioning_service.domain.programme import Integrator, Programme
from provisioning_service.storage.queries import find_integrator, list_integrators
from provisioning_service.use_cases.enrol_integrator import (
    ENROL_INTEGRATOR,
    EnrolIntegrator,
    Enrolled,
)
from provisioning_service.use_cases.update_integrator import UPDATE_INTEGRATOR, UpdateIntegrator

INTEGRATOR: Final = NamePattern("accounts/{account}/integrator")


class Integrators:
    """The servicer of IntegratorService."""

    def __init__(self, writes: Writes, reads: Reads, mint: SecretMint, defaults: Programme) -> None:
        self._writes = writes
        self._reads = reads
        self._mint = mint
        self._defaults = defaults

    async def EnrolIntegrator(self, request: pb.EnrolIntegratorRequest, call: Call) -> bytes:
        """Enrol an account."""
        command = EnrolIntegrator(
            account=account_id(request.account, "account"),
            migrate_prepaid=request.migrate_prepaid,
            programme=from_proto_programme(request.programme, self._defaults),
            secret=self._mint.new(),
        )
        return await self._writes.run(call, ENROL_INTEGRATOR, command, _ENROLLED)

    async def GetIntegrator(
        self, request: pb.GetIntegratorRequest, call: Call
    ) -> pb.GetIntegratorResponse:
        """Give an account's enrolment."""
        (account,) = INTEGRATOR.parse(request.name)
        found = await self._reads.run(call, lambda tx: find_integrator(tx, account))
        if found is None:
            raise IntegratorNotFound(account)
        return pb.GetIntegratorResponse(integrator=to_proto_integrator(found))

    async def ListIntegrators(
        self, request: pb.ListIntegratorsRequest, call: Call
    ) -> pb.ListIntegratorsResponse:
        """Give a page of enrolments."""
        page = self._reads.page(request)
        sandbox = sandbox_id(request.sandbox)
        found = await self._reads.run(
            call,
            lambda tx: list_integrators(tx, sandbox=sandbox, after=page.after, limit=page.limit),
        )
        entries, token = page.cut(found, lambda each: each.account)
        return pb.ListIntegratorsResponse(
            integrators=map(to_proto_integrator, entries), next_page_token=token
        )

    async def UpdateIntegrator(self, request: pb.UpdateIntegratorRequest, call: Call) -> bytes:
        """Change the programme of an enrolled account."""
        integrator = request.integrator
        (account,) = INTEGRATOR.parse(integrator.name, "integrator.name")
        changes = from_proto_changes(
            integrator.programme, request.update_mask.paths, self._defaults
        )
        command = UpdateIntegrator(account, changes, integrator.etag)
        return await self._writes.run(call, UPDATE_INTEGRATOR, command, _UPDATED)


def to_proto_integrator(integrator: Integrator) -> pb.Integrator:
    """An enrolment as the contract tells it."""
    return pb.Integrator(
        name=integrator.name,
        programme=to_proto_programme(integrator.programme),
        prepaid_migrated=integrator.prepaid_migrated,
        enrol_time=to_proto_timestamp(integrator.enrolled_at),
        etag=str(integrator.version),
    )


def _enrolled(result: Enrolled) -> pb.EnrolIntegratorResponse:
    response = _enrolled_before(result)
    response.secret = result.secret
    return response


def _enrolled_before(result: Enrolled) -> pb.EnrolIntegratorResponse:
    return pb.EnrolIntegratorResponse(
        integrator=to_proto_integrator(result.integrator),
        token=to_proto_token(result.token),
        migrated_instances_count=result.migrated_count,
    )


def _updated(integrator: Integrator) -> pb.UpdateIntegratorResponse:
    return pb.UpdateIntegratorResponse(integrator=to_proto_integrator(integrator))


_ENROLLED: Final = once(_enrolled, _enrolled_before)
_UPDATED: Final = whole(_updated)
