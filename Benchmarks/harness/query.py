"""C-FIND and QIDO-RS on many studies: single queries, one after the other, over one association or connection."""
import http.client
import json
import time
import urllib.parse

from . import corpus, ingest, system, targets, wire

SERVERS = [targets.Apus, targets.Orthanc, targets.DcmQRSCP]
LEVEL, STUDY, NAME, PATIENT, ACCESSION, DATE = 0x00080052, 0x0020000D, 0x00100010, 0x00100020, 0x00080050, 0x00080020
CHARACTER_SET, MODALITIES, DESCRIPTION, IMAGES = 0x00080005, 0x00080061, 0x00081030, 0x00201208
ATTRIBUTES = {STUDY: "StudyInstanceUID", NAME: "PatientName", PATIENT: "PatientID", ACCESSION: "AccessionNumber",
              DATE: "StudyDate"}


def cases(studies):
    """(label, [(tag, value, number of matches)]): cycled through. Names match without regard to case."""
    picked = studies[::max(1, len(studies) // 64)]
    one = lambda tag, field: [(tag, getattr(study, field), 1) for study in picked]
    named = lambda value, test: [(NAME, value, sum(any(test(group) for group in study.name.split("=")) for study in studies))]
    week = [(DATE, "20200301-20200307", sum("20200301" <= study.date <= "20200307" for study in studies))]
    return [
        ("study UID", one(STUDY, "uid")), ("patient ID", one(PATIENT, "patient")), ("accession", one(ACCESSION, "accession")),
        ("date range of a week", week),
        ("name Zhao^M*", named("Zhao^M*", lambda name: name.startswith("Zhao^M"))),
        ("name *amura*", named("*amura*", lambda name: "amura" in name)),
        ("name 赵^*", named("赵^*", lambda name: name.startswith("赵^"))),
    ]


def _timed(queries, run, ask):
    """(sorted seconds, number of matches of the last query and whether all were as expected)"""
    times, right, found = [], True, 0
    end = time.monotonic() + run.seconds_each
    for number in range(run.queries):
        tag, value, expected = queries[number % len(queries)]
        begin = time.perf_counter()
        found = ask(tag, value)
        times.append(time.perf_counter() - begin)
        right = right and found == expected
        if time.monotonic() > end and number >= 4:
            break
    return sorted(times), "%d" % found if right else "%d, wrong" % found


def _find(association):
    def ask(tag, value):
        keys = {LEVEL: "STUDY", CHARACTER_SET: "ISO_IR 192", STUDY: "", NAME: "", PATIENT: "", ACCESSION: "", DATE: "",
                MODALITIES: "", DESCRIPTION: "", IMAGES: ""}
        keys[tag] = value
        return association.find(keys)
    return ask


def _search(server, connection):
    headers = dict(server.web_headers(), Accept="application/dicom+json")

    def ask(tag, value):
        # `*` and `^` stand as they are: Orthanc's plug-in does not undo their percent-encoding.
        query = {ATTRIBUTES[tag]: value, "includefield": "NumberOfStudyRelatedInstances", "limit": "5000"}
        path = urllib.parse.urlsplit(server.web("studies")).path + "?" + urllib.parse.urlencode(query, safe="*^")
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 204:
            return 0
        if answer.status != 200:
            raise system.Shortfall("QIDO answered %d" % answer.status)
        return len(json.loads(body))
    return ask


def _measure(run, server, studies, report):
    association = wire.Association(server.port, server.ae, [(wire.STUDY_FIND, wire.IMPLICIT)])
    connection = None
    if hasattr(server, "web"):
        connection = http.client.HTTPConnection("127.0.0.1", server.web_port, timeout=60)
    for label, queries in cases(studies):
        asks = [("C-FIND", _find(association))] + ([("QIDO", _search(server, connection))] if connection else [])
        for service, ask in asks:
            metric = "%s %s" % (service, label)
            try:
                if connection:
                    connection.close()  # a server may have closed it while the other service was measured
                with system.Meter(server.pid) as meter:
                    times, matches = _timed(queries, run, ask)
                report.add("Query", metric, server.name, p95_ms=times[int(len(times) * 0.95)] * 1e3, p50_ms=times[len(times) // 2] * 1e3,
                           matches=matches, other=meter.other)
            except (system.Shortfall, wire.WireError, OSError, http.client.HTTPException, ValueError) as error:
                report.failed("Query", metric, server.name, error)
                if service == "C-FIND":
                    association.close()
                    association = wire.Association(server.port, server.ae, [(wire.STUDY_FIND, wire.IMPLICIT)])
    association.release()


def run(run, report):
    folder, studies = corpus.studies(run.base, run.studies)
    paths = corpus.files(folder)
    servers = []
    try:
        for kind in run.kinds(SERVERS):
            # dcmqrscp rewrites its index file for every object: thousands of studies take it too long.
            if kind is targets.DcmQRSCP and run.studies > 500:
                continue
            server = kind(run.scratch)
            try:
                server.start(fresh=True)
                # dcmqrscp refuses objects when several arrive at once.
                senders = 1 if kind is targets.DcmQRSCP else 4
                with system.Meter(server.pid) as meter:
                    ingest.lean(server, [paths[part::senders] for part in range(senders)], run.load_patience)
                report.add("C-STORE, small", "%d objects of 2 kB, %d at once" % (len(paths), senders), kind.name,
                           inst_s=len(paths) / meter.wall,
                           cpu_1000=meter.cpu / len(paths) * 1000, peak_mb=meter.peak / 1e6, other=meter.other)
                servers.append(server)
            except (system.Shortfall, wire.WireError, OSError) as error:
                report.failed("Query", "loading", kind.name, error)
            finally:
                server.stop()
        for _ in range(run.repetitions):
            for server in servers:
                if run.time_left():
                    seconds = server.start()
                    try:
                        report.add("Start", "%d studies" % run.studies, server.name, seconds=seconds,
                                   idle_mb=system.memory_now(server.pid) / 1e6)
                        _measure(run, server, studies, report)
                    finally:
                        server.stop()
    finally:
        for server in servers:
            server.wipe()
