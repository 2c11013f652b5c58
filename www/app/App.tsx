import { useCallback, useMemo, useState } from "preact/hooks";
import type { ResNetError } from "../lib";
import { Heat } from "./activation/Heat";
import { Compare } from "./compare/Compare";
import { NetworkDrawing } from "./drawing/NetworkDrawing";
import { Gallery } from "./gallery/Gallery";
import { LayerInspector } from "./inspect/LayerInspector";
import { IsolationControl } from "./isolation/IsolationControl";
import { LayerTable } from "./layers/LayerTable";
import { LiveHeat } from "./live/LiveHeat";
import { LiveResults } from "./live/LiveResults";
import { ModelCard } from "./model/ModelCard";
import { WeightsQuestion } from "./model/WeightsQuestion";
import { Notice } from "./notices/Notice";
import { UpdateNotice } from "./offline/UpdateNotice";
import { raisesDoubt } from "./outdated/check";
import { OutdatedNotice } from "./outdated/OutdatedNotice";
import { useOutdated } from "./outdated/useOutdated";
import { Results } from "./results/Results";
import { rememberedView, rememberView, type View } from "./results/view";
import { readSettings, shareLink } from "./settings";
import { Source } from "./source/Source";
import { DeviceChoice } from "./status/DeviceChoice";
import { DevicePill } from "./status/DevicePill";
import { StatusLine } from "./status/StatusLine";
import { Threads } from "./status/Threads";
import { useWhere } from "./store/camera";
import { useActivation } from "./store/evidence";
import { useFiles } from "./store/files";
import { useInspection } from "./store/inspection";
import { useIsolation } from "./store/isolation";
import { useModel } from "./store/model";
import { useOffline } from "./store/offline";
import { type Photo, useClassification } from "./store/photo";
import { strings } from "./strings";
import { worded } from "./worded";

