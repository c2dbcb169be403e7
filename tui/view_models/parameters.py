"""What a sheet of dials shows and turns: how a song is sounded, and what a gauge moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import OutOfRange
from engine.latent.spec import LIMIT
from engine.music.groove import (
    LARGEST_SEED,
    MOST_SWING,
    MOST_TIMING,
    MOST_VELOCITY,
    STRAIGHT,
    SWING_UNITS,
)
from engine.music.modulation import LAST_CONTROL, LAST_PAIRED, MODULATION_KINDS, Modulation, check
from engine.music.routes import FARTHEST, MOST_ROUTES, Route
from engine.music.scales import SCALES, TONICS
from engine.music.song import FASTEST, SLOWEST, Song, Track, bank_words
from engine.protocol.base import Command
from engine.protocol.edit import (
    RemoveModulation,
    SetBank,
    SetGroove,
    SetKey,
    SetModulation,
    SetRoutes,
    SetTempo,
    SetTrack,
)
from engine.protocol.snapshot import Snapshot
from tui.view_models import gauges

NOT_SENT = -1
"""Where the dial of a bank stands that is not sent."""

_SCALES = tuple(SCALES)
_KINDS = ("nothing", *MODULATION_KINDS)
_KIND_WORDS = {
    "nothing": "no controller",
    "cc": "a controller",
    "cc14": "a controller of 14 bits",
    "bend": "pitch bend",
}
NO_PROGRAM = 0
"""Where the dial of a program stands that is not sent."""

FIRST_CONTROL = 74
"""The controller that a gauge moves at first: brightness, which most synthesisers have."""


@dataclass(frozen=True)
class Dial:
    """One line: its label, what it shows, and what turning it by steps or typing asks for.

    ``value`` lies from ``low`` to ``high``; a dial that goes ``round`` has no ends. ``ask``
    makes the command for a value in a gesture; None where the dial moves the sheet alone.
    ``words`` say what it means.
    """

    label: str
    shown: str
    value: float
    low: float
    high: float
    ask: Callable[[float, int], Command | None]
    words: str = ""
    step: float = 1.0
    coarse: float = 10.0
    round: bool = False
    typed: bool = True

    def turned(self, value: float, steps: int, coarse: bool) -> float:
        """Return where some steps from ``value`` lead."""
        to = round(value + steps * (self.coarse if coarse else self.step), 4)
        if self.round:
            return self.low + (to - self.low) % (self.high - self.low + 1)
        return max(self.low, min(self.high, to))

    def read(self, text: str) -> float:
        """Read a typed value; raises `OutOfRange`."""
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            value = self.low - 1
        whole = self.step != int(self.step) or value == int(value)
        if not self.low <= value <= self.high or not whole:
            kind = "number" if self.step != int(self.step) else "whole number"
            raise OutOfRange(
                f"{self.label.capitalize()} is a {kind} from {self.low:.0f} to {self.high:.0f}."
            )
        return value


def sound_dials(snapshot: Snapshot) -> tuple[Dial, ...]:
    """Return the dials of how the song is sounded."""
    song = snapshot.song
    track, groove, key = song.track, song.groove, song.key
    foreign, notes = song.foreign()
    return (
        Dial(
            "tempo", f"{song.tempo:g}", song.tempo, SLOWEST, FASTEST,
            lambda v, gesture: SetTempo(v, gesture),
            "quarter notes a minute",
        ),
        Dial(
            "swing", f"{groove.swing:g} %", groove.swing, STRAIGHT, MOST_SWING,
            lambda v, gesture: SetGroove(swing=v, gesture=gesture),
            "50 even, 66.7 triplets, 75 dotted", step=0.5, coarse=5,
        ),
        Dial(
            "swing of", groove.unit, SWING_UNITS.index(groove.unit), 0, 1,
            lambda v, gesture: SetGroove(unit=SWING_UNITS[int(v)], gesture=gesture),
            "what comes in pairs, long and short", coarse=1, round=True, typed=False,
        ),
        Dial(
            "humanise time", f"±{groove.timing:g} ms", groove.timing, 0, MOST_TIMING,
            lambda v, gesture: SetGroove(timing=v, gesture=gesture),
            "each note early or late by so much", step=0.5, coarse=5,
        ),
        Dial(
            "humanise force", f"±{groove.velocity}", groove.velocity, 0, MOST_VELOCITY,
            lambda v, gesture: SetGroove(velocity=int(v), gesture=gesture),
            "each note louder or softer by so much", coarse=5,
        ),
        Dial(
            "seed", str(groove.seed), groove.seed, 0, LARGEST_SEED,
            lambda v, gesture: SetGroove(seed=int(v), gesture=gesture),
            "each note deviates alike in every turn",
        ),
        Dial(
            "key", TONICS[key.tonic], key.tonic, 0, 11,
            lambda v, gesture: SetKey(tonic=int(v), gesture=gesture),
            "the tonic", coarse=5, round=True, typed=False,
        ),
        Dial(
            "scale", key.scale, _SCALES.index(key.scale), 0, len(_SCALES) - 1,
            lambda v, gesture: SetKey(scale=_SCALES[int(v)], gesture=gesture),
            "between two notes the lower is taken", coarse=4, round=True, typed=False,
        ),
        Dial(
            "lock", "on" if song.lock else "off", int(song.lock), 0, 1,
            lambda v, gesture: SetKey(lock=bool(v), gesture=gesture),
            f"{foreign} of {notes} notes are foreign to the key", coarse=1, round=True, typed=False,
        ),
        Dial(
            "channel", str(track.channel + 1), track.channel + 1, 1, 16,
            lambda v, gesture: SetTrack(channel=int(v) - 1, gesture=gesture),
            "1 to 16; 10 is drums (General MIDI)", coarse=4,
        ),
        Dial(
            "program", str(track.program + 1), track.program + 1, 1, 128,
            lambda v, gesture: SetTrack(program=int(v) - 1, gesture=gesture),
            f"1 to 128, of bank {bank_words(track.bank_msb, track.bank_lsb)}"
            if (track.bank_msb, track.bank_lsb) != (None, None)
            else "1 to 128",
        ),
        Dial(
            "bank MSB", _bank(track.bank_msb), _number(track.bank_msb), NOT_SENT, 127,
            lambda v, gesture: SetBank(_sent(v), track.bank_lsb, gesture),
            "controller 0, before the program",
        ),
        Dial(
            "bank LSB", _bank(track.bank_lsb), _number(track.bank_lsb), NOT_SENT, 127,
            lambda v, gesture: SetBank(track.bank_msb, _sent(v), gesture),
            "controller 32, before the program",
        ),
        Dial(
            "velocity", str(track.velocity), track.velocity, 1, 127,
            lambda v, gesture: SetTrack(velocity=int(v), gesture=gesture),
            "how hard notes are struck",
        ),
    )  # fmt: skip


def lock_words(snapshot: Snapshot) -> str:
    """Describe what the lock constrains, and how many notes of the loop it moves, or would move."""
    song = snapshot.song
    foreign, notes = song.foreign()
    moves = "moves" if song.lock else "would move"
    counted = f"{moves} {foreign} of {notes}"
    return f"Lock: constrains what is sounded, not what is decoded; {counted}."


def modulation_dials(snapshot: Snapshot, dimension: int) -> tuple[Dial, ...]:
    """Return the dials of what a gauge moves; a controller that is taken is passed over."""
    song = snapshot.song
    modulation = modulation_of(song, dimension)
    kind = "nothing" if modulation is None else modulation.kind
    first = Dial(
        "moves", _KIND_WORDS[kind], _KINDS.index(kind), 0, len(_KINDS) - 1,
        lambda v, gesture: _of_kind(song, dimension, _KINDS[int(v)], gesture),
        "at each move, and where slots begin", coarse=1, round=True, typed=False,
    )  # fmt: skip
    if modulation is None:
        return (first,)
    there = modulation

    def part(name: str, value: int, gesture: int) -> Command:
        way = 1 if value >= getattr(there, name) else -1
        changed: dict[str, Any] = {name: value}
        return SetModulation(_free(song, replace(there, **changed), name, way), gesture)

    dials = [
        first,
        Dial(
            "channel", str(there.channel + 1), there.channel + 1, 1, 16,
            lambda v, gesture: part("channel", int(v) - 1, gesture),
            "1 to 16", coarse=4,
        ),
    ]  # fmt: skip
    if there.kind != "bend":
        last = LAST_CONTROL if there.kind == "cc" else LAST_PAIRED
        words = "0 to 119" if there.kind == "cc" else "0 to 31; its low byte goes 32 above"
        dials.append(
            Dial(
                "controller", str(there.number), there.number, 0, last,
                lambda v, gesture: part("number", int(v), gesture),
                f"{words}; 7 volume, 74 brightness"
                if there.kind == "cc" else words,
            )
        )  # fmt: skip
    step = there.most // 127
    for name, words in (("low", "sent at -3"), ("high", "sent at 3; may be below the low end")):
        value = getattr(there, name)
        dials.append(
            Dial(
                name, str(value), value, 0, there.most,
                lambda v, gesture, name=name: part(name, int(v), gesture),  # type: ignore[misc]
                words, coarse=10 * step,
            )
        )  # fmt: skip
    return tuple(dials)


class RouteDials:
    """The dials of a song's routes, one route at a time; the last is one that is yet to be."""

    def __init__(self) -> None:
        self._at = 0

    def dials(self, snapshot: Snapshot) -> tuple[Dial, ...]:
        """Return the dials of the chosen route."""
        routes = snapshot.song.routes
        last = min(len(routes), MOST_ROUTES - 1)
        self._at = min(self._at, last)
        route = routes[self._at] if self._at < len(routes) else None
        which = f"{self._at + 1} of {len(routes)}" if route is not None else "a new one"
        choose = Dial(
            "route", which, self._at, 0, last, self._choose,
            "the melody goes there, too", coarse=1, round=True, typed=False,
        )  # fmt: skip
        ports = _ports(snapshot, route)
        at = 0 if route is None else 1 + ports.index(route.port)
        names = ("nowhere", *(port or "the song's port" for port in ports))

        def to(value: float, gesture: int) -> Command:
            port = ports[int(value) - 1] if value else None
            return self._with(snapshot, _moved(route, port, snapshot.song.track), gesture)

        port = Dial(
            "port", names[at], at, 0, len(ports), to,
            "beside the port of the song", coarse=1, round=True, typed=False,
        )  # fmt: skip
        if route is None:
            return (choose, port)
        there = route

        def part(name: str, value: Any, gesture: int) -> Command:
            changed: dict[str, Any] = {name: value}
            return self._with(snapshot, replace(there, **changed), gesture)

        program = NO_PROGRAM if there.program is None else there.program + 1
        return (
            choose,
            port,
            Dial(
                "channel", str(there.channel + 1), there.channel + 1, 1, 16,
                lambda v, gesture: part("channel", int(v) - 1, gesture),
                "1 to 16", coarse=4,
            ),
            Dial(
                "program", str(program or "not sent"), program, NO_PROGRAM, 128,
                lambda v, gesture: part("program", int(v) - 1 if v else None, gesture),
                "1 to 128, or 0: not sent",
            ),
            Dial(
                "transpose", f"{there.transpose:+d}", there.transpose, -FARTHEST, FARTHEST,
                lambda v, gesture: part("transpose", int(v), gesture),
                "semitones, two octaves either way", coarse=12,
            ),
            Dial(
                "clock", "sent" if there.clock else "not sent", int(there.clock), 0, 1,
                lambda v, gesture: part("clock", bool(v), gesture),
                "the MIDI clock, to a port of its own", coarse=1, round=True, typed=False,
            ),
        )  # fmt: skip

    def foot(self, snapshot: Snapshot) -> str:
        """Describe how the port of the chosen route stands."""
        routes = snapshot.song.routes
        if self._at >= len(routes):
            return f"{len(routes)} of at most {MOST_ROUTES} routes. Choose a port to add one."
        port = routes[self._at].port
        status = dict(snapshot.routed).get(port, snapshot.port)
        name = status.name or port
        words = {
            "open": f"{name} is open.",
            "opening": f"{name} is being opened.",
            "lost": f"{name} has gone; it is taken up again when it returns.",
            "failed": f"{name} is not open: {status.detail}",
            "none": "The song is played to no port now.",
        }
        return words[status.state]

    def _choose(self, value: float, gesture: int) -> None:
        del gesture
        self._at = int(value)

    def _with(self, snapshot: Snapshot, route: Route | None, gesture: int) -> Command:
        routes = list(snapshot.song.routes)
        routes[self._at : self._at + 1] = [] if route is None else [route]
        return SetRoutes(tuple(routes), gesture)


