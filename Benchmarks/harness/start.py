"""From starting the program to its first answer to a C-ECHO: empty, and with a large index."""
import os
import shutil

from . import system, targets

SERVERS = [targets.Apus, targets.Orthanc, targets.DcmQRSCP, targets.Sink]


def _measure(server, metric, report, fresh):
    try:
        seconds = server.start(fresh=fresh)
        report.add("Start", metric, server.name, seconds=seconds, idle_mb=system.memory_now(server.pid) / 1e6)
    except (system.Shortfall, OSError) as error:
        report.failed("Start", metric, server.name, error)
    finally:
        server.stop()


def run(run, report):
    for _ in range(run.repetitions):
        for kind in run.kinds(SERVERS):
            server = kind(run.scratch)
            _measure(server, "empty", report, fresh=True)
            server.wipe()


def large(run, report, index_folder, label):
    """Apus on the index that the index benchmark filled; cold and warm."""
    server = targets.Apus(run.scratch)
    try:
        server.start(fresh=True)
        server.stop()
        for name in os.listdir(server.data):
            if name.startswith("index.sqlite"):
                os.remove(os.path.join(server.data, name))
        for name in os.listdir(index_folder):
            if name.startswith("index.sqlite"):
                shutil.copy(os.path.join(index_folder, name), server.data)
        for _ in range(run.repetitions):
            if run.cold and system.drop_caches():
                _measure(server, label + ", cold", report, fresh=False)
            _measure(server, label, report, fresh=False)
    except (system.Shortfall, OSError) as error:
        report.failed("Start", "large index", server.name, error)
    finally:
        server.stop()
        server.wipe()
