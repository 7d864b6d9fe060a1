/** A part of the page whose script comes when it is first shown. */
import { explainCode } from "../core/errors.ts";
import type { Child } from "./jsx-runtime.ts";
import { signal } from "./signal.ts";
import { Trouble } from "./trouble.tsx";

export function Lazy<Props extends object>(props: {
  /** The part itself, once it is there: waiting for what has come already would show an empty page in between. */
  load: () => Promise<(props: Props) => Child> | ((props: Props) => Child);
  /** Handed to the part. */
  given: Props;
}): Child {
  const part = props.load();
  if (!(part instanceof Promise)) return part(props.given);
  const loaded = signal<((props: Props) => Child) | null>(null);
  const failed = signal<unknown>(null);
  part.then(loaded.set, failed.set);
  return () => {
    const Part = loaded();
    if (Part) return Part(props.given);
    return failed() === null ? null : (
      <p role="alert" class="load-failed">
        <Trouble of={explainCode("network", failed())} />
      </p>
    );
  };
}
