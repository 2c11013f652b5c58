/** Folders in folders are followed this deep. */
const DEEPEST = 8;

/** What was dropped or pasted. */
export interface Dropped {
  files: File[];
  /** Paths of files and folders that the browser could not read, or that lie too deep. */
  unread: string[];
}

/** The files of a drop, those in folders too. Has to be called while the drop is handled. */
export async function filesOf(
  data: Pick<DataTransfer, "files" | "items"> | null,
): Promise<Dropped> {
  const dropped: Dropped = { files: [], unread: [] };
  if (!data) return dropped;
  const plain = [...data.files];
  const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  if (!entries.some((entry) => entry.isDirectory)) return { ...dropped, files: plain };
  for (const entry of entries) await collect(entry, DEEPEST, dropped);
  return dropped;
}

async function collect(entry: FileSystemEntry, depth: number, dropped: Dropped): Promise<void> {
  try {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) =>
        (entry as FileSystemFileEntry).file(resolve, reject),
      );
      dropped.files.push(file);
      return;
    }
    if (depth === 0) throw new Error("too deep");
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    // A folder is read a hundred entries at a time, until there are none left.
    for (;;) {
      const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (entries.length === 0) return;
      for (const inner of entries) await collect(inner, depth - 1, dropped);
    }
  } catch {
    dropped.unread.push(entry.fullPath);
  }
}
