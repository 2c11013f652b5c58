import type { View } from "./view";

/** Calls `onFile` with the photo that is dropped on an element or pasted into it. */
export function takeFiles(element: HTMLElement, view: View, onFile: (file: File) => void): void {
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    view.isDragging = true;
  });
  element.addEventListener("dragleave", () => {
    view.isDragging = false;
  });
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    view.isDragging = false;
    // What is no image is refused in words.
    const file = imageIn(event.dataTransfer) ?? event.dataTransfer?.files[0];
    if (file) onFile(file);
  });
  element.addEventListener("paste", (event) => {
    const file = imageIn(event.clipboardData);
    if (file) onFile(file);
  });
}

function imageIn(data: DataTransfer | null): File | undefined {
  return [...(data?.files ?? [])].find(({ type }) => type.startsWith("image/"));
}
