"""What is asked beside the music and answered by jobs: maps, reasons, tunes, and influence."""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import NotReady
from engine.jobs import Job, Jobs
from engine.latent.spec import LatentModel
from engine.protocol.analysis import (
    AskHarmony,
    AskInfluence,
    AskTakeInfluence,
    DrawMap,
    Explain,
    RegenerateAway,
    WriteProvenance,
)
from engine.protocol.base import Command, Event
from engine.protocol.edit import SetLatents
from engine.protocol.files import (
    READING,
    BrowseCorpus,
    ExportMidi,
    LookIntoMidi,
    PreviewTune,
)
from engine.protocol.notices import Notice
from engine.protocol.snapshot import Snapshot
from engine.services.analysis.harmony_queries import harmony
from engine.services.analysis.influence_backends import InfluenceParts
from engine.services.analysis.influence_queries import EscapeFound, InfluenceQueries
from engine.services.analysis.latent_queries import LatentQueries
from engine.services.base import Service, ServiceContext

Question = (
    DrawMap | Explain | AskHarmony | AskInfluence | AskTakeInfluence | RegenerateAway
    | WriteProvenance | ExportMidi | BrowseCorpus | PreviewTune | LookIntoMidi
)  # fmt: skip
"""What can be asked. Exports come from the session, those that say what each measure is like."""


class AnalysisService(Service):
    """Starts a job for each question; a newer one of its kind takes the place of an older.

    What one client looks for in files takes the place of nothing that another does.
    ``model`` gives the measure model, None while it is not there.
    """

    commands = (
        DrawMap, Explain, AskHarmony, AskInfluence, AskTakeInfluence, RegenerateAway,
        WriteProvenance, BrowseCorpus, PreviewTune, LookIntoMidi,
    )  # fmt: skip
    reports = (EscapeFound,)

    def __init__(
        self,
        context: ServiceContext,
        jobs: Jobs,
        influence: InfluenceParts,
        model: Callable[[], LatentModel | None],
    ) -> None:
        super().__init__(context)
        self._jobs = jobs
        self._model = model
        self._studies = LatentQueries()
        self._influences = InfluenceQueries(influence)

    def handle(self, command: Command, now: float) -> None:
        """Start the work; raise what cannot be answered before it starts."""
        assert isinstance(command, Question)
        if isinstance(command, DrawMap | Explain | AskInfluence | RegenerateAway):
            self.context.snapshot().song.check_melodic(command.row, command.slot)
        lane, kind, name, work = self._job(command, self.context.snapshot(), self._model())
        self._jobs.start(lane, kind, name, work, command.request)

    def on_report(self, report: Event, now: float) -> None:
        """Move a measure away from what it was near to, unless it has moved meanwhile."""
        assert isinstance(report, EscapeFound)
        song = self.context.snapshot().song
        there = report.track < len(song.tracks) and report.slot < song.length
        if not there or song.slot(report.slot, report.track).latent != report.before:
            words = "The measure has moved meanwhile, and was left as it is."
            self.context.publish(Notice(words))
        elif self.context.apply(SetLatents(report.slot, report.values, track=report.track), now):
            self.context.publish(Notice(report.words))

    def _job(
        self, question: Question, snapshot: Snapshot, model: LatentModel | None
    ) -> tuple[str, str, str, Callable[[Job], None]]:
        studies, influences, client = self._studies, self._influences, question.client
        match question:
            case DrawMap():
                work = studies.map(question, snapshot, _there(model))
                return "model", "map", "drawing the map", work
            case Explain():
                work = studies.explain(question, snapshot, _there(model))
                return "model", "explain", "measuring the gauges", work
            case AskHarmony():
                work = harmony(question, snapshot)
                return "harmony", f"harmony {client}", "looking for chords", work
            case AskInfluence(gradients=True):
                # Beside the search, which follows edits while this takes its time.
                work = influences.ask(question, snapshot)
                return "gradients", "gradients", "asking gradients", work
            case AskInfluence():
                work = influences.ask(question, snapshot)
                return "influence", "influence", "looking behind it", work
            case AskTakeInfluence():
                work = influences.ask_take(question, snapshot)
                return "clips", "take influence", "looking behind the take", work
            case RegenerateAway():
                work = influences.away(question, snapshot, _there(model))
                return "influence", "away", "looking for a way out", work
            case WriteProvenance(path, take):
                lane = "influence" if take is None else "clips"
                work = influences.write(question, snapshot)
                return lane, f"write {path}", "writing the provenance", work
            case ExportMidi(path):
                work = influences.export(question, snapshot)
                return "influence", f"write {path}", "writing the loop", work
            case BrowseCorpus():
                return "files", f"browse {client}", "looking for tunes", studies.browse(question)
            case PreviewTune():
                return "files", f"preview {client}", "reading the tune", studies.preview(question)
            case LookIntoMidi():
                return "files", f"look {client}", READING, studies.look(question)


def _there(model: LatentModel | None) -> LatentModel:
    if model is None:
        raise NotReady("This needs the model, which is not there.", "See armonica doctor.")
    return model
