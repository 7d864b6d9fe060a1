/** The letters at the edges of an image: which side of the patient lies there (PS3.3 C.7.6.1.1.1). */

export interface EdgeLetters {
  left: string;
  right: string;
  top: string;
  bottom: string;
}

export const noLetters: EdgeLetters = { left: "", right: "", top: "", bottom: "" };
/** A direction counts in the letters from this share on: about 12 degrees. */
const obliqueThreshold = 0.2;

/** Letters of a direction in the patient's space (x to the left, y to the back, z to the head), strongest first. */
export function directionLetters([x = 0, y = 0, z = 0]: readonly number[]): string {
  const parts: [number, string][] = [[x, x > 0 ? "L" : "R"], [y, y > 0 ? "P" : "A"], [z, z > 0 ? "H" : "F"]];
  return parts
    .filter(([value]) => Math.abs(value) > obliqueThreshold)
    .sort(([a], [b]) => Math.abs(b) - Math.abs(a))
    .map(([, letter]) => letter)
    .join("");
}

const opposites: Readonly<Record<string, string>> = { L: "R", R: "L", A: "P", P: "A", H: "F", F: "H" };

function opposite(letters: string): string {
  return [...letters].map((each) => opposites[each] ?? "").join("");
}

/** From direction cosines, else from Patient Orientation, which names the right and the lower edge. */
export function edgeLetters(
  orientation: readonly number[] | null,
  patientOrientation: readonly string[],
): EdgeLetters {
  const right = orientation ? directionLetters(orientation.slice(0, 3)) : cleaned(patientOrientation[0]);
  const bottom = orientation ? directionLetters(orientation.slice(3, 6)) : cleaned(patientOrientation[1]);
  return { right, bottom, left: opposite(right), top: opposite(bottom) };
}

function cleaned(letters: string | undefined): string {
  return letters !== undefined && /^[LRAPHF]{1,3}$/.test(letters) ? letters : "";
}

/** How the picture was turned on the screen: mirrored first, then rotated clockwise by quarter turns. */
export interface Turn {
  flipHorizontal: boolean;
  flipVertical: boolean;
  quarterTurns: number;
}

export function turned(letters: EdgeLetters, turn: Turn): EdgeLetters {
  let { left, right, top, bottom } = letters;
  if (turn.flipHorizontal) [left, right] = [right, left];
  if (turn.flipVertical) [top, bottom] = [bottom, top];
  for (let i = 0; i < ((turn.quarterTurns % 4) + 4) % 4; i++) {
    [top, right, bottom, left] = [left, top, right, bottom];
  }
  return { left, right, top, bottom };
}
