"""The numbers of a song that are moved in steps: where each stands, its ends, and how it is set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import OutOfRange
from engine.music.accompaniment.style import RULE_GAUGES, Accompaniment
from engine.music.form import FASTEST, SLOWEST
from engine.music.groove import (
    LARGEST_SEED,
    MOST_SWING,
    MOST_TIMING,
    MOST_VELOCITY,
    STRAIGHT,
    SWING_UNITS,
)
from engine.music.modulation import LAST_CONTROL, LAST_PAIRED, MODULATION_KINDS, Modulation, check
from engine.music.routes import FARTHEST, Route
from engine.music.scales import SCALES
from engine.music.song import Song
from engine.music.track import HIGHEST_OCTAVE, Track
from engine.protocol.edit import SetKey, SetTempo
from engine.protocol.tracks import (
    AccompanimentPart,
    ModulationPart,
    Parameter,
    RemoveModulation,
    RoutePart,
    SetAccompaniment,
    SetBank,
    SetGroove,
    SetMix,
    SetModulation,
    SetRoutes,
    SetTrack,
)

NOT_SENT = -1
"""Where the number of a bank stands that is not sent."""

NO_PROGRAM = 0
"""Where the number of a route's program stands that is not sent."""

FIRST_CONTROL = 74
"""The controller that a gauge moves at first: brightness, which most synthesisers have."""

SCALE_NAMES = tuple(SCALES)
KINDS = ("nothing", *MODULATION_KINDS)

Absolute = (
    SetTempo | SetGroove | SetKey | SetTrack | SetBank | SetMix | SetModulation
    | RemoveModulation | SetRoutes | SetAccompaniment
)  # fmt: skip
"""The commands that set such a number."""


@dataclass(frozen=True)
class Number:
    """A number that stands at ``value``, from ``low`` to ``high``.

    One that goes ``round`` has no ends. Channels and programs count from 1, choices from 0.
    ``ask`` makes the command that sets it, of a value and a gesture; ``step`` and ``coarse``
    are how far a key moves it.
    """

    value: float
    low: float
    high: float
    ask: Callable[[float, int], Absolute]
    step: float = 1.0
    coarse: float = 10.0
    round: bool = False

    def moved(self, by: float) -> float:
        """Return where ``by`` leads from here, as far as it goes; raises `OutOfRange`."""
        to = round(self.value + by, 4)
        if self.round and abs(to) < float("inf"):
            return self.low + (to - self.low) % (self.high - self.low + 1)
        if self.round or to != to:
            raise OutOfRange(f"A number of steps is needed, and {by} is none.")
        return max(self.low, min(self.high, to))


def song_numbers(song: Song, track: int = 0) -> dict[Parameter, Number]:
    """Return the numbers of how a song and one of its tracks are sounded."""
    key = song.key
    return {
        "tempo": Number(song.tempo, SLOWEST, FASTEST, SetTempo),
        "tonic": Number(
            key.tonic, 0, 11,
            lambda v, gesture: SetKey(tonic=int(v), gesture=gesture), coarse=5, round=True,
        ),
        "scale": Number(
            SCALE_NAMES.index(key.scale), 0, len(SCALE_NAMES) - 1,
            lambda v, gesture: SetKey(scale=SCALE_NAMES[int(v)], gesture=gesture),
            coarse=4, round=True,
        ),
        "lock": Number(
            int(song.lock), 0, 1,
            lambda v, gesture: SetKey(lock=bool(v), gesture=gesture), coarse=1, round=True,
        ),
        "follow": Number(
            int(song.follow), 0, 1,
            lambda v, gesture: SetKey(follow=bool(v), gesture=gesture), coarse=1, round=True,
        ),
        **_track_numbers(song.track(track)),
    }  # fmt: skip


