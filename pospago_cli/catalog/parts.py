"""What the mappings of a catalogue file are made of: no key unasked for, and short forms.

A short form is spelled out before it is read: `included: 10_000` is `included: {quantity: 10_000}`,
and a list of steps is `{steps: [...]}`.
"""

from typing import ClassVar, Self, cast

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from pospago_cli.catalog.figures import Flag, Number


class Part(BaseModel):
    """A mapping of the file; it takes no key that is not named here."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Shortened(Part):
    """A mapping that may be written as less than one: `short` names the only key then."""

    short: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _spelled_out(cls, value: object) -> object:
        return value if isinstance(value, dict) else cls.spelled_out(value)

    @classmethod
    def spelled_out(cls, value: object) -> object:
        """The mapping that a short form stands for."""
        return {cls.short: value}

    @classmethod
    def short_schema(cls, properties: JsonSchemaValue) -> JsonSchemaValue:
        """The schema of the short form, from those of the keys."""
        return cast("JsonSchemaValue", properties[cls.short])

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        reference = handler(core_schema)
        definition = handler.resolve_ref_schema(reference)
        whole = dict(definition)
        definition.clear()
        definition["anyOf"] = [cls.short_schema(whole["properties"]), whole]
        return reference


class Endless(Shortened):
    """A quantity, or `unlimited`."""

    short: ClassVar = "quantity"
    quantity: Number | None = None
    unlimited: Flag = False

    @classmethod
    def spelled_out(cls, value: object) -> object:
        """A quantity, or none that ends it."""
        return {"unlimited": "true"} if value == "unlimited" else {"quantity": value}

    @classmethod
    def short_schema(cls, properties: JsonSchemaValue) -> JsonSchemaValue:
        """A number, or the one word."""
        return {"anyOf": [properties["quantity"], {"const": "unlimited"}]}

    @model_validator(mode="after")
    def _of_one_size(self) -> Self:
        if self.unlimited == (self.quantity is not None):
            raise ValueError("must have either a quantity or `unlimited: true`")
        return self
