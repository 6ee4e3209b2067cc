"""Request bodies checked against Discord's own OpenAPI document, where a copy is at hand.

Needs `jsonschema`, which is a dependency of the tests alone.
"""

import json
import re
from pathlib import Path
from typing import Any

# The document's quirks: it takes ids as strings where discord.py sends numbers.
_SNOWFLAKE_PATTERN = r"^(0|[1-9][0-9]*)$"


class OpenApi:
    """Discord's description of its own API.

    Raises:
        ModuleNotFoundError: jsonschema isn't installed.
        OSError, ValueError: the document can't be read.
    """

    def __init__(self, path: Path) -> None:
        from jsonschema import Draft202012Validator  # noqa: PLC0415 - a dependency of the tests alone

        self._validator = Draft202012Validator
        self._document: dict[str, Any] = _relaxed(json.loads(path.read_text(encoding="utf-8")))
        # Literal segments (`@original`) win over parameters, as in any router.
        self._paths = [
            (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", template)), template)
            for template in sorted(self._document["paths"], key=lambda it: it.count("{"))
        ]
        self._validators: dict[tuple[str, str], Any] = {}

    def mismatch(self, method: str, path: str, body: object) -> str | None:
        """What is wrong with `body` for this route (its path below the API's version); None if all is well."""
        template = next((name for pattern, name in self._paths if pattern.fullmatch(path)), None)
        if template is None:
            return None
        key = method, template
        if key not in self._validators:
            self._validators[key] = self._validator_of(method, template)
        if self._validators[key] is None:
            return None
        error = next(self._validators[key].iter_errors(body), None)
        if error is None:
            return None
        while error.context:
            # Of a union's members, one of the right `type` if there is one, and there the furthest way in.
            others = {it.relative_schema_path[0] for it in error.context if [*it.relative_path] == ["type"]}
            fitting = [it for it in error.context if it.relative_schema_path[0] not in others]
            error = max(fitting or error.context, key=lambda it: len(it.absolute_path))
        where = ".".join(str(part) for part in error.absolute_path)
        return f"{method} {template}: {where or 'body'}: {error.message[:300]}"

    def _validator_of(self, method: str, template: str) -> Any:
        operation = self._document["paths"][template].get(method.lower(), {})
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return None
        # The schema's `$ref`s start at "#/components", so these are put beside it.
        schema = content["application/json"]["schema"] | {"components": self._document["components"]}
        return self._validator(schema)


def _relaxed(node: Any) -> Any:
    """Read the document as its own notes say: `oneOf` means any of, ids may be numbers."""
    if isinstance(node, list):
        return [_relaxed(item) for item in node]
    if not isinstance(node, dict):
        return node
    relaxed = {("anyOf" if key == "oneOf" else key): _relaxed(value) for key, value in node.items()}
    if relaxed.get("pattern") == _SNOWFLAKE_PATTERN or relaxed.get("format") == "snowflake":
        return {"type": ["string", "integer"], "pattern": _SNOWFLAKE_PATTERN}
    return relaxed
