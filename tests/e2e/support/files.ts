import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import type { Page } from "@playwright/test";

/** A file that is chosen, dropped or pasted. */
export interface GivenFile {
  name: string;
  /** What the browser takes it for; empty where it does not know. */
  mimeType: string;
  buffer: Buffer;
}

/** A file with this text. */
export function textFile(name: string, content: string): GivenFile {
  return { name, mimeType: "", buffer: Buffer.from(content) };
}

/** An image of tests/fixtures, under another name if one is given. */
export async function imageFile(file: string, name = file): Promise<GivenFile> {
  const buffer = await readFile(`tests/fixtures/images/${file}`);
  const mimeType = name.endsWith("png") ? "image/png" : "image/jpeg";
  return { name, mimeType, buffer };
}

/** Weights of tests/fixtures, under another name if one is given. */
export async function weightFile(file: string, name = file): Promise<GivenFile> {
  const packed = await readFile(`tests/fixtures/weights/${file}.gz`);
  return { name, mimeType: "application/octet-stream", buffer: gunzipSync(packed) };
}

/** Weights of a network of the ResNet family, of tests/fixtures. */
export async function familyFile(name: string): Promise<GivenFile> {
  const packed = await readFile(`tests/fixtures/family/${name}.gz`);
  return { name, mimeType: "", buffer: gunzipSync(packed) };
}

/** A file of an ONNX model of tests/fixtures. */
export async function onnxFile(name: string): Promise<GivenFile> {
  const packed = await readFile(`tests/fixtures/onnx/${name}.gz`);
  return { name, mimeType: "", buffer: gunzipSync(packed) };
}

/** Drops files on the page, or pastes them into it. */
export async function give(page: Page, event: "drop" | "paste", files: GivenFile[]): Promise<void> {
  const sent = files.map(({ name, mimeType, buffer }) => ({
    name,
    type: mimeType,
    base64: buffer.toString("base64"),
  }));
  await page.evaluate(
    ({ sent, event }) => {
      const data = new DataTransfer();
      for (const { name, type, base64 } of sent) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        data.items.add(new File([bytes], name, { type }));
      }
      window.dispatchEvent(
        event === "drop"
          ? new DragEvent("drop", { dataTransfer: data, cancelable: true })
          : new ClipboardEvent("paste", { clipboardData: data }),
      );
    },
    { sent, event },
  );
}
