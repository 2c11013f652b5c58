/** Folders in folders are followed this deep. */
const DEEPEST = 8;

/** The files of a drop, those in folders too. Has to be called while the drop is handled. */
export async function filesOf(data: DataTransfer | null): Promise<File[]> {
  if (!data) return [];
  const plain = [...data.files];
  const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  if (!entries.some((entry) => entry.isDirectory)) return plain;
  const files = await Promise.all(entries.map((entry) => filesIn(entry, DEEPEST)));
  return files.flat();
}

async function filesIn(entry: FileSystemEntry, depth: number): Promise<File[]> {
  if (entry.isFile) {
    const file = await new Promise<File | null>((resolve) =>
      (entry as FileSystemFileEntry).file(resolve, () => resolve(null)),
    );
    return file ? [file] : [];
  }
  if (depth === 0) return [];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  // A folder is read a hundred entries at a time, until there are none left.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve) =>
      reader.readEntries(resolve, () => resolve([])),
    );
    if (entries.length === 0) return found;
    const files = await Promise.all(entries.map((inner) => filesIn(inner, depth - 1)));
    found.push(...files.flat());
  }
}

/** Whether a file may be a photo; browsers know a file's kind by its name. */
export function isPhoto(file: Pick<File, "type">): boolean {
  return file.type.startsWith("image/");
}
