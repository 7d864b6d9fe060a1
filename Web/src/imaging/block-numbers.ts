/** Parts of the block of a call, in the order of `Sources/BrowserKernel/Block+Unsafe.swift`. */
import type { DisplayTable, Output } from "./display-state.ts";
import { type ImageBuffer, type Padding, sampleTypes } from "./samples.ts";

/** Three numbers: whether there is padding, lowest, highest. */
export const paddingNumbers = (padding: Padding | null | undefined): number[] =>
  padding ? [1, padding.low, padding.high] : [0, 0, 0];

/** Seven numbers. */
export const imageNumbers = (image: ImageBuffer): number[] => [
  image.pointer,
  image.columns,
  image.rows,
  sampleTypes.indexOf(image.type),
  ...paddingNumbers(image.padding),
];

/** Four numbers. */
export const tableNumbers = (
  table: DisplayTable,
): number[] => [table.pointer, table.offset, table.count, table.shift];

/** Five numbers. */
export const outputNumbers = (output: Output): number[] => [
  output.pointer,
  output.width,
  output.height,
  output.firstRow ?? 0,
  output.rowCount ?? output.height,
];
