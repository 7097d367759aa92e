#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every #include under src/ points down the layers.

The layers are the weft_module(NAME USES ...) lines of CMakeLists.txt. A module may include itself, the modules named on
its line, and what those may include. The command line (src/cli) stands above `api`.
"""
import pathlib
import re
import sys

MODULE = re.compile(r"^weft_module\((\w+)\s+USES([^)]*)\)", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
FACE = "cli"


def read_layers(cmake):
    """Module -> the modules on its line."""
    layers = {name: uses.split("EXTERNAL")[0].split() for name, uses in MODULE.findall(cmake)}
    layers[FACE] = ["api"]
    return layers


def reachable(layers, module):
    """The module and all it may include."""
    found, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += layers.get(name, [])
    return found


def module_of(path):
    """'cli/x.h' and 'weft/base/x.h' belong to modules; other files do not."""
    parts = pathlib.PurePosixPath(path).parts
    if parts[0] == FACE:
        return FACE
    return parts[1] if parts[0] == "weft" and len(parts) > 2 else None


def violations(layers, source):
    """One line for each include, and each folder, that breaks the layers. `source` is the folder src/."""
    found = []
    for name, uses in layers.items():
        found += [f"CMakeLists.txt: module '{name}' uses '{use}', which is no module" for use in uses if use not in layers]
    for file in sorted(source.rglob("*")):
        if file.suffix not in (".h", ".cc"):
            continue
        name = file.relative_to(source).as_posix()
        module = module_of(name)
        if module not in layers:
            found.append(f"src/{name}: there is no weft_module line for its folder")
            continue
        allowed = reachable(layers, module)
        for included in INCLUDE.findall(file.read_text(encoding="utf-8")):
            if ".." in included or (module_of(included) is not None and module_of(included) not in allowed):
                found.append(f'src/{name}: must not include "{included}": \'{module}\' may use '
                             f'{", ".join(sorted(allowed))}')
    return found


def main():
    repository = pathlib.Path(__file__).resolve().parents[1]
    found = violations(read_layers((repository / "CMakeLists.txt").read_text(encoding="utf-8")), repository / "src")
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
