"""The words about this machine: `ports`, `doctor`, `bench`."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.cli.options import SLOW, BadUsage, ProgressLine, abandon_output, common, emit
from engine.common.printing import put
from engine.errors import ArmonicaError

if TYPE_CHECKING:
    from engine.midi.ports import PortInfo


class Unwell(ArmonicaError):
    """A machine on which something that Armonica needs does not work."""

    title = "Doctor"


def add(words: Any) -> None:
    """Add the words to the parser."""
    ports = words.add_parser("ports", help="list the MIDI ports of this machine")
    common(ports)
    ports.add_argument(
        "--watch",
        action="store_true",
        help="then tell of each port that appears or vanishes, until Ctrl-C; with --json one"
        " JSON document a line",
    )
    ports.set_defaults(run=_ports)

    doctor = words.add_parser("doctor", help="check what Armonica needs on this machine")
    common(doctor)
    doctor.set_defaults(run=_doctor)

    bench = words.add_parser("bench", help="measure speed as a ratio within one run")
    common(bench)
    bench.add_argument("what", metavar="start|latency|jitter|map|screen|search|steer|decode|remote")
    bench.add_argument("--device", metavar="cpu|cuda", help="where `decode` is measured (cpu)")
    bench.set_defaults(run=_bench)


def _ports(options: argparse.Namespace) -> None:
    from engine.midi.ports import list_ports

    if options.watch:
        _watch(in_json=options.json)
        return
    found = list_ports()
    if options.json:
        emit({"ports": [asdict(port) for port in found]})
    else:
        _list(found)


def _list(found: Sequence[PortInfo]) -> None:
    for port in found:
        put(f"{port.direction:<7} {port.name}")
    if not found:
        put("No MIDI port on this machine. Armonica starts without one and keeps time all the")
        put("same; `armonica render` writes MIDI files.")


def _watch(*, in_json: bool) -> None:
    from engine.midi.port_changes import follow, sightings

    before: tuple[PortInfo, ...] | None = None
    # To end it, or to close what reads it, is the way to end it.
    try:
        for ports in follow(sys.stdout.fileno()):
            if before is None and in_json:
                emit({"ports": [asdict(port) for port in ports]})
            elif before is None:
                _list(ports)
            for seen in sightings(before, ports) if before is not None else ():
                at = datetime.now().astimezone()
                if in_json:
                    told = {"change": seen.change, **asdict(seen.port)}
                    emit(told | {"at": at.isoformat(timespec="milliseconds")})
                else:
                    put(f"{seen.port.direction:<7} {seen.port.name}  {seen.change} {at:%H:%M:%S}")
            before = ports
            sys.stdout.flush()
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        abandon_output()


def _doctor(options: argparse.Namespace) -> None:
    from engine.doctor import examine

    checks = examine(ProgressLine("doctor", after=SLOW).show)
    failed = [check for check in checks if check.status == "fail"]
    if options.json:
        emit({"ok": not failed, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            remedy = f"  {check.remedy}" if check.remedy else ""
            put(f"{check.status:<4}  {check.name:<10} {check.detail}{remedy}")
    if failed:
        names = ", ".join(check.name for check in failed)
        raise Unwell(f"These checks failed: {names}.", "Each says above what mends it.")


def _bench(options: argparse.Namespace) -> None:
    from engine.bench import BENCHES, ON_DEVICES, measure
    from engine.errors import UnknownName

    if options.what not in BENCHES:
        raise UnknownName("bench", options.what, BENCHES)
    if options.seed:
        raise BadUsage("A bench draws nothing by chance, so it takes no --seed.")
    if options.device is not None and options.what not in ON_DEVICES:
        raise BadUsage(f"{options.what} is measured on the processor.", "Leave out --device.")
    found = measure(options.what, options.device)
    if options.json:
        told = [{**asdict(result), "ratio": result.ratio} for result in found]
        # The first figure is the bench's own; the others stand beside it in `results`.
        emit({"bench": options.what, **told[0], "results": told})
        return
    for at, r in enumerate(found):
        ours, other = (f"{value:.4g} {r.unit}" for value in (r.ours, r.other))
        put(f"{r.name}: {ours} against {other}, ratio {r.ratio:.3g}")
        if at + 1 == len(found) or found[at + 1].how != r.how:
            put(*textwrap.wrap(r.how, 92, initial_indent="  ", subsequent_indent="  "))
