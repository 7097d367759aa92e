#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the scripts that test: each finds what it is there to find."""
import pathlib
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS), str(TESTS / "cli")]
import docs  # noqa: E402
import error_ids  # noqa: E402
import layers  # noqa: E402
import run_cases  # noqa: E402

CMAKE = """
weft_module(base USES EXTERNAL fmt::fmt)
weft_module(tensor USES base)
weft_module(model USES tensor)
weft_module(simulator USES tensor)
weft_module(api USES model simulator)
"""


class Layers(unittest.TestCase):
    def violations(self, name, line):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / name
            file.parent.mkdir(parents=True)
            file.write_text(line + "\n", encoding="utf-8")
            return layers.violations(layers.read_layers(CMAKE), pathlib.Path(folder))

    def test_down_is_allowed_and_up_or_sideways_is_not(self):
        self.assertEqual(self.violations("weft/model/a.cc", '#include "weft/base/error.h"'), [])
        self.assertEqual(self.violations("weft/model/a.cc", '#include "weft/model/b.h"'), [])
        self.assertEqual(self.violations("weft/model/a.cc", "#include <vector>"), [])
        for name, line in [("weft/base/a.cc", '#include "weft/tensor/tensor.h"'),
                           ("weft/simulator/a.cc", '#include "weft/model/count.h"'),
                           ("weft/simulator/a_test.cc", '#  include <weft/model/count.h>'),
                           ("weft/base/a.h", '#include "../tensor/tensor.h"'),
                           ("weft/api/a.h", '#include "cli/commands.h"')]:
            self.assertEqual(len(self.violations(name, line)), 1, (name, line))

    def test_a_folder_without_a_module_is_found(self):
        self.assertEqual(len(self.violations("weft/stray/a.cc", "")), 1)

    def test_the_command_line_may_use_everything_below_the_api(self):
        self.assertEqual(self.violations("cli/a.cc", '#include "weft/simulator/a.h"'), [])


class ErrorIds(unittest.TestCase):
    PAGE = "| `yaml.tab` | a | b |\n"

    def test_equal_sets_are_fine(self):
        self.assertEqual(error_ids.findings(self.PAGE, 'throw Error({.id = "yaml.tab"})', "yaml.tab"), [])

    def test_each_kind_of_difference_is_found(self):
        code = 'problem(at, "yaml.tab", what)'
        self.assertEqual(len(error_ids.findings(self.PAGE, code + ' "yaml.alias"', "yaml.tab yaml.alias")), 1)
        self.assertEqual(len(error_ids.findings(self.PAGE, code + ' .id = "new.id"', "yaml.tab new.id")), 1)
        self.assertEqual(len(error_ids.findings(self.PAGE + "| `yaml.tag` | a | b |\n", code, "yaml.tab")), 1)
        self.assertEqual(len(error_ids.findings(self.PAGE, code, "yaml.tab-stop yaml.table")), 1)
        self.assertEqual(len(error_ids.findings(self.PAGE * 2, code, "yaml.tab")), 1)

    def test_file_names_are_no_ids(self):
        self.assertEqual(error_ids.findings(self.PAGE, '"yaml.tab" "yaml.json"', "yaml.tab"), [])


class Cases(unittest.TestCase):
    def run_case(self, text):
        with tempfile.TemporaryDirectory() as folder:
            return run_cases.run_case(text, pathlib.Path(folder).resolve(), pathlib.Path("/bin/true"))

    def test_what_is_as_expected_passes(self):
        case = "# why\n--- file a.txt\none\ntwo\n--- run cat a.txt\n--- stdout\none\ntwo\n--- run false\n--- exit 1\n"
        self.assertEqual(self.run_case(case), ([], case))

    def test_each_difference_is_found_and_blessed(self):
        for case in ["--- run echo a\n", "--- run echo a\n--- stdout\nb\n", "--- run false\n",
                     "--- run sh -c 'echo a >&2'\n", "--- run true\n--- exit 3\n", "--- run true\n--- stdout\na\n"]:
            found, text = self.run_case(case)
            self.assertEqual(len(found), 1, case)
            self.assertEqual(self.run_case(text), ([], text))

    def test_three_dots_stand_for_any_lines_and_survive_a_blessing(self):
        for expected in ["...\n", "1\n...\n", "...\n3\n", "1\n...\n3\n", "1\n2\n...\n3\n"]:
            case = f"--- run seq 3\n--- stdout\n{expected}"
            self.assertEqual(self.run_case(case), ([], case))
        self.assertEqual(len(self.run_case("--- run seq 3\n--- stdout\n2\n...\n")[0]), 1)

    def test_progress_of_slow_work_is_no_difference(self):
        line = "evaluating layers  [███▎    ]  4/5  0:10, 0:02 left"
        self.assertEqual(self.run_case(f"--- run sh -c 'echo \"{line}\" >&2'\n")[0], [])
        self.assertEqual(len(self.run_case("--- run sh -c 'echo [4/5] >&2'\n")[0]), 1)

    def test_the_folder_has_a_name_that_does_not_change(self):
        self.assertEqual(self.run_case("--- run pwd\n--- stdout\n<folder>\n")[0], [])

    def test_a_broken_case_is_refused(self):
        for case in ["--- stdout\nx\n", "--- whatever\n"]:
            with self.assertRaises(ValueError):
                self.run_case(case)


class Documents(unittest.TestCase):
    def test_a_module_without_a_paragraph_is_found(self):
        self.assertEqual(docs.module_differences("weft_module(base USES)", "- **base** is\n- **cli** is\n"), [])
        self.assertEqual(len(docs.module_differences("weft_module(base USES)", "")), 1)
        self.assertEqual(len(docs.module_differences("", "- **base** is\n")), 1)

    def test_a_session_becomes_a_case_and_back(self):
        session = "$ echo a\na\n$ echo b\nb\n"
        self.assertEqual(docs.case_as_session(docs.session_as_case(session)), session)


if __name__ == "__main__":
    unittest.main()
