"""C-GET and C-MOVE of one CT series."""
import os
import subprocess

from . import corpus, ingest, system, targets, wire

SERVERS = [targets.ApusAsReceived, targets.ApusAtRest, targets.Orthanc, targets.DcmQRSCP]


def loaded(run, kind, folder, receiver_port=0, nodelay=True):
    """A stopped server that holds the files below `folder`."""
    server = kind(run.scratch, nodelay=nodelay, receiver_port=receiver_port)
    server.start(fresh=True)
    paths = corpus.files(folder)
    ingest.lean(server, [paths], run.patience)
    server.stop()
    if isinstance(server, targets.ApusAtRest):
        server.compress()
    return server


def _get(server, keys, run):
    _transfer(server, [system.tool("getscu"), "--ignore", "-pdu", "131072"], keys, run)


def _move(server, keys, run):
    _transfer(server, [system.tool("movescu"), "-aem", targets.RECEIVER], keys, run)


def _transfer(server, program, keys, run):
    """Runs a DCMTK program to its end. Its exit code alone says nothing about failed sub-operations; its messages do."""
    command = [program[0], "-aet", targets.CALLER, "-aec", server.ae, "-S", *program[1:], "127.0.0.1", str(server.port)] + keys
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=run.patience, env=_environment(server))
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("W:", "E:", "F:"))]
    if done.returncode != 0 or complaints:
        raise system.Shortfall("exit code %d: %s" % (done.returncode, " ".join(complaints)[:200]))


def _environment(server):
    environment = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"}
    return dict(environment, TCP_NODELAY="1") if server.nodelay else environment


def _measure(run, server, service, metric, keys, paths, report):
    try:
        with system.Meter(server.pid) as meter:
            service(server, keys, run)
        report.add("Retrieve", metric, server.name, seconds=meter.wall, inst_s=len(paths) / meter.wall,
                   mb_s=corpus.size(paths) / meter.wall / 1e6, cpu_s=meter.cpu, peak_mb=meter.peak / 1e6, other=meter.other)
    except (system.Shortfall, subprocess.SubprocessError, OSError) as error:
        report.failed("Retrieve", metric, server.name, error)


def _series(run, report, images, seed, nodelay, label, repetitions):
    folder = corpus.series(run.base, images, seed)
    paths = corpus.files(folder)
    study, series = corpus.identity(folder)
    keys = ["-k", "QueryRetrieveLevel=SERIES", "-k", "StudyInstanceUID=" + study, "-k", "SeriesInstanceUID=" + series]
    sink = targets.Sink(run.scratch, nodelay=nodelay)
    sink.ae = targets.RECEIVER
    sink.start(fresh=True)
    servers = []
    try:
        for kind in run.kinds(SERVERS):
            try:
                servers.append(loaded(run, kind, folder, sink.port, nodelay))
            except (system.Shortfall, wire.WireError, OSError) as error:
                report.failed("Retrieve", label, kind.name, error)
        for _ in range(repetitions):
            for server in servers:
                if not run.time_left():
                    return
                cold = nodelay and run.cold and system.drop_caches()
                server.start()
                try:
                    if cold:
                        _measure(run, server, _get, "C-GET %s, cold" % label, keys, paths, report)
                    _measure(run, server, _get, "C-GET " + label, keys, paths, report)
                    _measure(run, server, _move, "C-MOVE " + label, keys, paths, report)
                finally:
                    server.stop()
    finally:
        for server in servers + [sink]:
            server.stop()
            server.wipe()


def run(run, report):
    _series(run, report, run.slices, 21, True, "%d slices" % run.slices, run.repetitions)
    few = max(1, run.slices // 5)
    _series(run, report, few, 22, False, "%d slices, DCMTK as it comes" % few, 1)
