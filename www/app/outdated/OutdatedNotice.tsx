import { Notice } from "../notices/Notice";
import { strings } from "../strings";

const text = strings.notice;

/** Says that the server has another version of the page, and loads that. */
export function OutdatedNotice({ onDismiss }: { onDismiss: () => void }) {
  const reload = { label: text.reload, act: () => location.reload() };
  return <Notice kind="outdated" message={text.outdated} action={reload} onDismiss={onDismiss} />;
}
