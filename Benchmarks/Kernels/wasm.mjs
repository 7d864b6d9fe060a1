// Runs calls of the kernels' WebAssembly module in Node, one thread: wasm.mjs MODULE JOB. The job names buffers (files or sizes) and
// calls; prints one line of JSON for each call: milliseconds of every repetition and a hash of the output.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const [, , moduleFile, jobFile] = process.argv;
const job = JSON.parse(readFileSync(jobFile, "utf8"));
const memory = new WebAssembly.Memory({ initial: 32, maximum: 32768, shared: true });
const module = new WebAssembly.Module(readFileSync(moduleFile));
const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports;

const addresses = {};
for (const [name, { file, bytes }] of Object.entries(job.buffers)) {
  const content = file ? readFileSync(file) : null;
  addresses[name] = kernels.malloc(content ? content.length : bytes) >>> 0;
  if (content) new Uint8Array(memory.buffer).set(content, addresses[name]);
}
const block = kernels.malloc(64 * 8) >>> 0;

const hash = (pointer, count) =>
  createHash("sha1").update(new Uint8Array(memory.buffer, pointer, count).slice()).digest("hex");

function call({ kernel, numbers }) {
  const values = new Float64Array(memory.buffer, block, 64).fill(0);
  numbers.forEach((number, index) => values[index] = typeof number === "string" ? addresses[number] : number);
  const start = process.hrtime.bigint();
  const status = kernels[kernel](block);
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${kernel}: ${status}`);
  return milliseconds;
}

for (const each of job.calls) {
  const times = [];
  const end = performance.now() + 1000 * job.secondsEach;
  while (times.length < 5 || performance.now() < end) times.push(call(each));
  const result = each.outputBytes ? hash(addresses[each.output], each.outputBytes) : null;
  console.log(JSON.stringify({ name: each.name, times, hash: result }));
}
