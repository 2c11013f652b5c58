import { fixed, grouped, listed, precise } from "../format";
import type { Strings } from "./strings";

/** Everything the page says, in German. Classes keep ImageNet's English names. */
export const de: Strings = {
  title: "resnet-web",
  tagline:
    "Ein ResNet, das sich dein Foto direkt in dieser Seite ansieht. Nichts verlässt dein Gerät.",
  skipToResult: "Zum Ergebnis",

  source: {
    heading: "Foto",
    prompt: "Zieh ein Foto hierher",
    promptMore: (camera) =>
      camera
        ? "oder füge eines ein, wähle eine Datei, nimm die Kamera oder probier ein Beispiel"
        : "oder füge eines ein, wähle eine Datei oder probier ein Beispiel",
    release: "Loslassen, um es anzusehen",
    choose: "Foto wählen",
    folder: "Ordner wählen",
    unused: {
      some: (files) => `Nicht verwendet: ${files}.`,
      all: (files) =>
        `Hiervon ist nichts zu verwenden: ${files}. Wähle Fotos oder Gewichte und Labels eines ResNets.`,
      because: (files, reason) => `${files} (${reason})`,
      list: (names, more) =>
        listed(more > 0 ? [...names, `${grouped(more)} weitere`] : names, "und"),
      reasons: {
        unknown: "weder Foto noch Gewichte noch Labels",
        empty: "leer",
        unreadable: "der Browser konnte es nicht lesen",
        shards: "ein Verzeichnis von Gewichten in mehreren Dateien: speichere sie als eine",
        "other-weights": "weitere Gewichte: Nur eine Datei wird geladen",
        "other-labels": "weitere Labels: Nur eine Datei davon wird verwendet",
        "other-configurations": "noch eine Konfiguration dieses Namens: nur eine wird verwendet",
      },
    },
    camera: "Kamera einschalten",
    samples: "Beispiele",
    sampleLabels: { chelsea: "Eine Katze", coffee: "Eine Tasse Kaffee" },
    photoAlt: (name) => `Das Foto: ${name}`,
    pasted: "eingefügtes Bild",
    frame: "Kamerabild",
    noFile: "In dem, was du hergezogen oder eingefügt hast, war kein Bild. Wähle eine Bilddatei.",
  },

  camera: {
    heading: "Kamera",
    take: "Foto aufnehmen",
    stop: "Kamera ausschalten",
    status: {
      starting: "Die Kamera startet …",
      paused: "Angehalten, solange der Tab verborgen ist. Es geht weiter, wenn du zurückkommst.",
      interrupted:
        "Die Kamera ist unterbrochen, vielleicht durch einen Anruf. Es geht von selbst weiter.",
    },
    resumed: "Die Kamera war aus, solange der Tab verborgen war. Sie ist wieder an.",
    other: "Die zuletzt gewählte Kamera ist nicht da. Dies ist eine andere.",
    switchTo: { user: "Zur vorderen Kamera", environment: "Zur hinteren Kamera" },
    choose: "Kamera",
    unnamed: (number) => `Kamera ${number}`,
    errors: {
      denied:
        "Die Kamera ist für diese Seite gesperrt. Erlaube sie in der Adresszeile des Browsers oder in den Einstellungen des Systems und versuch es noch einmal.",
      embedded:
        'Eine andere Seite zeigt diese in einem Rahmen und gibt die Kamera nicht weiter. Ihr <iframe> braucht allow="camera". Oder öffne diese Seite in einem eigenen Tab.',
      deniedInFrame:
        'Die Kamera ist für diese Seite gesperrt, die eine andere in einem Rahmen zeigt. Deren <iframe> braucht allow="camera"; hat er das, erlaube die Kamera in der Adresszeile des Browsers oder in den Einstellungen des Systems. Oder öffne diese Seite in einem eigenen Tab.',
      policy:
        "Der Server dieser Seite verbietet die Kamera mit seinem Header Permissions-Policy. Dort muss camera=(self) stehen. Bis dahin wähle eine Bilddatei.",
      none: "Keine Kamera gefunden. Schließ eine an und versuch es noch einmal, oder wähle eine Bilddatei.",
      busy: "Ein anderes Programm benutzt die Kamera. Schließ es und versuch es noch einmal.",
      unfit:
        "Keine Kamera hier kann, was die Seite braucht. Schließ eine andere an und versuch es noch einmal, oder wähle eine Bilddatei.",
      insecure:
        "Browser geben die Kamera nur Seiten, die über HTTPS kommen. Öffne die Seite mit https://, oder wähle eine Bilddatei.",
      ended:
        "Die Kamera ist aus: Sie wurde abgezogen, oder ein anderes Programm oder der Browser hat sie übernommen. Schließ sie wieder an oder erlaube sie und drück „Kamera einschalten“.",
      other: (message) =>
        `Die Kamera konnte nicht gestartet werden: ${message}. Versuch es noch einmal, oder wähle eine Bilddatei.`,
    },
  },

  live: {
    on: "Live",
    off: "Angehalten",
    waiting: "Warten auf die Gewichte …",
    starting: "Warten auf die Kamera …",
    first: "Das erste Bild wird angesehen …",
    smooth: "Über die Zeit glätten",
    where: "Zeigen, wo etwas dafür spricht",
    pinned: (label) => `Gezeigt wird nur noch, was für ${label} spricht.`,
    follow: "Der wahrscheinlichsten folgen",
    framesPerSecond: "Bilder je Sekunde",
    latency: "Von der Kamera zur Seite",
    measuring: "…",
    frames: (perSecond) => fixed(perSecond, perSecond < 10 ? 1 : 0),
  },

  results: {
    heading: "Ergebnis",
    empty: "Hier stehen dann die wahrscheinlichsten Klassen.",
    waiting: "Warten auf die Gewichte …",
    running: "Das Foto wird angesehen …",
    probability: (probability) => `${fixed(100 * probability, 1)} %`,
    announce: (label, probability) => `${label}, ${probability}`,
    time: (total, decode, preprocess, network) =>
      `${total}: Dekodieren ${decode}, Vorbereiten ${preprocess}, Netz ${network}`,
    milliseconds: (value) => `${fixed(value, value < 10 ? 1 : 0)}\u00a0ms`,
    size: (width, height) => `${width} × ${height} Pixel`,
    cutShort: "Die Datei ist abgeschnitten: Das Ergebnis gilt für den Teil des Fotos, der da ist.",
    features: {
      announce: (count) => `${count} Merkmale.`,
      intro: (count) =>
        `Diese Gewichte haben keine Klassen. Das Netz endet mit ${count} Merkmalen des Fotos, seiner Einbettung: Fotos, die sich ähneln, haben ähnliche.`,
      alt: (count, most) => `${count} Merkmale als Linien; das größte ist ${most}.`,
      most: (most) => `Das größte ist ${most}.`,
      save: "Als CSV speichern",
    },
  },

  gallery: {
    heading: (count) => `${grouped(count)} Fotos`,
    waiting: "Warten auf die Gewichte …",
    running: (done, all) => `${grouped(done)} von ${grouped(all)} angesehen.`,
    speed: (perSecond) => `${fixed(perSecond, 1)} Fotos je Sekunde.`,
    over: (done, all, failed) =>
      `${done < all ? "Angehalten: " : ""}${grouped(done)} von ${grouped(all)} angesehen${failed > 0 ? `, ${grouped(failed)} davon ohne Erfolg` : ""}.`,
    progressLabel: "Angesehene Fotos",
    cancel: "Anhalten",
    csv: "Als CSV sichern",
    close: "Galerie schließen",
    more: (count) => `${count} weitere zeigen`,
    cutShort: "Die Datei ist abgeschnitten.",
  },

  compare: {
    heading: "Vergleichen",
    intro:
      "Ein zweiter Klassifikator sieht sich dasselbe Foto an. Er braucht so viel Speicher wie der erste, bis du ihn schließt.",
    opponents: {
      int8: "Mit 8-Bit-Arithmetik",
      f32: "Mit 32-Bit-Zahlen",
      cpu: "Auf der CPU",
      webgpu: "Auf WebGPU",
      file: "Mit anderen Gewichten",
    },
    close: "Vergleich beenden",
    own: "Der dieser Seite",
    other: "Der andere",
    running: "Der andere macht sich bereit und sieht sich das Foto an …",
    photoFirst: "Wähle ein Foto, an dem sie verglichen werden.",
    verdict: (same, difference, time) =>
      `${same ? "Beide finden dieselbe Klasse am wahrscheinlichsten." : "Sie finden verschiedene Klassen am wahrscheinlichsten."} ${difference === null ? "Ihre Klassen sind nicht dieselben." : `Keine Wahrscheinlichkeit unterscheidet sich um mehr als ${difference}.`} Das Netz des anderen braucht ${time} der Zeit von diesem.`,
    points: (difference) => `${precise(100 * difference)} Prozentpunkte`,
    ratio: (ratio) => `${fixed(100 * ratio, 0)} %`,
  },

  view: {
    summary: (classes) => `Mehr oder weniger zeigen, alle ${grouped(classes)} Klassen durchsuchen`,
    top: "Anzahl der Klassen",
    threshold: "Mindestwahrscheinlichkeit in Prozent",
    search: "Suchen",
    example: "tabby",
    rank: "Platz",
    name: "Klasse",
    probability: "Wahrscheinlichkeit",
    found: (count) => (count === 1 ? "Eine Klasse gefunden." : `${count} Klassen gefunden.`),
    nothing: (query) => `Keine Klasse hat „${query}“ im Namen. Die Namen sind englisch.`,
    precise: (probability) => `${precise(100 * probability)} %`,
  },

  share: {
    copy: "Ergebnis kopieren",
    copied: "Das Ergebnis ist in der Zwischenablage.",
    save: "Als Bild sichern",
    saved: "Das Foto mit seinem Ergebnis ist gesichert.",
    notSaved: (message) => `Das Bild konnte nicht gemacht werden: ${message}`,
    noCanvas: "Dieser Browser zeichnet keine Bilder.",
    link: "Link kopieren",
    linked:
      "Der Link ist in der Zwischenablage: Er öffnet dieses Modell mit diesen Einstellungen, nie das Foto.",
    noLink: "Die Gewichte sind eine Datei dieses Geräts, ein Link könnte sie nicht mitbringen.",
    refused:
      "Der Browser lässt die Seite nicht kopieren. Markiere den Text und kopiere ihn selbst.",
    madeBy: (model) => `${model}, mit resnet-web`,
  },

  device: {
    opening: "Es geht los …",
    notOpened: "Nicht gestartet",
    partial: "Schnellerer Code entsteht noch. Die Seite sagt, wenn er da ist.",
    names: { cpu: "CPU", webgpu: "WebGPU" },
    software: "Software",
    threads: (count) => (count === 1 ? "1 Thread" : `${count} Threads`),
    more: "Selbstprüfung und Auswahl",
    check: (runs, error, time) =>
      `Selbstprüfung ${runs}-mal in ${time} bestanden: höchstens ${error} neben PyTorch, gemessen am größten Wert.`,
    checkedLayers: (layers) => `${layers} Schichten mit denen der CPU verglichen.`,
    onGpu: (number, dispatches, megabytes) =>
      `${number}, ${dispatches} Dispatches je Lauf, ${megabytes} MB auf der GPU.`,
    speeds: (webgpu, cpu) =>
      `Ein Lauf dieses Modells dauert ${webgpu} auf WebGPU, ${cpu} auf der CPU.`,
    policy: "Rechnen auf",
    noChoice: "Dieser Browser hat kein WebGPU: Es bleibt die CPU.",
    policies: {
      auto: "automatisch: dem schnelleren",
      fastest: "dem schnelleren, auch Software",
      webgpu: "WebGPU",
      cpu: "CPU",
    },
    switching: "Das Modell wird in das andere Gerät geladen …",
    reasons: {
      "webgpu-works": "WebGPU ist da und rechnet richtig.",
      "webgpu-faster": "WebGPU ist für dieses Modell schneller.",
      "cpu-faster": "Die CPU ist für dieses Modell schneller.",
      "cpu-requested": "Auf der CPU, wie verlangt.",
      "webgpu-requested": "Auf WebGPU, wie verlangt.",
      "no-webgpu": "Dieser Browser hat kein WebGPU: Es rechnet die CPU.",
      "no-adapter": "WebGPU gibt hier keinen Adapter: Es rechnet die CPU.",
      "software-adapter":
        "Der einzige WebGPU-Adapter ist Software, langsamer als die CPU selbst: Es rechnet die CPU.",
      "webgpu-reopened":
        "WebGPUs Gerät ging verloren. Ein anderes wurde geöffnet und rechnet richtig.",
      "device-lost": "WebGPUs Gerät ging verloren: Es rechnet die CPU.",
      "device-failed": "Die GPU hat versagt: Es rechnet die CPU.",
      "self-check-failed": "Die GPU hat falsch gerechnet: Es rechnet die CPU.",
      crashed: "Der Code ist unerwartet abgebrochen und wurde auf der CPU neu gestartet.",
    },
  },

  status: {
    label: "Was gerade läuft",
    names: {
      device: "Gerät",
      precision: "Genauigkeit",
      threads: "Threads",
      isolation: "Isolation",
      model: "Modell",
      memory: "Speicher",
      gpu: "GPU",
      offline: "Ohne Netz",
    },
    worksOffline: "geht: Seite und Gewichte sind gespeichert",
    pageAlone: "nur die Seite: Diese Gewichte sind nicht gespeichert",
    notKept: "geht nicht: Die Seite konnte nicht gespeichert werden",
    noServiceWorkers: "geht nicht: Dieser Browser hat keine Service Worker",
    noHttps: "geht nicht: Browser speichern nur Seiten, die über HTTPS kommen",
    integers: "int8",
    isolated: "cross-origin isolated",
    notIsolated: "keine",
    weights: (megabytes) => `${megabytes} MB Gewichte`,
    onGpu: (megabytes, dispatches) => `${megabytes} MB, ${dispatches} Dispatches je Lauf`,
  },

  threads: {
    label: "Threads",
    auto: "automatisch",
    obstacles: {
      "not-isolated":
        "Mehr Threads brauchen eine Seite, die cross-origin isolated ist; diese ist es nicht.",
      unsupported:
        "Mehr Threads brauchen gemeinsamen Speicher in WebAssembly, der diesem Browser fehlt.",
      "one-processor": "Mehr Threads brauchen mehr als einen Prozessor.",
      failed: "Mehr Threads konnten nicht gestartet werden.",
    },
  },

  isolation: {
    turnOn: "Alle Prozessoren nutzen",
    turnOnHint:
      "Ein Service Worker isoliert die Seite von da an. Sie wird neu geladen: Wähle dein Foto dann noch einmal.",
    turnOff: "Isolation ausschalten",
    turnOffHint:
      "Ein Service Worker isoliert diese Seite. Ohne ihn wird sie neu geladen: Wähle dein Foto dann noch einmal.",
    ineffective:
      "Alles geht, mit einem Thread. Die Seite wurde neu geladen, aber dieser Browser isoliert sie nicht: Die Isolation ist wieder aus.",
    failed: (message) =>
      `Alles geht, mit einem Thread. Die Seite konnte nicht isoliert werden: ${message}`,
    noStorage: "Dieser Browser lässt die Seite nichts behalten.",
    stays: (message) =>
      `Die Isolation konnte nicht ausgeschaltet werden, versuch es noch einmal: ${message}`,
  },

  offline: {
    update: "Eine neue Version ist da",
    faster: "Schnellerer Code ist da",
    updateHint:
      "Beim Aktualisieren wird die Seite in allen Tabs neu geladen: Wähle dein Foto dann noch einmal. Sonst kommt sie, sobald alle geschlossen sind.",
    updateNow: "Jetzt aktualisieren",
    later: "Später",
  },

  model: {
    heading: "Modell",
    loading: "Die Gewichte werden geladen",
    fromCache: "Die Gewichte kommen aus dem Speicher dieses Browsers",
    building: "Das Netz wird gebaut …",
    progress: (loaded, total) => (total ? `${loaded} von ${total} MB` : `${loaded} MB`),
    cancel: "Abbrechen",
    retry: "Noch einmal laden",
    none: "Kein Modell ist geladen.",
    question: {
      title: (host) => `Gewichte von ${host} herunterladen?`,
      explanation: (megabytes) =>
        `Dieser Link nennt Gewichte eines anderen Servers. ${megabytes ? `Sie haben ${megabytes} MB.` : "Wie groß sie sind, sagt er nicht."} Der Server sieht, dass jemand sie herunterlädt, und nichts von deinen Fotos.`,
      allow: "Herunterladen",
      refuse: "Die eigenen Gewichte dieser Seite nehmen",
    },
    facts: {
      classes: "Klassen",
      input: "Eingabe",
      parameters: "Parameter",
      stem: "Stamm",
      variants: "Varianten",
      file: "Gewichtsdatei",
      format: "Format",
      source: "Quelle",
      license: "Lizenz",
    },
    stemPools: {
      max: ", Max-Pooling",
      "max-over-end": ", Max-Pooling ohne Rand (Caffe)",
      none: "",
      convolution: ", eine 3×3-Faltung statt Pooling",
    },
    variants: {
      averageShortcut: "Mittelwert-Pooling auf der Abkürzung",
      zeroShortcut: "Nullen auf der Abkürzung",
      squeezeExcite: "Squeeze-and-Excitation",
      efficientChannel: "Efficient Channel Attention",
      blur: "Weichzeichner gegen Aliasing",
      average: "Mittelwert-Pooling gegen Aliasing",
      preActivation: "Voraktivierung",
    },
    noClasses: "keine: das Netz endet mit seinen Merkmalen",
    fileSize: (megabytes, dtype) => `${megabytes} MB, ${dtype}`,
    formats: { safetensors: "safetensors", pytorch: "PyTorch", burnpack: "burnpack", onnx: "ONNX" },
    format: (format, naming) => `${format}, Namen von ${naming}`,
    unknown: "nicht angegeben",
    open: "Andere Gewichte laden",
    openDefault: "Zurück zu den eigenen Gewichten",
    openHint:
      "Gewichte eines ResNets als safetensors, PyTorch (.pth), ONNX oder burnpack: Wähle sie oder zieh sie auf die Seite.",
    kept: (files, megabytes) =>
      `Dieser Browser behält ${files === 1 ? "eine Gewichtsdatei" : `${files} Gewichtsdateien`} für den nächsten Besuch, ${megabytes} MB.`,
    clearCache: "Entfernen",
    notKept: {
      quota:
        "Dieser Browser hat keinen Platz, die Gewichte zu behalten: Das Modell läuft aus dem Arbeitsspeicher, und der nächste Besuch lädt sie neu.",
      unavailable:
        "Dieser Browser behält hier keine Gewichte (ein privates Fenster oder eine Seite ohne HTTPS): Der nächste Besuch lädt sie neu.",
    },
    notes: {
      ignored: (names, more) =>
        `Übergangen, weil kein Teil des Netzes: ${names}${more > 0 ? ` und ${grouped(more)} weitere` : ""}.`,
      head: (layer) => `Die lineare Schicht ${layer} gilt ihrer Form nach als Kopf.`,
      noHead:
        "Die Datei hat keinen Klassifikator: Das Modell liefert Merkmale, die beigebrachte Klassen und andere Programme nutzen können.",
      unsupported: (name, value) =>
        `Die Konfiguration des Modells verlangt ${name} = ${value}; das macht diese Seite nicht.`,
    },
    choices: {
      weightSet: "Satz von Gewichten",
      unnamedSet: "der ohne Namen",
      stride: "Schrittweite der Engpässe",
      strides: {
        conv2: "an der 3×3, wie torchvision (v1.5)",
        conv1: "an der ersten 1×1, wie He et al. (v1)",
      },
      stemPool: "Nach der ersten Faltung",
      stemPools: {
        none: "nichts, wie für kleine Bilder",
        max: "Max-Pooling",
        convolution: "eine Faltung mit Schrittweite 2",
        "max-over-end": "Max-Pooling ohne Rand (Caffe)",
      },
      shortcut: "Abkürzungen, wo sich die Größe ändert",
      shortcuts: {
        projection: "eine 1×1-Faltung",
        "average-pool": "Mittelwert-Pooling, dann eine 1×1-Faltung (D)",
        "zero-padded": "Nullkanäle davor und danach",
        "zero-padded-after": "Nullkanäle danach",
      },
      antiAliasing: "Gegen Aliasing",
      antiAliasings: {
        none: "nichts",
        blur: "Weichzeichner (resnetblur)",
        average: "Mittelwert-Pooling (resnetaa)",
      },
      normalisation: "Normalisierung der Bilder",
      normalisations: {
        imagenet: "ImageNets Mittel und Streuung",
        symmetric: "auf −1 … 1",
        none: "auf 0 … 1",
      },
      own: "die der Datei",
      arithmetic: "Arithmetik",
      arithmetics: {
        f32: "32-Bit-Zahlen: genau",
        int8: "ganze Zahlen aus 8 Bit: schneller, etwas weniger genau",
      },
      labels: "Namen der Klassen",
      labelled: (count) => `${grouped(count)} Namen`,
      imagenet: "von ImageNet",
      unlabelled: "keine: Klassen erscheinen als Nummern",
      chooseLabels: "Namen wählen",
      assumed: {
        stride:
          "Angenommen: Die Datei sagt es nicht, und ihre Tensoren passen zu beidem. Das falsche kostet etwa zehn Prozentpunkte Genauigkeit.",
        "stem-pool":
          "Angenommen: kein Pooling nach der ersten Faltung, wie in Netzen für kleine Bilder. Die Datei sagt es nicht.",
        shortcut:
          "Angenommen: die Art der Abkürzungen, die aus den Tensoren der Datei nicht hervorgeht.",
        "anti-aliasing":
          "Angenommen: nichts, wie in den meisten Netzen. timms resnetblur und resnetaa haben dieselben Tensoren, und die Datei sagt es nicht.",
        "head-activation":
          "Angenommen: ReLU zwischen den linearen Schichten des Kopfes. Die Datei sagt es nicht.",
        preprocessing: "Angenommen: Die Datei sagt es nicht.",
        labels: "Angenommen: Die Datei hat keine eigenen.",
      },
    },
    address: {
      label:
        "Oder eine Adresse von Gewichten, oder Besitzer/Name eines Modells auf dem Hugging Face Hub",
      load: "Laden",
    },
    preparation: {
      heading: "Wie Fotos vorbereitet werden",
      summary: (side, filter, fit) => `${side} × ${side} Pixel, ${filter}, ${fit}`,
      resize: "Kurze Seite skaliert auf, in Pixeln",
      crop: "Quadrat in der Mitte, in Pixeln",
      cropTooLarge: "Das Quadrat darf nicht größer sein als die skalierte kurze Seite.",
      fit: "Fotos anderer Form",
      fits: { crop: "an beiden Enden beschnitten", stretch: "zum Quadrat verzerrt" },
      interpolation: "Skaliert durch",
      interpolations: {
        nearest: "nächstes Pixel",
        box: "Mittelwert (Box)",
        bilinear: "bilinear",
        bicubic: "bikubisch",
      },
      channelOrder: "Reihenfolge der Kanäle",
      channelOrders: { rgb: "Rot, Grün, Blau", bgr: "Blau, Grün, Rot" },
      range: "Wert von Weiß, etwa 1 oder 255",
      mean: "Mittelwert, der abgezogen wird",
      std: "Standardabweichung, durch die geteilt wird",
      channel: (number) => `Kanal ${number}`,
      apply: "Fotos so vorbereiten",
    },
  },

  layers: {
    heading: "Schichten",
    intro:
      "Wodurch das Foto geht, von oben nach unten. Öffne eine Stufe oder einen Block, um hineinzusehen.",
    columns: {
      name: "Name",
      kind: "Art",
      input: "Eingabe",
      output: "Ausgabe",
      parameters: "Parameter",
      multiplyAdds: "Multiply-Adds",
      memory: "Speicher",
    },
    total: "Zusammen",
    look: "ansehen",
    lookInto: (layer) => `${layer} ansehen`,
    megabytes: (megabytes) => `${megabytes}\u202fMB`,
    memory: (input, outputs, parameters) =>
      `In 32-Bit-Zahlen: Eingabe ${input} MB, alle Ausgaben ${outputs} MB, Parameter ${parameters} MB. Ein Lauf behält nur, was noch gebraucht wird.`,
    export: {
      legend: "Die Tabelle mitnehmen",
      formats: { json: "JSON", csv: "CSV", md: "Markdown" },
      copy: "Markdown kopieren",
      copied: "Die Tabelle ist in der Zwischenablage.",
      refused: "Der Browser lässt die Seite nicht kopieren. Lade die Tabelle stattdessen herunter.",
    },
    expandAll: "Alle öffnen",
    collapseAll: "Alle schließen",
    caption: (architecture) => `Die Schichten von ${architecture}`,
  },

  drawing: {
    heading: "Das Netz",
    intro:
      "Balken sind Faltungen, höher bei mehr Kanälen. Der gepunktete Weg um einen Block ist seine Abkürzung; wo die Formen sich unterscheiden, bildet eine eigene Faltung sie ab. Schmale Balken fassen zusammen (grau) oder gewichten Kanäle (orange). Wähle, was du ansehen willst.",
    box: "Die Zeichnung",
    alt: (architecture) =>
      `Die Schichten von ${architecture} in der Reihenfolge der Rechnung. Pfeiltasten gehen von einer zur nächsten.`,
    projection: "Abbildung der Abkürzung",
  },

  inspect: {
    heading: "Was das Netz sieht",
    choose: "Schicht",
    none: "wähle eine",
    prompt:
      "Wähle hier, in der Zeichnung oder in der Tabelle eine Schicht, um zu sehen, was dort aus deinem Foto wird.",
    input: "Eingabe",
    output: "Ausgabe",
    kernel: "Kern",
    parameters: "Parameter",
    multiplyAdds: "Multiply-Adds",
    time: "Zeit auf der CPU, beim Ansehen",
    gpuTime: "Zeit auf der GPU",
    share: (milliseconds, share) =>
      `${fixed(milliseconds, milliseconds < 10 ? 2 : 1)}\u00a0ms, ${fixed(100 * share, 1)} %`,
    gpuFused: "in der ihrer Faltung",
    gpuNone: "dort ist nichts zu tun",
    gpuWhole: (milliseconds) => `ein ganzer Lauf: ${fixed(milliseconds, 1)}\u00a0ms`,
    gpuNote:
      "Die Zeiten der GPU misst ihre eigene Uhr, jede Schicht in einem Durchgang für sich, im Mittel einiger Läufe. Zusammengefasst ist dort wie immer: Batch Norm und ReLU sind in der Zeit ihrer Faltung enthalten, die Addition eines Blocks in der seiner letzten Faltung.",
    gpuCoarse:
      "Diese GPU oder dieser Browser misst keine einzelnen Schichten. Die Zeit ist grob: die eines ganzen Laufs mit dem Rückweg der Antwort, nach der Uhr des Browsers.",
    look: "Hineinsehen",
    looking: "Jede Schicht wird angesehen …",
    looked: (layers) => `${layers} Schichten wurden angesehen.`,
    photoFirst: "Wähle zuerst ein Foto",
    unseen: "Diese Schicht wird nicht für sich angesehen.",
    spread: "Verteilung der Aktivierungen",
    range: (min, max, mean) =>
      `Von ${precise(min)} bis ${precise(max)}, im Mittel ${precise(mean)}.`,
    deviation: (deviation) => `Standardabweichung ${precise(deviation)}.`,
    dead: (dead, channels) =>
      dead === 0
        ? `Keiner von ${grouped(channels)} Kanälen ist tot.`
        : `${grouped(dead)} von ${grouped(channels)} Kanälen sind tot: überall null.`,
    maps: (shown, channels) =>
      `Merkmalskarten, die stärkste Aktivierung zuerst: ${shown} von ${grouped(channels)}`,
    more: (count) => `${count} weitere zeigen`,
    enlarge: (channel) => `Kanal ${channel} vergrößern`,
    map: (layer, channel) => `${layer}, Kanal ${channel}`,
    size: (width, height) => `${width} × ${height} Pixel.`,
    close: "Schließen",
    note: "Schichten werden auf der CPU angesehen, Batch Norm in ihre Faltung gefaltet und sonst nichts zusammengefasst; deshalb dauern sie dort länger als in einem gewöhnlichen Lauf, und diese Zeiten sagen nur etwas über Anteile. Jede Karte geht von ihrer kleinsten Aktivierung (dunkel) zu ihrer größten (hell).",
  },

  activation: {
    where: "Wo?",
    whereFor: (label) => `Wo? Was im Bild für ${label} spricht`,
    alt: (label) => `Wo im Bild etwas für ${label} spricht. Helle Stellen sprechen dafür.`,
    opacity: "Deckkraft",
    off: "Ausblenden",
  },

  notice: {
    dismiss: "Schließen",
    restarted: (detail) =>
      `Der Code, der das Netz rechnet, ist unerwartet abgebrochen (${detail}). Das Modell wird auf der CPU neu geladen und das Foto noch einmal angesehen.`,
    deviceLost: (detail) =>
      `${detail} Das Modell wird auf der CPU neu geladen. Lade die Seite neu, um es noch einmal mit der GPU zu versuchen.`,
    outdated:
      "Auf dem Server liegt eine neue Version dieser Seite, und die Dateien von dieser sind fort. Lade die Seite neu und wähle dein Foto dann noch einmal.",
    reload: "Seite neu laden",
    headings: {
      unused: "Nicht alle Dateien wurden verwendet",
      outdated: "Diese Seite ist veraltet",
      error: "Das ging nicht",
      restarted: "Auf der CPU neu gestartet",
      isolation: "Cross-Origin-Isolation",
    },
    errors: {
      "runtime-blocked":
        "Eine Content-Security-Policy dieser Site verbietet WebAssembly, das das Netz braucht. Ihr Server muss in diesem Header script-src um 'wasm-unsafe-eval' ergänzen.",
      "image-withheld":
        "Dieser Browser gibt Seiten statt der Pixel eines Bildes Rauschen, zum Schutz vor Wiedererkennung. Erlaube dieser Seite, Canvas-Daten zu lesen (in Firefox und im Tor-Browser mit dem Bildzeichen in der Adresszeile, bei einem Canvas-Blocker in dessen Einstellungen), und versuch es noch einmal.",
    },
  },

  footer: {
    privacy: "Deine Fotos bleiben in dieser Seite: Es gibt keinen Server, der sie sehen könnte.",
    photos: "Beispielfotos: CC0.",
    thirdParty: "Lizenzen der Software in dieser Seite",
  },
};
