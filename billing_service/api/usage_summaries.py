"""Usage as it is told: summaries, usage over time, and the watching of it; and their messages."""

from typing import Final

from pospago.billing.v1 import price_pb2
from pospago.billing.v1 import usage_pb2 as pb

from billing_service.api.reading import Reads
from billing_service.api.values import (
    METER,
    REVIEW,
    SUBSCRIPTION,
    from_proto_date,
    from_proto_timestamp,
    to_proto_date,
    to_proto_decimal,
    to_proto_money_if_held,
    to_proto_timestamp,
)
from billing_service.domain.price import DimensionFilter
from billing_service.domain.usage.buckets import Bucket, Granularity
from billing_service.domain.usage.projection import ProjectionMethod
from billing_service.domain.usage.summary import UNIT
from billing_service.storage.subscribed_reading import find_world
from billing_service.use_cases.query_usage import QueryUsage, UsageOverTime, query_usage
from billing_service.use_cases.summarise_usage import (
    GuardedSummary,
    SubscriptionUsage,
    SummariseUsage,
    summarise_usage,
)
from chassis.database import Transaction
from chassis.errors import AccountNotFound
from chassis.rpc.names import account_id

_METHODS: Final = {
    ProjectionMethod.LINEAR: pb.UsageSummary.PROJECTION_METHOD_LINEAR,
    ProjectionMethod.AS_IT_STANDS: pb.UsageSummary.PROJECTION_METHOD_AS_IT_STANDS,
}
_GRANULARITIES: Final = {
    pb.QueryUsageRequest.GRANULARITY_UNSPECIFIED: Granularity.DAY,
    pb.QueryUsageRequest.GRANULARITY_HOUR: Granularity.HOUR,
    pb.QueryUsageRequest.GRANULARITY_DAY: Granularity.DAY,
    pb.QueryUsageRequest.GRANULARITY_MONTH: Granularity.MONTH,
}


class UsageSummaries:
    """What UsageService tells of usage."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def summary(self, request: pb.GetUsageSummaryRequest) -> pb.GetUsageSummaryResponse:
        """What a subscription used in the service periods that hold an instant."""
        account, subscription = SUBSCRIPTION.parse(request.subscription, "subscription")
        query = SummariseUsage(account, subscription, request.price, _instant(request))
        found = await self.summarised(query)
        return pb.GetUsageSummaryResponse(
            summaries=[_summary(found, each) for each in found.summaries],
            as_of_time=to_proto_timestamp(found.now),
        )

    async def summarised(self, query: SummariseUsage) -> SubscriptionUsage:
        """The same, before it becomes a message."""
        reads = self._reads
        return await reads.run(lambda tx: summarise_usage(tx, query, reads.now_in(tx, "")))

    async def over_time(self, request: pb.QueryUsageRequest) -> pb.QueryUsageResponse:
        """What an account used of a meter, in buckets."""
        query = _query(request)

        def answer(tx: Transaction) -> pb.QueryUsageResponse:
            world = find_world(tx, query.account, self._reads.now_in(tx, ""))
            if world is None:
                raise AccountNotFound(query.account)
            zone, now = world
            # All of it in the pool of readers: thousands of buckets would hold up other calls.
            return _over_time(request, query_usage(tx, query, zone=zone, now=now))

        return await self._reads.run(answer)


def to_proto_watched(found: SubscriptionUsage) -> pb.WatchUsageResponse:
    """The summary of present periods as a watcher is told."""
    return pb.WatchUsageResponse(
        summaries=[_summary(found, each) for each in found.summaries],
        as_of_time=to_proto_timestamp(found.now),
    )


def watched_query(request: pb.WatchUsageRequest) -> SummariseUsage:
    """What a watcher asks for: the periods that are present, whenever it is told."""
    account, subscription = SUBSCRIPTION.parse(request.subscription, "subscription")
    return SummariseUsage(account, subscription, is_watched=True)


def _instant(request: pb.GetUsageSummaryRequest) -> int | None:
    return from_proto_timestamp(request.time) if request.HasField("time") else None


def _summary(found: SubscriptionUsage, guarded: GuardedSummary) -> pb.UsageSummary:
    summary = guarded.summary
    price, period, allowed = summary.subscribed.price, summary.subscribed.period, summary.allowed
    return pb.UsageSummary(
        price=price.code,
        display_name=price.name,
        meter=METER.format(summary.meter) if summary.meter else "",
        unit=summary.unit,
        period_start_date=to_proto_date(period.start_on),
        period_end_date=to_proto_date(period.end_on),
        quantity=to_proto_decimal(summary.usage.quantity),
        included_quantity=None if allowed.included is None else to_proto_decimal(allowed.included),
        unlimited=allowed.unlimited,
        remaining_quantity=(
            None if allowed.remaining is None else to_proto_decimal(allowed.remaining)
        ),
        overage_quantity=to_proto_decimal(summary.overage),
        cost=to_proto_money_if_held(summary.cost_minor, price.currency),
        projected_quantity=to_proto_decimal(summary.projected_quantity),
        projected_cost=to_proto_money_if_held(summary.projected_cost_minor, price.currency),
        projection_method=_METHODS[summary.method],
        reserved_quantity=to_proto_decimal(guarded.reserved),
        ceiling=None if guarded.ceiling is None else to_proto_decimal(guarded.ceiling),
        is_held=guarded.is_held,
        review=REVIEW.format(found.account, guarded.review) if guarded.review else "",
        events_count=summary.usage.events_count,
    )


def _query(request: pb.QueryUsageRequest) -> QueryUsage:
    return QueryUsage(
        account=account_id(request.parent, "parent"),
        meter=METER.parse(request.meter, "meter")[0],
        granularity=_GRANULARITIES[request.granularity],
        start_on=(
            from_proto_date(request.start_date, "start_date")
            if request.HasField("start_date")
            else None
        ),
        end_on=(
            from_proto_date(request.end_date, "end_date") if request.HasField("end_date") else None
        ),
        group_by=tuple(request.group_by),
        filters=tuple(_filter(each) for each in request.filters),
    )


def _filter(message: price_pb2.DimensionFilter) -> DimensionFilter:
    return DimensionFilter(message.dimension, frozenset(message.values))


def _over_time(request: pb.QueryUsageRequest, found: UsageOverTime) -> pb.QueryUsageResponse:
    return pb.QueryUsageResponse(
        buckets=[_bucket(request, each) for each in found.buckets],
        total_quantity=to_proto_decimal(found.total),
        unit=found.meter.unit or UNIT,
    )


def _bucket(request: pb.QueryUsageRequest, bucket: Bucket) -> pb.UsageBucket:
    return pb.UsageBucket(
        start_time=to_proto_timestamp(bucket.start_at),
        end_time=to_proto_timestamp(bucket.end_at),
        dimensions=dict(zip(request.group_by, bucket.values, strict=True)),
        quantity=to_proto_decimal(bucket.quantity),
        events_count=bucket.events_count,
    )
