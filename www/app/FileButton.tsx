import { useRef } from "preact/hooks";

interface FileButtonProps {
  label: string;
  /** What the file dialog offers. */
  accept: string;
  disabled?: boolean;
  /** What the page is there for. */
  primary?: boolean;
  /** Whether several files can be chosen at once, or a whole folder. */
  many?: "files" | "folder";
  /** Takes what was chosen: one file, unless it may be many. */
  onFiles: (files: File[]) => void;
}

/** A button that asks for a file. */
export function FileButton(props: FileButtonProps) {
  const { label, accept, disabled = false, primary = false, many, onFiles } = props;
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class={primary ? "primary" : undefined}
        disabled={disabled}
        onClick={() => input.current?.click()}
      >
        {label}
      </button>
      <input
        ref={input}
        type="file"
        accept={accept}
        multiple={many !== undefined}
        {...(many === "folder" && { webkitdirectory: true })}
        class="visually-hidden"
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          if (files.length > 0) onFiles(files);
          // The same file can be chosen again.
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}
