"""Tests of scripts/compare_constraints.py with a stand-in for the program: what it runs, what it counts. No model."""

import contextlib
import importlib.util
import io
import json
import tempfile
import unittest
from pathlib import Path

_path = Path(__file__).resolve().parent.parent / "compare_constraints.py"
_spec = importlib.util.spec_from_file_location("compare_constraints", _path)
compare = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(compare)

# Writes a record for each input, and keeps its arguments beside them.
PATRON = '''#!/usr/bin/env python3
import json, pathlib, sys
arguments = sys.argv[1:]
if arguments[0] == "evaluate":
    figures = {"precision": 0.5, "recall": 0.25, "f1": 0.333, "f0_5": 0.4}
    balanced = {level: figures for level in ("funder", "award_id", "scheme", "title")}
    print(json.dumps({"one_to_one": figures, "balanced": balanced}))
    sys.exit()
source, output = pathlib.Path(arguments[1]), pathlib.Path(arguments[-1])
(output.parent / (output.name + ".arguments")).write_text(json.dumps(arguments))
call = {"new_tokens": 10, "prefill_seconds": 1, "decode_seconds": 1, "finish_reason": "stop"}
if source.is_dir():
    records = [{"id": p.name, "seconds": 2, "statements": [{"status": "exact"}, {"status": "unverified"}],
                "calls": [{**call, "output": json.dumps({"statements": ["x"]})}]} for p in sorted(source.iterdir())]
else:
    evidence = {"awards": [{"award_ids": [{"start": 1}, None, None, None]}]}
    records = [{"id": json.loads(line)["id"], "seconds": 2, "funders": [{"evidence": evidence}],
                "calls": [{**call, "output": "nonsense"}]} for line in source.read_text().splitlines()]
output.write_text("".join(json.dumps(record) + "\\n" for record in records))
'''


class CompareConstraintsTests(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.root = Path(self._folder.name)
        self.addCleanup(self._folder.cleanup)
        self.data = self.root / "data"
        self.data.mkdir()
        articles = [{"id": f"10.1/{n}", "article": f"Article {n}", "statements": []} for n in range(3)]
        statements = [{"id": str(n), "statement": f"Statement {n}", "funders": [], "more": 1} for n in range(3)]
        compare.write_rows(self.data / "extract.jsonl", articles)
        compare.write_rows(self.data / "parse.jsonl", statements)
        self.patron = self.root / "patron"
        self.patron.write_text(PATRON)
        self.patron.chmod(0o755)
        self.output = self.root / "output"

    def run_script(self, *arguments):
        """The exit status, standard output and standard error."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = compare.main(
                    [str(self.data), "--patron", str(self.patron), "--output", str(self.output), *arguments])
            except SystemExit as end:
                status = end.code
        return status, out.getvalue(), err.getvalue()

    def test_both_tasks_in_two_shares(self):
        status, out, _ = self.run_script(
            "--jobs", "2", "--modes", "json", "verbatim:--verbatim=ids", "--", "--model", "m")
        self.assertEqual(status, 0)
        self.assertIn("| json | 100.0 % | 50.0 % | 0.500 | 0.250 | 0.333 | 0 | 6 | 10.0 | 5.0 |", out)
        self.assertIn("| verbatim:--verbatim=ids | 0.0 % | 25.0 % | 0.400 |", out)
        ids = [record["id"] for record in compare.read_rows(self.output / "json-statements.jsonl")]
        self.assertEqual(ids, ["00000.md", "00002.md", "00001.md"])
        gold = compare.read_rows(self.output / "gold-funders.jsonl")
        self.assertEqual(gold[2], {"id": "2", "statement": "Statement 2", "funders": []})
        arguments = json.loads(
            (self.output / "share-1" / "verbatim---verbatim-ids-funders.jsonl.arguments").read_text())
        self.assertEqual(arguments[2:4], ["--stage", "parse"])
        self.assertEqual(arguments[6:11], ["--constrain", "verbatim", "--verbatim=ids", "--model", "m"])

    def test_only_so_many_of_one_task_in_more_shares_than_rows(self):
        status, out, _ = self.run_script("--limit", "2", "--tasks", "funders", "--jobs", "4", "--modes", "none")
        self.assertEqual(status, 0)
        self.assertNotIn("statements\n", out)
        self.assertEqual(len(compare.read_rows(self.output / "none-funders.jsonl")), 2)

    def test_a_used_folder_is_refused(self):
        self.assertEqual(self.run_script("--limit", "1")[0], 0)
        status, _, err = self.run_script("--limit", "1")
        self.assertEqual(status, 2)
        self.assertIn("holds files that would be mixed with the new ones", err)

    def test_shapes(self):
        self.assertTrue(compare.parses('{"statements": []}', "statements"))
        self.assertFalse(compare.parses('{"statements": [1]}', "statements"))
        award = {"award_ids": ["1"], "funding_scheme": [], "award_title": []}
        self.assertTrue(compare.parses(json.dumps([{"funder_name": None, "awards": [award]}]), "funders"))
        self.assertFalse(compare.parses(json.dumps([{"funder_name": 1, "awards": [award]}]), "funders"))
        self.assertFalse(compare.parses(json.dumps([{"funder_name": "a", "awards": [{}]}]), "funders"))


if __name__ == "__main__":
    unittest.main()
