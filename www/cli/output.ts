/** A text from a file or a command line as one line without control characters, which could steer a terminal. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

/** Writes a line of an error to standard error. */
export function sayError(text: string): void {
  process.stderr.write(`resnet-web: ${plain(text)}\n`);
}

/** Writes a note to standard error: it is no part of the result. */
export function note(text: string): void {
  process.stderr.write(`${plain(text)}\n`);
}

/** Writes a line of the result. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
