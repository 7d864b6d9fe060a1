"""Bundles the front end with esbuild; called by `build`. Prints the size of each file, plain and gzipped."""

import gzip
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys

import kernels

WEB = pathlib.Path(__file__).resolve().parent
DIST = WEB / "dist"
# Hospitals still run browsers that stopped here (the last Chromium for Windows 7).
TARGET = "chrome109,firefox115,safari16.4"
VIEWER_LIMIT_BYTES = 150 * 1024


def esbuild(entry: str, staging: pathlib.Path, *options: str) -> dict:
    """Bundles one entry point; returns esbuild's list of outputs by path."""
    meta = staging / "meta.json"
    command = [
        "esbuild", entry, "--bundle", "--minify", "--sourcemap", f"--target={TARGET}", "--charset=utf8",
        "--log-level=warning", f"--outdir={staging / 'assets'}", "--entry-names=[name].[hash]",
        "--chunk-names=[name].[hash]", f"--metafile={meta}", *options,
    ]
    subprocess.run(command, cwd=WEB, check=True)
    outputs = json.loads(meta.read_text())["outputs"]
    meta.unlink()
    return {pathlib.Path(path).name: about for path, about in outputs.items()}


def entry_of(outputs: dict, source: str) -> str:
    for name, about in outputs.items():
        if about.get("entryPoint", "").endswith(source):
            return f"/assets/{name}"
    raise SystemExit(f"esbuild made nothing of {source}")


def inline(entry: str, staging: pathlib.Path, *options: str) -> str:
    """A script that stands in the page: it runs before anything else is fetched."""
    (name,) = [name for name in esbuild(entry, staging, "--format=iife", *options) if name.endswith(".js")]
    script = staging / "assets" / name
    text = script.read_text().rpartition("//# sourceMappingURL=")[0].strip()
    assert "</script" not in text
    script.unlink()
    script.with_suffix(".js.map").unlink()
    return text


def imports_of(outputs: dict, entry: str) -> list[str]:
    """Scripts that an entry point cannot run without, each once."""
    found, waiting = [], [entry]
    while waiting:
        imports = outputs[waiting.pop(0).removeprefix("/assets/")]["imports"]
        names = ["/assets/" + pathlib.Path(each["path"]).name for each in imports if each["kind"] == "import-statement"]
        new = [name for name in names if name not in found and name != entry]
        found += new
        waiting += new
    return found


def hashed_copy(source: str, staging: pathlib.Path, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()[:8].upper()
    stem, suffix = source.rsplit(".", 1)
    name = f"{stem}.{digest}.{suffix}"
    (staging / "assets" / name).write_bytes(content)
    return f"/assets/{name}"


def build(staging: pathlib.Path) -> dict:
    (staging / "assets").mkdir(parents=True)
    imaging = {name: entry_of(esbuild(f"src/imaging/{file}", staging, "--format=esm"), file)
               for name, file in (("imageHost", "image-host.ts"), ("decodeWorker", "decode-worker.ts"))}
    locales = {}
    for path in sorted((WEB / "src/locales").glob("*.json")):
        compact = json.dumps(json.loads(path.read_text()), ensure_ascii=False, separators=(",", ":"))
        locales[path.stem] = hashed_copy(path.name, staging, compact.encode())
    module = hashed_copy("kernels.wasm", staging, kernels.build())
    assets = json.dumps({**imaging, "kernels": module, "locales": locales})
    outputs = esbuild(
        "src/main.tsx", staging, "--format=esm", "--splitting", "--jsx=automatic", "--jsx-import-source=@apus/ui",
        "--alias:@apus/ui/jsx-runtime=./src/ui/jsx-runtime.ts", f"--define:APUS_ASSETS={assets}",
    )
    main, viewer = entry_of(outputs, "src/main.tsx"), entry_of(outputs, "viewer/main.ts")
    viewer_scripts = json.dumps([viewer, *imports_of(outputs, viewer)])
    start = inline("src/start.ts", staging, f"--define:APUS_ASSETS={assets}", f"--define:APUS_VIEWER_SCRIPTS={viewer_scripts}")
    style = esbuild("src/styles/main.css", staging)
    icon = WEB / "src/icon.svg"
    places = {
        "@START@": start,
        "@MAIN@": main,
        "@SHARED@": "".join(f'<link rel="modulepreload" href="{each}">' for each in imports_of(outputs, main)),
        "@STYLE@": entry_of(style, "main.css"),
        "@ICON@": hashed_copy(icon.name, staging, icon.read_bytes()),
    }
    page = (WEB / "index.html").read_text()
    for place, address in places.items():
        page = page.replace(place, address)
    (staging / "index.html").write_text(page)
    opening = {main, viewer, *imports_of(outputs, main), *imports_of(outputs, viewer), *imaging.values()}
    return {"main": main, "viewer": viewer, "opening": sorted(opening), **imaging, "kernels": module, "style": places["@STYLE@"],
            "locales": locales}


def compress(staging: pathlib.Path, manifest: dict) -> None:
    """Puts a gzip form beside each file, which the server gives to who takes it; prints sizes and holds the limits."""
    sizes = {}
    for path in sorted((staging / "assets").iterdir()):
        if path.suffix == ".map":
            continue
        content = path.read_bytes()
        compressed = gzip.compress(content, 9, mtime=0)
        path.with_name(path.name + ".gz").write_bytes(compressed)
        sizes[f"/assets/{path.name}"] = len(compressed)
        print(f"{len(content):>9,} B  {sizes[f'/assets/{path.name}']:>8,} B gzip  {path.name}")
    # What a browser fetches to open a study: the page and its scripts, workers included. What is no picture comes when it is shown.
    page = gzip.compress((staging / "index.html").read_bytes(), 9, mtime=0)
    (staging / "index.html.gz").write_bytes(page)
    viewer = len(page) + sum(sizes[name] for name in manifest["opening"])
    rest = sum(size for name, size in sizes.items() if name.endswith(".js") and name not in manifest["opening"])
    print(f"viewer with everything it loads: {viewer:,} B gzip (limit {VIEWER_LIMIT_BYTES:,}); later, when it is shown: {rest:,} B")
    if viewer > VIEWER_LIMIT_BYTES:
        raise SystemExit("the viewer has grown beyond its limit")
    module = sizes[manifest["kernels"]]
    print(f"imaging kernels: {module:,} B gzip (limit {kernels.LIMIT_BYTES:,})")
    if module > kernels.LIMIT_BYTES:
        raise SystemExit("the imaging kernels have grown beyond their limit")
    manifest["files"] = sorted(sizes)


def main() -> None:
    if shutil.which("esbuild") is None:
        raise SystemExit("esbuild not found; install your distribution's package (Debian: apt install esbuild)")
    staging = WEB / "dist.new"
    shutil.rmtree(staging, ignore_errors=True)
    manifest = build(staging)
    compress(staging, manifest)
    (staging / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    shutil.rmtree(DIST, ignore_errors=True)
    staging.rename(DIST)


if __name__ == "__main__":
    sys.exit(main())
