"""C-STORE: how fast objects are taken in, at which cost, and how much memory that takes."""
import multiprocessing
import os
import subprocess
import sys
import time

from . import corpus, system, targets, wire

SERVERS = [targets.Apus, targets.Orthanc, targets.StoreSCP, targets.Sink]


def storescu(server, folders, nodelay, timeout):
    """One storescu for each folder, all at once. Raises when an object was refused."""
    environment = dict(os.environ)
    environment.pop("TCP_NODELAY", None)
    if nodelay:
        environment["TCP_NODELAY"] = "1"
    command = [system.tool("storescu"), "-aet", targets.CALLER, "-aec", server.ae, "-pdu", "131072", "+sd", "+r",
               "127.0.0.1", str(server.port)]
    senders = [subprocess.Popen(command + [folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
               for folder in folders]
    end = time.monotonic() + timeout
    try:
        codes = [sender.wait(max(0.1, end - time.monotonic())) for sender in senders]
    finally:
        for sender in senders:
            if sender.poll() is None:
                sender.kill()
                sender.wait()
    if any(codes):
        raise system.Shortfall("storescu ended with %s: an object was refused" % codes)


def _send(port, called, paths):
    instances = [wire.Instance(path) for path in paths]
    contexts = sorted({(instance.sop_class, instance.syntax) for instance in instances})
    try:
        association = wire.Association(port, called, contexts)
        for instance in instances:
            status = association.store(instance)
            if status != 0:
                raise wire.WireError("C-STORE ended with status %04X" % status)
        association.release()
    except (wire.WireError, OSError) as error:
        sys.exit("  sender: %s" % error)


def lean(server, groups, timeout):
    """One association of our own sender for each list of paths, all at once; for loads that storescu itself would limit."""
    context = multiprocessing.get_context("fork")
    senders = [context.Process(target=_send, args=(server.port, server.ae, paths), daemon=True) for paths in groups]
    for sender in senders:
        sender.start()
    end = time.monotonic() + timeout
    for sender in senders:
        sender.join(max(0.1, end - time.monotonic()))
        if sender.exitcode is None:
            sender.kill()
            sender.join()
    if any(sender.exitcode for sender in senders):
        raise system.Shortfall("the sender ended with %s" % [sender.exitcode for sender in senders])


def _check(server, folders):
    """Everything that was sent is there: by an image level C-FIND, or by counting files."""
    if isinstance(server, targets.StoreSCP):
        found = len(corpus.files(server.data))
        expected = sum(len(corpus.files(folder)) for folder in folders)
        if found != expected:
            raise system.Shortfall("%d files instead of %d" % (found, expected))
    elif server.stores:
        association = wire.Association(server.port, server.ae, [(wire.STUDY_FIND, wire.IMPLICIT)])
        for folder in folders:
            study, series = corpus.identity(folder)
            found = association.find({0x00080052: "IMAGE", 0x0020000D: study, 0x0020000E: series, 0x00080018: ""})
            if found != len(corpus.files(folder)):
                raise system.Shortfall("%d instances instead of %d" % (found, len(corpus.files(folder))))
        association.release()


def _measure(run, kind, associations, nodelay, folders, report, metric):
    paths = [path for folder in folders for path in corpus.files(folder)]
    server = kind(run.scratch, nodelay=nodelay)
    try:
        server.start(fresh=True)
        system.settle()
        with system.Meter(server.pid) as meter:
            if metric.startswith("lean"):
                lean(server, [paths[first::associations] for first in range(associations)], run.patience)
            else:
                # With one association all series go over it, one after the other.
                groups = folders if associations > 1 else [os.path.commonpath(folders)] if len(folders) > 1 else folders
                storescu(server, groups, nodelay, run.patience)
        _check(server, folders)
        values = dict(inst_s=len(paths) / meter.wall, mb_s=corpus.size(paths) / meter.wall / 1e6, cpu_1000=meter.cpu / len(paths) * 1000,
                      peak_mb=meter.peak / 1e6, other=meter.other)
        report.add("C-STORE", metric, kind.name, **values)
    except (system.Shortfall, wire.WireError, OSError, subprocess.TimeoutExpired) as error:
        report.failed("C-STORE", metric, kind.name, error)
    finally:
        server.stop()
        server.wipe()


def run(run, report):
    """Everything at 1 and 4 associations: with DCMTK's own TCP_NODELAY=1 for every DCMTK program, and as it comes, where
    Nagle's algorithm and delayed acknowledgements meet."""
    each = max(1, run.images // 4)
    base = os.path.join(run.base, "ingest-%d" % each)
    os.makedirs(base, exist_ok=True)
    folders = [corpus.series(base, each, seed) for seed in range(1, 5)]
    few = max(1, run.images // 40)
    small_base = os.path.join(run.base, "ingest-few-%d" % few)
    os.makedirs(small_base, exist_ok=True)
    small = [corpus.series(small_base, few, seed) for seed in range(11, 15)]
    cases = [("1 association", 1, True, folders), ("4 associations", 4, True, folders)]
    if run.lean:
        cases += [("lean, 1 association", 1, True, folders), ("lean, 4 associations", 4, True, folders)]
    cases += [("1, DCMTK as it comes", 1, False, small), ("4, DCMTK as it comes", 4, False, small)]
    for _ in range(run.repetitions):
        for metric, associations, nodelay, chosen in cases:
            for kind in run.kinds(SERVERS):
                if run.time_left():
                    _measure(run, kind, associations, nodelay, chosen, report, metric)
