#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the ids of errors are the same in the code, in docs/errors.md and in the tests.

Every id that the code can throw has a row in docs/errors.md and a test that names it; every row is of an id in the code.
"""
import pathlib
import re
import sys

ROW = re.compile(r"^\| `([a-z0-9.-]+)` \|", re.MULTILINE)
ID_FIELD = re.compile(r'\.id\s*=\s*"([^"]+)"')
LITERAL = re.compile(r'"([a-z][a-z0-9]*\.[a-z0-9]+(?:-[a-z0-9]+)*)"')
FILE_ENDINGS = {"yaml", "yml", "json", "csv", "onnx", "pb", "data", "txt", "max", "h", "cc"}


def documented_ids(page):
    return set(ROW.findall(page))


def code_ids(text, prefixes):
    """Texts after '.id =', and every text that looks like an id and starts like a documented one."""
    likely = {word for word in LITERAL.findall(text)
              if word.split(".")[0] in prefixes and word.split(".")[1] not in FILE_ENDINGS}
    return likely | set(ID_FIELD.findall(text))


def names(text, error_id):
    return re.search(re.escape(error_id) + r"(?![\w-])", text) is not None


def findings(page, code, tests):
    """`page` is docs/errors.md, `code` and `tests` are all their texts joined."""
    documented = documented_ids(page)
    used = code_ids(code, {error_id.split(".")[0] for error_id in documented})
    found = [f"{error_id}: in the code, but docs/errors.md has no row for it" for error_id in sorted(used - documented)]
    found += [f"{error_id}: in docs/errors.md, but not in the code" for error_id in sorted(documented - used)]
    found += [f"{error_id}: no test names it" for error_id in sorted(used) if not names(tests, error_id)]
    rows = ROW.findall(page)
    found += [f"{error_id}: docs/errors.md has several rows for it" for error_id in sorted(set(rows)) if rows.count(error_id) > 1]
    return found



def main():
    repository = pathlib.Path(__file__).resolve().parents[1]
    sources = sorted(p for p in (repository / "src").rglob("*") if p.suffix in (".h", ".cc"))
    others = sorted(p for p in (repository / "tests").rglob("*")
                    if p.suffix in (".cc", ".py", ".case") and p.name not in ("error_ids.py", "self_test.py"))
    read = lambda paths: "\n".join(path.read_text(encoding="utf-8") for path in paths)
    tests = [path for path in sources if path.name.endswith("_test.cc")]
    found = findings((repository / "docs/errors.md").read_text(encoding="utf-8"),
                     read([path for path in sources if path not in tests]), read(tests + others))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
