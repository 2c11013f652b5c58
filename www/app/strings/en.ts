import type { DevicePolicy, DeviceReason, ThreadObstacle } from "../../lib";
import type { Opponent } from "../compare/contest";
import { grouped, listed } from "../format";
import type { WhyNot } from "../source/sort";

/** Everything the page says, in English; other languages are held against it. */
export const en = {
  title: "resnet-web",
  tagline: "A ResNet that looks at your photo, in this page. Nothing leaves your device.",
  skipToResult: "Skip to the result",

  source: {
    heading: "Photo",
    prompt: "Drop a photo here",
    promptMore: "or paste one, choose a file, use the camera, try a sample",
    release: "Let go to classify",
    choose: "Choose a photo",
    folder: "A folder",
    unused: {
      some: (files: string) => `Not used: ${files}.`,
      all: (files: string) =>
        `Nothing of this can be used: ${files}. Choose photos, or a ResNet's weights and labels.`,
      because: (files: string, reason: string) => `${files} (${reason})`,
      list: (names: readonly string[], more: number) =>
        listed(more > 0 ? [...names, `${grouped(more)} more`] : names, "and"),
      reasons: {
        unknown: "neither a photo, nor weights, nor labels",
        empty: "empty",
        unreadable: "the browser could not read it",
        shards: "an index of weights in several files: save them as one",
        "other-weights": "other weights: one file is loaded at a time",
        "other-labels": "other labels: one file of them is read at a time",
        "other-preprocessing": "another file says how the model wants its pictures",
      } satisfies Record<WhyNot, string>,
    },
    camera: "Use the camera",
    samples: "Samples",
    sampleLabels: { chelsea: "A cat", coffee: "A cup of coffee" },
    photoAlt: (name: string) => `The photo: ${name}`,
    pasted: "pasted picture",
    frame: "camera frame",
    noFile: "There was no picture in what you dropped or pasted. Choose a photo file.",
  },

  camera: {
    heading: "Camera",
    take: "Take a picture",
    stop: "Stop the camera",
    status: {
      starting: "Starting the camera …",
      paused: "Paused while this tab is hidden. The camera goes on when you come back.",
      interrupted:
        "The camera is interrupted, perhaps by a call or another program. It goes on by itself.",
    },
    resumed: "The camera was off while this tab was hidden. It is on again.",
    other: "The camera chosen before is not there. This is another one.",
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
        'Another page shows this one in a frame and does not pass the camera on. That page\'s <iframe> needs allow="camera". Or open this page in a tab of its own.',
      deniedInFrame:
        "The camera is blocked for this page, which another page shows in a frame. That page's <iframe> needs allow=\"camera\"; if it has that, allow the camera in the browser's address bar or in the system's settings. Or open this page in a tab of its own.",
      policy:
        "This page's server forbids the camera by its Permissions-Policy header. The site has to send camera=(self) there. Until then, choose a photo file.",
      none: "No camera was found. Connect one and try again, or choose a photo file.",
      busy: "The camera is in use by another program. Close that program, then try again.",
      unfit:
        "No camera here can do what this page needs. Connect another one and try again, or choose a photo file.",
      insecure:
        "Browsers give the camera only to pages served over HTTPS. Open this page by its https:// address, or choose a photo file.",
      ended:
        "The camera has stopped: it was unplugged, or another program or the browser took it away. Connect it again or allow it, then press “Use the camera”.",
      other: (message: string) =>
        `The camera could not be started: ${message}. Try again, or choose a photo file.`,
    },
  },

  live: {
    on: "Live",
    off: "Paused",
    waiting: "Waiting for the weights …",
    starting: "Waiting for the camera …",
    first: "Looking at the first frame …",
    smooth: "Smooth over time",
    where: "Show where the evidence lies",
    pinned: (label: string) => `The evidence shown stays that for ${label}.`,
    follow: "Follow the most probable",
    framesPerSecond: "Frames per second",
    latency: "From camera to page",
    measuring: "…",
    frames: (perSecond: number) => perSecond.toFixed(perSecond < 10 ? 1 : 0),
  },

  results: {
    heading: "Result",
    empty: "The most probable classes will stand here.",
    waiting: "Waiting for the weights …",
    running: "Looking at the photo …",
    probability: (probability: number) => `${(100 * probability).toFixed(1)} %`,
    announce: (label: string, probability: string) => `${label}, ${probability}`,
    time: (total: string, decode: string, preprocess: string, network: string) =>
      `${total}: decoding ${decode}, preparing ${preprocess}, network ${network}`,
    milliseconds: (value: number) => `${value < 10 ? value.toFixed(1) : Math.round(value)}\u00a0ms`,
    size: (width: number, height: number) => `${width} × ${height} pixels`,
    cutShort: "This file is cut short: the result is for the part of the photo that is there.",
  },

  gallery: {
    heading: (count: number) => `${grouped(count)} photos`,
    waiting: "Waiting for the weights …",
    running: (done: number, all: number) => `${grouped(done)} of ${grouped(all)} looked at.`,
    speed: (perSecond: number) => `${perSecond.toFixed(1)} photos a second.`,
    over: (done: number, all: number, failed: number) =>
      `${done < all ? "Stopped: " : ""}${grouped(done)} of ${grouped(all)} looked at${failed > 0 ? `, ${grouped(failed)} could not be` : ""}.`,
    progressLabel: "Photos that have been looked at",
    cancel: "Stop",
    csv: "Save as CSV",
    close: "Close the gallery",
    more: (count: number) => `Show ${count} more`,
    cutShort: "The file is cut short.",
  },

  compare: {
    heading: "Compare",
    intro:
      "A second classifier looks at the same photo. It takes as much memory as the first, until you close it.",
    opponents: {
      int8: "With 8-bit arithmetic",
      f32: "With 32-bit numbers",
      cpu: "On the CPU",
      webgpu: "On WebGPU",
      file: "With other weights",
    } satisfies Record<Opponent, string>,
    close: "Stop comparing",
    own: "This page's",
    other: "The other",
    running: "The other one gets ready and looks at the photo …",
    photoFirst: "Choose a photo to compare them on.",
    verdict: (same: boolean, difference: string | null, time: string) =>
      `${same ? "Both find the same class most probable." : "They find different classes most probable."} ${difference === null ? "Their classes are not the same." : `No class's probability differs by more than ${difference}.`} The other one's network takes ${time} of this one's time.`,
    points: (difference: number) => `${(100 * difference).toPrecision(2)} points`,
    ratio: (ratio: number) => `${(100 * ratio).toFixed(0)} %`,
  },

  view: {
    summary: (classes: number) => `Show more or less, search all ${grouped(classes)} classes`,
    top: "Classes at most",
    threshold: "From this probability, in percent",
    search: "Search",
    example: "tabby",
    rank: "Place",
    name: "Class",
    probability: "Probability",
    found: (count: number) => (count === 1 ? "One class found." : `${count} classes found.`),
    nothing: (query: string) => `No class has “${query}” in its name.`,
    precise: (probability: number) => `${(100 * probability).toPrecision(3)} %`,
  },

  share: {
    copy: "Copy result",
    copied: "The result is on the clipboard.",
    save: "Save as picture",
    saved: "The photo with its result is saved.",
    notSaved: (message: string) => `The picture could not be made: ${message}`,
    noCanvas: "this browser draws no pictures.",
    link: "Copy link",
    linked:
      "The link is on the clipboard: it opens this model with these settings, never the photo.",
    noLink: "The weights are a file of this device, so a link could not bring them along.",
    refused: "The browser does not let the page copy. Select the text and copy it by hand.",
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
      `Self-check passed ${runs} times in ${time}: at most ${error} of the largest number off PyTorch's.`,
    checkedLayers: (layers: number) => `${layers} layers held against the CPU's.`,
    onGpu: (number: string, dispatches: number, megabytes: string) =>
      `${number}, ${dispatches} dispatches a run, ${megabytes} MB on the GPU.`,
    speeds: (webgpu: string, cpu: string) =>
      `A run of this model takes ${webgpu} on WebGPU, ${cpu} on the CPU.`,
    policy: "Run on",
    policies: {
      auto: "automatic: the faster one",
      fastest: "the faster one, software too",
      webgpu: "WebGPU",
      cpu: "CPU",
    } satisfies Record<DevicePolicy, string>,
    switching: "Loading the model into the other device …",
    reasons: {
      "webgpu-works": "WebGPU is there and computes right.",
      "webgpu-faster": "WebGPU is the faster device for this model.",
      "cpu-faster": "The CPU is the faster device for this model.",
      "cpu-requested": "Running on the CPU, as asked for.",
      "webgpu-requested": "Running on WebGPU, as asked for.",
      "no-webgpu": "This browser has no WebGPU: running on the CPU.",
      "no-adapter": "WebGPU gives no adapter here: running on the CPU.",
      "software-adapter":
        "The only WebGPU adapter is software, slower than the CPU itself: running on the CPU.",
      "webgpu-reopened": "WebGPU's device was lost. Another one was opened and computes right.",
      "device-lost": "WebGPU's device was lost: running on the CPU.",
      "device-failed": "The GPU failed: running on the CPU.",
      "self-check-failed": "The GPU computed wrong numbers: running on the CPU.",
      crashed: "The code stopped unexpectedly and was started again on the CPU.",
    } satisfies Record<DeviceReason, string>,
  },

  status: {
    label: "What is at work",
    names: {
      device: "Device",
      precision: "Precision",
      threads: "Threads",
      isolation: "Isolation",
      model: "Model",
      memory: "Memory",
      gpu: "GPU",
      offline: "Without a network",
    },
    worksOffline: "works: page and weights are kept",
    pageAlone: "the page alone: these weights are not kept",
    notKept: "does not work: the page could not be kept",
    integers: "int8",
    isolated: "cross-origin isolated",
    notIsolated: "none",
    weights: (megabytes: string) => `${megabytes} MB of weights`,
    onGpu: (megabytes: string, dispatches: number) =>
      `${megabytes} MB, ${dispatches} dispatches a run`,
  },

  threads: {
    label: "Threads",
    auto: "automatic",
    obstacles: {
      "not-isolated": "More threads need a cross-origin isolated page, which this one is not.",
      unsupported: "More threads need relaxed SIMD, which this browser lacks.",
      "one-processor": "More threads need more than one processor.",
      failed: "More threads could not be started.",
    } satisfies Record<ThreadObstacle, string>,
  },

  isolation: {
    turnOn: "Use all processors",
    turnOnHint:
      "A service worker isolates the page from then on. The page is loaded anew: choose your photo again then.",
    turnOff: "Turn isolation off",
    turnOffHint:
      "A service worker isolates this page. Without it the page is loaded anew: choose your photo again then.",
    ineffective:
      "Everything works, on one thread. The page was loaded anew, but this browser does not isolate it: isolation is off again.",
    failed: (message: string) =>
      `Everything works, on one thread. The page could not be isolated: ${message}`,
    noStorage: "this browser lets the page keep nothing.",
    stays: (message: string) => `Isolation could not be turned off, try again: ${message}`,
  },

  offline: {
    update: "A new version is ready",
    faster: "Faster code is ready",
    updateHint:
      "Updating loads the page anew in all its tabs: choose your photo again then. Otherwise it takes over once all of them are closed.",
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
        `This link names weights of another server. ${megabytes ? `They are ${megabytes} MB.` : "It does not tell how large they are."} The server sees that somebody downloads them, and nothing of your photos.`,
      allow: "Download",
      refuse: "Use this page's own weights",
    },
    facts: {
      classes: "Classes",
      input: "Input",
      parameters: "Parameters",
      file: "Weight file",
      format: "Format",
      source: "Source",
      license: "Licence",
    },
    fileSize: (megabytes: string, dtype: string) => `${megabytes} MB, ${dtype}`,
    formats: { safetensors: "safetensors", pytorch: "PyTorch", burnpack: "burnpack" },
    format: (format: string, naming: string) => `${format}, names of ${naming}`,
    unknown: "not stated",
    open: "Load other weights",
    openDefault: "Back to the default weights",
    openHint:
      "A ResNet's weights as safetensors, PyTorch (.pth) or burnpack: choose them or drop them on the page.",
    kept: (files: number, megabytes: string) =>
      `This browser keeps ${files === 1 ? "one weight file" : `${files} weight files`} for the next visit, ${megabytes} MB.`,
    clearCache: "Remove",
    notKept: {
      quota:
        "This browser has no room to keep the weights: the model works from memory, and the next visit loads them again.",
      unavailable:
        "This browser keeps no weights here (a private window, or a page without HTTPS): the next visit loads them again.",
    },
    notes: {
      ignored: (names: string, more: number) =>
        `Ignored, for it is no part of the network: ${names}${more > 0 ? ` and ${grouped(more)} more` : ""}.`,
      head: (layer: string) => `The linear layer ${layer} was taken for the head, by its shape.`,
      unsupported: (name: string, value: string) =>
        `The model's configuration asks for ${name} = ${value}, which this page does not do.`,
    },
    choices: {
      weightSet: "Set of weights",
      unnamedSet: "the one without a name",
      stride: "Stride of the bottlenecks",
      strides: {
        conv2: "on the 3×3, as torchvision (v1.5)",
        conv1: "on the first 1×1, as He et al. (v1)",
      },
      normalisation: "Normalisation of pictures",
      normalisations: {
        imagenet: "ImageNet's mean and deviation",
        symmetric: "to −1 … 1",
        none: "to 0 … 1",
      },
      own: "the file's own",
      arithmetic: "Arithmetic",
      arithmetics: {
        f32: "32-bit numbers: exact",
        int8: "8-bit integers: faster, a little less exact",
      },
      labels: "Labels",
      labelled: (count: number) => `${grouped(count)} labels`,
      imagenet: "of ImageNet",
      unlabelled: "none: classes are shown by number",
      chooseLabels: "Choose labels",
      assumed: {
        stride:
          "Assumed: the file does not tell, and its tensors fit both. The wrong one costs about ten points of accuracy.",
        preprocessing: "Assumed: the file does not tell.",
        labels: "Assumed: the file has none of its own.",
      },
    },
  },

  layers: {
    heading: "Layers",
    intro:
      "What the photo goes through, from top to bottom. Open a stage or a block to see inside.",
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
    look: "look",
    lookInto: (layer: string) => `Look into ${layer}`,
    megabytes: (megabytes: string) => `${megabytes}\u202fMB`,
    memory: (input: string, outputs: string, parameters: string) =>
      `In 32-bit numbers: input ${input} MB, all outputs ${outputs} MB, parameters ${parameters} MB. A run keeps only the outputs that are still needed.`,
    export: {
      legend: "Take the table away",
      formats: { json: "JSON", csv: "CSV", md: "Markdown" },
      copy: "Copy Markdown",
      copied: "The table is on the clipboard.",
      refused: "The browser does not let the page copy. Download the table instead.",
    },
    expandAll: "Open all",
    collapseAll: "Close all",
    caption: (architecture: string) => `The layers of ${architecture}`,
  },

  drawing: {
    heading: "The network",
    intro:
      "Bars are convolutions, taller with more channels. The dotted way around a block is its shortcut; where the shapes differ, a convolution of its own projects it. Choose anything to look into it.",
    box: "The drawing",
    alt: (architecture: string) =>
      `The layers of ${architecture} in the order of computation. Arrow keys go from one to the next.`,
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
    time: "Time on the CPU, while looked at",
    gpuTime: "Time on the GPU",
    share: (milliseconds: number, share: number) =>
      `${milliseconds.toFixed(milliseconds < 10 ? 2 : 1)}\u00a0ms, ${(100 * share).toFixed(1)} %`,
    gpuFused: "in its convolution's",
    gpuNone: "nothing to do there",
    gpuWhole: (milliseconds: number) => `a whole run: ${milliseconds.toFixed(1)}\u00a0ms`,
    gpuNote:
      "The GPU's times are by its own clock, each layer in a pass of its own, the mean of some runs. Layers are fused there as always: batch norm and ReLU are in their convolution's time, a block's addition in that of its last convolution.",
    gpuCoarse:
      "This GPU or browser does not time single layers. Its time is coarse: that of a run as a whole with the answer's way back, by the browser's clock.",
    look: "Look inside",
    looking: "Looking at every layer …",
    looked: (layers: number) => `${layers} layers were looked at.`,
    photoFirst: "Choose a photo first",
    unseen: "This layer is not looked at by itself.",
    spread: "Spread of the activations",
    range: (min: number, max: number, mean: number) =>
      `From ${min.toPrecision(3)} to ${max.toPrecision(3)}, mean ${mean.toPrecision(3)}.`,
    deviation: (deviation: number) => `Standard deviation ${deviation.toPrecision(3)}.`,
    dead: (dead: number, channels: number) =>
      dead === 0
        ? `None of ${grouped(channels)} channels is dead.`
        : `${grouped(dead)} of ${grouped(channels)} channels are dead: nought everywhere.`,
    maps: (shown: number, channels: number) =>
      `Feature maps, the largest activation first: ${shown} of ${grouped(channels)}`,
    more: (count: number) => `Show ${count} more`,
    enlarge: (channel: number) => `Enlarge channel ${channel}`,
    map: (layer: string, channel: number) => `${layer}, channel ${channel}`,
    size: (width: number, height: number) => `${width} × ${height} pixels.`,
    close: "Close",
    note: "Layers are looked at on the CPU, batch norm folded into its convolution and nothing else fused, so times there are longer than in an ordinary run and tell shares only. Each map goes from its smallest activation (dark) to its largest (bright).",
  },

  activation: {
    where: "Where?",
    whereFor: (label: string) => `Where? The evidence for ${label} in the picture`,
    alt: (label: string) =>
      `Where the evidence for ${label} lies in the picture. Bright places speak for it.`,
    opacity: "Opacity",
    off: "Hide",
  },

  notice: {
    dismiss: "Dismiss",
    restarted: (detail: string) =>
      `The code that runs the network stopped unexpectedly (${detail}). The model is loaded again on the CPU, and the photo is tried once more.`,
    deviceLost: (detail: string) =>
      `${detail} The model is loaded again on the CPU. Reload the page to try the GPU once more.`,
    outdated:
      "The server has a new version of this page, and the files of this one are gone. Reload the page to go on, and choose your photo again then.",
    reload: "Reload the page",
    headings: {
      unused: "Not every file was used",
      outdated: "This page is out of date",
      error: "That did not work",
      restarted: "Started again on the CPU",
      isolation: "Cross-origin isolation",
    },
    errors: {
      "runtime-blocked":
        "A Content-Security-Policy of this site forbids WebAssembly, which the network needs. Its server has to add 'wasm-unsafe-eval' to script-src in that header.",
      "image-withheld":
        "This browser gives pages noise instead of a picture's pixels, as a protection against fingerprinting. Allow this page to read canvas data (in Firefox and Tor Browser by the picture icon in the address bar, for a canvas blocker in its settings), then try again.",
    },
  },

  footer: {
    privacy: "Your photos stay in this page: there is no server that could see them.",
    photos: "Sample photos: CC0.",
    thirdParty: "Licences of the software in this page",
  },
} as const;
