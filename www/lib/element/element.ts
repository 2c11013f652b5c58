import {
  type Classifier,
  type ClassifierOptions,
  createClassifier,
  type DevicePolicy,
  type ImageClassification,
  type ImageInput,
  type LabelSource,
  type LoadedModel,
  type Progress,
  ResNetError,
  type WeightSource,
} from "resnet-web";
import { takeFiles } from "./taken-files";
import { type ElementTexts, ENGLISH } from "./texts";
import { View } from "./view";

/** The events of `<resnet-classifier>`. They do not bubble. */
export interface ResNetClassifierEventMap extends Omit<HTMLElementEventMap, "progress" | "error"> {
  /** The model is loaded; `detail` is what is known of it. */
  ready: CustomEvent<LoadedModel>;
  /** `detail` is how far the download of the weights is. */
  progress: CustomEvent<Progress>;
  /** A photo is classified; `detail` is what it shows. */
  result: CustomEvent<ImageClassification>;
  /** Something failed; `detail` is the error with its code. What was cancelled has no event. */
  error: CustomEvent<ResNetError>;
}

/** On a server there are no elements, and the class is only imported. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/**
 * `<resnet-classifier>`: people drop, paste or choose a photo, and see what it shows.
 *
 * | attribute and property | meaning |
 * | --- | --- |
 * | `weights` | The address of the weight file or manifest. The property also takes a `Blob` or `URL`. |
 * | `src` | The address of a photo to classify. |
 * | `labels` | The address of the labels. The property also takes a list of them, a `Blob` or `URL`. |
 * | `device` | `auto`, `cpu`, `webgpu` or `fastest`. |
 * | `threads` | On how many threads the CPU computes. |
 * | `top` | How many classes are shown: 5 if left out. |
 * | `assets` | The folder with the package's workers, where no bundler has placed them. |
 *
 * Slots: `prompt` and `choose` are the texts of the place to drop a photo and of its button; the default slot is below the
 * results. Parts: `drop-zone`, `image`, `button`, `progress`, `status`, `error`, `results`, `result`, `label`, `probability`,
 * `bar`. Custom property: `--resnet-accent`.
 *
 * Its classifier is made when the element is connected and has weights, and is disposed of when the element is removed.
 */
export class ResNetClassifierElement extends Base {
  /** The attributes that it follows. */
  static readonly observedAttributes = [
    "weights",
    "src",
    "labels",
    "device",
    "threads",
    "top",
    "assets",
  ];

  /** Sources that are no addresses, and so have no attribute. */
  #weights: WeightSource | null = null;
  #labels: LabelSource | null = null;
  #texts = ENGLISH;
  #view: View | undefined;
  #classifier: Classifier | null = null;
  #loading: Promise<Classifier> | undefined;
  /** Ends what belongs to the classifier in use. */
  #over = new AbortController();
  /** Cancels the classification under way. */
  #run = new AbortController();
  /** Settles when that has ended. */
  #ended: Promise<unknown> = Promise.resolve();
  #image: ImageInput | null = null;
  /** The `src` that was followed last. */
  #followedSrc: string | null = null;
  /** The error that was reported since the last photo came: if it waits for the model, it fails with the same one. */
  #reported: unknown;
  /** What has changed and is not yet followed. */
  readonly #changes = new Set<string>();

  /** The classifier, when its model is loaded. */
  get classifier(): Classifier | null {
    return this.#classifier;
  }

  /** Where the weights come from. */
  get weights(): WeightSource | null {
    return this.#weights ?? this.getAttribute("weights");
  }

  set weights(weights: WeightSource | null) {
    this.#weights = weights instanceof Blob ? weights : null;
    this.#reflect("weights", weights instanceof Blob ? null : weights);
    this.#changed("weights");
  }

  /** What the classes are called. */
  get labels(): LabelSource | null {
    return this.#labels ?? this.getAttribute("labels");
  }

  set labels(labels: LabelSource | null) {
    if (labels === null && this.labels === null) return;
    const isAddress = labels === null || typeof labels === "string" || labels instanceof URL;
    this.#labels = isAddress ? null : labels;
    this.#reflect("labels", isAddress ? labels : null);
    this.#changed("labels");
  }

  /** The address of the photo. */
  get src(): string | null {
    return this.getAttribute("src");
  }

  set src(src: string | null) {
    this.#reflect("src", src);
  }

  /** Which device to run on. */
  get device(): DevicePolicy {
    const device = this.getAttribute("device");
    return isPolicy(device) ? device : "auto";
  }

  set device(device: DevicePolicy) {
    this.#reflect("device", device);
  }

