#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs command-line scenarios: tests/cli/*.case.

A case is a text of sections. Lines before the first section are comments.

  --- file NAME     the lines that follow become a file in the case's own empty folder
  --- run COMMAND   a command (words as in a shell, no pipes), started in that folder with weft on its PATH
  --- stdout        what it must print; nothing if there is no such section
  --- stderr        likewise
  --- exit N        how it must end; 0 if there is no such section

A line of three dots in the expected text stands for any lines. <data> stands for Weft's data folder, and <folder> in
what is printed for the case's folder. --bless writes what was printed into the case; review reads the difference.
"""
import argparse
import difflib
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DATA = REPOSITORY / "data"
ANY_LINES = "..."
SECONDS = 300


class Section:
    """One '--- kind argument' line and the text below it."""

    def __init__(self, kind, argument, text=""):
        self.kind, self.argument, self.text = kind, argument, text

    def __str__(self):
        return f"--- {self.kind} {self.argument}".rstrip() + "\n" + self.text


def parse(text):
    """The comment and the sections of a case."""
    comment, sections = "", []
    for line in text.splitlines(keepends=True):
        if line.startswith("--- "):
            kind, _, argument = line[4:].strip().partition(" ")
            if kind not in ("file", "run", "stdout", "stderr", "exit"):
                raise ValueError(f"'{kind}' is no section; there are file, run, stdout, stderr, exit")
            sections.append(Section(kind, argument))
        elif sections:
            sections[-1].text += line
        else:
            comment += line
    return comment, sections


def matches(expected, actual):
    """Whether the lines are equal, '...' standing for any number of lines."""
    if not expected:
        return not actual
    if expected[0] == ANY_LINES:
        return any(matches(expected[1:], actual[i:]) for i in range(len(actual) + 1))
    return bool(actual) and expected[0] == actual[0] and matches(expected[1:], actual[1:])


# What long work says now and then, if the machine is slow enough: "title  [bar]  3/5  0:10, 0:06 left".
PROGRESS = re.compile(r"^.+  \[[^\]]*\]  [\d,]+/[\d,]+  \d+:\d\d.*\n", re.MULTILINE)


def environment(folder, weft):
    """Little, so that the text printed does not depend on who runs it."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("ASAN", "UBSAN", "TSAN", "LLVM_"))}
    path = f"{weft.parent}:{os.environ['PATH']}"
    return {**kept, "PATH": path, "HOME": str(folder), "LC_ALL": "C.UTF-8", "WEFT_DATA": str(DATA)}


def run_command(command, folder, weft):
    """What the command printed and how it ended: a dictionary by section."""
    words = shlex.split(command.replace("<data>", str(DATA)))
    done = subprocess.run(words, cwd=folder, env=environment(folder, weft), stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=SECONDS, check=False)
    readable = lambda output: (output.decode("utf-8", "backslashreplace")
                               .replace(str(folder), "<folder>").replace(str(DATA), "<data>"))
    messages = PROGRESS.sub("", readable(done.stderr))
    return {"stdout": readable(done.stdout), "stderr": messages, "exit": str(done.returncode)}


def differences(expected, actual):
    """One text for each of stdout, stderr and exit that is not as expected."""
    found = []
    for kind in ("stdout", "stderr"):
        wanted, got = expected.get(kind, "").splitlines(), actual[kind].splitlines()
        if not matches(wanted, got):
            found.append("\n".join(difflib.unified_diff(wanted, got, f"{kind}, expected", f"{kind}, printed", lineterm="")))
    if expected.get("exit", "0") != actual["exit"]:
        found.append(f"exit code: expected {expected.get('exit', '0')}, was {actual['exit']}")
    return found


def blessed(expected, actual):
    """The sections that say what was printed; expectations that hold (with '...') stay."""
    sections = []
    for kind in ("stdout", "stderr"):
        if matches(expected.get(kind, "").splitlines(), actual[kind].splitlines()):
            text = expected.get(kind, "")
        else:
            text = actual[kind] + ("" if not actual[kind] or actual[kind].endswith("\n") else "\n")
        if text:
            sections.append(Section(kind, "", text))
    if actual["exit"] != "0":
        sections.append(Section("exit", actual["exit"]))
    return sections


def run_case(text, folder, weft):
    """The differences found, and the text of the case as it would be if what was printed were right."""
    comment, sections = parse(text)
    found, result = [], []
    while sections:
        section = sections.pop(0)
        if section.kind == "file":
            path = folder / section.argument
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(section.text, encoding="utf-8")
            result.append(section)
        elif section.kind == "run":
            expected = {}
            while sections and sections[0].kind in ("stdout", "stderr", "exit"):
                answer = sections.pop(0)
                expected[answer.kind] = answer.argument if answer.kind == "exit" else answer.text
            actual = run_command(section.argument, folder, weft)
            found += [f"{section.argument}\n{text}" for text in differences(expected, actual)]
            result += [section, *blessed(expected, actual)]
        else:
            raise ValueError(f"'--- {section.kind}' has no '--- run' before it")
    return found, comment + "".join(map(str, result))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weft", required=True, type=lambda path: pathlib.Path(path).resolve(), help="the program")
    parser.add_argument("--bless", action="store_true", help="write what is printed into the cases")
    parser.add_argument("cases", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    failed = 0
    for case in options.cases:
        with tempfile.TemporaryDirectory(prefix="weft-case-") as folder:
            found, text = run_case(case.read_text(encoding="utf-8"), pathlib.Path(folder).resolve(), options.weft)
        if options.bless and found:
            case.write_text(text, encoding="utf-8")
            print(f"{case}: written anew")
        elif found:
            failed += 1
            print(f"{case}:\n" + "\n".join(found))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
