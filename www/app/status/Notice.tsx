import { MOST_IN_MESSAGE, plain } from "../file-text";
import { strings } from "../strings";
import "./status.css";

const text = strings.notice;

interface NoticeProps {
  kind: keyof typeof text.headings;
  message: string;
  onDismiss: () => void;
}

/** What went wrong and what to do about it, until it is dismissed. */
export function Notice({ kind, message, onDismiss }: NoticeProps) {
  return (
    <div class={`notice notice-${kind}`} role="alert">
      <div>
        <p class="notice-title">{text.headings[kind]}</p>
        <p>{plain(message, MOST_IN_MESSAGE)}</p>
      </div>
      <button type="button" onClick={onDismiss}>
        {text.dismiss}
      </button>
    </div>
  );
}
