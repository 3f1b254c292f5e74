"""Tests of scripts/train_default_model.sh with a stand-in for the program: what is trained on and what is not."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "train_default_model.sh"

# Writes its arguments into a file, and what the commands would write.
PATRON = '''#!/usr/bin/env python3
import json, os, pathlib, sys
arguments = sys.argv[1:]
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
output = pathlib.Path(arguments[arguments.index("--output") + 1])
output.parent.mkdir(parents=True, exist_ok=True)
output.mkdir(exist_ok=True) if arguments[1] != "synthesize" else output.write_text("")
'''


def values(arguments, option):
    """What follows an option, up to the next one."""
    rest = arguments[arguments.index(option) + 1:]
    return rest[:next((index for index, value in enumerate(rest) if value.startswith("--")), len(rest))]


class TrainDefaultModelTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "patron").write_text(PATRON)
        (self.folder / "patron").chmod(0o755)

    def run_script(self, *options, **variables):
        """The commands that the script runs."""
        calls = self.folder / "calls"
        calls.write_text("")
        subprocess.run(
            [SCRIPT, "/data", self.folder / "run", *options], check=True,
            env={**os.environ, "PATRON": str(self.folder / "patron"), "CALLS": str(calls), **variables})
        return [json.loads(line) for line in calls.read_text().splitlines()]

    def test_tune_and_dapo_rows_are_not_trained_on(self):
        split, synthesize, train = self.run_script()
        self.assertEqual([split[1], synthesize[1], train[:2]], ["split", "synthesize", ["train", "sft"]])
        self.assertIn("/data/train/parse_clean.jsonl", split)
        self.assertIn("tune=0.1", split)
        parts = str(self.folder / "run/parts/")
        trained = values(train, "--train")
        self.assertEqual(len(trained), 6)
        for file in trained:
            self.assertTrue(file.endswith("@3"), file)
            self.assertTrue(file.startswith(parts + "/sft/") or file.endswith("run/synthetic.jsonl@3"), file)
        for file in values(train, "--dev"):
            self.assertTrue(file.startswith(parts + "/tune/"), file)

    def test_shares_and_options_are_taken_over(self):
        train = self.run_script("--device", "cuda", PASSES="2", SILVER="0.25", SYNTHETIC="0")[-1]
        self.assertEqual(train[-2:], ["--device", "cuda"])
        trained = [Path(file).name for file in values(train, "--train")]
        self.assertEqual(
            trained,
            ["parse_clean.jsonl@2", "parse_silver.jsonl@0.5", "parse2.jsonl@2", "extract.jsonl@2", "extract2.jsonl@2"])

    def test_what_is_there_is_not_made_again(self):
        self.run_script()
        self.assertEqual([call[:2] for call in self.run_script()], [["train", "sft"]])


if __name__ == "__main__":
    unittest.main()
