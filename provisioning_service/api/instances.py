"""InstanceService."""

from collections.abc import Sequence
from typing import Final

from pospago.provisioning.v1 import instance_pb2 as pb

from chassis.database import Transaction
from chassis.entry import Encoded
from chassis.errors import FieldViolation, InvalidField
from chassis.ids import Ids
from chassis.rpc.call import Call
from chassis.rpc.names import NamePattern, account_id
from chassis.rpc.writes import Writes
from provisioning_service.api.instance_messages import (
    INSTANCE_BYTES,
    from_proto_state,
    to_proto_instance,
)
from provisioning_service.api.reading import Reads
from provisioning_service.api.times import (
    from_proto_date,
    from_proto_duration,
    from_proto_timestamp,
)
from provisioning_service.domain.instance import InstanceView
from provisioning_service.storage.facts import read_accounts, read_instances
from provisioning_service.storage.queries import InstanceFilter, list_instances
from provisioning_service.use_cases.cancel_instance import CANCEL_INSTANCE, CancelInstance
from provisioning_service.use_cases.checks import show
from provisioning_service.use_cases.create_instance import CREATE_INSTANCE, CreateInstance
from provisioning_service.use_cases.import_instance import IMPORT_INSTANCE, ImportInstance
from provisioning_service.use_cases.subscribe_instance import (
    SUBSCRIBE_INSTANCE,
    SubscribeInstance,
)
from provisioning_service.use_cases.suspend_instance import (
    RESUME_INSTANCE,
    SUSPEND_INSTANCE,
    ResumeInstance,
    SuspendInstance,
)

INSTANCE: Final = NamePattern("accounts/{account}/instances/{instance}")
_ID_PREFIX: Final = "instance"


class Instances:
    """The servicer of InstanceService."""

    def __init__(self, writes: Writes, reads: Reads, ids: Ids) -> None:
        self._writes = writes
        self._reads = reads
        self._ids = ids

    async def CreateInstance(self, request: pb.CreateInstanceRequest, call: Call) -> bytes:
        """Create an instance with the quota of the caller's token."""
        length = request.trial_length if request.HasField("trial_length") else None
        command = CreateInstance(
            account=account_id(request.parent, "parent"),
            instance=request.instance_id or self._ids.new(_ID_PREFIX),
            display_name=request.display_name,
            trial_length_us=None if length is None else from_proto_duration(length),
            secret_hash=call.caller.secret_hash,
        )
        return await self._writes.run(call, CREATE_INSTANCE, command, _encode)

    async def GetInstance(
        self, request: pb.GetInstanceRequest, call: Call
    ) -> pb.GetInstanceResponse:
        """Give one instance."""
        account, instance = INSTANCE.parse(request.name)

        def query(tx: Transaction) -> InstanceView:
            facts = read_instances(tx, [(account, instance)])
            return show(facts, facts.instance(account, instance))

        view = await self._reads.run(call, query)
        return pb.GetInstanceResponse(instance=to_proto_instance(view))

    async def ListInstances(
        self, request: pb.ListInstancesRequest, call: Call
    ) -> pb.ListInstancesResponse:
        """Give a page of an account's instances."""
        page = self._reads.page(request)
        wanted = _from_proto_filter(request)

        def query(tx: Transaction) -> Sequence[InstanceView]:
            found = list_instances(tx, wanted, after=page.after, limit=page.limit)
            facts = read_accounts(tx, [wanted.account] if found else [])
            return [show(facts, each) for each in found]

        found = await self._reads.run(call, query)
        entries, token = page.cut(found, lambda each: each.instance.id)
        return pb.ListInstancesResponse(
            instances=map(to_proto_instance, entries), next_page_token=token
        )

    async def SubscribeInstance(self, request: pb.SubscribeInstanceRequest, call: Call) -> bytes:
        """Subscribe an instance, or withdraw its cancellation."""
        account, instance = INSTANCE.parse(request.name)
        command = SubscribeInstance(account, instance, request.etag, call.caller.secret_hash)
        return await self._writes.run(call, SUBSCRIBE_INSTANCE, command, _encode)

    async def CancelInstance(self, request: pb.CancelInstanceRequest, call: Call) -> bytes:
        """Cancel an instance."""
        account, instance = INSTANCE.parse(request.name)
        command = CancelInstance(account, instance, request.etag, call.caller.secret_hash)
        return await self._writes.run(call, CANCEL_INSTANCE, command, _encode)

    async def SuspendInstance(self, request: pb.SuspendInstanceRequest, call: Call) -> bytes:
        """Stop an instance for a reason of the operator's."""
        account, instance = INSTANCE.parse(request.name)
        command = SuspendInstance(account, instance, request.etag, request.note)
        return await self._writes.run(call, SUSPEND_INSTANCE, command, _encode)

    async def ResumeInstance(self, request: pb.ResumeInstanceRequest, call: Call) -> bytes:
        """Take the operator's stop back."""
        account, instance = INSTANCE.parse(request.name)
        command = ResumeInstance(account, instance, request.etag)
        return await self._writes.run(call, RESUME_INSTANCE, command, _encode)

    async def ImportInstance(self, request: pb.ImportInstanceRequest, call: Call) -> bytes:
        """Take over a prepaid instance."""
        command = ImportInstance(
            account=account_id(request.parent, "parent"),
            instance=request.instance_id,
            display_name=request.display_name,
            paid_through_on=from_proto_date(request.paid_through_date, "paid_through_date"),
        )
        return await self._writes.run(call, IMPORT_INSTANCE, command, _encode)


def _from_proto_filter(request: pb.ListInstancesRequest) -> InstanceFilter:
    states = [from_proto_state(each) for each in request.states]
    if None in states:
        raise InvalidField(FieldViolation("states", "may not hold STATE_UNSPECIFIED"))
    from_set = request.HasField("created_from")
    before_set = request.HasField("created_before")
    return InstanceFilter(
        account=account_id(request.parent, "parent"),
        states=tuple(each for each in states if each is not None),
        stopped_only=request.stopped_only,
        created_from_at=from_proto_timestamp(request.created_from) if from_set else None,
        created_before_at=from_proto_timestamp(request.created_before) if before_set else None,
    )


def _encode(view: InstanceView) -> Encoded:
    """The answer of each write here: its only field, 1, is the instance."""
    body = INSTANCE_BYTES.of(view)
    return Encoded(live=body, kept=body)
