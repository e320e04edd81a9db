"""As much of JSON Schema as the published schema of catalogue files uses."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": int | float}
# What only explains.
_SPOKEN = {"$schema", "$defs", "description", "default", "title"}


def violations(value: object, schema: Mapping[str, Any]) -> list[str]:
    """Where a value breaks a schema; a keyword that is not known here is an error."""
    return list(_violations(value, schema, schema["$defs"], "$"))


def _violations(
    value: object, schema: Mapping[str, Any], defs: Mapping[str, Any], at: str
) -> Iterator[str]:
    for keyword, wanted in schema.items():
        match keyword:
            case "$ref":
                yield from _violations(value, defs[wanted.removeprefix("#/$defs/")], defs, at)
            case "anyOf":
                found = [list(_violations(value, each, defs, at)) for each in wanted]
                if all(found):
                    yield from min(found, key=len)
            case "properties" | "patternProperties" | "additionalProperties":
                pass
            case "items" if isinstance(value, list):
                for place, each in enumerate(value):
                    yield from _violations(each, wanted, defs, f"{at}[{place}]")
            case _ if keyword not in _SPOKEN and not _holds(keyword, value, wanted):
                yield f"{at}: {keyword} {wanted}, not {value!r}"
    if isinstance(value, dict):
        yield from _member_violations(value, schema, defs, at)


def _member_violations(
    value: Mapping[str, object], schema: Mapping[str, Any], defs: Mapping[str, Any], at: str
) -> Iterator[str]:
    patterns = schema.get("patternProperties", {})
    for name, each in value.items():
        wanted = [schema.get("properties", {}).get(name)]
        wanted += [patterns[pattern] for pattern in patterns if re.search(pattern, name)]
        found = [one for one in wanted if one is not None]
        if not found and schema.get("additionalProperties") is False:
            yield f"{at}.{name}: no such key"
        for one in found:
            yield from _violations(each, one, defs, f"{at}.{name}")


def _holds(keyword: str, value: object, wanted: Any) -> bool:
    match keyword:
        case "type" if wanted == "boolean":
            return isinstance(value, bool)
        case "type":
            return isinstance(value, TYPES[wanted]) and not isinstance(value, bool)
        case "enum":
            return value in wanted
        case "const":
            return bool(value == wanted)
        case "pattern":
            return not isinstance(value, str) or bool(re.search(wanted, value))
        case "minimum":
            return not isinstance(value, int | float) or value >= wanted
        case "maximum":
            return not isinstance(value, int | float) or value <= wanted
        case "required":
            return not isinstance(value, dict) or set(wanted) <= set(value)
        case "items":
            return True
    raise KeyError(keyword)
