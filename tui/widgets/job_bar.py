"""The job bar: which model, what the next take will be, and how the one that grows goes on."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len

from engine.protocol.generation import GenerationState, TakeProgressed
from tui.formatting import generation as words
from tui.formatting.text import fitting
from tui.widgets.canvas import Canvas, Picture

Part = tuple[str, str]
"""Words and the component they are drawn with."""


class JobBar(Canvas):
    """Two lines: model and settings; then the job, or how to begin one, and the sound."""

    BINDING_GROUP_TITLE = "Job"
    DEFAULT_CSS = """
    JobBar {
        & > .job--words { color: $foreground; }
        & > .job--quiet { color: $text-quiet; text-style: $style-quiet; }
        & > .job--title { color: $foreground; text-style: bold; }
        & > .job--growing { color: $playing; text-style: bold; }
        & > .job--warning { color: $text-differs; text-style: bold; }
    }
    """

    def __init__(
        self,
        key: Callable[[str], str],
        *,
        id: str | None = None,  # noqa: A002 (Textual's word)
    ) -> None:
        super().__init__(id=id)
        self._key = key
        self._studio = GenerationState()
        self._grown: TakeProgressed | None = None

    def show(self, studio: GenerationState, grown: TakeProgressed | None) -> None:
        """Show the state, and how far the take that grows is (None: nothing told yet)."""
        now = (studio, grown)
        if now != (self._studio, self._grown):
            self._studio, self._grown = now
            self.redraw()

    def plain(self) -> str:
        """Format everything on the lines in words."""
        parts = [*self._model(), (self._next(200), ""), *self._job(), self._sound(200)]
        return ", ".join(part[0] for part in parts if part[0]) + "."

    def paint(self, picture: Picture) -> None:
        """Draw the two lines."""
        x = self._put(picture, 0, self._model())
        text = self._next(picture.width - x - 2)
        picture.put(picture.width - cell_len(text), 0, text, self.style_of("job--words"))
        x = self._put(picture, 1, self._job())
        text, component = self._sound(picture.width - x - 2)
        place = picture.width - cell_len(text)
        picture.put(place, 1, text, self.style_of(f"job--{component}"))

    def _put(self, picture: Picture, y: int, parts: list[Part]) -> int:
        x = 0
        for text, component in parts:
            cut = fitting(picture.width - x, text)
            picture.put(x, y, cut, self.style_of(f"job--{component}"))
            x += cell_len(cut) + 2
        return x

    def _model(self) -> list[Part]:
        model = self._studio.model
        memory = words.memory(model.memory)
        match model.state:
            case "ready":
                return [(fitting(28, model.name), "title"), ("ready", "quiet"), (memory, "quiet")]
            case "loading":
                return [(fitting(28, model.name), "title"), ("loading …", "growing")]
            case "failed":
                return [(fitting(28, model.name), "title"), ("is not there", "warning")]
            case "none":
                return [("no audio model", "quiet")]

    def _next(self, room: int) -> str:
        generation, takes = self._studio.generation, self._studio.takes
        name = words.prompt(generation.prompt, takes)
        head = f"{fitting(24, name)} → {words.seconds(generation.seconds)}"
        short = f"{head} · seed {generation.seed}"
        middle = f"{short} · t {generation.temperature:.3g} · top {generation.top_k}"
        return fitting(room, f"{head} · {words.settings(generation)}", middle, short, head)

    def _job(self) -> list[Part]:
        studio, grown = self._studio, self._grown
        if studio.job is None:
            return [self._idle()]
        head: Part = ("‖ paused", "growing") if studio.paused else ("● growing", "growing")
        if grown is None:
            return [head, ("waits for its first step", "quiet")]
        made, of = grown.seconds - grown.prompt_seconds, grown.of - grown.prompt_seconds
        parts = [
            head,
            (f"step {grown.step} of {grown.steps}", "words"),
            (f"{max(0.0, made):.1f} of {words.seconds(max(0.0, of))}", "words"),
            (f"{grown.rate:.1f} s a second", "quiet"),
        ]
        if not studio.paused:
            parts.append((words.left(grown.left), "words"))
        return parts

    def _idle(self) -> Part:
        model, generation = self._studio.model, self._studio.generation
        match model.state:
            case "loading":
                return model.detail or "The model is being loaded.", "words"
            case "failed":
                return f"{self._key('audio.model')} loads a model", "words"
            case "none":
                return f"{self._key('audio.model')} loads a model", "quiet"
            case "ready":
                what = words.prompt(generation.prompt, self._studio.takes)
                length = words.seconds(generation.seconds)
                does = "makes" if generation.prompt.kind == "nothing" else "continues"
                what = length if generation.prompt.kind == "nothing" else f"{what} by {length}"
                return f"■ resting   {self._key('audio.generate')} {does} {what}", "quiet"

    def _sound(self, room: int) -> Part:
        studio = self._studio
        if studio.sound:
            return fitting(room, f"→ {studio.sound}") if room > 12 else "", "quiet"
        if not studio.silence or room < 8:
            return "", "quiet"
        text = fitting(room, f"no sound: {studio.silence}", "no sound device", "no sound")
        return text, "warning"
