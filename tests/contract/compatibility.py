"""May this schema follow that one? The rule: optional fields may be added; nothing else may change.

It is stricter than "new code reads old data": a consumer that has not been deployed yet must read what a new producer
writes, so a field may not become optional and an enum may not gain a value either. Words (titles, descriptions) are
free.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
_WORDS = {"title", "description", "examples"}
_COMPARED_BY_PART = {"properties", "required", "items", "anyOf", "enum"}


def incompatibilities(frozen: Schema, current: Schema) -> list[str]:
    """Return what in ``current`` breaks readers or records of ``frozen``; empty where nothing does."""
    return list(_compare("", _inlined(frozen, frozen), _inlined(current, current)))


def _compare(path: str, old: Schema, new: Schema) -> Iterator[str]:
    if _plain(old) != _plain(new):
        yield f"{path or 'the event'}: {_plain(old)} has become {_plain(new)}"
    yield from _compare_fields(path, old, new)
    if "items" in old and "items" in new:
        yield from _compare(f"{path}[]", old["items"], new["items"])
    if (before := old.get("enum")) != (after := new.get("enum")) and set(before or ()) != set(after or ()):
        yield f"{path}: the values {before} have become {after}"
    if len(old.get("anyOf", ())) != len(new.get("anyOf", ())):
        yield f"{path}: {old.get('anyOf')} has become {new.get('anyOf')}"
    for before, after in zip(old.get("anyOf", ()), new.get("anyOf", ()), strict=False):
        yield from _compare(path, before, after)


def _compare_fields(path: str, old: Schema, new: Schema) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before.keys() - after.keys():
        yield f"{path}.{name}: removed"
    for name in before.keys() & after.keys():
        yield from _compare(f"{path}.{name}", before[name], after[name])
    was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
    for name in is_required - was_required:
        yield f"{path}.{name}: has become required"
    for name in (was_required - is_required) & after.keys():
        yield f"{path}.{name}: has become optional"


def _plain(schema: Schema) -> Schema:
    """Return what must be equal word for word: the type, the format, limits."""
    return {key: value for key, value in schema.items() if key not in _WORDS | _COMPARED_BY_PART}


def _inlined(node: Any, root: Schema) -> Any:
    """Return a schema with every reference replaced by what it refers to."""
    if isinstance(node, list):
        return [_inlined(item, root) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inlined(root["$defs"][node["$ref"].rsplit("/", 1)[1]], root)
    return {key: _inlined(value, root) for key, value in node.items() if key != "$defs"}