def _track_numbers(track: Track) -> dict[Parameter, Number]:
    groove = track.groove
    return {
        "swing": Number(
            groove.swing, STRAIGHT, MOST_SWING,
            lambda v, gesture: SetGroove(swing=v, gesture=gesture), step=0.5, coarse=5,
        ),
        "unit": Number(
            SWING_UNITS.index(groove.unit), 0, 1,
            lambda v, gesture: SetGroove(unit=SWING_UNITS[int(v)], gesture=gesture),
            coarse=1, round=True,
        ),
        "timing": Number(
            groove.timing, 0, MOST_TIMING,
            lambda v, gesture: SetGroove(timing=v, gesture=gesture), step=0.5, coarse=5,
        ),
        "force": Number(
            groove.velocity, 0, MOST_VELOCITY,
            lambda v, gesture: SetGroove(velocity=int(v), gesture=gesture), coarse=5,
        ),
        "seed": Number(
            groove.seed, 0, LARGEST_SEED,
            lambda v, gesture: SetGroove(seed=int(v), gesture=gesture),
        ),
        "channel": Number(
            track.channel + 1, 1, 16,
            lambda v, gesture: SetTrack(channel=int(v) - 1, gesture=gesture), coarse=4,
        ),
        "program": Number(
            track.program + 1, 1, 128,
            lambda v, gesture: SetTrack(program=int(v) - 1, gesture=gesture),
        ),
        "bank-msb": Number(
            _number(track.bank_msb), NOT_SENT, 127,
            lambda v, gesture: SetBank(_sent(v), track.bank_lsb, gesture),
        ),
        "bank-lsb": Number(
            _number(track.bank_lsb), NOT_SENT, 127,
            lambda v, gesture: SetBank(track.bank_msb, _sent(v), gesture),
        ),
        "velocity": Number(
            track.velocity, 1, 127,
            lambda v, gesture: SetTrack(velocity=int(v), gesture=gesture),
        ),
        "level": Number(
            _number(track.level), NOT_SENT, 127,
            lambda v, gesture: SetMix(_sent(v), track.pan, gesture),
        ),
        "pan": Number(
            _number(track.pan), NOT_SENT, 127,
            lambda v, gesture: SetMix(track.level, _sent(v), gesture),
        ),
        "octave": Number(
            track.octave, -HIGHEST_OCTAVE, HIGHEST_OCTAVE,
            lambda v, gesture: SetTrack(octave=int(v), gesture=gesture), coarse=1,
        ),
        "transpose": Number(
            track.transpose, -FARTHEST, FARTHEST,
            lambda v, gesture: SetTrack(transpose=int(v), gesture=gesture), coarse=12,
        ),
        "mute": Number(
            int(track.muted), 0, 1,
            lambda v, gesture: SetTrack(muted=bool(v), gesture=gesture), coarse=1, round=True,
        ),
        "solo": Number(
            int(track.solo), 0, 1,
            lambda v, gesture: SetTrack(solo=bool(v), gesture=gesture), coarse=1, round=True,
        ),
        "protect": Number(
            int(track.locked), 0, 1,
            lambda v, gesture: SetTrack(locked=bool(v), gesture=gesture), coarse=1, round=True,
        ),
    }  # fmt: skip


def accompaniment_numbers(rule: Accompaniment) -> dict[AccompanimentPart, Number]:
    """Return the gauges of a rule that plays a track."""

    def of(part: AccompanimentPart) -> Number:
        def ask(value: float, gesture: int) -> SetAccompaniment:
            changed: dict[str, Any] = {part: value}
            return SetAccompaniment(replace(rule, **changed), gesture)

        return Number(getattr(rule, part), 0, 1, ask, step=0.05, coarse=0.25)

    return {part: of(part) for part in RULE_GAUGES}


def modulation_of(track: Track, dimension: int) -> Modulation | None:
    """Return what a gauge moves."""
    return next((each for each in track.modulations if each.dimension == dimension), None)


