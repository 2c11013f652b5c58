import { useMemo, useState } from "preact/hooks";
import type { DevicePolicy, DeviceStatus, ImageClassification, LoadedModel } from "../../lib";
import { FileButton } from "../FileButton";
import { FileText } from "../FileText";
import { paragraph } from "../file-text";
import { WEIGHT_FILES } from "../model/accept";
import { OutdatedNotice } from "../outdated/OutdatedNotice";
import { useOutdated } from "../outdated/useOutdated";
import { Bars } from "../results/Bars";
import type { Wanted } from "../store/model";
import type { Photo } from "../store/photo";
import { strings } from "../strings";
import { agreement, type Contender, contender, type Opponent } from "./contest";
import { useContest } from "./useContest";
import "./compare.css";

const text = strings.compare;
/** Classes that are shown of each. */
const SHOWN = 5;

interface CompareProps {
  photo: Photo | null;
  /** What the page's classifier says of it. */
  own: ImageClassification | null;
  model: LoadedModel;
  device: DeviceStatus;
  policy: DevicePolicy;
  /** What the page's model was loaded from, and how. */
  loaded: Wanted;
}

/** The page's model and another, or another device, side by side on the photo. */
export function Compare(props: CompareProps) {
  const { model, device, policy, loaded } = props;
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
        <Contest key={opponent} {...props} contender={chosen} onClose={() => setOpponent(null)} />
      )}
    </section>
  );
}

function Contest(props: CompareProps & { contender: Contender; onClose: () => void }) {
  const { photo, own, model, device, onClose } = props;
  const other = useContest(props.contender, photo);
  const outdated = useOutdated(other.error);
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
      {outdated && <OutdatedNotice onDismiss={onClose} />}
      {other.error && outdated === false && (
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
