import type { DevicePolicy, DeviceReason, ThreadObstacle } from "resnet-web";
import type { Opponent } from "../compare/contest";
import { grouped, listed } from "../format";
import type { WhyNot } from "../source/sort";

/** Everything the page says, in English; other languages are held against it. */
export const en = {
  title: "resnet-web",
  tagline:
    "A ResNet that classifies your photo right here in the page. Nothing leaves your device.",
  skipToResult: "Skip to the result",

  source: {
    heading: "Photo",
    prompt: "Drop a photo here",
    promptMore: (camera: boolean) =>
      `or paste one, choose a file, ${camera ? "use the camera, " : ""}try a sample`,
    release: "Drop to classify",
    choose: "Choose a photo",
    folder: "Choose a folder",
    unused: {
      some: (files: string) => `Not used: ${files}.`,
      all: (files: string) =>
        `None of this can be used: ${files}. Choose photos, or weights and labels of a ResNet.`,
      because: (files: string, reason: string) => `${files} (${reason})`,
      list: (names: readonly string[], more: number) =>
        listed(more > 0 ? [...names, `${grouped(more)} more`] : names, "and"),
      reasons: {
        unknown: "neither a photo, nor weights, nor labels",
        empty: "empty",
        unreadable: "the browser could not read it",
        shards: "an index of weights in several files: save them as one file",
        "other-weights": "more weights: only one file is loaded at a time",
        "other-labels": "more labels: only one file of them is used",
        "other-configurations": "another configuration of that name: only one is used",
      } satisfies Record<WhyNot, string>,
    },
    camera: "Use the camera",
    samples: "Samples",
    sampleLabels: { chelsea: "A cat", coffee: "A cup of coffee" },
    photoAlt: (name: string) => `The photo: ${name}`,
    pasted: "pasted image",
    frame: "camera frame",
    noFile: "There is no image in what you dropped or pasted. Choose a photo.",
  },

  camera: {
    heading: "Camera",
    take: "Take a photo",
    stop: "Stop the camera",
    status: {
      starting: "Starting the camera …",
      paused: "Paused while this tab is hidden. The camera resumes when you come back.",
      interrupted:
        "The camera is interrupted, perhaps by a call or another program. It resumes on its own.",
    },
    resumed: "The camera was off while this tab was hidden. It is on again.",
    other: "The camera you chose before is not connected. This is another one.",
    switchTo: {
      user: "Switch to the front camera",
      environment: "Switch to the back camera",
    },
    choose: "Camera",
    unnamed: (number: number) => `Camera ${number}`,
    errors: {
      denied:
        "The camera is blocked for this page. Allow it in the browser's address bar or in the system's settings, then try again.",
      embedded:
        'This page is embedded in another one that does not share the camera with it. The <iframe> needs allow="camera". Or open this page in its own tab.',
      deniedInFrame:
        "The camera is blocked for this page, which is embedded in another one. The <iframe> needs allow=\"camera\"; if it has that, allow the camera in the browser's address bar or in the system's settings. Or open this page in its own tab.",
      policy:
        "This site's Permissions-Policy header forbids the camera. The server has to send camera=(self). Until then, choose a photo.",
      none: "No camera was found. Connect one and try again, or choose a photo.",
      busy: "The camera is in use by another program. Close that program, then try again.",
      unfit:
        "No camera here can do what this page needs. Connect another one and try again, or choose a photo.",
      insecure:
        "Browsers allow the camera only on pages served over HTTPS. Open this page at its https:// address, or choose a photo.",
      ended:
        "The camera has stopped: it was unplugged, or another program or the browser took it over. Connect or allow it again, then press “Use the camera”.",
      other: (message: string) =>
        `The camera could not be started: ${message}. Try again, or choose a photo.`,
    },
  },

  live: {
    on: "Live",
    off: "Paused",
    waiting: "Waiting for the weights …",
    starting: "Waiting for the camera …",
    first: "Classifying the first frame …",
    smooth: "Smooth over time",
    where: "Show where the evidence lies",
    pinned: (label: string) => `Showing only the evidence for ${label}.`,
    follow: "Follow the top class",
    framesPerSecond: "Frames per second",
    latency: "From camera to page",
    measuring: "…",
    frames: (perSecond: number) => perSecond.toFixed(perSecond < 10 ? 1 : 0),
  },

  results: {
    heading: "Result",
    empty: "The most probable classes will appear here.",
    waiting: "Waiting for the weights …",
    running: "Classifying the photo …",
    probability: (probability: number) => `${(100 * probability).toFixed(1)} %`,
    announce: (label: string, probability: string) => `${label}, ${probability}`,
    time: (total: string, decode: string, preprocess: string, network: string) =>
      `${total}: decoding ${decode}, preparing ${preprocess}, network ${network}`,
    milliseconds: (value: number) => `${value < 10 ? value.toFixed(1) : Math.round(value)}\u00a0ms`,
    size: (width: number, height: number) => `${width} × ${height} pixels`,
    cutShort: "This file is cut short: the result covers the part of the photo that is there.",
    features: {
      announce: (count: string) => `${count} features.`,
      intro: (count: string) =>
        `These weights have no classes. The network ends with ${count} features of the photo, its embedding: photos that look alike have similar ones.`,
      alt: (count: string, most: string) => `${count} features as lines; the largest is ${most}.`,
      most: (most: string) => `The largest is ${most}.`,
      save: "Save as CSV",
    },
  },

  gallery: {
    heading: (count: number) => `${grouped(count)} photos`,
    waiting: "Waiting for the weights …",
    running: (done: number, all: number) => `${grouped(done)} of ${grouped(all)} processed.`,
    speed: (perSecond: number) => `${perSecond.toFixed(1)} photos per second.`,
    over: (done: number, all: number, failed: number) =>
      `${done < all ? "Stopped: " : ""}${grouped(done)} of ${grouped(all)} processed${failed > 0 ? `, ${grouped(failed)} failed` : ""}.`,
    progressLabel: "Photos processed",
    cancel: "Stop",
    csv: "Save as CSV",
    close: "Close the gallery",
    more: (count: number) => `Show ${count} more`,
    cutShort: "The file is cut short.",
  },

  compare: {
    heading: "Compare",
    intro:
      "A second classifier runs on the same photo. It uses as much memory as the first until you close it.",
    opponents: {
      int8: "With 8-bit arithmetic",
      f32: "With 32-bit numbers",
      cpu: "On the CPU",
      webgpu: "On WebGPU",
      file: "With other weights",
    } satisfies Record<Opponent, string>,
    close: "Stop comparing",
    own: "This page",
    other: "The other",
    running: "Loading the other one, then classifying the photo …",
    photoFirst: "Choose a photo to compare them on.",
    verdict: (same: boolean, difference: string | null, time: string) =>
      `${same ? "Both rank the same class first." : "They rank different classes first."} ${difference === null ? "They have different classes." : `No probability differs by more than ${difference}.`} The other network takes ${time} of this one's time.`,
    points: (difference: number) => `${(100 * difference).toPrecision(2)} points`,
    ratio: (ratio: number) => `${(100 * ratio).toFixed(0)} %`,
  },

  view: {
    summary: (classes: number) => `Show more or fewer, search all ${grouped(classes)} classes`,
    top: "Number of classes",
    threshold: "Minimum probability in percent",
    search: "Search",
    example: "tabby",
    rank: "Rank",
    name: "Class",
    probability: "Probability",
    found: (count: number) => (count === 1 ? "One class found." : `${count} classes found.`),
    nothing: (query: string) => `No class has “${query}” in its name.`,
    precise: (probability: number) => `${(100 * probability).toPrecision(3)} %`,
  },

  share: {
    copy: "Copy result",
    copied: "The result is on the clipboard.",
    save: "Save as image",
    saved: "The photo with its result is saved.",
    notSaved: (message: string) => `The image could not be created: ${message}`,
    noCanvas: "this browser cannot draw images.",
    link: "Copy link",
    linked:
      "The link is on the clipboard: it opens this model with these settings, without the photo.",
    noLink: "The weights are a file on this device, so a link cannot include them.",
    refused: "The browser does not allow this page to copy. Select the text and copy it yourself.",
    madeBy: (model: string) => `${model}, by resnet-web`,
  },

  device: {
    opening: "Starting …",
    notOpened: "Not started",
    partial: "Faster code is still being built. The page says when it is ready.",
    names: { cpu: "CPU", webgpu: "WebGPU" },
    software: "software",
    threads: (count: number) => (count === 1 ? "1 thread" : `${count} threads`),
    more: "Self-check and choices",
    check: (runs: number, error: string, time: string) =>
      `Self-check passed ${runs} times in ${time}: within ${error} of PyTorch's result, relative to its largest value.`,
    checkedLayers: (layers: number) => `${layers} layers compared with the CPU's.`,
    onGpu: (number: string, dispatches: number, megabytes: string) =>
      `${number}, ${dispatches} dispatches per run, ${megabytes} MB on the GPU.`,
    speeds: (webgpu: string, cpu: string) =>
      `A run of this model takes ${webgpu} on WebGPU, ${cpu} on the CPU.`,
    policy: "Run on",
    noChoice: "This browser has no WebGPU: the CPU is the only device.",
    policies: {
      auto: "automatic: the faster one",
      fastest: "the faster one, software too",
      webgpu: "WebGPU",
      cpu: "CPU",
    } satisfies Record<DevicePolicy, string>,
    switching: "Moving the model to the other device …",
    reasons: {
      "webgpu-works": "WebGPU is available and computes correctly.",
      "webgpu-faster": "WebGPU is the faster device for this model.",
      "cpu-faster": "The CPU is the faster device for this model.",
      "cpu-requested": "Running on the CPU, as requested.",
      "webgpu-requested": "Running on WebGPU, as requested.",
      "no-webgpu": "This browser has no WebGPU: running on the CPU.",
      "no-adapter": "WebGPU has no adapter here: running on the CPU.",
      "software-adapter":
        "The only WebGPU adapter is software, slower than the CPU itself: running on the CPU.",
      "webgpu-reopened": "The WebGPU device was lost. A new one was opened and computes correctly.",
      "device-lost": "The WebGPU device was lost: running on the CPU.",
      "device-failed": "The GPU failed: running on the CPU.",
      "self-check-failed": "The GPU computed wrong numbers: running on the CPU.",
      crashed: "The code stopped unexpectedly and was restarted on the CPU.",
    } satisfies Record<DeviceReason, string>,
  },

  status: {
    label: "What is running",
    names: {
      device: "Device",
      precision: "Precision",
      threads: "Threads",
      isolation: "Isolation",
      model: "Model",
      memory: "Memory",
      gpu: "GPU",
      offline: "Offline",
    },
    worksOffline: "works: page and weights are saved",
    pageAlone: "page only: these weights are not saved",
    notKept: "does not work: the page could not be saved",
    noServiceWorkers: "does not work: this browser has no service workers",
    noHttps: "does not work: browsers save only pages served over HTTPS",
    integers: "int8",
    isolated: "cross-origin isolated",
    notIsolated: "none",
    weights: (megabytes: string) => `${megabytes} MB of weights`,
    onGpu: (megabytes: string, dispatches: number) =>
      `${megabytes} MB, ${dispatches} dispatches per run`,
  },

  threads: {
    label: "Threads",
    auto: "automatic",
    obstacles: {
      "not-isolated": "More threads need a cross-origin isolated page, which this one is not.",
      unsupported: "More threads need WebAssembly’s shared memory, which this browser lacks.",
      "one-processor": "More threads need more than one processor.",
      failed: "More threads could not be started.",
    } satisfies Record<ThreadObstacle, string>,
  },

  isolation: {
    turnOn: "Use all processors",
    turnOnHint:
      "A service worker will isolate the page. The page reloads: choose your photo again afterwards.",
    turnOff: "Turn isolation off",
    turnOffHint:
      "A service worker isolates this page. Turning it off reloads the page: choose your photo again afterwards.",
    ineffective:
      "Everything works on one thread. The page was reloaded, but this browser does not isolate it, so isolation is off again.",
    failed: (message: string) =>
      `Everything works on one thread. The page could not be isolated: ${message}`,
    noStorage: "this browser does not let the page store anything.",
    stays: (message: string) => `Isolation could not be turned off. Try again: ${message}`,
  },

  offline: {
    update: "A new version is ready",
    faster: "Faster code is ready",
    updateHint:
      "Updating reloads the page in all its tabs: choose your photo again afterwards. Otherwise the new version starts once all of them are closed.",
    updateNow: "Update now",
    later: "Later",
  },

  model: {
    heading: "Model",
    loading: "Loading the weights",
    fromCache: "Reading the weights from this browser's cache",
    building: "Building the network …",
    progress: (loaded: string, total: string | null) =>
      total ? `${loaded} of ${total} MB` : `${loaded} MB`,
    cancel: "Cancel",
    retry: "Load again",
    none: "No model is loaded.",
    question: {
      title: (host: string) => `Download weights from ${host}?`,
      explanation: (megabytes: string | null) =>
        `This link loads weights from another server. ${megabytes ? `They are ${megabytes} MB.` : "It does not say how large they are."} The server sees that you download them, but never your photos.`,
      allow: "Download",
      refuse: "Use this page's own weights",
    },
    facts: {
      classes: "Classes",
      input: "Input",
      parameters: "Parameters",
      stem: "Stem",
      variants: "Variants",
      file: "Weight file",
      format: "Format",
      source: "Source",
      license: "Licence",
    },
    stemPools: {
      max: ", max pool",
      "max-over-end": ", max pool without padding (Caffe)",
      none: "",
      convolution: ", a 3×3 convolution instead of a pool",
    },
    variants: {
      averageShortcut: "average pool on the shortcut",
      zeroShortcut: "zeros on the shortcut",
      squeezeExcite: "squeeze-and-excitation",
      efficientChannel: "efficient channel attention",
      blur: "blur pool against aliasing",
      average: "average pool against aliasing",
      preActivation: "pre-activation",
    },
    noClasses: "none: the network ends with its features",
    fileSize: (megabytes: string, dtype: string) => `${megabytes} MB, ${dtype}`,
    formats: { safetensors: "safetensors", pytorch: "PyTorch", burnpack: "burnpack", onnx: "ONNX" },
    format: (format: string, naming: string) => `${format}, names as in ${naming}`,
    unknown: "not stated",
    open: "Load other weights",
    openDefault: "Back to the default weights",
    openHint:
      "ResNet weights as safetensors, PyTorch (.pth), ONNX or burnpack: choose a file or drop it on the page.",
    kept: (files: number, megabytes: string) =>
      `This browser keeps ${files === 1 ? "one weight file" : `${files} weight files`} for the next visit, ${megabytes} MB.`,
    clearCache: "Remove",
    notKept: {
      quota:
        "This browser has no room to keep the weights: the model runs from memory, and the next visit downloads them again.",
      unavailable:
        "This browser keeps no weights here (a private window, or a page without HTTPS): the next visit downloads them again.",
    },
    notes: {
      ignored: (names: string, more: number) =>
        `Ignored because it is not part of the network: ${names}${more > 0 ? ` and ${grouped(more)} more` : ""}.`,
      head: (layer: string) =>
        `The linear layer ${layer} is used as the head because of its shape.`,
      noHead:
        "The file has no classifier: the model gives embeddings, which taught classes and other programs can use.",
      unsupported: (name: string, value: string) =>
        `The model's configuration asks for ${name} = ${value}, which this page does not support.`,
    },
    choices: {
      weightSet: "Set of weights",
      unnamedSet: "the unnamed one",
      stride: "Stride of the bottlenecks",
      strides: {
        conv2: "on the 3×3, as torchvision (v1.5)",
        conv1: "on the first 1×1, as He et al. (v1)",
      },
      stemPool: "After the first convolution",
      stemPools: {
        none: "nothing, as for small images",
        max: "a max pool",
        convolution: "a convolution of stride 2",
        "max-over-end": "a max pool without padding (Caffe)",
      },
      shortcut: "Shortcuts where the size changes",
      shortcuts: {
        projection: "a 1×1 convolution",
        "average-pool": "an average pool, then a 1×1 convolution (D)",
        "zero-padded": "zero channels before and after",
        "zero-padded-after": "zero channels after",
      },
      antiAliasing: "Against aliasing",
      antiAliasings: {
        none: "nothing",
        blur: "blur pool (resnetblur)",
        average: "average pool (resnetaa)",
      },
      normalisation: "Image normalisation",
      normalisations: {
        imagenet: "ImageNet mean and std",
        symmetric: "to −1 … 1",
        none: "to 0 … 1",
      },
      own: "the file's own",
      arithmetic: "Arithmetic",
      arithmetics: {
        f32: "32-bit numbers: exact",
        int8: "8-bit integers: faster, slightly less accurate",
      },
      labels: "Labels",
      labelled: (count: number) => `${grouped(count)} labels`,
      imagenet: "of ImageNet",
      unlabelled: "none: classes are shown by number",
      chooseLabels: "Choose labels",
      assumed: {
        stride:
          "Assumed: the file does not say, and its tensors fit both. The wrong choice costs about ten points of accuracy.",
        "stem-pool":
          "Assumed: no pooling after the first convolution, as in networks for small images. The file does not say.",
        shortcut: "Assumed: the shortcuts' kind, which the file's tensors do not show.",
        "anti-aliasing":
          "Assumed: nothing, as in most networks. timm’s resnetblur and resnetaa have the same tensors, and the file does not say.",
        "head-activation": "Assumed: ReLU between the head's linear layers. The file does not say.",
        preprocessing: "Assumed: the file does not say.",
        labels: "Assumed: the file has no labels.",
      },
    },
    address: {
      label: "Or an address of weights, or owner/name of a model on the Hugging Face Hub",
      load: "Load",
    },
    preparation: {
      heading: "How photos are prepared",
      summary: (side: number, filter: string, fit: string) =>
        `${side} × ${side} pixels, ${filter}, ${fit}`,
      resize: "Short side resized to, in pixels",
      crop: "Square in the middle, in pixels",
      cropTooLarge: "The square must not be larger than the resized short side.",
      fit: "Photos of other shapes",
      fits: { crop: "cut off at both ends", stretch: "stretched to a square" },
      interpolation: "Resized by",
      interpolations: {
        nearest: "nearest pixel",
        box: "mean (box)",
        bilinear: "bilinear",
        bicubic: "bicubic",
      },
      channelOrder: "Order of the channels",
      channelOrders: { rgb: "red, green, blue", bgr: "blue, green, red" },
      range: "Value of white, such as 1 or 255",
      mean: "Mean that is subtracted",
      std: "Standard deviation that is divided by",
      channel: (number: number) => `channel ${number}`,
      apply: "Prepare photos like this",
    },
  },

  layers: {
    heading: "Layers",
    intro:
      "The steps that the photo goes through, from top to bottom. Open a stage or a block to see inside.",
    columns: {
      name: "Name",
      kind: "Kind",
      input: "Input",
      output: "Output",
      parameters: "Parameters",
      multiplyAdds: "Multiply-adds",
      memory: "Memory",
    },
    total: "Total",
    look: "inspect",
    lookInto: (layer: string) => `Inspect ${layer}`,
    megabytes: (megabytes: string) => `${megabytes}\u202fMB`,
    memory: (input: string, outputs: string, parameters: string) =>
      `In 32-bit numbers: input ${input} MB, all outputs ${outputs} MB, parameters ${parameters} MB. A run keeps only the outputs that are still needed.`,
    export: {
      legend: "Export the table",
      formats: { json: "JSON", csv: "CSV", md: "Markdown" },
      copy: "Copy Markdown",
      copied: "The table is on the clipboard.",
      refused: "The browser does not allow this page to copy. Download the table instead.",
    },
    expandAll: "Expand all",
    collapseAll: "Collapse all",
    caption: (architecture: string) => `The layers of ${architecture}`,
  },

  drawing: {
    heading: "The network",
    intro:
      "Bars are convolutions: the more channels, the taller. The dotted line around a block is its shortcut; where the shapes differ, a convolution projects it. Slim bars pool (grey) or weigh channels (orange). Choose any part to inspect it.",
    box: "The drawing",
    alt: (architecture: string) =>
      `The layers of ${architecture} in the order of computation. Use the arrow keys to move between them.`,
    projection: "projection of the shortcut",
  },

  inspect: {
    heading: "What the network sees",
    choose: "Layer",
    none: "choose one",
    prompt:
      "Choose a layer here, in the drawing or in the table to see what your photo becomes there.",
    input: "Input",
    output: "Output",
    kernel: "Kernel",
    parameters: "Parameters",
    multiplyAdds: "Multiply-adds",
    time: "Time on the CPU, while inspecting",
    gpuTime: "Time on the GPU",
    share: (milliseconds: number, share: number) =>
      `${milliseconds.toFixed(milliseconds < 10 ? 2 : 1)}\u00a0ms, ${(100 * share).toFixed(1)} %`,
    gpuFused: "part of its convolution's",
    gpuNone: "nothing to compute",
    gpuWhole: (milliseconds: number) => `a whole run: ${milliseconds.toFixed(1)}\u00a0ms`,
    gpuNote:
      "The GPU's own clock measured these times, with each layer in its own pass, as the mean of several runs. Layers are fused as always: the times of batch norm and ReLU are part of their convolution's, a block's addition is part of its last convolution's.",
    gpuCoarse:
      "This GPU or browser does not time single layers. The time is coarse: a whole run with its readback, by the browser's clock.",
    look: "Look inside",
    looking: "Looking at every layer …",
    looked: (layers: number) => `${layers} layers were inspected.`,
    photoFirst: "Choose a photo first",
    unseen: "This layer is not inspected on its own.",
    spread: "Spread of the activations",
    range: (min: number, max: number, mean: number) =>
      `From ${min.toPrecision(3)} to ${max.toPrecision(3)}, mean ${mean.toPrecision(3)}.`,
    deviation: (deviation: number) => `Standard deviation ${deviation.toPrecision(3)}.`,
    dead: (dead: number, channels: number) =>
      dead === 0
        ? `None of ${grouped(channels)} channels is dead.`
        : `${grouped(dead)} of ${grouped(channels)} channels are dead: zero everywhere.`,
    maps: (shown: number, channels: number) =>
      `Feature maps, the largest activation first: ${shown} of ${grouped(channels)}`,
    more: (count: number) => `Show ${count} more`,
    enlarge: (channel: number) => `Enlarge channel ${channel}`,
    map: (layer: string, channel: number) => `${layer}, channel ${channel}`,
    size: (width: number, height: number) => `${width} × ${height} pixels.`,
    close: "Close",
    note: "Layers are inspected on the CPU, with batch norm folded into its convolution and nothing else fused, so times are longer than in an ordinary run: compare them only with each other. Each map ranges from its smallest activation (dark) to its largest (bright).",
  },

  activation: {
    where: "Where?",
    whereFor: (label: string) => `Where? The evidence for ${label} in the image`,
    alt: (label: string) =>
      `Where the evidence for ${label} lies in the image. Bright areas support it.`,
    opacity: "Opacity",
    off: "Hide",
  },

  notice: {
    dismiss: "Dismiss",
    restarted: (detail: string) =>
      `The code that runs the network stopped unexpectedly (${detail}). The model is loaded again on the CPU, and the photo is tried again.`,
    deviceLost: (detail: string) =>
      `${detail} The model is loaded again on the CPU. Reload the page to try the GPU again.`,
    outdated:
      "The server has a new version of this page, and the files of this one are gone. Reload the page to continue, then choose your photo again.",
    reload: "Reload the page",
    headings: {
      unused: "Not every file was used",
      outdated: "This page is out of date",
      error: "That did not work",
      restarted: "Restarted on the CPU",
      isolation: "Cross-origin isolation",
    },
    errors: {
      "runtime-blocked":
        "This site's Content-Security-Policy forbids WebAssembly, which the network needs. The server has to add 'wasm-unsafe-eval' to script-src in that header.",
      "image-withheld":
        "This browser gives pages noise instead of an image's pixels, to protect against fingerprinting. Allow this page to read canvas data (in Firefox and Tor Browser with the image icon in the address bar, in a canvas blocker in its settings), then try again.",
    },
  },

  footer: {
    privacy: "Your photos never leave this page: no server sees them.",
    photos: "Sample photos: CC0.",
    thirdParty: "Licences of the software in this page",
  },
} as const;
