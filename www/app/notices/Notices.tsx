import { useStore } from "../store/context";
import { NoticeCard } from "./NoticeCard";

/** What the person should know or decide now. */
export function Notices() {
  const { list, act } = useStore().notices;
  return (
    <>
      {list.value.map((notice) => (
        <NoticeCard
          key={`${notice.kind} ${notice.message}`}
          notice={notice}
          onAction={(action) => act[action]()}
        />
      ))}
    </>
  );
}
