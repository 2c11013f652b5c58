/**
 * A failure a person can act on. Its message is a sentence or two saying what went wrong and what
 * to do about it, and is all that gets printed: no stack trace.
 */
export class Fault extends Error {
  name = "Fault";
}
