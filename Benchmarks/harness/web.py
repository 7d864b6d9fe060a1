"""WADO-RS of one CT series: its metadata, and all of it. curl receives, so that the client does not limit."""
import json
import multiprocessing
import os
import socket
import subprocess
import types

from . import corpus, retrieve, system, targets, wire

SERVERS = [targets.ApusAsReceived, targets.ApusAtRest, targets.Orthanc]
METADATA = "application/dicom+json"
PLAIN = 'multipart/related; type="application/dicom"'
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'


def _fetch(server, path, accept, run, output=os.devnull):
    """(seconds, seconds to the first byte, bytes)"""
    command = ["curl", "-sS", "-o", output, "-H", "Accept: " + accept, "--max-time", str(run.patience),
               "-w", "%{http_code} %{time_total} %{time_starttransfer} %{size_download}", server.web(path)]
    for name, value in server.web_headers().items():
        command += ["-H", "%s: %s" % (name, value)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=run.patience + 10)
    if done.returncode != 0:
        raise system.Shortfall("curl: " + done.stderr.strip())
    code, total, first, size = done.stdout.split()
    if code != "200":
        raise system.Shortfall("status " + code)
    return float(total), float(first), int(size)


def _measure(run, server, metric, path, accept, input_bytes, report):
    try:
        with system.Meter(server.pid) as meter:
            total, first, size = _fetch(server, path, accept, run)
        if accept == PLAIN and size < input_bytes * 0.99:
            raise system.Shortfall("%d bytes of %d" % (size, input_bytes))
        if accept == METADATA:
            report.add("WADO-RS", metric, server.name, ms=total * 1e3, first_ms=first * 1e3, mb=size / 1e6, cpu_s=meter.cpu,
                       peak_mb=meter.peak / 1e6, other=meter.other)
        else:
            report.add("WADO-RS series", metric, server.name, seconds=total, mb_s=input_bytes / total / 1e6, first_ms=first * 1e3,
                       mb=size / 1e6, cpu_s=meter.cpu, peak_mb=meter.peak / 1e6, other=meter.other)
    except (system.Shortfall, OSError, subprocess.SubprocessError) as error:
        report.failed("WADO-RS", metric, server.name, error)


def _send_bytes(listener, path):
    while True:
        peer, _ = listener.accept()
        with peer, open(path, "rb") as file:
            peer.recv(65536)
            peer.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % os.path.getsize(path))
            peer.sendfile(file)


def _measure_limit(run, paths, report):
    """What curl takes at most: as many bytes as the series has, from one file in the page cache by sendfile(2)."""
    whole = os.path.join(run.scratch, "series.bin")
    with open(whole, "wb") as out:
        for path in paths:
            with open(path, "rb") as part:
                out.write(part.read())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sender = multiprocessing.get_context("fork").Process(target=_send_bytes, args=(listener, whole), daemon=True)
        sender.start()
        limit = types.SimpleNamespace(name="sendfile", pid=sender.pid, web_headers=dict,
                                      web=lambda path: "http://127.0.0.1:%d/%s" % (listener.getsockname()[1], path))
        for _ in range(run.repetitions):
            _measure(run, limit, "uncompressed, warm", "", PLAIN, corpus.size(paths), report)
        sender.kill()
        sender.join()
    os.remove(whole)


def _check(server, path, run):
    """The metadata are those of the whole series."""
    output = os.path.join(server.folder, "metadata.json")
    _fetch(server, path + "/metadata", METADATA, run, output)
    with open(output, "rb") as file:
        found = len(json.load(file))
    os.remove(output)
    if found != run.slices:
        raise system.Shortfall("%s: metadata of %d instances instead of %d" % (server.name, found, run.slices))


def _visit(run, server, path, input_bytes, report):
    cold = run.cold and system.drop_caches()
    server.start()
    try:
        if cold:
            _measure(run, server, "metadata, cold", path + "/metadata", METADATA, input_bytes, report)
        for _ in range(3):
            _measure(run, server, "metadata, warm", path + "/metadata", METADATA, input_bytes, report)
        _check(server, path, run)
        if cold:
            system.drop_caches()
            _measure(run, server, "uncompressed, cold", path, PLAIN, input_bytes, report)
        _measure(run, server, "uncompressed, warm", path, PLAIN, input_bytes, report)
        _measure(run, server, "as stored, warm", path, AS_STORED, input_bytes, report)
    except (system.Shortfall, OSError, ValueError, subprocess.SubprocessError) as error:
        report.failed("WADO-RS", "series", server.name, error)
    finally:
        server.stop()


def run(run, report):
    folder = corpus.series(run.base, run.slices, 21)
    input_bytes = corpus.size(corpus.files(folder))
    study, series = corpus.identity(folder)
    path = "studies/%s/series/%s" % (study, series)
    servers = []
    if not run.targets:
        _measure_limit(run, corpus.files(folder), report)
    try:
        for kind in run.kinds(SERVERS):
            try:
                servers.append(retrieve.loaded(run, kind, folder))
            except (system.Shortfall, wire.WireError, OSError) as error:
                report.failed("WADO-RS", "loading", kind.name, error)
        for _ in range(run.repetitions):
            for server in servers:
                if run.time_left():
                    _visit(run, server, path, input_bytes, report)
    finally:
        for server in servers:
            server.wipe()