/** The page: a photo on one side, what it shows on the other, the network below. */
export function App() {
  const settings = useMemo(() => readSettings(location.search), []);
  const isolation = useIsolation(settings);
  const model = useModel(settings);
  const offline = useOffline(settings.offlineOff, model.model !== null || model.error !== null);
  const classification = useClassification(model.classifier, model.model, settings.fault);
  const { photo } = classification;
  // Never beside another model's card.
  const isOwn = classification.result?.model === model.model?.id;
  const result = isOwn ? classification.result : null;
  const inspected = useInspection(model.classifier, model.model, photo);
  const { inspection, look } = inspected;
  const { asked, activation, ask } = useActivation(model.classifier, model.model, photo);
  const live = useWhere(model.model);
  /** The layer that is looked into: a row of the summary. */
  const [layer, setLayer] = useState<number | null>(null);
  const choose = useCallback(
    (row: number) => {
      setLayer(row);
      if (!inspection && result) void look();
    },
    [inspection, result, look],
  );
  const [view, setView] = useState<View>(() => {
    const remembered = rememberedView();
    return {
      top: settings.top ?? remembered.top,
      threshold: settings.threshold ?? remembered.threshold,
    };
  });
  const changeView = useCallback((changed: View) => {
    setView(changed);
    rememberView(changed);
  }, []);
  const { source, choices } = model.shown;
  const address = model.isDefault ? null : source;
  const link =
    address instanceof Blob
      ? null
      : shareLink(location.href, {
          ...view,
          device: model.policy,
          threads: model.threads,
          weights: address === null ? null : String(address),
          choices,
        });
  const [fault, setFault] = useState<string | null>(null);
  const [camera, setCamera] = useState(false);
  /** The camera's picture, while there is one. */
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  /** Why it could not be looked at any more. */
  const [liveError, setLiveError] = useState<ResNetError | null>(null);

  const { show, dismissError } = classification;
  const switchCamera = useCallback((on: boolean) => {
    setCamera(on);
    setFault(null);
    setLiveError(null);
  }, []);
  // Wherever a photo comes from, it takes the camera's place.
  const showPhoto = useCallback(
    (photo: Photo) => {
      switchCamera(false);
      show(photo);
    },
    [show, switchCamera],
  );
  const [many, setMany] = useState<readonly File[] | null>(null);
  const showMany = useCallback(
    (files: readonly File[]) => {
      switchCamera(false);
      setMany(files);
    },
    [switchCamera],
  );
  /** Which files of those that came last are not used. */
  const [unused, setUnused] = useState<string | null>(null);
  const takeFiles = useFiles({
    onWeights: model.open,
    onDescriptions: model.describe,
    onPhoto: showPhoto,
    onMany: showMany,
    onUnused: (message, all) => {
      setFault(all ? message : null);
      setUnused(all ? null : message);
    },
  });
  const endCamera = useCallback((message: string) => {
    setCamera(false);
    setFault(message);
  }, []);
  const endLive = useCallback((error: ResNetError) => {
    setCamera(false);
    setLiveError(error);
  }, []);

  const { device, error: modelError } = model;
  const { error: photoError } = classification;
  const givenUp = [photoError, liveError, modelError].some(
    (error) => error?.code === "runtime-given-up",
  );
  const [restartSeen, setRestartSeen] = useState<typeof device>(null);
  const restarted = device?.reason === "crashed" || device?.reason === "device-lost";
  const restart = restarted && device !== restartSeen && !givenUp ? device : null;

  const errors = [
    [photoError, dismissError],
    [liveError, () => setLiveError(null)],
    [modelError, model.dismissError],
  ] as const;
  const doubtful = errors.find(([error]) => raisesDoubt(error));
  const outdated = useOutdated(doubtful?.[0] ?? null);

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
  if (unused) {
    notices.push({ kind: "unused", message: unused, onDismiss: () => setUnused(null) });
  }
  if (fault) notices.push({ kind: "error", message: fault, onDismiss: () => setFault(null) });
  for (const [error, onDismiss] of errors) {
    if (raisesDoubt(error) && outdated !== false) continue;
    const told = restart && (error?.code === "runtime-crashed" || error?.code === "device-lost");
    if (error && error.code !== "aborted" && !told) {
      notices.push({ kind: "error", message: worded(error), onDismiss });
    }
  }

  const preprocessing = model.model?.info.preprocessing;
  let over = null;
  if (camera && live.where && preprocessing) {
    const hide = () => live.onWhere(null);
    over = <LiveHeat feed={live.feed} preprocessing={preprocessing} onClose={hide} />;
  } else if (!camera && activation && preprocessing) {
    over = <Heat {...activation} preprocessing={preprocessing} onClose={() => ask(null)} />;
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
        <DevicePill device={device} notOpened={model.notOpened} onGpu={model.model?.info.onGpu}>
          {device && (
            <DeviceChoice
              device={device}
              policy={model.policy}
              switching={model.switching}
              onChoose={model.setDevice}
            />
          )}
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
        {offline.offered && <UpdateNotice {...offline} />}
        {outdated && doubtful && <OutdatedNotice onDismiss={doubtful[1]} />}
        {model.question && (
          <WeightsQuestion
            {...model.question}
            onAllow={() => model.question && model.allowDownload(model.question)}
            onRefuse={() => model.open(null)}
          />
        )}
        {notices.map((notice) => (
          <Notice key={notice.message} {...notice} />
        ))}
        <div class="photo-and-result">
          <Source
            photo={photo}
            over={over}
            camera={camera}
            onCamera={switchCamera}
            onVideo={setVideo}
            onCameraFault={endCamera}
            onPhoto={showPhoto}
            onFiles={takeFiles}
            onFault={setFault}
          />
          {camera ? (
            <LiveResults
              video={video}
              classifier={model.classifier}
              model={model.model}
              {...live}
              onFault={endLive}
            />
          ) : (
            <Results
              stage={classification.stage}
              result={result}
              photo={photo}
              view={view}
              onView={changeView}
              model={model.model?.info.architecture ?? ""}
              link={link}
              asked={asked}
              onWhere={ask}
            />
          )}
        </div>
        {many && (
          <Gallery
            files={many}
            classifier={model.classifier}
            model={model.model}
            onShow={(file) => showPhoto({ blob: file, name: file.name })}
            onClose={() => setMany(null)}
          />
        )}
        <ModelCard {...model} onFiles={takeFiles} />
        {model.model && (
          <>
            <NetworkDrawing model={model.model} selected={layer} onSelect={choose} />
            <LayerInspector
              {...inspected}
              classifier={model.classifier}
              model={model.model}
              selected={layer}
              onSelect={choose}
              hasPhoto={photo !== null && !camera}
              onLook={look}
            />
            <LayerTable
              model={model.model}
              inspection={inspection}
              selected={layer}
              onSelect={choose}
            />
            {device && !camera && (
              <Compare
                photo={photo}
                own={result}
                model={model.model}
                device={device}
                policy={model.policy}
                loaded={model.shown}
              />
            )}
          </>
        )}
      </main>
      <footer>
        <StatusLine
          device={device}
          model={model.model}
          pageKept={offline.kept}
          weightsKept={model.model?.kept.cached === true && model.cached?.files !== 0}
        />
        <p>
          {strings.footer.privacy} {strings.footer.photos}{" "}
          <a href="./THIRD-PARTY.txt">{strings.footer.thirdParty}</a>
        </p>
      </footer>
    </>
  );
}
