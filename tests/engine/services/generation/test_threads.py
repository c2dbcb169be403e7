"""Nobody waits for torch who did not ask for a model, and never the engine's thread."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys, threading
from importlib.abc import MetaPathFinder

asked = {}

class Watch(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        asked.setdefault(name, threading.current_thread().name)
        return None

sys.meta_path.insert(0, Watch())
from engine.protocol.generation import Generate, OpenAudioModel, SetGeneration, SetTrait
from engine.audio.devices import SoundDevices
from engine.protocol.generation import GenerationState
from engine.protocol.notices import CommandFailed
from engine.runtime.engine import Engine
from engine.services.generation.backends import StudioParts
from tests.support.fakes import FakeModel
from tests.support.fake_player import RecordingPlayer

told, changed = [], threading.Condition()

def hear(event):
    with changed:
        told.append(event)
        changed.notify_all()

def wait(found):
    with changed:
        assert changed.wait_for(lambda: any(map(found, told)), 60), told

parts = StudioParts(devices=lambda: SoundDevices((), "None here."))
engine = Engine(FakeModel, lambda tell: RecordingPlayer(), studio=parts)
engine.subscribe(hear)
engine.start()
engine.send(SetGeneration(seed=3))
engine.send(Generate())
wait(lambda e: isinstance(e, CommandFailed))
assert not {"torch", "numpy", "soundfile", "audiocraft"} & set(asked), asked
engine.send(OpenAudioModel(sys.argv[1]))
wait(lambda e: isinstance(e, GenerationState) and e.model.state == "failed")
assert asked["torch"] == "audio jobs", asked["torch"]
engine.send(SetTrait("drums"))
engine.close()
mine = [name for name, thread in asked.items() if thread == "engine"]
assert not [name for name in mine if name.split(".")[0] in ("torch", "numpy", "scipy")], mine
print("well")
"""


def test_torch_comes_with_the_first_audio_model_and_on_its_own_thread(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "state_dict.bin").write_bytes(b"no weights")
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "model")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.stdout.strip() == "well", ran.stderr
