"""Each command of the protocol has one home, and services react in the order that is written."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from engine import services as every_service
from engine.protocol.facts import Fact
from engine.protocol.vocabulary import COMMANDS
from engine.services.base import Service
from tests.support.dispatcher import DispatcherHarness


def services() -> tuple[Service, ...]:
    """Return the services of a dispatcher, in their order."""
    return DispatcherHarness().dispatcher.services.ordered


def test_every_command_is_handled_by_exactly_one_service() -> None:
    handled = Counter(kind for service in services() for kind in service.commands)
    nobody = [kind.__name__ for kind in COMMANDS if handled[kind] == 0]
    several = [kind.__name__ for kind, count in handled.items() if count > 1]
    assert (nobody, several) == ([], [])
    # None is handled that no line could carry.
    assert set(handled) == set(COMMANDS)


def told_apart(tree: ast.AST) -> Iterator[str]:
    """Yield the names of classes by which `match` and `isinstance` tell values apart."""
    for node in ast.walk(tree):
        kinds: ast.AST | None = None
        match node:
            case ast.MatchClass(cls=kinds):
                pass
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, kinds]):
                pass
        for name in ast.walk(kinds) if kinds is not None else ():
            if isinstance(name, ast.Name | ast.Attribute):
                yield name.id if isinstance(name, ast.Name) else name.attr


def test_what_a_command_does_stands_with_its_service_alone() -> None:
    root = Path(every_service.__path__[0])
    homes = {
        kind.__name__: Path(inspect.getfile(type(each)))
        for each in services()
        for kind in each.commands
    }
    strangers = [
        f"{path.relative_to(root)}: {name}"
        for path in sorted(root.rglob("*.py"))
        for name in told_apart(ast.parse(path.read_text("utf-8")))
        if name in homes and homes[name].parent not in path.parents
    ]
    # An export that says what each measure is like is handed on by the session.
    assert strangers == ["analysis/service.py: ExportMidi"]


def test_a_service_reacts_to_changes_and_not_to_commands() -> None:
    commands = {kind.__name__ for kind in COMMANDS if not issubclass(kind, Fact)}
    for service in services():
        tree = ast.parse(textwrap.dedent(inspect.getsource(type(service).on_state)))
        assert commands.isdisjoint(told_apart(tree)), type(service).__name__


def test_no_service_is_left_out_of_the_order() -> None:
    made = DispatcherHarness().dispatcher.services
    assert {id(service) for service in made.ordered} == {
        id(getattr(made, part.name)) for part in fields(made)
    }
    assert len(made.ordered) == len(fields(made))


def test_no_report_of_a_job_goes_to_two_services() -> None:
    kinds = [(kind, service) for service in services() for kind in service.reports]
    for kind, service in kinds:
        assert [
            other
            for each, other in kinds
            if other is not service and (issubclass(each, kind) or issubclass(kind, each))
        ] == []


OVERTAKING = """
    AskHarmony AskSurprise AskTakeInfluence Audition AuditionHits AuditionMeasures BackToOwnTempo
    BrowseCorpus Cancel CancelLearn
    CloseAudioModel EndRecording FollowClock Forget Generate JumpTo KeepUnsaved Learn LeaveKept
    LetUnsavedGo ListenTo LookIntoMidi LoopMeasures MakeAgain MakeTwin MarkClock MarkInputs MarkLoop
    MarkModel MarkPort MarkPreferences MarkRoutes MarkSaved MarkTransport MarkWaiting
    MoveEntrySelection MoveSelection
    MoveTrackSelection NudgeGeneration NudgePlayback NudgeTrait OpenAudioModel OpenPort Panic
    PauseGeneration Play PlayTake PreviewTune Record RemoveTake SaveTake SelectEntry SelectSlot
    SelectTrack SetAudition SetBinding SetEditTiming SetGeneration SetJumpUnit SetLoop SetRecord
    SetThru SetTrait Stop StopTake TapTempo TogglePlayback WatchMidi
"""
NEEDING_THE_MODEL = """
    AskInfluence Crossfade DrawMap Explain Interpolate LockDimension MoveLatent MoveLatents
    Randomise RegenerateAway ResetLatent SetLatent SetLatents Vary
"""


def test_which_commands_wait_for_the_model_and_which_never_do_is_said_twice() -> None:
    """A policy stands on each class; that it was meant so stands here."""

    def those(policy: str) -> set[str]:
        return {kind.__name__ for kind in COMMANDS if getattr(kind, policy)}

    assert those("overtakes") == {*OVERTAKING.split()}
    assert those("needs_model") == {*NEEDING_THE_MODEL.split()}
