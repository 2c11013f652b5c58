// What a sample may use without making it: support/sample-page.html has these as globals.

import type { Classifier } from "resnet-web";

declare global {
  /** A photo of a cat, as a person chooses it. */
  const file: File;
  /** Several photos. */
  const files: File[];
  /** A small model's weights, as a person drops them. */
  const droppedFile: File;
  /** An image, a canvas, a playing video and a paragraph of the page. */
  const image: HTMLImageElement;
  const canvas: HTMLCanvasElement;
  const video: HTMLVideoElement;
  const output: HTMLElement;
  /** A button to cancel with. */
  const cancelButton: HTMLButtonElement;
  /** A classifier with a model. */
  const classifier: Classifier;
  /** Aborted by nothing. */
  const signal: AbortSignal;
}
