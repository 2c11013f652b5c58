import type { Arithmetic, Assumption, ModelInfo, WeightChoices } from "resnet-web";
import { FileButton } from "../FileButton";
import { plain } from "../file-text";
import { strings } from "../strings";
import { LABEL_FILES } from "./accept";
import { normalisationOf, normalised } from "./normalisation";
import { Preparation } from "./Preparation";

const text = strings.model.choices;

interface ChoicesProps {
  info: ModelInfo;
  disabled: boolean;
  onChoose: (choices: WeightChoices) => void;
  onFiles: (files: File[]) => void;
}

/**
 * What a weight file may not say: which of its sets of weights to use, where the stride is, how images are prepared, what the
 * classes are called. And the arithmetic.
 */
export function Choices({ info, disabled, onChoose, onFiles }: ChoicesProps) {
  const { preprocessing, assumed, weightSets } = info;
  const hasStride = info.block === "bottleneck" && info.family === "torchvision";
  const areImagenets = assumed.includes("labels") && info.labels.length > 0;
  const normalisation = normalisationOf(preprocessing);
  return (
    <div class="choices">
      {weightSets.taken !== null && (
        <Choice
          id="weight-set"
          label={text.weightSet}
          value={weightSets.taken}
          options={Object.fromEntries(
            weightSets.names.map((name) => [name, plain(name) || text.unnamedSet]),
          )}
          disabled={disabled}
          onChange={(weightSet) => onChoose({ weightSet })}
        />
      )}
      {hasStride && (
        <Choice
          id="stride"
          label={text.stride}
          value={info.strideOn}
          options={text.strides}
          assumed={assumed.includes("stride") && "stride"}
          disabled={disabled}
          onChange={(strideOn) => onChoose({ strideOn })}
        />
      )}
      <Choice
        id="normalisation"
        label={text.normalisation}
        value={normalisation ?? "own"}
        options={normalisation ? text.normalisations : { ...text.normalisations, own: text.own }}
        assumed={assumed.includes("preprocessing") && "preprocessing"}
        disabled={disabled}
        onChange={(name) => {
          if (name === "own") return;
          onChoose({ preprocessing: normalised(preprocessing, name) });
        }}
      />
      {WITHOUT_CONTROL.filter((what) => assumed.includes(what)).map((what) => (
        <Assumed key={what} what={what} />
      ))}
      {info.arithmetics.length > 1 && (
        <Choice<Arithmetic>
          id="arithmetic"
          label={text.arithmetic}
          value={info.arithmetic}
          options={text.arithmetics}
          disabled={disabled}
          onChange={(arithmetic) => onChoose({ arithmetic })}
        />
      )}
      <div class="choice">
        <span class="choice-label">{text.labels}</span>
        <span>
          {info.labels.length > 0 ? text.labelled(info.labels.length) : text.unlabelled}
          {areImagenets && ` ${text.imagenet}`}
        </span>
        <FileButton
          label={text.chooseLabels}
          accept={LABEL_FILES}
          disabled={disabled}
          many="files"
          onFiles={onFiles}
        />
        {areImagenets && <Assumed what="labels" />}
      </div>
      <Preparation
        preprocessing={preprocessing}
        disabled={disabled}
        onChoose={(preprocessing) => onChoose({ preprocessing })}
      />
    </div>
  );
}

/** What is assumed and only the library's options change. */
const WITHOUT_CONTROL: readonly Assumption[] = ["stem-pool", "shortcut", "head-activation"];

interface ChoiceProps<T extends string> {
  id: "weight-set" | "stride" | "normalisation" | "arithmetic";
  label: string;
  value: T;
  options: Partial<Record<T, string>>;
  assumed?: Assumption | false;
  disabled: boolean;
  onChange: (value: T) => void;
}

function Choice<T extends string>(props: ChoiceProps<T>) {
  const { id, label, value, options, assumed, disabled, onChange } = props;
  return (
    <div class="choice">
      <label class="choice-label" for={id}>
        {label}
      </label>
      <select
        id={id}
        value={value}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.value as T)}
      >
        {Object.entries<string | undefined>(options).map(([name, words]) => (
          <option key={name} value={name} selected={name === value}>
            {words}
          </option>
        ))}
      </select>
      {assumed && <Assumed what={assumed} />}
    </div>
  );
}

function Assumed({ what }: { what: Assumption }) {
  return <p class="assumed">{text.assumed[what]}</p>;
}
