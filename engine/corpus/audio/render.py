"""Tunes of the corpus as audio with every part apart: what the audio models learn from."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from engine.audio.levelling import levelled
from engine.audio.soundfont import find
from engine.audio.synth import SoundedNote, Synth
from engine.common import atomic
from engine.common.process_pool import spread
from engine.corpus.audio.accompaniment import Arrangement, arrange
from engine.corpus.clip_format import CLIP_PARTS, LEVEL, QUARTERS, RATE, SAMPLES, SECONDS
from engine.corpus.table import SPLITS, Corpus, read
from engine.errors import BadCorpus, OutOfRange
from engine.music.harmony import HarmonicKey
from engine.music.note_line import Line, Stretch

RULES = 2
"""The edition of the rules by which clips are arranged and levelled; clips of two do not mix."""

MANIFEST, CARD = "manifest.jsonl", "card.json"
COUNTS = {"validation": 500, "test": 500, "train": 12_000}
"""How many clips are rendered, the held-out ones first: a training may begin before the end."""

_OVERSAMPLED = 2
"""The synth sounds at this many times the rate, as it does not filter what lies above."""


_INAUDIBLE = 20.0
"""Hertz below which nothing is kept."""

_TEMPO = (76.0, 148.0)
_TRANSPOSED = (-6, 5)
_CHUNK = 100

Stems = npt.NDArray[np.int16]
"""Parts of clips: int16 [clips, parts, samples]."""


@dataclass(frozen=True, slots=True)
class Clip:
    """What a clip holds: the tune and the measures it came from, and how it was played."""

    split: str
    number: int
    tune: str
    cluster: int
    title: str
    first: int
    measures: int
    transposed: int
    key: str
    minor: bool
    tempo: float
    swing: float
    programs: dict[str, int]

    @property
    def measure_seconds(self) -> float:
        """How long a measure lasts."""
        return QUARTERS * 60 / self.tempo


@dataclass(frozen=True)
class Clips:
    """Rendered clips of one split: their stems, opened without being read, and their sheets."""

    stems: Stems
    sheets: tuple[Clip, ...]

    def __len__(self) -> int:
        return len(self.sheets)


def render(
    folder: Path,
    corpus_folder: Path,
    *,
    seed: int,
    counts: dict[str, int] | None = None,
    soundfont: str = "",
    workers: int | None = None,
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> None:
    """Render clips into ``folder``, going on where an earlier run stopped.

    Writes ``NAME.stems`` for each split (raw int16 [clips, parts, samples] at 16 kHz),
    ``manifest.jsonl`` with a `Clip` a line, and ``card.json``. A clip depends on the seed, its
    split and its number alone. Raises `CannotWrite` also where the disk is too small, `OutOfRange`,
    `BadSoundFont`, and `BadCorpus` where the folder holds clips of another seed, corpus or
    SoundFont.
    """
    counts = counts or COUNTS
    for name, count in counts.items():
        if count < 1 or name not in SPLITS:
            raise OutOfRange(f"{count} clips of {name} cannot be rendered.", "At least 1.")
    font, corpus = find(soundfont), read(corpus_folder)
    _check_tunes(corpus, corpus_folder, counts)
    atomic.make_folder(folder)
    card = {
        "seed": seed,
        "corpus": corpus.digest,
        "soundfont": font.name,
        "soundfont_sha256": sha256(font.read_bytes()).hexdigest(),
        "counts": counts,
        "rules": RULES,
        "parts": CLIP_PARTS,
        "rate": RATE,
        "samples": SAMPLES,
    }
    _keep_card(folder, json.loads(json.dumps(card)))
    done = _rendered(folder)
    total = sum(counts.values())
    chunks = [
        (split, first, min(first + _CHUNK, count))
        for split, count in counts.items()
        for first in range(done.get(split, 0), count, _CHUNK)
    ]
    finished = total - sum(last - first for _, first, last in chunks)
    _make_room(folder, counts)
    work = partial(_render_chunk, folder, corpus_folder, font, seed)
    with spread(work, chunks, workers or os.cpu_count() or 1) as rendered:
        for (_, first, last), sheets in zip(chunks, rendered, strict=True):
            _append(folder / MANIFEST, sheets)
            finished += last - first
            on_progress(finished, total)


def size_of(counts: Mapping[str, int]) -> int:
    """Return the bytes that so many clips take on the disk."""
    return sum(counts.values()) * len(CLIP_PARTS) * SAMPLES * 2


def clips(folder: Path, split: str) -> Clips:
    """Open the clips of a split; raises `BadCorpus` where they are missing or damaged."""
    try:
        sheets = tuple(
            Clip(**fields)
            for line in (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
            if (fields := json.loads(line))["split"] == split
        )
        path = folder / f"{split}.stems"
        if not sheets or path.stat().st_size < len(sheets) * len(CLIP_PARTS) * SAMPLES * 2:
            raise ValueError(f"there are no whole clips of {split}")
        if any(sheet.number != at for at, sheet in enumerate(sheets)):
            raise ValueError(f"{MANIFEST} lacks lines")
        stems = np.memmap(path, np.int16, "r").reshape(-1, len(CLIP_PARTS), SAMPLES)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadCorpus(
            f"{folder} holds no rendered clips ({str(error).splitlines()[0]}).",
            "Make them: armonica corpus render -o FOLDER.",
        ) from error
    return Clips(stems[: len(sheets)], sheets)


def arrangement(
    corpus: Corpus, tunes: npt.NDArray[np.int64], random: np.random.Generator
) -> tuple[Arrangement, dict[str, object]]:
    """Return a passage of one of the tunes with its accompaniment, and where it came from."""
    tune_row = int(random.choice(tunes))
    tune, rows = corpus.tunes[tune_row], corpus.rows_of(tune_row)
    tempo = float(np.round(random.uniform(*_TEMPO), 1))
    measures = int(np.ceil(SECONDS * tempo / 60 / QUARTERS))
    first = int(random.integers(0, max(1, len(rows) - measures + 1)))
    line = Line([corpus.measure(int(rows[(first + at) % len(rows)])) for at in range(measures)])
    moved = int(random.integers(_TRANSPOSED[0], _TRANSPOSED[1] + 1))
    melody = [
        Stretch(note.start, note.end, note.pitch + moved)
        for note in line.between(0.0, float(measures * QUARTERS))
    ]
    key = HarmonicKey.named(tune.key).transposed(moved)
    made = arrange(melody, key, measures, tempo, random)
    return made, {
        "tune": tune.id,
        "cluster": tune.cluster,
        "title": tune.title,
        "first": first + 1,
        "measures": measures,
        "transposed": moved,
        "key": tune.key,
        "minor": key.minor,
        "tempo": tempo,
        "swing": round(made.swing, 4),
        "programs": {part.name: part.program for part in made.parts},
    }


def sound(made: Arrangement, synth: Synth, seconds: float = SECONDS) -> npt.NDArray[np.float32]:
    """Return an arrangement's parts as waves at 16 kHz, float32 [parts, samples], levelled."""
    waves = []
    for part in made.parts:
        notes = [
            SoundedNote(made.seconds(n.start), made.seconds(n.end), n.pitch, n.velocity)
            for n in part.notes
            if made.seconds(n.start) < seconds
        ]
        wave = synth.render(notes, part.program, part.drums, seconds)
        waves.append(_settled(soxr.resample(wave, synth.rate, RATE), LEVEL[part.name]))
    return np.stack(waves)


