"""The environment variables that the processes read, for comparison with docs/operations.md."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from billing_service.settings import BillingSettings
from gateway.settings import GatewaySettings
from provisioning_service.settings import ProgrammeSettings, ProvisioningSettings

_SECTION: Final = "## Settings"
_ROW: Final = re.compile(r"^\| (`(?:POSPAGO_|…).*?) \|", re.MULTILINE)
_NAME: Final = re.compile(r"`(?:…_*)?([A-Z_]+)`")
# In the order in which the document has their tables.
_TABLES: Final = ("shared", "service", "programme", "gateway")


def read_by_processes() -> dict[str, set[str]]:
    """The variables of each table, without the prefix that the table states."""
    services = [_variables(each) for each in (ProvisioningSettings, BillingSettings)]
    gateway = _variables(GatewaySettings)
    own = {
        name.removeprefix(prefix)
        for prefix, names in zip(
            ("POSPAGO_PROVISIONING_", "POSPAGO_BILLING_"), services, strict=True
        )
        for name in names
        if name.startswith(prefix)
    }
    return {
        "shared": {name for name in services[0] if "PROVISIONING" not in name},
        "service": own - {"PROGRAMME"},
        "programme": {name.upper() for name in _fields(ProgrammeSettings)},
        "gateway": {name.removeprefix("POSPAGO_GATEWAY_") for name in gateway if "GATEWAY" in name},
    }


def told_by(text: str) -> dict[str, set[str]]:
    """The variables of each table of the section on settings."""
    section = text.partition(_SECTION)[2].partition("\n## ")[0]
    tables = [table for table in section.split("\n\n") if table.startswith("| variable")]
    names = [
        {name for row in _ROW.findall(table) for name in _NAME.findall(row)} for table in tables
    ]
    return dict(zip(_TABLES, names, strict=True))


def _variables(settings: type[BaseSettings]) -> set[str]:
    prefix = str(settings.model_config.get("env_prefix"))
    return {
        variable
        for name, field in _fields(settings).items()
        for variable in _names_of(name, field, prefix)
    }


def _names_of(name: str, field: FieldInfo, prefix: str) -> Iterator[str]:
    if isinstance(field.validation_alias, AliasChoices):
        yield from map(str, field.validation_alias.choices)
    else:
        yield f"{prefix}{name}".upper()


def _fields(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    return model.model_fields
