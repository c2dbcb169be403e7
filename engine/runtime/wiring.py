"""Which services there are, in which order they react, and what they get of each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.config import Settings
from engine.jobs import Jobs
from engine.protocol.base import Command, Event
from engine.protocol.notices import Cancel
from engine.services.analysis.influence_backends import InfluenceParts
from engine.services.analysis.service import AnalysisService
from engine.services.base import Service, ServiceContext
from engine.services.devices.controllers_service import ControllersService
from engine.services.devices.ports_service import PortsService
from engine.services.editing.command_log import CommandLog
from engine.services.editing.foresight_service import ForesightService
from engine.services.editing.service import EditingService
from engine.services.editing.state import State
from engine.services.generation.backends import StudioParts
from engine.services.generation.service import GenerationService
from engine.services.generation.take_search import open_take_search
from engine.services.session.keeper import Keeper
from engine.services.session.service import SessionService
from engine.services.transport.service import TransportService


class JobsService(Service):
    """Ends jobs, whichever service began them."""

    commands = (Cancel,)

    def __init__(self, context: ServiceContext, jobs: Jobs) -> None:
        super().__init__(context)
        self._jobs = jobs

    def handle(self, command: Command, now: float) -> None:
        """End a job at its next step."""
        assert isinstance(command, Cancel)
        self._jobs.cancel(command.job)


@dataclass(frozen=True, slots=True)
class Services:
    """All services; `ordered` gives them in the order in which they react."""

    ports: PortsService
    transport: TransportService
    controllers: ControllersService
    generation: GenerationService
    session: SessionService
    editing: EditingService
    foresight: ForesightService
    analysis: AnalysisService
    jobs: JobsService

    @property
    def ordered(self) -> tuple[Service, ...]:
        """The services in the order in which each report, change, tick and end reaches them.

        1. Ports: the monitor notes every message, whatever becomes of it; that a port is open is
           in the state before the transport sends that port its programs and notes; a first
           player listens before it plays; thru is on the channel of the track before its notes.
        2. Transport: a change is heard before anything else is done for it. What is played is
           recorded, and the clock kept, before a control of the same message changes the song.
        3. Controllers: what a control asks for comes after all that.
        4. Generation ends its sound right after the music, and before the session, as keeping
           songs takes longest.
        5. Session: at the end what was still recorded is in the song that is kept.
        6. Editing: the log has what a change led to at once before the change itself.
        7. Foresight looks ahead from what all of that came to.

        Analysis and jobs react to nothing.
        """
        return (
            self.ports,
            self.transport,
            self.controllers,
            self.generation,
            self.session,
            self.editing,
            self.foresight,
            self.analysis,
            self.jobs,
        )


def wire(
    context: ServiceContext,
    state: State,
    jobs: Jobs,
    settings: Settings,
    *,
    report: Callable[[Event], None],
    keeper: Keeper | None = None,
    seen: Mapping[str, str] | None = None,
    recording: CommandLog | None = None,
    studio: StudioParts | None = None,
    influence: InfluenceParts | None = None,
) -> Services:
    """Make the services; where one needs something of another, it gets that one function."""
    controllers = ControllersService(context, jobs, lambda: generation.shown)
    transport = TransportService(context, settings, is_control=controllers.owns)
    generation = GenerationService(context, jobs, report, settings, studio or StudioParts())
    parts = influence or InfluenceParts(open_take_search)
    analysis = AnalysisService(context, jobs, parts, lambda: state.model)
    return Services(
        PortsService(context, settings),
        transport,
        controllers,
        generation,
        SessionService(
            context,
            jobs,
            keeper,
            seen,
            end_recording=transport.end_recording,
            export_with_credits=analysis.handle,
        ),
        EditingService(context, recording),
        ForesightService(context, jobs, state),
        analysis,
        JobsService(context, jobs),
    )
