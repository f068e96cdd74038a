"""Frozen values as JSON and back: what a window showed, kept for the next start.

A file may be older or newer than the program, or damaged: fields that are unknown are left out, and a field whose value
does not fit gets its default. Nothing in it is ever run or imported.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_json(value: object) -> Any:
    """Return ``value`` (numbers, texts, None, tuples, lists, sets, mappings, dataclasses) as what `json` can write.

    Raises
    ------
    TypeError
        When there is something else in it.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [to_json(one) for one in value]
    if isinstance(value, tuple):
        return {"tuple": [to_json(one) for one in value]}
    if isinstance(value, set | frozenset):
        return {"set": [to_json(one) for one in sorted(value, key=repr)]}
    if isinstance(value, Mapping):
        return {"map": [[to_json(key), to_json(one)] for key, one in value.items()]}
    if is_dataclass(value) and not isinstance(value, type):
        content = {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
        return {"of": type(value).__name__, "with": content}
    raise TypeError(f"a {type(value).__name__} cannot be kept")


def from_json(data: Any, kind: type[T]) -> T:
    """Return the dataclass ``kind`` that `to_json` made ``data`` of.

    Raises
    ------
    ValueError
        When it is something else altogether.
    """
    known = _kinds(kind)  # type: ignore[arg-type]
    kinds = {one.__name__: one for one in known}
    if len(kinds) < len(known):
        raise TypeError(f"two dataclasses in {kind.__name__} have one name")
    value = _decode(data, kinds)
    if not isinstance(value, kind):
        raise ValueError(f"this is no {kind.__name__}")
    return value


def _decode(data: Any, kinds: Mapping[str, type]) -> Any:
    if data is None or isinstance(data, bool | int | float | str):
        return data
    if isinstance(data, list):
        return [_decode(one, kinds) for one in data]
    if not isinstance(data, dict) or not data:
        raise ValueError("not what was written")
    if "of" in data:
        return _build(kinds, data)
    try:
        ((name, content),) = data.items()
        match name:
            case "tuple":
                return tuple(_decode(one, kinds) for one in content)
            case "set":
                return frozenset(_decode(one, kinds) for one in content)
            case "map":
                return {_decode(key, kinds): _decode(one, kinds) for key, one in content}
    except TypeError as error:
        raise ValueError("not what was written") from error
    raise ValueError("not what was written")


def _build(kinds: Mapping[str, type], data: Mapping[str, Any]) -> Any:
    kind, content = kinds.get(str(data["of"])), data.get("with")
    if kind is None or not isinstance(content, dict):
        raise ValueError("not what was written")
    hints, given = get_type_hints(kind), {}
    for field in fields(kind):
        if field.name not in content or not field.init:
            continue
        try:
            value = _decode(content[field.name], kinds)
        except ValueError:
            continue
        if fits(value, hints[field.name]):
            given[field.name] = value
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"{field.name} does not fit")
    try:
        return kind(**given)
    except (TypeError, ValueError) as error:
        raise ValueError(str(error)) from error


def fits(value: object, hint: Any) -> bool:
    """Whether ``value`` is what the annotation ``hint`` allows."""
    if hint is Any or hint is object:
        return True
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(fits(value, part) for part in parts)
    if origin is Literal:
        return value in parts
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if len(parts) == 2 and parts[1] is ...:
            return all(fits(one, parts[0]) for one in value)
        return len(value) == len(parts) and all(fits(one, part) for one, part in zip(value, parts, strict=True))
    if origin in (list, set, frozenset):
        return isinstance(value, origin) and all(fits(one, parts[0]) for one in value)
    if origin is not None:
        return isinstance(value, origin)
    if hint is float:
        return isinstance(value, float | int) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, types.NoneType if hint is None else hint)


@cache
def _kinds(kind: Any) -> frozenset[type]:
    """Return every dataclass that the annotations of ``kind`` name, itself among them."""
    found: set[type] = set()
    waiting: list[Any] = [kind]
    while waiting:
        one = waiting.pop()
        if isinstance(one, type) and is_dataclass(one) and one not in found:
            found.add(one)
            waiting.extend(get_type_hints(one).values())
        waiting.extend(get_args(one))
    return frozenset(found)
