"""How the suite logs: one line an event, for people or as JSON; what a call is, on each of them."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, Final, Protocol

import structlog

_SECRET: Final = re.compile(r"pspg_[a-z]{2}_[A-Za-z0-9_-]+")


class LogSource(Protocol):
    """Something under way that can say what it is, if anything is logged meanwhile."""

    def log_fields(self) -> Mapping[str, str]:
        """The fields to put on each log line."""
        ...


# What this task is busy with. Asked only when a line is written, so that silence costs nothing.
log_source: ContextVar[LogSource | None] = ContextVar("log_source", default=None)


def configure_logs(*, level: str, as_json: bool) -> None:
    """Log to standard error from `level` on, as JSON or for people."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        # Never the pretty tracebacks: they print local variables, and so secrets.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    ends: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, hide_secrets, renderer]
        if as_json
        else [hide_secrets, renderer]
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            add_source,
            *ends,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        # Asked anew for each line: standard error may have been put elsewhere since.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def add_source(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Put the fields of what is under way on the line; what the line says itself wins."""
    source = log_source.get()
    if source is not None:
        for key, value in source.log_fields().items():
            event.setdefault(key, value)
    return event


def hide_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blacken whatever looks like a secret of ours."""
    for key, value in event.items():
        if isinstance(value, str) and "pspg_" in value:
            event[key] = _SECRET.sub("pspg_***", value)
    return event