  /** On how many threads the CPU computes. */
  get threads(): number | "auto" {
    const threads = Number(this.getAttribute("threads"));
    return threads >= 1 ? Math.round(threads) : "auto";
  }

  set threads(threads: number | "auto") {
    this.#reflect("threads", String(threads));
  }

  /** How many classes are shown. */
  get top(): number {
    const top = Number(this.getAttribute("top"));
    return top >= 1 ? Math.round(top) : 5;
  }

  set top(top: number) {
    this.#reflect("top", String(top));
  }

  /** The folder with the package's workers: {@link ClassifierOptions.assets}. */
  get assets(): string | null {
    return this.getAttribute("assets");
  }

  set assets(assets: string | URL | null) {
    this.#reflect("assets", assets);
  }

  /** Texts in the place of the English ones. */
  get texts(): ElementTexts {
    return this.#texts;
  }

  set texts(texts: Partial<ElementTexts>) {
    this.#texts = { ...ENGLISH, ...texts };
    if (this.#view) this.#view.texts = this.#texts;
  }

  /**
   * Shows an image and classifies it, after the model that the attributes name has been loaded, with the labels that they
   * name. Where that failed before, it is tried again. A newer call cancels it.
   *
   * @throws ResNetError as {@link Classifier.classify}; `not-ready` if the element has no weights or is in no document
   */
  classify(image: ImageInput): Promise<ImageClassification> {
    // Code that has just set an attribute, or has just put the element into the document, waits for what that asks for.
    this.#follow();
    if (!this.#loading && this.isConnected) this.#begin();
    this.#run.abort();
    this.#run = new AbortController();
    this.#image = image;
    this.#reported = undefined;
    this.#view?.showImage(shown(image));
    const result = this.#classify(image, this.#run.signal);
    this.#ended = result.catch(() => {});
    return result;
  }

  async #classify(image: ImageInput, signal: AbortSignal): Promise<ImageClassification> {
    try {
      const loading = this.#loading;
      if (!loading) {
        throw new ResNetError(
          "not-ready",
          "<resnet-classifier> has no model. Give it the address of one as `weights`, and put it into the document.",
        );
      }
      const classifier = await loading;
      if (signal.aborted) throw new ResNetError("aborted", "Another photo was chosen.");
      this.#view?.showStatus(this.#texts.classifying);
      const result = await classifier.classify(image, { top: this.top, signal });
      this.#view?.showResults(result.top, this.#texts);
      this.#view?.showStatus(this.#texts.result(result.top));
      this.#dispatch("result", result);
      return result;
    } catch (thrown) {
      if (!signal.aborted) this.#view?.showResults([], this.#texts);
      this.#fail(thrown);
      throw thrown;
    }
  }

  /** Focuses the button with which a photo is chosen. */
  override focus(options?: FocusOptions): void {
    this.#view?.focus(options);
  }

  override addEventListener<Name extends keyof ResNetClassifierEventMap>(
    type: Name,
    listener: (this: ResNetClassifierElement, event: ResNetClassifierEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options);
  }

  /** Called by the browser. */
  connectedCallback(): void {
    if (!this.#view) {
      this.#upgrade();
      this.#view = new View(this.attachShadow({ mode: "open" }), (file) => this.#choose(file));
      this.#view.texts = this.#texts;
      takeFiles(this, this.#view, (file) => this.#choose(file));
    }
    if (!this.#loading) this.#changed("weights");
    if (this.src !== this.#followedSrc) this.#changed("src");
  }

  /** Called by the browser. */
  disconnectedCallback(): void {
    // It may only be moved.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#end();
      this.#view?.showImage(null);
    });
  }

  /** Called by the browser. */
  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now) return;
    if (name === "weights" && now !== null) this.#weights = null;
    if (name === "labels" && now !== null) this.#labels = null;
    this.#changed(name);
  }

  /** Properties that were set before the element was defined hide its own. */
  #upgrade(): void {
    for (const name of [...ResNetClassifierElement.observedAttributes, "texts"]) {
      if (!Object.hasOwn(this, name)) continue;
      const value = Reflect.get(this, name);
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
  }

