"""Measures the kernels: measure.py WASM LIBRARY FOLDER SECONDS. Prints one line of JSON for each call and runner: the fastest
repetition in milliseconds. Fails when the module and the library give different pictures."""
import hashlib
import json
import os
import shutil
import subprocess
import sys

import numpy

import cases
import native
import peers


def run_wasm(module, folder, buffers, calls, seconds):
    job = {"buffers": {}, "calls": calls, "secondsEach": seconds}
    for name, content in buffers.items():
        job["buffers"][name] = {"bytes": content.nbytes}
        if name in ("volume", "image", "positions", "table"):
            job["buffers"][name] = {"file": os.path.join(folder, name + ".bin")}
            content.tofile(job["buffers"][name]["file"])
    path = os.path.join(folder, "job.json")
    with open(path, "w") as file:
        json.dump(job, file)
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wasm.mjs")
    done = subprocess.run(["node", program, module, path], stdout=subprocess.PIPE, text=True, check=True)
    return {found["name"]: found for found in map(json.loads, done.stdout.splitlines())}


def main():
    module, library, folder, seconds = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])
    volume, image = cases.volume(), cases.image()
    grey = (numpy.arange(65536, dtype=numpy.uint32) >> 8) * 0x010101 | numpy.uint32(cases.BLACK)
    buffers = {"volume": volume, "image": image, "positions": cases.positions(), "table": grey.astype(numpy.uint32),
               "output": numpy.zeros(cases.WIDE * cases.HIGH, numpy.uint32)}
    calls = [dict(name=name, kernel=kernel, numbers=numbers, output=output, outputBytes=size)
             for name, (kernel, numbers, output, size) in cases.calls().items()]
    in_browser = run_wasm(module, folder, buffers, calls, seconds) if shutil.which("node") else {}
    here, others = native.Library(library, buffers), peers.work(volume, image)
    for call in calls:
        name, times = call["name"], here.run(call["kernel"], call["numbers"], seconds)
        picture = hashlib.sha1(buffers[call["output"]].tobytes()[:call["outputBytes"]]).hexdigest()
        if name in in_browser:
            if call["outputBytes"] and in_browser[name]["hash"] != picture:
                sys.exit("%s: WebAssembly and machine code give different results" % name)
            print(json.dumps({"name": name, "runner": "WebAssembly", "ms": min(in_browser[name]["times"]),
                              "budget": cases.BUDGETS.get(name)}), flush=True)
        print(json.dumps({"name": name, "runner": "machine code", "ms": min(times)}), flush=True)
        if name in others:
            print(json.dumps({"name": name, "runner": others[name][0], "ms": min(peers.timed(others[name][1], seconds))}), flush=True)


if __name__ == "__main__":
    main()
