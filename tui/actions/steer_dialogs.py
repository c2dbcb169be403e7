"""What each action of the steer screen does that has to ask something first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.locations import meant
from engine.protocol.base import Command, Event, with_request
from engine.protocol.generation import (
    GenerationState,
    OpenAudioModel,
    Prompt,
    RemoveTake,
    SaveTake,
    SetGeneration,
    SetTrait,
)
from engine.steering.spec import LONGEST, SHORTEST
from tui.actions.everywhere_dialogs import ask_path
from tui.actions.host import SteerView
from tui.actions.registry import Registry
from tui.dialogs.choice import Choice
from tui.dialogs.form import Field, Form, number, whole, words
from tui.formatting import generation as steer_words

STRONGEST = 10.0
SEEDS = 2**31 - 1


class PromptForm(Form):
    """Asks for a file to continue, and closes when it is what the next take continues."""

    def __init__(self, ask: Callable[[Prompt], Command], path: str) -> None:
        hint = "A WAV, FLAC or MIDI file; ~ is your home, and a name alone lies here."
        self._prompt: Prompt | None = None

        def asking(values: tuple[Any, ...], _again: Command | None) -> Command:
            self._prompt = Prompt("file", str(meant(values[0])))
            return ask(self._prompt)

        super().__init__("Continue a file", [Field("file", path, words("A path"), hint)],
                         asking=asking)  # fmt: skip

    def on_engine_event(self, event: Event) -> bool:
        """Close when the file was taken, and say why where it was not."""
        accepted = isinstance(event, GenerationState) and event.generation.prompt == self._prompt
        if accepted and self._prompt is not None:
            self._prompt = None
            self.dismiss(None)
            return False
        return super().on_engine_event(event)


def _type_push(view: SteerView) -> None:
    trait = view.trait
    if trait is None:
        return
    name = trait.name
    if trait.arm == "closed-loop":
        hint = "From 0 to 1: how sure the meter is to be of what is asked for."
        field = Field("target", f"{trait.target:g}", number(0, 1, "A target"), hint)
    else:
        hint = f"From 0 to 10, in spreads of the probe's examples; {trait.advised:.3g} is advised."
        field = Field("strength", f"{trait.strength:g}", number(0, STRONGEST, "A strength"), hint)

    def apply(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            loop = trait.arm == "closed-loop"
            view.session.gestures.end()
            view.session.send(SetTrait(name, target=values[0]) if loop
                        else SetTrait(name, strength=values[0]))  # fmt: skip

    view.app.push_screen(Form(f"How hard {name} is pushed", [field]), apply)


def _settings(view: SteerView) -> None:
    generation, spec = view.session.studio.generation, view.session.studio.model.spec
    fields = [
        Field("seconds", f"{generation.seconds:g}", number(SHORTEST, LONGEST, "A length"),
              "The length of what is added to the prompt."),
        Field("seed", str(generation.seed), whole(0, SEEDS, "A seed"),
              "The same seed and settings make the same take again."),
        Field("temperature", f"{generation.temperature:g}", number(0, 5, "A temperature"),
              "How freely it draws: 0 always takes the likeliest, 0.9 is usual."),
        Field("top-k", str(generation.top_k), whole(0, 100_000, "Top-k"),
              "From how many of the likeliest codes it draws; 0: from all."),
    ]  # fmt: skip
    takes_text = spec is not None and spec.text
    if takes_text:
        fields.append(Field("text", generation.text, str, "A description, or nothing."))

    def apply(values: tuple[Any, ...] | None) -> None:
        if values is None:
            return
        view.session.gestures.end()
        seconds, seed, temperature, top_k, *text = values
        view.session.send(
            SetGeneration(
                seconds=seconds,
                seed=seed,
                temperature=temperature,
                top_k=top_k,
                text=text[0] if text else None,
            )
        )

    view.app.push_screen(Form("The next take", fields), apply)


def _prompt(view: SteerView) -> None:
    take = view.session.takes.chosen
    prompts = [Prompt("song")]
    lines = [f"the song: {view.session.shown.song.title}"]
    if take is not None:
        prompts.append(Prompt("take", take.id))
        lines.append(f"the take: {take.title}")
    lines += ["a file …", "nothing: begin from silence"]
    now = view.session.studio.generation.prompt
    kinds = [*(prompt.kind for prompt in prompts), "file", "nothing"]

    def choose(at: int | None) -> None:
        if at is None:
            return
        if kinds[at] == "file":
            _file(view)
        else:
            chosen = prompts[at] if at < len(prompts) else Prompt("nothing")
            view.session.send(SetGeneration(prompt=chosen))

    at = kinds.index(now.kind) if now.kind in kinds else 0
    view.app.push_screen(Choice("What is continued", lines, at), choose)


def _file(view: SteerView) -> None:
    now = view.session.studio.generation.prompt

    def ask(prompt: Prompt) -> Command:
        command = with_request(SetGeneration(prompt=prompt))
        view.session.send(command)
        return command

    view.app.push_screen(PromptForm(ask, now.which if now.kind == "file" else ""))


def _model(view: SteerView) -> None:
    name = view.session.studio.model.name or "tiny"
    hint = "tiny, facebook/musicgen-small (or -medium, -large, -melody), or a folder."

    def apply(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            view.session.send(OpenAudioModel(values[0]))

    field = Field("model", name, words("A model"), hint)
    view.app.push_screen(Form("Audio model", [field]), apply)


def _save(view: SteerView) -> None:
    take = view.finished_take()
    if take is None:
        return
    ident = take.id
    ask_path(
        view,
        "Save the take and its recipe as",
        ".wav",
        lambda path: SaveTake(ident, path),
        name=take.title,
    )


def _remove(view: SteerView) -> None:
    take = view.finished_take()
    if take is None:
        return
    ident = take.id

    def choose(at: int | None) -> None:
        if at == 1:
            view.session.send(RemoveTake(ident))

    warning = f"{take.title}, {steer_words.seconds(take.seconds)}: this cannot be taken back."
    lines = ["keep it", "remove it and its files"]
    view.app.push_screen(Choice("Remove a take", lines, 0, warning), choose)


HANDLERS: Registry[SteerView] = Registry(
    {
        "trait.type": _type_push,
        "audio.settings": _settings,
        "audio.prompt": _prompt,
        "audio.file": _file,
        "audio.model": _model,
        "take.save": _save,
        "take.remove": _remove,
    }
)
"""The handlers, by action id."""
