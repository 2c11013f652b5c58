import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { LayerTable } from "./layers/LayerTable";
import { ModelCard } from "./model/ModelCard";
import { useModel } from "./model/useModel";
import { Results } from "./results/Results";
import { type Photo, useClassification } from "./results/useClassification";
import { readSettings } from "./settings";
import { Source } from "./source/Source";
import { DevicePill } from "./status/DevicePill";
import { Notice } from "./status/Notice";
import { strings } from "./strings";

/** The page: a photo on one side, what it shows on the other, the network below. */
export function App() {
  const settings = useMemo(() => readSettings(location.search), []);
  const model = useModel(settings);
  const ready = model.model !== null;
  const classification = useClassification(model.classifier, ready);
  const [fault, setFault] = useState<string | null>(null);
  const panicDue = useRef(settings.panicOnce);

  const { show, dismissError } = classification;
  const showPhoto = useCallback(
    (photo: Photo) => {
      setFault(null);
      show(photo);
    },
    [show],
  );

  useEffect(() => {
    if (classification.stage !== "running" || !panicDue.current) return;
    panicDue.current = false;
    model.classifier.current?.crash();
  }, [classification.stage, model.classifier]);

  const errors = [
    {
      message: classification.error?.message,
      code: classification.error?.code,
      dismiss: dismissError,
    },
    { message: model.error?.message, code: model.error?.code, dismiss: model.dismissError },
    { message: fault ?? undefined, code: undefined, dismiss: () => setFault(null) },
  ];

  return (
    <>
      <a class="skip" href="#result">
        {strings.skipToResult}
      </a>
      <header>
        <div>
          <h1>{strings.title}</h1>
          <p>{strings.tagline}</p>
        </div>
        <DevicePill device={model.device} />
      </header>
      <main>
        {errors.map(
          ({ message, code, dismiss }) =>
            message &&
            code !== "aborted" && (
              <Notice
                key={message}
                kind={code === "runtime-crashed" ? "restarted" : "error"}
                message={message}
                onDismiss={dismiss}
              />
            ),
        )}
        <div class="photo-and-result">
          <Source photo={classification.photo} onPhoto={showPhoto} onFault={setFault} />
          <Results stage={classification.stage} result={classification.result} />
        </div>
        <ModelCard
          model={model.model}
          progress={model.progress}
          error={model.error}
          onLoad={model.load}
          onCancel={model.cancel}
        />
        {model.model && <LayerTable {...model.model} />}
      </main>
      <footer>
        <p>
          {strings.footer.privacy} {strings.footer.photos}
        </p>
      </footer>
    </>
  );
}
