"""The one mutable state: a command goes in, events come out, and a snapshot shows the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.errors import ArmonicaError, NotReady, OutOfRange
from engine.latent.spec import LatentModel, check_dimension
from engine.music.song import Song
from engine.protocol.base import Command, Edit, Event, TrackEdit
from engine.protocol.comparison import FlipState, KeepState, MarkState
from engine.protocol.edit import (
    LockDimension,
    MoveSelection,
    Redo,
    ReplaceSong,
    SelectSlot,
    Undo,
)
from engine.protocol.facts import (
    MarkClock,
    MarkInputs,
    MarkLoop,
    MarkModel,
    MarkPort,
    MarkPreferences,
    MarkRoutes,
    MarkSaved,
    MarkTransport,
    MarkWaiting,
)
from engine.protocol.form import MoveEntrySelection, OfForm, SelectEntry
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.snapshot import ModelStatus, Snapshot
from engine.protocol.tracks import MoveTrackSelection, SelectTrack
from engine.services.editing.aside import Aside, no_mark
from engine.services.editing.codes import encoded, foreign
from engine.services.editing.edits import (
    EditContext,
    check_locks,
    check_served,
    resolve_edit,
    stroke_name,
)
from engine.services.editing.history import Content, History
from engine.services.editing.long_edits import WorkedOut, worked_out
from engine.services.editing.selection import entry_at, selection_after


class State:
    """Applies commands one after the other; only the engine thread may.

    The same commands (and arrival of the model) in the same order give the same snapshot.
    A command that raises an `ArmonicaError` changes nothing and gives one `CommandFailed`.
    """

    def __init__(
        self,
        song: Song | None = None,
        path: str | None = None,
        locks: frozenset[int] = frozenset(),
    ) -> None:
        song = song or Song()
        self._offered: LatentModel | None = None
        self._model: LatentModel | None = None
        self._history = History()
        self._aside: Aside | None = None
        # What a long edit was found to make of the song that it was asked of.
        self._foreseen: WorkedOut | None = None
        self._document = self._documents = 0
        # The songs that were left for another without being saved, by number.
        self._left: dict[int, Song] = {}
        # What each file holds as far as is known. A song that no file belongs to has its number.
        self._files: dict[str | int, Song] = {0 if path is None else path: song}
        self._shown = Snapshot(song=song, path=path, locks=locks)

    @property
    def model(self) -> LatentModel | None:
        """The model, once it is there."""
        return self._model

    def began(self) -> Song | None:
        """Return the song from which the gesture that may go on began; None where there is none."""
        return self._history.began()

    def snapshot(self) -> Snapshot:
        """Return the whole state; equal snapshots have equal revisions."""
        return self._shown

    def apply(self, command: Command) -> tuple[Event, ...]:
        """Handle a command and return what is to be published beside the new snapshot."""
        try:
            return self._apply(command)
        except ArmonicaError as error:
            return (CommandFailed.of(error, command.request),)

    def asked_of(self, command: Edit) -> tuple[Edit, Song, EditContext]:
        """Return an edit as it would be met now, with its song, once it is known to be allowed."""
        wanted = command.on_track(self._shown.track)
        assert isinstance(wanted, Edit)  # An edit stays one.
        song = self._shown.song
        if isinstance(wanted, OfForm):
            wanted.check_seen(song.form)
        if isinstance(wanted, TrackEdit) and wanted.edits_measures:
            song.track(wanted.row).check_unlocked()
            if wanted.of_melody:
                song.check_melodic(wanted.row, getattr(wanted, "slot", None))
        check_served(wanted, song)
        context = EditContext(self._model, self._shown.locks, self._shown.port.others)
        return resolve_edit(wanted, song, context), song, context

    def foresee(self, found: WorkedOut) -> bool:
        """Lay ready what an edit makes of the song; False where the song is another by now."""
        self._foreseen = found if found.before == self._shown.song else None
        return self._foreseen is not None

    def offer(self, model: LatentModel) -> None:
        """Lay the model ready for the command that says it is there."""
        self._offered = model

    def adopt(self, model: LatentModel) -> tuple[Event, ...]:
        """Take the model in: measures that wait for a code are encoded, in the past also."""
        self.offer(model)
        return self.apply(MarkModel(model.spec.digest))

    def _apply(self, command: Command) -> tuple[Event, ...]:
        shown = self._shown
        if isinstance(command, Edit):
            return self._edit(command)
        match command:
            case SelectSlot(slot):
                shown.song.slot(slot)
                self._show(selected=slot)
            case MoveSelection(by):
                last = shown.song.length - 1
                self._show(selected=max(0, min(last, shown.selected + by)))
            case SelectTrack(track):
                shown.song.track(track)
                self._show(track=track)
            case MoveTrackSelection(by):
                last = len(shown.song.tracks) - 1
                self._show(track=max(0, min(last, shown.track + by)))
            case SelectEntry(entry):
                command.check_seen(shown.song.form)
                self._select_entry(entry)
            case MoveEntrySelection(by):
                last = len(shown.song.form.order) - 1
                self._select_entry(max(0, min(last, shown.entry + by)))
            case LockDimension(dimension, locked):
                if self._model is None:
                    raise NotReady("The gauges need the model, which is not there.")
                check_dimension(self._model.spec, dimension)
                change = shown.locks.union if locked else shown.locks.difference
                self._show(locks=change({dimension}))
            case Undo():
                return self._travel(back=True)
            case Redo():
                return self._travel(back=False)
            case ReplaceSong():
                return self._replace(command)
            case MarkState():
                self._mark_state(command)
            case FlipState():
                self._flip()
            case KeepState():
                self._keep()
            case MarkSaved(path, song, document):
                self._mark_saved(path, song, document)
            case MarkModel(digest, detail):
                return self._mark_model(digest, detail)
            case MarkWaiting(count):
                self._show(waiting=count)
            case MarkPort(status):
                self._show(port=status)
            case MarkRoutes(statuses):
                self._show(routed=statuses)
            case MarkInputs(inputs):
                self._show(inputs=inputs)
            case MarkClock(clock, playing):
                now = self._shown.playing if playing is None else playing
                self._show(clock=clock, playing=now)
            case MarkTransport(playing, recording):
                self._show(playing=playing, recording=recording)
            case MarkPreferences(timing, audition, record, jumps):
                wanted = {
                    "timing": timing, "audition": audition, "record": record, "jumps": jumps
                }  # fmt: skip
                self._show(**{name: each for name, each in wanted.items() if each is not None})
            case MarkLoop(loop):
                self._show(loop=loop)
            case _:
                raise TypeError(
                    f"{type(command).__name__} is handled by a service, not by the state."
                )
        return ()

    def _edit(self, wanted: Command) -> tuple[Event, ...]:
        assert isinstance(wanted, Edit)  # An edit stays one.
        old = self._content()
        command, _, context = self.asked_of(wanted)
        key = command.stroke()
        # B goes into the history before anything is made of it.
        heard = self._heard_b()
        began = old if heard else self._history.before(key, old)
        found, self._foreseen = self._foreseen, None
        if found is None or found.command != command or found.before != old.song:
            found = worked_out(command, old.song, replace(context, began=began.song))
        song = found.song
        if song == old.song:
            return ()
        check_locks(command, old.song, song)
        notices: tuple[Event, ...] = ()
        if heard:
            self._keep()
            notices = (Notice(f"B of {heard.name} is kept."),)
        spec = self._model.spec if self._model else None
        name = stroke_name(command, began.song, song, spec)
        self._history.push(name, old, replace(old, song=song), key)
        self._show(song=song, **selection_after(command, song, self._shown))
        said = [Notice(found.words)] if found.words else []
        return (*notices, *self._moved(old.song), *_clash(old.song, song), *said)

    # Two states heard by turns

    def _heard_b(self) -> Aside | None:
        aside = self._aside
        return aside if aside is not None and aside.shown.sounds == "B" else None

    def _lay_aside(self, aside: Aside | None, song: Song | None = None) -> None:
        self._aside = aside
        compared = None if aside is None else aside.shown
        self._show(song=song or self._shown.song, compared=compared)

    def _mark_state(self, command: MarkState) -> None:
        if self._heard_b():
            raise OutOfRange("B sounds now.", "Keep it, or go back to A, before another is marked.")
        shown = self._shown
        track = shown.track if command.track is None else command.track
        self._lay_aside(Aside.of(shown.song, command.slot, track))

    def _flip(self) -> None:
        if self._aside is None:
            raise no_mark()
        song, aside = self._aside.flipped(self._shown.song)
        if self._model is not None:
            song = encoded([song], self._model)[0]
        self._lay_aside(aside, song)

    def _keep(self) -> None:
        if self._aside is None:
            raise no_mark()
        if heard := self._heard_b():
            was = replace(self._content(), song=heard.flipped(self._shown.song)[0])
            self._history.push(f"keep B of {heard.name}", was, self._content())
        self._lay_aside(None)

    def _moved(self, old: Song) -> tuple[Event, ...]:
        """Take the mark away where its measure may be elsewhere now."""
        aside = self._aside
        if aside is None or aside.fits(old, self._shown.song):
            return ()
        self._lay_aside(None)
        return (Notice(f"The mark of {aside.name} is gone: measures have moved."),)

    def _select_entry(self, entry: int) -> None:
        form = self._shown.song.form
        self._show(entry=entry, selected=form.slots_of(form.entry(entry).section).start)

    def _replace(self, command: ReplaceSong) -> tuple[Event, ...]:
        song, path = command.song, command.path
        notices: tuple[Event, ...] = ()
        if self._model is not None:
            notices = _foreign(song, self._model)
            song = encoded([song], self._model)[0]
        if self._heard_b():
            self._flip()
        self._lay_aside(None)
        old = self._content()
        if (old.song, old.path) != (song, path):
            self._documents += 1
            self._go_to(self._documents)
            self._history.push(f"open {song.title}", old, Content(song, path, self._document))
        file = self._document if path is None else path
        if command.saved:
            self._files[file] = song
        elif self._files.get(file) == song:
            del self._files[file]
        locks = self._shown.locks if command.locks is None else self._known(command.locks)
        self._show(song=song, path=path, selected=0, track=0, entry=0, loop=None, locks=locks)
        return notices

    def _mark_model(self, digest: str | None, detail: str) -> tuple[Event, ...]:
        if digest is None:
            self._show(model=ModelStatus("failed", None, detail))
            return ()
        model = self._offered
        if model is None or model.spec.digest != digest:
            raise NotReady(f"The model {digest} is not there.")
        self._model = model
        notices = _foreign(self._shown.song, model)
        past = (content.song for content in self._history.contents())
        songs = [self._shown.song, *self._files.values(), *self._left.values(), *past]
        coded = dict(zip(songs, encoded(songs, model), strict=True))
        self._history.map(lambda content: replace(content, song=coded[content.song]))
        self._files = {path: coded[song] for path, song in self._files.items()}
        self._left = {number: coded[song] for number, song in self._left.items()}
        self._show(
            song=coded[self._shown.song],
            locks=self._known(self._shown.locks),
            model=ModelStatus("ready", model.spec),
        )
        return notices

    def _go_to(self, document: int) -> None:
        if document != self._document and not self._shown.saved:
            self._left[self._document] = self._shown.song
        self._left.pop(document, None)
        self._document = document

    def _content(self) -> Content:
        return Content(self._shown.song, self._shown.path, self._document)

    def _known(self, locks: frozenset[int]) -> frozenset[int]:
        if self._model is None:
            return locks
        return locks.intersection(range(len(self._model.spec.dimensions)))

    def _mark_saved(self, path: str, song: Song, document: int | None) -> None:
        own = self._document if document is None else document
        if self._model is not None:
            # It may have been written before the model was there.
            song = encoded([song], self._model)[0]
        # The steps of this song belong to the file from now on; those of others keep theirs.
        self._history.map(lambda past: replace(past, path=path) if past.document == own else past)
        self._files[path] = song
        if self._left.get(own) == song:
            del self._left[own]
        self._show(path=path if own == self._document else self._shown.path)

    def _travel(self, back: bool) -> tuple[Event, ...]:
        if self._heard_b():
            self._flip()
        old = self._shown.song
        present = self._content()
        step = self._history.undo(present) if back else self._history.redo(present)
        if step is None:
            return (Notice(f"There is nothing to {'undo' if back else 'redo'}."),)
        self._go_to(step.other.document)
        self._show(song=step.other.song, path=step.other.path)
        return (Notice(f"{'Undone' if back else 'Redone'}: {step.name}"), *self._moved(old))

    def _show(self, **changes: Any) -> None:
        shown = replace(self._shown, **changes)
        selected = min(shown.selected, shown.song.length - 1)
        shown = replace(
            shown,
            selected=selected,
            entry=entry_at(shown.song.form, selected, shown.entry),
            track=min(shown.track, len(shown.song.tracks) - 1),
            saved=self._files.get(self._document if shown.path is None else shown.path)
            == shown.song,
            document=self._document,
            unsaved=tuple(song.title for song in self._left.values()),
            undo=self._history.undo_names,
            redo=self._history.redo_names,
        )
        if shown != self._shown:
            self._shown = replace(shown, revision=self._shown.revision + 1)


def _clash(old: Song, song: Song) -> tuple[Event, ...]:
    """Say which two tracks came to have one channel and different programs."""
    clash = song.clash()
    if clash is None or clash == old.clash():
        return ()
    first, second = (number + 1 for number in clash)
    channel = song.tracks[clash[0]].channel + 1
    return (
        Notice(
            f"Tracks {first} and {second} are on channel {channel} with different instruments: "
            "the last one that is sent holds for both.",
            "warning",
        ),
    )


def _foreign(song: Song, model: LatentModel) -> tuple[Event, ...]:
    if not foreign(song, model.spec):
        return ()
    return (
        Notice(
            f"{song.title} was made with another model: its measures stay as they are, "
            "and their codes are made anew.",
            "warning",
        ),
    )