def _settled(wave: npt.NDArray[np.float32], level: float) -> npt.NDArray[np.float32]:
    # Some samples of a SoundFont stand beside zero, which is nothing to hear and much to measure.
    spectrum = np.fft.rfft(wave)
    spectrum[: int(_INAUDIBLE * len(wave) / RATE)] = 0
    return levelled(np.fft.irfft(spectrum, len(wave)).astype(np.float32), level)


def _render_chunk(
    folder: Path, corpus_folder: Path, font: Path, seed: int, chunk: tuple[str, int, int]
) -> list[Clip]:
    split, first, last = chunk
    corpus, tunes, synth = _tools(corpus_folder, font, split)
    shape = (last - first, len(CLIP_PARTS), SAMPLES)
    offset = first * len(CLIP_PARTS) * SAMPLES * 2
    stems = np.memmap(folder / f"{split}.stems", np.int16, "r+", offset, shape)
    sheets = []
    for number in range(first, last):
        random = np.random.default_rng([seed, SPLITS.index(split), number])
        made, facts = arrangement(corpus, tunes, random)
        waves = sound(made, synth)
        stems[number - first] = np.clip(np.round(waves * 32767), -32768, 32767)
        sheets.append(Clip(split=split, number=number, **facts))  # type: ignore[arg-type]
    stems.flush()
    return sheets


@lru_cache(maxsize=4)
def _tools(
    corpus_folder: Path, font: Path, split: str
) -> tuple[Corpus, npt.NDArray[np.int64], Synth]:
    corpus = read(corpus_folder)
    tunes = np.array([row for row, tune in enumerate(corpus.tunes) if tune.split == split])
    return corpus, tunes, Synth(font, RATE * _OVERSAMPLED)


def _check_tunes(corpus: Corpus, folder: Path, counts: Mapping[str, int]) -> None:
    for tune in corpus.tunes:
        HarmonicKey.named(tune.key)
    for split in counts:
        if not any(tune.split == split for tune in corpus.tunes):
            raise BadCorpus(f"The table in {folder} has no tunes of {split}.", "Name another.")


def _keep_card(folder: Path, card: dict[str, object]) -> None:
    path = folder / CARD
    if path.exists():
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = None
        if known != card:
            raise BadCorpus(
                f"{folder} holds clips that were made otherwise.", "Name another folder."
            )
    atomic.write(path, json.dumps(card, indent=1).encode())


def _rendered(folder: Path) -> dict[str, int]:
    # A line that a kill cut short is taken away, so that the next one starts a line.
    path = folder / MANIFEST
    if not path.exists():
        return {}
    kept: list[str] = []
    done: dict[str, int] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            fields = json.loads(line)
            done[fields["split"]] = fields["number"] + 1
            kept.append(line)
        except (ValueError, KeyError, TypeError):
            break
    atomic.write(path, "".join(f"{line}\n" for line in kept).encode())
    return done


def _make_room(folder: Path, counts: Mapping[str, int]) -> None:
    path = folder
    try:
        there = sum(
            path.stat().st_blocks * 512
            for split in counts
            if (path := folder / f"{split}.stems").exists()
        )
        needed, free = size_of(counts) - there, shutil.disk_usage(folder).free
        if needed > free:
            raise OSError(
                errno.ENOSPC, f"it takes {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free"
            )
        for split, count in counts.items():
            path = folder / f"{split}.stems"
            with path.open("ab") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, size_of({split: count}))
                else:
                    file.truncate(size_of({split: count}))
    except OSError as error:
        raise atomic.cannot_write(path, error) from error


def _append(path: Path, sheets: Sequence[Clip]) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(sheet)) + "\n" for sheet in sheets)
    except OSError as error:
        raise atomic.cannot_write(path, error) from error
