import type { Prediction } from "resnet-web";
import { STYLES } from "./styles";
import type { ElementTexts } from "./texts";

/** What is in the element's shadow root. It is built of nodes and a constructed style sheet, which every policy allows. */
export class View {
  readonly #root: ShadowRoot;
  readonly #button = node("button", "button");
  readonly #prompt = slot("prompt");
  readonly #choose = slot("choose");
  readonly #input = node("input");
  readonly #image = node("img", "image");
  readonly #progress = node("progress", "progress");
  readonly #status = node("p", "status");
  readonly #error = node("p", "error");
  readonly #results = node("ol", "results");
  /** The address of the file that is shown. */
  #file: string | undefined;

  /** @param onFile is called with the photo that a person chooses */
  constructor(root: ShadowRoot, onFile: (file: File) => void) {
    this.#root = root;
    adoptStyles(root);
    this.#input.type = "file";
    this.#input.accept = "image/*";
    this.#input.hidden = true;
    this.#input.addEventListener("change", () => {
      const file = this.#input.files?.[0];
      // The same file can be chosen again.
      this.#input.value = "";
      if (file) onFile(file);
    });
    this.#button.type = "button";
    this.#button.addEventListener("click", () => this.#input.click());
    this.#button.append(this.#choose);
    this.#image.hidden = true;
    this.#progress.hidden = true;
    // Safari takes a list without marks for none.
    this.#results.setAttribute("role", "list");
    this.#status.setAttribute("role", "status");
    this.#error.setAttribute("role", "alert");
    const zone = node("div", "drop-zone");
    zone.append(this.#image, this.#prompt, this.#button, this.#input);
    const all = [zone, this.#progress, this.#status, this.#error, this.#results];
    root.append(...all, node("slot"));
  }

  /** Shows the texts that stay. */
  set texts({ prompt, choose, photo, results, loading }: ElementTexts) {
    this.#prompt.textContent = prompt;
    this.#choose.textContent = choose;
    this.#image.alt = photo;
    this.#results.setAttribute("aria-label", results);
    this.#progress.setAttribute("aria-label", loading);
  }

  /** Focuses the button. */
  focus(options?: FocusOptions): void {
    this.#button.focus(options);
  }

  /** Shows a photo: a file, or what is at an address; null for none. */
  showImage(image: Blob | string | null): void {
    if (this.#file) URL.revokeObjectURL(this.#file);
    this.#file = image instanceof Blob ? URL.createObjectURL(image) : undefined;
    const address = this.#file ?? (image as string | null);
    this.#image.hidden = address === null;
    if (address === null) this.#image.removeAttribute("src");
    else this.#image.src = address;
  }

  /** Announces what is under way or done. */
  showStatus(text: string): void {
    this.#error.textContent = "";
    this.#status.textContent = text;
  }

  /** Announces what went wrong. */
  showError(text: string): void {
    this.#status.textContent = "";
    this.#progress.hidden = true;
    this.#error.textContent = text;
  }

  /** Shows how far a download is: a part from 0 to 1, null for an unknown one, undefined where there is none. */
  showProgress(part: number | null | undefined): void {
    this.#progress.hidden = part === undefined;
    if (typeof part === "number") this.#progress.value = part;
    else this.#progress.removeAttribute("value");
  }

  /** Lists classes. */
  showResults(top: readonly Prediction[], { probability: worded }: ElementTexts): void {
    const items = top.map(({ label, probability }) => {
      const item = node("li", "result");
      const bar = node("span", "bar");
      bar.style.setProperty("--probability", String(probability));
      item.append(textIn("label", label), textIn("probability", worded(probability)), bar);
      return item;
    });
    this.#results.replaceChildren(...items);
  }

  /** Marks whether files are being dragged over the element. */
  set isDragging(is: boolean) {
    (this.#root.host as HTMLElement).toggleAttribute("data-dragging", is);
  }
}

function node<Name extends keyof HTMLElementTagNameMap>(name: Name, part?: string) {
  const made = document.createElement(name);
  if (part) made.setAttribute("part", part);
  return made;
}

function slot(name: string): HTMLSlotElement {
  const made = node("slot");
  made.name = name;
  return made;
}

function textIn(part: string, text: string): HTMLSpanElement {
  const made = node("span", part);
  made.textContent = text;
  return made;
}

let styles: CSSStyleSheet | undefined;

function adoptStyles(root: ShadowRoot): void {
  if (!styles) {
    styles = new CSSStyleSheet();
    styles.replaceSync(STYLES);
  }
  root.adoptedStyleSheets = [styles];
}