def modulation_numbers(track: Track, dimension: int) -> dict[ModulationPart, Number]:
    """Return the numbers of what a gauge moves; a controller that is taken is passed over."""
    modulation = modulation_of(track, dimension)
    kind = KINDS.index("nothing" if modulation is None else modulation.kind)
    numbers: dict[ModulationPart, Number] = {
        "kind": Number(
            kind, 0, len(KINDS) - 1,
            lambda v, gesture: _of_kind(track, dimension, KINDS[int(v)], gesture),
            coarse=1, round=True,
        )
    }  # fmt: skip
    if modulation is None:
        return numbers
    there = modulation

    def part(name: str, value: int, gesture: int) -> SetModulation:
        way = 1 if value >= getattr(there, name) else -1
        changed: dict[str, Any] = {name: value}
        return SetModulation(_free(track, replace(there, **changed), name, way), gesture)

    numbers["channel"] = Number(
        there.channel + 1, 1, 16, lambda v, gesture: part("channel", int(v) - 1, gesture), coarse=4
    )
    if there.kind != "bend":
        last = LAST_CONTROL if there.kind == "cc" else LAST_PAIRED
        numbers["number"] = Number(
            there.number, 0, last, lambda v, gesture: part("number", int(v), gesture)
        )
    coarse = 10 * (there.most // 127)
    numbers["low"] = Number(
        there.low, 0, there.most, lambda v, gesture: part("low", int(v), gesture), coarse=coarse
    )
    numbers["high"] = Number(
        there.high, 0, there.most, lambda v, gesture: part("high", int(v), gesture), coarse=coarse
    )
    return numbers


def route_numbers(track: Track, at: int, known: Sequence[str]) -> dict[RoutePart, Number]:
    """Return the numbers of the route at a place, or of one that is yet to be.

    ``known`` are the ports that it may go to beside the song's own (see `route_ports`).
    """
    route = track.routes[at] if 0 <= at < len(track.routes) else None
    ports = route_ports(route, known)

    def put(route: Route | None, gesture: int) -> SetRoutes:
        routes = list(track.routes)
        routes[at : at + 1] = [] if route is None else [route]
        return SetRoutes(tuple(routes), gesture)

    def to(value: float, gesture: int) -> SetRoutes:
        port = ports[int(value) - 1] if value else None
        return put(_played_to(route, port, track), gesture)

    stands = 0 if route is None else 1 + ports.index(route.port)
    numbers: dict[RoutePart, Number] = {
        "port": Number(stands, 0, len(ports), to, coarse=1, round=True)
    }
    if route is None:
        return numbers
    there = route

    def part(name: str, value: Any, gesture: int) -> SetRoutes:
        changed: dict[str, Any] = {name: value}
        return put(replace(there, **changed), gesture)

    numbers["channel"] = Number(
        there.channel + 1, 1, 16, lambda v, gesture: part("channel", int(v) - 1, gesture), coarse=4
    )
    numbers["program"] = Number(
        NO_PROGRAM if there.program is None else there.program + 1, NO_PROGRAM, 128,
        lambda v, gesture: part("program", int(v) - 1 if v else None, gesture),
    )  # fmt: skip
    numbers["transpose"] = Number(
        there.transpose, -FARTHEST, FARTHEST,
        lambda v, gesture: part("transpose", int(v), gesture), coarse=12,
    )  # fmt: skip
    numbers["clock"] = Number(
        int(there.clock), 0, 1,
        lambda v, gesture: part("clock", bool(v), gesture), coarse=1, round=True,
    )  # fmt: skip
    return numbers


def route_ports(route: Route | None, known: Sequence[str]) -> tuple[str, ...]:
    """Return the ports that a route may go to: the song's own (empty), then the others."""
    own = [route.port] if route is not None and route.port and route.port not in known else []
    return ("", *own, *known)


def _played_to(route: Route | None, port: str | None, track: Track) -> Route | None:
    if port is None:
        return None
    # On the song's own port a new route is heard an octave above, not twice the same.
    fresh = Route(channel=track.channel, transpose=0 if port else 12)
    return replace(route or fresh, port=port)


def _of_kind(
    track: Track, dimension: int, kind: str, gesture: int
) -> SetModulation | RemoveModulation:
    if kind == "nothing":
        return RemoveModulation(dimension)
    there = modulation_of(track, dimension)
    channel = track.channel if there is None else there.channel
    number = {"cc": FIRST_CONTROL, "cc14": 1, "bend": 0}[kind]
    most = 127 if kind == "cc" else 16_383
    chosen = MODULATION_KINDS[MODULATION_KINDS.index(kind)]
    modulation = Modulation(dimension, chosen, channel, number, 0, most)
    name = "channel" if kind == "bend" else "number"
    return SetModulation(_free(track, modulation, name, 1), gesture)


def _free(track: Track, modulation: Modulation, name: str, way: int) -> Modulation:
    # From a controller that another gauge has it goes on to the next that none has; where all
    # are taken the engine says so.
    others = tuple(each for each in track.modulations if each.dimension != modulation.dimension)
    at = modulation
    while True:
        try:
            check((*others, at))
            return at
        except OutOfRange:
            further: dict[str, Any] = {name: getattr(at, name) + way}
        try:
            at = replace(at, **further)
        except OutOfRange:
            return modulation


def _number(value: int | None) -> int:
    return NOT_SENT if value is None else value


def _sent(value: float) -> int | None:
    return None if value == NOT_SENT else int(value)
