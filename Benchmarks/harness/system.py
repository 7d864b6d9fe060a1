"""The machine: a network of its own, processes and what they use, the page cache."""
import ctypes
import fcntl
import os
import platform
import shutil
import socket
import struct
import subprocess
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")
CPUS = os.cpu_count() or 1
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


class Shortfall(Exception):
    """Something needed is missing or did not work; the text says what."""


def private_network():
    """Moves this process into a network that has nothing but loopback, so that no server under test can be reached from
    outside, even one that listens on every address. Needs root; returns whether it worked."""
    if os.geteuid() != 0:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    return True


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tool(name):
    """Path of a DCMTK program. pynetdicom installs scripts of the same names, so the first that is DCMTK's counts."""
    for folder in ["/usr/bin"] + os.environ.get("PATH", "").split(os.pathsep):
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK):
            answer = subprocess.run([path, "--version"], capture_output=True, text=True)
            if "$dcmtk" in answer.stdout + answer.stderr:
                return path
    raise Shortfall("DCMTK's %s is missing; run Scripts/setup bench" % name)


def _stat(pid):
    with open("/proc/%d/stat" % pid) as file:
        text = file.read()
    return text[text.rindex(")") + 2:].split()


def family(root):
    """The live processes from `root` down."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                children.setdefault(int(_stat(int(entry))[1]), []).append(int(entry))
            except OSError:
                continue
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        if os.path.exists("/proc/%d" % pid):
            found.append(pid)
            todo += children.get(pid, [])
    return found


def cpu_seconds(root):
    """User and system seconds of a process, its live descendants and its reaped children."""
    total = 0
    for pid in family(root):
        try:
            total += sum(int(field) for field in _stat(pid)[11:15])
        except OSError:
            continue
    return total / TICKS


def memory_now(root):
    """Resident bytes of a process and its descendants; shared pages count once for each."""
    total = 0
    for pid in family(root):
        total += _status_bytes(pid, "VmRSS:")
    return total


def memory_peak(pid):
    """The kernel's own high-water mark of a process's resident bytes."""
    return _status_bytes(pid, "VmHWM:")


def _status_bytes(pid, field):
    try:
        with open("/proc/%d/status" % pid) as file:
            for line in file:
                if line.startswith(field):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def _busy_seconds():
    with open("/proc/stat") as file:
        fields = [int(field) for field in file.readline().split()[1:]]
    return (fields[0] + fields[1] + fields[2] + fields[5] + fields[6] + fields[7]) / TICKS


def _own_seconds():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


class Meter:
    """What happens between entering and leaving: `wall` seconds, `cpu` seconds of the server, `peak` resident bytes of it,
    `other`: the share of the machine used by neither server nor load generator (near 0 means undisturbed)."""

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        self.peak, self._done = memory_now(self.pid), threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()
        self._before = cpu_seconds(self.pid), _own_seconds(), _busy_seconds()
        self._start = time.perf_counter()
        return self

    def _sample(self):
        while not self._done.wait(0.2):
            self.peak = max(self.peak, memory_now(self.pid))

    def __exit__(self, *_):
        self.wall = time.perf_counter() - self._start
        self._done.set()
        self._sampler.join()
        self.cpu = cpu_seconds(self.pid) - self._before[0]
        load = _own_seconds() - self._before[1]
        self.other = max(0.0, _busy_seconds() - self._before[2] - self.cpu - load) / (CPUS * self.wall)
        self.peak = max(self.peak, memory_peak(self.pid), memory_now(self.pid))


def settle():
    """Writes out what earlier measurements left in the page cache, so that it is not charged to the next one."""
    os.sync()


def drop_caches():
    """Empties the page cache; returns whether that was permitted."""
    os.sync()
    try:
        with open("/proc/sys/vm/drop_caches", "w") as file:
            file.write("3\n")
    except OSError:
        return False
    return True


def disk_bytes(folder):
    """Allocated bytes below a folder."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_blocks * 512
            except OSError:
                continue
    return total


def description():
    """The machine and the peers, for the record."""
    model = ""
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    peers = {}
    if shutil.which("dpkg-query"):
        for package in ("orthanc", "orthanc-dicomweb", "dcmtk"):
            answer = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True)
            peers[package] = answer.stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"cpu": model, "cpus": CPUS, "memory_gb": round(memory / 1e9, 1), "kernel": platform.release(), "peers": peers}
