import type { Arithmetic, ModelInfo } from "resnet-web";
import { FileButton } from "../FileButton";
import { plain } from "../file-text";
import { strings } from "../strings";
import { LABEL_FILES } from "./accept";
import { Assumed, Choice } from "./Choice";
import type { ChangedChoices } from "./choices";
import { normalisationOf, normalised } from "./normalisation";
import { Preparation } from "./Preparation";
import { Unshown } from "./Unshown";

const text = strings.model.choices;

interface ChoicesProps {
  info: ModelInfo;
  disabled: boolean;
  onChoose: (changes: ChangedChoices) => void;
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
      {assumed.includes("head-activation") && <Assumed what="head-activation" />}
      <Unshown info={info} disabled={disabled} onChoose={onChoose} />
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
