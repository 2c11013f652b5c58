import { strings } from "../strings";
import "../status/status.css";
import type { Offline } from "../store/offline";

const text = strings.offline;

/** Offers a new version of the page, until it is put off. */
export function UpdateNotice({ update, later }: Pick<Offline, "update" | "later">) {
  return (
    <div class="notice notice-update" role="status">
      <div>
        <p class="notice-title">{text.update}</p>
        <p>{text.updateHint}</p>
      </div>
      <div class="notice-actions">
        <button type="button" onClick={update}>
          {text.updateNow}
        </button>
        <button type="button" onClick={later}>
          {text.later}
        </button>
      </div>
    </div>
  );
}
