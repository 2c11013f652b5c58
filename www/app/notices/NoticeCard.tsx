import { paragraph } from "../file-text";
import type { Notice } from "./notices";
import "./notices.css";

interface NoticeCardProps<Action extends string> {
  notice: Notice<Action>;
  onAction: (action: Action) => void;
}

/** One notice, with a button for each of its actions. */
export function NoticeCard<Action extends string>({ notice, onAction }: NoticeCardProps<Action>) {
  const { kind, title, message, actions } = notice;
  return (
    // What can wait is not said into the middle of something else.
    <div class={`notice notice-${kind}`} role={kind === "update" ? "status" : "alert"}>
      <div>
        <p class="notice-title">{title}</p>
        <p>{paragraph(message)}</p>
      </div>
      <div class="notice-actions">
        {actions.map(({ label, action }) => (
          <button key={action} type="button" onClick={() => onAction(action)}>
            {label}
          </button>
        ))}
      </div>
    </div>
  );
}
