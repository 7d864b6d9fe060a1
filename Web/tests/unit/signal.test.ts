import assert from "node:assert/strict";
import { batch, computed, effect, onCleanup, root, signal } from "../../src/ui/signal.ts";

Deno.test("an effect runs at once and again when a signal it read changes", () => {
  const count = signal(1);
  const seen: number[] = [];
  const end = effect(() => void seen.push(count()));
  count.set(2);
  count.set(2);
  end();
  count.set(3);
  assert.deepEqual(seen, [1, 2]);
});

Deno.test("a derived value wakes its readers only when it changed", () => {
  const count = signal(1);
  const even = computed(() => count() % 2 === 0);
  let runs = 0;
  effect(() => {
    even();
    runs++;
  });
  count.set(3);
  assert.equal(runs, 1);
  count.set(4);
  assert.equal(runs, 2);
});

Deno.test("an effect behind two derived values sees no mixture of old and new", () => {
  const base = signal(1);
  const double = computed(() => base() * 2);
  const next = computed(() => base() + 1);
  const seen: string[] = [];
  effect(() => void seen.push(`${double()} ${next()}`));
  base.set(5);
  assert.deepEqual(seen, ["2 2", "10 6"]);
});

Deno.test("a batch is seen as one change", () => {
  const [a, b] = [signal(1), signal(2)];
  let runs = 0;
  effect(() => {
    a();
    b();
    runs++;
  });
  batch(() => {
    a.set(10);
    b.set(20);
  });
  assert.equal(runs, 2);
});

Deno.test("an inner effect ends when the outer one runs again, and a root ends all", () => {
  const [outer, inner] = [signal(0), signal(0)];
  let runs = 0;
  let cleaned = 0;
  const { end } = root(() =>
    effect(() => {
      outer();
      effect(() => {
        inner();
        runs++;
        onCleanup(() => cleaned++);
      });
    })
  );
  outer.set(1);
  assert.deepEqual([runs, cleaned], [2, 1]);
  inner.set(1);
  assert.deepEqual([runs, cleaned], [3, 2]);
  end();
  inner.set(2);
  assert.deepEqual([runs, cleaned], [3, 3]);
});

Deno.test("effects that feed themselves without end are stopped", () => {
  const count = signal(0);
  assert.throws(() => effect(() => count.set(count() + 1)), /do not settle/);
});
