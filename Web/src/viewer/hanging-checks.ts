/** Small checks on values from outside. */
import { type LinkedAction, linkedActions } from "./links.ts";

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function strings(value: unknown, maximum: number): value is string[] {
  return Array.isArray(value) && value.length <= maximum && value.every((each) => typeof each === "string");
}

export function isLinkedAction(value: unknown): value is LinkedAction {
  return linkedActions.some((each) => each === value);
}