  #reflect(name: string, value: string | URL | null): void {
    if (value === null) this.removeAttribute(name);
    else this.setAttribute(name, String(value));
  }

  /** Follows changes together, when the code that makes them is done. */
  #changed(name: string): void {
    if (this.#changes.size === 0) queueMicrotask(() => this.#follow());
    this.#changes.add(name);
  }

  #follow(): void {
    const changes = new Set(this.#changes);
    this.#changes.clear();
    if (changes.size === 0 || !this.isConnected) return;
    const lostLabels = changes.has("labels") && this.labels === null;
    if (changes.has("weights") || changes.has("assets") || lostLabels) this.#begin();
    else this.#adjust(changes);
    if (changes.has("src")) this.#followSrc();
    else if (changes.has("top")) void this.#classifyAgain(this.#run);
  }

  #followSrc(): void {
    const before = this.#followedSrc;
    this.#followedSrc = this.src;
    if (this.src !== null) this.#choose(this.src);
    // A photo that a person chose in its place stays.
    else if (this.#image === before) this.#removeImage();
  }

  #removeImage(): void {
    this.#run.abort();
    this.#image = null;
    this.#view?.showImage(null);
    this.#view?.showResults([], this.#texts);
    if (this.#classifier) this.#view?.showStatus(this.#texts.ready);
  }

  /** Passes changes on to the classifier, once its model is loaded. Photos that come from now on wait for the labels. */
  #adjust(changes: Set<string>): void {
    const { signal } = this.#over;
    const run = this.#run;
    const adjusted = this.#loading?.then(async (classifier) => {
      if (signal.aborted) return classifier;
      const report = (thrown: unknown) => this.#fail(thrown);
      if (changes.has("device")) classifier.setDevice(this.device).catch(report);
      if (changes.has("threads")) classifier.setThreads(this.threads).catch(report);
      if (changes.has("labels") && this.labels !== null) {
        const named = classifier.setLabels(this.labels);
        await named.then(() => void this.#classifyAgain(run), report);
      }
      return classifier;
    });
    // That there is no model has been reported.
    adjusted?.catch(() => {});
    this.#loading = adjusted;
  }

  /** Classifies the photo on show again, after the run on it, unless another was chosen meanwhile. */
  async #classifyAgain(run: AbortController): Promise<void> {
    await this.#ended;
    if (run !== this.#run || run.signal.aborted || this.#image === null) return;
    this.#choose(this.#image);
  }

  /** Makes the classifier anew. */
  #begin(): void {
    this.#end();
    this.#view?.showResults([], this.#texts);
    const { weights, labels, assets, device, threads } = this;
    if (weights === null) {
      this.#view?.showStatus("");
      this.#view?.showProgress(undefined);
      return;
    }
    this.#over = new AbortController();
    const { signal } = this.#over;
    const options: ClassifierOptions = {
      weights,
      device,
      threads,
      signal,
      ...(labels !== null && { labels }),
      ...(assets !== null && { assets }),
      onProgress: (progress) => {
        if (signal.aborted) return;
        const { loaded, total } = progress;
        this.#view?.showProgress(total ? loaded / total : null);
        this.#dispatch("progress", progress);
      },
    };
    this.#view?.showStatus(this.#texts.loading);
    this.#view?.showProgress(null);
    const loading = createClassifier(options);
    this.#loading = loading;
    loading.then(
      (classifier) => {
        if (signal.aborted) {
          classifier.dispose();
          return;
        }
        this.#classifier = classifier;
        this.#view?.showProgress(undefined);
        this.#view?.showStatus(this.#texts.ready);
        if (classifier.model) this.#dispatch("ready", classifier.model);
      },
      (thrown) => {
        if (signal.aborted) return;
        // The next photo tries again.
        this.#loading = undefined;
        // What waits for it reports it, too, and need not.
        this.#fail(thrown);
      },
    );
    if (this.#image !== null) this.#choose(this.#image);
  }

  #end(): void {
    this.#over.abort();
    this.#run.abort();
    this.#classifier?.dispose();
    this.#classifier = null;
    this.#loading = undefined;
  }

  /** Classifies what a person or an attribute has chosen; its failure is shown. */
  #choose(image: ImageInput): void {
    this.classify(image).catch(() => {});
  }

  #fail(thrown: unknown): void {
    if (thrown === this.#reported) return;
    this.#reported = thrown;
    const error =
      thrown instanceof ResNetError ? thrown : new ResNetError("unexpected", String(thrown));
    if (error.code === "aborted") return;
    this.#view?.showError(this.#texts.error(error));
    this.#dispatch("error", error);
  }

  #dispatch(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function isPolicy(device: string | null): device is DevicePolicy {
  return device !== null && ["auto", "fastest", "cpu", "webgpu"].includes(device);
}

/** What of an image the element can show: files and addresses. Everything else the page shows itself. */
function shown(image: ImageInput): Blob | string | null {
  if (image instanceof Blob || typeof image === "string") return image;
  return image instanceof URL ? image.href : null;
}
