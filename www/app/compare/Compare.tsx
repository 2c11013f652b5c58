import { useMemo, useState } from "preact/hooks";
import type { DeviceStatus, ImageClassification, LoadedModel } from "resnet-web";
import { FileButton } from "../FileButton";
import { FileText } from "../FileText";
import { paragraph } from "../file-text";
import { WEIGHT_FILES } from "../model/accept";
import { NoticeCard } from "../notices/NoticeCard";
import { outdatedNotice } from "../notices/notices";
import { Bars } from "../results/Bars";
import { useStore } from "../store/context";
import { strings } from "../strings";
import { agreement, type Contender, contender, type Opponent } from "./contest";
import { useContest } from "./useContest";
import "./compare.css";

const text = strings.compare;
/** Classes that are shown of each. */
const SHOWN = 5;

/** What the page itself runs. */
interface PageSide {
  model: LoadedModel;
  device: DeviceStatus;
}

/** The page's model and another, or another device, side by side on the photo. */
export function Compare(page: PageSide) {
  const { model, device } = page;
  const { state, shown } = useStore().model;
  const loaded = shown.value;
  const { policy } = state.value;
  const [opponent, setOpponent] = useState<Opponent | null>(null);
  const [file, setFile] = useState<File | null>(null);
  const chosen = useMemo(
    () => opponent && contender(opponent, loaded, policy, file),
    [opponent, loaded, policy, file],
  );
  const opponents: Opponent[] = [
    model.info.arithmetic === "int8" ? "f32" : "int8",
    device.kind === "cpu" ? "webgpu" : "cpu",
  ];
  return (
    <section class="card compare" aria-labelledby="compare-heading">
      <h2 id="compare-heading">{text.heading}</h2>
      <p class="fine">{text.intro}</p>
      <div class="compare-choice">
        {opponents.map((other) => (
          <button
            key={other}
            type="button"
            aria-pressed={opponent === other}
            onClick={() => setOpponent(opponent === other ? null : other)}
          >
            {text.opponents[other]}
          </button>
        ))}
        <FileButton
          label={text.opponents.file}
          accept={WEIGHT_FILES}
          onFiles={([file]) => {
            setFile(file ?? null);
            setOpponent("file");
          }}
        />
        {opponent && (
          <button type="button" onClick={() => setOpponent(null)}>
            {text.close}
          </button>
        )}
      </div>
      {chosen && (
        <Contest key={opponent} {...page} contender={chosen} onClose={() => setOpponent(null)} />
      )}
    </section>
  );
}

function Contest(props: PageSide & { contender: Contender; onClose: () => void }) {
  const { model, device, onClose } = props;
  const store = useStore();
  const photo = store.photo.photo.value;
  const own = store.photo.result.value;
  const other = useContest(props.contender, photo, store.model.classifier);
  const verdict = own && other.result && agreement(own, other.result);
  return (
    <>
      <p role="status">
        {other.error
          ? ""
          : verdict
            ? text.verdict(
                verdict.same,
                verdict.difference === null ? null : text.points(verdict.difference),
                text.ratio(verdict.time),
              )
            : photo
              ? text.running
              : text.photoFirst}
      </p>
      {other.error && other.outdated && (
        <NoticeCard
          notice={outdatedNotice("close")}
          onAction={(action) => (action === "close" ? onClose() : location.reload())}
        />
      )}
      {other.error && !other.outdated && (
        <p class="fault" role="alert">
          {paragraph(other.error.message)}
        </p>
      )}
      <div class="compare-sides">
        <Side title={text.own} model={model} device={device} result={own} />
        <Side title={text.other} model={other.model} device={other.device} result={other.result} />
      </div>
    </>
  );
}

interface SideProps {
  title: string;
  model: LoadedModel | null;
  device: DeviceStatus | null;
  result: ImageClassification | null;
}

function Side({ title, model, device, result }: SideProps) {
  const names = strings.device.names;
  return (
    <div class="compare-side">
      <h3>{title}</h3>
      <p class="fine">
        {model && (
          <>
            <FileText>{model.info.architecture}</FileText>, {model.info.arithmetic}
          </>
        )}
        {device && `, ${names[device.kind]}`}
        {device?.detail && ` (${device.detail})`}
        {result && `, ${strings.results.milliseconds(result.networkMilliseconds)}`}
      </p>
      {result && <Bars predictions={result.top.slice(0, SHOWN)} />}
    </div>
  );
}
