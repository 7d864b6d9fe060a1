"""The benchmark programs written in Swift, compiled against the modules and objects of the release build."""
import glob
import os
import re
import shutil
import subprocess

from . import corpus, start, system, targets

RELEASE = os.path.join(targets.ROOT, ".build/release")
EXECUTABLES = {"apus"}


def _objects(modules):
    """Object files of our modules and, for those that use them, of every package they import."""
    found = []
    for folder in sorted(glob.glob(os.path.join(RELEASE, "*.build"))):
        name = os.path.basename(folder)[:-len(".build")]
        if modules is not None and name not in modules:
            continue
        if name in EXECUTABLES or name.endswith(("-tool", "Tests")) or "Plugin" in name:
            continue
        found += glob.glob(os.path.join(folder, "**/*.o"), recursive=True)
    return found


def _package_name():
    with open(os.path.join(targets.ROOT, ".build/release.yaml"), errors="replace") as file:
        for match in re.finditer(r'"-package-name","([^"]+)"', file.read()):
            if match.group(1) == os.path.basename(targets.ROOT).lower():
                return match.group(1)
    raise system.Shortfall("no release build is here; run `make build`")


def _module_maps():
    """Those that stand in the sources and those that the package manager made for targets in C."""
    maps = glob.glob(os.path.join(targets.ROOT, "Sources/**/module.modulemap"), recursive=True)
    maps += glob.glob(os.path.join(RELEASE, "*.build/module.modulemap"))
    maps += glob.glob(os.path.join(targets.ROOT, ".build/checkouts/GRDB.swift/Sources/GRDBSQLite/module.modulemap"))
    return [option for path in maps for option in ("-Xcc", "-fmodule-map-file=" + path)]


def compiled(name, modules, libraries, options=()):
    """Path of a program from Benchmarks/`name`, compiled when its sources or the release build are newer."""
    sources = sorted(glob.glob(os.path.join(targets.ROOT, "Benchmarks", name, "*.swift")))
    if not sources:
        raise system.Shortfall("Benchmarks/%s is absent" % name)
    folder = os.path.join(targets.ROOT, ".build/bench")
    os.makedirs(folder, exist_ok=True)
    program = os.path.join(folder, name)
    newest = max(os.path.getmtime(path) for path in sources + [targets.apus_binary()])
    if os.path.exists(program) and os.path.getmtime(program) > newest:
        return program
    command = ["swiftc", "-swift-version", "6", "-O", "-wmo", "-package-name", _package_name(),
               "-I", os.path.join(RELEASE, "Modules"), *_module_maps(), *options, *sources, *_objects(modules),
               *libraries, "-o", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if done.returncode != 0:
        raise system.Shortfall("Benchmarks/%s does not compile:\n%s" % (name, done.stderr[-1500:]))
    return program


def header_parse(run, report):
    """Headers read per CPU second, beside dcmdump and pydicom, on CT and on every other kind of phantom."""
    try:
        program = compiled("HeaderParse", {"DICOMCore"}, ["-lz"])
    except (system.Shortfall, OSError, subprocess.SubprocessError) as error:
        return report.failed("Header parse", "program", "apus", error)
    folder = corpus.kinds(run.base)
    environment = dict(os.environ)
    venv = os.environ.get("APUS_VENV", os.path.join(targets.ROOT, ".build/venv"))
    if os.path.isdir(os.path.join(venv, "bin")):
        environment["PATH"] = os.path.join(venv, "bin") + os.pathsep + environment["PATH"]
    for _ in range(run.repetitions):
        done = subprocess.run([program, folder, "200"], capture_output=True, text=True, timeout=run.load_patience, env=environment)
        for name, rate in re.findall(r"^(.+): (\d+) headers per CPU second", done.stdout, re.M):
            report.add("Header parse", "headers", "apus" if name.startswith("Apus open") else name, per_s=float(rate))
        if done.returncode != 0:
            return report.failed("Header parse", "program", "apus", done.stderr)
    return None


def index(run, report):
    """The index alone, filled with made-up studies of ten instances; then a start of the server on it."""
    folder = os.path.join(run.base, "index-%d" % run.index_studies)
    os.makedirs(folder, exist_ok=True)
    try:
        program = compiled("Index", None, ["-lsqlite3", "-lz", "-lzip", "-lopenjp2", "-lopenjph", "-ljpeg", "-lstdc++"],
                           ["-parse-as-library"])
        done = subprocess.run([program, folder, str(run.index_studies)], capture_output=True, text=True, timeout=run.load_patience)
        if done.returncode != 0:
            raise system.Shortfall(done.stderr[-500:])
        print(done.stdout, flush=True)
        report.rows.append(dict(part="Index", metric="%d studies" % run.index_studies, target="apus", text=done.stdout))
        found = re.search(r"instances: (\d+)", done.stdout)
        start.large(run, report, folder, "%s instances indexed" % (found.group(1) if found else "many"))
    except (system.Shortfall, OSError, subprocess.SubprocessError) as error:
        report.failed("Index", "program", "apus", error)
    finally:
        if not run.keep:
            shutil.rmtree(folder, ignore_errors=True)
