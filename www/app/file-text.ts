/** The most characters of a text out of a file that the page shows: no label and no name of a model needs more. */
export const MOST_CHARACTERS = 200;
/** The same of a message, which may name several. */
const MOST_IN_MESSAGE = 2000;

/** Whatever ends a line or jumps within it. Spaces of all widths stay. */
const BREAKS = /[\t-\r\u0085\u2028\u2029]+/gu;
/**
 * What steers a terminal (C0, C1) or the direction of the text around it, and half surrogate pairs. Marks of direction
 * (U+200E, U+200F) are letters' own business and stay.
 */
const STEERING = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;
/** The same but for what keeps a direction to itself (U+2068, U+2069), which ends with its paragraph at the latest. */
const STEERING_IN_PARAGRAPH = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066\u2067]/gu;

/**
 * A text that comes out of a file (a label, a name, a licence) as one line of at most `most` characters, in which nothing
 * acts on what is around it. Everything that the page shows, copies or saves of a file goes through here.
 */
export function plain(text: string, most = MOST_CHARACTERS): string {
  return cleaned(text, most, STEERING);
}

/** A message for a paragraph of its own, with texts of files in it, {@link isolated} or not. */
export function paragraph(message: string): string {
  return cleaned(message, MOST_IN_MESSAGE, STEERING_IN_PARAGRAPH);
}

function cleaned(text: string, most: number, steering: RegExp): string {
  // A megabyte is not looked through for the sake of a line.
  const start = text.slice(0, 4 * most);
  const line = start.replace(BREAKS, " ").replace(steering, "\ufffd").trim();
  const characters = [...line];
  if (characters.length <= most) return line;
  return `${characters.slice(0, most - 1).join("")}…`;
}

/** The same inside of a sentence, which keeps its own direction. Elements have `<bdi>` for it. */
export function isolated(text: string): string {
  return `\u2068${plain(text)}\u2069`;
}

/** The same as text in Markdown (CommonMark, GitHub's): no markup, no link, no end of a table's cell. */
export function markdown(text: string): string {
  return plain(text)
    .replace(/[\\`*_{}[\]<>()#!|~&$:@]/g, "\\$&")
    .replace(/www\./gi, (www) => www.replace(".", "\\."));
}
