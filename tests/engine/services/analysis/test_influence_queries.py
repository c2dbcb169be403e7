"""Questions about influence met by the conductor, with time moved by hand."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import mido
import pytest

from engine.config import Settings
from engine.errors import ArmonicaError
from engine.influence.measures.index import BadMeasureIndex
from engine.influence.spec import InfluenceAnswer
from engine.jobs import Jobs
from engine.music.grid import GRIDS
from engine.music.measure import Measure, Note
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.protocol.analysis import (
    AskInfluence,
    AskTakeInfluence,
    DrawMap,
    Explain,
    InfluenceFound,
    RegenerateAway,
    WriteProvenance,
)
from engine.protocol.base import Command, Event, with_request
from engine.protocol.edit import LockDimension, SetLatent, Undo
from engine.protocol.files import ExportMidi
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.snapshot import Snapshot
from engine.runtime.dispatcher import Dispatcher, ModelLoaded
from engine.services.analysis.influence_backends import InfluenceParts, Tunes
from engine.services.analysis.influence_queries import EscapeFound
from engine.services.editing.command_log import CommandLog, replay
from engine.services.editing.state import State
from tests.support.fake_influence import (
    OFTEN,
    TUNES,
    FakeSearch,
    FakeTakeSearch,
    parts,
)
from tests.support.fake_player import RecordingPlayer
from tests.support.fakes import FakeModel
from tests.support.measures import eighths
from tests.support.songs import one_track
from tests.support.waiting import wait_until

TUNE = Origin("corpus", "The Tune")


def slot(*pitches: int) -> Slot:
    """Return a measure of eighths that came in."""
    return Slot.brought_in(eighths(*pitches), TUNE)


SONG = one_track(
    "Song",
    60.0,
    slots=(Slot(), slot(*OFTEN), slot(*OFTEN[::-1]), Slot(), slot(60, 72, 60, 72, 60, 72, 60, 72)),
)


class InfluenceHarness:
    """A dispatcher that is handed the results of its jobs while they are waited for."""

    def __init__(self, influence: InfluenceParts, *, ready: bool = True, song: Song = SONG) -> None:
        self.player = RecordingPlayer()
        self.events: list[Event] = []
        self.results: list[Event] = []
        self.recording = CommandLog(song)
        self.dispatcher = Dispatcher(
            State(song),
            play=self.player.send,
            publish=self.events.append,
            jobs=Jobs(self.results.append),
            settings=Settings(),
            recording=self.recording,
            influence=influence,
        )
        if ready:
            self.load()

    def load(self) -> None:
        """Let the model arrive."""
        self.dispatcher.handle_item(ModelLoaded(FakeModel()), 0.0)

    @property
    def shown(self) -> Snapshot:
        """The latest state."""
        return self.dispatcher.snapshot

    def do(self, *commands: Command) -> InfluenceHarness:
        """Ask."""
        for command in commands:
            self.dispatcher.handle_item(command, 0.0)
        return self

    def until(self, holds: Callable[[], object]) -> None:
        """Dispatch the results of jobs until something holds."""
        deadline = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < deadline, self.events
            time.sleep(0.001)
            while self.results:
                self.dispatcher.handle_item(self.results.pop(0), 0.0)

    def answer(self, command: AskInfluence | AskTakeInfluence) -> InfluenceFound:
        """Ask and return the answer."""
        command = replace(command, track=0) if isinstance(command, AskInfluence) else command
        self.do(command)

        def answers() -> list[InfluenceFound]:
            return [
                event
                for event in self.events
                if isinstance(event, InfluenceFound) and event.asked == command
            ]

        self.until(answers)
        return answers()[-1]

    def found(self, command: AskInfluence | AskTakeInfluence) -> InfluenceAnswer:
        """Ask and return what was found."""
        answer = self.answer(command)
        assert answer.found is not None, answer.lack
        return answer.found

    def published(self, kind: type[Event]) -> list[Event]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


def test_a_measure_is_asked_about_with_those_around_it_up_to_the_next_empty_one() -> None:
    search = FakeSearch()
    harness = InfluenceHarness(parts(search))
    found = harness.found(AskInfluence(1))
    measures = [each.measure for each in SONG.tracks[0].slots]
    assert search.queries == [(measures[1], measures[2])]
    assert (found.matches[0].title, found.matches[0].raw) == ("The Rakes of Kildare", 1.0)
    assert found.matches[0].asked == 2
    assert harness.found(AskInfluence(1, alone=True)).matches[0].asked == 2
    assert search.queries[-1] == (measures[1],)
    harness.found(AskInfluence(4))
    assert search.queries[-1] == (measures[4],)


def test_measures_in_a_metre_that_no_model_knows_are_not_looked_for(tmp_path: Path) -> None:
    jig = Measure.from_notes([Note(Fraction(0), Fraction(3), 60)], GRIDS["6/8"])
    mixed = one_track(slots=(slot(*OFTEN), Slot.brought_in(jig, TUNE), slot(*OFTEN)))
    search = FakeSearch()
    harness = InfluenceHarness(parts(search), song=mixed)
    assert "No model for 6/8: gauges rest." in harness.answer(AskInfluence(1)).lack
    assert search.queries == []
    # The passage of another measure ends before it.
    assert harness.found(AskInfluence(2)).matches[0].asked == 3
    assert search.queries == [(mixed.slot(2).measure,)]
    refused = (Explain(1, (0,)), DrawMap(1, 0, 1, "note_density", 8, 8),
               RegenerateAway(1, frozenset(), 0.5, 1))  # fmt: skip
    harness.do(*refused)
    told = [str(event) for event in harness.published(CommandFailed)]
    assert [("No model for 6/8: gauges rest." in each) for each in told] == [True] * 3
    harness.do(WriteProvenance(str(tmp_path / "song")))
    harness.until(lambda: harness.published(Notice))
    measures = json.loads((tmp_path / "song.json").read_text())["measures"]
    assert [bool(each["matches"]) for each in measures] == [True, False, True]


def test_an_answer_brings_both_measures_and_what_can_be_asked_for() -> None:
    harness = InfluenceHarness(parts())
    answer = harness.answer(AskInfluence(1, top=2))
    assert answer.found is not None
    assert len(answer.found.matches) == len(answer.beside) == 2
    assert answer.beside[0].ours == (SONG.tracks[0].slots[1].measure,)
    assert answer.beside[0].theirs == (TUNES[0].measures[0],)
    assert answer.revision == harness.shown.revision
    assert "Aird's Airs" in answer.books
    assert answer.licences == ("public domain", "unknown")


def test_matches_can_be_kept_to_books_and_licences_and_without_some() -> None:
    harness = InfluenceHarness(parts())
    airs = harness.found(AskInfluence(1, books=frozenset({"Aird's Airs"})))
    assert [match.book for match in airs.matches] == ["Aird's Airs"]
    free = harness.found(AskInfluence(1, licences=frozenset({"public domain"})))
    assert "A Song of Yesterday" not in [match.title for match in free.matches]
    others = harness.found(AskInfluence(1, without=frozenset({10})))
    assert 10 not in [match.cluster for match in others.matches]
    assert others.originality.value == 0.0


def test_what_cannot_be_answered_is_an_answer_and_interrupts_nobody() -> None:
    missing = BadMeasureIndex("There is no index.", "Make it anew: armonica corpus index.")
    harness = InfluenceHarness(parts(error=missing))
    answer = harness.answer(AskInfluence(1))
    assert (answer.found, answer.lack) == (None, missing.line())
    assert harness.answer(AskTakeInfluence("t1")).lack == missing.line()
    assert not harness.published(CommandFailed)
    assert not harness.published(Notice)
    silent = InfluenceHarness(parts()).answer(AskInfluence(0))
    assert "Measure 1 has no notes" in silent.lack


def test_a_search_that_cannot_be_opened_is_not_tried_at_every_step_of_a_held_key() -> None:
    tried = []

    def fails() -> FakeSearch:
        tried.append(1)
        raise BadMeasureIndex("There is no index.", "Make it anew.")

    harness = InfluenceHarness(replace(parts(), measures=fails))
    for number in range(5):
        harness.answer(AskInfluence(1, top=number + 1))
    assert len(tried) == 1


def test_a_question_before_the_model_is_there_waits_for_it_without_a_word() -> None:
    harness = InfluenceHarness(parts(), ready=False)
    harness.do(AskInfluence(1))
    assert not harness.published(Notice)
    harness.load()
    harness.until(lambda: harness.published(InfluenceFound))


@pytest.mark.parametrize(
    "command",
    [
        AskInfluence(9),
        AskInfluence(1, top=0),
        AskTakeInfluence("t1", top=1000),
        RegenerateAway(0, frozenset(), 0.5, 1),
        RegenerateAway(1, frozenset(), 0.0, 1),
        RegenerateAway(9, frozenset(), 0.5, 1),
    ],
)
def test_what_cannot_be_met_is_refused_at_once(command: Command) -> None:
    command = with_request(command)
    harness = InfluenceHarness(parts()).do(command)
    (refused,) = harness.published(CommandFailed)
    assert isinstance(refused, CommandFailed)
    assert refused.request == command.request


def test_a_take_is_looked_for_once_and_kept_to_what_is_wanted() -> None:
    takes = FakeTakeSearch()
    harness = InfluenceHarness(parts(takes=takes))
    found = harness.found(AskTakeInfluence("t1"))
    assert (found.unit, found.matches[0].title) == ("second", "The Rakes of Kildare")
    airs = harness.found(AskTakeInfluence("t1", books=frozenset({"Aird's Airs"})))
    assert [(match.rank, match.book) for match in airs.matches] == [(1, "Aird's Airs")]
    assert (found.close, airs.close) == (True, False), "of what may be named nothing is close"
    without = harness.answer(AskTakeInfluence("t1", without=frozenset({10})))
    assert without.found is not None
    assert [match.cluster for match in without.found.matches] == [11, 12]
    assert without.beside[0].ours == ()
    assert without.beside[0].theirs == TUNES[1].measures
    assert takes.queries == ["t1"]


def test_a_measure_goes_away_from_what_it_is_like_in_one_step_and_locks_hold() -> None:
    harness = InfluenceHarness(parts()).do(LockDimension(1, True), LockDimension(20, True))
    before = harness.shown.row.slots[1]
    steps = len(harness.shown.undo)
    harness.do(RegenerateAway(1, frozenset({10}), 1.0, 7))
    harness.until(lambda: harness.published(Notice) or harness.published(CommandFailed))
    after = harness.shown.row.slots[1]
    assert after.measure != before.measure
    assert len(harness.shown.undo) == steps + 1
    assert after.latent is not None
    assert before.latent is not None
    assert (after.latent[1], after.latent[20]) == (before.latent[1], before.latent[20])
    alone = harness.found(AskInfluence(1, alone=True))
    assert alone.matches[0].cluster != 10
    assert alone.originality.value > 0
    harness.do(Undo())
    assert harness.shown.row.slots[1] == before
    assert harness.player.notes(), "what was found is heard"


def test_the_same_seed_finds_the_same_way_and_a_recording_replays_it() -> None:
    found = []
    for _ in range(2):
        harness = InfluenceHarness(parts()).do(RegenerateAway(1, frozenset(), 0.8, 3))
        harness.until(lambda harness=harness: harness.published(Notice))  # type: ignore[misc]
        found.append(harness.shown.row.slots[1].measure)
        assert replay(harness.recording, FakeModel()) == harness.shown
    assert found[0] == found[1]


def test_a_measure_that_moved_meanwhile_is_left_as_it_is() -> None:
    harness = InfluenceHarness(parts())
    harness.do(RegenerateAway(1, frozenset(), 1.0, 7))
    wait_until(lambda: any(isinstance(event, EscapeFound) for event in harness.results))
    harness.do(SetLatent(1, 2, 1.0))
    moved = harness.shown.row.slots[1]
    harness.until(lambda: harness.published(Notice))
    assert harness.shown.row.slots[1] == moved
    assert not harness.published(EscapeFound)


def test_where_every_neighbour_is_as_near_that_is_said() -> None:
    class Everywhere(FakeSearch):
        def of(self, *_: object, **__: object) -> InfluenceAnswer:
            return super().of((eighths(*OFTEN),), 0)

    harness = InfluenceHarness(parts(Everywhere()))
    before = harness.shown.song
    harness.do(RegenerateAway(1, frozenset(), 1.0, 1))
    harness.until(lambda: harness.published(CommandFailed))
    assert harness.shown.song == before


def test_all_gauges_locked_leave_no_way() -> None:
    harness = InfluenceHarness(parts()).do(*(LockDimension(at, True) for at in range(32)))
    harness.do(RegenerateAway(1, frozenset(), 1.0, 1))
    assert "locked" in str(harness.published(CommandFailed))


def test_the_provenance_of_a_song_and_a_take_is_written(tmp_path: Path) -> None:
    harness = InfluenceHarness(parts())
    harness.do(WriteProvenance(str(tmp_path / "song")))
    harness.do(WriteProvenance(str(tmp_path / "take.json"), "t1"))
    harness.until(lambda: len(harness.published(Notice)) == 2)
    song = json.loads((tmp_path / "song.json").read_text())
    assert (song["kind"], song["title"], len(song["measures"])) == ("song", "Song", 5)
    assert song["searched"]["tunes"] == 2184
    second = song["measures"][1]
    assert second["origin"]["title"] == "The Tune"
    assert second["matches"][0]["title"] == "The Rakes of Kildare"
    assert second["matches"][0]["evidence"] == "similar"
    assert song["measures"][0]["matches"] == []
    assert "no proof" in song["statement"]
    take = json.loads((tmp_path / "take.json").read_text())
    assert (take["kind"], take["unit"], len(take["matches"])) == ("take", "second", 3)


def test_a_midi_file_says_what_its_measures_are_like(tmp_path: Path) -> None:
    harness = InfluenceHarness(parts())
    harness.do(ExportMidi(str(tmp_path / "said.mid"), credits=True))
    harness.do(ExportMidi(str(tmp_path / "plain.mid")))
    harness.until(lambda: len(harness.published(Notice)) == 2)

    def texts(name: str) -> list[tuple[int, str]]:
        at, found = 0, []
        for message in mido.MidiFile(tmp_path / name, charset="utf-8").tracks[0]:
            at += message.time
            if message.type == "text":
                found.append((at, message.text))
        return found

    assert texts("plain.mid") == []
    head, *lines = texts("said.mid")
    assert head[0] == 0
    assert "no proof of influence" in head[1]
    assert lines[0][0] == 4 * 480
    assert lines[0][1].startswith("Measure 2: similar to The Rakes of Kildare (O'Neill's")


@pytest.mark.parametrize("command", [WriteProvenance, lambda p: ExportMidi(p, credits=True)])
def test_a_place_where_nothing_can_be_written_is_refused(
    command: Callable[[str], Command],
) -> None:
    harness = InfluenceHarness(parts()).do(command("/proc/no/such"))
    harness.until(lambda: harness.published(CommandFailed))


def test_the_print_gives_the_passage_by_its_number_and_the_tune_begins_again() -> None:
    from engine.corpus.table import shipped

    corpus = shipped()
    tunes = Tunes(corpus)
    rows = corpus.rows_of(5)
    number = int(corpus.number[rows[2]])
    assert tunes.passages(5, number, 2)[0] == tuple(corpus.measure(int(r)) for r in rows[2:4])
    assert tunes.passages(5, 9999, 2) == []
    last = tunes.positions(5, len(rows), 2)
    assert last == (corpus.measure(int(rows[-1])), corpus.measure(int(rows[0])))
    assert set(tunes.licences) == {"public domain"}


def test_errors_of_the_family_alone_are_answers() -> None:
    def breaks() -> FakeSearch:
        raise RuntimeError("a fault")

    harness = InfluenceHarness(replace(parts(), measures=breaks))
    harness.do(AskInfluence(1))
    harness.until(lambda: harness.published(CommandFailed))
    assert not issubclass(RuntimeError, ArmonicaError)


def test_gradients_are_asked_about_a_measure_on_demand() -> None:
    harness = InfluenceHarness(parts())
    plain = harness.found(AskInfluence(1))
    assert {match.evidence for match in plain.matches} == {"similar"}
    weighed = harness.found(AskInfluence(1, gradients=True))
    assert weighed.matches[0].evidence == "gradient"
    assert weighed.matches[0].pull == 99.5
    assert [match.title for match in weighed.matches] == [match.title for match in plain.matches]
