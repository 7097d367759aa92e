#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy on the sources of a build folder, each file again only when it or what it includes has changed.

  scripts/tidy.py BUILD [--deep] [-j N] [FILE...]

The slow path-sensitive checks (clang-analyzer-*), and the checks of tests, run only with --deep. A file that passed leaves a stamp in BUILD/tidy.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def included_files(file, include_folders):
    """The project's own files that a source file includes, itself too."""
    found, waiting = set(), [file]
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        names = INCLUDE.findall(path.read_text(encoding="utf-8"))
        waiting += [folder / name for name in names for folder in (path.parent, *include_folders)]
    return sorted(found)


def stamp_of(entry, deep):
    """A hash of all that decides the answer."""
    file = pathlib.Path(entry["file"])
    digest = hashlib.sha256(f"{entry['command']} {deep}".encode())
    for path in [REPOSITORY / ".clang-tidy", *included_files(file, [REPOSITORY / "src", REPOSITORY / "tests"])]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def check(entry, build, deep):
    """None if the file passes, else what clang-tidy says."""
    command = ["clang-tidy", "--quiet", "-p", str(build), entry["file"]]
    if not deep:
        command.append("--checks=-clang-analyzer-*")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stdout + ("" if done.stdout else done.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--deep", action="store_true", help="with the clang static analyzer, and tests too")
    parser.add_argument("-j", "--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("files", nargs="*", help="parts of the paths of files to check; all of them if none is given")
    options = parser.parse_args()

    stamps = options.build / "tidy"
    stamps.mkdir(exist_ok=True)
    entries = {}
    for entry in json.loads((options.build / "compile_commands.json").read_text(encoding="utf-8")):
        if entry["file"].endswith("_test.cc") and not options.deep:
            continue
        own = pathlib.Path(entry["file"]).is_relative_to(REPOSITORY) and str(options.build.resolve()) not in entry["file"]
        if own and (not options.files or any(part in entry["file"] for part in options.files)):
            entries[stamp_of(entry, options.deep)] = entry
    todo = {stamp: entry for stamp, entry in entries.items() if not (stamps / stamp).exists()}

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = {pool.submit(check, entry, options.build, options.deep): stamp for stamp, entry in todo.items()}
        for done in concurrent.futures.as_completed(running):
            complaint = done.result()
            if complaint is None:
                (stamps / running[done]).touch()
            else:
                failed += 1
                print(complaint, flush=True)
    print(f"clang-tidy: {len(entries)} files, {len(todo)} of them checked now, {failed} with complaints")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