def _moved(route: Route | None, port: str | None, track: Track) -> Route | None:
    if port is None:
        return None
    # On the song's own port a new route is heard an octave above, not twice the same.
    fresh = Route(channel=track.channel, transpose=0 if port else 12)
    return replace(route or fresh, port=port)


def _ports(snapshot: Snapshot, route: Route | None) -> tuple[str, ...]:
    own = snapshot.port.name
    known = [name for name in snapshot.port.known if name != own]
    if route is not None and route.port and route.port not in known:
        known.insert(0, route.port)
    return ("", *known)


def modulation_of(song: Song, dimension: int) -> Modulation | None:
    """Return what a gauge moves."""
    return next((each for each in song.modulations if each.dimension == dimension), None)


def modulation_words(snapshot: Snapshot, dimension: int) -> str:
    """Describe what the gauge sends where it stands."""
    modulation, latent = modulation_of(snapshot.song, dimension), gauges.stands(snapshot)
    if modulation is None:
        return "The gauge moves nothing beside the measure."
    if latent is None or dimension >= len(latent):
        return f"The gauge moves {modulation.name}; without a code the measure sends nothing."
    z = max(-LIMIT, min(LIMIT, latent[dimension]))
    return f"At {z:+.2f} the gauge sends {modulation.at(z)} to {modulation.name}."


