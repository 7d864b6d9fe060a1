/** Volumes and the planes and slabs that are cut through them. */
import type { Padding, SampleType } from "./samples.ts";

/** Slices of one orientation, ordered along the normal, each with its own place. */
export interface Volume {
  /** Slices one after the other in memory order of `slices`. */
  pointer: number;
  columns: number;
  rows: number;
  /** `uint8`, `uint16`, `int16` or `int32`. */
  type: SampleType;
  /** Pixel Spacing: between rows, between columns, mm. */
  spacing: readonly [number, number];
  /** Image Orientation (Patient): along a row, along a column. */
  orientation: readonly [number, number, number, number, number, number];
  /** Image Position (Patient) of each slice, 3 numbers each, ordered along the normal. */
  positions: Float64Array;
  padding?: Padding | null;
  /** Distance of slices above which the room between them is a gap: "no data" beyond half of `nominalStep`. */
  maximumGap: number;
  nominalStep: number;
}

/** A plane in patient space, mm. */
export interface Plane {
  /** Centre of the device pixel at the left top. */
  origin: readonly [number, number, number];
  /** To the next device pixel to the right and below. */
  right: readonly [number, number, number];
  down: readonly [number, number, number];
}

export type Projection = "maximum" | "minimum" | "mean";
export const projections: readonly Projection[] = ["maximum", "minimum", "mean"];

export interface Slab {
  projection: Projection;
  /** mm, centred on the plane. 0: the plane alone. */
  thickness: number;
}

/** In values of reformatting: there is no data here. */
export const noData = -0x80000000;
