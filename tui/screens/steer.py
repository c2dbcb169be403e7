"""The steer screen: traits and their meters, the take that grows, and the takes there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.geometry import Region
from textual.widget import Widget

from engine.protocol.analysis import InfluenceFound
from engine.protocol.base import Event
from engine.protocol.devices import ControllersState
from engine.protocol.generation import (
    PEAKS,
    GenerationState,
    NudgePlayback,
    OpenAudioModel,
    PlaybackMoved,
    PlayTake,
    Take,
    TakeProgressed,
    Trait,
    TraitResult,
)
from tui.action_tables.action import Place
from tui.actions.steer import HANDLERS, push_by
from tui.formatting import generation
from tui.keymap import Keymap
from tui.layouts.steer import steering
from tui.screens.base import SessionScreen
from tui.session import Session
from tui.view_models.meter_history import Growth
from tui.widgets.job_bar import JobBar
from tui.widgets.nearest_match import NearestLine
from tui.widgets.takes_list import TakesList
from tui.widgets.trait_rows import TraitRow, TraitRows
from tui.widgets.waveform import Wave, Waveform


class SteerScreen(SessionScreen):
    """Shows the engine's studio and turns what the user does into commands."""

    PLACE: ClassVar[Place] = "steer"
    HANDLERS = HANDLERS
    SHOWS = (
        GenerationState,
        TakeProgressed,
        PlaybackMoved,
        InfluenceFound,
        ControllersState,
    )
    AUTO_FOCUS = "#traits"

    def __init__(self, session: Session, keymap: Keymap) -> None:
        super().__init__(session, keymap)
        self.takes = session.takes
        self.growth = Growth()
        self.chosen = 0
        self._grew = session.studio.growing

    def parts(self) -> Iterable[Widget]:
        """Return the parts of this screen, from the top."""
        return (
            JobBar(self.keymap.label, id="job"),
            TraitRows(id="traits"),
            Waveform(id="wave"),
            NearestLine(id="nearest"),
            TakesList(id="takes"),
        )

    def on_mount(self) -> None:
        """Draw what is known, and have the model loaded if none is."""
        self.session.ask_about_take()
        if self.session.studio.model.state == "none":
            self.session.send(OpenAudioModel())

    def regions(self, width: int, height: int) -> dict[str, Region]:
        """Return the place of each part that is in sight."""
        return steering(width, height)

    # What the parts need to know

    @property
    def held(self) -> str:
        """The part that is held."""
        focused = self.focused
        return "takes" if focused is not None and focused.id == "takes" else "traits"

    def hold(self, part: str) -> None:
        """Go to a part of the screen."""
        self.query_one(f"#{part}").focus()

    @property
    def trait(self) -> Trait | None:
        """The chosen trait, if there are any."""
        traits = self.session.studio.traits
        return traits[min(self.chosen, len(traits) - 1)] if traits else None

    def choose(self, index: int) -> None:
        """Choose a trait by its place, the nearest there is."""
        self.chosen = max(0, min(len(self.session.studio.traits) - 1, index))
        self._draw_traits()

    def finished_take(self) -> Take | None:
        """Return the chosen take, or say why there is none to do something with."""
        take = self.takes.chosen
        if take is None and self.takes.grows is not None:
            key = self.keymap.label("audio.cancel")
            self.show_message(f"It still grows; {key} ends it and keeps what is there.")
        elif take is None:
            self.show_message(
                f"There is no take yet; {self.keymap.label('audio.generate')} makes one."
            )
        return take

    def choose_take(self, take: str) -> None:
        """Choose a take by its id, if it is in the list."""
        self.session.choose_take(take)
        self._draw_takes()

    def choose_take_by(self, by: int) -> None:
        """Choose a take further down or up the list."""
        self.session.choose_take_by(by)
        self._draw_takes()

    def play(self, take: str, at: float) -> None:
        """Play a take from a place, and choose it."""
        self.choose_take(take)
        self.session.send(
            PlayTake(None if take == self.takes.grows else take, round(max(0.0, at), 3))
        )

    def seek(self, by: float) -> None:
        """Go on or back in the chosen take, also while it plays."""
        if self.takes.plays:
            self.session.send(NudgePlayback(by))
        else:
            self.go_to(self.takes.position + by)

    def go_to(self, at: float) -> None:
        """Go to a place in the chosen take, in seconds."""
        at = self._in_take(at)
        self.takes.leave(at)
        if self.takes.id is not None and self.takes.plays:
            self.play(self.takes.id, at)
        self._draw_place()

    def _in_take(self, at: float) -> float:
        take, grown = self.takes.chosen, self.growth.last
        length = take.seconds if take is not None else grown.seconds if grown is not None else 0.0
        return max(0.0, min(max(0.0, length - 0.05), at))

    # From the engine

    def show(self, event: Event) -> None:
        """Show what the engine tells."""
        match event:
            case GenerationState():
                if event.job is not None:
                    self._grew = event.growing
                self.draw()
            case TakeProgressed():
                self.growth.add(event)
                if self.drawn:
                    self._draw_traits()
                    self._draw_job()
                    self._draw_wave()
            case PlaybackMoved():
                if self.drawn:
                    self._draw_place()
            case InfluenceFound():
                if self.drawn:
                    self._draw_nearest()
            case ControllersState():
                if self.drawn:
                    self._draw_traits()
            case _:
                pass

    def draw(self) -> None:
        """Draw everything; parts that show it already do nothing."""
        if self.drawn:
            self._draw_transport()
            self._draw_job()
            self._draw_traits()
            self._draw_takes()

    def _draw_job(self) -> None:
        self.query_one(JobBar).show(self.session.studio, self._growing)

    @property
    def _growing(self) -> TakeProgressed | None:
        last = self.growth.last
        return last if last is not None and last.job == self.session.studio.job else None

    def _draw_traits(self) -> None:
        rows, live = self.query_one(TraitRows), self._growing is not None
        bound = {
            each.binding.target.name
            for device in self.session.controls.devices
            if device.port
            for each in device.bindings
            if each.binding.target.sort.named == "trait"
        }
        results = {} if live else self._results()
        readings = tuple(
            TraitRow(
                trait,
                self.growth.meter(trait.name),
                self.growth.columns(trait.name, rows.history_width),
                self.growth.pushes(trait.name),
                live,
                trait.name in bound,
                results.get(trait.name),
            )
            for trait in self.session.studio.traits
        )
        chosen = max(0, min(self.chosen, len(readings) - 1))
        rows.show(readings, chosen, self._instead())

    def _results(self) -> dict[str, TraitResult]:
        made = next((take for take in self.session.studio.takes if take.id == self._grew), None)
        return {} if made is None else {each.name: each for each in made.results}

    def _instead(self) -> str:
        model, key = self.session.studio.model, self.keymap.label("audio.model")
        match model.state:
            case "loading":
                return "Traits and their meters stand here as soon as the model is there."
            case "failed":
                return f"{model.detail} All else works meanwhile."
            case "none":
                return f"No audio model is loaded. {key} loads one."
            case "ready":
                return (
                    f"There is no probe for {model.name}: it continues, but nothing is steered. "
                    "armonica probes train NAME --with FOLDER --without FOLDER makes a trait of "
                    "your own audio."
                )

    def _draw_takes(self) -> None:
        growing = None
        if self.takes.grows is not None:
            growing = (
                self.takes.grows,
                f"the take that {'is held' if self.session.studio.paused else 'grows'}",
            )
        shown = self.query_one(TakesList)
        shown.show(self.takes.listed, growing, self.takes.id, self.session.studio.playing)
        self._draw_wave()
        self._draw_nearest()

    def _draw_nearest(self) -> None:
        inquiry = self.session.inquiry
        if inquiry.take is not None:
            instead = "Looking among the training clips …"
        elif self.session.studio.job is not None:
            instead = "What a take is similar to is looked for when none grows."
        else:
            instead = "What a take is similar to in the training clips stands here."
        self.query_one(NearestLine).show(
            inquiry.answer("take"), stale=inquiry.stale("take"), instead=instead
        )

    def _draw_wave(self) -> None:
        self.query_one(Waveform).show(self._wave())
        self._draw_place()

    def _wave(self) -> Wave:
        take, grown = self.takes.chosen, self._growing
        if take is not None:
            given, length = take.prompt_seconds, take.seconds
            columns = len(take.peaks)
            return Wave(take.title, self._about(take), take.peaks, length, given, length, columns)
        if self.takes.grows is None:
            return Wave("", "The wave of the take that is made or chosen stands here.")
        if grown is None:
            return Wave("growing")
        given, length = grown.prompt_seconds, grown.seconds
        return Wave("growing", "", grown.peaks, length, given, grown.of, PEAKS, True)

    def _about(self, take: Take) -> str:
        parts = [f"{take.model}, seed {take.seed}, {take.arm}" if take.pushed
                 else f"{take.model}, seed {take.seed}, not steered"]  # fmt: skip
        if take.parent is not None:
            parts.append(f"from {generation.name_of(take.parent, self.session.studio.takes)}")
        return " · ".join(parts)

    def _draw_place(self) -> None:
        plays, at = self.takes.plays, self.takes.position
        self.query_one(Waveform).play(at if plays or at else None, plays)

    # What the user does

    @on(TraitRows.Chosen)
    def _on_trait_chosen(self, message: TraitRows.Chosen) -> None:
        self.hold("traits")
        self.choose(message.index)

    @on(TraitRows.Rolled)
    def _on_trait_rolled(self, message: TraitRows.Rolled) -> None:
        self.choose(message.index)
        push_by(self, message.steps * 0.25, message.steps * 0.02)

    @on(TakesList.Chosen)
    def _on_take_chosen(self, message: TakesList.Chosen) -> None:
        self.hold("takes")
        self.choose_take(message.take)

    @on(Waveform.Pointed)
    def _on_wave_pointed(self, message: Waveform.Pointed) -> None:
        self.go_to(message.at)
