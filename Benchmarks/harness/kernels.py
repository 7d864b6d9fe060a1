"""The imaging kernels as WebAssembly in Node and as machine code, beside SimpleITK and numpy."""
import json
import os
import shutil
import subprocess
import sys

from . import system, targets

HERE = os.path.join(targets.ROOT, "Benchmarks/Kernels")
sys.path.insert(0, os.path.join(targets.ROOT, "Web"))


def _library(folder):
    """The sources of the page's module compiled for this machine, as the product is."""
    import kernels
    path, objects = os.path.join(folder, "libkernels.so"), []
    options = ["-swift-version", "6", "-wmo", "-O", "-parse-as-library", "-I", folder]
    for feature in ("ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility"):
        options += ["-enable-upcoming-feature", feature]
    for module in kernels.MODULES:
        objects.append(os.path.join(folder, module + ".o"))
        subprocess.run(["swiftc", *options, "-module-name", module, "-emit-module", "-emit-module-path",
                        os.path.join(folder, module + ".swiftmodule"), "-c", *map(str, kernels.sources(module)), "-o", objects[-1]],
                       check=True, timeout=600)
    runtime = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(shutil.which("swiftc")))), "lib/swift/linux")
    subprocess.run(["clang++", "-shared", *objects, "-L", runtime, "-Wl,-rpath," + runtime, "-lswiftCore", "-o", path],
                   check=True, timeout=120)
    return path


def _python():
    """One with the peers: `Scripts/setup bench` makes its environment."""
    python = os.environ.get("APUS_KERNELS_PYTHON", os.path.join(targets.ROOT, ".build/kernels-venv/bin/python"))
    if not os.path.exists(python):
        raise system.Shortfall("%s is missing; run Scripts/setup bench" % python)
    return python


def run(run, report):
    if shutil.which("node") is None:
        report.note("Node is not installed; the kernels are measured as machine code only")
    folder = os.path.join(run.scratch, "kernels")
    os.makedirs(folder, exist_ok=True)
    try:
        import kernels
        module = os.path.join(folder, "kernels.wasm")
        with open(module, "wb") as file:
            file.write(kernels.build())
        command = [_python(), os.path.join(HERE, "measure.py"), module, _library(folder), folder, "0.4"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=run.load_patience)
    except (system.Shortfall, OSError, subprocess.SubprocessError) as error:
        return report.failed("Kernels", "program", "apus", error)
    for line in done.stdout.splitlines():
        found = json.loads(line)
        target = "apus" if found["runner"] == "WebAssembly" else found["runner"]
        report.add("Kernels", found["name"], target, ms=found["ms"], budget=found.get("budget") or "")
    if done.returncode != 0:
        return report.failed("Kernels", "program", "apus", done.stderr)
    return None
