import { megabytes } from "../format";
import { strings } from "../strings";
import "../status/status.css";
import type { Question } from "./consent";

const text = strings.model.question;

interface WeightsQuestionProps extends Question {
  onAllow: () => void;
  onRefuse: () => void;
}

/** Asks whether weights may be downloaded from another server, before that is done. */
export function WeightsQuestion({ host, bytes, onAllow, onRefuse }: WeightsQuestionProps) {
  return (
    <div class="notice notice-question" role="alert">
      <div>
        <p class="notice-title">{text.title(host)}</p>
        <p>{text.explanation(bytes === null ? null : megabytes(bytes))}</p>
      </div>
      <div class="notice-actions">
        <button type="button" onClick={onAllow}>
          {text.allow}
        </button>
        <button type="button" onClick={onRefuse}>
          {text.refuse}
        </button>
      </div>
    </div>
  );
}
