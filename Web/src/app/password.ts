/**
 * The password rules of a new installation, checked while one types. The server decides; this only saves a round trip,
 * and its further checks (passwords guessed first) are left to it.
 */
export interface PasswordRule {
  /** Message key; `n` is the rule's figure. */
  message: string;
  n: number;
  holds: (password: string, account: string) => boolean;
}

const minimumLength = 10;
const minimumClasses = 3;
const passphraseLength = 20;
const minimumDistinct = 5;

export const passwordRules: readonly PasswordRule[] = [
  { message: "password.rule.length", n: minimumLength, holds: (p) => characters(p).length >= minimumLength },
  {
    message: "password.rule.classes",
    n: passphraseLength,
    holds: (p) => p !== "" && (characters(p).length >= passphraseLength || classes(p) >= minimumClasses),
  },
  {
    message: "password.rule.distinct",
    n: minimumDistinct,
    holds: (p) => new Set(characters(p)).size >= minimumDistinct,
  },
  {
    message: "password.rule.name",
    n: 0,
    holds: (p, account) => p !== "" && (account === "" || !p.toLowerCase().includes(account.toLowerCase())),
  },
];

function characters(password: string): string[] {
  return [...password.normalize("NFKC")];
}

function classes(password: string): number {
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{Ll}\p{Lu}\p{N}]/u];
  return kinds.filter((kind) => kind.test(password)).length;
}
