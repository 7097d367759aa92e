#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the documents against the project.

- Links between our own files lead somewhere.
- Every module of CMakeLists.txt has its paragraph in src/README.md, and no other has one.
- A fenced block after the line <!-- session --> is a true session: each `$ command` is run, as in tests/cli, and must
  print what stands below it. --bless writes what is printed.
"""
import argparse
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "cli"))
import run_cases  # noqa: E402

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
SESSION = re.compile(r"(<!-- session -->\n+```\w*\n)(.*?)(^```$)", re.MULTILINE | re.DOTALL)
MODULE = re.compile(r"^weft_module\((\w+)", re.MULTILINE)
PARAGRAPH = re.compile(r"^- \*\*(\w+)\*\*", re.MULTILINE)


def pages():
    found = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "src").glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]
    return sorted(found)


def broken_links(page):
    targets = [target for target in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target]
    return [f"{page.relative_to(REPOSITORY)}: the link to '{target}' leads nowhere"
            for target in targets if not (page.parent / target).exists()]


def module_differences(cmake, map_page):
    modules, described = set(MODULE.findall(cmake)), set(PARAGRAPH.findall(map_page)) - {"cli"}
    return ([f"src/README.md: no paragraph for module '{name}'" for name in sorted(modules - described)]
            + [f"src/README.md: there is no module '{name}'" for name in sorted(described - modules)])


def session_as_case(session):
    """'$ command' and its output as sections of a case."""
    text = ""
    for line in session.splitlines(keepends=True):
        if line.startswith("$ "):
            text += f"--- run {line[2:]}--- stdout\n"
        else:
            text += line
    return text


def case_as_session(case):
    _, sections = run_cases.parse(case)
    texts = {"run": lambda s: f"$ {s.argument}\n", "stdout": lambda s: s.text}
    return "".join(texts[section.kind](section) for section in sections if section.kind in texts)


def check_sessions(page, weft, bless):
    """Runs the sessions of one page."""
    found = []

    def run(match):
        with tempfile.TemporaryDirectory(prefix="weft-session-") as folder:
            wrong, case = run_cases.run_case(session_as_case(match[2]), pathlib.Path(folder).resolve(), weft)
        found.extend(f"{page.relative_to(REPOSITORY)}: {text}" for text in wrong)
        return match[1] + case_as_session(case) + match[3]

    before = page.read_text(encoding="utf-8")
    after = SESSION.sub(run, before)
    if bless and found:
        page.write_text(after, encoding="utf-8")
        print(f"{page}: written anew")
        return []
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weft", type=lambda path: pathlib.Path(path).resolve(), help="the program; without it sessions are not run")
    parser.add_argument("--bless", action="store_true", help="write what is printed into the sessions")
    options = parser.parse_args()
    found = module_differences((REPOSITORY / "CMakeLists.txt").read_text(encoding="utf-8"),
                               (REPOSITORY / "src/README.md").read_text(encoding="utf-8"))
    for page in pages():
        found += broken_links(page)
        if options.weft:
            found += check_sessions(page, options.weft, options.bless)
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
