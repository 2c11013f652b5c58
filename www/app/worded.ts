import type { ErrorCode } from "../lib";
import { strings } from "./strings";

/** The page's own words for errors of the classifier whose remedy is in the person's hands. */
const OWN: Partial<Record<ErrorCode, string>> = strings.notice.errors;

/** What to tell a person of an error: the page's words where it has some, else the error's own. */
export function worded(error: Error & { code?: ErrorCode }): string {
  return (error.code && OWN[error.code]) ?? error.message;
}
