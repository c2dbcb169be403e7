"""Frozen values as plain JSON and back, read strictly.

The shape of everything follows from the fields and type hints of the classes themselves, so
that there is one vocabulary: a command, an event or a message that is added anywhere can
travel at once. A class is named only where its place could hold another one.

msgspec 0.23 (BSD, wheels for Python 3.11 to 3.14, 2 ms to import) was measured and left out. It
refuses unknown fields and tells classes apart for its own Structs alone, which the 195 dataclasses
that travel cannot become without 348 calls of `replace` and its like, and writes infinity as null.
"""

from __future__ import annotations

import enum
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from engine.common.json_values import (
    FORMS,
    BadLine,
    Forms,
    Reader,
    each_of,
    exactly,
    finite,
    listed,
    mapping,
    number,
    one_of,
    pairs,
    text,
    whole,
)
from engine.errors import ArmonicaError

NAME = "is"
"""The key under which a class is named; no field is called so."""


class Codec:
    """Writes and reads values of the classes ``families`` and of whatever derives from them.

    With ``finite``, numbers that are none or infinite are refused; with ``whole``, fields that
    stand at their defaults are written and wanted, too. ``tag`` is the key under which a class
    is named.
    """

    def __init__(
        self,
        families: Iterable[type],
        *,
        finite: bool = False,
        whole: bool = False,
        tag: str = NAME,
        forms: Forms | None = None,
    ) -> None:
        self._finite = finite
        self._whole = whole
        self._tag = tag
        self._forms = {**FORMS, **(forms or {})}
        self._readers: dict[Any, Reader] = {}
        self._outlines: dict[type, tuple[tuple[str, bool, Any], ...]] = {}
        kinds = [kind for family in families for kind in concrete(family)]
        self._kinds = {kind.__name__: kind for kind in kinds}
        for kind in kinds:
            self._shape(kind)

    @property
    def kinds(self) -> tuple[type, ...]:
        """The classes that can be read, by name."""
        return tuple(self._kinds[name] for name in sorted(self._kinds))

    @property
    def digest(self) -> str:
        """What two ends must agree on before they understand each other."""
        # Only a line to another machine needs it, and the player starts sooner without.
        from hashlib import sha256

        said = [
            f"{kind.__name__}({', '.join(f'{name}: {hint}' for name, hint in self._hints(kind))})"
            for kind in sorted(self._reached(), key=lambda kind: kind.__name__)
        ]
        return sha256("\n".join(said).encode()).hexdigest()[:16]

    def plain(self, value: object) -> dict[str, Any]:
        """Return a value of the families as a JSON object that names its class."""
        return {self._tag: type(value).__name__, **self.fields(value)}

    def fields(self, value: object) -> dict[str, Any]:
        """Return the fields of a value as JSON."""
        body = {}
        for name, several, default in self._outline(type(value)):
            held = getattr(value, name)
            if not self._whole and default is not MISSING and (held is default or held == default):
                continue
            body[name] = self._plain(held, several)
        return body

    def read(self, body: object) -> Any:
        """Return the value that a JSON object stands for; raises `BadLine`, and nothing else."""
        try:
            return self._tagged(self._kinds)(body)
        except BadLine:
            raise
        except ArmonicaError as error:
            raise BadLine(error.message) from None
        except Exception as error:
            # Whatever a class makes of what it cannot be made of.
            raise BadLine(f"A line cannot be read: {error}.") from None

    def names(self, kind: type) -> tuple[str, ...]:
        """Return the names of a class's fields."""
        return tuple(name for name, _, _ in self._outline(kind))

    def field(self, value: object, name: str) -> Any:
        """Return one field of a value as JSON, also where it stands at its default."""
        several = next(named for field, named, _ in self._outline(type(value)) if field == name)
        return self._plain(getattr(value, name), several)

    def read_one(self, kind: type, body: object) -> Any:
        """Return a value of one class from a JSON object that does not name it."""
        return self._reader(kind)(body)

    def _outline(self, kind: type) -> tuple[tuple[str, bool, Any], ...]:
        # Of each field its name, whether classes are named in it, and its default.
        if kind not in self._outlines:
            self._outlines[kind] = tuple(
                (name, _holds_several(hint), _default(part))
                for (name, hint), part in zip(self._hints(kind), _parts(kind), strict=True)
            )
        return self._outlines[kind]

    def _plain(self, value: Any, several: bool = False) -> Any:
        if value is None or isinstance(value, (bool, str)) or type(value) is int:
            return value
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else str(float(value))
        if isinstance(value, (tuple, list)):
            return [self._plain(item, several) for item in value]
        if form := self._forms.get(type(value)):
            return form[0](value)
        if is_dataclass(value):
            return self.plain(value) if several else self.fields(value)
        return self._rarer(value, several)

    def _rarer(self, value: Any, several: bool) -> Any:
        if isinstance(value, frozenset | set):
            return [self._plain(item, several) for item in sorted(value, key=repr)]
        if isinstance(value, Mapping):
            return [
                [self._plain(key, several), self._plain(item, several)]
                for key, item in value.items()
            ]
        if isinstance(value, enum.Enum):
            return value.name
        if hasattr(value, "item"):
            # A number of a library of arrays.
            return self._plain(value.item())
        raise TypeError(f"Nothing of the kind {type(value)!r} can travel.")

    def _tagged(self, kinds: Mapping[str, type]) -> Reader:
        def read(body: Any) -> Any:
            body = dict(mapping(body))
            name = body.pop(self._tag, None)
            kind = kinds.get(name) if isinstance(name, str) else None
            if kind is None:
                raise BadLine(f"There is nothing called {str(name)[:40]!r} here.")
            return self._shape(kind)(body)

        return read

    def _shape(self, kind: type) -> Reader:
        if kind in self._readers:
            return self._readers[kind]
        readers: dict[str, Reader] = {}
        required: set[str] = set()

        def read(body: Any) -> Any:
            body = mapping(body)
            if missing := required - body.keys():
                raise BadLine(f"{kind.__name__} lacks {', '.join(sorted(missing))}.")
            if unknown := body.keys() - readers.keys():
                raise BadLine(f"{kind.__name__} has no field called {min(unknown)[:40]!r}.")
            return kind(**{name: readers[name](value) for name, value in body.items()})

        # Known before its fields are, which may speak of it.
        self._readers[kind] = read
        for (name, hint), field in zip(self._hints(kind), _parts(kind), strict=True):
            readers[name] = self._reader(hint)
            if self._whole or _default(field) is MISSING:
                required.add(name)
        return read

    def _hints(self, kind: type) -> list[tuple[str, Any]]:
        hints = get_type_hints(kind)
        return [(field.name, hints[field.name]) for field in _parts(kind)]

    def _reached(self) -> list[type]:
        return [kind for kind in self._readers if isinstance(kind, type) and is_dataclass(kind)]

    def _reader(self, hint: Any) -> Reader:
        if hint not in self._readers:
            self._readers[hint] = self._make(hint)
        return self._readers[hint]

    def _make(self, hint: Any) -> Reader:
        origin, given = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            return self._union(given)
        if origin is Literal:
            return one_of(given)
        if origin is tuple:
            if len(given) == 2 and given[1] is Ellipsis:
                return self._many(given[0], tuple)
            return each_of(tuple(self._reader(part) for part in given))
        if origin in (list, frozenset, set):
            return self._many(given[0], origin)
        if origin in (dict, types.MappingProxyType) or origin is typing.get_origin(
            Mapping[str, int]
        ):
            return pairs(self._reader(given[0]), self._reader(given[1]))
        if origin is typing.get_origin(Sequence[int]):
            return self._many(given[0], tuple)
        if isinstance(hint, type):
            return self._simple(hint)
        raise TypeError(f"Nothing of the kind {hint!r} can travel.")

    def _simple(self, kind: type) -> Reader:
        if kind in self._forms:
            return self._forms[kind][1]
        if is_dataclass(kind):
            found = concrete(kind)
            if found == [kind]:
                return self._shape(kind)
            return self._tagged({each.__name__: each for each in found})
        if issubclass(kind, enum.Enum):
            return lambda value: kind[text(value)]
        plain: dict[type, Reader] = {
            float: finite if self._finite else number,
            int: whole,
            bool: exactly(bool),
            str: text,
            type(None): exactly(type(None)),
        }
        if kind not in plain:
            raise TypeError(f"Nothing of the kind {kind!r} can travel.")
        return plain[kind]

    def _union(self, hints: Sequence[Any]) -> Reader:
        classes = [each for each in hints if isinstance(each, type) and is_dataclass(each)]
        others = [each for each in hints if each not in classes and each is not type(None)]
        optional = type(None) in hints
        readers: list[Reader] = [self._reader(each) for each in others]
        if len(classes) == 1:
            readers.append(self._reader(classes[0]))
        elif classes:
            leaves: list[type] = [leaf for kind in classes for leaf in concrete(kind)]
            named = {leaf.__name__: leaf for leaf in leaves}
            readers.append(self._tagged(named))

        def read(value: Any) -> Any:
            if value is None and optional:
                return None
            for reader in readers[:-1]:
                try:
                    return reader(value)
                except (BadLine, TypeError, ValueError):
                    continue
            return readers[-1](value)

        return read

    def _many(self, hint: Any, make: Callable[[Iterable[Any]], Any]) -> Reader:
        each = self._reader(hint)
        return lambda value: make([each(item) for item in listed(value)])


def concrete(kind: type) -> list[type]:
    """Return the classes that a place for ``kind`` can hold: its leaves, or itself.

    What derives from it in another package than its own stays inside the program.
    """
    derived: list[type] = type.__subclasses__(kind)
    below = [leaf for each in derived for leaf in concrete(each)]
    # A class made anew with slots leaves the one without behind until it is collected.
    package = kind.__module__.rpartition(".")[0]
    named = {leaf.__name__: leaf for leaf in below if leaf.__module__.rpartition(".")[0] == package}
    return list(named.values()) or [kind]


def _holds_several(hint: Any) -> bool:
    given = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        classes = [each for each in given if isinstance(each, type) and is_dataclass(each)]
        if len(classes) > 1:
            return True
    if isinstance(hint, type) and is_dataclass(hint):
        return concrete(hint) != [hint]
    return any(_holds_several(each) for each in given)


def _parts(kind: type) -> list[Field[Any]]:
    return [part for part in fields(kind) if part.init]


def _default(part: Field[Any]) -> Any:
    if part.default_factory is not MISSING:
        return part.default_factory()
    return part.default
