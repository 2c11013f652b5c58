import type { ErrorCode } from "resnet-web";
import { strings } from "./strings";

/** The page's own words for errors of the classifier whose remedy is in the person's hands. */
const OWN: Partial<Record<ErrorCode, string>> = strings.notice.errors;

/** What the page says of an error: its own words where it has some, otherwise the error's. */
export function worded(error: Error & { code?: ErrorCode }): string {
  return (error.code && OWN[error.code]) ?? error.message;
}