def _of_kind(song: Song, dimension: int, kind: str, gesture: int) -> Command:
    if kind == "nothing":
        return RemoveModulation(dimension)
    there = modulation_of(song, dimension)
    channel = song.track.channel if there is None else there.channel
    number = {"cc": FIRST_CONTROL, "cc14": 1, "bend": 0}[kind]
    most = 127 if kind == "cc" else 16_383
    chosen = MODULATION_KINDS[MODULATION_KINDS.index(kind)]
    modulation = Modulation(dimension, chosen, channel, number, 0, most)
    name = "channel" if kind == "bend" else "number"
    return SetModulation(_free(song, modulation, name, 1), gesture)


def _free(song: Song, modulation: Modulation, name: str, way: int) -> Modulation:
    # From a controller that another gauge has it goes on to the next that none has; where all
    # are taken the engine says so.
    others = tuple(each for each in song.modulations if each.dimension != modulation.dimension)
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


def _bank(value: int | None) -> str:
    return "not sent" if value is None else str(value)


def _number(value: int | None) -> int:
    return NOT_SENT if value is None else value


def _sent(value: float) -> int | None:
    return None if value == NOT_SENT else int(value)


Dials = Callable[[Snapshot], Sequence[Dial]]
"""Gives the dials for a snapshot."""
