/** Windows for images that name none; the same as the server's pictures have. */
import type { LookupTable, StackInfo, Window } from "./pictures.ts";

/** All stored values from black to white. */
export function identityWindow(stack: Pick<StackInfo, "bitsAllocated" | "bitsStored" | "signed">): Window {
  const count = 2 ** (stack.bitsAllocated === 1 ? 1 : stack.bitsStored);
  return { center: stack.signed ? 0 : count / 2, width: count };
}

/** All that a modality table makes of the stored values from `low` to `high`. */
export function tableWindow({ first, entries }: LookupTable, low: number, high: number): Window {
  const place = (value: number) => Math.min(Math.max(Math.round(value) - first, 0), entries.length - 1);
  const outputs = entries.subarray(place(low), Math.max(place(low), place(high)) + 1);
  const [least, most] = outputs.reduce(([a, b], each) => [Math.min(a, each), Math.max(b, each)], [
    Infinity,
    -Infinity,
  ]);
  return { center: (least + most) / 2 + 0.5, width: Math.max(most - least, 1) + 1 };
}
