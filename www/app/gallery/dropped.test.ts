import { expect, it } from "vitest";
import { filesOf } from "./dropped";

/** A file by its content, a folder by what is in it, or what cannot be read. */
type Tree = { [name: string]: string | Tree | null };

function entry(name: string, value: string | Tree | null, path = `/${name}`): FileSystemEntry {
  const isDirectory = typeof value === "object" && value !== null;
  const portions = isDirectory
    ? Object.entries(value).map(([inner, of]) => [entry(inner, of, `${path}/${inner}`)])
    : [];
  return {
    name,
    fullPath: path,
    isFile: !isDirectory,
    isDirectory,
    file: (resolve: (file: File) => void, reject: (thrown: Error) => void) =>
      value === null ? reject(new Error("not readable")) : resolve(new File([String(value)], name)),
    // One entry at a time, as browsers give a hundred.
    createReader: () => ({
      readEntries: (resolve: (entries: FileSystemEntry[]) => void) =>
        resolve(portions.shift() ?? []),
    }),
  } as unknown as FileSystemEntry;
}

function drop(tree: Tree) {
  const items = Object.entries(tree).map(([name, value]) => ({
    webkitGetAsEntry: () => entry(name, value),
  }));
  const files = Object.keys(tree).map((name) => new File([], name));
  return { items, files } as unknown as Pick<DataTransfer, "files" | "items">;
}

const nested = (depth: number): Tree => (depth === 0 ? { deep: "x" } : { d: nested(depth - 1) });

it.each<[string, Tree, string[], string[]]>([
  ["files", { a: "1", b: "2" }, ["a", "b"], []],
  ["a folder", { d: { a: "1", e: { b: "2" }, c: "3" } }, ["a", "b", "c"], []],
  ["a folder and a file", { d: { a: "1" }, b: "2" }, ["a", "b"], []],
  ["a file that cannot be read", { d: { a: "1", b: null } }, ["a"], ["/d/b"]],
  ["folders as deep as they are followed", nested(8), ["deep"], []],
  ["a folder that lies deeper", nested(9), [], [`/${Array(9).fill("d").join("/")}`]],
])("%s", async (_, tree, files, unread) => {
  const dropped = await filesOf(drop(tree));
  expect(dropped.files.map(({ name }) => name)).toEqual(files);
  expect(dropped.unread).toEqual(unread);
});

it("nothing", async () => {
  expect(await filesOf(null)).toEqual({ files: [], unread: [] });
});
