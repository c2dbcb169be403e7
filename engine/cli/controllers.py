"""The words about controllers: `controllers list`, `controllers check`, `controllers use`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.cli.options import common, emit
from engine.common.printing import put
from engine.errors import UnknownName
from engine.midi.controllers import map_files
from engine.midi.controllers.bindings import Binding, device_of, fitting
from engine.midi.controllers.controls import LAST
from engine.midi.controllers.map_files import MapFile


def add(words: Any) -> None:
    """Add the words to the parser."""
    controllers = words.add_parser("controllers", help="list and check the maps of controllers")
    verbs = controllers.add_subparsers(dest="verb", required=True, metavar="list|check|use")
    listed = verbs.add_parser("list", help="every map, and which ports it is for")
    common(listed)
    listed.set_defaults(run=_list)

    check = verbs.add_parser("check", help="read a map strictly, and say what clashes in it")
    common(check)
    check.add_argument("file", type=Path, metavar="FILE.toml")
    check.set_defaults(run=_check)

    use = verbs.add_parser("use", help="give a device a map that is for none, or for another")
    common(use)
    use.add_argument("name", metavar="MAP", help="a map as `controllers list` names it, or a file")
    use.add_argument("--device", required=True, help="a part of the name of its port")
    use.set_defaults(run=_use)


def _list(options: argparse.Namespace) -> None:
    from engine.midi.ports import list_ports

    maps, wrong = map_files.load()
    inputs = [port.name for port in list_ports() if port.direction == "in"]
    found = {port: fitting(port, [each.map for each in maps]) for port in inputs}
    rows: list[dict[str, Any]] = [
        {
            "name": each.path.stem,
            "file": str(each.path),
            "shipped": each.shipped,
            "device": each.map.device,
            "bindings": len(each.map.bindings),
            "note": each.map.note,
            "ports": [port for port, its in found.items() if its is each.map],
        }
        for each in maps
    ]
    if options.json:
        emit({"controllers": rows, "wrong": [error.line() for error in wrong]})
        return
    for row in rows:
        ports = ", ".join(row["ports"]) or ("not here" if row["device"] else "for no device")
        whose = "ships" if row["shipped"] else "own"
        put(f"{row['name']:<28} {whose:<6} {row['bindings']:>3} bindings  {ports}")
        if row["note"]:
            put(f"    {row['note']}")
    for error in wrong:
        put(error.line())


def _check(options: argparse.Namespace) -> None:
    device = map_files.read(options.file)
    clashes = list(device.clashes())
    if options.json:
        emit(
            {
                "file": str(options.file),
                "device": device.device,
                "bindings": [_plain(each) for each in device.bindings],
                "clashes": clashes,
            }
        )
        return
    count = len(device.bindings)
    put(f"{options.file}: {count} binding{'s' * (count != 1)} for {device.device or 'no device'}.")
    for words in clashes:
        put(f"Clash: {words}")


def _use(options: argparse.Namespace) -> None:
    maps, _ = map_files.load()
    named = {each.path.stem: each for each in maps}
    if options.name.endswith(".toml"):
        path = Path(options.name)
        file = MapFile(path, map_files.read(path))
    elif options.name in named:
        file = named[options.name]
    else:
        raise UnknownName("controller map", options.name, named)
    device = device_of(options.device)
    place = map_files.own_file(device)
    map_files.write(place, replace(file.map, device=device, note=f"Begun from {file.path.name}."))
    if options.json:
        emit({"file": str(place), "device": device, "bindings": len(file.map.bindings)})
    else:
        put(f"{place} is the map of every port whose name has {device!r} in it.")


def _plain(binding: Binding) -> dict[str, Any]:
    low, high = (None, None) if binding.target.sort.pressed else binding.range
    control = binding.control
    return {
        "control": f"{control.kind}{f' {control.number}' if LAST[control.kind] else ''}",
        "channel": control.channel + 1,
        "target": str(binding.target),
        "low": low,
        "high": high,
        "curve": binding.curve,
        "takeover": binding.takeover,
        "encoding": binding.encoding,
        "threshold": binding.threshold,
        "step": binding.step,
    }
