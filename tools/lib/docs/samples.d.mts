/** How a sample is checked. */
export type Check = "Chromium" | "Node" | "shell" | "types" | "syntax";

/** A fenced block of code on a page of the documentation. */
export interface Sample {
  /** The page, from the repository's top. */
  page: string;
  line: number;
  language: string;
  code: string;
  /** The words after its language. */
  marks: Record<string, string | undefined>;
  /** Left out where it is no code of this package, such as a server's configuration. */
  check?: Check;
}

export function allSamples(): Sample[];
export function samplesOf(page: string, text: string): Sample[];
export function samplesTable(): string;
