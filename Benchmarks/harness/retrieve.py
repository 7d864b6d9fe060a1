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


def _get(server, keys, run, _):
    command = [system.tool("getscu"), "-aet", targets.CALLER, "-aec", server.ae, "-S", "-pdu", "131072", "--ignore",
               "127.0.0.1", str(server.port)] + keys
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=run.patience,
                   env=_environment(server))


def _move(server, keys, run, _):
    command = [system.tool("movescu"), "-aet", targets.CALLER, "-aec", server.ae, "-aem", targets.RECEIVER, "-S",
               "127.0.0.1", str(server.port)] + keys
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=run.patience,
                   env=_environment(server))


def _environment(server):
    environment = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"}
    return dict(environment, TCP_NODELAY="1") if server.nodelay else environment


def _measure(run, server, sink, service, metric, keys, paths, report):
    try:
        with system.Meter(server.pid) as meter:
            service(server, keys, run, sink)
        report.add("Retrieve", metric, server.name, seconds=meter.wall, inst_s=len(paths) / meter.wall,
                   mb_s=corpus.size(paths) / meter.wall / 1e6, cpu_s=meter.cpu, peak_mb=meter.peak / 1e6, other=meter.other)
    except (subprocess.SubprocessError, OSError) as error:
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
                        _measure(run, server, sink, _get, "C-GET %s, cold" % label, keys, paths, report)
                    _measure(run, server, sink, _get, "C-GET " + label, keys, paths, report)
                    _measure(run, server, sink, _move, "C-MOVE " + label, keys, paths, report)
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
