/** Pairs of a name and a text; empty ones are left out. */

export type Fact = readonly [name: string, text: string];

export function Facts(props: { facts: readonly Fact[] }) {
  const known = props.facts.filter(([, text]) => text !== "");
  return (
    <dl class="fact-list document-facts">
      {known.map(([name, text]) => [<dt>{name}</dt>, <dd>{text}</dd>])}
    </dl>
  );
}
