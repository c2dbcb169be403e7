"""Each command of the protocol has one home, and services react in the order that is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

from engine.protocol.vocabulary import COMMANDS
from engine.services.base import Service
from tests.engine.runtime.test_dispatcher import Desk


def services() -> tuple[Service, ...]:
    """Return the services of a dispatcher, in their order."""
    return Desk().conductor.services.ordered


def test_every_command_is_handled_by_exactly_one_service() -> None:
    handled = Counter(kind for service in services() for kind in service.commands)
    nobody = [kind.__name__ for kind in COMMANDS if handled[kind] == 0]
    several = [kind.__name__ for kind, count in handled.items() if count > 1]
    assert (nobody, several) == ([], [])
    # None is handled that no line could carry.
    assert set(handled) == set(COMMANDS)


def test_no_service_is_left_out_of_the_order() -> None:
    made = Desk().conductor.services
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
