"""Tests of scripts/check_columns.py."""

import importlib.util
import unittest
from pathlib import Path

_path = Path(__file__).resolve().parent.parent / "check_columns.py"
_spec = importlib.util.spec_from_file_location("check_columns", _path)
check_columns = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(check_columns)


class ColumnTests(unittest.TestCase):
    def long_lines(self, *lines, is_swift=True):
        return list(check_columns.long_lines("\n".join(lines), is_swift))

    def test_characters_are_counted(self):
        self.assertEqual(self.long_lines("é" * 120, "// " + "é" * 118), [(2, 121)])

    def test_texts_of_swift_may_be_longer(self):
        self.assertEqual(self.long_lines('let text = """', "x" * 121, '  """', "y" * 121), [(4, 121)])
        self.assertEqual(self.long_lines('a("""', "x" * 121, '  """)', is_swift=False), [(2, 121)])
        self.assertEqual(self.long_lines('a("""b""")', "x" * 122), [(2, 122)])

    def test_a_literal_alone_may_be_longer(self):
        text = "x" * 125
        for line in (
            f'    + "{text} said",',
            f'"{text} \\(a ? "b" : f("c)")) end")',
            f'  #"{text} "quoted" text"#,',
            f'== "{text} \\" \\\\"',
        ):
            self.assertEqual(self.long_lines(line), [], line)

    def test_code_beside_a_literal_may_not(self):
        text = "x" * 120
        for line in (
            f'f("{text}", other, "end")',
            f'"a" + {text} + "b"',
            f'let a = "{text}"',
            f'"{text}" // why "so"',
            f'"{text}',
        ):
            self.assertEqual(self.long_lines(line), [(1, len(line))], line)


if __name__ == "__main__":
    unittest.main()
