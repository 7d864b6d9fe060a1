import assert from "node:assert/strict";
import { ariaKeys, CommandRegistry, keyCaps, strokeName } from "../../src/core/commands.ts";

const stroke = (
  key: string,
  code = "",
  modifiers: Partial<Record<"ctrlKey" | "shiftKey" | "altKey", boolean>> = {},
) => ({
  key,
  code,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...modifiers,
});

Deno.test("strokes have one name each, whatever the keyboard", () => {
  assert.equal(strokeName(stroke("i", "KeyI")), "I");
  assert.equal(strokeName(stroke("H", "KeyH", { shiftKey: true })), "Shift+H");
  assert.equal(strokeName(stroke("?", "Slash", { shiftKey: true })), "?");
  assert.equal(strokeName(stroke("ArrowUp", "ArrowUp", { shiftKey: true })), "Shift+ArrowUp");
  assert.equal(strokeName(stroke("o", "KeyO", { ctrlKey: true })), "Mod+O");
  assert.equal(strokeName(stroke(" ", "Space")), "Space");
});

Deno.test("with a Chinese input method on, letters and digits still work", () => {
  assert.equal(strokeName(stroke("Process", "KeyI")), "I");
  assert.equal(strokeName(stroke("Process", "Digit2")), "2");
});

Deno.test("a command runs by its key unless it is disabled or a text field has the focus", () => {
  const registry = new CommandRegistry();
  const ran: string[] = [];
  let enabled = true;
  const remove = registry.add([
    { id: "a", scope: "viewer", keys: ["I"], run: () => ran.push("a"), enabled: () => enabled },
    { id: "b", scope: "viewer", keys: ["F1"], run: () => ran.push("b"), inTextFields: true },
  ]);
  assert.equal(registry.handle(stroke("i", "KeyI"), false), true);
  assert.equal(registry.handle(stroke("i", "KeyI"), true), false);
  assert.equal(registry.handle(stroke("F1", "F1"), true), true);
  enabled = false;
  assert.equal(registry.handle(stroke("i", "KeyI"), false), false);
  registry.suspended = () => true;
  assert.equal(registry.handle(stroke("F1", "F1"), false), false);
  assert.deepEqual(ran, ["a", "b"]);
  assert.throws(() => registry.add([{ id: "a", scope: "viewer", keys: [], run() {} }]), /exists already/);
  remove();
  assert.deepEqual(registry.list(), []);
});

Deno.test("keys are shown as on the keyboard and named for assistive software", () => {
  assert.deepEqual(keyCaps("Shift+ArrowUp"), ["Shift", "↑"]);
  assert.deepEqual(keyCaps("+"), ["+"]);
  assert.equal(ariaKeys(["Mod+O", "I"]), "Control+O I");
});
