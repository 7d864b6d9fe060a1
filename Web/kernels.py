"""Compiles the imaging kernels to one WebAssembly module with the stock Swift toolchain: Embedded Swift, no SDK, no library."""

import hashlib
import pathlib
import re
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
# In the order of their imports.
MODULES = ["PixelCodecs", "Imaging", "BrowserKernel"]
HEAP = ROOT / "Sources/WasmHeap/heap.c"
LIMIT_BYTES = 80 * 1024
TRIPLE = "wasm32-unknown-none-wasm"
SWIFT = [
    "-target", TRIPLE, "-swift-version", "6", "-enable-experimental-feature", "Embedded", "-wmo", "-O", "-parse-as-library",
    "-enable-upcoming-feature", "ExistentialAny", "-enable-upcoming-feature", "InternalImportsByDefault",
    "-enable-upcoming-feature", "MemberImportVisibility", "-Xfrontend", "-disable-stack-protector",
    *(flag for option in ("-msimd128", "-mbulk-memory", "-mnontrapping-fptoint", "-msign-ext", "-matomics", "-ffreestanding")
      for flag in ("-Xcc", option)),
]
CLANG = [f"--target={TRIPLE}", "-O2", "-msimd128", "-mbulk-memory", "-matomics", "-ffreestanding", "-Wall", "-Werror", "-c"]
LINK = [
    "--no-entry", "--import-memory", "--shared-memory", "--initial-memory=1048576", "--max-memory=4294967296",
    "-z", "stack-size=262144", "--export=__stack_pointer", "--export=malloc", "--export=free", "--strip-all", "-O3",
]


def sources(module: str) -> list[pathlib.Path]:
    return sorted((ROOT / "Sources" / module).rglob("*.swift"))


def exports() -> list[str]:
    """What the module offers, by the attributes in its sources."""
    text = "".join(path.read_text() for path in sources("BrowserKernel"))
    return re.findall(r'@_expose\(wasm, "(\w+)"\)', text)


def run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True)


def compiled(folder: pathlib.Path) -> bytes:
    for module in MODULES[:-1]:
        run("swiftc", *SWIFT, "-module-name", module, "-I", folder, "-emit-module-path", folder / f"{module}.swiftmodule",
            "-emit-module", *sources(module))
    heap, kernel, result = folder / "heap.o", folder / "kernel.o", folder / "kernels.wasm"
    # Embedded Swift carries what is used of the other modules into the last one.
    run("swiftc", *SWIFT, "-module-name", MODULES[-1], "-I", folder, "-c", *sources(MODULES[-1]), "-o", kernel)
    run("clang", *CLANG, HEAP, "-o", heap)
    run("wasm-ld", kernel, heap, *LINK, *(f"--export={name}" for name in exports()), "-o", result)
    return result.read_bytes()


def build() -> bytes:
    """The module; compiled only when its sources have changed."""
    for tool in ("swiftc", "clang", "wasm-ld"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} not found; it is part of the Swift toolchain, whose bin folder must be in PATH")
    digest = hashlib.sha256(pathlib.Path(__file__).read_bytes() + HEAP.read_bytes())
    digest.update(subprocess.run(["swiftc", "--version"], check=True, capture_output=True).stdout)
    for module in MODULES:
        for path in sources(module):
            digest.update(path.read_bytes())
    cache = ROOT / ".build/kernels" / f"{digest.hexdigest()[:16]}.wasm"
    if not cache.exists():
        with tempfile.TemporaryDirectory() as folder:
            content = compiled(pathlib.Path(folder))
        shutil.rmtree(cache.parent, ignore_errors=True)
        cache.parent.mkdir(parents=True)
        cache.write_bytes(content)
    return cache.read_bytes()
