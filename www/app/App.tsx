import { useCallback, useMemo, useState } from "preact/hooks";
import { IsolationControl } from "./isolation/IsolationControl";
import { useIsolation } from "./isolation/useIsolation";
import { LayerTable } from "./layers/LayerTable";
import { ModelCard } from "./model/ModelCard";
import { useModel } from "./model/useModel";
import { Results } from "./results/Results";
import { type Photo, useClassification } from "./results/useClassification";
import { readSettings } from "./settings";
import { Source } from "./source/Source";
import { DevicePill } from "./status/DevicePill";
import { Notice } from "./status/Notice";
import { Threads } from "./status/Threads";
import { strings } from "./strings";

/** The page: a photo on one side, what it shows on the other, the network below. */
export function App() {
  const settings = useMemo(() => readSettings(location.search), []);
  const isolation = useIsolation(settings.isolationOff);
  const model = useModel(settings);
  const classification = useClassification(model.classifier, model.model, settings.fault);
  const [fault, setFault] = useState<string | null>(null);

  const { show, dismissError } = classification;
  const showPhoto = useCallback(
    (photo: Photo) => {
      setFault(null);
      show(photo);
    },
    [show],
  );

  const { device, error: modelError } = model;
  const { error: photoError } = classification;
  const givenUp = [photoError, modelError].some((error) => error?.code === "runtime-given-up");
  const [restartSeen, setRestartSeen] = useState<typeof device>(null);
  const restarted = device?.reason === "crashed" || device?.reason === "device-lost";
  const restart = restarted && device !== restartSeen && !givenUp ? device : null;

  const notices: Parameters<typeof Notice>[0][] = [];
  if (restart) {
    notices.push({
      kind: "restarted",
      message:
        restart.reason === "crashed"
          ? strings.notice.restarted(restart.detail ?? "")
          : strings.notice.deviceLost(restart.detail ?? ""),
      onDismiss: () => setRestartSeen(restart),
    });
  }
  if (isolation.fault) {
    notices.push({
      kind: "isolation",
      message: isolation.fault,
      onDismiss: isolation.dismissFault,
    });
  }
  if (fault) notices.push({ kind: "error", message: fault, onDismiss: () => setFault(null) });
  for (const [error, onDismiss] of [
    [photoError, dismissError],
    [modelError, model.dismissError],
  ] as const) {
    const told = restart && (error?.code === "runtime-crashed" || error?.code === "device-lost");
    if (error && error.code !== "aborted" && !told) {
      notices.push({ kind: "error", message: error.message, onDismiss });
    }
  }

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
        <DevicePill device={device}>
          {device?.threads && (
            <Threads
              status={device.threads}
              wanted={model.threads}
              switching={model.switching}
              onChoose={model.setThreads}
            />
          )}
          <IsolationControl
            {...isolation}
            isMissed={device?.threads?.obstacle === "not-isolated"}
          />
        </DevicePill>
      </header>
      <main>
        {notices.map((notice) => (
          <Notice key={notice.message} {...notice} />
        ))}
        <div class="photo-and-result">
          <Source
            photo={classification.photo}
            onPhoto={showPhoto}
            onWeights={model.open}
            onLabels={model.setLabels}
            onFault={setFault}
          />
          <Results stage={classification.stage} result={classification.result} />
        </div>
        <ModelCard {...model} />
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
