import { paragraph } from "../file-text";
import { strings } from "../strings";
import "../status/status.css";

const text = strings.notice;

interface NoticeProps {
  kind: keyof typeof text.headings;
  message: string;
  /** What the person can do about it here. */
  action?: { label: string; act: () => void };
  onDismiss: () => void;
}

/** What went wrong and what to do about it, until it is dismissed. */
export function Notice({ kind, message, action, onDismiss }: NoticeProps) {
  return (
    <div class={`notice notice-${kind}`} role="alert">
      <div>
        <p class="notice-title">{text.headings[kind]}</p>
        <p>{paragraph(message)}</p>
      </div>
      <div class="notice-actions">
        {action && (
          <button type="button" onClick={action.act}>
            {action.label}
          </button>
        )}
        <button type="button" onClick={onDismiss}>
          {text.dismiss}
        </button>
      </div>
    </div>
  );
}
