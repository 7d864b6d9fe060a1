/** The single part of a `multipart/related` answer (RFC 2387), without copying its bytes. */

export class MultipartError extends Error {}

const headerMaximum = 16 * 1024;

export function singlePart(body: Uint8Array<ArrayBuffer>, contentType: string): Uint8Array<ArrayBuffer> {
  if (!/^multipart\/related/i.test(contentType)) return body;
  const match = /boundary="?([^";]+)"?/i.exec(contentType);
  if (!match?.[1]) throw new MultipartError("no boundary");
  const boundary = ascii(`--${match[1]}`);
  const start = indexOf(body, boundary, 0, headerMaximum);
  if (start < 0) throw new MultipartError("no first part");
  const blankLine = indexOf(body, ascii("\r\n\r\n"), start, start + headerMaximum);
  if (blankLine < 0) throw new MultipartError("part header does not end");
  const from = blankLine + 4;
  // The closing boundary is looked for from the end: pixels may contain anything.
  const end = lastIndexOf(body, ascii(`\r\n--${match[1]}`), from);
  if (end < 0) throw new MultipartError("part does not end");
  return body.subarray(from, end);
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function matches(body: Uint8Array, pattern: Uint8Array, at: number): boolean {
  for (let i = 0; i < pattern.length; i++) if (body[at + i] !== pattern[i]) return false;
  return true;
}

function indexOf(body: Uint8Array, pattern: Uint8Array, from: number, limit: number): number {
  const end = Math.min(body.length - pattern.length, limit);
  for (let at = from; at <= end; at++) if (matches(body, pattern, at)) return at;
  return -1;
}

function lastIndexOf(body: Uint8Array, pattern: Uint8Array, from: number): number {
  for (let at = body.length - pattern.length; at >= from; at--) if (matches(body, pattern, at)) return at;
  return -1;
}
