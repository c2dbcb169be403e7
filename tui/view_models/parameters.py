"""What a sheet of dials shows and turns: how a song is sounded, and what a gauge moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.errors import OutOfRange
from engine.latent.spec import LIMIT
from engine.music.accompaniment.style import GAUGE_WORDS, RULE_GAUGES, STYLES, gauge_word
from engine.music.general_midi import program_named
from engine.music.routes import MOST_ROUTES
from engine.music.scales import TONICS
from engine.music.track import Track, bank_words
from engine.protocol.base import Command
from engine.protocol.parameters import (
    Number,
    accompaniment_numbers,
    modulation_numbers,
    modulation_of,
    route_numbers,
    route_ports,
    song_numbers,
)
from engine.protocol.snapshot import Snapshot
from engine.protocol.tracks import (
    AccompanimentPart,
    ModulationPart,
    Nudge,
    NudgeAccompaniment,
    NudgeModulation,
    NudgeRoute,
    Parameter,
    RoutePart,
)
from tui.formatting.tracks import pan_words
from tui.view_models import gauges

_KIND_WORDS = {
    "nothing": "no controller",
    "cc": "a controller",
    "cc14": "a controller of 14 bits",
    "bend": "pitch bend",
}

Turn = Callable[[float, int], Command | None]
"""Makes the command that moves a number by so much in a gesture; None: it moves the sheet."""


@dataclass(frozen=True)
class Dial:
    """One line: its label, what it shows, and what turning it by steps or typing asks for.

    ``number`` is where it stands and how it is set (None: it moves the sheet alone), ``turn``
    how it is moved from there. ``words`` say what it means.
    """

    label: str
    shown: str
    number: Number | None
    turn: Turn
    words: str = ""

    def turned(self, steps: int, coarse: bool, gesture: int) -> Command | None:
        """Return the command that turns it by some steps."""
        number = self.number
        size = 1.0 if number is None else number.coarse if coarse else number.step
        return self.turn(steps * size, gesture)


def read(label: str, number: Number, text: str) -> float:
    """Read a typed value; raises `OutOfRange`."""
    if label == "program" and not text.strip().lstrip("-").isdecimal():
        return program_named(text) + 1
    fine = number.step != int(number.step)
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = number.low - 1
    if not number.low <= value <= number.high or not (fine or value == int(value)):
        kind = "number" if fine else "whole number"
        reach = f"from {number.low:.0f} to {number.high:.0f}"
        raise OutOfRange(f"{label.capitalize()} is a {kind} {reach}.")
    return value


def sound_dials(snapshot: Snapshot) -> tuple[Dial, ...]:
    """Return the dials of how the song is sounded."""
    song, track = snapshot.song, snapshot.row
    groove, key = track.groove, song.key
    numbers = song_numbers(song, snapshot.track)
    foreign, notes = song.foreign(snapshot.track)

    def dial(label: str, name: Parameter, shown: str, words: str) -> Dial:
        def turn(by: float, gesture: int) -> Command:
            return Nudge(name, by, gesture)

        return Dial(label, shown, numbers[name], turn, words)

    banked = (track.bank_msb, track.bank_lsb) != (None, None)
    bank = f", of bank {bank_words(track.bank_msb, track.bank_lsb)}" if banked else ""
    return (
        dial("tempo", "tempo", f"{song.tempo:g}", "quarter notes a minute"),
        dial("swing", "swing", f"{groove.swing:g} %", "50 even, 66.7 triplets, 75 dotted"),
        dial("swing of", "unit", groove.unit, "what comes in pairs, long and short"),
        dial("humanise time", "timing", f"±{groove.timing:g} ms",
             "each note early or late by so much"),
        dial("humanise force", "force", f"±{groove.velocity}",
             "each note louder or softer by so much"),
        dial("seed", "seed", str(groove.seed), "each note deviates alike in every turn"),
        dial("key", "tonic", TONICS[key.tonic], "the tonic"),
        dial("scale", "scale", key.scale, "between two notes the lower is taken"),
        dial("lock", "lock", "on" if song.lock else "off",
             f"{foreign} of {notes} notes are foreign to the key"),
        dial("lock follows", "follow", "chords" if song.follow else "key",
             "chords: their notes are let be, too"),
        dial("channel", "channel", str(track.channel + 1), "1 to 16; 10 is drums (General MIDI)"),
        dial("program", "program", str(track.program + 1), f"1 to 128{bank}"),
        dial("bank MSB", "bank-msb", _bank(track.bank_msb), "controller 0, before the program"),
        dial("bank LSB", "bank-lsb", _bank(track.bank_lsb), "controller 32, before the program"),
        dial("velocity", "velocity", str(track.velocity), "how hard notes are struck"),
        dial("level", "level", _bank(track.level), "controller 7, after the program"),
        dial("pan", "pan", pan_words(track.pan), "controller 10, left to right"),
        dial("octave", "octave", f"{track.octave:+d}",
             "so many octaves up or down"),
        dial("transpose", "transpose", f"{track.transpose:+d}",
             "so many semitones, as heard"),
        *_rule_dials(track),
    )  # fmt: skip


def _rule_dials(track: Track) -> tuple[Dial, ...]:
    """Return the dials of the rule that plays a track, for kinds that one plays."""
    if track.kind not in STYLES:
        return ()
    rule = track.accompaniment

    def turn(part: AccompanimentPart) -> Turn:
        return lambda by, gesture: NudgeAccompaniment(part, by, gesture)

    style = "none" if rule is None else rule.style
    dials = [Dial("by rule", style, None, turn("style"), "what plays the empty measures")]
    if rule is None:
        return tuple(dials)
    numbers = accompaniment_numbers(rule)
    for part in RULE_GAUGES:
        value = numbers[part].value
        low, _, high = GAUGE_WORDS[part]
        words = f"0 {low}, 1 {high}; now {gauge_word(part, value)}"
        dials.append(Dial(part, f"{value:.2f}", numbers[part], turn(part), words))
    return tuple(dials)


def lock_words(snapshot: Snapshot) -> str:
    """Describe what the lock constrains, and how many notes of the loop it moves, or would move."""
    song = snapshot.song
    foreign, notes = song.foreign(snapshot.track)
    moves = "moves" if song.lock else "would move"
    counted = f"{moves} {foreign} of {notes}"
    return f"Lock: constrains what is sounded, not what is decoded; {counted}."


def modulation_dials(snapshot: Snapshot, dimension: int) -> tuple[Dial, ...]:
    """Return the dials of what a gauge moves; a controller that is taken is passed over."""
    there = modulation_of(snapshot.row, dimension)
    numbers = modulation_numbers(snapshot.row, dimension)

    def dial(label: str, part: ModulationPart, shown: str, words: str) -> Dial:
        def turn(by: float, gesture: int) -> Command:
            return NudgeModulation(dimension, part, by, gesture)

        return Dial(label, shown, numbers[part], turn, words)

    kind = _KIND_WORDS["nothing" if there is None else there.kind]
    first = dial("moves", "kind", kind, "at each move, and where slots begin")
    if there is None:
        return (first,)
    controls = {"cc": "0 to 119; 7 volume, 74 brightness",
                "cc14": "0 to 31; its low byte goes 32 above"}  # fmt: skip
    return (
        first,
        dial("channel", "channel", str(there.channel + 1), "1 to 16"),
        *(
            dial("controller", "number", str(there.number), words)
            for words in (controls.get(there.kind),)
            if words is not None
        ),
        dial("low", "low", str(there.low), "sent at -3"),
        dial("high", "high", str(there.high), "sent at 3; may be below the low end"),
    )


class RouteDials:
    """The dials of a song's routes, one route at a time; the last is one that is yet to be."""

    def __init__(self) -> None:
        self._at = 0

    def dials(self, snapshot: Snapshot) -> tuple[Dial, ...]:
        """Return the dials of the chosen route."""
        track = snapshot.row
        last = min(len(track.routes), MOST_ROUTES - 1)
        self._at = at = min(self._at, last)
        there = track.routes[at] if at < len(track.routes) else None
        known = snapshot.port.others
        numbers = route_numbers(track, at, known)

        def dial(label: str, part: RoutePart, shown: str, words: str) -> Dial:
            def turn(by: float, gesture: int) -> Command:
                return NudgeRoute(at, part, by, gesture)

            return Dial(label, shown, numbers[part], turn, words)

        def choose(by: float, gesture: int) -> None:
            del gesture
            self._at = (at + int(by)) % (last + 1)

        which = f"{at + 1} of {len(track.routes)}" if there is not None else "a new one"
        ports = ("nowhere", *(port or "the song's port" for port in route_ports(there, known)))
        first = (
            Dial("route", which, None, choose, "the melody goes there, too"),
            dial("port", "port", ports[int(numbers["port"].value)],
                 "beside the port of the song"),
        )  # fmt: skip
        if there is None:
            return first
        program = "not sent" if there.program is None else str(there.program + 1)
        return (
            *first,
            dial("channel", "channel", str(there.channel + 1), "1 to 16"),
            dial("program", "program", program, "1 to 128, or 0: not sent"),
            dial("transpose", "transpose", f"{there.transpose:+d}",
                 "semitones, two octaves either way"),
            dial("clock", "clock", "sent" if there.clock else "not sent",
                 "the MIDI clock, to a port of its own"),
        )  # fmt: skip

    def foot(self, snapshot: Snapshot) -> str:
        """Describe how the port of the chosen route stands."""
        routes = snapshot.row.routes
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


def modulation_words(snapshot: Snapshot, dimension: int) -> str:
    """Describe what the gauge sends where it stands."""
    modulation, latent = modulation_of(snapshot.row, dimension), gauges.shown_code(snapshot)
    if modulation is None:
        return "The gauge moves nothing beside the measure."
    if latent is None or dimension >= len(latent):
        return f"The gauge moves {modulation.name}; without a code the measure sends nothing."
    z = max(-LIMIT, min(LIMIT, latent[dimension]))
    return f"At {z:+.2f} the gauge sends {modulation.at(z)} to {modulation.name}."


def _bank(value: int | None) -> str:
    return "not sent" if value is None else str(value)


Dials = Callable[[Snapshot], Sequence[Dial]]
"""Gives the dials for a snapshot."""
