"""The controllers: what is heard of their knobs, pads and keys becomes commands.

Of each target only the latest value is kept and asked for at most `PACE` times a second, so a
knob turned hard costs few decodes, and its last value is always met. All that a controller
moves without a rest between is one gesture, one step of undo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from engine.errors import ArmonicaError, UnknownName
from engine.midi.controllers import map_files
from engine.midi.controllers.bindings import Binding, DeviceMap, device_of, fitting
from engine.midi.controllers.controls import Control, Movement, source
from engine.midi.controllers.learn import Meant, MidiLearner
from engine.midi.controllers.map_files import BadController, MapFile
from engine.midi.controllers.relative_encoders import detected
from engine.midi.controllers.takeover import REST, ControlHold
from engine.midi.controllers.targets import Target
from engine.midi.messages import ExcludeFromThru, MidiReceived, SendFeedback, control_name
from engine.protocol.base import Command, Event
from engine.protocol.devices import (
    Bound,
    CancelLearn,
    ControlLearned,
    ControllersState,
    ControllerState,
    Forget,
    Learn,
    SetBinding,
)
from engine.protocol.generation import GenerationState
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.snapshot import Snapshot
from engine.services.devices import target_commands
from engine.services.devices.controller_port import DevicePort, bound_words

PACE = 50.0
"""How many times a second, at most, values that are moved are asked for."""

MOST_PORTS = 64
"""How many ports are listened to at most."""

SHOWN = 0.05
"""Seconds between two tellings of where the controls stand."""

_MOST_SPARED = 500

_YOUNG = 32
"""How many values of a control that was just learned may still tell how it counts, about."""


class Controllers:
    """Keeps the maps, hears the ports, and gives the commands that their controls mean.

    Where it `lacks_maps`, nothing else is asked of it before `take_maps`.
    ``write`` puts a map into its file, at once or soon after.
    """

    def __init__(
        self,
        tell: Callable[[Event], None],
        draws: Random | None = None,
        write: Callable[[Path, DeviceMap], None] = map_files.write,
    ) -> None:
        self._tell = tell
        self._draws = draws or Random()
        self._write = write
        self._maps: list[MapFile] = []
        self._ports: dict[str, DevicePort] = {}
        self._looked = False
        self._learning: Target | None = None
        self._learner = MidiLearner()
        self._young: tuple[str, Control, list[int]] | None = None
        # By gesture, slot and target: a value is meant for the measure it was turned over.
        self._asked: dict[tuple[int, int, Target], tuple[float, ControlHold]] = {}
        self._ready_at = 0.0
        self._gesture, self._moved_at, self._slot = 0, float("-inf"), -1
        self._told: set[Target] = set()
        self._shown = ControllersState()
        self._stale, self._shown_at = False, 0.0
        self._feed_at: float | None = None
        self._spared: frozenset[str] = frozenset()

    @property
    def shown(self) -> ControllersState:
        """What was told of the controllers last."""
        return self._shown

    def wake(self) -> float | None:
        """Return when `settle` is due next; None while only something new changes anything."""
        times = []
        if self._asked:
            times.append(self._ready_at)
        if self._stale:
            times.append(self._shown_at + SHOWN)
        rest = self._learner.wake() if self._learning is not None else None
        if rest is not None:
            times.append(rest)
        if self._feed_at is not None:
            times.append(self._feed_at)
        return min(times, default=None)

    # Ports

    def lacks_maps(self, inputs: Iterable[str] = ()) -> bool:
        """Return whether the maps are to be read before anything else: again when a port comes."""
        return not self._looked or any(name not in self._ports for name in inputs)

    def take_maps(self, maps: Sequence[MapFile], wrong: Iterable[BadController]) -> None:
        """Take the maps that were read, and tell what is wrong with those that were not."""
        self._looked = True
        self._maps = list(maps)
        for error in wrong:
            self._tell(Notice(error.line(), "warning"))

    def knows(self, port: str) -> bool:
        """Return whether a port has its map."""
        return port in self._ports

    def seen(self, inputs: Iterable[str]) -> None:
        """Take which ports can be heard, once the maps are there."""
        names = tuple(inputs)
        for port in self._ports.values():
            port.here = port.name in names
            if not port.here:
                # Whatever it stands at when it comes back, it is told.
                port.fed.clear()
        new = [name for name in names if name not in self._ports]
        for name in new[: MOST_PORTS - len(self._ports)]:
            self._open(name)
        self._show()

    def _open(self, name: str) -> DevicePort:
        maps = [each.map for each in self._maps]
        found = fitting(name, maps)
        file = next((each for each in self._maps if each.map is found), None)
        device = device_of(name)
        file = file or MapFile(map_files.own_file(device), DeviceMap(device))
        port = self._ports[name] = DevicePort(name, file)
        port.use_map(file)
        port.attend(bare=self._learning is not None)
        for words in file.map.clashes():
            self._tell(Notice(f"{file.path.name}: {words}", "warning"))
        return port

    # What is heard

    def on_message(
        self, heard: MidiReceived, shown: Snapshot, studio: GenerationState
    ) -> Command | None:
        """Take a message; give the command of a press, and keep what is moved for `settle`."""
        port = self._ports.get(heard.port)
        if port is None:
            if len(self._ports) >= MOST_PORTS:
                return None
            port = self._open(heard.port)
        self._amend(port, heard.data)
        moved = port.reader.read(heard.at, heard.data)
        if moved is None:
            return None
        if self._learning is not None:
            meant = self._learner.receive(port.name, moved)
            if meant is not None:
                self._learn(meant, moved)
            return None
        hand = port.hands.get(moved.control)
        if hand is None:
            return None
        self._stale = True
        port.touch(moved)
        if not hand.binding.target.sort.pressed:
            self._turn(hand, moved, shown, studio)
            return None
        if not hand.press(moved):
            return None
        try:
            return target_commands.pressed(hand.binding.target, shown, studio, self._draws)
        except ArmonicaError as error:
            self._tell(CommandFailed.of(error))
            return None

    def _turn(
        self, hand: ControlHold, moved: Movement, shown: Snapshot, studio: GenerationState
    ) -> None:
        if moved.at - self._moved_at > REST or self._slot != shown.selected:
            self._gesture -= 1
            self._slot = shown.selected
            self._told.clear()
        self._moved_at = moved.at
        target = hand.binding.target
        reason = target_commands.lack(target, shown, studio)
        present = target_commands.present(target, shown, studio)
        if reason and target not in self._told:
            self._told.add(target)
            self._tell(Notice(reason))
        if reason or present is None:
            # It only says where it stands, so that nothing jumps when it can be moved.
            hand.place = moved.value if moved.steps is None else None
            return
        value = hand.move(moved, present)
        if value is not None:
            self._asked[self._gesture, self._slot, target] = (value, hand)

    def settle(self, now: float, shown: Snapshot) -> list[Command]:
        """Return the commands for what was moved since, when it is their time."""
        if self._learning is not None and (meant := self._learner.rest(now)) is not None:
            self._learn(meant, None)
        asked: list[Command] = []
        if self._asked and now >= self._ready_at:
            self._ready_at = now + 1 / PACE
            values: dict[tuple[int, int], dict[Target, float]] = {}
            for (gesture, slot, target), (value, hand) in self._asked.items():
                hand.gave(value)
                values.setdefault((gesture, slot), {})[target] = value
            self._asked.clear()
            for (gesture, slot), moved in values.items():
                asked += target_commands.moves(moved, shown, slot, gesture)
        if self._stale and now >= self._shown_at + SHOWN:
            self._shown_at = now
            self._show()
        return asked

    def owns(self, heard: MidiReceived) -> bool:
        """Return whether a message moves something here, so that it is no playing."""
        return heard.data[0] < 0xF0 and control_name(heard.port, heard.data) in self._spared

    def spare(self) -> list[ExcludeFromThru]:
        """Return what the player is told to keep from the instrument, where that has changed."""
        # Only few can be meant for an instrument at all, and a line to the player is not endless.
        spared = frozenset(
            control_name(port.name, data)
            for port in self._ports.values()
            for control in port.hands
            if (data := source(control))
        )
        if spared == self._spared:
            return []
        self._spared = spared
        return [ExcludeFromThru(tuple(sorted(spared))[:_MOST_SPARED])]

    def feed(self, now: float, shown: Snapshot, studio: GenerationState) -> list[SendFeedback]:
        """Return what devices that listen are told of values that have changed elsewhere."""
        feeds: list[SendFeedback] = []
        self._feed_at = None
        for port in self._ports.values():
            if port.here and port.file.map.feedback:
                told, again = port.feed(now, shown, studio)
                feeds += told
                if again is not None:
                    self._feed_at = again if self._feed_at is None else min(self._feed_at, again)
        return feeds

    # Learning

    def handle(self, command: Learn | CancelLearn | Forget | SetBinding) -> None:
        """Handle a command about the maps; raise an `ArmonicaError` where it cannot."""
        match command:
            case Learn(target):
                self._arm(target)
            case CancelLearn():
                self._arm(None)
            case Forget(target, device):
                self._forget(target, device)
            case SetBinding(device, binding):
                file = self._own(self._file(device))
                self._store(file, file.map.with_binding(binding)[0])
        self._show()

    def _arm(self, target: Target | None) -> None:
        self._learning = target
        self._learner, self._young = MidiLearner(), None
        for port in self._ports.values():
            port.attend(bare=target is not None)

    def _learn(self, meant: Meant, moved: Movement | None) -> None:
        assert self._learning is not None
        target, port = self._learning, self._ports[meant.port]
        old = next((each for each in port.file.map.bindings if each.target == target), None)
        usual = Binding(meant.control, target)
        binding = replace(old or usual, control=meant.control, encoding=meant.encoding)
        self._arm(None)
        try:
            gone = self._bind(port, binding)
        except ArmonicaError as error:
            self._tell(CommandFailed.of(error))
            self._show()
            return
        hand = port.hands[meant.control]
        if meant.encoding == "absolute" and moved is not None:
            hand.place = moved.value
        if meant.control.kind == "cc":
            self._young = (port.name, meant.control, list(meant.values))
        self._show()
        self._tell(ControlLearned(port.file.map.device, binding, gone))
        self._tell(Notice(" ".join(bound_words(port, binding, gone, self._ports.values()))))

    def _bind(self, port: DevicePort, binding: Binding) -> tuple[Binding, ...]:
        file = self._own(port.file, device_of(port.name))
        changed, gone = file.map.with_binding(binding)
        self._store(file, changed, port)
        return gone

    def _amend(self, port: DevicePort, data: bytes) -> None:
        """Settle how a control that was just learned counts by its next values."""
        if self._young is None or len(data) != 3:
            return
        name, control, values = self._young
        if port.name != name or (data[0], data[1]) != (0xB0 | control.channel, control.number):
            return
        values.append(data[2])
        hand = port.hands.get(control)
        if hand is None or len(values) > 2 * _YOUNG:
            self._young = None
            return
        encoding = detected(values)
        if encoding is not None and encoding != hand.binding.encoding:
            try:
                self._bind(port, replace(hand.binding, encoding=encoding))
            except ArmonicaError as error:
                self._tell(CommandFailed.of(error))

    def _forget(self, target: Target, device: str) -> None:
        files = [self._file(device)] if device else self._files()
        bound = [each for each in files if each.map.without(target) != each.map]
        if not bound:
            self._tell(Notice(f"No control moves {target.label}."))
        for file in map(self._own, bound):
            self._store(file, file.map.without(target))

    # Maps

    def _files(self) -> list[MapFile]:
        used = [port.file for port in self._ports.values()]
        own = [each for each in self._maps if not each.shipped]
        return list({each.path: each for each in (*own, *used)}.values())

    def _file(self, device: str) -> MapFile:
        files = {each.map.device: each for each in self._files()}
        if device not in files:
            raise UnknownName("controller", device, files)
        return files[device]

    def _own(self, file: MapFile, device: str = "") -> MapFile:
        """Return the map that is written to, for a device (empty: for those that it is for).

        A map that ships, or is for other devices too, stays as it is: a copy is written.
        """
        device = device or file.map.device
        if not file.shipped and file.map.device.casefold() == device.casefold():
            return file
        note = f"Begun from {file.path.name}." if file.map.bindings else ""
        copy = replace(file.map, device=device, note=note)
        return MapFile(map_files.own_file(device), copy)

    def _store(self, file: MapFile, changed: DeviceMap, port: DevicePort | None = None) -> None:
        kept = MapFile(file.path, changed)
        self._write(file.path, changed)
        self._maps = [kept, *(each for each in self._maps if each.path != file.path)]
        maps = [each.map for each in self._maps]
        for each in self._ports.values():
            found = fitting(each.name, maps)
            if each is port or each.file.path == file.path or found is changed:
                each.use_map(kept)
                each.attend(bare=self._learning is not None)

    def _show(self) -> None:
        self._stale = False
        devices = [
            ControllerState(
                port.file.map.device,
                port.name if port.here else "",
                str(port.file.path),
                port.file.shipped,
                port.file.map.note,
                tuple(
                    Bound(each, hand.place, hand.held)
                    for each in port.file.map.bindings
                    if (hand := port.hands[each.control]).binding == each
                ),
            )
            for port in self._ports.values()
        ]
        used = {port.file.path for port in self._ports.values()}
        devices += [
            ControllerState(
                each.map.device, "", str(each.path), False, each.map.note,
                tuple(Bound(binding) for binding in each.map.bindings),
            )
            for each in self._maps
            if not each.shipped and each.path not in used
        ]  # fmt: skip
        told = ControllersState(tuple(devices), self._learning)
        if told != self._shown:
            self._shown = told
            self._tell(told)
