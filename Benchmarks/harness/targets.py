"""The servers under test: how each is configured, started and stopped. Every one listens on loopback only in effect, keeps
its data below a scratch folder, and runs with its defaults apart from folders, ports, names and the list of devices."""
import json
import os
import shutil
import signal
import socket
import subprocess
import time

from . import system, wire

CALLER, RECEIVER = "BENCH", "BENCHSINK"
ORTHANC_PLUGINS = ["/usr/share/orthanc/plugins", "/usr/lib/orthanc"]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
running = []


def apus_binary():
    path = os.path.abspath(os.environ.get("APUS_BINARY", os.path.join(ROOT, ".build/release/apus")))
    if not os.access(path, os.X_OK):
        raise system.Shortfall("%s is missing; run `make build`" % path)
    return path


def apus(*arguments, timeout=600):
    """Runs an Apus command; its standard output."""
    done = subprocess.run([apus_binary(), *map(str, arguments)], capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        raise system.Shortfall("apus %s: %s" % (arguments[0], (done.stderr or done.stdout).strip()[-400:]))
    return done.stdout


def orthanc_binary():
    for path in ("/usr/sbin/Orthanc", "/usr/bin/Orthanc"):
        if os.access(path, os.X_OK):
            return path
    return shutil.which("Orthanc")


class Target:
    """One server with a data folder of its own."""

    name = ae = ""
    stores = True

    def __init__(self, scratch, nodelay=True, receiver_port=0):
        self.folder = os.path.join(scratch, self.name)
        self.data = os.path.join(self.folder, "data")
        self.nodelay, self.receiver_port = nodelay, receiver_port
        self.port, self.web_port, self.process = system.free_port(), system.free_port(), None

    def available(self):
        return True

    def command(self):
        raise NotImplementedError

    def prepare(self):
        """Writes configuration before each start."""

    def wipe(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, fresh=False, timeout=60):
        """Seconds from exec to the first successful C-ECHO."""
        if fresh:
            self.wipe()
        os.makedirs(self.data, exist_ok=True)
        self.prepare()
        environment = dict(os.environ)
        environment.pop("TCP_NODELAY", None)
        if self.nodelay:
            environment["TCP_NODELAY"] = "1"
        command = self.command()
        with open(os.path.join(self.folder, "server.log"), "ab") as log:
            begin = time.perf_counter()
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                                            env=environment, start_new_session=True)
        running.append(self)
        while time.perf_counter() - begin < timeout:
            if wire.answers_echo(self.port, self.ae):
                seconds = time.perf_counter() - begin
                self._wait_for_web(begin + timeout)
                return seconds
            if self.process.poll() is not None:
                break
            time.sleep(0.002)
        self.stop()
        raise system.Shortfall("%s did not start:\n%s" % (self.name, self.log_tail()))

    def _wait_for_web(self, end):
        """Web services may begin to listen after DICOM; not part of the start that is measured."""
        while hasattr(self, "web") and time.perf_counter() < end:
            try:
                return socket.create_connection(("127.0.0.1", self.web_port), timeout=5).close()
            except OSError:
                time.sleep(0.01)
        return None

    def log_tail(self):
        with open(os.path.join(self.folder, "server.log"), errors="replace") as log:
            return log.read()[-2000:]

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        if self.process is None:
            return
        members = system.family(self.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            pass
        for pid in members:
            if pid != self.pid or self.process.returncode is None:
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    continue
        self.process.wait(10)
        self.process = None
        running.remove(self)

    def web_headers(self):
        return {}


class Apus(Target):
    """Apus with its defaults."""

    name, ae = "apus", "APUS"
    settings = {}
    token = None

    def prepare(self):
        with open(os.path.join(self.folder, "apus.json"), "w") as file:
            json.dump(self.settings, file)
        if not os.path.exists(os.path.join(self.data, "security.sqlite")):
            port = ["--port", self.receiver_port or system.free_port()]
            apus("device", "add", "--data", self.data, "--ae", CALLER, "--allow", "all")
            apus("device", "add", "--data", self.data, "--ae", RECEIVER, "--host", "127.0.0.1", *port, "--allow", "all")
            self.token = apus("token", "create", "--data", self.data, "--role", "administrator").split()[-1]

    def command(self):
        return [apus_binary(), "serve", "--data", self.data, "--http", "127.0.0.1:%d" % self.web_port,
                "--dicom", "127.0.0.1:%d" % self.port, "--ae", self.ae, "--config", os.path.join(self.folder, "apus.json")]

    def web(self, path):
        return "http://127.0.0.1:%d/dicom-web/%s" % (self.web_port, path)

    def web_headers(self):
        return {"Authorization": "Bearer " + self.token}


class ApusAsReceived(Apus):
    """Apus before its background compression: objects lie as they came. Compression is off, so that they stay so."""

    settings = {"storage": {"compression": "none"}}


class ApusAtRest(Apus):
    """Apus after its background compression, the state in which an archive spends its life."""

    name = "apus-at-rest"

    def compress(self):
        apus("compression", "--run", "--data", self.data)


class Orthanc(Target):
    """Orthanc with its compiled-in defaults: files synced one by one, MD5 stored, SQLite index."""

    name, ae = "orthanc", "ORTHANC"

    def available(self):
        return orthanc_binary() is not None

    def prepare(self):
        plugins = [os.path.join(folder, "libOrthancDicomWeb.so") for folder in ORTHANC_PLUGINS]
        configuration = {
            "Name": "bench", "StorageDirectory": self.data, "IndexDirectory": self.data,
            "Plugins": [path for path in plugins if os.path.exists(path)][:1], "HttpPort": self.web_port,
            "DicomAet": self.ae, "DicomPort": self.port, "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
            "DicomModalities": {"bench": [CALLER, "127.0.0.1", self.receiver_port or 1],
                                "sink": [RECEIVER, "127.0.0.1", self.receiver_port or 1]}}
        with open(os.path.join(self.folder, "orthanc.json"), "w") as file:
            json.dump(configuration, file)

    def command(self):
        return [orthanc_binary(), os.path.join(self.folder, "orthanc.json")]

    def web(self, path):
        return "http://127.0.0.1:%d/dicom-web/%s" % (self.web_port, path)


class StoreSCP(Target):
    """DCMTK's storescp writing plain files: no index, no sync. The floor of "just write it"."""

    name, ae = "storescp-files", "SINK"

    def command(self):
        return [system.tool("storescp"), "+B", "--fork", "-pdu", "131072", "-od", self.data, str(self.port)]


class Sink(Target):
    """storescp that ignores what arrives: the limit of the load generator and this machine."""

    name, ae, stores = "storescp-sink", "SINK", False

    def command(self):
        return [system.tool("storescp"), "--ignore", "--fork", "-pdu", "131072", str(self.port)]


class DcmQRSCP(Target):
    """DCMTK's archive: plain files and one index file for each area."""

    name, ae = "dcmqrscp", "DCMQR"

    def prepare(self):
        with open(os.path.join(self.folder, "dcmqrscp.cfg"), "w") as file:
            file.write("NetworkTCPPort = %d\nMaxPDUSize = 131072\nMaxAssociations = 16\nHostTable BEGIN\n"
                       "bench = (%s, 127.0.0.1, %d)\nsink = (%s, 127.0.0.1, %d)\nHostTable END\n"
                       "VendorTable BEGIN\nVendorTable END\nAETable BEGIN\n%s %s RW (40000, 64gb) ANY\nAETable END\n"
                       % (self.port, CALLER, self.receiver_port or 1, RECEIVER, self.receiver_port or 1, self.ae, self.data))

    def command(self):
        return [system.tool("dcmqrscp"), "-c", os.path.join(self.folder, "dcmqrscp.cfg")]


def stop_all():
    for target in list(running):
        target.stop()
