import assert from "node:assert/strict";
import { type Change, History } from "../../src/core/history.ts";

function counter() {
  let value = 0;
  const change = (to: number, merge?: string): Change => {
    const before = value;
    return {
      label: `set ${to}`,
      undo: () => value = before,
      redo: () => value = to,
      ...(merge === undefined ? {} : { merge }),
    };
  };
  return { change, value: () => value };
}

Deno.test("steps are taken back and repeated in order", () => {
  const { change, value } = counter();
  const history = new History();
  history.perform(change(1));
  history.perform(change(2));
  assert.equal(history.undoLabel(), "set 2");
  history.undo();
  assert.equal(value(), 1);
  history.undo();
  history.undo();
  assert.equal(value(), 0);
  assert.equal(history.canUndo(), false);
  history.redo();
  history.redo();
  assert.equal(value(), 2);
  assert.equal(history.canRedo(), false);
});

Deno.test("a new change forgets what was taken back", () => {
  const { change, value } = counter();
  const history = new History();
  history.perform(change(1));
  history.undo();
  history.perform(change(5));
  assert.equal(history.canRedo(), false);
  history.undo();
  assert.equal(value(), 0);
});

Deno.test("the moves of one drag are one step, until it is sealed", () => {
  const { change, value } = counter();
  const history = new History();
  for (const to of [1, 2, 3]) history.perform(change(to, "drag"));
  history.seal();
  for (const to of [7, 8]) history.perform(change(to, "drag"));
  history.undo();
  assert.equal(value(), 3);
  history.undo();
  assert.equal(value(), 0);
  history.redo();
  assert.equal(value(), 3);
});

Deno.test("what a step does while it is taken back is not a step of its own", () => {
  const history = new History();
  const { change } = counter();
  history.push({ label: "outer", undo: () => history.push(change(9)), redo() {} });
  history.undo();
  assert.equal(history.canUndo(), false);
  assert.equal(history.canRedo(), true);
});

Deno.test("only the last two hundred steps are kept", () => {
  const history = new History();
  const { change, value } = counter();
  for (let i = 1; i <= 250; i++) history.perform(change(i));
  for (let i = 0; i < 300; i++) history.undo();
  assert.equal(value(), 50);
});
